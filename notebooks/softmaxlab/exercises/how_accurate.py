"""Checks of notebook 06."""

from fractions import Fraction

import numpy as np

from . import ask, hinted


def _count(a, b):
    """Number of float64 steps between two positive floats."""
    return abs(int(np.float64(a).view(np.int64)) - int(np.float64(b).view(np.int64)))


def _is(formula):
    """A fault: the learner's result is that of `formula`."""

    def test(arguments, expected, got):
        return np.allclose(got, formula(*arguments), rtol=1e-9, atol=0)

    return test


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
        [
            (
                _is(lambda a, b: -_count(a, b)),
                "The size is right. From the greater to the smaller it is as many steps.",
            ),
            (
                _is(lambda a, b: _count(a, b) - 1),
                "You count the floats strictly between them. Neighbors are one step apart.",
            ),
            (
                _is(lambda a, b: abs(a - b)),
                "That is the distance. How many spacings long is it?",
            ),
            (
                _is(lambda a, b: abs(a - b) / np.finfo(float).eps),
                "You measure all with the spacing at 1. It changes at each power of two.",
            ),
            (
                lambda arguments, expected, got: any(
                    np.isclose(got, abs(arguments[0] - arguments[1]) / np.spacing(end))
                    for end in (min(arguments), max(arguments))
                ),
                "You use one spacing for the whole way. A power of two lies between these two "
                "numbers, and there the spacing doubles.",
            ),
        ],
        praise="The bits of positive floats, read as integers, count them in order: no spacing is "
        "needed.",
    )


def _lost(a, b):
    return float(Fraction(a) - Fraction(b) - Fraction(a - b))


@hinted(
    "From d alone, how much of a and how much of b is in it? d - a is what came from -b; what is "
    "left of d came from a. Compare each with what should have come."
)
def check_two_diff(function):
    """Judges ``function(a, b)``: a - b rounded, and what the rounding took, exactly."""
    pairs = [(1.0, 2.0**-60), (-3.3, 100.1), (1e-3, 1e3), (100.1, -3.3), (0.1, 0.3)]

    def of(d_and_lost):
        return lambda a, b: np.array(d_and_lost(a, b))

    return ask(
        function,
        [((a, b), (a - b, _lost(a, b))) for a, b in pairs],
        [
            (
                lambda arguments, expected, got: np.shape(got) != (2,),
                "Return two numbers: the rounded difference, and what it lost.",
            ),
            (
                _is(of(lambda a, b: (a - b, -_lost(a, b)))),
                "The sign of what was lost is turned. True difference = d + lost.",
            ),
            (
                _is(of(lambda a, b: (_lost(a, b), a - b))),
                "The two are in the wrong order: first the difference, then what it lost.",
            ),
            (
                _is(of(lambda a, b: (a - b, (a - (a - b)) - b))),
                "That is right as long as |a| is at least |b|. Here b is the greater, and a - d is "
                "rounded itself.",
            ),
            (
                lambda arguments, expected, got: got[1] == 0 != expected[1],
                "Nothing was lost, you say. Algebra says so too, but d is rounded: compare d - a "
                "with -b.",
            ),
        ],
        praise="Six operations, none of them wider than float64, and the error is known exactly.",
        rtol=1e-12,
    )


@hinted(
    "Add with fewer steps: the first half of the rows onto the second half, again and again. Or "
    "add in a wider dtype."
)
def check_column_sums(function):
    """Judges ``function(e)``: the sums of the columns of a float16 array, right to 1 in 200."""
    rng = np.random.default_rng(0)
    ones = [np.ones((n, 2), np.float16) for n in (3, 2048, 5000)]
    mixed = rng.uniform(0, 1, (3001, 3)).astype(np.float16)
    cases = [*ones, mixed]
    return ask(
        function,
        [((e,), e.sum(axis=0, dtype=np.float64)) for e in cases],
        [
            (
                lambda arguments, expected, got: np.shape(got) == arguments[0].shape[:1],
                "These are the sums of the rows. Each column is to be summed, along axis 0.",
            ),
            (
                lambda arguments, expected, got: np.ndim(got) == 0,
                "That is one number for the whole array. Each column has its own sum.",
            ),
            (
                lambda arguments, expected, got: (
                    len(arguments[0]) > 2048 and np.max(got) <= 2048 < np.max(expected)
                ),
                "Your sum stops at 2048: in float16 the next number is 2050, and 2048 + 1 rounds "
                "back.",
            ),
            (
                lambda arguments, expected, got: (
                    len(arguments[0]) % 2 and np.all(np.asarray(got) < 0.995 * expected)
                ),
                "A row is missing: their number is odd here, so one is left over when you halve.",
            ),
            (
                lambda arguments, expected, got: np.allclose(got, expected, rtol=0.2),
                "Near, but not to 1 in 200: too many roundings still follow one another.",
            ),
        ],
        praise="An addend of normal size never met a sum so large that it vanished in it.",
        rtol=5e-3,
    )
