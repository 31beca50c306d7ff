"""Checks of notebook 04."""

import numpy as np

from .. import exact
from ..checkup import examine
from ..thread import THREAD
from . import (
    NOT_YET,
    Answer,
    Fault,
    ask,
    borrowed,
    gives,
    hinted,
    lost,
    names_in,
    near,
    not_asked,
    numbers_of,
    sunk,
    unfinished,
)

_WIDE = np.array([[3.0, 1.0, 0.2, 0.5], [1.0, 2.0, 3.0, 6.0]])
_SQUARE = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0], [0.0, 0.0, 2.0]])
_TALL = _WIDE.T.copy()
_FAR_APART = np.array([[1001.0, 1000.0], [1.0, 0.0]])
_FAR_WITHIN = np.array([[2000.0, 0.0], [0.0, 2000.0]])
_LOW = np.array([[-20001.0, -20000.0], [-30000.0, -30002.0]])
_BLOCK = np.array([[[1.0, 2.0, 4.0], [0.0, 3.0, 3.0]], [[2.0, 2.0, 0.0], [5.0, 1.0, 1.0]]])
_OWN_MAX = "Which max does each slice need, so that its greatest exp is 1?"


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


_LOST_AXIS = (
    (
        _without_keepdims,
        "Your sum has lost its axis: numpy lines the sums up with the last axis, and divides by "
        "the sums of other slices. A square input hides it.",
    ),
    (
        _shift_without_keepdims,
        "Your max has lost its axis: numpy subtracts the max of another slice, which differs "
        "within a slice.",
    ),
    (
        _neither_has_keepdims,
        "Your max and your sum have lost their axis: numpy pairs each slice with the numbers of "
        "others.",
    ),
)
_OVERFLOW = Fault(
    lambda arguments, expected, got: np.isnan(got[arguments[0] > 1000]).any(),
    "Your exp overflows. Shift each slice by its max first.",
    _OWN_MAX,
)

_OF_ROWS = (
    _OVERFLOW,
    *(gives(*named) for named in _LOST_AXIS),
    gives(_axis_0, "Your columns sum to 1. Each row was asked for."),
    gives(
        THREAD["A"].function,
        "Your sum runs over the whole matrix. Each row needs its own.",
    ),
    sunk(_OWN_MAX),
    lost(
        "A row far below the greatest score of all is lost. Each row needs its own max.", _OWN_MAX
    ),
    Fault(
        lambda arguments, expected, got: near(got / got.sum(-1, keepdims=True), expected),
        "The ratios are right, but the rows do not sum to 1. Divide each by its sum.",
    ),
)


@hinted(
    "Print the shapes of x, of its max and of the sum for a matrix of 2 by 4. numpy lines "
    "shapes up from the right, so which shape has one number for each row?"
)
def check_row_softmax(function):
    """Judges ``function(x)``, a softmax of each row of a matrix, written without keepdims."""
    given = (_SQUARE, _WIDE, _TALL, _WIDE.T, _FAR_APART, _FAR_WITHIN, _LOW)
    answer = ask(
        function,
        [((x,), exact.softmax(x, axis=-1)) for x in given],
        _OF_ROWS,
        "Each row has its own max and its own sum, and both line up with the rows.",
    )
    if not answer.passed:
        return answer
    if "keepdims" in names_in(function, follow=True):
        return Answer(
            False,
            "Right numbers, by keepdims. The exercise is to do without: what does keepdims do to "
            "the shape of a sum?",
        )
    return borrowed(function) or _examined(function, ndim=2) or answer


def _examined(function, **claim):
    """The gravest finding of the checkup, if it is one on ordinary scores; or None."""
    checkup = examine(function, **claim)
    if checkup.verdict != "wrong":
        return None
    found = checkup.failures[0]
    return Answer(False, found.message, found.input, found.expected, found.got, hint=None)


def _kept(x, axis, keep):
    return exact.softmax(np.where(keep, x, -np.inf), axis=axis)


def _of_kept(wrong):
    """`wrong`, a softmax of ``(x, axis)``, of the scores that are kept."""
    return lambda x, axis, keep: wrong(np.where(keep, x, -np.inf), axis)


_OF_ANY_AXIS = (
    _OVERFLOW,
    *(gives(_of_kept(wrong), message) for wrong, message in _LOST_AXIS),
    gives(
        lambda x, axis, keep: _kept(x, -1 if axis < 0 else axis, keep),
        "Your function takes every negative axis for the last. -2 is the last but one.",
        None,
    ),
    gives(
        lambda x, axis, keep: _kept(x, -1, keep),
        "Your function always takes the last axis, whatever the axis it is given.",
    ),
    gives(
        lambda x, axis, keep: _kept(x, 0, keep),
        "Your function always takes axis 0, whatever the axis it is given.",
    ),
    gives(
        lambda x, axis, keep: exact.softmax(x, axis=axis),
        "What is not kept still has its share. It should get 0, and the others sum to 1.",
    ),
    gives(
        lambda x, axis, keep: exact.softmax(x, axis=axis) * keep,
        "What is not kept gets 0, but after the division: the others no longer sum to 1.",
    ),
    gives(
        lambda x, axis, keep: exact.softmax(x * keep, axis=axis),
        "A score of 0 is a score like any other: its exp is 1. Which score has the exp 0?",
    ),
    Fault(
        lambda arguments, expected, got: (got[~arguments[2]] > 0).any(),
        "What does not count still has a share. You put a finite number in its place, and the "
        "scores that count may lie near it or below.",
    ),
    sunk("The max has to be one of the scores. If a shape is amiss, print it."),
    lost(
        "A slice is lost where what is not kept is far greater than what is. Take the max of what "
        "is kept.",
        _OWN_MAX,
        lambda x, axis, keep: not keep.all(),
    ),
    lost(
        "A slice far below the greatest score is lost. Take the max along the axis too.", _OWN_MAX
    ),
    Fault(
        lambda arguments, expected, got: near(got / got.sum(arguments[1], keepdims=True), expected),
        "The ratios are right, but the slices do not sum to 1. Divide each by its sum.",
    ),
)


@hinted(
    "Which score gets the probability 0, whatever the others are? And what do both reductions "
    "of a softmax have to be told?"
)
def check_softmax_along(function):
    """Judges ``function(x, axis, keep)``, a softmax of the scores kept, along any axis."""
    every = [
        (_SQUARE, -1),
        (_SQUARE, 0),
        (_WIDE, 0),
        *((_BLOCK, axis) for axis in (0, 1, 2, -1, -2, -3)),
        (_TALL, -1),
        (_WIDE.T, -1),
        (_FAR_APART.T.copy(), 0),
        (_FAR_WITHIN, 0),
        (_LOW, 1),
    ]
    cases = [(x, axis, np.ones(x.shape, bool)) for x, axis in every]
    block = np.where(_BLOCK > 4, 0.0, _BLOCK)
    some = [(_WIDE, -1, _WIDE < 3), (_SQUARE, 0, _SQUARE > 0), (block, -2, _BLOCK != 4)]
    hidden = np.array([[1000.0, 1.0, 0.0], [-2e12 - 1, 5.0, -2e12]])
    some.append((hidden, -1, np.array([[False, True, True], [True, False, True]])))
    answer = ask(
        function,
        [(case, _kept(*case)) for case in cases + some],
        _OF_ANY_AXIS,
        "-inf is the score of what may not be chosen, along any axis.",
    )
    if not answer.passed:
        return answer

    def along(x, axis=-1):
        return function(x, axis, np.ones(np.shape(x), bool))

    return borrowed(function) or _examined(along) or answer


@hinted(
    "Two by two is enough. Entry (i, j) is divided by the sum of row j. So which sum has to "
    "be small for the lower score of a row to win?"
)
def check_fooled(x):
    """Judges a square matrix on which variant C moves the arg max of a row, and no entry tops 1."""
    if unfinished(x):
        return Answer(False, NOT_YET)
    given, x = x, numbers_of(x)
    if x is None or x.ndim != 2:
        return not_asked("A matrix of numbers, as a list of rows,", given)
    wrong = _not_fair(x)
    if wrong:
        return Answer(False, wrong, x, hint=None)
    with np.errstate(all="ignore"):
        p = THREAD["C"].function(x)
    if np.isnan(p).any():
        return Answer(False, "C gives nan here. Find a matrix where nothing looks amiss.", x, got=p)
    if (p > 1).any():
        return Answer(False, "C gives an entry above 1, which anybody would notice.", x, got=p)
    moved = np.flatnonzero(p.argmax(axis=1) != x.argmax(axis=1))
    if not moved.size:
        return Answer(
            False,
            "C keeps the place of the greatest entry in every row. Column j is divided by the sum "
            "of row j: which sums must differ?",
            x,
            got=p,
        )
    return Answer(
        True, f"In row {moved[0]} the class with the greatest score is no longer the most probable."
    )


def _not_fair(x):
    """Why the matrix is none that the exercise asks for, or None."""
    if x.shape[0] != x.shape[1]:
        return f"A square matrix is asked for, and the shape of this is {x.shape}."
    if x.size < 4:
        return "In a row of one score nothing can be moved. Two by two is enough."
    if np.array_equal(x, _SQUARE):
        return "That is the matrix of the lesson. Find one of your own."
    if not np.isfinite(x).all():
        return "Use finite scores: C is wrong on ordinary ones too."
    ordered = np.sort(x, axis=1)
    if (ordered[:, -1] == ordered[:, -2]).any():
        return "A row has two greatest scores, so its arg max is not clear."
    return None
