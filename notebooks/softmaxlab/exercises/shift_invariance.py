"""Checks of notebook 02's exercises."""

import math

import numpy as np

from .. import exact
from . import (
    NOT_YET,
    Answer,
    Fault,
    ask,
    gives,
    hinted,
    lost,
    makes,
    not_asked,
    peak_bytes,
    shaped,
)

_OF_SCORES = (
    lost("A score of yours is nan or inf. All p are positive, so each has a logarithm."),
    shaped(lambda p, first: (), "That is one number. Each class has its own score."),
    gives(
        lambda p, first: np.log(p) + first,
        "You added the first score as it is, but log(p) does not begin at 0.",
    ),
    Fault(
        lambda arguments, expected, got: np.ptp(np.subtract(got, expected)) < 1e-9,
        "These scores have the right softmax, but the first is not the one asked for: which "
        "constant is still free?",
    ),
    gives(
        lambda p, first: p / p[0] + first - 1,
        "You took ratios of probabilities for differences of scores; a log is missing.",
    ),
    Fault(
        lambda arguments, expected, got: np.isclose(np.ravel(got)[0], arguments[1]),
        "The first score is right, but the softmax of these scores is not p.",
    ),
)


@hinted(
    "How far apart are the entries of log(p), and how far apart are the scores? Then see what "
    "is missing to the first score."
)
def check_scores(scores):
    """Checks a function ``scores(p, first)`` that undoes softmax.

    Parameters
    ----------
    scores : callable
        Takes probabilities, shape (n,), and the first score; gives the scores, shape (n,).

    Returns
    -------
    Answer
    """
    given = [
        ([0.25, 0.75], 1.0),
        ([0.5, 0.5], 0.0),
        ([0.6, 0.3, 0.1], -2.0),
        ([0.001, 0.009, 0.09, 0.9], 100.0),
        ([1.0, 1e-300], -20000.0),
        ([1.0], 3.0),
    ]
    return ask(
        scores,
        [((np.array(p), first), np.log(p) - np.log(p[0]) + first) for p, first in given],
        _OF_SCORES,
        "So softmax loses one number and no more: given any one score, all come back.",
    )


_OF_JACOBIAN = (
    Fault(
        lambda arguments, expected, got: np.ndim(got) == 2,
        "That is a matrix; its product with v is wanted, one number for each class.",
    ),
    gives(
        lambda p, v: p * v,
        "That is diag(p) times v. The part with the outer product of p is missing.",
    ),
    gives(
        lambda p, v: p * (v - v.mean()),
        "Each class counts alike in your mean of v; the outer product weighs it by p.",
    ),
    gives(lambda p, v: v - p @ v, "The two parts share a factor, and your result lacks it."),
    makes(
        lambda expected: -expected,
        "The sign is wrong: raising a score raises its own probability.",
    ),
    gives(
        lambda p, v: p * v - p**2 * v,
        "p * p * v goes entry by entry; the outer product of p takes the sum of p * v.",
    ),
    gives(
        lambda p, v: p * v - p @ v,
        "The second part lacks a factor: the outer product has a p for its row, too.",
    ),
)


@hinted("Multiply (diag(p) - p p^T) v out by hand. In the second part p^T v is a single number.")
def check_jacobian_times(jacobian_times):
    """Checks a function ``jacobian_times(p, v)``: softmax's Jacobian at `p`, times `v`.

    The greatest case is small enough for a matrix, and large enough to see one in the memory.

    Parameters
    ----------
    jacobian_times : callable
        Takes probabilities and a direction, both of shape (n,); gives the product, shape (n,).

    Returns
    -------
    Answer
    """
    given = [
        ([0.75, 0.25], [1.0, 0.0]),
        ([0.7, 0.2, 0.1], [1.0, 2.0, 5.0]),
        ([0.1, 0.2, 0.3, 0.4], [-1.0, 0.5, 3.0, 2.0]),
    ]
    given = [(np.array(p), np.array(v)) for p, v in given]
    n = 2000
    p, v = np.arange(1.0, n + 1), np.cos(np.arange(n))
    given.append((p / p.sum(), v))
    answer = ask(
        jacobian_times,
        [((p, v), p * (v - p @ v)) for p, v in given],
        _OF_JACOBIAN,
        "And without the matrix, which would fill 80 GB for 100 000 classes.",
    )
    if answer.passed and peak_bytes(jacobian_times, *given[-1]) >= n**2:  # less than any n x n
        return Answer(
            False,
            "You build the n x n matrix. For 100 000 classes it would fill 80 GB; p and v are "
            "enough.",
        )
    return answer


@hinted(
    "Where does float32 have few digits left? Watch the entries of np.exp while you move c "
    "down, and stop before all of them are 0."
)
def check_silent(c):
    """Checks a constant for which unshifted float32 softmax is wrong and no nan says so.

    Parameters
    ----------
    c : float
        Goes onto the scores 33.0, 31.0, 30.2 in float32.

    Returns
    -------
    Answer
    """
    if c is ...:
        return Answer(False, NOT_YET)
    if isinstance(c, (bool, np.bool_, str)):
        return not_asked("A number", c)
    try:
        number = float(c)
    except (TypeError, ValueError, OverflowError):
        return not_asked("A number", c)
    if not math.isfinite(number):
        return not_asked("A finite number", number)
    with np.errstate(all="ignore"):
        x = np.array([33.0, 31.0, 30.2], dtype=np.float32) + np.float32(number)
        p, truth = np.exp(x) / np.exp(x).sum(), exact.softmax(x)
        error = np.abs(p / truth - 1).max()
    if np.isnan(p).any():
        end = "overflows" if number > 0 else "has only zeros to divide"
        return Answer(False, f"Not silent: the code {end}, and nan tells you.", number, truth, p)
    if error <= 0.01:
        message = f"Finite, but the worst entry is off by {100 * error:.2g} % only."
        return Answer(False, message, number, truth, p)
    return Answer(
        True,
        f"The worst entry is off by {100 * error:.3g} %, no entry is nan, and they sum to "
        f"{p.sum():.3f}.",
    )
