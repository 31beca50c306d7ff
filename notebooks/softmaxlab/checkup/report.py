"""What a checkup has to say, as text and as a table."""

import html
import reprlib
from dataclasses import dataclass

import numpy as np

_SHOWN = ("input", "expected", "got")
_LISTS = reprlib.Repr()  # a list may hold more than fits on any page
_LISTS.maxlist = _LISTS.maxtuple = 8
_LISTS.maxother = 600
_LEFT = 'style="text-align: left"'
_WIDE = 'style="overflow-x: auto"'
_WRAPPED = 'style="white-space: pre-wrap; word-break: normal"'


@dataclass(frozen=True, eq=False)
class Finding:
    """How one property fared.

    Attributes
    ----------
    name : str
        The property.
    passed : bool
    severity : str
        "wrong" or "limited": the verdict that this failure alone would bring.
    message : str
        The fault in one or two sentences; of a property that holds, what holds.
    input, expected, got : object
        The smallest input found that shows the fault, what is exact for it, and what the
        function gave or raised. None where the property holds.
    also : tuple of Finding
        Failures that only repeat this fault.
    """

    name: str
    passed: bool
    severity: str
    message: str
    input: object = None
    expected: object = None
    got: object = None
    also: tuple = ()

    def __repr__(self):
        mark = "holds" if self.passed else self.severity
        return "\n".join([f"{self.name} ({mark}): {self.message}", *self._details()])

    def _details(self):
        if self.passed:
            return []
        lines = [f"  {name}: {_text(getattr(self, name), len(name) + 4)}" for name in _SHOWN]
        return lines + ([f"  the same fault in: {_names(self.also)}"] if self.also else [])

    def _row(self):
        words = self.message
        if self.also:
            words += f" The same fault in: {_names(self.also)}."
        shown = (html.escape(_text(getattr(self, name))) for name in _SHOWN)
        return (
            f"<tr><td {_LEFT} colspan={len(_SHOWN)}><strong>{html.escape(self.name)} "
            f"({self.severity}).</strong> {html.escape(words)}</td></tr><tr>"
            + "".join(f"<td {_LEFT}><pre {_WRAPPED}>{text}</pre></td>" for text in shown)
            + "</tr>"
        )


@dataclass(frozen=True, eq=False)
class Checkup:
    """What `examine` found.

    Attributes
    ----------
    findings : tuple of Finding
        Failures first, the gravest and most basic at the head, then what holds. Failures that
        repeat another are in its `also`.
    of : str
        What was examined: "softmax", "log_softmax" or "logsumexp".
    """

    findings: tuple
    of: str = "softmax"

    @property
    def failures(self):
        """The findings that did not pass."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def verdict(self):
        """One of "wrong", "limited" and "sound"; see `examine`."""
        severities = {finding.severity for finding in self.failures}
        return "wrong" if "wrong" in severities else "limited" if severities else "sound"

    def __repr__(self):
        first, holds = self._summary()
        lines = [f"{self.verdict}: {first}"]
        if self.failures:
            lines += [f"  property: {self.failures[0].name}", *self.failures[0]._details()]
        lines += [repr(finding) for finding in self.failures[1:]]
        return "\n".join([*lines, f"holds: {holds}"])

    def _repr_html_(self):
        first, holds = self._summary()
        head = "".join(f"<th {_LEFT}>{name}</th>" for name in _SHOWN)
        rows = "".join(finding._row() for finding in self.failures)
        return (
            f"<p><strong>{self.verdict.capitalize()}.</strong> {html.escape(first)}</p>"
            + (f"<div {_WIDE}><table><tr>{head}</tr>{rows}</table></div>" if rows else "")
            + f"<p>Holds: {html.escape(holds)}.</p>"
        )

    def _summary(self):
        first = self.failures[0].message if self.failures else "every property holds."
        return first, _names(f for f in self.findings if f.passed) or "nothing"


def _names(findings):
    return ", ".join(finding.name for finding in findings)


def _text(value, indent=0):
    """A value as text, some lines long at most; what f returned may fail even at that."""
    try:
        with np.printoptions(precision=6, threshold=30, edgeitems=2):
            text = _LISTS.repr(value) if isinstance(value, (list, tuple)) else repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    text = text if len(text) < 600 else text[:600] + " ..."
    return text.replace("\n", "\n" + " " * indent)
