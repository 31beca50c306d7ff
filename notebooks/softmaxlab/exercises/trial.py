"""A learner's function, tried on cases, and the words for its faults."""

import copy
import inspect
import traceback
import tracemalloc
import types
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .answer import NOT_YET, STOPPED, Answer, shown

RTOL = 1e-9
_THREAD = "softmaxlab.thread"
NONE = "Your function returned None. Printing a result is not returning it: end it with return."
CHANGED = (
    "Your function changes the array that it was given, as -= and out= do. Its caller still needs "
    "that: work on a new one."
)
TWICE = (
    "Right the first time, and another answer for the same input the second time. What does your "
    "function keep from call to call?"
)
KEPT = (
    "A result that you gave has changed when the function was called again: it hands out the same "
    "array every time. Make a new one in each call."
)
IN_MEMORY = (
    "Right for these numbers in rows, and wrong for the same numbers in a transposed array: it "
    "goes by their order in memory. Go by axes."
)


@dataclass(frozen=True)
class Fault:
    """A wrong result that can be named: ``test(arguments, expected, got)`` tells it.

    With a `hint` of "" the check's own fits, with None none does.
    """

    test: Callable
    message: str
    hint: str | None = ""

    def fits(self, arguments, expected, got):
        """A test may not fit what the learner returned; then it is not this fault."""
        try:
            with np.errstate(all="ignore"):
                return bool(self.test(arguments, expected, got))
        except (TypeError, ValueError, IndexError, AttributeError):
            return False


def gives(wrong, message, hint="", rtol=RTOL):
    """The fault whose result is what ``wrong(*arguments)`` gives."""

    def test(arguments, expected, got):
        value = wrong(*arguments)
        return near(got, value, rtol) and _differs(value, expected, rtol)

    return Fault(test, message, hint)


def makes(change, message, hint="", rtol=RTOL):
    """The fault whose result is what ``change(expected)`` gives."""

    def test(arguments, expected, got):
        value = change(np.asarray(expected, dtype=float))
        return near(got, value, rtol) and _differs(value, expected, rtol)

    return Fault(test, message, hint)


def shaped(shape, message, hint=""):
    """The fault whose result has the shape that ``shape(*arguments)`` gives."""
    return Fault(
        lambda arguments, expected, got: (
            np.shape(got) == shape(*arguments) and np.shape(got) != np.shape(expected)
        ),
        message,
        hint,
    )


def lost(message, hint="", where=lambda *arguments: True):
    """The fault whose result is not finite though it should be, where ``where(*arguments)``."""
    return Fault(
        lambda arguments, expected, got: (
            where(*arguments) and np.isfinite(expected).all() and not np.isfinite(got).all()
        ),
        message,
        hint,
    )


def sunk(hint="", scores=lambda *arguments: arguments[0]):
    """The fault of a shift far above all scores, which ``scores(*arguments)`` gives."""
    return lost(
        "All exps are 0 here: what you subtract, if anything, lies far above these scores. It has "
        "to be their max itself, and a max that begins at 0, or at any other number, need not be.",
        hint,
        lambda *arguments: np.max(scores(*arguments)) < -700,
    )


def first_fault(faults, arguments, expected, got):
    """The first of the faults that fits, or None."""
    return next((fault for fault in faults if fault.fits(arguments, expected, got)), None)


def near(got, value, rtol=RTOL, atol=1e-300):
    """Whether `got` has the shape and, nearly, the numbers of `value`."""
    try:
        got, value = np.asarray(got, dtype=float), np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return False
    return got.shape == value.shape and np.allclose(
        got, value, rtol=rtol, atol=atol, equal_nan=True
    )


def _differs(value, expected, rtol):
    """Whether a wrong result shows in a number that could be seen."""
    value, expected = np.asarray(value, dtype=float), np.asarray(expected, dtype=float)
    if value.shape != expected.shape:
        return True
    apart = ~np.isclose(value, expected, rtol=rtol, atol=1e-300)
    return bool((apart & np.isfinite(value)).any())


def ask(function, cases, faults=(), praise="", rtol=RTOL, atol=1e-300, read=None):
    """Tries a learner's function on each case, and names the first fault.

    The first case comes again at the end, and no result may have changed by then.

    Parameters
    ----------
    function : object
        What the learner wrote.
    cases : iterable of (tuple, object)
        Arguments, and the result expected: the smallest case first.
    faults : iterable of Fault
        The first that fits is told.
    praise : str
        What is said when every case is right.
    rtol, atol : float
        Relative and absolute tolerance of each entry.
    read : callable, optional
        Makes of the function's result what `expected` is, which is then not shown; it raises
        ValueError or TypeError for what is no such result.

    Returns
    -------
    Answer
    """
    wrong = no_function(function)
    if wrong:
        return wrong
    cases, results = list(cases), []
    for arguments, expected in cases:
        got, changed, failed = call(function, *arguments)
        if failed:
            return replace(failed, expected=expected if failed.word and not read else None)
        value = got
        if read:
            try:
                value = read(got)
            except (TypeError, ValueError):
                return _unread(got, arguments)
        if not near(value, expected, rtol, atol):
            found = _named(function, faults, arguments, expected, value, rtol)
            return replace(
                found, input=_input(arguments), expected=None if read else expected, got=got
            )
        if changed:
            return Answer(False, CHANGED, _input(arguments), hint=None)
        results.append((got, np.array(got, dtype=float)))
    return _again(function, *cases[0], results, rtol, atol, read) or Answer(True, praise)


def no_function(function):
    """The answer to what is no function, or None."""
    if function is ...:
        return Answer(False, NOT_YET)
    if not callable(function):
        kind = "None" if function is None else type(function).__name__
        return Answer(False, f"This takes a function, and got {kind}.", hint=None)
    return None


def call(function, *arguments):
    """Calls a learner's function with copies of the arguments.

    Returns
    -------
    got : object
    changed : bool
        Whether the function changed what it was given.
    failed : Answer or None
        Why nothing came back.
    """
    given = copy.deepcopy(arguments)
    try:
        with quiet():
            got = function(*given)
    except KeyboardInterrupt:
        return None, False, Answer(False, STOPPED, _input(arguments))
    except (Exception, SystemExit) as error:
        message = raised(function, error)
        return None, False, Answer(False, message, _input(arguments), hint=None)
    if got is ...:
        return None, False, Answer(False, NOT_YET)
    if got is None:
        return None, False, Answer(False, NONE, _input(arguments), hint=None)
    if isinstance(got, str):
        message = (
            f"Your function returned a text, {shown(got)}. Return a number, an array of numbers, "
            "or True or False."
        )
        return None, False, Answer(False, message, _input(arguments), hint=None)
    return got, _content(given) != _content(arguments), None


def raised(function, error):
    """What is said of an exception that a learner's function raised, with the line of its code."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    lines = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    what = type(error).__name__
    text = str(error).strip().removesuffix(".")
    if text:
        what += ": " + (text if len(text) < 200 else text[:200] + " ...")
    if not lines:
        return f"Calling your function raises {what}."
    where = f"line {lines[-1].lineno}"
    where += f", `{lines[-1].line[:80]}`" if lines[-1].line else ""
    return f"Your function raises in {where}. {what}."


def names_in(function, follow=False):
    """The names, attributes and keywords in a Python function's code.

    With `follow` also those of the functions beside it that it names. A function whose code is in
    another process has them with it, as `names`.
    """
    function = inspect.unwrap(function)
    if isinstance(getattr(function, "names", None), set):
        return function.names
    codes, names = [getattr(function, "__code__", None)], set()
    beside = getattr(function, "__globals__", {})
    for code in filter(None, codes):
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                codes.append(constant)
            elif isinstance(constant, tuple):  # the keywords of a call
                names.update(name for name in constant if isinstance(name, str))
        names.update(code.co_names, code.co_freevars)
        for name in code.co_names if follow else ():
            other = beside.get(name)
            if getattr(other, "__globals__", None) is beside and other.__code__ not in codes:
                codes.append(other.__code__)
    return names


def borrowed(function, names=("softmax", "log_softmax", "logsumexp")):
    """The answer to a function that is, or calls, one that it should be; or None.

    That is one of these names in a library, or one of the thread's functions.
    """
    beside = getattr(function, "__globals__", {})
    found = function.__name__ if _of_library(function) else None
    found = found if found in names else None
    for name in names_in(function, follow=True):
        if name in names and (name not in beside or _of_library(beside[name])):
            found = name
        elif name == "THREAD" or getattr(beside.get(name), "__module__", None) == _THREAD:
            found = "softmax"
    if not found:
        return None
    return Answer(False, f"This uses a finished {found}. Write it with numpy alone.", hint=None)


def unfinished(value):
    """Whether `value` is what a stub holds, or a list with a ... left in it."""
    return value is ... or (isinstance(value, (list, tuple)) and any(v is ... for v in value))


def numbers_of(value):
    """`value` as an array of floats, or None if it is none."""
    try:
        array = np.asarray(value)
        return array.astype(float) if array.dtype.kind in "biuf" else None
    except (TypeError, ValueError):  # a ragged list
        return None


def not_asked(what, value):
    """The answer to a value that is not `what` the exercise asks for."""
    kind = "None" if value is None else "a function" if callable(value) else shown(value)
    return Answer(False, f"{what} is asked for, and this is {kind}.", hint=None)


def peak_bytes(function, *arguments):
    """The most memory that a call takes beside what there was, in bytes."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        with quiet():
            function(*arguments)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()


@contextmanager
def quiet():
    """No warning is shown, and none is an error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _of_library(thing):
    root = (getattr(thing, "__module__", None) or "").partition(".")[0]
    return callable(thing) and root in ("softmaxlab", "scipy")


def _input(arguments):
    return arguments[0] if len(arguments) == 1 else arguments


def _content(value):
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype, value.tobytes()
    if isinstance(value, (list, tuple)):
        return [_content(entry) for entry in value]
    return repr(value)


def _unread(got, arguments):
    what = f"Your function returned {shown(got)}, and an array of numbers is asked for."
    return Answer(False, what, _input(arguments), hint=None)


def _named(function, faults, arguments, expected, got, rtol):
    """The answer that tells the first fault that fits, or else what differs."""
    try:
        shape = np.asarray(got, dtype=float).shape
    except (TypeError, ValueError):
        return Answer(False, "The result is not an array of numbers.", hint=None)
    if _goes_by_memory(function, arguments, expected, rtol):
        return Answer(False, IN_MEMORY, hint=None)
    fault = first_fault(faults, arguments, expected, got)
    if fault:
        return Answer(False, fault.message, hint=fault.hint)
    if shape != np.shape(expected):
        wanted = np.shape(expected)
        return Answer(False, f"The result has the shape {shape}, and {wanted} is expected.")
    what = "shape is right, the numbers are not" if shape else "result is not the one expected"
    return Answer(False, f"The {what}.")


def _goes_by_memory(function, arguments, expected, rtol):
    """Whether the result is right once every array lies in memory row by row."""
    if all(a.flags.c_contiguous for a in arguments if isinstance(a, np.ndarray)):
        return False
    rows = [a.copy("C") if isinstance(a, np.ndarray) else a for a in arguments]
    return near(call(function, *rows)[0], expected, rtol)


def _again(function, arguments, expected, results, rtol, atol, read):
    """The answer to a function that keeps something from call to call, or None."""
    got, _, failed = call(function, *arguments)
    if failed or not near(read(got) if read else got, expected, rtol, atol):
        return Answer(False, TWICE, _input(arguments), expected, got, hint=None)
    for result, then in results:
        if not near(result, then, 0):
            return Answer(False, KEPT, hint=None)
    return None
