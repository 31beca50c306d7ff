"""Checks of notebook 10."""

import numpy as np

from . import NOT_YET, Answer, ask, hinted, not_yet

_INF = np.inf


def _merged(a, b):
    top = max(a[0], b[0])
    if top == -_INF:
        return top, 0.0
    return top, a[1] * np.exp(a[0] - top) + b[1] * np.exp(b[0] - top)


def _is(wrong):
    """A fault: the learner's result is what the function `wrong` gives."""

    def test(arguments, expected, got):
        other = np.asarray(wrong(*arguments), float)
        return np.shape(got) == other.shape and np.allclose(got, other, equal_nan=True)

    return test


def _top(a, b):
    return max(a[0], b[0])


@hinted(
    "Write each pair as sum times exp(max). Which factor turns the one's exp(max) into the new?"
)
def check_merge(function):
    """Judges ``merge(a, b)`` of two pairs (max, sum)."""
    pairs = [
        ((2.0, 1.5), (2.0, 1.25)),
        ((3.0, 1.5), (1.0, 2.0)),
        ((1.0, 2.0), (3.0, 1.5)),
        ((1000.0, 1.0), (998.0, 3.0)),
        ((-_INF, 0.0), (1.0, 2.0)),
        ((1.0, 2.0), (-_INF, 0.0)),
        ((-_INF, 0.0), (-_INF, 0.0)),
    ]
    return ask(
        function,
        [((a, b), _merged(a, b)) for a, b in pairs],
        [
            (
                lambda arguments, expected, got: expected[0] == -_INF and np.isnan(got[1]),
                "Two pairs of nothing should make nothing, (-inf, 0). Yours gives nan: "
                "-inf minus -inf has no value.",
            ),
            (
                lambda arguments, expected, got: np.isnan(got[1]) or np.isinf(got[1]),
                "Your sum is not a finite number. Some exp overflows: subtract the new max before "
                "you take it.",
            ),
            (
                _is(lambda a, b: (_top(a, b), a[1] + b[1])),
                "You added the sums as they are. They are measured against different maxima.",
            ),
            (
                _is(
                    lambda a, b: (
                        _top(a, b),
                        a[1] * np.exp(_top(a, b) - a[0]) + b[1] * np.exp(_top(a, b) - b[0]),
                    )
                ),
                "Your factors are upside down: the sum with the lower max grows, and it should "
                "shrink.",
            ),
            (
                _is(lambda a, b: (a[0] + b[0], a[1] + b[1])),
                "The max of the whole is the greater of the two, not their sum.",
            ),
            (
                lambda arguments, expected, got: got[0] != expected[0],
                "The first entry should be the greater of the two maxima.",
            ),
            (
                lambda arguments, expected, got: np.isclose(got[1], arguments[0][1], rtol=1e-12),
                "Your sum is that of the first pair alone.",
            ),
        ],
        praise="And the pair of nothing changes nothing, so any chunk may be empty or masked.",
    )


def _plain_logs(a, b):
    return np.log(np.exp(a) + np.exp(b))


@hinted("log(exp(a) + exp(b)) with the greater one taken out: what is left inside the log?")
def check_merge_logs(function):
    """Judges ``merge_logs(a, b)``, log(exp(a) + exp(b)) of two numbers."""
    cases = [(1.0, 1.0), (1.0, 2.0), (3.0, -1.0), (1000.0, 999.0), (-1000.0, -1000.0)]
    cases += [(-_INF, 1.0), (1.0, -_INF), (-_INF, -_INF)]
    return ask(
        function,
        [((a, b), np.logaddexp(a, b)) for a, b in cases],
        [
            (
                lambda arguments, expected, got: expected == -_INF and np.isnan(got),
                "Nothing merged with nothing is nothing, -inf. Yours gives nan.",
            ),
            (
                lambda arguments, expected, got: not np.isfinite(got),
                "An exp overflows, or all of them underflow. Take the greater of the two out of "
                "the logarithm.",
            ),
            (
                _is(lambda a, b: a + b),
                "That is the logarithm of the product of the two sums. Their sum is asked for.",
            ),
            (
                _is(lambda a, b: max(a, b)),
                "That is the greater of the two. It is near when the other lies far below.",
            ),
            (
                _is(lambda a, b: np.exp(a) + np.exp(b)),
                "That is the sum itself. Its logarithm is asked for.",
            ),
        ],
        praise="One number does for the pair, as long as only its logarithm is asked for.",
    )


def _mean(chunks):
    scores, values = (np.concatenate(part) for part in zip(*chunks, strict=True))
    finite = scores > -_INF
    e = np.exp(scores[finite] - scores[finite].max())
    return e @ values[finite] / e.sum()


def _of_chunks(way):
    """What `way` makes of the softmax means and the scores of the chunks."""

    def wrong(chunks):
        return way(np.array([_mean([chunk]) for chunk in chunks]), chunks)

    return wrong


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


@hinted("Keep three numbers: the max, the sum of exps, the sum of exps times values. Rescale two.")
def check_mean(function):
    """Judges ``softmax_mean(chunks)``: values weighted by the softmax of scores, in one pass.

    ``chunks`` is a list of (scores, values), two arrays of one length each.
    """
    cases = [
        [([1.0, 1.0], [1.0, 3.0]), ([1.0], [5.0])],
        [([0.0, 1.0], [1.0, 2.0]), ([2.0], [3.0])],
        [([3.0, 1.0], [1.0, 2.0]), ([0.0, 2.0], [4.0, 8.0])],
        [([1000.0], [1.0]), ([1001.0], [2.0])],
        [([-_INF, -_INF], [7.0, 7.0]), ([0.0, 1.0], [1.0, 2.0])],
    ]
    cases = [[(np.array(s), np.array(v)) for s, v in chunks] for chunks in cases]
    return ask(
        function,
        [((chunks,), _mean(chunks)) for chunks in cases],
        [
            (
                lambda arguments, expected, got: (
                    np.isnan(got) and np.isneginf(arguments[0][0][0]).all()
                ),
                "A first chunk of only -inf leaves nan. Neither max is a number yet: mind "
                "-inf minus -inf.",
            ),
            (
                lambda arguments, expected, got: not np.isfinite(got),
                "An exp overflows. Measure each chunk against the greatest score so far.",
            ),
            (
                _is(_of_chunks(lambda means, chunks: means.mean())),
                "You took the mean of the chunks' results. A chunk counts by its sum of exps.",
            ),
            (
                _is(_of_chunks(lambda means, chunks: means.sum())),
                "You added the chunks' results. Each is a mean already.",
            ),
            (
                _is(_unrescaled),
                "Each chunk was measured against its own max, and then they were added. Bring "
                "them to one max.",
            ),
            (
                _is(_sum_alone_rescaled),
                "When the max rises you rescale the sum of exps, but not the sum of values.",
            ),
            (
                _is(lambda chunks: np.concatenate([values for _, values in chunks]).mean()),
                "That is the plain mean of the values. Their weights are missing.",
            ),
        ],
        praise="That is attention for one query: no row of scores is ever there as a whole.",
    )


@hinted("Forgetting the factors does no harm when every factor is 1.")
def check_unnoticed(chunks):
    """Judges two chunks of different scores on which adding the sums as they are goes unnoticed."""
    if not_yet(chunks):
        return Answer(False, NOT_YET)
    try:
        first, second = (np.asarray(chunk, dtype=float) for chunk in chunks)
    except (TypeError, ValueError):
        return Answer(False, "This takes a list of two lists of numbers.")
    if first.ndim != 1 or second.ndim != 1 or not first.size or not second.size:
        return Answer(False, "Each chunk is a list of one or more numbers.", chunks)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return Answer(False, "Use finite scores.", chunks)
    if np.array_equal(np.sort(first), np.sort(second)):
        return Answer(False, "These two hold the same scores. Find two that differ.", chunks)
    a, b = ((chunk.max(), np.exp(chunk - chunk.max()).sum()) for chunk in (first, second))
    right = _merged(a, b)[1]
    if not np.isclose(a[1] + b[1], right, rtol=1e-12):
        return Answer(
            False, "Here it shows: the two sums differ.", chunks, float(right), float(a[1] + b[1])
        )
    return Answer(True, "A test whose chunks have the same max cannot see this fault.")
