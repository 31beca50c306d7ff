"""Checks of notebook 10."""

import numpy as np

from . import (
    NOT_YET,
    Answer,
    Fault,
    ask,
    gives,
    hinted,
    lost,
    not_asked,
    numbers_of,
    peak_bytes,
    sunk,
    unfinished,
)

_INF, _NAN = np.inf, np.nan


def _merged(a, b):
    top = np.maximum(a[0], b[0])
    shift = np.where(top == -_INF, 0.0, top)
    with np.errstate(invalid="ignore"):
        return top, a[1] * np.exp(a[0] - shift) + b[1] * np.exp(b[0] - shift)


def _upside_down(a, b):
    top = np.maximum(a[0], b[0])
    return top, a[1] * np.exp(top - a[0]) + b[1] * np.exp(top - b[0])


def _hides_nan(arguments, expected, got):
    return (np.isnan(expected) & ~np.isnan(got)).any()


_HIDES_NAN = (
    "A nan that was given is lost in what you give. Python's max keeps whichever "
    "came first, and a test with > takes nan for small: np.maximum hands it on."
)
_OF_MERGE = (
    Fault(
        lambda arguments, expected, got: np.shape(got) == np.shape(arguments[0][0]),
        "One array is no pair. Return both, the max and the sum.",
        None,
    ),
    Fault(
        lambda arguments, expected, got: np.isnan(
            np.asarray(got)[1][np.asarray(expected)[0] == -_INF]
        ).any(),
        "Two pairs of nothing should make nothing, (-inf, 0). Yours give nan: -inf minus -inf has "
        "no value.",
        "Where the new max is -inf there is nothing to rescale: subtract 0 there instead.",
    ),
    Fault(_hides_nan, _HIDES_NAN, None),
    Fault(
        lambda arguments, expected, got: (
            not np.isfinite(got[1]).all() and np.isfinite(expected[1]).all()
        ),
        "Your sum is not a finite number. Some exp overflows: subtract the new max before you take "
        "it.",
    ),
    gives(
        lambda a, b: (np.maximum(a[0], b[0]), a[1] + b[1]),
        "You added the sums as they are. They are measured against different maxima.",
    ),
    gives(
        _upside_down,
        "Your factors are upside down: the sum with the lower max grows, and it should shrink.",
    ),
    gives(
        lambda a, b: (a[0] + b[0], a[1] + b[1]),
        "The max of the whole is the greater of the two, not their sum.",
    ),
    gives(
        lambda a, b: (_merged(a, b)[0].max() + 0 * a[0], _merged(a, b)[1]),
        "One max for all slices. Each has its own.",
    ),
    Fault(
        lambda arguments, expected, got: not np.array_equal(got[0], expected[0], equal_nan=True),
        "The first entry should be the greater of the two maxima, slice by slice.",
    ),
    Fault(
        lambda arguments, expected, got: np.allclose(got[1], arguments[0][1]),
        "Your sum is that of the first pair alone.",
    ),
)


@hinted(
    "Write each pair as sum times exp(max). Which factor turns the one's exp(max) into the new?"
)
def check_merge(function):
    """Judges ``merge(a, b)`` of two pairs (max, sum), arrays with an entry for each slice."""
    pairs = [
        (([2.0, 0.0], [1.5, 1.0]), ([2.0, 0.0], [1.25, 2.0])),
        (([3.0, 1.0], [1.5, 2.0]), ([1.0, 3.0], [2.0, 1.5])),
        (([1000.0, -20001.0], [1.0, 1.0]), ([998.0, -20000.0], [3.0, 2.0])),
        (([-_INF, 1.0], [0.0, 2.0]), ([1.0, -_INF], [2.0, 0.0])),
        (([-_INF, 3.0], [0.0, 1.0]), ([-_INF, 1.0], [0.0, 2.0])),
        (([_NAN, 3.0], [_NAN, 1.0]), ([1.0, 4.0], [2.0, 1.0])),
        (([1.0, 4.0], [2.0, 1.0]), ([_NAN, 3.0], [_NAN, 1.0])),
        (([5.0], [1.0]), ([7.0], [2.0])),
        ((np.zeros(300), np.ones(300)), (np.arange(300.0), np.ones(300))),
    ]
    cases = [tuple(tuple(map(np.array, pair)) for pair in both) for both in pairs]
    return ask(
        function,
        [(case, _merged(*case)) for case in cases],
        _OF_MERGE,
        "And the pair of nothing changes nothing, so any chunk may be empty or masked.",
    )


_OF_LOGS = (
    Fault(_hides_nan, _HIDES_NAN, None),
    Fault(
        lambda arguments, expected, got: expected == -_INF and np.isnan(got),
        "Nothing merged with nothing is nothing, -inf. Yours gives nan.",
        "When the greater of the two is -inf there is nothing to compute.",
    ),
    sunk(scores=lambda a, b: (a, b)),
    lost(
        "An exp overflows, or all of them underflow. Take the greater of the two out of the "
        "logarithm."
    ),
    gives(
        lambda a, b: a + b,
        "That is the logarithm of the product of the two sums. Their sum is asked for.",
    ),
    gives(max, "That is the greater of the two. It is near when the other lies far below."),
    gives(
        lambda a, b: np.exp(a) + np.exp(b),
        "That is the sum itself. Its logarithm is asked for.",
        None,
    ),
    gives(
        lambda a, b: np.logaddexp(a, b) - max(a, b),
        "What was taken out of the logarithm has to be added again.",
        None,
    ),
)


@hinted("log(exp(a) + exp(b)) with the greater one taken out: what is left inside the log?")
def check_merge_logs(function):
    """Judges ``merge_logs(a, b)``, log(exp(a) + exp(b)) of two numbers."""
    cases = [(1.0, 1.0), (1.0, 2.0), (3.0, -1.0), (1000.0, 999.0), (-20001.0, -20000.0)]
    cases += [(-_INF, 1.0), (1.0, -_INF), (-_INF, -_INF), (_NAN, 1.0), (1.0, _NAN)]
    with np.errstate(invalid="ignore"):
        expected = [np.logaddexp(a, b) for a, b in cases]
    return ask(
        function,
        list(zip(cases, expected, strict=True)),
        _OF_LOGS,
        "One number does for the pair, as long as only its logarithm is asked for.",
    )


def _mean(chunks):
    scores, values = (np.concatenate(part) for part in zip(*chunks, strict=True))
    masked = scores == -_INF
    e = np.exp(scores[~masked] - scores[~masked].max())
    return e @ values[~masked] / e.sum()


def _of_chunks(way):
    """What `way` makes of the softmax means and the scores of the chunks."""
    return lambda chunks: way(np.array([_mean([chunk]) for chunk in chunks]))


def _unrescaled(chunks):
    exps = [np.exp(scores - scores.max()) for scores, _ in chunks]
    totals = sum(e @ values for e, (_, values) in zip(exps, chunks, strict=True))
    return totals / sum(e.sum() for e in exps)


def _sum_alone_rescaled(chunks):
    top, total, weighted = -_INF, 0.0, 0.0
    for scores, values in chunks:
        new = max(top, scores.max())
        e = np.exp(scores - new)
        top, total, weighted = new, total * np.exp(top - new) + e.sum(), weighted + e @ values
    return weighted / total


def _plain_mean(chunks):
    return np.concatenate([values for _, values in chunks]).mean()


def _all_scores(chunks):
    return np.concatenate([scores for scores, _ in chunks])


_OF_MEAN = (
    Fault(_hides_nan, _HIDES_NAN, None),
    lost(
        "A chunk of only -inf leaves nan. There neither max is a number: mind -inf minus -inf.",
        "What is to be done with a chunk while the new max is still -inf?",
        lambda chunks: any((scores == -_INF).all() for scores, _ in chunks),
    ),
    sunk(scores=_all_scores),
    lost("An exp overflows. Measure each chunk against the greatest score so far."),
    gives(
        _of_chunks(np.mean),
        "You took the mean of the chunks' results. A chunk counts by its sum of exps.",
    ),
    gives(_of_chunks(np.sum), "You added the chunks' results. Each is a mean already.", None),
    gives(
        _unrescaled,
        "Each chunk was measured against its own max, and then they were added. Bring them to one "
        "max.",
    ),
    gives(
        _sum_alone_rescaled,
        "When the max rises you rescale the sum of exps, but not the sum of values.",
    ),
    gives(_plain_mean, "That is the plain mean of the values. Their weights are missing."),
    gives(lambda chunks: _mean(chunks[-1:]), "That is the mean of the last chunk alone.", None),
)


@hinted("Keep three numbers: the max, the sum of exps, the sum of exps times values. Rescale two.")
def check_mean(function):
    """Judges ``softmax_mean(chunks)``: values weighted by the softmax of scores, by chunks.

    ``chunks`` is a list of (scores, values), two arrays of one length each.
    """
    cases = [
        [([1.0, 1.0], [1.0, 3.0]), ([1.0], [5.0])],
        [([0.0, 1.0], [1.0, 2.0]), ([2.0], [3.0])],
        [([3.0, 1.0], [1.0, 2.0]), ([0.0, 2.0], [4.0, 8.0])],
        [([1000.0], [1.0]), ([1001.0], [2.0])],
        [([-20001.0], [1.0]), ([-20000.0, -20003.0], [2.0, 7.0])],
        [([-_INF, -_INF], [7.0, 7.0]), ([0.0, 1.0], [1.0, 2.0])],
        [([0.0, 1.0], [1.0, 2.0]), ([-_INF], [7.0]), ([2.0], [3.0])],
        [([_NAN, 0.0], [1.0, 2.0]), ([3.0], [3.0])],
        [([3.0], [3.0]), ([0.0, _NAN], [1.0, 2.0])],
        [(np.arange(300) * 17 % 300 / 30, np.arange(300.0)), ([4.0], [1.0])],
    ]
    cases = [[(np.array(s), np.array(v)) for s, v in chunks] for chunks in cases]
    answer = ask(
        function,
        [((chunks,), _mean(chunks)) for chunks in cases],
        _OF_MEAN,
        "That is attention for one query: no row of scores is ever there as a whole.",
    )
    many = [(np.zeros(1000), np.zeros(1000))] * 100
    if answer.passed and peak_bytes(function, many) > 50 * many[0][0].nbytes:
        return Answer(
            False,
            "The mean is right, and all scores stood in one array for it. Take chunk after chunk.",
        )
    return answer


@hinted("Forgetting the factors does no harm when every factor is 1.")
def check_unnoticed(chunks):
    """Judges two chunks of different scores on which adding the sums as they are goes unnoticed."""
    if unfinished(chunks):
        return Answer(False, NOT_YET)
    both = [numbers_of(chunk) for chunk in chunks] if isinstance(chunks, (list, tuple)) else []
    if len(both) != 2 or any(chunk is None or chunk.ndim != 1 for chunk in both):
        return not_asked("A list of two lists of numbers", chunks)
    first, second = both
    if not first.size or not second.size:
        return Answer(False, "Each chunk needs one number or more.", chunks, hint=None)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return Answer(False, "Use finite scores.", chunks, hint=None)
    if np.array_equal(np.sort(first), np.sort(second)):
        message = "These two hold the same scores. Find two that differ."
        return Answer(False, message, chunks, hint=None)
    a, b = ((chunk.max(), np.exp(chunk - chunk.max()).sum()) for chunk in (first, second))
    right = _merged(a, b)[1]
    if not np.isclose(a[1] + b[1], right, rtol=1e-12):
        message = "Here it shows: the two sums differ."
        return Answer(False, message, chunks, float(right), float(a[1] + b[1]))
    return Answer(True, "A test whose chunks have the same max cannot see this fault.")
