"""Wrong arithmetic that people do: what it gives for one slice of scores, and what to say of it."""

import math

import numpy as np

_OVERWRITTEN = (
    "A loop overwrites what it still reads, so that each later entry is made from results. "
    "Write into a new array, and take the sum once, before the loop."
)
_SIGNS = "so -3 counts as much as 3"


def _exps(x):
    return np.exp(x - x.max())


def _share(values):
    return values / values.sum()


def _softmax(x):
    return _share(_exps(x))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _relu(x):
    return np.maximum(x, 0)


def _log_softmax(x):
    return x - _logsumexp(x)


def _logsumexp(x):
    return x.max() + np.log(_exps(x).sum())


def _overwritten(values, take=np.asarray):
    """Each value divided by a sum, as ``e[i] = e[i] / e.sum()`` does in a loop."""
    values = values.copy()
    for i in range(values.size):
        values[i] = take(values[i]) / take(values).sum()
    return values


def _online(result, scale):
    """Of a running sum of exps that a new max, higher by `gap`, changes by scale(gap)."""

    def formula(x):
        m, s = x[0], 1.0
        for score in x[1:]:
            higher = max(m, score)
            s = s * scale(higher - m) + np.exp(score - higher)
            m = higher
        return result(x, m, s)

    return formula


def _wrong_online(result):
    return [
        (
            _online(result, lambda gap: 1),
            "A running sum keeps the exps of an old max. Where the max rises, multiply the sum by "
            "exp(old max - new max).",
        ),
        (
            _online(result, np.exp),
            "Where the max rises you multiply the running sum by exp(new max - old max). It is "
            "exp(old max - new max), at most 1.",
        ),
    ]


def _of_changed(change):
    return lambda x: _softmax(change(x))


def _shares_of(change):
    return lambda x: _share(change(x))


def _cut_off(change):
    """With exp by the first terms of its series, of scores that `change` has shifted or not."""
    return [
        (
            lambda x, last=last: _share(
                sum(change(x) ** k / math.factorial(k) for k in range(last + 1))
            ),
            f"The series of exp is cut off after the power {last}. Use np.exp.",
        )
        for last in range(2, 13)
    ]


SOFTMAX = [
    (lambda x: x, "It gives the scores back as they are."),
    (_log_softmax, "These are logarithms: you return log-softmax. Take exp of it."),
    (np.exp, "You return exp of each score, not yet divided by the sum of them all."),
    (
        _exps,
        "The greatest entry is 1: exp(x - max) is divided by its max, or not at all. Divide it by "
        "its sum.",
    ),
    (
        _sigmoid,
        "This is the sigmoid of each score by itself. Softmax divides by the sum over all classes.",
    ),
    (_share, "You divide the scores by their sum: exp is missing."),
    (
        _shares_of(np.abs),
        f"You divide |x| by its sum, {_SIGNS}. Softmax takes exp.",
    ),
    (
        _shares_of(np.square),
        f"You divide squares by their sum, {_SIGNS}. Softmax takes exp.",
    ),
    (
        _shares_of(_sigmoid),
        "You divide the sigmoid of each score by the sum of them. Softmax does so with exp.",
    ),
    (
        _shares_of(lambda x: np.log1p(np.exp(x))),
        "You divide softplus, log(1 + exp(x)), by its sum. Softmax does so with exp.",
    ),
    (
        _shares_of(_relu),
        "You divide max(x, 0) by its sum: exp is missing, and negative scores get 0.",
    ),
    (_shares_of(np.expm1), "You divide exp(x) - 1 by its sum. Softmax does so with exp(x)."),
    (
        _shares_of(lambda x: x - x.min()),
        "You subtract the min and divide by the sum: exp is missing.",
    ),
    (
        lambda x: (x - x.min()) / np.ptp(x),
        "This is min-max scaling to [0, 1]: exp and the sum are missing.",
    ),
    (
        _of_changed(_softmax),
        "You take the softmax of a softmax, and the second evens out the shares. Take it once; "
        "a cross-entropy that takes logits takes its own.",
    ),
    (_of_changed(np.abs), f"This is the softmax of |x|, {_SIGNS}. Take that of x."),
    (
        _of_changed(_relu),
        "This is the softmax of relu(x), so that all scores below 0 count as 0. Take that of x.",
    ),
    (
        _of_changed(lambda x: np.where(x > 0, x, 0.01 * x)),
        "This is the softmax of a leaky relu of x. Take that of x.",
    ),
    (_of_changed(_sigmoid), "This is the softmax of sigmoid(x). Take that of x."),
    (_of_changed(np.tanh), "This is the softmax of tanh(x). Take that of x."),
    (_of_changed(np.square), f"This is the softmax of x**2, {_SIGNS}. Take that of x."),
    (
        _of_changed(np.trunc),
        "The scores are cut to integers before exp. Make them floats, and keep their fractions.",
    ),
    (_of_changed(np.round), "The scores are rounded to integers before exp. Keep their fractions."),
    (
        lambda x: np.exp(x) / (1 + np.exp(x).sum()),
        "1 is added to the sum of exps, as if there were one more class, with score 0.",
    ),
    (
        lambda x: _exps(x) / (1 + _exps(x).sum()),
        "1 is added to the sum of exp(x - max), as if one more class had the greatest score.",
    ),
    (
        lambda x: _exps(x) / (_exps(x).sum() - _exps(x)),
        "Each exp is divided by the sum of the others. Its own belongs to the sum.",
    ),
    (
        lambda x: _exps(x) / _exps(x).cumsum(),
        "Each exp is divided by the sum up to it. Divide by the sum of them all.",
    ),
    (
        lambda x: _softmax(x) * (1 - _softmax(x)),
        "This is p * (1 - p), the derivative of each share by its own score. Softmax is p.",
    ),
    (lambda x: x == x.max(), "This is the arg max, all for one class. Softmax gives each a share."),
    (
        lambda x: np.full(x.size, 1 / x.size),
        "Every class gets the same share, whatever its score.",
    ),
    (
        lambda x: np.sort(_softmax(x)),
        "The probabilities are right, in the wrong places: something is sorted.",
    ),
    (
        lambda x: np.sort(_softmax(x))[::-1],
        "The probabilities are right, in the wrong places: they are sorted.",
    ),
    (
        lambda x: _softmax(x)[::-1],
        "The probabilities are right, in the wrong places: they are turned end for end.",
    ),
    *_wrong_online(lambda x, m, s: np.exp(x - m) / s),
    (lambda x: _overwritten(np.exp(x)), _OVERWRITTEN),
    (lambda x: _overwritten(_exps(x)), _OVERWRITTEN),
    (lambda x: _overwritten(x, np.exp), _OVERWRITTEN),
    (
        lambda x: _exps(x) / np.exp(x).sum(),
        "The max is subtracted in each exp, and not in their sum. Take the sum of the same exps.",
    ),
    (
        lambda x: np.exp(x) / _exps(x).sum(),
        "The max is subtracted in the sum, and not in each exp. Take the sum of the same exps.",
    ),
    *_cut_off(lambda x: x),
    *_cut_off(lambda x: x - x.max()),
]

LOG_SOFTMAX = [
    (lambda x: x, "It gives the scores back as they are."),
    (_softmax, "This is softmax itself: its logarithm is asked for."),
    (lambda x: -_log_softmax(x), "The sign is turned: a log of a probability is at most 0."),
    (lambda x: _log_softmax(x) / np.log(2), "You take log2. The natural logarithm is asked for."),
    (lambda x: _log_softmax(x) / np.log(10), "You take log10. The natural logarithm is asked for."),
    (
        lambda x: x - x.max(),
        "You subtract the max only: log(sum(exp(x - max))) is to be subtracted too.",
    ),
    (
        lambda x: x - x.mean(),
        "You subtract the mean of the scores. Subtract their logsumexp, which is above their max.",
    ),
    *_wrong_online(lambda x, m, s: x - m - np.log(s)),
    (
        lambda x: x - np.log(_exps(x).sum()),
        "The shift is forgotten on the way back: log(sum(exp(x - max))) is subtracted from x, and "
        "belongs to x - max.",
    ),
    (
        lambda x: _log_softmax(x) - x.max(),
        "The max is subtracted twice: from x, and in logsumexp(x), which holds it already.",
    ),
    (lambda x: x - np.exp(x).sum(), "You subtract the sum of exps. Take its log first."),
    (lambda x: x - x.max() - _exps(x).sum(), "You subtract the sum of exps. Take its log first."),
    (lambda x: x - np.log(np.abs(x.sum())), "exp is missing in the sum of which you take the log."),
    (lambda x: np.log1p(_softmax(x)), "This is log(1 + p). Take log p."),
    (lambda x: np.log(_sigmoid(x)), "This is the log of the sigmoid of each score by itself."),
    (
        lambda x: _log_softmax(x) + np.log(x.size),
        "You take the mean of the exps. The log of their sum is asked for.",
    ),
    (
        lambda x: _log_softmax(_softmax(x)),
        "You take the log-softmax of a softmax. Take it of the scores.",
    ),
    (
        lambda x: np.log(np.abs(x) / np.abs(x).sum()),
        "This is the log of |x| over its sum: exp is missing.",
    ),
]

LOGSUMEXP = [
    (lambda x: x.max(), "It gives the max only, which is a bound of logsumexp from below."),
    (
        lambda x: np.log(_exps(x).sum()),
        "The shift is forgotten on the way back: add the max to log(sum(exp(x - max))). So it is "
        "no longer the same for scores that are all higher, and logsumexp rises with them.",
    ),
    (lambda x: _logsumexp(x) + x.max(), "The max is added twice."),
    (lambda x: np.exp(x).sum(), "This is the sum of exps. Its log is asked for."),
    (lambda x: x.max() + _exps(x).sum(), "You add the sum of exp(x - max). Take its log first."),
    (lambda x: x.max() * _exps(x).sum(), "You multiply by the max. Add it to the log."),
    (lambda x: x.max() * np.log(_exps(x).sum()), "You multiply by the max. Add it to the log."),
    (lambda x: _logsumexp(x) / np.log(2), "You take log2. The natural logarithm is asked for."),
    (lambda x: _logsumexp(x) / np.log(10), "You take log10. The natural logarithm is asked for."),
    (lambda x: -_logsumexp(x), "The sign is turned."),
    (
        lambda x: _logsumexp(x) - np.log(x.size),
        "This is the log of the mean of the exps. That of their sum is asked for.",
    ),
    (lambda x: x.sum(), "This is the sum of the scores: log and exp are not the inverse of a sum."),
    (lambda x: np.log(x.sum()), "exp is missing in the sum of which you take the log."),
    *_wrong_online(lambda x, m, s: m + np.log(s)),
    (
        lambda x: x.max() + np.log1p(_exps(x).sum()),
        "1 is added to the sum of exp(x - max), which holds the 1 of the max already.",
    ),
    (
        lambda x: np.log1p(np.exp(x).sum()),
        "1 is added to the sum of exps, as if there were one more score of 0.",
    ),
    (lambda x: np.log1p(np.exp(x)).sum(), "This is the sum of softplus, log(1 + exp(x))."),
    (lambda x: _logsumexp(np.abs(x)), "This is the logsumexp of |x|. Take that of x."),
]

FORMULAS = {"softmax": SOFTMAX, "log_softmax": LOG_SOFTMAX, "logsumexp": LOGSUMEXP}

_SCALES = {
    "their standard deviation": lambda x: np.std(x),
    "their standard deviation, of n - 1": lambda x: np.std(x, ddof=1),
    "their norm": lambda x: np.linalg.norm(x),
    "the greatest |x|": lambda x: np.abs(x).max(),
    "their max": lambda x: x.max(),
    "their range": lambda x: np.ptp(x),
    "their sum": lambda x: x.sum(),
    "their mean": lambda x: x.mean(),
    "their number": lambda x: x.size,
    "the square root of their number": lambda x: np.sqrt(x.size),
}


def scaled(pairs):
    """What divides the scores before exp, of `_SCALES`, if it has the factor k in each (x, k)."""
    for name, scale in _SCALES.items():
        if all(np.isclose(k * scale(x), 1, rtol=1e-8, atol=0) for x, k in pairs):
            return name
    return None
