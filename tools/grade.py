"""Counts the exercises solved in notebooks that were handed in: python -m tools.grade folder.

Each is run again in a clean kernel, beside softmaxlab, and its own outputs do not count. It runs
what students wrote.
"""

import argparse
import re
from pathlib import Path

import nbclient

from tools import run_notebooks

SECONDS = 60  # for a cell, which is then interrupted
CHECK = r"^(?:exercises\.)?(check_\w+)\("


def checks(number):
    """The checks of the exercises of the course's notebook `number`, such as "02"."""
    (path,) = (path for path in run_notebooks.paths() if path.name.startswith(f"{number}_"))
    exercises = filter(run_notebooks.is_exercise, run_notebooks.read(path).cells)
    return [re.search(CHECK, cell.source, re.MULTILINE).group(1) for cell in exercises]


def passed(path, seconds=SECONDS):
    """The checks that say "Right." when the notebook at `path` runs anew."""
    notebook = run_notebooks.read(path)
    nbclient.NotebookClient(
        notebook,
        timeout=seconds,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(run_notebooks.NOTEBOOKS)}},
    ).execute()
    return {
        name
        for cell in notebook.cells
        for name in re.findall(CHECK, cell.source, re.MULTILINE)
        for output in cell.get("outputs", [])
        if output.get("data", {}).get("text/plain", "").startswith("Right.")
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for path in sorted(parser.parse_args().folder.rglob("[0-9][0-9]_*.ipynb")):
        asked, right = checks(path.name[:2]), passed(path)
        missing = [name for name in asked if name not in right]
        print(f"{path.name}: {len(asked) - len(missing)} of {len(asked)}", *missing, flush=True)


if __name__ == "__main__":
    main()
