"""Checks of notebook 01: from odds, one class against k, and logits from probabilities."""

import numpy as np

from .. import exact
from . import Answer, Fault, ask, gives, hinted, lost, names_in, near, shaped

_ODDS = ([1.0, 3.0], [1.0, 2.0, 5.0], [1.0, 0.25, 0.25, 0.5], [1.0], [1.0, 1e-300])
_PROBABILITIES = ([0.8, 0.2], [0.5, 0.3, 0.2], [0.1, 0.6, 0.05, 0.25], [1 - 1e-9, 1e-9])

_OF_ODDS = (
    gives(
        lambda odds: odds,
        "These are the odds themselves. Their ratios are right, but they do not sum to 1.",
    ),
    gives(
        lambda odds: odds / odds.max(),
        "The greatest entry is 1. Dividing by it keeps the ratios, but the entries do not sum to "
        "1.",
    ),
    gives(
        lambda odds: odds / (1 + odds),
        "odds / (1 + odds) is right for one class against one other. Here each class has all the "
        "others against it.",
    ),
    gives(exact.softmax, "You took exp of the odds. Odds are exps of score differences already."),
    gives(
        lambda odds: odds / len(odds),
        "You divided by the number of classes. The entries still do not sum to 1.",
    ),
)


@hinted(
    "Which one number can you divide all of them by, so that they keep their ratios and sum to 1?"
)
def check_from_odds(function):
    """Checks ``f(odds)``, the probabilities whose odds against class 0 are given."""
    return ask(
        function,
        [((np.array(odds),), np.array(odds) / sum(odds)) for odds in _ODDS],
        _OF_ODDS,
        "With odds = exp(z - z[0]) that is softmax; any other class would do for class 0.",
    )


def _against(d, k):
    return exact.softmax([d] + k * [0.0])[0]


_OF_AGAINST = (
    shaped(
        lambda d, k: (k + 1,),
        "These are the probabilities of all classes. One number is wanted: that of the class "
        "which is d ahead.",
    ),
    Fault(
        lambda arguments, expected, got: np.size(got) == 1 and np.all(np.equal(got, 1)),
        "The softmax of a single score is always 1. Which classes are there?",
    ),
    gives(
        lambda d, k: exact.softmax([d] + k * [0.0])[-1],
        "This is the probability of one of the others, which are d behind.",
    ),
    gives(
        lambda d, k: _against(d, 1),
        "That is right against one other. There are k, and each has a score of its own.",
    ),
    gives(
        lambda d, k: exact.softmax([d, k])[0],
        "k is the number of the others, not the score of one.",
    ),
    gives(
        lambda d, k: _against(2 * d, k),
        "The score has to be d above the others. Yours is 2 d above them.",
    ),
    gives(
        lambda d, k: np.exp(d),
        "exp(d) is the odds against one other. A probability is wanted, from 0 to 1.",
    ),
)


@hinted(
    "softmax takes a list of scores. How long is it for k others, and which of the results "
    "belongs to the class that is ahead?"
)
def check_one_against(function):
    """Checks ``f(d, k)``, the probability of a class `d` ahead of `k` others, by softmax."""
    cases = [(2.0, 1), (2.0, 3), (0.0, 4), (-2.0, 2), (30.0, 5), (-700.0, 1)]
    answer = ask(
        function,
        [(case, _against(*case)) for case in cases],
        _OF_AGAINST,
        "Only differences count: any scores with one d above k equal ones do the same.",
    )
    names = names_in(function) if answer.passed else ()
    if answer.passed and ("softmax" not in names or "exp" in names):
        return Answer(
            False,
            "The numbers are right. But the exercise asks for them from `softmax`, with no exp of "
            "your own.",
        )
    return answer


def _shares(weights):
    return weights / weights.sum()


_OF_LOGITS = (
    lost("A score of yours is nan or inf. p is positive, so each has a logarithm."),
    gives(
        exact.softmax,
        "The softmax of these scores is not p. You seem to have returned p itself, or p and a "
        "constant: probabilities are not scores.",
    ),
    gives(
        lambda p: _shares(p / (1 - p)),
        "log(p / (1 - p)) compares each class with all the others together. The scores of a "
        "softmax compare one class with one other.",
    ),
    gives(
        lambda p: _shares(1 / p),
        "The order is turned round: the least probable class has the highest score.",
    ),
    gives(
        lambda p: exact.softmax(np.exp(p)),
        "exp goes from scores to odds. The way back is its inverse.",
    ),
    Fault(
        lambda arguments, expected, got: any(
            near(got, _shares(arguments[0] ** (1 / np.log(base)))) for base in (2, 10)
        ),
        "The differences of your scores are off by one factor: that is a logarithm to another "
        "base than e.",
        hint=None,
    ),
    Fault(
        lambda arguments, expected, got: any(
            near(got, _shares(arguments[0] + 10.0**-k), rtol=1e-6) for k in range(1, 17)
        ),
        "A small probability comes back too large. You add a small number before the logarithm; p "
        "is positive, so the logarithm needs no help.",
        hint=None,
    ),
    Fault(
        lambda arguments, expected, got: np.shape(got) == np.shape(expected),
        "The softmax of these scores is not p.",
    ),
)


@hinted(
    "Softmax is an exp and then a division. Which of the two has to be undone, and why does "
    "the other not matter?"
)
def check_logits_of(function):
    """Checks ``f(p)``, any scores whose softmax is `p`."""
    return ask(
        function,
        [((np.array(p),), np.array(p)) for p in _PROBABILITIES],
        _OF_LOGITS,
        "Any constant may be added to these scores: that is what softmax cannot see.",
        read=exact.softmax,
    )
