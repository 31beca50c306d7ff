"""Checks of notebook 06."""

from fractions import Fraction

import numpy as np

from . import Fault, ask, gives, hinted, makes, near, shaped
from .sound import by_checkup


def _count(a, b):
    """Number of float64 steps between two positive floats."""
    return abs(int(np.float64(a).view(np.int64)) - int(np.float64(b).view(np.int64)))


_OF_ULPS = (
    gives(
        lambda a, b: -_count(a, b),
        "The size is right. From the greater to the smaller it is as many steps.",
        None,
    ),
    gives(
        lambda a, b: _count(a, b) - 1,
        "You count the floats strictly between them. Neighbors are one step apart.",
        None,
    ),
    gives(lambda a, b: abs(a - b), "That is the distance. How many spacings long is it?"),
    gives(
        lambda a, b: abs(a - b) / np.finfo(float).eps,
        "You measure all with the spacing at 1. It changes at each power of two.",
    ),
    Fault(
        lambda arguments, expected, got: any(
            near(got, abs(arguments[0] - arguments[1]) / np.spacing(end)) for end in arguments
        ),
        "You use one spacing for the whole way. A power of two lies between these two numbers, and "
        "there the spacing doubles.",
    ),
)


@hinted(
    "np.float64(a).view(np.int64) reads the bits of a positive float as an integer. What do the "
    "integers of two neighbors differ by?"
)
def check_ulps_between(function):
    """Judges ``function(a, b)``: how many steps from float to float lead from a to b, both > 0."""
    pairs = [
        (1.0, 1.0),
        (1.0, float(np.nextafter(1, 2))),
        (1.0, 1.5),
        (1.5, 1.0),
        (0.3, 0.7),
        (1.0, 4.0),
        (5e-324, 1e-310),
    ]
    return ask(
        function,
        [((a, b), _count(a, b)) for a, b in pairs],
        _OF_ULPS,
        "The bits of positive floats, read as integers, count them in order: no spacing is needed.",
        rtol=1e-15,
    )


def _lost(a, b):
    """What rounding takes from a - b."""
    return float(Fraction(a) - Fraction(b) - Fraction(a - b))


_OF_TWO_SUM = (
    Fault(
        lambda arguments, expected, got: np.shape(got) != (2,),
        "Return two numbers: the rounded sum, and what it lost.",
        None,
    ),
    gives(
        lambda a, b: (a - b, _lost(a, b)),
        "That is two_diff itself. The sum is asked for.",
    ),
    gives(
        lambda a, b: (a + b, -_lost(a, -b)),
        "The sign of what was lost is turned. True sum = s + lost.",
    ),
    gives(
        lambda a, b: (_lost(a, -b), a + b),
        "The two are in the wrong order: first the sum, then what it lost.",
        None,
    ),
    gives(
        lambda a, b: (a + b, b - ((a + b) - a)),
        "That is right as long as |a| is at least |b|. Here b is the greater, and s - a is rounded "
        "itself.",
    ),
    Fault(
        lambda arguments, expected, got: got[1] == 0 != expected[1],
        "Nothing was lost, you say. Algebra says so too, but s is rounded: compare s - a with b.",
    ),
)


@hinted(
    "From s alone, how much of a and how much of b is in it? s - a is what came from b; what is "
    "left of s came from a. Compare each with what should have come."
)
def check_two_sum(function):
    """Judges ``function(a, b)``: a + b rounded, and what the rounding took, exactly."""
    pairs = [(100.1, 3.3), (1.0, 2.0**-60), (3.3, 100.1), (1e-3, 1e3), (-0.1, 0.3), (1e-9, -1.0)]
    return ask(
        function,
        [((a, b), (a + b, _lost(a, -b))) for a, b in pairs],
        _OF_TWO_SUM,
        "Six operations, none of them wider than float64, and the error is known exactly.",
        rtol=1e-15,
    )


_OF_COLUMNS = (
    shaped(
        lambda e: e.shape[:1],
        "These are the sums of the rows. Each column is to be summed, along axis 0.",
        None,
    ),
    shaped(
        lambda e: (), "That is one number for the whole array. Each column has its own sum.", None
    ),
    makes(lambda sums: sums / np.nan, "The sums are nan, though every entry is finite.", None),
    Fault(
        lambda arguments, expected, got: (
            len(arguments[0]) > 2048 and np.max(got) <= 2048 < np.max(expected)
        ),
        "Your sum stops at 2048: in float16 the next number is 2050, and 2048 + 1 rounds back.",
    ),
    gives(
        lambda e: e[: len(e) // 2 * 2].sum(axis=0, dtype=float),
        "A row is missing: their number is odd here, so one is left over when you halve.",
        None,
    ),
    Fault(
        lambda arguments, expected, got: np.allclose(got, expected, rtol=0.2),
        "Near, but not to 1 in 200: too many roundings still follow one another.",
    ),
)


@hinted(
    "Add with fewer steps: the first half of the rows onto the second half, again and again. Or "
    "add in a wider dtype."
)
def check_column_sums(function):
    """Judges ``function(e)``: the sums of the columns of a float16 array, right to 1 in 200.

    No sum is greater than the largest float16.
    """
    rng = np.random.default_rng(0)
    given = [np.ones((n, 2), np.float16) for n in (3, 2048, 5000, 65000)]
    given.append(rng.uniform(0, 1, (3001, 3)).astype(np.float16))
    wide = rng.uniform(0, 1, (3, 3001)).astype(np.float16)
    given += [wide, wide.T, np.ones((1, 4), np.float16)]
    return ask(
        function,
        [((e,), e.sum(axis=0, dtype=np.float64)) for e in given],
        _OF_COLUMNS,
        "An addend of normal size never met a sum so large that it vanished in it.",
        rtol=5e-3,
    )


@hinted(
    "One finding at a time. Near 0 the max gives the 1 of 1 + t: sort the exps along the axis, "
    "leave the last one out of the sum, and take np.log1p. And where the max is not finite, "
    "subtract 0 in its place."
)
def check_sound_logsumexp(f):
    """Judges a learner's logsumexp ``f(x, axis=...)`` by `examine`: it must be sound."""
    return by_checkup(
        f, "Every property of the checkup holds, a result near 0 with all its digits.", "logsumexp"
    )
