"""Checks of notebook 08."""

import numpy as np

from .. import exact
from . import NOT_YET, Answer, ask, gives, hinted, lost, not_asked, shaped, sunk

_Z = np.array([2.0, 1.0, 0.1])
_THREAD = np.array([13.0, 31.0, 5.0])
_FAR = np.array([1000.0, 1001.0])
_LOW = np.array([-20001.0, -20000.0])
_HUNDRED = np.arange(100) * 17 % 100 / 10.0
_LOST = lost("An exp has overflowed, or all of them are 0. Shift by the greatest exponent first.")


def _soft_max(z, T):
    return T * exact.logsumexp(z / T)


def _soft_min(z, T):
    return -_soft_max(-z, T)


_OF_SOFT_MIN = (
    lost(
        "All exps are 0 here. The greatest of the exponents -z / T is that of the least score: "
        "shift by it, and by no min that begins at 0, or at any other number.",
        where=lambda z, T: z.min() > 700,
    ),
    _LOST,
    gives(
        lambda z, T: exact.softmax(z / T),
        "That is the softmax, a distribution. The soft min is one number.",
        None,
    ),
    gives(
        lambda z, T: exact.softmax(-z / T),
        "That is a distribution, the softmax of -z. The soft min is one number.",
        None,
    ),
    gives(
        _soft_max, "That is the soft max. The soft min is as far below, and never above the min."
    ),
    gives(
        lambda z, T: -_soft_min(z, T),
        "The sign in front is missing: for large scores yours is negative.",
    ),
    gives(lambda z, T: -_soft_max(z, T), "You turn the sign in front, and not that of the scores."),
    gives(
        lambda z, T: -exact.logsumexp(-z / T),
        "You divide by T and never multiply: at T = 0.5 the result is twice what it should be.",
    ),
    gives(
        lambda z, T: -T * exact.logsumexp(-z),
        "You multiply by T and never divide the scores by it.",
    ),
    gives(
        lambda z, T: _soft_min(z, T) - z.min(),
        "You have shifted by the least score and not added it again.",
    ),
    gives(
        lambda z, T: z.min() - exact.logsumexp((z.min() - z) / T),
        "The log of the sum has to be multiplied by T, too.",
    ),
    gives(
        lambda z, T: T * (z.min() - exact.logsumexp((z.min() - z) / T)),
        "The least score is a score already: add it without the factor T.",
    ),
    gives(
        lambda z, T: exact.softmax(-z / T) @ z,
        "That is the mean score under the softmax of -z, which is never below the min. The soft "
        "min is never above it.",
        None,
    ),
    gives(lambda z, T: z.min(), "That is the hard min.", None),
)


@hinted("The least of some numbers is minus the greatest of what?")
def check_soft_min(function):
    """Judges ``function(z, T)``, the soft min -T log(sum(exp(-z / T))) of one list of scores."""
    cases = [(_Z, 1.0), (_Z, 0.5), (_FAR, 1.0), (-_FAR, 1.0), (_THREAD, 0.01), (_LOW, 1.0)]
    cases += [(-_LOW, 2.0), (_Z[:1], 3.0), (_HUNDRED, 0.7)]
    return ask(
        function,
        [(arguments, _soft_min(*arguments)) for arguments in cases],
        _OF_SOFT_MIN,
        "It lies between the min and the min minus T log n, at any T above 0.",
    )


def _position(z, T):
    return exact.softmax(z / T) @ np.arange(len(z))


_OF_POSITION = (
    sunk(),
    _LOST,
    shaped(
        lambda z, T: z.shape,
        "One number is asked for, a position that may lie between two others.",
    ),
    gives(lambda z, T: np.argmax(z), "That is the hard arg max, which jumps. The soft one slides."),
    gives(
        lambda z, T: exact.softmax(z / T) @ z,
        "You average the scores. The positions 0, 1, 2, ... are to be averaged.",
    ),
    gives(
        lambda z, T: exact.softmax(z / T) @ np.arange(1, len(z) + 1),
        "Your positions begin at 1. numpy's begin at 0.",
        None,
    ),
    gives(
        lambda z, T: _position(z, T) / len(z),
        "You divide by the number of classes, and the weights sum to 1 already.",
    ),
    gives(
        lambda z, T: _position(z, 1 / T), "You multiply by the temperature. Cold must mean sharp."
    ),
    gives(
        lambda z, T: _position(z, 1.0), "Your function takes no notice of the temperature.", None
    ),
)


@hinted("What is the mean of 0, 1, 2, ... if position i has the probability p_i?")
def check_soft_position(function):
    """Judges ``function(z, T)``, the mean position under the softmax of ``z / T``."""
    cases = [(_Z, 1.0), (np.array([0.0, 0.0, 5.0, 0.0]), 0.5), (_FAR, 0.01), (_LOW, 1.0)]
    cases += [(_Z[:1], 3.0), (_HUNDRED, 0.7)]
    return ask(
        function,
        [(arguments, _position(*arguments)) for arguments in cases],
        _OF_POSITION,
        "It has a gradient everywhere, so networks use it to point at a place.",
    )


@hinted("The odds of the two classes are p / (1 - p), and they are exp(gap / T).")
def check_temperature_for(T):
    """Judges the temperature at which the scores [3, 1] give the first class 0.9."""
    if T is ...:
        return Answer(False, NOT_YET)
    gap, odds = 2.0, 9.0
    faults = [
        (np.log(odds) / gap, "That is 1/T: the scores are divided by T."),
        (-gap / np.log(0.9), "The odds of 0.9 are 0.9 to 0.1, not 0.9."),
        (3 / np.log(odds), "The probability depends on the gap of the scores, which is 2."),
        (gap / np.log10(odds), "Take the natural logarithm: the base of exp is e."),
    ]
    given = T
    try:
        T = float(T)
    except (TypeError, ValueError, OverflowError):
        return not_asked("One number, a temperature,", given)
    if not T > 0 or np.isinf(T):
        return Answer(False, "A temperature is a finite number above 0.", T, hint=None)
    if abs(T - gap / np.log(odds)) < 0.005:
        return Answer(
            True, "T = gap / log(odds): the temperature is the unit gaps are measured in."
        )
    for wrong, message in faults:
        if abs(T - wrong) < 0.005:
            return Answer(False, message, T)
    p = 1 / (1 + np.exp(-gap / T))
    side = "too hot" if p < 0.9 else "too cold"
    return Answer(False, f"At this temperature the first class has {p:.4f}: {side}.", T)


def _gumbel(u):
    return -np.log(-np.log(u))


def _draws(scores):
    """The classes drawn by an arg max of ``scores(p, u)`` in each row."""
    return lambda p, u: (scores(p, u) + np.zeros_like(u)).argmax(axis=-1)


_OF_DRAW = (
    shaped(
        lambda p, u: p.shape, "Your arg max runs down the draws. Each row of u is one draw.", None
    ),
    shaped(
        lambda p, u: (),
        "That is one class. One is asked for in each draw, so in each row of u.",
        None,
    ),
    shaped(
        lambda p, u: u.shape, "A class is asked for in each row: the place of its greatest.", None
    ),
    gives(_draws(lambda p, u: p), "You give the most probable class every time: no noise."),
    gives(
        _draws(lambda p, u: np.log(p) + _gumbel(1 - u)),
        "This samples rightly, for 1 - u is as uniform as u. But the draws of u itself are asked "
        "for, so that they can be compared.",
        None,
    ),
    gives(
        lambda p, u: (u[:, :1] < p.cumsum()).argmax(axis=-1),
        "This samples rightly, from one number a draw and the sums of p. Asked for is the arg max "
        "with noise, which needs no sums.",
        None,
    ),
    gives(
        _draws(lambda p, u: np.log(p) - _gumbel(u)),
        "The sign of the noise is wrong: a large u must help its class.",
    ),
    gives(
        _draws(lambda p, u: np.log(p) - np.log(u)),
        "That is the noise of one logarithm, an exponential. Gumbel's has two.",
    ),
    gives(
        _draws(lambda p, u: np.log(p) + u),
        "You add the uniform numbers themselves. They must become Gumbel noise first.",
    ),
    gives(
        _draws(lambda p, u: p + _gumbel(u)), "The noise belongs to scores, not to probabilities."
    ),
    gives(_draws(lambda p, u: _gumbel(u)), "That is the arg max of the noise alone: p has no say."),
    gives(
        _draws(lambda p, u: np.exp(p) + _gumbel(u)),
        "exp leads from scores to probabilities. Here you need the way back.",
    ),
)


@hinted("Which scores have the softmax p? Add to them noise that is large when u is near 1.")
def check_draw(function):
    """Judges ``function(p, u)``: a class drawn from `p` for each row of the uniform `u`."""
    rng = np.random.default_rng(1)
    near, far = np.array([0.4, 0.35, 0.25]), exact.softmax(_Z)
    cases = [(p, rng.random((200, 3))) for p in (near, far)]
    cases += [(exact.softmax(_HUNDRED), rng.random((20, 100))), (near, rng.random((3, 200)).T)]
    cases.append((np.array([1.0, 1e-300]), rng.random((50, 2))))
    return ask(
        function,
        [((p, u), (np.log(p) + _gumbel(u)).argmax(axis=-1)) for p, u in cases],
        _OF_DRAW,
        "No sum, no sorting, and still each class comes as often as it should.",
    )
