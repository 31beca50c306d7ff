"""Who may import whom in softmaxlab: the table of the house, read from the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "notebooks" / "softmaxlab"

# Room: what it may import, beside the standard library, numpy and itself. Contourpy comes with
# matplotlib and follows a level line with no picture. Pillow and IPython come
# with matplotlib and ipywidgets, and a panel writes its PNG and its display bundle through them.
# Exercises compare what a learner wrote with the thread's specimens, to name the fault. Streaming
# on Dask asks for Dask when it is called.
MAY_IMPORT = {
    "softmax": set(),
    "half_ulp": set(),
    "thread": {"scipy"},
    "exact": set(),
    "floats": set(),
    "regions": {"floats", "scipy", "contourpy"},
    "checkup": {"exact", "floats"},
    "exercises": {"checkup", "exact", "floats", "thread"},
    "streaming": {"dask", "distributed", "cloudpickle"},
    "drawing": {
        "matplotlib",
        "scipy",
        "softmax",
        "half_ulp",
        "thread",
        "exact",
        "floats",
        "regions",
        "checkup",
        "streaming",
    },
    "panel": {"ipywidgets", "matplotlib", "IPython", "PIL", "drawing"},
    "quiz": {"ipywidgets", "IPython"},
    "selfcheck": {"matplotlib", "packaging"},
}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Top names that a module imports; of the package's own modules, their rooms."""
    folder = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = folder[: len(folder) - node.level + 1] if node.level else ()
            start = ".".join([*(["softmaxlab"] if node.level else []), *up])
            base = ".".join(filter(None, [start, node.module]))
            modules = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            first, *rest = module.split(".")
            yield rest[0] if first == "softmaxlab" and rest else first


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room} is no room of the house"
    allowed = MAY_IMPORT[room] | {room, "numpy"} | sys.stdlib_module_names
    strangers = set(imports(path)) - allowed
    assert not strangers, f"{room} may not import {sorted(strangers)}"


def test_the_four_numeric_rooms_are_there():
    assert {"softmax", "thread", "exact", "floats"} <= {room_of(path) for path in MODULES}


def test_arrows_run_downwards_only():
    above = set()
    for room, allowed in MAY_IMPORT.items():
        assert allowed & MAY_IMPORT.keys() <= above, room
        above.add(room)


def test_the_door_opens_on_three_rooms_only():
    assert set(imports(PACKAGE / "__init__.py")) == {"checkup", "softmax", "thread"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import scipy.special", ["scipy"]),
        ("from ..exact import softmax", ["exact"]),
        ("from .. import exact, thread", ["exact", "thread"]),
        ("from . import regions", ["drawing"]),
        ("from softmaxlab.floats import FORMATS", ["floats"]),
        ("from softmaxlab import softmax", ["softmax"]),
        ("def late():\n    import ipywidgets", ["ipywidgets"]),
    ],
)
def test_imports_are_read_right(source, names, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    path = tmp_path / "drawing" / "bars.py"
    path.parent.mkdir()
    path.write_text(source, "utf-8")
    assert list(imports(path)) == names


def test_importing_softmaxlab_is_light():
    code = "import sys, softmaxlab; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(run.stdout.split())
    assert {"softmaxlab", "numpy", "scipy"} <= loaded
    assert not loaded & {"matplotlib", "ipywidgets", "IPython", "PIL", "pandas"}


def test_public_names():
    import softmaxlab

    assert softmaxlab.__all__ == ["THREAD", "examine", "log_softmax", "logsumexp", "softmax"]
    assert all(callable(getattr(softmaxlab, name)) for name in softmaxlab.__all__[1:])
    assert list(softmaxlab.THREAD) == list("ABCDEFG")


def test_the_panel_knows_no_subject():
    """Of drawing it has the frame that all drawings share, which knows no softmax either."""
    tree = ast.parse((PACKAGE / "panel.py").read_text("utf-8"))
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert [node.module for node in relative] == ["drawing"]
    assert set(imports(PACKAGE / "drawing" / "__init__.py")) <= {"matplotlib", "typing"}
