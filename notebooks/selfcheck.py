"""Says whether this Python can run the course, and if not, what to do.

It stands beside softmaxlab and imports nothing of it and no numpy, so that it can still speak where
these are missing. In the browser alone the site loads them when a cell imports this module.
"""

import importlib
import io
import os
import sys
from importlib import metadata
from pathlib import Path

PYTHON = (3, 10)
PACKAGES = {  # and the module of each that the course needs to start
    "numpy": "numpy",
    "scipy": "scipy.special",
    "matplotlib": "matplotlib.figure",
    "ipywidgets": "ipywidgets",
}
SHOWN_IN_VS_CODE = "8.1.8"  # of ipywidgets
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"


def report(requirements=REQUIREMENTS):
    """What works here, one line for each thing, and what to do about the rest.

    Parameters
    ----------
    requirements : Path
        The ranges of versions. Where there is no such file, versions are not judged.

    Returns
    -------
    str
        It names versions only where something is amiss.
    """
    problems = {"Python": _python()}
    problems |= {name: _package(name, requirements) for name in PACKAGES if not _comes_later(name)}
    problems["drawing a picture"] = _picture()
    lines = [f"{name}: {problem or 'fine'}" for name, problem in problems.items()]
    if not any(problems.values()):
        return "\n".join(
            [
                *lines,
                "All is well. Check with your own eyes that sliders move, under 'Move a slider'.",
            ]
        )
    return "\n".join([*lines, "", "What to do:", *_remedies(problems, requirements)])


def _comes_later(name):
    """In the browser alone scipy is fetched by the notebooks that need it."""
    return (name, sys.platform) == ("scipy", "emscripten")


def _python():
    if sys.version_info < PYTHON:
        return f"{sys.version.split()[0]} is too old, {'.'.join(map(str, PYTHON))} is the oldest"


def _package(name, requirements):
    try:
        importlib.import_module(PACKAGES[name])
        found = metadata.version(name)
    except Exception as error:  # whatever it is, it is what the reader has to know
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            return "missing"
        return f"does not start, {type(error).__name__}: {error}"
    if _silent_in_vs_code(name, found):
        return f"{found} shows no sliders in VS Code, as its users report; {SHOWN_IN_VS_CODE} does"
    wanted = _wanted(name, requirements)
    if wanted and not wanted.contains(found, prereleases=True):
        return f"{found} is outside {wanted}"


def _silent_in_vs_code(name, found):
    seen = {"VSCODE_PID", "VSCODE_CWD"} & os.environ.keys()
    return bool(seen) and (name, found) == ("ipywidgets", "8.1.9")


def _wanted(name, requirements):
    """The range of versions of a package; None where none is written down, or Colab chose it."""
    from packaging.requirements import Requirement  # matplotlib and Jupyter's kernel bring it

    if requirements.is_file() and "google.colab" not in sys.modules:
        ranges = [Requirement(line) for line in requirements.read_text().split()]
        return next((each.specifier for each in ranges if each.name == name), None)


def _picture():
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure()
        FigureCanvasAgg(figure)
        figure.add_subplot().plot([0, 1], [0, 1])
        figure.savefig(io.BytesIO(), format="png")
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _remedies(problems, requirements):
    if sys.platform == "emscripten":
        yield "- Python runs in your browser here, without a terminal; packages come by network."
        yield "- Check that you are online, reload the page, and run the notebook from its top."
        yield "- Else open the course in another way: see the table in the README."
        return
    if problems["Python"]:
        yield "- Install a newer Python and start again with the first command of the README."
    if any(problems[name] for name in (*PACKAGES, "drawing a picture")):
        yield "- In a terminal, then restart the kernel (menu Kernel) and run this cell again:"
        needs = f'-r "{requirements}"' if requirements.is_file() else " ".join(PACKAGES)
        if "VS Code" in (problems["ipywidgets"] or ""):
            needs += f" ipywidgets=={SHOWN_IN_VS_CODE}"
        yield f'  "{sys.executable}" -m pip install {needs}'
        yield "- If a version is outside its range and the slider below moves, you may go on."
