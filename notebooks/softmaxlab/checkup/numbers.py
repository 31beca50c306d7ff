"""The words for wrong numbers of one slice: which arithmetic gives them in every run."""

import math

import numpy as np

from .axes import of_other_axes
from .formulas import FORMULAS, scaled
from .models import suspect
from .trial import same_shape


def on_numbers(case, outcome, runs):
    """Which known formula gives these numbers for one slice of scores."""
    if not same_shape(case, outcome):
        return None
    formulas = [(_along(formula), words) for formula, words in FORMULAS[case.target.name]]
    words = suspect([*of_other_axes(case), *formulas], case, runs)
    if words:
        return words
    p, e = outcome.value.astype(np.float64), case.expected
    for digits in range(1, 14):
        if (p == np.round(e, digits)).all() and not (p == np.round(p)).all():
            return f"You round to {digits} decimals. Round what you print, not what you return."
    if np.allclose(p, e, rtol=1e-2) and (p == p.astype(np.float32)).all():
        return "It computes in float32 or less, and the scores are float64: digits are lost."
    if case.target.name != "softmax" or not all(same_shape(*run) for run in runs):
        return None
    with np.errstate(all="ignore"):
        return (
            _remainder(runs) or greatest_only(runs) or _power(runs) or _mixed(runs) or _added(runs)
        )


def _along(formula):
    """A formula for one slice as a model, for input that is one slice."""

    def model(x, axis):
        value = np.asarray(formula(x.ravel()))
        return value.reshape(x.shape) if value.ndim else value.reshape(np.delete(x.shape, axis))

    return model


def _flat(runs):
    """Scores, what f gave and the exact softmax of each run, as 1-D arrays of float64."""
    for case, outcome in runs:
        yield tuple(v.astype(np.float64).ravel() for v in (case.x, outcome.value, case.expected))


def _remainder(runs):
    """Whether one entry is 1 minus the others, to the last bit, and these are right."""
    for at, name in ((-1, "last"), (0, "first")):
        same = True
        for _, p, e in _flat(runs):
            rest = np.delete(p, at)
            sums = (1 - rest.sum(), 1 - math.fsum(rest), 1 - sum(rest.tolist()))
            same &= p[at] in sums and np.allclose(rest, np.delete(e, at), rtol=1e-12, atol=0)
        if same:
            return (
                f"The {name} entry is 1 minus the sum of the others, which costs it digits where "
                "it is small. Divide it by the sum, as the others."
            )
    return None


def greatest_only(runs):
    """Whether it is the softmax of some of the greatest scores, and 0 for all others."""
    if all(outcome.value.all() for _, outcome in runs):
        return None
    for x, p, _ in _flat(runs):
        e = np.exp(x - x.max()) * (p > 0)
        if x[p > 0].min(initial=np.inf) < x[p == 0].max(initial=-np.inf):
            return None
        if not np.allclose(p, e / e.sum(), rtol=1e-9, atol=0):
            return None
    return (
        "Only the greatest scores get a share, and the others 0. In a softmax each score has one."
    )


def _mixed(runs):
    """What is wrong where p = a * softmax + b: smoothing, or a number added to exps or shares."""
    fits = []
    for _, p, e in _flat(runs):
        a, b = np.linalg.lstsq(np.stack([e, np.ones_like(e)], axis=1), p, rcond=None)[0]
        if np.abs(p - a * e - b).max() > 1e-14 or not abs(b) > 1e-13:
            return None
        fits.append((a, b, e.max(), e.size))
    a, b, _, _ = fits[0]

    def alike(values):
        return np.allclose(values, values[0], rtol=1e-3, atol=0)

    if alike([b for _, b, _, _ in fits]) and np.isclose(a, 1, rtol=1e-13, atol=0):
        return f"{b:.2g} is added to each probability. Nothing need be added to a softmax."
    if np.isclose(a + b * fits[0][3], 1, rtol=1e-12) and alike([b * n for _, b, _, n in fits]):
        return (
            f"This is label smoothing of {b * fits[0][3]:.3g}: each share is mixed with 1 / n. "
            "That is for the labels of a loss, not for a softmax."
        )
    added = [b / (a * top) for a, b, top, _ in fits]
    if alike(added):
        return (
            f"{added[0]:.2g} is added to each exp(x - max). No epsilon is needed, as after the "
            "shift the sum is at least 1."
        )
    return None


def _added(runs):
    """Whether results of the same length have the same numbers added, before exp or at the end."""
    ends, scores = {}, {}
    for _, p, e in _flat(runs):
        ends.setdefault(p.size, []).append(p - e)
        logs = np.log(p / e)
        scores.setdefault(p.size, []).append(logs - logs.mean())
    for added, where in ((ends, "probabilities"), (scores, "scores")):
        if all(np.allclose(v, v[0], rtol=1e-3, atol=1e-14) for v in added.values()):
            return (
                f"The same numbers are added to all {where} of one length: noise of a fixed seed, "
                "or a bias."
            )
    return None


def _power(runs):
    """What is wrong where p = c exp(k x) for some c and k in each run."""
    fits = []
    for x, p, _ in _flat(runs):
        logs = np.log(p)
        k = (logs[x.argmax()] - logs[x.argmin()]) / np.ptp(x)
        if not np.allclose(logs - k * x, logs[0] - k * x[0], rtol=0, atol=1e-9):
            return None
        fits.append((x, k))
    _, p, e = next(_flat(runs))
    k = fits[0][1]

    def near(a, b):
        return math.isclose(a, b, rel_tol=1e-9)

    if not np.allclose([k for _, k in fits], k, rtol=1e-7):
        by = scaled(fits)
        if by:
            return (
                f"The scores are divided by {by} before exp. Softmax may shift its scores, and "
                "must not scale them."
            )
        return (
            "The scores are scaled by a factor that is not the same for all inputs. Softmax may "
            "shift its scores, and must not scale them."
        )
    if near(k, -1):
        return "The sign is turned: the least score gets the greatest probability."
    for base in (2, 10):
        if near(k, math.log(base)):
            return f"You take powers of {base}. Softmax takes powers of e, as np.exp does."
    if not math.isclose(k, 1, rel_tol=1e-7):
        digits = 4 if abs(k - 1) > 1e-3 else 10
        return (
            f"The scores are multiplied by {k:.{digits}g} before exp, a temperature of "
            f"{1 / k:.{digits}g}. A plain softmax has temperature 1."
        )
    return _divisor(p, e)


def _divisor(p, e):
    """What is wrong where the proportions are right."""
    if math.isclose(p.sum(), p.size, rel_tol=1e-9):
        return "You divide by the mean of the exps, so the entries sum to their number, not to 1."
    if math.isclose((p**2).sum(), 1, rel_tol=1e-9):
        return "You divide by the norm of the exps, so the squares of the entries sum to 1."
    if not np.allclose(p / e, p[0] / e[0], rtol=1e-12, atol=0) or abs(p.sum() - 1) < 1e-14:
        return None
    if math.isclose(np.float32(1 / p.max()), 1 / p.max(), rel_tol=1e-14):
        return "The divisor is rounded to float32. Sum in float64."
    if -0.05 < p.sum() - 1 < 0:
        return (
            f"The sum misses 1 by {1 - p.sum():.2g}: something is added to the divisor. No epsilon "
            "is needed, as after the shift the sum is at least 1."
        )
    return f"The proportions are right, but the entries sum to {p.sum():.6g}: the divisor is wrong."
