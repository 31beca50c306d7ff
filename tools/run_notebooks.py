"""Runs the notebooks in clean kernels and writes them back: python -m tools.run_notebooks [stem].

What is written holds no widget state, no times, no machine's paths and no verdict on an answer.
Where a slider panel stood, its picture and its words are left, so that a page without a kernel
shows them. What answers a prediction is folded: JupyterLab opens it when its cell has run.
"""

import argparse
import copy
import re
import time
from pathlib import Path

import nbclient
import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
SCRIPT = "application/javascript"
KEPT = ("tags", "slideshow")  # of the metadata of a cell
SECONDS = 120
# What JupyterLab writes into a notebook that it opens, and calls it modified if that is new.
KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.13.0",  # of the Python that made the outputs
    },
}
# JupyterLab shows the first line of what is folded: this one says nothing.
BLANK = nbformat.v4.new_output("display_data", {"text/html": "", "text/plain": ""})


def paths():
    """The course's notebooks, in reading order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def quizzes():
    """The notebooks of questions before and after the course, which keep another order."""
    return sorted(NOTEBOOKS.glob("quiz_*.ipynb"), reverse=True)


def read(path):
    return nbformat.read(path, as_version=4)


def run(notebook, folder=NOTEBOOKS, kernel="python3", manager=None):
    """A copy of `notebook` with the outputs of a clean kernel in `folder`, widgets and all.

    The kernel is a new one called `kernel`, or the one that `manager` has.
    """
    notebook = copy.deepcopy(notebook)
    client = nbclient.NotebookClient(
        notebook,
        manager,
        timeout=SECONDS,
        kernel_name=kernel,
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    return notebook


def is_exercise(cell):
    return cell.cell_type == "code" and "exercise" in cell.metadata.get("tags", [])


def is_comparison(cell):
    """Whether the last line compares a prediction, which nobody makes while this runs."""
    return cell.cell_type == "code" and cell.source.split("\n")[-1].startswith("compare(")


def is_prediction(cell):
    return cell.cell_type == "code" and "predict" in cell.metadata.get("tags", [])


def asked(cell):
    """The names that a cell of predictions asks for."""
    return re.findall(r"^(\w+) = \.\.\.", cell.source, re.MULTILINE)


def compared(cell):
    return re.findall(r"^compare\((\w+), ", cell.source, re.MULTILINE)


def is_optional(cell):
    """Whether JupyterLab folds what stands below this heading, until it is clicked."""
    return cell.cell_type == "markdown" and re.match("#+ Optional: ", cell.source) is not None


def answering(cells):
    """The cells of code that answer a prediction: up to the heading below its last comparison."""
    names, found, asks = set(), [], False
    for cell in cells:
        if cell.cell_type == "markdown":
            heading = re.search("^#", cell.source, re.MULTILINE)
            asks = asks and (bool(names) or not heading)
        elif is_prediction(cell):
            names.update(asked(cell))
            asks = True
        elif asks:
            names.difference_update(compared(cell))
            found.append(cell)
    return found


def solution(cell):
    """The code that a Markdown cell folds in <details>."""
    found = re.search(r"<details>.*?```python\n(.*?)```.*?</details>", cell.source, re.DOTALL)
    if not found:
        raise ValueError(f"no solution is folded in the cell that begins {cell.source[:60]!r}")
    return found.group(1).rstrip()


def solved(notebook):
    """A copy of `notebook` with each exercise cell replaced by the solution under it."""
    notebook = copy.deepcopy(notebook)
    for cell, below in zip(notebook.cells, notebook.cells[1:]):  # noqa: B905 - the last has none
        if is_exercise(cell):
            cell.source = solution(below)
    return notebook


def written(notebook):
    """A copy of the run `notebook` as it is committed."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = KERNEL | {
        key: value for key, value in notebook.metadata.items() if key == "softmax"
    }
    answers = [cell.id for cell in answering(notebook.cells)]
    for cell in notebook.cells:
        folds = {"source_hidden"} & set(cell.metadata.get("jupyter", {}))
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT}
        if is_optional(cell):
            cell.metadata["jp-MarkdownHeadingCollapsed"] = True
        if cell.cell_type == "code":
            outputs = [] if is_exercise(cell) else cell.outputs
            if is_comparison(cell):
                outputs = [output for output in outputs if output.output_type != "execute_result"]
            cell.outputs = [still for output in outputs for still in _still(output)]
            if cell.id in answers and cell.outputs:
                cell.outputs.insert(0, copy.deepcopy(BLANK))
                folds.add("outputs_hidden")
        if folds:
            cell.metadata["jupyter"] = dict.fromkeys(folds, True)
    return notebook


def _still(output):
    """`output` as a page without a kernel can show it."""
    data = output.get("data", {})
    if SCRIPT in data or output == BLANK:
        return []
    if WIDGET not in data:
        return [output]
    if "text/markdown" not in data:  # a progress bar
        return []
    words = nbformat.v4.new_output("display_data")
    words.data = {"text/plain": data["text/plain"], "text/markdown": data["text/markdown"]}
    if "image/png" not in data:  # buttons
        return [words]
    picture = copy.deepcopy(output)
    picture.data = {"text/plain": data["text/plain"], "image/png": data["image/png"]}
    return [picture, words]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stem", nargs="*", help="how a file's name begins; all by default")
    stems = parser.parse_args().stem
    course = [*paths(), *quizzes()]
    for stem in stems:
        if not any(path.name.startswith(stem) for path in course):
            parser.error(f"no notebook's name begins with {stem}; take 04, say, or 04_which_axis")
    chosen = [path for path in course if not stems or path.name.startswith(tuple(stems))]
    for number, path in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {path.name} ", end="", flush=True)
        start = time.perf_counter()
        notebook = written(run(read(path)))
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(f"{time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
