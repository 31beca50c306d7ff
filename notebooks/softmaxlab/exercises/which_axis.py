"""Checks of notebook 04."""

import numpy as np

from .. import exact
from ..thread import THREAD
from . import NOT_YET, Answer, ask, hinted, not_yet

_WIDE = np.array([[3.0, 1.0, 0.2, 0.5], [1.0, 2.0, 3.0, 6.0]])
_SQUARE = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0], [0.0, 0.0, 2.0]])
_FAR_APART = np.array([[1001.0, 1000.0], [1.0, 0.0]])
_FAR_WITHIN = np.array([[2000.0, 0.0], [0.0, 2000.0]])
_BLOCK = np.array([[[1.0, 2.0, 4.0], [0.0, 3.0, 3.0]], [[2.0, 2.0, 0.0], [5.0, 1.0, 1.0]]])


def _is(other):
    """A fault: the learner's result is what the function `other` gives."""

    def test(arguments, expected, got):
        wrong = other(*arguments)
        return np.shape(got) == np.shape(wrong) and np.allclose(got, wrong, equal_nan=True)

    return test


def _without_keepdims(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis)


def _shift_without_keepdims(x, axis=-1):
    e = np.exp(x - x.max(axis))
    return e / e.sum(axis, keepdims=True)


def _neither_has_keepdims(x, axis=-1):
    e = np.exp(x - x.max(axis))
    return e / e.sum(axis)


def _axis_0(x, axis=0):
    return exact.softmax(x, axis=0)


_KEEPDIMS = [
    (
        _is(_without_keepdims),
        "Your sum has lost its axis: without keepdims numpy lines the sums up with the last axis, "
        "and divides by the sums of other slices. A square input hides it.",
    ),
    (
        _is(_shift_without_keepdims),
        "Your max has lost its axis: without keepdims numpy subtracts the max of another slice, "
        "which differs within a slice.",
    ),
    (
        _is(_neither_has_keepdims),
        "Your max and your sum have lost their axis: without keepdims numpy pairs each slice with "
        "the numbers of others.",
    ),
]
_OVERFLOW = (
    lambda arguments, expected, got: np.isnan(got[arguments[0] > 1000]).any(),
    "Your exp overflows. Shift each slice by its max first.",
)


@hinted(
    "Print the shapes of x, of its max and of the sum for a matrix of 2 by 4. numpy lines "
    "shapes up from the right."
)
def check_row_softmax(function):
    """Judges ``function(x)``, a softmax of each row of a matrix, shape (rows, columns)."""
    return ask(
        function,
        [((x,), exact.softmax(x, axis=-1)) for x in (_SQUARE, _WIDE, _FAR_APART, _FAR_WITHIN)],
        [
            _OVERFLOW,
            *_KEEPDIMS,
            (_is(_axis_0), "Your columns sum to 1. Each row was asked for."),
            (
                _is(THREAD["A"].function),
                "Your sum runs over the whole matrix. Each row needs its own.",
            ),
            (
                lambda arguments, expected, got: np.isnan(got).any(),
                "A row far below the greatest score of all is lost. Each row needs its own max.",
            ),
        ],
        praise="Each row has its own max and its own sum, and keepdims keeps both in place.",
    )


@hinted("There are two reductions in a softmax. What does each have to be told?")
def check_softmax_along(function):
    """Judges ``function(x, axis)``, a softmax along any axis of an array of any dimension."""
    far = _FAR_APART.T
    cases = [
        (_SQUARE, -1),
        (_SQUARE, 0),
        (_WIDE, 0),
        *((_BLOCK, axis) for axis in range(3)),
        (far, 0),
        (_FAR_WITHIN, 0),
    ]
    return ask(
        function,
        [((x, axis), exact.softmax(x, axis=axis)) for x, axis in cases],
        [
            _OVERFLOW,
            *_KEEPDIMS,
            (
                _is(lambda x, axis: exact.softmax(x, axis=-1)),
                "Your function always takes the last axis, whatever the axis it is given.",
            ),
            (_is(_axis_0), "Your function always takes axis 0, whatever the axis it is given."),
            (
                lambda arguments, expected, got: np.isnan(got).any(),
                "A slice far below the greatest score is lost. Take the max along the axis too.",
            ),
        ],
        praise="Two calls with axis and keepdims are all that any number of dimensions needs.",
    )


@hinted(
    "Two by two is enough. Entry (i, j) is divided by the sum of row j. So which sum has to "
    "be small for the lower score of a row to win?"
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
    if np.array_equal(x, _SQUARE):
        return Answer(False, "That is the matrix of the lesson. Find one of your own.", x)
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
