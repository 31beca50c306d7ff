"""The process in which tools/grade.py runs one notebook, and how the two talk.

It runs the cells, and then answers calls of the learner's functions until it is ended. Only data
goes either way: numbers, text, lists and arrays, never a pickle, so nothing that the learner wrote
runs in the grader. Both ends have this file; here it lies beside a copy of the course.
"""

import ast
import builtins
import contextlib
import inspect
import json
import os
import signal
import sys
import threading
import tracemalloc
import warnings
from pathlib import Path

import numpy as np

MOST = 2**28  # bytes of an array, and of a message
DEEPEST = 20  # lists in lists
KINDS = "biufcUS"  # of arrays that are data alone
SEQUENCES = {"list": list, "tuple": tuple}


class Late(BaseException):
    """A learner's function took too long; no `except Exception` on the way stops this."""


class Gone(BaseException):
    """The other end has ended; this too reaches the one who began."""


class Strange:
    """What a learner made that is no data. It has no value here, and shows what it was."""

    def __init__(self, words):
        self.words = words

    def __repr__(self):
        return self.words


class Wire:
    """Sends and receives values over two raw binary files.

    A message is the length of its head, its head in JSON, and its arrays as they lie in memory.
    """

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.functions = []  # those that went out, by number

    def send(self, **message):
        buffers = []
        head = json.dumps(self._plain(message, buffers)).encode()
        for part in (len(head).to_bytes(8, "big"), head, *buffers):
            view = memoryview(part).cast("B")
            try:
                while view:
                    view = view[self.writer.write(view) :]
            except OSError:
                raise Gone from None

    def receive(self, into=()):
        """The next message; an array like the first of `into` is read into that one, and so on."""
        size = int.from_bytes(self._read(bytearray(8)), "big")
        if size > MOST:
            raise ValueError(f"a message of {size} bytes is too long")
        return self._value(json.loads(bytes(self._read(bytearray(size)))), list(into))

    def _read(self, room):
        view = memoryview(room).cast("B")
        while view:
            count = self.reader.readinto(view)
            if not count:
                raise Gone
            view = view[count:]
        return room

    def _plain(self, value, buffers, depth=0):
        """`value` as JSON can say it; its arrays are appended to `buffers`."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if value is Ellipsis:
            return {"ellipsis": None}
        if depth > DEEPEST:
            return {"strange": "<lists in lists without end>"}
        if type(value) in (list, tuple):
            entries = [self._plain(entry, buffers, depth + 1) for entry in value]
            return {type(value).__name__: entries}
        if type(value) is dict and all(type(key) is str for key in value):
            pairs = [(key, self._plain(entry, buffers, depth + 1)) for key, entry in value.items()]
            return {"dict": pairs}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"dtype": np.dtype(value).str}
        if callable(value):
            self.functions.append(value)
            return {"function": [len(self.functions) - 1, _parameters(value), _names(value)]}
        return self._array(value, buffers)

    def _array(self, value, buffers):
        try:
            array = np.asarray(value)
            if array.dtype.kind not in KINDS:
                return float(value)
        except Exception:  # whatever the learner's class does when it is asked
            return {"strange": f"<{type(value).__name__}>"}
        if array.nbytes > MOST:
            return {"strange": f"<an array of {array.nbytes} bytes>"}
        turned = array.flags.f_contiguous and not array.flags.c_contiguous
        buffers.append(_bytes(np.ascontiguousarray(array.T if turned else array)))
        return {"array": [array.dtype.str, array.shape, turned, isinstance(value, np.generic)]}

    def _value(self, plain, into):
        if not isinstance(plain, dict):
            return plain
        ((kind, held),) = plain.items()
        if kind == "ellipsis":
            return Ellipsis
        if kind in SEQUENCES:
            return SEQUENCES[kind]([self._value(entry, into) for entry in held])
        if kind == "dict":
            return {key: self._value(entry, into) for key, entry in held}
        if kind == "dtype":
            return np.dtype(str(held)).type
        if kind == "function":
            return self._proxy(*held)
        if kind == "array":
            return self._received(*held, into)
        return Strange(str(held)[:200])

    def _received(self, dtype, shape, turned, scalar, into):
        dtype, shape = np.dtype(str(dtype)), tuple(map(int, shape))
        if dtype.kind not in KINDS or dtype.itemsize * np.prod(shape, dtype=float) > MOST:
            raise ValueError("this is no array of data")
        if into and (into[0].dtype, into[0].shape) == (dtype, shape):
            room = into.pop(0)
        else:
            room = np.empty(shape, dtype, order="F" if turned else "C")
        lies = room.T if turned else room
        direct = lies.flags.carray
        plain = lies if direct else np.empty(lies.shape, dtype)
        self._read(_bytes(plain))
        if lies.flags.behaved and not direct:
            lies[...] = plain
        return room[()] if scalar else room

    def _proxy(self, number, parameters, names):
        """The other end's function `number`, as a function here.

        It takes `parameters`, and `names` are those in its code, for `exercises.names_in`.
        """

        def function(*arguments, **named):
            traced = tracemalloc.is_tracing()
            before = tracemalloc.get_traced_memory()[0]
            self.send(call=number, arguments=arguments, named=named, traced=traced)
            reply = self.receive(_arrays(arguments))
            for given, back in zip(arguments, reply["arguments"], strict=True):
                if isinstance(given, list):
                    given[:] = back
            if reply["late"]:
                raise Late
            if reply["raised"]:
                raise _error(*reply["raised"])
            if traced:  # as much as the function took where it ran
                bytearray(max(0, reply["peak"] - tracemalloc.get_traced_memory()[0] + before))
            same = reply["same"]
            return reply["result"] if same is None else arguments[same]

        function.names = set(names)
        if parameters is not None:
            kinds = {kind.name: kind for kind in type(inspect.Parameter.VAR_KEYWORD)}
            function.__signature__ = inspect.Signature(
                [
                    inspect.Parameter(name, kinds[kind], **({"default": None} if optional else {}))
                    for name, kind, optional in parameters
                ]
            )
        return function


def _bytes(array):
    """The memory of a contiguous array."""
    return array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)


def _arrays(value):
    """The arrays in `value`, in the order in which they are sent."""
    if isinstance(value, np.ndarray):
        return [value]
    return [a for v in value for a in _arrays(v)] if isinstance(value, (list, tuple)) else []


def _parameters(function):
    """(name, kind, whether it may be left out) of each that `function` takes; None if unknown."""
    try:
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.kind.name, p.default is not p.empty) for p in found]
    except Exception:  # whatever the learner's class does when it is asked
        return None


def _names(function):
    """The names in the code of `function`, sorted; none if unknown."""
    try:
        from softmaxlab.exercises import names_in

        return sorted(name for name in names_in(function) if type(name) is str)
    except Exception:  # whatever the learner's class does when it is asked
        return []


def _error(name, message):
    """An exception of this name, and never one that ends a program."""
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = type(name, (Exception,), {})
    try:
        return kind(message)
    except TypeError:  # UnicodeDecodeError and its kin take more
        return type(name, (Exception,), {})(message)


# What follows runs in the learner's process.


@contextlib.contextmanager
def limit(seconds):
    """Interrupts what takes longer, as the interrupt of a kernel does."""

    def interrupt():
        if os.name == "posix":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def calls(tree, checks):
    """(check, the source of its arguments) of each call in a cell of one of `checks`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in checks:
                yield name, [ast.unparse(argument) for argument in node.args]


def run(shell, cells, checks, seconds):
    """Runs `cells`, (number, source); returns what they raised, and what was given to each check.

    `checks` has the names that the course gives to each check.
    """
    errors, given = [], {}
    for number, source in cells:
        with contextlib.suppress(KeyboardInterrupt), limit(seconds):
            error = shell.run_cell(source, store_history=False)
            error = error.error_before_exec or error.error_in_exec
            if error is not None:
                late = isinstance(error, KeyboardInterrupt)
                said = getattr(error, "msg", error)
                words = "no end" if late else f"{type(error).__name__}: {said}"
                errors.append((number, words.splitlines()[0][:200]))
        with contextlib.suppress(SyntaxError):
            for name, arguments in calls(ast.parse(shell.transform_cell(source)), checks):
                given[name] = [value(shell, argument) for argument in arguments]
    for name, arguments in checks.items():
        if name not in given:
            given[name] = [value(shell, argument) for argument in arguments]
    return errors, given


def value(shell, source):
    """[what the expression `source` is in the learner's namespace], or [] if it is nothing."""
    try:
        return [eval(source, shell.user_ns)]
    except Exception:  # a name that no cell has made, as after an error
        return []


def answer(functions, message, seconds):
    """Calls one of the learner's `functions`; returns the reply."""
    arguments, named = message["arguments"], message["named"]
    reply = {"arguments": arguments, "late": False, "raised": None, "same": None, "peak": 0}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), limit(seconds):
            warnings.simplefilter("ignore")
            if message["traced"]:
                tracemalloc.start()
                before = tracemalloc.get_traced_memory()[0]
            result = functions[message["call"]](*arguments, **named)
            if message["traced"]:
                reply["peak"] = tracemalloc.get_traced_memory()[1] - before
    except KeyboardInterrupt:
        return reply | {"late": True}
    except BaseException as error:
        return reply | {"raised": (type(error).__name__, str(error))}
    finally:
        tracemalloc.stop()
    same = next((k for k, argument in enumerate(arguments) if argument is result), None)
    return reply | ({"result": result} if same is None else {"same": same})


def main():
    """Runs the notebook that comes in by the standard input."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    reader, writer = (os.fdopen(os.dup(end), mode, 0) for end, mode in ((0, "rb"), (1, "wb")))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for end in range(3):
        os.dup2(nowhere, end)
    wire = Wire(reader, writer)
    order = wire.receive()
    course = Path(__file__).resolve().parent / "notebooks"
    os.chdir(course)
    sys.path[0] = str(course)
    sys.argv = [""]
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.display_formatter.active_types = ["text/plain"]
    errors, given = run(shell, order["cells"], order["checks"], order["seconds"])
    wire.send(errors=errors, given=given)
    while True:  # until the grader ends it
        wire.send(**answer(wire.functions, wire.receive(), order["seconds"]))
