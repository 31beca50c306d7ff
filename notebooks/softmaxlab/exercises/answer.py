"""What a check says, and how it looks as text and as HTML."""

import functools
import html
from dataclasses import dataclass, replace

import numpy as np

NOT_YET = "Not yet: replace the ... with your own code, then run the cell again."
NO_GUESS = "No prediction yet."
STOPPED = "Stopped. Does your loop end?"

_BORDER = {"Right.": "6px solid #009e73", "Wrong.": "6px double #d55e00", "": "6px dotted gray"}
_LEFT = 'style="text-align: left"'
_MONO = 'style="white-space: pre; font-family: monospace"'
_DIGITS = (6, 10, 17)
_ENTRIES = 10


@dataclass(frozen=True)
class Answer:
    """What a check says: whether it passed, why in a sentence, the input that shows it, a hint.

    A `hint` of "" leaves it to the check to give its own; with None it gives none, because its own
    does not fit this fault.
    """

    passed: bool
    message: str
    input: object = None
    expected: object = None
    got: object = None
    hint: str | None = ""

    @property
    def word(self):
        """The verdict in a word; "" where there is none yet."""
        if self.passed:
            return "Right."
        return "" if self.message in (NOT_YET, NO_GUESS, STOPPED) else "Wrong."

    def _rows(self):
        """What is shown, as text: rounded, but not so far that a wrong number looks right."""
        if self.passed:
            return {}
        names = ("input", "expected", "got")
        values = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        several = [{name: shown(v, digits) for name, v in values.items()} for digits in _DIGITS]
        telling = (rows for rows in several if rows.get("expected", "") != rows.get("got"))
        return next(telling, several[0])

    def __repr__(self):
        said = " ".join(filter(None, [self.word, self.message]))
        rows = [
            f"  {name}: " + text.replace("\n", "\n" + " " * (len(name) + 4))
            for name, text in self._rows().items()
        ]
        hint = [f"Hint: {self.hint}"] if self.hint else []
        return "\n".join([said, *rows, *hint])

    def _repr_html_(self):
        word = f"<strong>{self.word}</strong> " if self.word else ""
        rows = "".join(
            f"<tr><th {_LEFT}>{name}</th>"
            f"<td {_LEFT}><pre {_MONO}>{html.escape(text)}</pre></td></tr>"
            for name, text in self._rows().items()
        )
        table = f"<table>{rows}</table>" if rows else ""
        hint = f"<p><strong>Hint.</strong> {html.escape(self.hint)}</p>" if self.hint else ""
        style = f'style="border-left: {_BORDER[self.word]}; padding-left: 0.8em"'
        return f"<div {style}><p>{word}{html.escape(self.message)}</p>{table}{hint}</div>"


def shown(value, digits=_DIGITS[0]):
    """A value as text of some lines at most, its floats rounded to `digits`."""
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.{digits}g}"
    if isinstance(value, (np.bool_, np.integer)):
        return str(value)
    if isinstance(value, (list, tuple)):
        entries = [shown(entry, digits) for entry in value[:_ENTRIES]]
        entries += ["..."] * (len(value) > _ENTRIES)
        if isinstance(value, list):
            return f"[{', '.join(entries)}]"
        return f"({', '.join(entries)}{',' * (len(entries) == 1)})"
    try:
        with np.printoptions(precision=digits, threshold=40, edgeitems=2):
            text = repr(value)
    except Exception:  # of what a learner's class does
        text = f"<{type(value).__name__}>"
    return text if len(text) < 600 else text[:600] + " ..."


def hinted(hint):
    """Decorates a check: from the second failure in a row on, its answer carries `hint`.

    A fault that has a hint of its own carries that. A stub is no failure, nor is a run that was
    interrupted, and a right answer begins the count anew.
    """

    def decorate(check):
        failures = 0

        @functools.wraps(check)
        def counting(*arguments):
            nonlocal failures
            try:
                answer = check(*arguments)
            except KeyboardInterrupt:
                answer = Answer(False, STOPPED)
            if not answer.word:
                return replace(answer, hint="")
            failures = 0 if answer.passed else failures + 1
            fitting = hint if answer.hint == "" else answer.hint or ""
            return replace(answer, hint=fitting if failures > 1 else "")

        counting.hint = hint
        return counting

    return decorate
