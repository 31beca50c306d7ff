"""Checks of notebook 05."""

import numpy as np

from .. import exact
from ..checkup import examine
from . import (
    NOT_YET,
    Answer,
    borrowed,
    call,
    hinted,
    near,
    no_function,
    not_asked,
    quiet,
    unfinished,
)

_TRY = np.array([3.0, 1.0, 0.2])
_RTOL = 1e-6
_NEXT = {  # what mends this finding and not the last one anew
    "integers": "But convert integers alone, or give floats back in the dtype that they came in.",
    "small integers": "But give floats back in the dtype that they came in.",
    "dtype kept": "Note the dtype of x before you convert. At the end give a float's own back with "
    ".astype, and float64 for integers.",
}


@hinted(
    "One finding at a time: run your function on the input shown, print each step, and look "
    "for the first that is not as expected."
)
def check_sound(f):
    """Judges a learner's softmax ``f(x)`` or ``f(x, axis=...)`` by `examine`: it must be sound."""
    answer = _no_softmax(f) or borrowed(f)
    if answer:
        return answer
    checkup = examine(f)
    if checkup.verdict == "sound":
        return Answer(True, "Every property of the checkup holds, which none of the seven can say.")
    finding, count = checkup.failures[0], len(checkup.failures)
    more = f" {_NEXT[finding.name]}" if finding.name in _NEXT else ""
    more += f" That is the first of {count} findings." if count > 1 else ""
    message = "The checkup is not content. " + _said(checkup) + more
    if finding.name == "dtype kept":  # whose numbers are right
        dtypes = (np.asarray(array).dtype for array in (finding.input, finding.got))
        return Answer(False, message, finding.input, *dtypes)
    return _shown(checkup, message)


@hinted(
    "Print what it subtracts beside the max of each row, for scores of every kind that you "
    "can think of."
)
def check_broken(f, x):
    """Judges a bug hunt: finite scores `x` on which the softmax `f` is not the exact one."""
    if unfinished(x):
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
    if unfinished(x):
        return Answer(False, NOT_YET)
    answer = _no_softmax(f)
    if answer:
        return answer
    checkup = examine(f)
    if checkup.verdict != "sound":
        return _shown(checkup, f"The checkup does not miss it. {_said(checkup)}")
    return _counterexample(
        f,
        x,
        right="The checkup calls your function sound, and on this input it is. Give an input that "
        "shows its fault.",
        praise="The checkup misses it. {fault}",
    )


def _no_softmax(f):
    """The answer to what is no function, a stub, or gives nothing for three ordinary scores."""
    return no_function(f) or call(f, _TRY)[2]


def _said(checkup):
    finding = checkup.failures[0]
    return f"It says {checkup.verdict}, of {finding.name!r}: {finding.message}"


def _shown(checkup, message):
    finding = checkup.failures[0]
    return Answer(False, message, finding.input, finding.expected, finding.got)


def _counterexample(f, x, right, praise):
    """Whether `f` is not the exact softmax along the last axis of the finite scores `x`."""
    try:
        scores = np.asarray(x)
        expected = exact.softmax(scores)
    except (TypeError, ValueError):
        return not_asked("An array of real numbers, with one axis or more,", x)
    if scores.size > 1000:
        return Answer(
            False, "A thousand scores are enough to show a fault. Find a smaller input.", hint=None
        )
    if not np.isfinite(scores.astype(float)).all():
        message = "Use finite scores: inf and nan have no softmax to compare with."
        return Answer(False, message, x, hint=None)
    try:
        with quiet():
            got = f(scores.copy())
    except Exception as error:
        return Answer(True, praise.format(fault=f"It raises {type(error).__name__} on your input."))
    if np.shape(got) != expected.shape:
        fault = f"The shape {expected.shape} comes out as {np.shape(got)}."
        return Answer(True, praise.format(fault=fault))
    got = np.asarray(got)
    rtol = max(_RTOL, 4 * np.finfo(got.dtype).eps) if got.dtype.kind == "f" else _RTOL
    if near(got, expected, rtol):
        return Answer(False, right, scores, expected, got)
    at = np.flatnonzero(~np.isclose(got, expected, rtol=rtol, atol=1e-300))[0]
    fault = f"It gives {got.flat[at]:.4g} where {expected.flat[at]:.4g} is exact."
    return Answer(True, praise.format(fault=fault))
