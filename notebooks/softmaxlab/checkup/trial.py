"""One call of a softmax: what it is given, what it gives, and whether that is right.

A value is right if it lies within 10 + (max - x_i) ulps of the exact one. Subtracting the max
rounds, and exp turns that into up to max - x_i ulps, in any softmax that shifts [1]_; the 10 leave
room for exp itself, the sum of a few terms and the division.

References
----------
.. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
   softmax functions", IMA Journal of Numerical Analysis 41(4), 2021, pp. 2311-2330,
   doi:10.1093/imanum/draa038.
"""

import copy
import warnings
from dataclasses import dataclass, replace

import numpy as np

NEAR = 1e-6
_ULPS = 10
_ERRSTATE = {"divide": "warn", "over": "warn", "invalid": "warn", "under": "ignore"}


@dataclass(frozen=True, eq=False)
class Case:
    """An input, the axis along which each slice is a distribution, and the exact softmax."""

    x: object
    axis: int
    expected: np.ndarray

    @property
    def line(self):
        """What a slice is called."""
        return ("column", "row")[self.axis % 2] if self.expected.ndim == 2 else "slice"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What f gave, or raised; `value` is that as an array of real numbers, if it is one."""

    got: object
    value: np.ndarray = None
    error: BaseException = None
    changed: bool = False


def run(f, takes_axis, case):
    """Run f on a copy of the input, with numpy's default errstate and no warnings."""
    x = copy.deepcopy(case.x)
    with warnings.catch_warnings(), np.errstate(**_ERRSTATE):
        warnings.simplefilter("ignore")
        try:
            got = f(x, axis=case.axis) if takes_axis else f(x)
            changed = _content(x) != _content(case.x)
        except (Exception, SystemExit) as error:
            return Outcome(error.with_traceback(None), error=error)
        try:
            value = np.array(got)
        except Exception:  # whatever f returned, it is no array
            value = None
    if value is None or value.dtype.kind not in "biuf":
        return Outcome(got, changed=changed)
    return Outcome(value if isinstance(got, np.ndarray) else got, value, changed=changed)


def _content(x):
    return (x.shape, x.dtype, x.tobytes()) if isinstance(x, np.ndarray) else repr(x)


# Whether a property holds: functions of a case and its outcome


def is_floats(case, outcome):
    value = outcome.value
    return value is not None and value.dtype.kind == "f" and hasattr(outcome.got, "__array__")


def same_shape(case, outcome):
    return outcome.value is not None and outcome.value.shape == case.expected.shape


def sums_to_1(case, outcome):
    sums = outcome.value.sum(axis=case.axis) if same_shape(case, outcome) else np.inf
    return bool((np.abs(sums - 1) <= NEAR).all())


def keeps_order(case, outcome):
    if not same_shape(case, outcome):
        return False
    return bool((np.diff(outcome.value.ravel()[np.argsort(case.x, axis=None)]) > 0).all())


def keeps_dtype(case, outcome):
    return outcome.value is not None and outcome.value.dtype == case.x.dtype


def keeps_input(case, outcome):
    return not outcome.changed


def right(case, outcome, atol=0.0):
    """Within the ulps that the module states, or atol; nan in a slice that should be nan."""
    if not same_shape(case, outcome):
        return False
    x, p, e = np.asarray(case.x), outcome.value, case.expected
    dtype = next((v.dtype for v in (x, p) if v.dtype.kind == "f"), np.dtype(np.float64))
    scores = x.astype(np.float64)
    gap = np.nan_to_num(scores.max(case.axis, keepdims=True) - scores, posinf=0.0)
    bound = (_ULPS + gap) * np.spacing(e.astype(dtype)).astype(np.float64)
    near = np.abs(p - e) <= np.maximum(bound, atol)
    if dtype != np.float16:  # some compilers flush subnormal numbers of the others to 0
        tiny = np.finfo(dtype).tiny
        near |= (e < tiny) & (p >= 0) & (p <= tiny)
    lost = np.isnan(p).any(case.axis, keepdims=True)
    return bool(np.where(np.isnan(e), lost, near).all())


def nearly(case, outcome):
    return right(case, outcome, NEAR)


def nearly_or_limit(case, outcome):
    """A single +inf may also get probability 1, which is the limit."""
    limit = np.where(np.isnan(case.expected), np.isposinf(case.x), case.expected)
    return nearly(case, outcome) or nearly(replace(case, expected=limit), outcome)
