"""One call of a function: what it is given, what it gives, and whether that is right."""

import contextlib
import inspect
import math
import time
import warnings
from dataclasses import dataclass, replace

import numpy as np

NEAR = 1e-6
MOST = 10**7  # entries of a result that are looked at; of more only the shape is
_ERRSTATE = {"divide": "warn", "over": "warn", "invalid": "warn", "under": "ignore"}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What f gave, or raised.

    `value` is that as an array of real numbers, if it is one, and `given` what f was called with.
    `raw` is the very object that f gave, which it may change later; `seconds` are of the processor.
    """

    got: object
    value: np.ndarray = None
    error: BaseException = None
    given: object = None
    raw: object = None
    seconds: float = 0.0


class Trial:
    """Calls f, with numpy's default errstate and no warnings."""

    def __init__(self, f):
        self.f = f
        self.takes = {name for name in ("axis", "keepdims") if _takes(f, name)}

    def run(self, case, given=None, **options):
        given = case.given() if given is None else given
        if "axis" in self.takes:
            options["axis"] = case.axis
        with warnings.catch_warnings(), np.errstate(**_ERRSTATE):
            warnings.simplefilter("ignore")
            start = time.process_time()
            try:
                raw = self.f(given, **options)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                return Outcome(error.with_traceback(None), error=error, given=given)
            seconds = time.process_time() - start
            value = numbers(raw)
        copied = isinstance(raw, np.ndarray) and value is not None and value.size <= MOST
        return Outcome(value if copied else raw, value, None, given, raw, seconds)


def _takes(f, name):
    try:
        parameter = inspect.signature(f).parameters.get(name)
    except (TypeError, ValueError):
        return False
    return parameter is not None and parameter.kind in (
        parameter.POSITIONAL_OR_KEYWORD,
        parameter.KEYWORD_ONLY,
    )


def numbers(raw):
    """A copy of what f gave as an array of real numbers; None if numpy makes no such array of it.

    Of a huge one, as broadcasting makes at no cost, only the shape is right.
    """
    if inspect.iscoroutine(raw):
        with contextlib.suppress(RuntimeError):
            raw.close()  # else Python warns that it was never awaited
        return None
    try:
        shape = _shape(raw)
        if math.prod(shape) > MOST:
            return np.broadcast_to(np.nan, shape)
        value = np.array(raw)
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever f returned, it is no array
        return None
    return value if value.dtype.kind in "biuf" else None


def _shape(raw):
    """The shape that an array or a list of lists has, without a look at its entries."""
    if not isinstance(raw, (list, tuple)):
        return tuple(getattr(raw, "shape", ()))
    shape = []
    while isinstance(raw, (list, tuple)) and len(shape) < 64:
        shape.append(len(raw))
        raw = raw[0] if raw else None
    return tuple(shape)


# Whether a property holds: functions of a case and its outcome


def no_error(case, outcome):
    return outcome.error is None


def is_floats(case, outcome):
    value = outcome.value
    return value is not None and value.dtype.kind == "f"


def is_array(case, outcome):
    """Whether an array gave an array; of one slice a logsumexp may be any number."""
    given = isinstance(case.x, np.ndarray) and same_shape(case, outcome)
    return not given or hasattr(outcome.got, "__array__") or case.expected.ndim == 0


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
    return content(outcome.given) == content(case.x) and not is_locked(case, outcome)


def is_locked(case, outcome):
    """Whether f has made its input read-only."""
    given = outcome.given
    return isinstance(given, np.ndarray) and case.x.flags["W"] and not given.flags["W"]


def content(x):
    return (x.shape, x.dtype, x.tobytes()) if isinstance(x, np.ndarray) else repr(x)


def right(case, outcome, atol=0.0, rtol=0.0):
    """Within the bound of the target, or atol, or rtol; nan in a slice that should be nan."""
    if not same_shape(case, outcome):
        return False
    x, p, e = np.asarray(case.x), outcome.value, case.expected
    dtype = next((v.dtype for v in (x, p) if v.dtype.kind == "f"), np.dtype(np.float64))
    dtype = dtype.newbyteorder("=")
    bound = case.target.bound(x.astype(np.float64), e, case.axis, dtype)
    near = (p == e) | (np.abs(p - e) <= np.maximum(np.maximum(bound, atol), rtol * np.abs(e)))
    if case.target.name == "softmax" and dtype != np.float16:
        tiny = np.finfo(dtype).tiny  # some compilers flush subnormal numbers to 0
        near |= (e < tiny) & (p >= 0) & (p <= tiny)
    lost = np.isnan(p)
    if not case.target.reduces:
        lost = lost.any(case.axis, keepdims=True)
    return bool(np.where(np.isnan(e), lost, near).all())


def nearly(case, outcome):
    return right(case, outcome, NEAR, NEAR)


def nearly_or_limit(case, outcome):
    """A single +inf may also get probability 1, which is the limit."""
    limit = case.target.at_inf(case.x, case.expected)
    return nearly(case, outcome) or nearly(replace(case, expected=limit), outcome)


def but_for_specks(case, outcome):
    """Right, if what is below 1e-290 may be anything that small."""
    return right(case, outcome, 1e-290)


def to_nine_digits(case, outcome):
    """The same of slices so long that sums one by one lose some digits more."""
    return right(case, outcome, 1e-290, 1e-9)


def to_six_digits(case, outcome):
    """Each entry by itself, however small."""
    if not same_shape(case, outcome):
        return False
    e = case.expected
    return bool((np.abs(outcome.value - e) <= NEAR * np.abs(e)).all())
