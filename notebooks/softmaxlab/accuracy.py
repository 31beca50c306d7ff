"""Errors of softmaxes and of sums: measured, bounded, and as recorded, for notebooks 02 and 06."""

import csv
from pathlib import Path

import numpy as np

from . import exact, half_ulp
from .error_free import two_difference
from .softmax import softmax
from .thread import THREAD

RECORD = Path(__file__).resolve().parents[1] / "data" / "accuracy.csv"

# Relative errors of np.exp in units of u, as the bounds suppose: 1.5 ulps in float64, 2.5 in
# float32; an ulp is at most 2 u of the number. A test holds np.exp to them.
EXP_ERROR = {"float64": 3.0, "float32": 5.0}


def shifted(x, exp=np.exp):
    """A, along the last axis: as scipy, torch, jax and TensorFlow do."""
    e = exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def unshifted(x, exp=np.exp):
    """B, along the last axis."""
    e = exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def division_free(x, exp=np.exp):
    """G, along the last axis."""
    top = x.max(axis=-1, keepdims=True)
    return exp(x - (top + np.log(exp(x - top).sum(axis=-1, keepdims=True))))


def portable_exp(x):
    """exp of float64 numbers between -800 and 800, correctly rounded: the same on any machine."""
    m, k = half_ulp.exp((x, np.zeros_like(x)))
    return np.ldexp(m[0], k)


def mended(x):
    """A with what rounding took from x - max."""
    top = x.max(axis=-1, keepdims=True)
    gap, lost = two_difference(x, top)
    e = np.exp(gap)
    e += e * np.where(np.isfinite(lost), lost, 0)
    return e / e.sum(axis=-1, keepdims=True)


METHODS = {
    "A: shift by the max": shifted,
    "B: no shift": unshifted,
    "G: exp(x - lse)": division_free,
    "A and two-diff": mended,
    "softmax": softmax,
    "half an ulp": half_ulp.softmax_half_ulp,
}


def errors_in_ulps(p, x):
    """Errors of p, the computed softmax of each row of x, where the exact one is a normal number.

    Parameters
    ----------
    p, x : ndarray of float32 or float64, shape (rows, n)

    Returns
    -------
    ndarray of float64, shape (rows, n)
        As `exact.errors_in_ulps`, but quick: from a double-double; below 1e-290 to half an ulp.
        0 where the exact one is subnormal.
    """
    info = np.finfo(p.dtype)
    with np.errstate(all="ignore"):
        high, low = half_ulp.softmax_of_rows(x.astype(np.float64))
        mantissa, exponent = np.frexp(high)
        exponent -= 1 + ((mantissa == 0.5) & (low < -1e-25 * high))  # below a power of two
        errors = np.ldexp(np.abs((p - high) - low), info.nmant - exponent)
    return np.where(high < info.tiny, 0, errors)


def bound(method, x):
    """Error bounds in ulps of the entries of one row x, to first order: those of the notebook."""
    e, n = EXP_ERROR[x.dtype.name], x.size
    additions = min(n - 1, 20 + np.log2(n))
    wide = x.astype(np.float64)
    gaps = wide.max() - wide
    p = half_ulp.softmax_half_ulp(wide)
    mean_gap = p @ gaps
    if method == "half an ulp":
        return np.full(n, 0.5001)
    if method == "G: exp(x - lse)":
        log_sum = -np.log(p.max())
        lse = wide.max() + log_sum
        return gaps + 3 * log_sum + abs(lse) + mean_gap + 2 * e + additions
    common = 2 * e + additions + 1
    if method == "A: shift by the max":
        return gaps + mean_gap + common
    return np.full(n, common if method == "B: no shift" else common + 2)


def load_map(lines=None):
    """Errors in ulps over spread and offset, as python -m benchmarks.accuracy --map recorded them.

    Parameters
    ----------
    lines : list of str, optional
        What the command printed; the course's record by default.

    Returns
    -------
    spreads, offsets : ndarray
    errors : dict from name to ndarray, shape (offsets, spreads)
    """
    rows = list(csv.reader(lines or RECORD.read_text(encoding="utf-8").splitlines()))
    values = np.array(rows[1:], dtype=float)
    spreads, offsets = np.unique(values[:, 0]), np.unique(values[:, 1])
    shape = (len(offsets), len(spreads))
    named = zip(rows[0][2:], values.T[2:], strict=True)
    return spreads, offsets, {name: column.reshape(shape) for name, column in named}


def worst_over(function, spreads, offsets, n=100):
    """Worst errors in ulps of rows of n float64 logits, shape (offsets, spreads)."""
    z = np.random.default_rng(6).standard_normal(n)
    x = (offsets[:, None, None] + spreads[:, None] * z).reshape(-1, n)
    with np.errstate(all="ignore"):
        worst = errors_in_ulps(function(x), x).max(axis=-1)
    return worst.reshape(len(offsets), len(spreads))


def in_pairs(e):
    """Sum of 2**k terms, one half onto the other."""
    while e.size > 1:
        e = e[: e.size // 2] + e[e.size // 2 :]
    return e[0]


def in_rows(e):
    """Sums of rows of 32, one by one, then of these in rows again; what is left in pairs."""
    while e.size % 32 == 0:
        e = np.add.accumulate(e.reshape(-1, 32), axis=1)[:, -1]
    return in_pairs(e)


SUMS = {
    "one by one": lambda e: np.add.accumulate(e)[-1],
    "in rows of 32, these in rows again": in_rows,
    "in pairs": in_pairs,
}


def errors_of_sums(counts):
    """Relative errors in u of sums of the first n of seeded random float32 numbers.

    Parameters
    ----------
    counts : sequence of int
        The n, powers of two, the greatest last.

    Returns
    -------
    dict
        From each of `SUMS` to a list of errors, one for each n.
    """
    e = np.random.default_rng(8).random(counts[-1]).astype(np.float32)
    exact_sums = [e[:n].sum(dtype=np.float64) for n in counts]
    return {
        name: [
            abs(float(total(e[:n])) / true - 1) * 2**24
            for n, true in zip(counts, exact_sums, strict=True)
        ]
        for name, total in SUMS.items()
    }


MOST_DIGITS = 13


def digits_at(name, c):
    """Correct digits of the thread's variant `name` at the scores 3 + c, 1 + c, c, in float64.

    Parameters
    ----------
    name : str
        "A" to "G".
    c : float
        Whole and below 2**53, so that the sums are not rounded.

    Returns
    -------
    float
        Whole digits of the worst entry, at most 13; nan where the result is.
    """
    x = np.array([3.0, 1.0, 0.0]) + c
    with np.errstate(all="ignore"):
        error = np.abs(THREAD[name].function(x) / exact.softmax(x) - 1).max()
        return float(np.clip(np.floor(-np.log10(error)), 0, MOST_DIGITS))


def worst_error(p, truth):
    """Greatest relative error of an entry of `p`; nan where `p` holds nan."""
    return float(np.abs(p / truth - 1).max())
