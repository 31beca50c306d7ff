"""What a function keeps between calls: it must give the same each time, and nothing of before."""

import warnings
from dataclasses import replace

import numpy as np

from .cases import cases_of
from .trial import MOST, content, numbers, right

_FIRST = np.array([3.0, 1.0, 0.2, 0.8])
_LATER = (
    np.array([1.4, 3.0, 0.2, 0.4]),  # of the same max, min and sum
    np.array([3.0, 1.0, 0.2, 0.8 + 1e-9]),  # which print and round alike
)


def first_calls(trial, axis, dims, target):
    """Runs on an input, on others that resemble it, and on one array that holds these in turn.

    They must be the first calls, as what is kept is kept from an early one.
    """
    first, *later = (next(cases_of(x, axis, dims, target), None) for x in (_FIRST, *_LATER))
    if first is None:
        return [], []
    runs = [(case, trial.run(case)) for case in (first, *later)]
    array, in_turn = first.given(), []
    for case in (first, later[0]):
        if array.shape != case.x.shape or not array.flags["W"]:  # f has changed it
            break
        array[...] = case.x
        in_turn.append((case, trial.run(case, array)))
    return runs, in_turn


def fault(runs, in_turn, others, again):
    """The words, the case and what f gave, of what is kept between calls; None if nothing is.

    `again` are runs of cases that are among the `others` too.
    """
    first = {id(case): outcome for case, outcome in (*runs, *others)}
    for case, outcome in again:
        before = first[id(case)]
        if _differ(before.value, outcome.value):
            words = (
                "It gives two answers for the same input: something random is in it, or what is "
                "kept from other calls."
            )
            return words, case, (before.got, outcome.got)
    for case, outcome in (*runs, *others, *again):
        if outcome.value is None or outcome.value.size > MOST or np.isscalar(outcome.raw):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in the call, where it was first made an array
            now = numbers(outcome.raw)
        if content(now) != content(outcome.value):
            words = (
                "A later call overwrites the result of an earlier one: the same array is given "
                "back again. Return a new array."
            )
            return words, case, (outcome.got, now)
    for series, said in (
        (
            runs,
            (
                "It gives the answer to an earlier input, not to this one: something is kept.",
                "It gives the same answer as for scores that differ by 1e-9: it keeps an answer, "
                "or rounds the scores.",
            ),
        ),
        (
            in_turn,
            (
                "It gives the answer to what the same array held before: it knows the array, and "
                "does not look at its entries.",
            ),
        ),
    ):
        (case, before), *later = series or [(None, None)]
        for (new, outcome), words in zip(later, said, strict=False):
            old = replace(new, expected=case.expected)
            if right(case, before) and right(old, outcome) and not right(new, outcome):
                return words, new, outcome.got
    return None


def _differ(before, after):
    """Beyond what other code for other places in memory may round otherwise."""
    if before is None or after is None or before.dtype.kind != "f":
        return False
    if before.shape != after.shape or before.size > MOST:
        return before.shape != after.shape
    rtol = 64 * float(np.finfo(before.dtype).eps)
    with np.errstate(all="ignore"):
        return not np.allclose(before, after, rtol=rtol, atol=1e-300, equal_nan=True)
