"""Checks of notebook 09."""

import numpy as np

from .. import exact
from . import ask, hinted

_SCORES = np.array([[2.0, 1.0, 0.1], [0.5, 3.0, 0.0]])
_LABELS = np.array([0, 2])
_FAR = np.array([[0.0, 1000.0, 2.0], [0.0, 1.0, 2.0]])
_HIGH = np.array([[1000.0, 1001.0, 1002.0], [0.0, 1.0, 2.0]])


def _loss(z, labels, axis=-1):
    return -exact.log_softmax(z, axis=axis)[np.arange(len(labels)), labels].mean()


def _close(wrong):
    """A fault: the learner's result is what ``wrong(arguments, expected)`` gives."""

    def test(arguments, expected, got):
        value = wrong(arguments, expected)
        return np.shape(got) == np.shape(value) and np.allclose(got, value)

    return test


_SIGN = (
    _close(lambda arguments, expected: -np.asarray(expected)),
    "The size is right and the sign is not.",
)
_NO_MEAN = (
    _close(lambda arguments, expected: len(_LABELS) * np.asarray(expected)),
    "That is the sum over the penguins. The loss is their mean.",
)


@hinted("Write out ln p_y with p_y = exp(z_y) / sum(exp(z)), and shift by the max.")
def check_loss_of_scores(function):
    """Judges ``function(z, labels)``, the cross-entropy of scores (penguins, classes)."""

    def on(arguments, scores):
        return np.array_equal(arguments[0], scores)

    return ask(
        function,
        [((z, _LABELS), _loss(z, _LABELS)) for z in (_SCORES, _HIGH, _FAR)],
        [
            (
                lambda arguments, expected, got: on(arguments, _HIGH) and not np.isfinite(got),
                "Your loss is not finite, and the scores are. An exp has overflowed, or all of a "
                "row are 0: shift each row by its own greatest score first.",
            ),
            (
                lambda arguments, expected, got: on(arguments, _FAR) and not np.isfinite(got),
                "Your loss is not finite, and the scores are. A probability has become 0 before "
                "its log was taken.",
            ),
            (
                lambda arguments, expected, got: on(arguments, _FAR) and 0 < got < expected,
                "A score far behind costs too little. What keeps the log from 0, a number added "
                "or a bound, stands in for the true loss.",
            ),
            _SIGN,
            _NO_MEAN,
            (
                _close(lambda arguments, expected: _loss(*arguments, axis=0)),
                "That is the loss with the softmax along axis 0, down the penguins.",
            ),
            (
                _close(
                    lambda arguments, expected: (
                        -exact.log_softmax(arguments[0])[:, arguments[1]].mean()
                    )
                ),
                "Your index takes the labels of all penguins for each penguin. Pair row i with "
                "label i.",
            ),
            (
                lambda arguments, expected, got: np.shape(got) == np.shape(arguments[1]),
                "That is one loss for each penguin. Their mean is asked for.",
            ),
        ],
        praise="No probability was ever formed, so none could underflow to 0.",
    )


_WEIGHTS = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -0.5]])
_P = exact.softmax(_SCORES)


def _error(p, labels):
    return p - np.eye(p.shape[1])[labels]


@hinted("Score k of a penguin is the sum over f of x[f] * w[f, k], plus b[k]. Use the chain rule.")
def check_input_gradient(function):
    """Judges ``function(w, p, labels)``, the loss derived by the inputs, (penguins, features)."""

    def gradient(w, p, labels):
        return _error(p, labels) @ w.T / len(p)

    cases = [(_WEIGHTS, _P[1:], _LABELS[1:]), (_WEIGHTS, _P, _LABELS)]
    return ask(
        function,
        [(arguments, gradient(*arguments)) for arguments in cases],
        [
            _SIGN,
            (
                _close(lambda arguments, expected: len(arguments[2]) * expected),
                "That is the gradient of the sum of the losses. The loss is their mean.",
            ),
            (
                _close(lambda arguments, expected: expected.T),
                "Your result is transposed: one row for each penguin is asked for.",
            ),
            (
                _close(
                    lambda arguments, expected: (
                        (arguments[1] - arguments[2][:, None]) @ arguments[0].T / len(arguments[1])
                    )
                ),
                "You subtract the numbers of the classes. y is a row of zeros with a 1 at the "
                "class.",
            ),
            (
                _close(
                    lambda arguments, expected: arguments[1] @ arguments[0].T / len(arguments[1])
                ),
                "You use p where the error p - y belongs.",
            ),
            (
                _close(lambda arguments, expected: _error(*arguments[1:]) / len(arguments[1])),
                "That is the gradient by the scores. One step of the chain rule is missing.",
            ),
        ],
        praise="This is what a layer below would be told: backpropagation is this step, repeated.",
    )


def _counts(labels, decided):
    table = np.zeros((3, 3))
    np.add.at(table, (labels, decided), 1)
    return table


@hinted("Go through the penguins one by one, and count each where it belongs.")
def check_confusion(function):
    """Judges ``function(labels, decided)``, a table of counts of shape (3, 3)."""
    cases = [
        (np.array([0, 1, 2]), np.array([0, 1, 1])),
        (np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 1, 2, 0])),
        (np.array([0, 1]), np.array([1, 1])),
    ]
    return ask(
        function,
        [(arguments, _counts(*arguments)) for arguments in cases],
        [
            (
                _close(lambda arguments, expected: expected.T),
                "Your table is transposed: rows are for the true species.",
            ),
            (
                _close(lambda arguments, expected: np.minimum(expected, 1)),
                "A pair that comes twice is counted once: table[i, j] += 1 with arrays i and j "
                "adds to each place only once.",
            ),
            (
                _close(lambda arguments, expected: expected / expected.sum()),
                "These are shares. Counts are asked for.",
            ),
            (
                _close(lambda arguments, expected: expected / expected.sum(1, keepdims=True)),
                "These are shares. Counts are asked for.",
            ),
            (
                lambda arguments, expected, got: np.shape(got) == (2, 2),
                "A class that does not occur has its row and its column too: the table is 3 by 3.",
            ),
        ],
        praise="Right decisions stand on the diagonal; the rest says which species are confused.",
    )


@hinted("Which sums must be 1, and how exactly can floats be? What else must a probability be?")
def check_guard(function):
    """Judges ``function(p)``: whether each row of `p` is a distribution, to rounding."""
    square = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0], [0.0, 0.0, 2.0]])
    cases = [
        (exact.softmax(_SCORES), True),
        (exact.softmax(_SCORES, axis=0), False),
        (exact.softmax(square, axis=0), False),
        (np.array([[0.7, 0.2, 0.1]]), True),
        (np.array([[0.8, 0.7, -0.5]]), False),
        (np.array([[np.nan, 1.0]]), False),
        (np.array([[0.5, 0.5], [0.5, 0.51], [0.5, 0.5]]), False),
        (np.array([[1.0, 0.0]]), True),
        (np.full((2, 1000), 0.001), True),
    ]

    def on(number):
        array = cases[number][0]
        return lambda arguments, expected, got: (
            np.shape(got) == () and np.array_equal(arguments[0], array, equal_nan=True)
        )

    return ask(
        function,
        [((p,), right) for p, right in cases],
        [
            (
                lambda arguments, expected, got: np.shape(got) != (),
                "One answer is asked for, True or False for the whole batch.",
            ),
            (on(0), "Each row of this is a distribution, and your guard turns it away."),
            (on(1), "Your guard lets a softmax along axis 0 pass."),
            (
                on(2),
                "Your guard lets a square softmax along axis 0 pass: its columns sum to 1, and "
                "its total is the number of rows.",
            ),
            (
                on(3),
                "0.7 + 0.2 + 0.1 is not exactly 1 in floats. Your guard must allow for rounding.",
            ),
            (on(4), "A row with a negative entry can sum to 1, and is no distribution."),
            (on(5), "Your guard lets a nan pass: comparisons with nan are False."),
            (on(6), "One row of three sums to 1.01, and your guard lets it pass."),
            (on(7), "Floats underflow: a probability of exactly 0 is no fault."),
            (on(8), "A thousand roundings add up. Your guard must allow for more of them."),
        ],
        praise="One line after a softmax, and the bug of this notebook cannot hide.",
    )
