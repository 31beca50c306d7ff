"""A checkup for any softmax: what is right and wrong with it, and the smallest input that shows it.

Each row of `_PROPERTIES`, at the end, is one thing that a softmax must do, with the inputs that
test it, the smallest first, and the words for its failure. Mostly those come from a function that
looks for the wrong arithmetic that gives the very same numbers.

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
import functools
import html
import inspect
import itertools
import math
import operator
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import exact

_ULPS, _NEAR = 10, 1e-6
_FIELDS = ("input", "expected", "got")


@dataclass(frozen=True, eq=False)
class Finding:
    """How one property fared.

    Attributes
    ----------
    name : str
        The property.
    passed : bool
    severity : str
        "wrong" or "limited": the verdict that this failure alone would bring.
    message : str
        The fault in one or two sentences; of a property that holds, what holds.
    input, expected, got : object
        The smallest input found that shows the fault, the exact softmax of it, and what the
        function gave or raised. None where the property holds.
    also : tuple of Finding
        Failures that only repeat this fault.
    """

    name: str
    passed: bool
    severity: str
    message: str
    input: object = None
    expected: object = None
    got: object = None
    also: tuple = ()

    def __repr__(self):
        mark = "holds" if self.passed else self.severity
        return "\n".join([f"{self.name} ({mark}): {self.message}", *self._details()])

    def _details(self):
        if self.passed:
            return []
        lines = [f"  {name}: {_show(getattr(self, name), len(name) + 4)}" for name in _FIELDS]
        return lines + ([f"  the same fault in: {_names(self.also)}"] if self.also else [])


@dataclass(frozen=True, eq=False)
class Checkup:
    """What `examine` found.

    Attributes
    ----------
    findings : tuple of Finding
        Failures first, the gravest and most basic at the head, then what holds. Failures that
        repeat another are in its `also`.
    """

    findings: tuple

    @property
    def failures(self):
        """The findings that did not pass."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def verdict(self):
        """One of "wrong", "limited" and "sound"; see `examine`."""
        severities = {finding.severity for finding in self.failures}
        return "wrong" if "wrong" in severities else "limited" if severities else "sound"

    def __repr__(self):
        first, holds = self._summary()
        lines = [f"{self.verdict}: {first}"]
        if self.failures:
            lines += [f"  property: {self.failures[0].name}", *self.failures[0]._details()]
        lines += [repr(finding) for finding in self.failures[1:]]
        return "\n".join([*lines, f"holds: {holds}"])

    def _repr_html_(self):
        first, holds = self._summary()
        left = 'style="text-align: left"'
        rows = ""
        for finding in self.failures:
            words = finding.message
            if finding.also:
                words += f" The same fault in: {_names(finding.also)}."
            rows += f"<tr><th {left}>{html.escape(finding.name)} ({finding.severity})</th>"
            rows += f"<td {left}>{html.escape(words)}</td>"
            for name in _FIELDS:
                shown = html.escape(_show(getattr(finding, name)))
                rows += f'<td {left}><pre style="white-space: pre">{shown}</pre></td>'
            rows += "</tr>"
        head = "".join(f"<th {left}>{name}</th>" for name in ("property", "fault", *_FIELDS))
        return (
            f"<p><strong>{self.verdict.capitalize()}.</strong> {html.escape(first)}</p>"
            + (f"<table><tr>{head}</tr>{rows}</table>" if rows else "")
            + f"<p>Holds: {html.escape(holds)}.</p>"
        )

    def _summary(self):
        first = self.failures[0].message if self.failures else "every property holds."
        return first, _names(f for f in self.findings if f.passed) or "nothing"


def _names(findings):
    return ", ".join(finding.name for finding in findings)


def _show(value, indent=0):
    """A value as text, some lines long at most; what f returned may fail even at that."""
    try:
        with np.printoptions(precision=6, threshold=30, edgeitems=2):
            text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    text = text if len(text) < 600 else text[:600] + " ..."
    return text.replace("\n", "\n" + " " * indent)


def examine(f, axis=-1, ndim=None):
    """Put a softmax on the examining table.

    Parameters
    ----------
    f : callable
        ``f(x)``, or ``f(x, axis=...)`` if its signature has an `axis`. It is called some 80 times,
        each time with its own copy of the input.
    axis : int
        The axis along which each slice of the result is a distribution. It is handed to an `f`
        that takes one.
    ndim : int, optional
        The only number of dimensions that `f` claims to take. Without it `f` must take every
        number of dimensions that has the axis, of which those up to 3 are tried.

    Returns
    -------
    Checkup
        Its `verdict` is "wrong" if a finite input gives a wrong answer or nan, raises, or is
        changed. It is "limited" if that only happens to the exotic: small integers that wrap,
        float16, masks, +inf and nan, or a type of input that `f` refuses or does not keep. Else it
        is "sound".

    Raises
    ------
    TypeError
        If `f` is not callable, or `axis` or `ndim` is not an integer.
    ValueError
        If `ndim` is below 1 or has no such axis.

    Notes
    -----
    Whatever `f` raises is a finding, but for KeyboardInterrupt. exp(x - logsumexp(x)) is wrong by
    these rules: it loses digits in proportion to the offset, until two equal scores get 1 each.
    The float16 sum is left out where `f` takes over 5 ms for 2000 scores, as it needs 70 000.
    """
    if not callable(f):
        raise TypeError(f"f must be a function, but is {f!r}")
    axis = _integer("axis", axis)
    least = axis + 1 if axis >= 0 else -axis
    dims = tuple(range(least, max(least, 3) + 1))
    if ndim is not None:
        dims = (_integer("ndim", ndim),)
        if dims[0] < least:
            raise ValueError(f"ndim must be 1 or more and have the axis {axis}, but is {ndim!r}")

    takes_axis = _takes_axis(f)
    found, roots = [], {}  # a root is the first failure among what a property needs, or its own
    for prop in _PROPERTIES:
        cases = _cases(prop, axis, dims)
        if not cases or (prop.every_axis and not takes_axis):
            continue
        if prop.long and _slow(f, takes_axis, cases[0]):
            continue
        finding = _judge(prop, [(case, _call(f, takes_axis, case)) for case in cases])
        root = next((roots[need] for need in prop.needs if need in roots), None)
        if root or not finding.passed:
            roots[prop.name] = root or prop.name
        found.append(finding)

    kept = []
    for finding in found:
        if finding.passed or roots[finding.name] == finding.name:
            same = (f for f in found if not f.passed and f is not finding)
            also = tuple(f for f in same if roots[f.name] == finding.name)
            kept.append(finding if finding.passed else replace(finding, also=also))
    rank = {"wrong": 0, "limited": 1}
    return Checkup(tuple(sorted(kept, key=lambda f: 2 if f.passed else rank[f.severity])))


def _integer(name, value):
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, but is {value!r}") from None


def _takes_axis(f):
    try:
        parameter = inspect.signature(f).parameters.get("axis")
    except (TypeError, ValueError):
        return False
    return parameter is not None and parameter.kind in (
        parameter.POSITIONAL_OR_KEYWORD,
        parameter.KEYWORD_ONLY,
    )


# What is run, and what comes of it


@dataclass(frozen=True, eq=False)
class _Property:
    """One thing that a softmax must do; the slices of `inputs` lie along their last axis.

    If a property that it `needs` fails too, that is the fault. `refusal` is the severity where f
    raises. `explain` gives the words for a failure; where it gives none, `fault` does.
    """

    name: str
    claim: str
    inputs: tuple
    needs: tuple
    holds: Callable
    explain: Callable = lambda case, outcome, runs: None
    fault: str = ""
    severity: str = "wrong"
    refusal: str = "wrong"
    every_axis: bool = False
    long: bool = False


@dataclass(frozen=True, eq=False)
class _Case:
    x: object
    axis: int
    expected: np.ndarray

    @property
    def line(self):
        """What a slice is called."""
        return ("column", "row")[self.axis % 2] if self.expected.ndim == 2 else "slice"


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What f gave, or raised; `value` is that as an array of real numbers, if it is one."""

    got: object
    value: np.ndarray = None
    error: BaseException = None
    changed: bool = False


@functools.cache
def _cases(prop, axis, dims):
    """The inputs of a property, laid along the axis, with their exact softmax."""
    cases = []
    for given in prop.inputs:
        x = np.array(given)
        ndim = next((d for d in dims if d >= x.ndim), None)
        if ndim is None:
            continue
        x = np.moveaxis(x.reshape((1,) * (ndim - x.ndim) + x.shape), -1, axis).copy()
        for a in range(-ndim, ndim) if prop.every_axis else (axis,):
            if x.size > 1000:  # too slow for `exact`, and all scores are equal
                expected = np.full(x.shape, 1 / x.shape[a])
            else:
                expected = exact.softmax(x, axis=a)
            cases.append(_Case(x.tolist() if isinstance(given, list) else x, a, expected))
    return tuple(cases)


def _call(f, takes_axis, case):
    """Run f on a copy of the input, with numpy's default errstate and no warnings."""
    x = copy.deepcopy(case.x)
    default = {"divide": "warn", "over": "warn", "invalid": "warn", "under": "ignore"}
    with warnings.catch_warnings(), np.errstate(**default):
        warnings.simplefilter("ignore")
        try:
            got = f(x, axis=case.axis) if takes_axis else f(x)
            changed = _content(x) != _content(case.x)
        except (Exception, SystemExit) as error:
            return _Outcome(error.with_traceback(None), error=error)
        try:
            value = np.array(got)
        except Exception:  # whatever f returned, it is no array
            value = None
    if value is None or value.dtype.kind not in "biuf":
        return _Outcome(got, changed=changed)
    return _Outcome(value if isinstance(got, np.ndarray) else got, value, changed=changed)


def _slow(f, takes_axis, case):
    """Whether f may take seconds for a long slice, as loops within loops do."""
    short = replace(case, x=case.x.take(range(2000), case.axis))
    times = []
    for _ in range(2):
        start = time.perf_counter()
        _call(f, takes_axis, short)
        times.append(time.perf_counter() - start)
    return min(times) > 0.005


def _content(x):
    return (x.shape, x.dtype, x.tobytes()) if isinstance(x, np.ndarray) else repr(x)


def _judge(prop, runs):
    """The finding on a property, which shows the first run that fails."""
    for case, outcome in runs:
        with np.errstate(all="ignore"):
            if prop.holds(case, outcome):
                continue
            words = prop.explain(case, outcome, runs)
            if not words and _same_shape(case, outcome):
                words = prop.fault
            if not words:
                words = _plain(case, outcome)
                if outcome.error and prop.fault:
                    words += f" {prop.fault}"
        severity = prop.refusal if outcome.error else prop.severity
        shown = (case.x, case.expected, outcome.got)
        return Finding(prop.name, False, severity, words, *shown)
    return Finding(prop.name, True, prop.severity, prop.claim)


# Whether a property holds: functions of a case and its outcome


def _is_floats(case, outcome):
    value = outcome.value
    return value is not None and value.dtype.kind == "f" and hasattr(outcome.got, "__array__")


def _same_shape(case, outcome):
    return outcome.value is not None and outcome.value.shape == case.expected.shape


def _sums_to_1(case, outcome):
    sums = outcome.value.sum(axis=case.axis) if _same_shape(case, outcome) else np.inf
    return bool((np.abs(sums - 1) <= _NEAR).all())


def _keeps_order(case, outcome):
    if not _same_shape(case, outcome):
        return False
    return bool((np.diff(outcome.value.ravel()[np.argsort(case.x, axis=None)]) > 0).all())


def _keeps_dtype(case, outcome):
    return outcome.value is not None and outcome.value.dtype == case.x.dtype


def _right(case, outcome, atol=0.0):
    """Within the ulps that the module states, or atol; nan in a slice that should be nan."""
    if not _same_shape(case, outcome):
        return False
    x, p, e = np.asarray(case.x), outcome.value, case.expected
    dtype = next((v.dtype for v in (x, p) if v.dtype.kind == "f"), np.dtype(np.float64))
    scores = x.astype(np.float64)
    gap = np.nan_to_num(scores.max(case.axis, keepdims=True) - scores, posinf=0.0)
    bound = (_ULPS + gap) * np.spacing(e.astype(dtype)).astype(np.float64)
    right = np.abs(p - e) <= np.maximum(bound, atol)
    if dtype != np.float16:  # some compilers flush subnormal numbers of the others to 0
        tiny = np.finfo(dtype).tiny
        right |= (e < tiny) & (p >= 0) & (p <= tiny)
    lost = np.isnan(p).any(case.axis, keepdims=True)
    return bool(np.where(np.isnan(e), lost, right).all())


def _nearly(case, outcome):
    return _right(case, outcome, _NEAR)


def _nearly_or_limit(case, outcome):
    """A single +inf may also get probability 1, which is the limit."""
    limit = np.where(np.isnan(case.expected), np.isposinf(case.x), case.expected)
    return _nearly(case, outcome) or _nearly(replace(case, expected=limit), outcome)


# What a teacher would say: functions of the failing case, its outcome and all runs of the property


def _plain(case, outcome):
    """What can be said of any failure."""
    error, value, shape = outcome.error, outcome.value, case.expected.shape
    if error:
        text = " ".join(str(error).split())[:120].rstrip(".")
        return f"It raises {type(error).__name__}{': ' if text else ''}{text}."
    if outcome.got is None:
        return "It returns None: the return at its end is missing."
    if value is None:
        return f"It returns a {type(outcome.got).__name__} that is no array of real numbers."
    if value.ndim == 0 and case.expected.size > 1:
        return "It gives one number for all scores, and a softmax gives one for each score."
    if value.shape != shape:
        change = f"the shape {shape} comes out as {value.shape}."
        if value.shape == tuple(n for n in shape if n != 1):
            return f"It drops an axis of length 1: {change}"
        if value.shape == shape[::-1]:
            return f"It comes out transposed: {change}"
        if value.shape == (math.prod(shape),):
            return f"It flattens its input: {change}"
        return f"It does not keep the shape: {change}"
    if np.isnan(value[~np.isnan(case.expected)]).any():
        return "It gives nan, though these scores have a softmax."
    error = np.abs(value - case.expected)
    digits = -np.log10((error / case.expected).max())
    if digits > 5:
        return (
            f"It is right to {digits:.0f} digits only: something rounds that need not, as taking "
            "in a large number does."
        )
    at = np.argmax(error)
    total = value.sum(case.axis).ravel()[np.argmax(error.max(case.axis))]
    if abs(total - 1) > _NEAR:
        what = "The result" if len(shape) == 1 else f"A {case.line}"
        return f"{what} sums to {total:.6g}, not to 1."
    return f"It gives {value.flat[at]:.6g} where {case.expected.flat[at]:.6g} is right."


def _explain_result(case, outcome, runs):
    if isinstance(outcome.error, np.exceptions.AxisError):
        return (
            f"It asks for an axis that {case.expected.ndim}-D input does not have. Count from the "
            "end: axis=-1 is the last axis in any number of dimensions."
        )
    if outcome.value is None:
        return None
    if not hasattr(outcome.got, "__array__"):
        name = type(outcome.got).__name__
        return f"It returns a {name}, not an array: make it one with np.array, or use np.exp."
    return f"It returns {outcome.value.dtype}, and probabilities are floats."


def _explain_numbers(case, outcome, runs):
    """Which known formula gives these numbers for one slice of scores."""
    if not _same_shape(case, outcome):
        return None
    x, p, e = (v.ravel() for v in (case.x, outcome.value.astype(np.float64), case.expected))
    above, exps = x - x.min(), np.exp(x)
    formulas = [
        (x, "It gives the scores back as they are."),
        (np.log(e), "These are logarithms: you return log-softmax. Take exp of it."),
        (exps, "You return exp of each score, not yet divided by the sum of them all."),
        (
            np.exp(x - x.max()),
            "The greatest entry is 1: exp(x - max) is divided by its max, or not at all. Divide it "
            "by its sum.",
        ),
        (
            1 / (1 + 1 / exps),
            "This is the sigmoid of each score by itself. Softmax divides by the sum over all "
            "classes.",
        ),
        (x / x.sum(), "You divide the scores by their sum: exp is missing."),
        (
            np.abs(x) / np.abs(x).sum(),
            "You divide |x| by its sum, so -3 counts as much as 3. Softmax takes exp.",
        ),
        (
            x**2 / (x**2).sum(),
            "You divide squares by their sum, so -3 counts as much as 3. Softmax takes exp.",
        ),
        (above / above.sum(), "You subtract the min and divide by the sum: exp is missing."),
        (above / above.max(), "This is min-max scaling to [0, 1]: exp and the sum are missing."),
        (x == x.max(), "This is the arg max, all for one class. Softmax gives each a share."),
        (np.full(x.size, 1 / x.size), "Every class gets the same share, whatever its score."),
        (np.sort(e), "The probabilities are right, in the wrong places: something is sorted."),
        (np.sort(e)[::-1], "The probabilities are right, in the wrong places: they are sorted."),
    ]
    for values, words in formulas:
        if np.allclose(p, values, rtol=1e-6, atol=1e-12) and not np.allclose(p, e, rtol=1e-6):
            return words
    for digits in range(1, 14):
        if (p == np.round(e, digits)).all():
            return f"You round to {digits} decimals. Round what you print, not what you return."
    if np.allclose(p, e, rtol=1e-2) and (p == p.astype(np.float32)).all():
        return "It computes in float32 or less, and the scores are float64: digits are lost."
    return _explain_power(x, p, runs)


def _explain_power(x, p, runs):
    """What is wrong where p = c exp(k x) for some c and k."""
    factors = []
    for case, outcome in runs:
        if not _same_shape(case, outcome):
            return None
        odds = outcome.value.flat[case.x.argmax()] / outcome.value.flat[case.x.argmin()]
        factors.append(np.log(odds) / np.ptp(case.x))
    logs = np.log(p)
    k = (logs[x.argmax()] - logs[x.argmin()]) / np.ptp(x)
    if not np.allclose(logs - k * x, logs[0] - k * x[0], rtol=0, atol=1e-9):
        return None
    if not np.allclose(factors, k, rtol=1e-6):
        return (
            "The scores are scaled by a factor that depends on them, as standardizing does. "
            "Softmax may shift its scores, and must not scale them."
        )
    near = functools.partial(math.isclose, rel_tol=1e-9)
    if near(k, -1):
        return "The sign is turned: the least score gets the greatest probability."
    for base in (2, 10):
        if near(k, math.log(base)):
            return f"You take powers of {base}. Softmax takes powers of e, as np.exp does."
    if not math.isclose(k, 1, rel_tol=1e-7):
        return (
            f"The scores are multiplied by {k:.4g} before exp, a temperature of {1 / k:.4g}. A "
            "plain softmax has temperature 1."
        )
    if near(p.sum(), p.size):
        return "You divide by the mean of the exps, so the entries sum to their number, not to 1."
    if near((p**2).sum(), 1):
        return "You divide by the norm of the exps, so the squares of the entries sum to 1."
    if abs(p.sum() - 1) < 0.05:
        return (
            f"The sum misses 1 by {abs(p.sum() - 1):.2g}: something is added to the divisor. No "
            "epsilon is needed, as after the shift the sum is at least 1."
        )
    return f"The proportions are right, but the entries sum to {p.sum():.6g}: the divisor is wrong."


def _explain_dtype(case, outcome, runs):
    if outcome.value is None:
        return None
    return (
        f"{case.x.dtype} comes out as {outcome.value.dtype}. Give back the dtype that came in: "
        ".astype(x.dtype)."
    )


def _wrong(shift=lambda x, axis: 0.0, over=None, keepdims=True):
    """A softmax with another shift, a sum over other axes, or without keepdims in its sum."""

    def model(x, axis):
        e = np.exp(x - shift(x, axis))
        return e / e.sum(axis if over is None else over, keepdims=keepdims)

    return model


def _transposed(shift):
    def model(x, axis):
        e = np.exp(x - shift(x, axis))
        return (e.T / e.sum(axis)).T

    return model


def _suspect(suspects, runs):
    """The words for the first wrong softmax that gives what f gave, in every run."""
    for model, words in suspects:
        if all(_alike(model, *run) for run in runs):
            return words
    return None


def _alike(model, case, outcome):
    """Whether a wrong softmax gives what f gave, be it an error."""
    try:
        value = model(case.x, case.axis)
    except ValueError as error:
        return type(error) is type(outcome.error)
    if outcome.value is None or outcome.value.shape != value.shape:
        return False
    return np.allclose(outcome.value, value, rtol=1e-6, atol=1e-300, equal_nan=True)


def _explain_axis(case, outcome, runs):
    line, axis, ndim = case.line, case.axis, case.expected.ndim
    if all(run.error for _, run in runs):
        return f"It takes one {line} only. On {ndim}-D input: {_plain(case, outcome)}"
    other = "column" if line == "row" else "row"
    sum_lost = max_lost = "without keepdims each slice meets the number of another one."
    if line == "row":
        hidden = "of row j; a square input hides it."
        sum_lost = f"without keepdims numpy divides column j by the sum {hidden}"
        max_lost = f"without keepdims numpy shifts column j by the max {hidden}"
    transposes = (
        "You transpose, and .T turns round all axes, which is right for two only. Use "
        "keepdims=True instead."
    )
    suspects = [
        (_wrong(keepdims=False), f"Your sum has lost its axis: {sum_lost}"),
        (_wrong(_max, keepdims=False), f"Your sum has lost its axis: {sum_lost}"),
        (
            _wrong(lambda x, a: x.max(a), keepdims=False),
            f"Your max and your sum have lost their axis: {sum_lost}",
        ),
        (_wrong(lambda x, a: x.max(a)), f"Your max has lost its axis: {max_lost}"),
        (_transposed(lambda x, a: 0.0), transposes),
        (_transposed(_max), transposes),
        (lambda x, a: _wrong()(x, a).T, "The result is transposed: turn it back."),
        (
            _wrong(over=tuple(range(ndim))),
            "Your sum runs over the whole array, so that all of it sums to 1. Each "
            f"{line} needs its own: give max and sum axis={axis} and keepdims=True.",
        ),
        (
            _wrong(_max, over=tuple(range(ndim))),
            "Your sum runs over the whole array, and your max does not. Each "
            f"{line} needs its own sum: give it axis={axis} and keepdims=True.",
        ),
    ]
    for axes in [(a,) for a in range(ndim)] + list(itertools.combinations(range(ndim), 2)):
        words = f"You sum along axis {axes[0]} of {ndim}, and axis={axis} is wanted."
        if ndim == 2:
            words = (
                f"You sum along axis {axes[0]}, so each {other} sums to 1. Each {line} should: "
                f"that is axis={axis}."
            )
        if len(axes) == 2:
            words = (
                f"You sum over the axes {axes} at once. Each {line} needs its own sum: give it "
                f"axis={axis} and keepdims=True."
            )
        suspects += [(_wrong(over=axes), words), (_wrong(_max, over=axes), words)]
    return _suspect(suspects, runs)


def _max(x, axis):
    return x.max(axis, keepdims=True)


def _greatest_size(x, axis):
    return np.abs(x).max(axis, keepdims=True)


_SHIFTS = {
    "the min": lambda x, a: x.min(a, keepdims=True),
    "the mean": lambda x, a: x.mean(a, keepdims=True),
    "the first score": lambda x, a: x.take([0], a),
    "the last score": lambda x, a: x.take([-1], a),
    "the median": lambda x, a: np.median(x, a, keepdims=True),
    "the sum": lambda x, a: x.sum(a, keepdims=True),
    "minus the max": lambda x, a: -_max(x, a),
}


def _explain_large(case, outcome, runs):
    no_shift = (
        "exp overflows: the max is not subtracted before it. Subtract that of each "
        f"{case.line} first, which changes no probability."
    )
    other_shift = (
        "You subtract {}, and exp still leaves its range. Only the max keeps every exp at or below "
        "1, and one of them at 1."
    )
    shifts = [(_wrong(shift), other_shift.format(name)) for name, shift in _SHIFTS.items()]
    words = _suspect([(_wrong(), no_shift), *shifts], runs)
    if words or not _same_shape(case, outcome):
        return words
    if np.isnan(outcome.value).any() or not outcome.value.any():
        return (
            "exp leaves the range of floats, to inf or to only zeros. Subtract the max of each "
            f"{case.line} first."
        )
    return (
        "Large scores come out wrong, though nothing overflows: are they clipped or scaled? "
        "Subtract the max instead."
    )


def _explain_low(case, outcome, runs):
    if not _same_shape(case, outcome):
        return None
    only_max = f"Subtract the max of each {case.line}, also if it is below 0."
    words = f"You subtract the greatest |x|, and every exp is 0. {only_max}"
    return _suspect([(_wrong(_greatest_size), words)], runs) or (
        f"exp underflows: every exp is 0 or has few bits left, and 0 / 0 is nan. {only_max}"
    )


def _explain_small(case, outcome, runs):
    if not _same_shape(case, outcome):
        return None
    at = case.expected.argmin()
    p, e = outcome.value.flat[at], case.expected.flat[at]
    if p == 0:
        return (
            f"A probability of {e:.2g} comes out as 0: it is rounded or cut off. It fits a float."
        )
    if p > 1.001 * e:
        return (
            f"A probability of {e:.2g} comes out as {p:.2g}. There is a floor, as clipping or an "
            "added epsilon makes one; floats need none."
        )
    return None


def _explain_offset(case, outcome, runs):
    if outcome.value is None or not np.allclose(outcome.value, 1):
        return None
    return (
        "You take exp(x - logsumexp(x)): a large offset rounds logsumexp, and here two equal "
        "scores get 1 each. Subtract the max, then divide by the sum."
    )


def _explain_scale(case, outcome, runs):
    words = (
        f"A {case.line} far below the max of the whole array is lost. Take the max along the axis, "
        f"with axis={case.axis} and keepdims=True."
    )
    return _suspect([(_wrong(lambda x, a: x.max()), words)], runs)


def _explain_argument(case, outcome, runs):
    for a in (-1, 0, 1):
        if all(_alike(_wrong(over=a), *run) for run in runs):
            return f"It takes an axis and does not use it: it always works along axis {a}."
    return f"With axis={case.axis}: {_plain(case, outcome)}"


# The properties


def _arrays(dtype, *inputs):
    return tuple(np.array(values, dtype) for values in inputs)


_f64 = functools.partial(_arrays, np.float64)
_SCORES = _f64([3.0, 1.0, 0.2], [-1.0, 0.5, 2.0, -3.0])
_BLOCK = [
    [[1.0, 2.0, 4.0, 0.5], [0.0, 3.0, 3.5, 1.0], [2.0, 2.5, 0.0, 1.5]],
    [[5.0, 1.0, 1.5, 3.0], [0.5, 0.0, 2.0, 4.0], [1.0, 3.0, 2.0, 0.0]],
]
_CUBE = [[[1.0, 2.0], [0.0, 3.0]], [[5.0, 1.0], [0.5, 0.0]]]
_SQUARE = [[3.0, 1.0], [0.0, 0.5]]
_IN_RANGE = ("values", "last digits", "large positive", "large negative", "sum that overflows")
_LIMITED = {"severity": "limited", "refusal": "limited"}

_PROPERTIES = (
    _Property("result", "It gives an array of floats.", _SCORES, (), _is_floats, _explain_result),
    _Property("shape", "It keeps the shape.", _SCORES, ("result",), _same_shape),
    _Property("sums to 1", "The sum is 1.", _SCORES, ("shape",), _sums_to_1, _explain_numbers),
    _Property(
        "order",
        "A greater score gets a greater probability.",
        _SCORES,
        ("sums to 1",),
        _keeps_order,
        _explain_numbers,
    ),
    _Property("values", "Six digits are right.", _SCORES, ("order",), _nearly, _explain_numbers),
    _Property(
        "input unchanged",
        "The input is left as it was.",
        (*_SCORES, *_f64(_SQUARE)),
        (),
        lambda case, outcome: not outcome.changed,
        lambda case, outcome, runs: (
            "It changes its input: x -= ... and out=x write into the caller's own array. Make a "
            "new one, as x = x - ... does."
        ),
    ),
    _Property(
        "right axis",
        "Each slice is a distribution, in square, wide and tall input.",
        _f64(_SQUARE, [[3.0, 1.0, 0.2], [1.0, 2.0, 3.0]], [[3.0, 1.0], [0.0, 0.5], [0.2, 3.0]]),
        ("values",),
        _nearly,
        _explain_axis,
    ),
    _Property(
        "length 1",
        "A class without rivals gets 1, and an axis of length 1 stays.",
        _f64([5.0], [[3.0, 1.0, 0.2]], [[3.0], [1.0], [0.2]]),
        ("values", "right axis"),
        _nearly,
        fault="A class without rivals has probability 1.",
    ),
    _Property(
        "large positive",
        "Scores of 1000 and 2000 are no trouble.",
        _f64([1000.0, 1000.0], [1000.0, 999.0], [1000.0, 0.0], [0.0, 1000.0], [2000.0, 0.0, 1.0]),
        ("values",),
        _nearly,
        _explain_large,
    ),
    _Property(
        "large negative",
        "Scores of -1000 are no trouble.",
        _f64([-1000.0, -1000.0], [-1000.0, -999.0], [-400.0, -401.0]),
        ("values", "large positive"),
        _nearly,
        _explain_low,
    ),
    _Property(
        "last digits",
        "Ordinary scores are right but for the ulps that rounding explains.",
        _SCORES,
        ("values",),
        _right,
        _explain_numbers,
    ),
    _Property(
        "sum that overflows",
        "Scores whose exps are finite and their sum is not are no trouble.",
        _f64([709.5, 709.5], [-744.4, -744.0]),
        ("large positive", "large negative", "last digits"),
        _nearly,
        fault="Here each exp is finite, but their sum overflows, or too few bits of them are left. "
        "Subtract the max always, not only when an exp overflows.",
    ),
    _Property(
        "shift",
        "A large offset that all scores share changes nothing.",
        _f64([1e16, 1e16], [1024.1, 1023.3], [2.0**20 + 3, 2.0**20 + 1, 2.0**20 + 0.25]),
        _IN_RANGE,
        _right,
        _explain_offset,
    ),
    _Property(
        "small probabilities",
        "Probabilities down to 1e-304 have all their digits.",
        _f64([0.0, -40.0], [0.0, -300.0], [0.0, -700.0]),
        _IN_RANGE,
        _right,
        _explain_small,
    ),
    _Property(
        "own scale",
        "A neighbor 1000 higher changes nothing.",
        _f64([[0.0, 0.0], [-1000.0, -999.0]], [[0.0, 0.0], [-740.0, -742.0]]),
        ("right axis", *_IN_RANGE, "shift"),
        _nearly,
        _explain_scale,
        "A slice changes, or is lost, when its neighbor is 1000 higher. Each needs its own max.",
    ),
    _Property(
        "three dimensions",
        "It takes three dimensions too.",
        _f64(_CUBE, _BLOCK),
        ("right axis", "values"),
        _nearly,
        _explain_axis,
    ),
    _Property(
        "axis argument",
        "It works along any axis that it is given.",
        _f64(_BLOCK[0], _BLOCK),
        ("three dimensions", "right axis", "values"),
        _nearly,
        _explain_argument,
        every_axis=True,
    ),
    _Property(
        "own scale, any axis",
        "A neighbor 1000 higher changes nothing along any axis.",
        _f64([[1000.0, 0.0], [0.0, -1000.0]]),
        ("axis argument", "own scale"),
        _nearly,
        fault="Along another axis a slice is lost when its neighbor is far higher. The max must "
        "follow the axis too.",
        every_axis=True,
    ),
    _Property(
        "lists",
        "It takes lists.",
        ([3.0, 1.0, 0.2], _SQUARE),
        ("values", "right axis"),
        _nearly,
        fault="Begin with x = np.asarray(x), and lists work too.",
        refusal="limited",
    ),
    _Property(
        "integers",
        "It takes integers.",
        _arrays(np.int64, [3, 1, 0], [-3, 2, 1]),
        ("values",),
        _nearly,
        fault="An array of integers cannot hold probabilities. Begin with floats: "
        "x = np.asarray(x, dtype=float).",
        refusal="limited",
    ),
    _Property(
        "float32",
        "It is right in float32.",
        _arrays(np.float32, [3.0, 1.0, 0.25], [100.0, 100.0], [0.0, -80.0], [-100.0, -101.0]),
        (*_IN_RANGE, "shift", "small probabilities"),
        _right,
        fault="In float32 exp overflows above 88.7 and vanishes below -104: what suits float64 "
        "need not suit float32.",
        refusal="limited",
    ),
    _Property(
        "dtype kept",
        "float32 and float16 give their own dtype.",
        _arrays(np.float32, [3.0, 1.0, 0.25]) + _arrays(np.float16, [3.0, 1.0, 0.25]),
        ("values", "float32"),
        _keeps_dtype,
        _explain_dtype,
        **_LIMITED,
    ),
    _Property(
        "small integers",
        "uint8, int8 and bool do not wrap.",
        _arrays(np.uint8, [1, 0], [250, 0])
        + _arrays(np.int8, [100, -100])
        + _arrays(np.bool_, [True, False]),
        (*_IN_RANGE, "integers"),
        _nearly,
        fault="Small integers wrap: in uint8, 0 - 1 is 255, and bool cannot subtract at all. Make "
        "them floats before you subtract.",
        **_LIMITED,
    ),
    _Property(
        "float16",
        "It is right in float16.",
        _arrays(np.float16, [3.0, 1.0, 0.25], [12.0, 12.0], [-20.0, -21.0]),
        (*_IN_RANGE, "float32"),
        _right,
        fault="In float16 exp overflows above 11.09 and vanishes below -17.3. Compute in float32 "
        "and round once.",
        **_LIMITED,
    ),
    _Property(
        "float16 sum",
        "70 000 scores in float16 have a finite sum.",
        (np.zeros(70_000, np.float16),),
        ("values", "float16"),
        _right,
        fault="float16 ends at 65504, and 70 000 exps of 1 sum to more. Sum in float32, with "
        "dtype=np.float32.",
        long=True,
        **_LIMITED,
    ),
    _Property(
        "masked score",
        "A score of -inf gets probability 0.",
        _f64([-math.inf, 0.0], [-math.inf, 0.0, 1.0]),
        ("values", "large negative", "small probabilities"),
        _nearly,
        fault="A score of -inf masks its class: it should get 0, and the others their share.",
        **_LIMITED,
    ),
    _Property(
        "masked row",
        "A slice of only -inf is nan, and spoils no other.",
        _f64([-math.inf, -math.inf], [[-math.inf, -math.inf], [0.0, 1.0]]),
        ("right axis", "own scale", "masked score"),
        _nearly,
        fault="A slice of only -inf has no distribution. It should be nan and spoil no other; "
        "nan_to_num and the like hide that.",
        **_LIMITED,
    ),
    _Property(
        "+inf",
        "A slice with +inf is nan or the limit, and spoils no other.",
        _f64([0.0, math.inf], [math.inf, math.inf], [[0.0, math.inf], [0.0, 1.0]]),
        ("right axis", "own scale", "masked row"),
        _nearly_or_limit,
        fault="inf - inf is undefined: a slice with +inf should say nan, or give all to a single "
        "+inf, and spoil no other.",
        **_LIMITED,
    ),
    _Property(
        "nan",
        "nan stays visible, and in its slice.",
        _f64([math.nan, 0.0], [[math.nan, 0.0], [0.0, 1.0]]),
        ("right axis", "own scale", "masked row"),
        _nearly,
        fault="A slice with nan should stay nan and spoil no other: nan_to_num and the like hide "
        "that data are missing.",
        **_LIMITED,
    ),
)
