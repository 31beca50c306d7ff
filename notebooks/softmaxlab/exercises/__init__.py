"""Checks of the course's exercises, one module a notebook.

A check takes what the learner wrote and returns an `Answer`. It never raises for what that does.
Each is decorated by `hinted`. A prediction, in a cell tagged `predict`, goes to `compare` instead.
"""

import functools
import html
import math
import numbers
import reprlib
import warnings
from dataclasses import dataclass, replace

import numpy as np

NOT_YET = "Not yet: replace the ... with your own code, then run the cell again."
NO_GUESS = "No prediction to compare: put yours in place of the ... above, and run on from there."


@dataclass(frozen=True)
class Answer:
    """What a check says: whether it passed, why in a sentence, the input that shows it, a hint."""

    passed: bool
    message: str
    input: object = None
    expected: object = None
    got: object = None
    hint: str = ""

    def _rows(self):
        if self.passed or self.message == NOT_YET:
            return []
        names = ("input", "expected", "got")
        return [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]

    def __repr__(self):
        verdict = "Right. " if self.passed else ""
        lines = [f"  {name}: {_text(value, name)}" for name, value in self._rows()]
        hint = [f"Hint: {self.hint}"] if self.hint else []
        return "\n".join([verdict + self.message, *lines, *hint])

    def _repr_html_(self):
        left = 'style="text-align: left"'
        mono = 'style="white-space: pre; font-family: monospace"'
        rows = "".join(
            f"<tr><th {left}>{name}</th>"
            f"<td {left}><pre {mono}>{html.escape(_text(value, name, 0))}</pre></td></tr>"
            for name, value in self._rows()
        )
        verdict = "<strong>Right.</strong> " if self.passed else ""
        table = f"<table>{rows}</table>" if rows else ""
        hint = f"<p><strong>Hint.</strong> {html.escape(self.hint)}</p>" if self.hint else ""
        return f"<p>{verdict}{html.escape(self.message)}</p>{table}{hint}"


def _text(value, name, indent=None):
    indent = len(name) + 4 if indent is None else indent
    with np.printoptions(precision=6, threshold=40):
        return repr(value).replace("\n", "\n" + " " * indent)


def not_yet(value):
    """Whether `value` is what a stub holds or returns."""
    return value is None or value is Ellipsis


def hinted(hint):
    """Decorates a check: from the second failure in a row on, its answer carries `hint`.

    A stub is no failure, and a right answer begins the count anew.
    """

    def decorate(check):
        failures = 0

        @functools.wraps(check)
        def counting(*arguments):
            nonlocal failures
            answer = check(*arguments)
            if answer.message == NOT_YET:
                return answer
            failures = 0 if answer.passed else failures + 1
            return replace(answer, hint=hint) if failures > 1 else answer

        counting.hint = hint
        return counting

    return decorate


def compare(guess, measured, unit=""):
    """Says how far off a prediction was.

    Parameters
    ----------
    guess : object
        What the learner wrote, of the kind of `measured`; ``...`` for none.
    measured : bool, str, int, float, or a list of these
        What the experiment gave. A guess within 2 % of a float is right.
    unit : str
        What the numbers count or measure, such as "ms".

    Returns
    -------
    Answer
    """
    unit = f" {unit}" if unit else ""
    several = _is_list(measured)
    measured = list(measured) if several else [measured]
    guess = list(guess) if several and _is_list(guess) else [guess]
    if any(not_yet(entry) for entry in guess):
        return Answer(False, NO_GUESS)
    if len(guess) != len(measured):
        return Answer(
            False, f"{len(measured)} entries are asked for, in a list; you gave {len(guess)}."
        )
    off = [_off(*pair, unit) for pair in zip(guess, measured, strict=True)]
    if not any(off):
        said = ", ".join(_short(value) for value in measured)
        return Answer(True, f"It is {said}{unit}.")
    if not several:
        return Answer(False, off[0])
    told = " ".join(f"Entry {i}: {text[0].lower()}{text[1:]}" for i, text in enumerate(off) if text)
    return Answer(False, f"{off.count('')} of {len(off)} are right. {told}")


def _off(guess, measured, unit):
    """How far `guess` is from one measured value, in a sentence; "" if it is right."""
    if isinstance(measured, (bool, np.bool_, str)):
        met = str(guess).strip().lower() == str(measured).lower()
        return "" if met else f"You said {reprlib.repr(guess)}, and it is {measured}."
    try:
        number = None if isinstance(guess, np.ndarray) else float(guess)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        return f"You said {reprlib.repr(guess)}, and a number is asked for."
    rtol = 0 if isinstance(measured, numbers.Integral) else 0.02
    if np.isclose(number, measured, rtol=rtol, atol=0, equal_nan=True):
        return ""
    said = f"you said {number:.6g}, and it is {_short(measured)}{unit}."
    if not (math.isfinite(number) and math.isfinite(measured)):
        return said.capitalize()
    if number * measured > 0:
        factor = max(number / measured, measured / number)
        if factor >= 10:
            return f"Off by a factor of {factor:.3g}: {said}"
    return f"Off by {abs(number - measured):.3g}: {said}"


def _short(value):
    return str(value) if isinstance(value, (bool, np.bool_, str)) else f"{value:.6g}"


def _is_list(value):
    return isinstance(value, (list, tuple, np.ndarray))


def ask(function, cases, faults=(), praise="", rtol=1e-9):
    """Tries a learner's function on each case, and names the first fault.

    Parameters
    ----------
    function : object
        What the learner wrote.
    cases : iterable of (tuple, object)
        Arguments, and the result expected: the smallest case first.
    faults : iterable of (callable, str)
        ``test(arguments, expected, got) -> bool`` and the message for the first that is true.
    praise : str
        What is said when every case is right.
    rtol : float
        Relative tolerance of each entry.

    Returns
    -------
    Answer
    """
    if not_yet(function):
        return Answer(False, NOT_YET)
    if not callable(function):
        return Answer(False, f"This takes a function, and got {type(function).__name__}.")
    for arguments, expected in cases:
        shown = arguments[0] if len(arguments) == 1 else arguments
        copies = [np.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                got = function(*copies)
        except Exception as error:
            message = f"Your function raises {type(error).__name__}: {error}."
            return Answer(False, message, shown, expected)
        if not_yet(got):
            return Answer(False, NOT_YET)
        if _agree(got, expected, rtol):
            continue
        for test, message in faults:
            if _holds(test, arguments, expected, got):
                return Answer(False, message, shown, expected, got)
        return Answer(False, _difference(got, expected), shown, expected, got)
    return Answer(True, praise)


def _agree(got, expected, rtol):
    try:
        got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        return got.shape == expected.shape and np.allclose(
            got, expected, rtol=rtol, atol=1e-300, equal_nan=True
        )
    except (TypeError, ValueError):
        return False


def _holds(test, arguments, expected, got):
    """A fault's test may not fit what the learner returned; then it is not that fault."""
    try:
        with np.errstate(all="ignore"):
            return bool(test(arguments, expected, got))
    except (TypeError, ValueError, IndexError):
        return False


def _difference(got, expected):
    try:
        shape = np.shape(got)
    except ValueError:
        return "The result is not an array of numbers."
    if shape != np.shape(expected):
        return f"The result has the shape {shape}, and {np.shape(expected)} is expected."
    return "The shape is right, the numbers are not."
