"""The grader: what it makes of notebooks that are right, wrong, broken and malicious."""

import contextlib
import csv
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import build
import nbformat
import numpy as np
import psutil
import pytest

from tools import grade, handed_in, run_notebooks

COURSE = {path.name[:2]: path for path in run_notebooks.paths()}
PRETEND = nbformat.v4.new_output("execute_result", {"text/plain": "Right."}, execution_count=1)

# What these leave to the grader's process: panels, names used twice, memory, times, children.
WHOLE = ("00", "05", "07", "10")


def exercises_alone(notebook):
    """Empties the cells of code that no exercise of `notebook` needs."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kept = build.needed(code, run_notebooks.is_exercise)
    for cell in code:
        if cell not in kept:
            cell.source = ""


def handed_in_as(changes=None, number="00", before="", whole=False):
    """The bytes of a solved notebook whose exercise `k` has the source `changes[k]` instead.

    A cell with the source `before` comes right before the first exercise. All cells run if it is
    to be `whole`, else those that the exercises need.
    """
    notebook = run_notebooks.solved(run_notebooks.read(COURSE[number]))
    if not whole:
        exercises_alone(notebook)
    cells = [cell for cell in notebook.cells if run_notebooks.is_exercise(cell)]
    for k, source in (changes or {}).items():
        cells[k].source = source
        cells[k].outputs = [PRETEND]
    if before:
        notebook.cells.insert(notebook.cells.index(cells[0]), nbformat.v4.new_code_cell(before))
    return nbformat.writes(notebook).encode()


def graded(content, name="00.ipynb", **limits):
    files = grade.Files(grade.course_files())
    result = grade.grade(name, content, files, **limits)
    assert files.put_back() == []
    return result


CELLS = [
    (number, cell.source)
    for number, cell in enumerate(run_notebooks.read(COURSE["00"]).cells, 1)
    if run_notebooks.is_exercise(cell)
]
STUBS = dict(enumerate(source for _, source in CELLS))
ENDLESS = """
import time
while True:
    try:
        while True:
            time.sleep(0.01)
    except BaseException:
        continue
"""
REWRITE = """
from pathlib import Path
import softmaxlab
room = Path(softmaxlab.__file__).parent / "exercises"
for path in [*room.glob("*.py"), *Path("softmaxlab/exercises").glob("*.py")]:
    path.write_text(path.read_text("utf-8").replace("Answer(False", "Answer(True"), "utf-8")
"""
PATCH = """
import numpy, softmaxlab.exercises as checks
checks.Answer.passed = property(lambda self: True, lambda self, value: None)
checks.ask = lambda *a, **k: checks.Answer(True, "")
numpy.allclose = numpy.array_equal = lambda *a, **k: True
"""
REDEFINE = """
class Right:
    passed, message = True, ""
    def __repr__(self):
        return "Right."
def right(answer):
    print("Right.")
    return Right()
exercises.check_far_away = exercises.check_shortest = exercises.check_breaks_b = right
"""
AGREEABLE = """
class Yes:
    def __eq__(self, other):
        return True
    def __array__(self, *a, **k):
        import sys
        frame = sys._getframe()
        while frame:
            if "expected" in frame.f_locals:
                return frame.f_locals["expected"]
            frame = frame.f_back
        raise TypeError
probabilities = Yes()
exercises.check_far_away(probabilities)
"""
# As Canvas and Moodle name them, and what each is.
TWELVE = {
    "ann_101_00_start_here.ipynb": lambda: handed_in_as(STUBS),
    "bob_102_00_start_here.ipynb": lambda: handed_in_as(),
    "cy_LATE_103_2002_00_start_here-1.ipynb": lambda: handed_in_as({1: STUBS[1]}),
    "dan_104_00_start_here.ipynb": lambda: handed_in_as(STUBS, before="if True print(1)"),
    "eve_105_00_start_here.ipynb": lambda: handed_in_as({0: ENDLESS}),
    "fay_106_00_start_here.ipynb": lambda: handed_in_as(before="import os\nos._exit(0)"),
    "gus_107_00_start_here.ipynb": lambda: handed_in_as()[:-500],
    "Hal Ö'Neil_108_assignsubmission_file_/my answers (2).ipynb": lambda: handed_in_as(),
    "ian_109_pandas.ipynb": lambda: nbformat.writes(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import pandas")])
    ).encode(),
    "joe_110_00_start_here.ipynb": lambda: handed_in_as(STUBS, before=REWRITE + PATCH),
    "kim_111_00_start_here.ipynb": lambda: handed_in_as(STUBS, before=REDEFINE),
    "lou_112_00_start_here.ipynb": lambda: handed_in_as(STUBS | {0: AGREEABLE}),
}
SAID = [
    ("ann", "not begun", "0"),
    ("bob", "solved", "3"),
    ("cy", "tried", "2"),
    ("dan", f"error (cell {CELLS[0][0]}: SyntaxError: invalid syntax)", "0"),
    ("eve", "time out", "0"),
    ("fay", "error (ended its process: 0)", "0"),
    ("gus", "could not be read (NotJSONError)", ""),
    ("Hal Ö'Neil", "solved", "3"),
    ("ian", "could not be read (no notebook of this course with exercises)", ""),
    ("joe", "not begun", "0"),
    ("kim", "not begun", "0"),
    ("lou", "tried", "0"),
]


@pytest.mark.thorough
def test_twelve_notebooks_each_get_a_line(tmp_path):
    folder = tmp_path / "handed in"
    for name, made in TWELVE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(made())
    (folder / "essay.pdf").write_bytes(b"%PDF")
    before = grade.Files([*grade.course_files(), *folder.rglob("*.*")])
    table = tmp_path / "grades.csv"
    command = [sys.executable, "-m", "tools.grade", folder, "--csv", table, "--seconds", "30"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=400)
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    print(ran.stdout)
    assert len(lines) == 13
    assert lines[-1] == "skipped: essay.pdf"
    with table.open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == 12
    for line, name in zip(lines, sorted(map(Path, TWELVE)), strict=False):
        assert f"/12] {name}: " in line
    for student, status, solved in SAID:
        assert rows[student]["status"].startswith(status), student
        assert rows[student]["solved"] == solved, student
    assert before.put_back() == []


@pytest.mark.thorough
@pytest.mark.parametrize("number", COURSE)
def test_solutions_are_right_and_stubs_are_not_begun(number, monkeypatch):
    """Calls from process to process change no verdict, not even on memory or input.

    The notebooks of `WHOLE` run from top to bottom with their solutions, of the others and of the
    untouched ones the exercises.
    """
    raised, judged = [], grade.judged
    monkeypatch.setattr(
        grade,
        "judged",
        lambda stem, found, errors: raised.append(errors) or judged(stem, found, errors),
    )
    name = COURSE[number].name
    solved = graded(handed_in_as(number=number, whole=number in WHOLE), name)
    assert (solved.status, solved.remarks) == ("solved", ())
    stubs = graded(untouched(number), name)
    assert (stubs.status, stubs.right) == ("not begun", 0)
    assert stubs.asked == solved.asked == solved.right
    assert raised == [[], []]


def untouched(number):
    """The bytes of a notebook as the course gives it: its exercises, and what they are given."""
    notebook = run_notebooks.read(COURSE[number])
    exercises_alone(notebook)
    return nbformat.writes(notebook).encode()


def test_a_patched_course_does_not_change_the_verdict():
    cheat = graded(handed_in_as({0: STUBS[0]}, before=REWRITE + PATCH))
    assert (cheat.status, cheat.right) == ("tried", 2)
    assert cheat.remarks == ("check_far_away not yet",)


@pytest.mark.thorough
def test_what_is_changed_elsewhere_is_put_back(tmp_path):
    """The course by its path, and what others have handed in."""
    course, other = tmp_path / "course.py", tmp_path / "other.ipynb"
    course.write_text("right")
    other.write_text("{}")
    files = grade.Files([*grade.course_files(), course, other])
    change = f"import os\nopen({str(course)!r}, 'w').write('wrong')\nos.remove({str(other)!r})"
    assert grade.grade("00.ipynb", handed_in_as(before=change), files).status == "solved"
    assert files.put_back() == [course, other]
    assert (course.read_text(), other.read_text()) == ("right", "{}")


@pytest.mark.thorough
def test_a_loop_without_end_costs_its_cell_and_its_exercise():
    endless = (
        "import time\n\ndef shortest(x):\n    while True:\n        time.sleep(0.01)\n\n"
        "exercises.check_shortest(shortest)"
    )
    result = graded(handed_in_as({1: endless}), seconds=10)
    assert (result.right, result.remarks) == (2, ("check_shortest without end",))
    assert result.status == "tried", "the check says what it saw, and the cell goes on"


@pytest.mark.thorough
def test_nothing_that_a_notebook_started_outlives_it(tmp_path):
    started = tmp_path / "started"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True)\n"
        f"open({str(started)!r}, 'w').write(str(child.pid))"
    )
    assert graded(handed_in_as(before=code)).status == "solved"
    with contextlib.suppress(psutil.NoSuchProcess):
        assert not grade.alive(psutil.Process(int(started.read_text())))


@pytest.mark.thorough
@pytest.mark.skipif(os.name != "posix", reason="os.fork")
def test_a_fork_that_holds_the_line_does_not_keep_the_grader_waiting():
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nos._exit(3)"
    start = time.monotonic()
    assert graded(handed_in_as(before=code)).status == "error (ended its process: 3)"
    assert time.monotonic() - start < 100


@pytest.mark.thorough
def test_memory_is_limited():
    code = "import numpy\nhold = [numpy.ones(2**24) for _ in range(16)]"
    result = graded(handed_in_as(before=code), gibibytes=1)
    assert result.status == "error (more than 1 GiB of memory)"


@pytest.mark.thorough
def test_the_last_call_of_a_check_counts_and_the_courses_functions_are_its_own():
    """In 05 a name is used by two exercises, and the second is given a function of the course."""
    own = "found = [1.0, 2.0]\nalmost = lambda x: 0 * x\nexercises.check_broken(almost, found)"
    result = graded(handed_in_as({0: own}, "05"), "05.ipynb")
    assert result.remarks == ("check_broken wrong",)
    assert result.right == 2


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", "could not be read (NotJSONError)"),
        (b"\xff\xfe", "could not be read (UnicodeDecodeError)"),
        (b'{"nbformat": 4, "cells": 3}', "could not be read ("),
        (b"[1, 2]", "could not be read ("),
        (json.dumps({"nbformat": 9}).encode(), "could not be read ("),
    ],
)
def test_what_is_no_notebook_gets_a_line(content, status):
    assert graded(content).status.startswith(status)


def empty(source=""):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])


@pytest.mark.parametrize(
    ("name", "source", "stem"),
    [
        ("lovelaceada_101_04_which_axis.ipynb", "", "04_which_axis"),
        ("04 Which axis (1).ipynb", "", "04_which_axis"),
        ("x.ipynb", "exercises.check_fooled(x)", "04_which_axis"),
        ("00_start_here.ipynb", "check_row_softmax(f)\ncheck_fooled(x)", "04_which_axis"),
        ("04_pandas.ipynb", "check_types(x)", ""),
    ],
)
def test_a_notebook_is_known_by_its_checks_or_else_by_its_name(name, source, stem):
    assert grade.which(name, empty(source)) == stem


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Ada Lovelace_4711_assignsubmission_file_/04_which_axis.ipynb", "Ada Lovelace"),
        ("lovelaceada_101_2002_04_which_axis-1.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_101_2002_04_which_axis.ipynb", "lovelaceada"),
        ("04_which_axis_ada.ipynb", "ada"),
        ("ada/04_which_axis.ipynb", "ada"),
        ("04_which_axis.ipynb", "04_which_axis"),
    ],
)
def test_a_student_is_named_as_moodle_and_canvas_do(path, student):
    assert grade.student(Path(path), "04_which_axis") == student


def test_every_exercise_of_the_course_is_known():
    for path in run_notebooks.paths():
        asked = grade.COURSE[path.stem]
        cells = filter(run_notebooks.is_exercise, run_notebooks.read(path).cells)
        assert len(asked) == len(list(cells)) > 2
    own = {name for asked in grade.COURSE.values() for exercise in asked for name in exercise.own}
    assert own == {"almost"}


def test_strange_letters_are_printed():
    assert grade.clean("a\nb\udcff\x1b[2J") == "a?b??[2J"


@pytest.fixture
def wires():
    """Two ends, the second of which answers calls of the functions that it has sent."""
    (a, b), (c, d) = os.pipe(), os.pipe()
    ends = [
        handed_in.Wire(os.fdopen(reader, "rb", 0), os.fdopen(writer, "wb", 0))
        for reader, writer in ((a, d), (c, b))
    ]
    yield ends
    for end in ends:
        end.writer.close()
        end.reader.close()


VALUES = [
    None,
    ...,
    True,
    3,
    2.5,
    float("inf"),
    "text",
    [1, [2.0, (3, None)]],
    {"a": [1], "b": ...},
    np.float32(1.5),
    np.arange(6).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.zeros((0, 3)),
    np.array(7, np.uint8),
    [np.array([1.0, -np.inf]), np.array([True])],
    np.float16,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_data_arrives_as_it_was_sent(value, wires):
    near, far = wires
    far.send(value=value)
    got = near.receive()["value"]
    assert type(got) is type(value)
    if isinstance(value, (np.ndarray, np.generic)):
        assert (got.dtype, got.shape) == (value.dtype, value.shape)
        assert got.flags.f_contiguous == value.flags.f_contiguous
    np.testing.assert_equal(got, value)


def endless_list():
    held = []
    held.append(held)
    return held


@pytest.mark.parametrize("value", [object(), endless_list(), {1, 2}, [object], "x" * 10])
def test_what_is_no_data_stays_where_it_is(value, wires):
    near, far = wires
    far.send(value=value)
    got = near.receive()["value"]
    assert got == value if isinstance(value, str) else got is not value


def far_away(function, wires):
    """`function`, called by way of the two ends; a thread answers as the learner's process does."""
    near, far = wires

    def serve():
        message = far.receive()
        far.send(**handed_in.answer(far.functions, message, 60))

    far.send(value=function)
    proxy = near.receive()["value"]

    def called(*arguments, **named):
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return proxy(*arguments, **named)
        finally:
            thread.join()

    called.__signature__ = getattr(proxy, "__signature__", None)
    return called


def test_a_function_far_away_writes_into_what_it_is_given(wires):
    def into(x, out):
        x.pop()
        out *= 2
        return out

    x, out = [1, 2], np.array([1.0, 2.0])
    assert far_away(into, wires)(x, out) is out
    assert (x, out.tolist()) == ([1], [2.0, 4.0])


def test_a_function_far_away_has_its_signature_and_its_errors(wires):
    def strict(x, axis=-1):
        raise KeyError("no")

    called = far_away(strict, wires)
    assert list(called.__signature__.parameters) == ["x", "axis"]
    with pytest.raises(KeyError, match="no"):
        called(1, axis=0)


def test_an_exit_far_away_is_an_error_here(wires):
    with pytest.raises(Exception, match="over") as caught:
        far_away(lambda: sys.exit("over"), wires)()
    assert type(caught.value).__name__ == "SystemExit"


def test_a_folder_without_notebooks_is_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "notes.txt").write_text("none")
    monkeypatch.setattr(sys, "argv", ["grade", str(tmp_path)])
    with pytest.raises(SystemExit):
        grade.main()
    assert f"none of the 1 files in {tmp_path} is a notebook" in capsys.readouterr().err
