"""What a floating-point format can hold, and where exp, its sum and softmax leave it."""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from types import MappingProxyType

import numpy as np

from .arguments import NARROW, count, one_of, real


@dataclass(frozen=True)
class Format:
    """A binary floating-point format with subnormals, as in IEEE 754.

    Attributes
    ----------
    name : str
    precision : int
        Bits of the significand, with the hidden one.
    min_exponent, max_exponent : int
        Exponents of 2 of the smallest normal number and of the greatest power of two.
    """

    name: str
    precision: int
    min_exponent: int
    max_exponent: int

    @property
    def largest(self):
        """The largest finite number."""
        return math.ldexp(2 - 2 * self.unit_roundoff, self.max_exponent)

    @property
    def smallest_normal(self):
        """The smallest positive number of full precision."""
        return math.ldexp(1.0, self.min_exponent)

    @property
    def smallest_subnormal(self):
        """The smallest positive number."""
        return math.ldexp(1.0, self.min_exponent - self.precision + 1)

    @property
    def unit_roundoff(self):
        """Greatest relative error u of rounding to nearest, half the spacing at 1."""
        return 2.0**-self.precision


FORMATS = MappingProxyType(
    {
        "float16": Format("float16", 11, -14, 15),
        "bfloat16": Format("bfloat16", 8, -126, 127),
        "float32": Format("float32", 24, -126, 127),
        "float64": Format("float64", 53, -1022, 1023),
    }
)


def round_to(x, format):
    """Round float64 numbers to a format: to nearest, ties to even, with subnormals and overflow.

    Parameters
    ----------
    x : array_like of real numbers, floats of at most 64 bits
    format : str
        A key of `FORMATS`.

    Returns
    -------
    ndarray of float64
        The rounded numbers. Beyond the largest finite number they are +-inf.

    Raises
    ------
    TypeError
        If `x` holds anything else or has a mask, or `format` is no string.
    ValueError
        If `x` is ragged, or `format` is none of `FORMATS`.
    """
    f = _format(format)
    x = real("x", x, NARROW).astype(np.float64)
    last_bit = np.maximum(np.frexp(x)[1] - 1, f.min_exponent) - f.precision + 1
    with np.errstate(all="ignore"):
        rounded = np.ldexp(np.rint(np.ldexp(x, -last_bit)), last_bit)
    return np.where(np.abs(rounded) > f.largest, np.copysign(np.inf, x), rounded)[()]


def last_finite_exp(format):
    """The largest x of the format whose exp(x), rounded to the format, is finite."""
    f = _format(format)
    half_ulp = math.ldexp(f.unit_roundoff, f.max_exponent)
    return _neighbor(f, ROUND_FLOOR, lambda: (Decimal(f.largest) + Decimal(half_ulp)).ln())


def first_subnormal_exp(format):
    """The largest x of the format with an exp(x) below the smallest normal number."""
    f = _format(format)
    return _neighbor(f, ROUND_FLOOR, lambda: Decimal(f.smallest_normal).ln())


def first_zero_exp(format):
    """The largest x of the format whose exp(x) rounds to 0, half the smallest subnormal or less."""
    f = _format(format)
    return _neighbor(f, ROUND_FLOOR, lambda: (Decimal(f.smallest_subnormal) / 2).ln())


def sum_overflow(format, n):
    """log(largest) - log(n): above it `n` equal exps, summed exactly, overflow, though no exp may.

    A real number, not rounded to the format, correct to about 1e-13. `n` is an integer: else a
    TypeError; below 1, a ValueError.
    """
    return math.log(_format(format).largest) - math.log(count("n", n, 1, "terms"))


def gap_to_one(format):
    """The least gap of two logits, in the format, at which the greater probability is exactly 1.

    That is where the sum 1 + exp(-gap), computed in the format, rounds to 1: exp(-gap) at most u,
    a tie that goes to even.
    """
    f = _format(format)
    return _neighbor(f, ROUND_CEILING, lambda: -Decimal(f.unit_roundoff).ln())


def gap_to_zero(format):
    """The least gap of two logits, in the format, from which the smaller probability is 0."""
    return -first_zero_exp(format)


def thresholds(n=1000):
    """The numbers of this room as a table.

    Parameters
    ----------
    n : int
        How many equal exps are summed.

    Returns
    -------
    list of tuple
        One row for each threshold: what it is, then a float for each of `FORMATS`, in order.
    """
    rows = {
        "last finite exp": last_finite_exp,
        "first subnormal exp": first_subnormal_exp,
        "first exp that is 0": first_zero_exp,
        f"sum of {n} equal exps overflows above": lambda format: sum_overflow(format, n),
        "gap where the larger p is exactly 1": gap_to_one,
        "gap where the smaller p is exactly 0": gap_to_zero,
    }
    return [(name, *(function(format) for format in FORMATS)) for name, function in rows.items()]


def _format(name):
    return FORMATS[one_of("format", name, FORMATS)]


def _neighbor(f, rounding, bound):
    """The number of format f next to bound(), which is computed to 50 digits and never in f."""
    with localcontext(Context(prec=50)):
        value = bound()
        last_bit = math.frexp(float(value))[1] - f.precision
        steps = (value / Decimal(2) ** last_bit).to_integral_value(rounding)
        return math.ldexp(int(steps), last_bit)
