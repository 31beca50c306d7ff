"""The functions that can be examined: what each should give, and how far off is still right.

Softmax: an entry may be off by 10 + (max - x_i) ulps. Subtracting the max rounds, and exp turns
that into up to max - x_i ulps, in any softmax that shifts [1]_; the 10 leave room for exp itself,
the sum of a few terms and the division. The two logarithms: by 10 ulps of the greatest number that
the sum max + log(sum(exp(x - max))) holds, and of 1 at least, as a log of exps does not resolve
less. How they fare nearer to 0 is a property of its own.

References
----------
.. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
   softmax functions", IMA Journal of Numerical Analysis 41(4), 2021, pp. 2311-2330,
   doi:10.1093/imanum/draa038.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import exact

_ULPS = 10


@dataclass(frozen=True, eq=False)
class Target:
    """A function that f may be meant to be.

    `of_equal` is its value for n scores of 0, `bound(scores, expected, axis, dtype)` the error that
    rounding explains, and `at_inf(x, expected)` what else may be given where x holds +inf. A target
    that `reduces` gives one number for each slice.
    """

    name: str
    title: str
    exact: Callable
    of_equal: Callable
    bound: Callable
    at_inf: Callable
    reduces: bool = False

    def expected(self, x, axis):
        """Exact, also of long slices, if each has only few scores that are not far below its max.

        What is 5000 below another score adds less to the sum than any float can tell, so equal ones
        count once. Else all scores must be 0.
        """
        x = np.asarray(x)
        if x.size <= 1000:
            return np.asarray(self.exact(x, axis))
        slices = np.moveaxis(x, axis, -1)
        if not x.any():
            full = np.full(x.shape, self.of_equal(x.shape[axis]))
            return full.take(0, axis) if self.reduces else full
        rows = slices.reshape(-1, x.shape[axis])
        distinct, which = rows, np.zeros(1, int)
        if len(rows) > 1:
            distinct, which = np.unique(rows, axis=0, return_inverse=True)
        found = np.array([self._of_few(row) for row in distinct])[which.ravel()]
        if self.reduces:
            return found.reshape(slices.shape[:-1])
        return np.moveaxis(found.reshape(slices.shape), -1, axis)

    def _of_few(self, row):
        if row.size <= 40:
            return self.exact(row)
        values, places, counts = np.unique(row, return_inverse=True, return_counts=True)
        assert ((counts == 1) | (values < values[-1] - 5000)).all()
        few = self.exact(values)
        return few if self.reduces else few[places]


def _of_softmax(scores, expected, axis, dtype):
    gap = scores.max(axis, keepdims=True) - scores
    gap[~np.isfinite(gap)] = 0
    return (_ULPS + gap) * np.spacing(expected.astype(dtype)).astype(np.float64)


def _of_log_softmax(scores, expected, axis, dtype):
    size = np.maximum(np.abs(expected), 1).astype(dtype)
    return _ULPS * np.spacing(size).astype(np.float64)


def _of_logsumexp(scores, expected, axis, dtype):
    top = scores.max(axis).reshape(expected.shape)
    size = np.maximum(np.maximum(np.abs(expected), np.abs(top)), 1)
    return _ULPS * np.spacing(size.astype(dtype)).astype(np.float64)


TARGETS = {
    "softmax": Target(
        "softmax",
        "a softmax",
        exact.softmax,
        lambda n: 1 / n,
        _of_softmax,
        lambda x, expected: np.where(np.isnan(expected), np.isposinf(x), expected),
    ),
    "log_softmax": Target(
        "log_softmax",
        "a log-softmax",
        exact.log_softmax,
        lambda n: -math.log(n),
        _of_log_softmax,
        lambda x, expected: np.where(np.isnan(expected), np.log(np.isposinf(x)), expected),
    ),
    "logsumexp": Target(
        "logsumexp",
        "a logsumexp",
        exact.logsumexp,
        math.log,
        _of_logsumexp,
        lambda x, expected: expected,
        reduces=True,
    ),
}
