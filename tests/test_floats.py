"""What the formats hold: against numpy's own types, its casts, and its exp on both sides."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmaxlab import floats
from softmaxlab.floats import FORMATS, round_to

NUMPY = ["float16", "float32", "float64"]

# As measured before the course was written: float16, bfloat16, float32, float64.
MEASURED = [
    ("last finite exp", 11.0859375, 88.5, 88.72283172607422, 709.782712893384),
    ("first subnormal exp", -9.7109375, -87.5, -87.3365478515625, -708.3964185322642),
    ("first exp that is 0", -17.34375, -93.0, -103.97208404541016, -745.1332191019412),
    ("sum of 1000 equal exps overflows above", None, None, 81.815, 702.875),
    ("gap where the larger p is exactly 1", 7.625, 5.5625, 16.635532, 36.7368005697),
    ("gap where the smaller p is exactly 0", 17.34375, 93.0, 103.972084, 745.133219),
]


def test_the_table():
    rows = floats.thresholds()
    assert [row[0] for row in rows] == [row[0] for row in MEASURED]
    for row, measured in zip(rows, MEASURED, strict=True):
        assert all(isinstance(value, float) for value in row[1:])
        for value, expected in zip(row[1:], measured[1:], strict=True):
            if expected is not None:
                digits = len(str(expected).replace("-", "").replace(".", ""))
                assert value == pytest.approx(expected, rel=10.0 ** (1 - min(digits, 16)))


def test_the_table_takes_n():
    rows = floats.thresholds(n=10)
    assert rows[3][0] == "sum of 10 equal exps overflows above"
    assert rows[3][4] == pytest.approx(709.7827 - 2.3026, abs=1e-4)


@pytest.mark.parametrize("name", NUMPY)
def test_formats_are_numpys(name):
    f, info = FORMATS[name], np.finfo(name)
    assert f.name == name
    assert f.precision == info.nmant + 1
    assert f.min_exponent == info.minexp
    assert f.max_exponent == info.maxexp - 1
    assert f.largest == float(info.max)
    assert f.smallest_normal == float(info.smallest_normal)
    assert f.smallest_subnormal == float(info.smallest_subnormal)
    assert f.unit_roundoff == float(info.eps) / 2


def test_bfloat16_is_the_upper_half_of_float32():
    bits = np.array([0x7F7F0000, 0x00800000, 0x00010000, 0x3F810000], np.uint32)
    largest, normal, subnormal, after_1 = bits.view(np.float32).tolist()
    f = FORMATS["bfloat16"]
    assert (f.largest, f.smallest_normal, f.smallest_subnormal) == (largest, normal, subnormal)
    assert 2 * f.unit_roundoff == after_1 - 1


def test_formats_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FORMATS["float16"].precision = 12
    with pytest.raises(TypeError):
        FORMATS["float8"] = FORMATS["float16"]


# round_to


def bfloat16(x):
    """Round float32 numbers to bfloat16 in their bits, and give them back as float32."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def same(x, y):
    """Equal, nan with nan, and zeros of one sign."""
    np.testing.assert_array_equal(x, y)
    numbers = ~np.isnan(x)
    np.testing.assert_array_equal(np.signbit(x)[numbers], np.signbit(y)[numbers])


EDGES = [0.0, -0.0, math.inf, -math.inf, math.nan, 65504.0, 65519.99, 65520.0, 2.0**-24, 2.0**-25]
EDGES += [1.5 * 2.0**-25, 3.4028235677973366e38, 3.4028234e38, 2.0**-149, 2.0**-150, 1 + 2.0**-11]
EDGES += [1 + 2.0**-24, 1 + 3 * 2.0**-24, 1.7976931348623157e308, 5e-324, 2.0**-14 - 2.0**-26]


@pytest.mark.parametrize("name", NUMPY)
@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(), st.floats(-7e4, 7e4), st.floats(-1e-4, 1e-4), st.sampled_from(EDGES))
    )
)
def test_round_to_is_numpys_cast(name, values):
    x = np.array([*values, *EDGES])
    with np.errstate(all="ignore"):
        cast = x.astype(name).astype(np.float64)
    with np.errstate(all="raise"):
        same(round_to(x, name), cast)


@settings(deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1))
def test_round_to_bfloat16_is_rounding_of_bits(values):
    x = np.array(values)
    same(round_to(x, "bfloat16"), bfloat16(x).astype(np.float64))


def test_round_to_bfloat16_by_hand():
    u = FORMATS["bfloat16"].unit_roundoff
    x = [1 + u, 1 + 3 * u, 1 + u + 1e-9, 2.0**-134, 1.1 * 2.0**-134, (2 - u) * 2.0**127, 300.0]
    result = round_to(x, "bfloat16").tolist()
    assert result == [1, 1 + 4 * u, 1 + 2 * u, 0, 2.0**-133, math.inf, 300]


def test_round_to_shapes():
    assert round_to(0.1, "float16") == float(np.float16(0.1))
    assert round_to([[0.1, 2]], "float32").shape == (1, 2)
    x = np.array([0.1])
    assert round_to(x, "float16") is not x
    assert x[0] == 0.1


# The thresholds, against np.exp run on both sides
#
# np.exp may be off by an ulp, and differently on another CPU. A step of x near these thresholds
# changes exp by far more than an ulp in float16 and float64. In float32 a step is worth 64 ulps
# or more of a normal result; a subnormal result can only come out at the neighbor.


def exps_around(name, threshold):
    """np.exp at the numbers of the dtype just below, at and just above a threshold."""
    number = np.dtype(name).type
    at = number(threshold)
    assert float(at) == threshold, "a threshold is a number of its format"
    below, above = np.nextafter(at, number(-np.inf)), np.nextafter(at, number(np.inf))
    with np.errstate(all="ignore"):
        return [float(np.exp(x)) for x in (below, at, above)]


@pytest.mark.parametrize("name", NUMPY)
def test_last_finite_exp(name):
    _, at, above = exps_around(name, floats.last_finite_exp(name))
    assert at < math.inf == above
    assert at > 0.98 * FORMATS[name].largest


@pytest.mark.parametrize("name", NUMPY)
def test_first_subnormal_exp(name):
    _, at, above = exps_around(name, floats.first_subnormal_exp(name))
    assert at < FORMATS[name].smallest_normal <= above
    assert at > 0.98 * FORMATS[name].smallest_normal


@pytest.mark.parametrize("name", NUMPY)
def test_first_zero_exp(name):
    below, at, above = exps_around(name, floats.first_zero_exp(name))
    tiny = FORMATS[name].smallest_subnormal
    assert below == 0
    assert above in (tiny, 2 * tiny)
    assert at in (0, tiny)  # an ulp of leave: it is all but half the smallest subnormal


def bfloat16_exps_around(threshold):
    """exp in float64, rounded to bfloat16, at the three bfloat16 numbers around a threshold."""
    step = math.ldexp(1, math.frexp(threshold)[1] - FORMATS["bfloat16"].precision)
    x = threshold + step * np.array([-1, 0, 1])
    np.testing.assert_array_equal(round_to(x, "bfloat16"), x)
    return round_to(np.exp(x), "bfloat16").tolist()


def test_bfloat16_thresholds_by_rounding():
    f = FORMATS["bfloat16"]
    _, at, above = bfloat16_exps_around(floats.last_finite_exp("bfloat16"))
    assert at < math.inf == above
    _, at, above = bfloat16_exps_around(floats.first_subnormal_exp("bfloat16"))
    assert at < f.smallest_normal <= above
    _, at, above = bfloat16_exps_around(floats.first_zero_exp("bfloat16"))
    assert at == 0 < above


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 10, 1000])
def test_sum_overflows_though_no_exp_does(name, n):
    # An exp is off by an ulp and x is rounded, so the measurement stands a few ulps of x away.
    bound = floats.sum_overflow(name, n)
    room = 4 * float(np.spacing(np.dtype(name).type(bound)))
    with np.errstate(all="ignore"):
        below, above = (np.exp(np.full(n, bound + side * room, name)).sum() for side in (-1, 1))
    assert np.isfinite(below)
    assert np.isinf(above)
    assert np.isfinite(np.exp(np.dtype(name).type(bound + room)))


def test_sum_overflows_in_float16():
    # np.sum adds float16 in float32 or float16, as it likes; the sum is rounded here instead.
    bound = floats.sum_overflow("float16", 10)
    x = round_to([bound - 0.01, bound + 0.01], "float16")
    assert (np.isinf(round_to(10 * np.exp(x), "float16")) == [False, True]).all()


def two(name, gap):
    """exp(-gap) and the sum 1 + exp(-gap), each rounded to the format."""
    e = round_to(np.exp(-gap), name)
    return e, round_to(1 + e, name)


@pytest.mark.parametrize("name", FORMATS)
def test_gap_to_one(name):
    gap = floats.gap_to_one(name)
    step = math.ldexp(1, math.frexp(gap)[1] - FORMATS[name].precision)
    assert round_to(gap, name) == gap
    assert two(name, gap)[1] == 1
    # In float64 a step of the gap is 32 ulps of exp(-gap), so that an ulp of leave is enough.
    assert two(name, gap - step)[1] > 1


@pytest.mark.parametrize("name", NUMPY)
def test_gap_to_one_by_running_softmax(name):
    number = np.dtype(name).type
    gap = number(floats.gap_to_one(name))
    for g, is_one in ((gap, True), (np.nextafter(gap, number(0)), False)):
        e = np.exp(np.array([0, -g], name))
        assert (e / (e[0] + e[1]))[0] == 1 if is_one else (e / (e[0] + e[1]))[0] < 1


@pytest.mark.parametrize("name", NUMPY)
def test_gap_to_zero_by_running_softmax(name):
    number = np.dtype(name).type
    gap = number(floats.gap_to_zero(name))
    steps = [gap]
    for _ in range(2):
        steps.append(np.nextafter(steps[-1], number(0)))
    with np.errstate(all="ignore"):
        p = [np.exp(-g) / (1 + np.exp(-g)) for g in (np.nextafter(gap, number(1e3)), *steps[1:])]
    assert p[0] == 0
    assert p[2] > 0


@pytest.mark.parametrize(
    "function",
    [
        lambda name: round_to(1.0, name),
        lambda name: floats.sum_overflow(name, 2),
        floats.last_finite_exp,
        floats.first_subnormal_exp,
        floats.first_zero_exp,
        floats.gap_to_one,
        floats.gap_to_zero,
    ],
)
def test_an_unknown_format(function):
    words = "format must be one of float16, bfloat16, float32, float64, but is 'float8'"
    with pytest.raises(ValueError, match=words):
        function("float8")


@pytest.mark.parametrize("n", [0, -1])
def test_a_sum_of_nothing(n):
    with pytest.raises(ValueError, match="n must be a number of terms, 1 or more"):
        floats.sum_overflow("float32", n)
