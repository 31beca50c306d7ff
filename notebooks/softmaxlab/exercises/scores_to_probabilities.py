"""Checks of notebook 01: probabilities from odds, the sigmoid, and logits from probabilities."""

import numpy as np

from .. import exact
from . import ask, hinted, not_yet

_ODDS = ([1.0, 3.0], [1.0, 2.0, 5.0], [1.0, 0.25, 0.25, 0.5])
_PROBABILITIES = ([0.8, 0.2], [0.5, 0.3, 0.2], [0.1, 0.6, 0.05, 0.25], [1 - 1e-9, 1e-9])


@hinted(
    "Which one number can you divide all of them by, so that they keep their ratios and sum to 1?"
)
def check_from_odds(function):
    """Checks ``f(odds)``, the probabilities whose odds against class 0 are given."""
    return ask(
        function,
        [((np.array(odds),), np.array(odds) / sum(odds)) for odds in _ODDS],
        faults=[
            (
                lambda a, expected, got: _close(got, a[0]),
                "These are the odds themselves. Their ratios are right, but they do not sum to 1.",
            ),
            (
                lambda a, expected, got: _close(got, a[0] / a[0].max()),
                "The greatest entry is 1. Dividing by it keeps the ratios, but the entries do not "
                "sum to 1.",
            ),
            (
                lambda a, expected, got: _close(got, a[0] / (1 + a[0])),
                "odds / (1 + odds) is right for one class against one other. Here each class has "
                "all the others against it.",
            ),
            (
                lambda a, expected, got: _close(got, exact.softmax(a[0])),
                "You took exp of the odds. Odds are exps of score differences already.",
            ),
        ],
        praise="With odds = exp(z - z[0]) that is softmax; any other class would do for class 0.",
    )


@hinted(
    "softmax takes a list of scores. Which two have the difference d, and which of the two "
    "results belongs to the class that is ahead?"
)
def check_sigmoid(function):
    """Checks ``f(d)``, the probability of the class that is `d` ahead of the only other."""

    def sigmoid(d):
        return exact.softmax([d, 0.0])[0]

    return ask(
        function,
        [((d,), sigmoid(d)) for d in (1.0, 0.0, -2.0, 30.0)],
        faults=[
            (
                lambda a, expected, got: np.shape(got) == (2,),
                "This gives the probabilities of both classes. One number is wanted: that of the "
                "class which is d ahead.",
            ),
            (
                lambda a, expected, got: np.size(got) == 1 and np.all(np.equal(got, 1)),
                "The softmax of a single score is always 1. Which two classes are there?",
            ),
            (
                lambda a, expected, got: _close(got, sigmoid(-a[0])),
                "This is the probability of the other class, the one that is d behind.",
            ),
            (
                lambda a, expected, got: _close(got, sigmoid(2 * a[0])),
                "The two scores must differ by d. Yours differ by 2 d.",
            ),
            (
                lambda a, expected, got: _close(got, np.exp(a[0])),
                "exp(d) is the odds of the two classes. A probability is wanted, between 0 and 1.",
            ),
        ],
        praise="Only the difference counts, so any two scores that differ by d do the same.",
    )


@hinted(
    "Softmax is an exp and then a division. Which of the two has to be undone, and why does "
    "the other not matter?"
)
def check_logits_of(function):
    """Checks ``f(p)``, any scores whose softmax is `p`."""

    def back(p):
        z = function(p)
        return z if not_yet(z) else exact.softmax(z)

    def shares(weights):
        return weights / weights.sum()

    return ask(
        back if callable(function) else function,
        [((np.array(p),), np.array(p)) for p in _PROBABILITIES],
        faults=[
            (
                lambda a, expected, got: _close(got, exact.softmax(a[0])),
                "The softmax of your scores (got) is not p. You seem to have returned p itself, "
                "or p and a constant: probabilities are not scores.",
            ),
            (
                lambda a, expected, got: _close(got, shares(a[0] / (1 - a[0]))),
                "log(p / (1 - p)) compares each class with all the others together. The scores of "
                "a softmax compare one class with one other.",
            ),
            (
                lambda a, expected, got: _close(got, shares(1 / a[0])),
                "The order is turned round: the least probable class has the highest score.",
            ),
            (
                lambda a, expected, got: any(
                    _close(got, shares(a[0] ** (1 / np.log(base)))) for base in (2, 10)
                ),
                "The differences of your scores are off by one factor: that is a logarithm to "
                "another base than e.",
            ),
            (
                lambda a, expected, got: any(
                    _close(got, shares(a[0] + 10.0**-k)) for k in range(1, 17)
                ),
                "A small probability comes back too large. You add a small number before the "
                "logarithm; p is positive, so the logarithm needs no help.",
            ),
        ],
        praise="Any constant may be added to these scores: that is what softmax cannot see.",
    )


def _close(got, value):
    return np.shape(got) == np.shape(value) and np.allclose(got, value, rtol=1e-6, atol=0)
