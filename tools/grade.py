"""Says which exercises are solved in notebooks that were handed in: python -m tools.grade folder.

Each notebook runs in a copy of the course that is thrown away, in a process of its own. The checks
are called here, on the values and functions that are left there; what a notebook prints counts for
nothing. It runs what students wrote: what that can do all the same is in the teacher's guide.
"""

import argparse
import ast
import contextlib
import csv
import importlib
import os
import pkgutil
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil

from softmaxlab import exercises
from softmaxlab.exercises import NOT_YET
from tools import handed_in, run_notebooks

CELL = 60  # seconds for a cell, or a call of a function, which is then interrupted
WHOLE = 300  # seconds for a notebook, whose process then is killed
GIBIBYTES = 3  # of memory for a notebook, with all the processes that it starts
EVERY = 0.1, 1  # seconds from one look at these to the next, at least and at most
FASTEST = 10 * 2**30  # bytes a second: no notebook is thought to take memory faster
ROUNDS = 20  # of killing what is left, should it start more meanwhile
RUN = f"import {handed_in.__name__.rpartition('.')[2]} as here; here.main()"
MARK = "SOFTMAX_EXAMINED_GRADE"
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


def modules():
    """The course's modules of checks."""
    for module in pkgutil.iter_modules(exercises.__path__):
        yield importlib.import_module(f"{exercises.__name__}.{module.name}")


CHECKS = {name: value for m in modules() for name, value in vars(m).items() if "check_" in name}


@dataclass
class Exercise:
    """A check, and what the course gives to it: names of the learner's, or values of its own."""

    check: str
    names: list
    own: dict


def exercises_of(notebook):
    """The exercises of a notebook of the course, in order."""
    found = []
    for cell in filter(run_notebooks.is_exercise, notebook.cells):
        tree = ast.parse(cell.source)
        made = {getattr(node, "name", getattr(node, "id", None)) for node in tree.body}
        made |= {name.id for node in tree.body for name in stored(node)}
        ((check, names),) = handed_in.calls(tree, CHECKS)
        own = {name: defined(notebook, name) for name in names if name not in made}
        found.append(Exercise(check, names, own))
    return found


def stored(node):
    """The names that the statement `node` assigns to."""
    return [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def defined(notebook, name):
    """The function `name` as the course's notebook defines it."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for source in sources for node in ast.parse(source).body]
    wanted = [n for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom))]
    wanted += [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name]
    space = {}
    exec(compile(ast.Module(wanted, []), "<course>", "exec"), space)
    return space[name]


COURSE = {path.stem: exercises_of(run_notebooks.read(path)) for path in run_notebooks.paths()}


@dataclass
class Result:
    """What became of one notebook."""

    status: str
    stem: str = ""
    right: int = 0
    asked: int = 0
    remarks: tuple = ()

    def __str__(self):
        count = f", {self.right} of {self.asked}" if self.asked else ""
        return f"{self.status}{count}{''.join(f'; {remark}' for remark in self.remarks)}"


class Files:
    """Files as they are now, to be put back if they change."""

    def __init__(self, paths):
        self.held = {path: path.read_bytes() for path in paths}

    def copy(self, folder, target):
        """Writes those in `folder` into the folder `target`."""
        for path, content in self.held.items():
            if path.is_relative_to(folder):
                place = target / path.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    def put_back(self):
        """Restores what is no longer as it was; returns these paths."""
        changed = []
        for path, content in self.held.items():
            try:
                same = not path.is_symlink() and path.read_bytes() == content
            except OSError:
                same = False
            if not same:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                changed.append(path)
        return changed


def course_files():
    """What makes and runs the course."""
    root = run_notebooks.NOTEBOOKS.parent
    for room in (run_notebooks.NOTEBOOKS, root / "tools"):
        for path in room.rglob("*"):
            if path.is_file() and not LEFT_OUT.intersection(path.parts):
                yield path


class Watched:
    """A process in a session of its own, killed with its family when it takes too much."""

    def __init__(self, command, folder, seconds, gibibytes):
        self.mark = uuid.uuid4().hex
        self.deadline = time.monotonic() + seconds
        self.bytes = gibibytes * 2**30
        self.ended = ""  # what it was killed for
        self.over = threading.Event()
        self.process = psutil.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=folder,
            env=environment() | {MARK: self.mark},
            start_new_session=True,
        )
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self):
        left, (least, most) = 0, EVERY
        while not self.over.wait(min(max(least, left / FASTEST), most)) and alive(self.process):
            left = self.bytes - sum(map(memory, self._descent()))
            if time.monotonic() > self.deadline:
                self.ended = "time out"
            elif left < 0:
                self.ended = f"error (more than {self.bytes / 2**30:g} GiB of memory)"
            if self.ended:
                break
        self._kill()

    def _descent(self):
        with contextlib.suppress(psutil.Error):
            return [self.process, *self.process.children(recursive=True)]
        return []

    def _family(self):
        """Its descent, and whoever has inherited its environment."""
        family = set(self._descent())
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if one.environ().get(MARK) == self.mark:
                    family.add(one)
        return [one for one in family if alive(one)]

    def _kill(self):
        for _ in range(ROUNDS):
            family = self._family()
            if os.name == "posix":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            for one in family:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            psutil.wait_procs(family, timeout=1)
            if not family:
                break

    def close(self):
        self.over.set()
        self.thread.join()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def environment():
    """The variables that a notebook runs with: matplotlib opens no window, Python sees a copy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}


def memory(process):
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def alive(process):
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def which(name, notebook):
    """The notebook of the course that `notebook`, handed in as `name`, is; "" if it is none."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    called = set(re.findall(r"\bcheck_\w+", text))
    common = {stem: sum(e.check in called for e in asked) for stem, asked in COURSE.items()}
    best = max(common, key=common.get)
    if common[best]:
        return best
    plain = re.sub(r"\W+", "_", name.lower())
    return next((stem for stem in COURSE if stem in plain), "")


def grade(name, content, files, seconds=CELL, whole=WHOLE, gibibytes=GIBIBYTES):
    """The `Result` of the notebook `name` whose bytes are `content`; `files` has the course's."""
    try:
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
        cells = [(n, c.source) for n, c in enumerate(notebook.cells, 1) if c.cell_type == "code"]
        stem = which(name, notebook)
    except Exception as error:  # nbformat raises whatever the file leads it to
        return Result(f"could not be read ({type(error).__name__})")
    if not stem:
        return Result("could not be read (no notebook of this course with exercises)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files.copy(run_notebooks.NOTEBOOKS, Path(folder) / "notebooks")
        there = Path(handed_in.__file__)
        (Path(folder) / there.name).write_bytes(files.held[there])
        watched = Watched([sys.executable, "-c", RUN], folder, whole, gibibytes)
        errors, found = [], {}
        try:
            wire = handed_in.Wire(watched.process.stdout, watched.process.stdin)
            checks = {exercise.check: exercise.names for exercise in COURSE[stem]}
            wire.send(cells=cells, checks=checks, seconds=seconds)
            ran = wire.receive()
            errors = [f"error (cell {int(n)}: {clean(str(words))})" for n, words in ran["errors"]]
            for exercise in COURSE[stem]:
                found[exercise.check] = verdict(exercise, ran["given"][exercise.check])
        except handed_in.Gone:
            watched.close()
            errors = [watched.ended or f"error (ended its process: {watched.process.returncode})"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            errors = [f"error (sent what is no answer: {type(error).__name__})"]
        finally:
            watched.close()
    return judged(stem, found, errors)


def verdict(exercise, given):
    """ "right", or what is the matter with what was `given` to an exercise's check."""
    if len(given) != len(exercise.names) or not all(
        value for value, name in zip(given, exercise.names, strict=True) if name not in exercise.own
    ):
        return "missing"
    arguments = [
        exercise.own[name] if name in exercise.own else value[0]
        for value, name in zip(given, exercise.names, strict=True)
    ]
    try:
        answer = CHECKS[exercise.check](*arguments)
    except handed_in.Late:
        return "without end"
    except Exception:  # a check may meet what no notebook has shown it yet
        return "wrong"
    return "right" if answer.passed else "not yet" if answer.message == NOT_YET else "wrong"


def judged(stem, found, errors):
    """The `Result` of what was `found` for each check, and of the `errors` on the way."""
    asked = [exercise.check for exercise in COURSE[stem]]
    right = sum(found.get(check) == "right" for check in asked)
    left = {check: found.get(check, "not looked at") for check in asked}
    if right == len(asked):
        status = "solved"
    elif errors:
        status = errors[0]
    elif set(left.values()) <= {"not yet", "missing"}:
        status = "not begun"
    else:
        status = "tried"
    remarks = tuple(f"{check} {what}" for check, what in left.items() if what != "right")
    return Result(status, stem, right, len(asked), remarks)


def clean(text):
    """`text` as any terminal can print it, on one line."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def student(path, stem):
    """Whose notebook lies at `path`, as Moodle and Canvas name folders and files."""
    if len(path.parts) > 1:
        return re.sub(r"_\d+_assignsubmission_.*", "", path.parts[0])
    return re.split(r"(?:_LATE)?_\d+_", path.stem)[0].replace(stem, "").strip("_ -") or path.stem


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--csv", type=Path, help="write a table for a gradebook, too")
    parser.add_argument("--seconds", type=float, default=WHOLE, help="for a notebook: %(default)s")
    parser.add_argument("--memory", type=float, default=GIBIBYTES, help="in GiB: %(default)s")
    arguments = parser.parse_args()
    folder = arguments.folder
    if not folder.is_dir():
        parser.error(f"{folder} is no folder")
    listed = sorted(path for path in folder.rglob("*") if path.is_file())
    taken = [
        path for path in listed if path.suffix == ".ipynb" and not LEFT_OUT.intersection(path.parts)
    ]
    if not taken:
        parser.error(
            f"none of the {len(listed)} files in {folder} is a notebook to grade, an .ipynb"
        )
    files = Files([*course_files(), *taken])
    contents = [files.held[path] for path in taken]
    table = [("student", "file", "notebook", "status", "solved", "exercises", "remarks")]
    for number, (path, content) in enumerate(zip(taken, contents, strict=True), 1):
        shown = path.relative_to(folder)
        name = clean(str(shown))
        print(f"[{number}/{len(taken)}] {name}: ", end="", flush=True)
        result = grade(
            path.name, content, files, whole=arguments.seconds, gibibytes=arguments.memory
        )
        changed = [clean(str(path)) for path in files.put_back()]
        result.remarks += tuple(f"it changed {path}, which is as before again" for path in changed)
        print(result, flush=True)
        who = clean(student(shown, result.stem))
        counts = (result.right, result.asked) if result.asked else ("", "")
        table.append((who, name, result.stem, result.status, *counts, "; ".join(result.remarks)))
    for path in listed:
        if path not in taken:
            print(f"skipped: {clean(str(path.relative_to(folder)))}")
    if arguments.csv:
        with arguments.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(table)


if __name__ == "__main__":
    main()
