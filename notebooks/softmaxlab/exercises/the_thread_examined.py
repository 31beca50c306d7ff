"""Checks of notebook 05."""

import numpy as np

from .. import exact
from ..checkup import examine
from . import NOT_YET, Answer, hinted, near, not_asked, quiet, unfinished
from .sound import by_checkup, no_scores_taken, said, shown_finding

_RTOL = 1e-6


@hinted(
    "One finding at a time: run your function on the input shown, print each step, and look "
    "for the first that is not as expected."
)
def check_sound(f):
    """Judges a learner's softmax ``f(x, axis=...)`` by `examine`: it must be sound."""
    return by_checkup(f, "Every property of the checkup holds, which none of the seven can say.")


@hinted(
    "Print what it subtracts beside the max of each row, for scores of every kind that you "
    "can think of."
)
def check_broken(f, x):
    """Judges a bug hunt: finite scores `x` on which the softmax `f` is not the exact one."""
    if unfinished(x):
        return Answer(False, NOT_YET)
    return no_scores_taken(f) or _counterexample(
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
    answer = no_scores_taken(f)
    if answer:
        return answer
    checkup = examine(f)
    if checkup.verdict != "sound":
        return shown_finding(checkup, f"The checkup does not miss it: it {said(checkup)}")
    return _counterexample(
        f,
        x,
        right="The checkup calls your function sound, and on this input it is. Give an input that "
        "shows its fault.",
        praise="The checkup misses it. {fault}",
    )


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
    rtol = _RTOL
    if got.dtype.kind == "f":  # x - max is rounded, and where it is far below 0 the exp is 0
        info = np.finfo(got.dtype)
        widest = np.ptp(scores.astype(float), axis=-1).max(initial=0)
        rtol = max(_RTOL, (4 + min(widest, -np.log(info.smallest_subnormal))) * info.eps)
    if near(got, expected, rtol):
        return Answer(False, right, scores, expected)
    at = np.flatnonzero(~np.isclose(got, expected, rtol=rtol, atol=1e-300))[0]
    fault = f"It gives {got.flat[at]:.4g} where {expected.flat[at]:.4g} is exact."
    return Answer(True, praise.format(fault=fault))
