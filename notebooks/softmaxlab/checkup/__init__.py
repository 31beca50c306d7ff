"""A checkup for any softmax: what is right and wrong with it, and the smallest input that shows it.

`properties` has what a softmax must do, `trial` runs it and judges the numbers, `words` names the
fault, `report` shows what was found.
"""

import copy
import functools
import inspect
import operator
from dataclasses import replace

import numpy as np

from .. import exact
from .properties import PROPERTIES
from .report import Checkup, Finding
from .trial import Case, run, same_shape
from .words import plain

__all__ = ["Checkup", "Finding", "examine"]


def examine(f, axis=-1, ndim=None):
    """Put a softmax on the examining table.

    Parameters
    ----------
    f : callable
        ``f(x)``, or ``f(x, axis=...)`` if its signature has an `axis`. It is called some 80 times,
        or 140 with an `axis`, each time with its own copy of the input: a numpy array or a list.
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
    Whatever `f` raises is a finding, but for KeyboardInterrupt. The result may be of any type that
    numpy makes an array of, as the arrays of other libraries are. exp(x - logsumexp(x)) is wrong by
    these rules: it loses digits in proportion to the offset, until two equal scores get 1 each.

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
    for prop in PROPERTIES:
        cases = _cases(prop, axis, dims)
        if not cases or (prop.every_axis and not takes_axis):
            continue
        finding = _judge(prop, [(case, run(f, takes_axis, case)) for case in cases])
        root = next((roots[need] for need in prop.needs if need in roots), None)
        if root or not finding.passed:
            roots[prop.name] = root or prop.name
        found.append(finding)
    return Checkup(_folded(found, roots))


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


@functools.cache
def _cases(prop, axis, dims):
    """The inputs of a property, laid along the axis, with their exact softmax."""
    cases = []
    for given in prop.inputs:
        x = np.array(given)
        ndim = next((d for d in dims if d >= x.ndim), None)
        if ndim is None:
            continue
        x = np.moveaxis(x.reshape((1,) * (ndim - x.ndim) + x.shape), -1, axis).copy("K")
        for a in range(-ndim, ndim) if prop.every_axis else (axis,):
            if x.size > 1000:  # too slow for `exact`, and all scores are equal
                expected = np.full(x.shape, 1 / x.shape[a])
            else:
                expected = exact.softmax(x, axis=a)
            cases.append(Case(x.tolist() if isinstance(given, list) else x, a, expected))
    return tuple(cases)


def _judge(prop, runs):
    """The finding on a property, which shows the first run that fails."""
    for case, outcome in runs:
        with np.errstate(all="ignore"):
            if prop.holds(case, outcome):
                continue
            words = prop.explain(case, outcome, runs)
            if not words and same_shape(case, outcome):
                words = prop.fault
            if not words:
                words = plain(case, outcome)
                if outcome.error and prop.fault:
                    words += f" {prop.fault}"
        severity = prop.refusal if outcome.error else prop.severity
        x, expected = copy.deepcopy((case.x, case.expected))
        return Finding(prop.name, False, severity, words, x, expected, outcome.got)
    return Finding(prop.name, True, prop.severity, prop.claim)


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
