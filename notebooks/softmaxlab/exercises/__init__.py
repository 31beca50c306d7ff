"""Checks of the course's exercises, one module a notebook.

A check takes what the learner wrote and returns an `Answer`. It never raises for what that does.
"""

import html
import warnings
from dataclasses import dataclass

import numpy as np

NOT_YET = "Not yet: replace the ... with your own code, then run the cell again."


@dataclass(frozen=True)
class Answer:
    """What a check says: whether it passed, why in a sentence, and the input that shows it."""

    passed: bool
    message: str
    input: object = None
    expected: object = None
    got: object = None

    def _rows(self):
        if self.passed or self.message == NOT_YET:
            return []
        names = ("input", "expected", "got")
        return [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]

    def __repr__(self):
        verdict = "Right. " if self.passed else ""
        lines = [f"  {name}: {_text(value, name)}" for name, value in self._rows()]
        return "\n".join([verdict + self.message, *lines])

    def _repr_html_(self):
        left = 'style="text-align: left"'
        rows = "".join(
            f"<tr><th {left}>{name}</th>"
            f'<td {left}><pre style="white-space: pre">{html.escape(_text(value, name, 0))}</pre>'
            "</td></tr>"
            for name, value in self._rows()
        )
        verdict = "<strong>Right.</strong> " if self.passed else ""
        return f"<p>{verdict}{html.escape(self.message)}</p>" + (
            f"<table>{rows}</table>" if rows else ""
        )


def _text(value, name, indent=None):
    indent = len(name) + 4 if indent is None else indent
    with np.printoptions(precision=6, threshold=40):
        return repr(value).replace("\n", "\n" + " " * indent)


def not_yet(value):
    """Whether `value` is what a stub holds or returns."""
    return value is None or value is Ellipsis


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
