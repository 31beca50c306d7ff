"""Who may import whom in softmaxlab: the table of the house, read from the source."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "notebooks" / "softmaxlab"

# Room: what it may import, beside the standard library, numpy and itself. Contourpy comes with
# matplotlib and follows a level line with no picture. Pillow and IPython come
# with matplotlib and ipywidgets, and a panel writes its PNG and its display bundle through them.
# Exercises compare what a learner wrote with the thread's specimens, to name the fault. Streaming
# on Dask asks for Dask when it is called; G asks for scipy so, and regions for both.
MAY_IMPORT = {
    "arguments": set(),
    "error_free": set(),
    "softmax": {"arguments", "error_free"},
    "half_ulp": {"arguments", "error_free"},
    "thread": {"scipy"},
    "exact": {"arguments"},
    "floats": {"arguments"},
    "regions": {"arguments", "error_free", "floats", "scipy", "contourpy"},
    "checkup": {"exact", "floats"},
    "exercises": {"checkup", "exact", "floats", "thread"},
    "accuracy": {"error_free", "exact", "half_ulp", "softmax", "thread"},
    "atlas": {"exact", "regions", "thread"},
    "distributions": set(),
    "pairs": set(),
    "speed": set(),
    "penguins": {"softmax"},
    "language": {"softmax"},
    "streaming": {"arguments", "error_free", "dask", "distributed", "cloudpickle"},
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
        "accuracy",
        "atlas",
        "distributions",
        "pairs",
        "speed",
        "penguins",
        "language",
    },
    "panel": {"ipywidgets", "matplotlib", "IPython", "PIL", "drawing"},
    "quiz": {"ipywidgets", "IPython"},
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


def test_the_door_opens_on_four_rooms_only():
    assert set(imports(PACKAGE / "__init__.py")) == {"checkup", "exact", "softmax", "thread"}


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


def loaded_by(code):
    """Top names of the modules outside the standard library that `code` loads after numpy."""
    code = f"""if True:
        import sys, numpy
        before = set(sys.modules)
        {code}
        print(*(name.split(".")[0] for name in sys.modules.keys() - before))
    """
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(run.stdout.split()) - sys.stdlib_module_names - {"numpy"}


def test_importing_softmaxlab_loads_numpy_alone():
    assert loaded_by("import softmaxlab") == {"softmaxlab"}


@pytest.mark.parametrize("room", ["half_ulp", "streaming", "regions", "exercises"])
def test_a_room_of_numbers_loads_numpy_alone(room):
    assert loaded_by(f"import softmaxlab.{room}") == {"softmaxlab"}


def test_only_g_loads_scipy():
    call = "[softmaxlab.THREAD[letter].function([[1.0, 2.0]]) for letter in {!r}]"
    for letters, scipys in (("ABCDEF", set()), ("G", {"scipy"})):
        loaded = loaded_by(f"import softmaxlab; {call.format(letters)}")
        assert loaded & {"scipy"} == scipys


def imports_of_softmaxlab(number):
    """The lines of the notebook of that number which import from softmaxlab."""
    (path,) = PACKAGE.parent.glob(f"{number:02}_*.ipynb")
    sources = (cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
    trees = (ast.parse(source) for source in sources if "softmaxlab" in source)
    return [
        ast.unparse(node)
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("softmaxlab")
    ]


def test_what_most_notebooks_import_of_softmaxlab_loads_no_scipy():
    """In a browser scipy is most of what would be fetched."""
    blocks = [imports_of_softmaxlab(number) for number in (0, 1, 2, 4, 8, 9, 10, 11)]
    assert all(blocks)
    loaded = loaded_by("; ".join(line for block in blocks for line in block))
    assert "softmaxlab" in loaded
    assert "scipy" not in loaded


def test_public_names():
    import softmaxlab

    functions = ["examine", "log_softmax", "logsumexp", "softmax"]
    assert sorted([*functions, "THREAD", "exact"]) == sorted(softmaxlab.__all__)
    assert all(callable(getattr(softmaxlab, name)) for name in functions)
    assert list(softmaxlab.THREAD) == list("ABCDEFG")


def test_the_panel_knows_no_subject():
    """Of drawing it has the frame that all drawings share, which knows no softmax either."""
    tree = ast.parse((PACKAGE / "panel.py").read_text("utf-8"))
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert [node.module for node in relative] == ["drawing"]
    assert set(imports(PACKAGE / "drawing" / "__init__.py")) <= {"matplotlib", "typing"}
