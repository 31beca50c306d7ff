"""Checks of notebook 04."""

import numpy as np

from .. import exact
from ..thread import THREAD
from . import NOT_YET, Answer, ask, not_yet

_WIDE = np.array([[3.0, 1.0, 0.2, 0.5], [1.0, 2.0, 3.0, 6.0]])
_SQUARE = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0], [0.0, 0.0, 2.0]])
_FAR_APART = np.array([[1001.0, 1000.0], [1.0, 0.0]])
_BLOCK = np.array([[[1.0, 2.0, 4.0], [0.0, 3.0, 3.0]], [[2.0, 2.0, 0.0], [5.0, 1.0, 1.0]]])


def _is(other):
    """A fault: the learner's result is what the function `other` gives."""

    def test(arguments, expected, got):
        wrong = other(*arguments)
        return np.shape(got) == np.shape(wrong) and np.allclose(got, wrong, equal_nan=True)

    return test


def check_row_softmax(function):
    """Judges ``function(x)``, a softmax of each row of a matrix, shape (rows, columns)."""
    return ask(
        function,
        [((x,), exact.softmax(x, axis=-1)) for x in (_WIDE, _SQUARE, _FAR_APART)],
        [
            (
                _is(THREAD["C"].function),
                "Your sum has lost its axis: without keepdims numpy divides column j by the sum "
                "of row j. A square input hides it.",
            ),
            (_is(THREAD["F"].function), "Your columns sum to 1. Each row was asked for."),
            (_is(THREAD["B"].function), "Your columns sum to 1. Each row was asked for."),
            (
                _is(THREAD["A"].function),
                "Your sum runs over the whole matrix. Each row needs its own.",
            ),
            (
                lambda arguments, expected, got: np.isnan(got[expected.shape[0] - 1 :]).any(),
                "A row far below the greatest score of all is lost. Each row needs its own max.",
            ),
            (
                lambda arguments, expected, got: np.isnan(got).any(),
                "Your exp overflows. Shift each row by its max first.",
            ),
        ],
        praise="Each row has its own max and its own sum, and keepdims keeps both in place.",
    )


def check_softmax_along(function):
    """Judges ``function(x, axis)``, a softmax along any axis of an array of any dimension."""
    cases = [((x, axis), exact.softmax(x, axis=axis)) for x, axis in [(_WIDE, -1), (_WIDE, 0)]]
    cases += [((_BLOCK, axis), exact.softmax(_BLOCK, axis=axis)) for axis in (0, 1, 2)]
    cases += [((_FAR_APART.T, 0), exact.softmax(_FAR_APART.T, axis=0))]
    return ask(
        function,
        cases,
        [
            (
                lambda arguments, expected, got: np.allclose(
                    got, exact.softmax(arguments[0], axis=-1)
                ),
                "Your function always takes the last axis, whatever the axis it is given.",
            ),
            (
                lambda arguments, expected, got: np.allclose(
                    got, exact.softmax(arguments[0], axis=0)
                ),
                "Your function always takes axis 0, whatever the axis it is given.",
            ),
            (
                lambda arguments, expected, got: np.isnan(got).any(),
                "A slice far below the greatest score is lost. Take the max along the axis too.",
            ),
        ],
        praise="Two calls with axis and keepdims are all that any number of dimensions needs.",
    )


def check_fooled(x):
    """Judges a square matrix on which variant C moves the arg max of a row, and no entry tops 1."""
    if not_yet(x):
        return Answer(False, NOT_YET)
    try:
        x = np.asarray(x, dtype=float)
    except (TypeError, ValueError):
        return Answer(False, "This takes a matrix of numbers, as a list of rows.")
    if x.ndim != 2 or x.shape[0] != x.shape[1] or x.size < 4:
        return Answer(
            False, f"C divides by a sum of each row only if x is square; its shape is {x.shape}.", x
        )
    if not np.isfinite(x).all():
        return Answer(False, "Use finite scores: C is wrong on ordinary ones too.", x)
    ordered = np.sort(x, axis=1)
    if (ordered[:, -1] == ordered[:, -2]).any():
        return Answer(False, "A row has two greatest scores, so its arg max is not clear.", x)
    with np.errstate(all="ignore"):
        p = THREAD["C"].function(x)
    if np.isnan(p).any():
        return Answer(False, "C gives nan here. Find a matrix where nothing looks amiss.", x, got=p)
    if (p > 1).any():
        return Answer(False, "C gives an entry above 1, which anybody would notice.", x, got=p)
    if (p.argmax(axis=1) == x.argmax(axis=1)).all():
        return Answer(
            False,
            "C keeps the place of the greatest entry in every row. Column j is divided by the sum "
            "of row j: which sums must differ?",
            x,
            got=p,
        )
    row = int(np.flatnonzero(p.argmax(axis=1) != x.argmax(axis=1))[0])
    return Answer(
        True, f"In row {row} the class with the greatest score is no longer the most probable."
    )
