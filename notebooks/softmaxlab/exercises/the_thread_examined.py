"""Checks of notebook 05."""

import warnings

import numpy as np

from .. import exact
from ..checkup import examine
from . import NOT_YET, Answer, hinted, not_yet

_TRY = np.array([3.0, 1.0, 0.2])
_RTOL = 1e-6


@hinted(
    "One finding at a time: run your function on the input shown, print each step, and look "
    "for the first that is not as expected."
)
def check_sound(f):
    """Judges a learner's softmax ``f(x)`` or ``f(x, axis=...)`` by `examine`: it must be sound."""
    answer = _no_softmax(f)
    if answer:
        return answer
    checkup = examine(f)
    if checkup.verdict == "sound":
        return Answer(True, "Every property of the checkup holds, which none of the seven can say.")
    count = len(checkup.failures)
    more = f" That is the first of {count} findings." if count > 1 else ""
    finding = checkup.failures[0]
    return Answer(False, _said(checkup) + more, finding.input, finding.expected, finding.got)


@hinted(
    "Print what it subtracts beside the max of each row, for scores of every kind that you "
    "can think of."
)
def check_broken(f, x):
    """Judges a bug hunt: finite scores `x` on which the softmax `f` is not the exact one."""
    if not_yet(x):
        return Answer(False, NOT_YET)
    return _no_softmax(f) or _counterexample(
        f,
        x,
        right="It is right here. What does it subtract, and how far can that lie from the max of a "
        "row?",
        praise="{fault}",
    )


@hinted(
    "The checkup has a finite list of inputs. What could your function do that none of them "
    "is likely to touch?"
)
def check_missed(f, x):
    """Judges a wrong softmax `f` that `examine` calls sound, with scores `x` that show it wrong."""
    if not_yet(x):
        return Answer(False, NOT_YET)
    answer = _no_softmax(f)
    if answer:
        return answer
    checkup = examine(f)
    if checkup.verdict != "sound":
        finding = checkup.failures[0]
        message = f"The checkup does not miss it. It says {_said(checkup)}"
        return Answer(False, message, finding.input, finding.expected, finding.got)
    return _counterexample(
        f,
        x,
        right="The checkup calls your function sound, and on this input it is. Give an input that "
        "shows its fault.",
        praise="The checkup misses it. {fault}",
    )


def _no_softmax(f):
    """The answer to what is no function, or a stub."""
    if not_yet(f):
        return Answer(False, NOT_YET)
    if not callable(f):
        return Answer(False, f"This takes a function, and got {type(f).__name__}.")
    got = _run(f, _TRY)
    return Answer(False, NOT_YET) if not_yet(got) else None


def _said(checkup):
    finding = checkup.failures[0]
    return f"{checkup.verdict}, {finding.name}: {finding.message}"


def _counterexample(f, x, right, praise):
    """Whether `f` is not the exact softmax along the last axis of the finite scores `x`."""
    try:
        scores = np.asarray(x)
        expected = exact.softmax(scores)
    except (TypeError, ValueError):
        return Answer(
            False, "The input must be an array of real numbers, with one axis or more.", x
        )
    if scores.size > 1000:
        return Answer(False, "A thousand scores are enough to show a fault. Find a smaller input.")
    if not np.isfinite(scores.astype(float)).all():
        return Answer(False, "Use finite scores: inf and nan have no softmax to compare with.", x)
    got = _run(f, scores)
    if isinstance(got, Exception):
        fault = f"It raises {type(got).__name__} on your input."
    elif np.shape(got) != expected.shape:
        fault = f"The shape {expected.shape} comes out as {np.shape(got)}."
    else:
        got = np.asarray(got)
        rtol = max(_RTOL, 4 * np.finfo(got.dtype).eps) if got.dtype.kind == "f" else _RTOL
        wrong = ~np.isclose(got, expected, rtol=rtol, atol=1e-300)
        if not wrong.any():
            return Answer(False, right, scores, expected, got)
        at = np.flatnonzero(wrong)[0]
        fault = f"It gives {got.flat[at]:.4g} where {expected.flat[at]:.4g} is exact."
    return Answer(True, praise.format(fault=fault))


def _run(f, x):
    """What `f` gives for a copy of `x`, or the exception that it raises."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return f(np.array(x))
    except Exception as error:
        return error
