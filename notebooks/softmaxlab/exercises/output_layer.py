"""Checks of notebook 09."""

import numpy as np

from .. import exact
from . import Fault, ask, gives, hinted, lost, makes, shaped, sunk
from .sound import by_checkup

_SCORES = np.array([[2.0, 1.0, 0.1], [0.5, 3.0, 0.0]])
_LABELS = np.array([0, 2])
_FAR = np.array([[0.0, 1000.0, 2.0], [0.0, 1.0, 2.0]])
_HIGH = np.array([[1000.0, 1001.0, 1002.0], [0.0, 1.0, 2.0]])
_LOW = np.array([[-20000.0, -20001.0, -20002.0], [-30000.0, -30001.0, -30002.0]])
_FIVE = np.array(
    [[1.0, 0.0, 0.5], [2.0, 5.0, 1.0], [0.5, 0.0, 3.0], [-1.0, 3.0, 0.0], [2.0, 2.5, 0.5]]
)
_FIVE_LABELS = np.array([0, 1, 2, 0, 1])
_SIGN = makes(lambda expected: -expected, "The size is right and the sign is not.", None)


def _loss(z, labels, axis=-1):
    return -exact.log_softmax(z, axis=axis)[np.arange(len(labels)), labels].mean()


def _known_loss(z, labels):
    return _loss(z[labels >= 0], labels[labels >= 0])


def _is_far(z, labels):
    return np.array_equal(z, _FAR)


_OF_LOSS = (
    sunk(),
    lost(
        "Your loss is not finite, and the scores are. A probability has become 0 before its log "
        "was taken.",
        where=_is_far,
    ),
    lost(
        "Your loss is not finite, and the scores are. An exp has overflowed, or all of a row are "
        "0: shift each row by its own greatest score first."
    ),
    Fault(
        lambda arguments, expected, got: _is_far(*arguments) and 0 < got < expected,
        "A score far behind costs too little. What keeps the log from 0, a number added or a "
        "bound, stands in for the true loss.",
    ),
    _SIGN,
    gives(
        lambda z, labels: len(labels) * _loss(z, labels),
        "That is the sum over the penguins. The loss is their mean.",
        None,
    ),
    gives(
        lambda z, labels: _loss(z, labels) / z.shape[1],
        "You divide by the number of classes too: the loss is a mean over the penguins alone.",
        None,
    ),
    gives(
        lambda z, labels: _loss(z, labels, axis=0),
        "That is the loss with the softmax along axis 0, down the penguins.",
        None,
    ),
    gives(
        lambda z, labels: -exact.log_softmax(z, axis=-1)[:, labels].mean(),
        "Your index takes the labels of all penguins for each penguin. Pair row i with label i.",
        None,
    ),
    gives(
        lambda z, labels: -z[np.arange(len(labels)), labels].mean(),
        "These are the scores of the true classes. The log of the sum of exps is missing.",
    ),
    gives(
        lambda z, labels: -exact.softmax(z, axis=-1)[np.arange(len(labels)), labels].mean(),
        "You averaged the probabilities. Their logs are to be averaged.",
    ),
    gives(
        _loss,
        "A label of -1 is no class, and numpy takes it for the last one. Leave these penguins out.",
    ),
    gives(
        lambda z, labels: _known_loss(z, labels) * (labels >= 0).mean(),
        "You divide by the number of all penguins. The mean is over those whose species is known.",
    ),
    shaped(
        lambda z, labels: labels.shape,
        "That is one loss for each penguin. Their mean is asked for.",
        None,
    ),
)


@hinted("Write out ln p_y with p_y = exp(z_y) / sum(exp(z)), and shift by the max.")
def check_loss_of_scores(function):
    """Judges ``function(z, labels)``, the cross-entropy of scores; a label of -1 does not count."""
    cases = [(z, _LABELS) for z in (_SCORES, _HIGH, _FAR, _LOW)]
    five = _FIVE.copy()
    cases += [(five, _FIVE_LABELS), (np.array(five.T).T, _FIVE_LABELS), (five[:1], np.array([0]))]
    cases.append((five, np.array([0, -1, 2, 0, -1])))
    return ask(
        function,
        [(arguments, _known_loss(*arguments)) for arguments in cases],
        _OF_LOSS,
        "No probability was ever formed, so none could underflow to 0.",
    )


_WEIGHTS = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -0.5]])
_P = exact.softmax(_SCORES)


def _error(p, labels):
    return p - np.eye(p.shape[1])[labels]


def _input_gradient(w, p, labels):
    return _error(p, labels) @ w.T / len(p)


_OF_GRADIENT = (
    _SIGN,
    gives(
        lambda w, p, labels: _error(p, labels) @ w.T,
        "That is the gradient of the sum of the losses. The loss is their mean.",
        None,
    ),
    makes(np.transpose, "Your result is transposed: one row for each penguin is asked for.", None),
    gives(
        lambda w, p, labels: (p - labels[:, None]) @ w.T / len(p),
        "You subtract the numbers of the classes. y is a row of zeros with a 1 at the class.",
        None,
    ),
    gives(lambda w, p, labels: p @ w.T / len(p), "You use p where the error p - y belongs.", None),
    gives(
        lambda w, p, labels: _error(p, labels) / len(p),
        "That is the gradient by the scores. One step of the chain rule is missing.",
    ),
    gives(
        lambda w, p, labels: _input_gradient(w, p, labels) / p.shape[1],
        "You take a mean over the classes too. The loss is a mean over the penguins alone.",
        None,
    ),
)


@hinted("Score k of a penguin is the sum over f of x[f] * w[f, k], plus b[k]. Use the chain rule.")
def check_input_gradient(function):
    """Judges ``function(w, p, labels)``, the loss derived by the inputs, (penguins, features)."""
    four = np.array([[1.0, -2.0, 0.0], [0.5, 3.0, 1.0], [0.0, 1.0, 5.0], [2.0, 2.0, 0.5]])
    five = exact.softmax(_FIVE, axis=-1)
    cases = [(_WEIGHTS, _P[1:], _LABELS[1:]), (_WEIGHTS, _P, _LABELS), (four, five, _FIVE_LABELS)]
    cases.append((four, np.array(five.T).T, _FIVE_LABELS))
    return ask(
        function,
        [(arguments, _input_gradient(*arguments)) for arguments in cases],
        _OF_GRADIENT,
        "This is what a layer below would be told: backpropagation is this step, repeated.",
        atol=1e-12,
    )


def _counts(labels, decided):
    table = np.zeros((3, 3))
    np.add.at(table, (labels, decided), 1)
    return table


_OF_CONFUSION = (
    makes(np.transpose, "Your table is transposed: rows are for the true species.", None),
    makes(
        lambda counts: np.minimum(counts, 1),
        "A pair that comes twice is counted once: table[i, j] += 1 with arrays i and j adds to "
        "each place only once.",
    ),
    makes(lambda counts: counts / counts.sum(), "These are shares. Counts are asked for.", None),
    makes(
        lambda counts: counts / counts.sum(axis=1, keepdims=True),
        "These are shares. Counts are asked for.",
        None,
    ),
    makes(lambda counts: np.diag(np.diag(counts)), "Wrong decisions are to be counted too."),
    shaped(
        lambda labels, decided: (2, 2),
        "A class that does not occur has its row and its column too: the table is 3 by 3.",
        None,
    ),
    shaped(
        lambda labels, decided: (),
        "One number is no table. Which species was taken for which other is asked for.",
    ),
)


@hinted("Go through the penguins one by one, and count each where it belongs.")
def check_confusion(function):
    """Judges ``function(labels, decided)``, a table of counts of shape (3, 3)."""
    cases = [
        ([0, 1, 2], [0, 1, 1]),
        ([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0]),
        ([0, 1], [1, 1]),
        ([2] * 300, [0, 1, 2] * 100),
    ]
    cases = [(np.array(labels), np.array(decided)) for labels, decided in cases]
    return ask(
        function,
        [(arguments, _counts(*arguments)) for arguments in cases],
        _OF_CONFUSION,
        "Right decisions stand on the diagonal; the rest says which species are confused.",
    )


_GUARDED = [
    (exact.softmax(_SCORES), True),
    (exact.softmax(_SCORES, axis=0), False),
    (
        exact.softmax(np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0], [0.0, 0.0, 2.0]]), axis=0),
        False,
    ),
    (np.array([[0.7, 0.2, 0.1]]), True),
    (np.array([[0.8, 0.7, -0.5]]), False),
    (np.array([[np.nan, 1.0]]), False),
    (np.array([[0.5, 0.5], [0.5, 0.51], [0.5, 0.5]]), False),
    (np.array([[1.0, 0.0]]), True),
    (np.full((2, 1000), 0.001), True),
    (exact.softmax(_FIVE, axis=-1), True),
    (exact.softmax(_FIVE, axis=0), False),
    (exact.softmax(_FIVE.T, axis=0).T, True),
    (np.eye(3), True),
]


def _on(number):
    array = _GUARDED[number][0]
    return lambda arguments, expected, got: np.array_equal(arguments[0], array, equal_nan=True)


_OF_GUARD = (
    Fault(
        lambda arguments, expected, got: np.shape(got) != (),
        "One answer is asked for, True or False for the whole batch.",
        None,
    ),
    Fault(_on(0), "Each row of this is a distribution, and your guard turns it away."),
    Fault(_on(1), "Your guard lets a softmax along axis 0 pass."),
    Fault(
        _on(2),
        "Your guard lets a square softmax along axis 0 pass: its columns sum to 1, and its total "
        "is the number of rows.",
    ),
    Fault(
        _on(3), "0.7 + 0.2 + 0.1 is not exactly 1 in floats. Your guard must allow for rounding."
    ),
    Fault(_on(4), "A row with a negative entry can sum to 1, and is no distribution."),
    Fault(_on(5), "Your guard lets a nan pass: comparisons with nan are False."),
    Fault(_on(6), "One row of three sums to 1.01, and your guard lets it pass."),
    Fault(_on(7), "Floats underflow: a probability of exactly 0 is no fault."),
    Fault(_on(8), "A thousand roundings add up. Your guard must allow for more of them."),
    Fault(_on(9), "Five rows are a batch too, and your guard turns it away."),
    Fault(_on(10), "Your guard lets a tall softmax along axis 0 pass."),
    Fault(
        _on(12),
        "Three sure decisions, each for another class: every row of this square batch is a "
        "distribution. That its columns are, too, is no fault.",
    ),
)


@hinted("Which sums must be 1, and how exactly can floats be? What else must a probability be?")
def check_guard(function):
    """Judges ``function(p)``: whether each row of `p` is a distribution, to rounding."""
    return ask(
        function,
        [((p,), right) for p, right in _GUARDED],
        _OF_GUARD,
        "One line after a softmax, and the bug of this notebook cannot hide.",
    )


@hinted(
    "One finding at a time. What is subtracted last is log(1 + t), where the 1 is the exp of the "
    "max and t sums the others: np.log1p(t) keeps a tiny t. np.sort along the axis puts the max "
    "last."
)
def check_sound_log_softmax(f):
    """Judges a learner's log-softmax ``f(z, axis=...)`` by `examine`: it must be sound."""
    return by_checkup(
        f,
        "Every property of the checkup holds, for whatever scores a layer may give.",
        "log_softmax",
    )
