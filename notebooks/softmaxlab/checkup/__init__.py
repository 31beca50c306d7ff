"""A checkup for softmax, log-softmax and logsumexp: what is wrong, and an input that shows it.

`targets` has what each function should give, `properties` what it must do and on which inputs,
`cases` lays these out, `trial` calls f and judges the numbers, `memory` judges what is kept between
calls, `words`, `axes` and `numbers` name the fault by `models` and `formulas`, `seen` says what is
seen of any, `report` shows what was found.
"""

import copy
import functools
import operator
import reprlib
from dataclasses import replace

import numpy as np

from . import memory
from .cases import ARRAYS, cases_of
from .properties import PROPERTIES
from .report import Checkup, Finding
from .seen import plain
from .targets import TARGETS
from .trial import Trial, no_error, same_shape

__all__ = ["ARRAYS", "Checkup", "Finding", "examine"]

# A numpy function takes 0.03 ms for 2049 scores, a loop in Python 2, and all pairs of them 20.
_LONG = 0.01
_DIMENSIONS = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0b1" else 32


def examine(f, axis=-1, ndim=None, of="softmax"):
    """Put a softmax, a log-softmax or a logsumexp on the examining table.

    In a test it goes into one line, which shows all that was found where it fails::

        assert examine(mine).verdict == "sound", examine(mine)

    Parameters
    ----------
    f : callable
        ``f(x)``, or ``f(x, axis=...)`` if its signature has an `axis`. It is called some 230 times,
        or 320 with an `axis`, each time with its own copy of the input: a numpy array or a list.
    axis : int
        The axis along which each slice of the result is a distribution. It is handed to an `f`
        that takes one.
    ndim : int, optional
        The only number of dimensions that `f` claims to take. Without it `f` must take every
        number of dimensions that has the axis, of which those up to 4 are tried.
    of : str
        What `f` is meant to be: "softmax", "log_softmax", or "logsumexp", which gives one number
        for each slice. If the signature of that has `keepdims`, it is tried too.

    Returns
    -------
    Checkup
        Its `verdict` is "wrong" if a finite input gives a wrong answer or nan, raises, or is
        changed, if something of an earlier call is given, or if what it gives for an array is a
        list, or is of no real dtype of numpy's own. It is "limited" if that only happens
        to the exotic: small integers that wrap, float16, masks, +inf and nan, logs near 0, a batch
        without slices, or a type or storage of input that `f` refuses or does not keep. Else it is
        "sound".

    Raises
    ------
    TypeError
        If `f` is not callable, `axis` or `ndim` is not an integer, or `of` is no string.
    ValueError
        If `ndim` is below 1 or has no such axis, numpy has no such axis, or `of` is none of the
        three.

    Notes
    -----
    Whatever `f` raises is a finding, but for KeyboardInterrupt. The result may be of any type that
    has `__array__`, as the arrays of other libraries do. exp(x - logsumexp(x)) is wrong by these
    rules: it loses digits in proportion to the offset, until two equal scores get 1 each.

    Slices of up to 65537 scores are tried, but none above 2049 if these take the processor longer
    than 0.01 s, as where each score is compared with each.

    Examples
    --------
    >>> import numpy as np
    >>> from softmaxlab import examine, softmax
    >>> examine(softmax).verdict
    'sound'
    >>> def unshifted(x):
    ...     e = np.exp(x)
    ...     return e / e.sum(axis=-1, keepdims=True)
    >>> examine(unshifted).verdict
    'wrong'
    """
    target, axis, dims = _checked(f, axis, ndim, of)
    trial = Trial(f)
    memories = memory.first_calls(trial, axis, dims, target)
    tried = {prop: _runs(trial, prop, axis, dims, target) for prop in PROPERTIES[of]}
    others = [run for runs in tried.values() for run in runs]
    again = [
        (runs[0][0], trial.run(runs[0][0]))
        for prop, runs in tried.items()
        if runs and not prop.keepdims
    ]
    found, roots = [], {}  # a root is the first failure among what a property needs, or its own
    for prop, runs in tried.items():
        if prop.name == "same each time":
            finding = _of_memory(prop, memory.fault(*memories, others, again))
        elif runs or prop.always:
            finding = _judge(prop, runs, others if prop.always else ())
        else:
            continue
        root = next((roots[need] for need in prop.needs if need in roots), None)
        if root or not finding.passed:
            roots[prop.name] = root or prop.name
        found.append(finding)
    return Checkup(_folded(found, roots), of)


def fails(f, axis=-1, ndim=None, of="softmax"):
    """The names of properties of which an input fails, one by one, as `examine` would find them.

    For whoever stops at the first: it has no words for them, and keeps no results to compare.
    """
    target, axis, dims = _checked(f, axis, ndim, of)
    trial = Trial(f)
    for prop in PROPERTIES[of]:
        if _failing(prop, _runs(trial, prop, axis, dims, target)):
            yield prop.name


def _checked(f, axis, ndim, of):
    """The target, the axis, and the numbers of dimensions to be tried."""
    if not callable(f):
        raise TypeError(
            f"f must be a function, but is {reprlib.repr(f)}; hand over the function itself, not "
            "its result"
        )
    names = ", ".join(map(repr, TARGETS))
    if not isinstance(of, str):
        raise TypeError(f"of must be one of {names}, but is {reprlib.repr(of)}")
    if of not in TARGETS:
        raise ValueError(f"of must be one of {names}, but is {of!r}")
    axis = _integer("axis", axis)
    least = axis + 1 if axis >= 0 else -axis
    if least > _DIMENSIONS:
        raise ValueError(
            f"axis must be within the {_DIMENSIONS} dimensions that numpy has, but is {axis}"
        )
    if ndim is None:
        return TARGETS[of], axis, tuple(range(least, max(least, 4) + 1))
    dims = _integer("ndim", ndim)
    if dims < least:
        raise ValueError(f"ndim must be 1 or more and have the axis {axis}, but is {ndim!r}")
    if dims > _DIMENSIONS:
        raise ValueError(f"ndim must be at most {_DIMENSIONS}, as numpy has it, but is {ndim!r}")
    return TARGETS[of], axis, (dims,)


def _integer(name, value):
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, but is {reprlib.repr(value)}") from None


@functools.cache
def _cases(prop, axis, dims, target):
    """The inputs of a property, laid along the axis, with what is exact for them."""
    return tuple(
        replace(case, expected=np.expand_dims(case.expected, axis)) if prop.keepdims else case
        for given in prop.inputs
        for case in cases_of(given, axis, dims, target, prop.every_axis)
    )


def _runs(trial, prop, axis, dims, target):
    if (prop.every_axis and "axis" not in trial.takes) or (
        prop.keepdims and "keepdims" not in trial.takes
    ):
        return []
    options = {"keepdims": True} if prop.keepdims else {}
    runs = []
    for case in _cases(prop, axis, dims, target):
        outcome = trial.run(case, **options)
        if prop.grow and outcome.seconds > _LONG:
            outcome = trial.run(case, **options)  # the first call may have had more to do
        runs.append((case, outcome))
        if prop.grow and (outcome.seconds > _LONG or not prop.holds(case, outcome)):
            break
    return runs


def _of_memory(prop, fault):
    if fault is None:
        return Finding(prop.name, True, prop.severity, prop.claim)
    words, case, got = fault
    return _shown(prop, prop.severity, words, case, got)


def _failing(prop, runs):
    with np.errstate(all="ignore"):
        return [run for run in runs if not prop.holds(*run)]


def _judge(prop, runs, others):
    """The finding on a property: of the first run that fails, or raises if none else fails."""
    with np.errstate(all="ignore"):
        failing = _failing(prop, runs) or [run for run in others if not prop.always(*run)]
        if not failing:
            return Finding(prop.name, True, prop.severity, prop.claim)
        ranked = (
            failing
            if prop.refusal == prop.severity
            else sorted(failing, key=lambda run: not no_error(*run))
        )
        case, outcome = ranked[0]
        words = prop.explain(case, outcome, runs)
        if not words and same_shape(case, outcome):
            words = prop.fault
        if not words:
            words = plain(case, outcome)
            if outcome.error and prop.fault:
                words += f" {prop.fault}"
    severity = prop.refusal if outcome.error else prop.severity
    return _shown(prop, severity, words, case, outcome.got)


def _shown(prop, severity, words, case, got):
    """A finding with copies, so that what one does to it does not reach the next examination."""
    x, expected = case.given(), copy.deepcopy(case.expected)
    return Finding(prop.name, False, severity, words, x, expected, got)


def _folded(found, roots):
    """Each failure with those that repeat it, the gravest first, and then what holds."""
    kept = []
    for finding in found:
        if finding.passed or roots[finding.name] == finding.name:
            same = (f for f in found if not f.passed and f is not finding)
            also = tuple(f for f in same if roots[f.name] == finding.name)
            kept.append(finding if finding.passed else replace(finding, also=also))
    rank = {"wrong": 0, "limited": 1}
    return tuple(sorted(kept, key=lambda f: 2 if f.passed else rank[f.severity]))
