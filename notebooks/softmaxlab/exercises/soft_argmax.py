"""Checks of notebook 08."""

import numpy as np

from .. import exact
from . import NOT_YET, Answer, ask, hinted, not_yet

_Z = np.array([2.0, 1.0, 0.1])
_THREAD = np.array([13.0, 31.0, 5.0])
_FAR = np.array([1000.0, 1001.0])
_LOW = np.array([-1000.0, -1001.0])


def _is(wrong):
    """A fault: the learner's result is what ``wrong(*arguments)`` gives."""

    def test(arguments, expected, got):
        value = wrong(*arguments)
        return np.shape(got) == np.shape(value) and np.allclose(got, value)

    return test


_NAN = (
    lambda arguments, expected, got: not np.isfinite(got).all(),
    "An exp has overflowed, or all of them are 0. Shift by the greatest score first.",
)


@hinted("Shift after you have divided, and undo both: the shift is added, the division multiplied.")
def check_soft_max(function):
    """Judges ``function(z, T)``, the soft max T log(sum(exp(z / T))) of one list of scores."""

    def soft_max(z, T):
        return T * exact.logsumexp(z / T)

    cases = [(_Z, 1.0), (_Z, 0.5), (_FAR, 1.0), (_LOW, 1.0), (_THREAD, 0.01)]
    return ask(
        function,
        [(arguments, soft_max(*arguments)) for arguments in cases],
        [
            _NAN,
            (
                _is(lambda z, T: exact.softmax(z / T)),
                "That is the softmax, a distribution. The soft max is one number.",
            ),
            (
                _is(lambda z, T: exact.logsumexp(z / T)),
                "You divide by T and never multiply: at T = 0.5 the result is twice too large.",
            ),
            (
                _is(lambda z, T: T * exact.logsumexp(z)),
                "You multiply by T and never divide the scores by it.",
            ),
            (
                _is(lambda z, T: soft_max(z, T) - z.max()),
                "You have shifted by the greatest score and not added it again.",
            ),
            (
                _is(lambda z, T: z.max() + exact.logsumexp((z - z.max()) / T)),
                "The log of the sum has to be multiplied by T, too.",
            ),
            (
                _is(lambda z, T: T * (z.max() + exact.logsumexp((z - z.max()) / T))),
                "The greatest score is a score already: add it without the factor T.",
            ),
            (
                _is(lambda z, T: exact.softmax(z / T) @ z),
                "That is the mean score under the softmax, which is never above the max. The soft "
                "max is never below it.",
            ),
            (_is(lambda z, T: z.max()), "That is the hard max."),
        ],
        praise="It lies between the max and the max plus T log n, at any T above 0.",
        rtol=1e-9,
    )


@hinted("What is the mean of 0, 1, 2, ... if position i has the probability p_i?")
def check_soft_position(function):
    """Judges ``function(z, T)``, the mean position under the softmax of ``z / T``."""
    cases = [(_Z, 1.0), (np.array([0.0, 0.0, 5.0, 0.0]), 0.5), (_FAR, 0.01)]
    return ask(
        function,
        [((z, T), exact.softmax(z / T) @ np.arange(len(z))) for z, T in cases],
        [
            _NAN,
            (
                lambda arguments, expected, got: np.shape(got) == np.shape(arguments[0]),
                "One number is asked for, a position that may lie between two others.",
            ),
            (
                _is(lambda z, T: np.argmax(z)),
                "That is the hard arg max, which jumps. The soft one slides.",
            ),
            (
                _is(lambda z, T: exact.softmax(z / T) @ z),
                "You average the scores. The positions 0, 1, 2, ... are to be averaged.",
            ),
            (
                _is(lambda z, T: exact.softmax(z / T) @ np.arange(1, len(z) + 1)),
                "Your positions begin at 1. numpy's begin at 0.",
            ),
            (
                _is(lambda z, T: exact.softmax(z * T) @ np.arange(len(z))),
                "You multiply by the temperature. Cold must mean sharp.",
            ),
            (
                _is(lambda z, T: exact.softmax(z) @ np.arange(len(z))),
                "Your function takes no notice of the temperature.",
            ),
        ],
        praise="It has a gradient everywhere, so networks use it to point at a place.",
    )


@hinted("The odds of the two classes are p / (1 - p), and they are exp(gap / T).")
def check_temperature_for(T):
    """Judges the temperature at which the scores [3, 1] give the first class 0.9."""
    if not_yet(T):
        return Answer(False, NOT_YET)
    gap, odds = 2.0, 9.0
    faults = [
        (np.log(odds) / gap, "That is 1/T: the scores are divided by T."),
        (-gap / np.log(0.9), "The odds of 0.9 are 0.9 to 0.1, not 0.9."),
        (3 / np.log(odds), "The probability depends on the gap of the scores, which is 2."),
        (gap / np.log10(odds), "Take the natural logarithm: the base of exp is e."),
    ]
    try:
        T = float(T)
    except (TypeError, ValueError, OverflowError):
        return Answer(False, "This takes one number, a temperature.", T)
    if not T > 0 or np.isinf(T):
        return Answer(False, "A temperature is a finite number above 0.", T)
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


@hinted("Which scores have the softmax p? Add to them noise that is large when u is near 1.")
def check_draw(function):
    """Judges ``function(p, u)``: a class drawn from `p` for each row of the uniform `u`."""
    rng = np.random.default_rng(1)
    near, far = np.array([0.4, 0.35, 0.25]), exact.softmax(_Z)
    cases = [(p, rng.random((200, 3))) for p in (near, far)]

    def draws(scores):
        """A fault: the classes drawn are the arg max of ``scores(p, u)``."""
        return _is(lambda p, u: (scores(p, u) + np.zeros_like(u)).argmax(axis=-1))

    return ask(
        function,
        [((p, u), (np.log(p) + _gumbel(u)).argmax(axis=-1)) for p, u in cases],
        [
            (
                lambda arguments, expected, got: np.shape(got) == np.shape(arguments[0]),
                "Your arg max runs down the draws. Each row of u is one draw.",
            ),
            (
                lambda arguments, expected, got: np.shape(got) == (),
                "That is one class. One is asked for in each draw, so in each row of u.",
            ),
            (draws(lambda p, u: p), "You give the most probable class every time: no noise."),
            (
                draws(lambda p, u: np.log(p) + _gumbel(1 - u)),
                "This samples rightly, for 1 - u is as uniform as u. But the draws of u itself are "
                "asked for, so that they can be compared.",
            ),
            (
                _is(lambda p, u: (u[:, :1] < p.cumsum()).argmax(axis=-1)),
                "This samples rightly, from one number a draw and the sums of p. Asked for is the "
                "arg max with noise, which needs no sums.",
            ),
            (
                draws(lambda p, u: np.log(p) - _gumbel(u)),
                "The sign of the noise is wrong: a large u must help its class.",
            ),
            (
                draws(lambda p, u: np.log(p) - np.log(u)),
                "That is the noise of one logarithm, an exponential. Gumbel's has two.",
            ),
            (
                draws(lambda p, u: np.log(p) + u),
                "You add the uniform numbers themselves. They must become Gumbel noise first.",
            ),
            (
                draws(lambda p, u: p + _gumbel(u)),
                "The noise belongs to scores, not to probabilities.",
            ),
        ],
        praise="No sum, no sorting, and still each class comes as often as it should.",
    )
