"""The exact softmax, itself judged by mpmath at 80 digits."""

import math
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmaxlab import exact

HARD = [
    [0.0],
    [-3.5],
    [1e308],
    [0.0, 0.0],
    [7.0] * 3,
    [0.1] * 10,
    [1e308, -1e308],
    [1.7976931348623157e308, -1.7976931348623157e308],
    [0.0, -745.13],
    [0.0, -745.1332191019411, -745.1332191019412, -745.1332191019413],
    [0.0, -744.4400719213812],
    [0.0, -708.3964185322641, -708.3964185322642, -720.5],
    [0.0, -1074 * math.log(2)],
    [0.0, -36.7368005697, -37.42994775023705],
    [0.0, -1e-300],
    [5e-324, 0.0, -5e-324],
    [-math.log(2), -math.log(2)],
    [-1e-300, -700.0],
    [1e16, 1e16 - 2, 1e16 + 2],
    [2**53, 1.0, -1e5],
    [-math.inf, 0.0, 1.0],
    [0.0, -4999.0, -5001.0, -1e6],
    [-1e-9, -745.0, -800.0, -3000.0],
    [0.0, -(2.0**-52)],
    [0.0, -(2.0**-53)],
]

# The gap is the middle of two floats, and what breaks the tie is ever smaller.
TIES = [
    [2.0**-46, -200.0],
    [2.0**-44, -900.0],
    [2.0**-44, 0.0, -901.0],
    [2.0**-41, -6000.0, -6000.0],
    [4.0, -(2.0**55), -math.inf],
    [2**53 + 1, 0],
    [2**53 + 1],
    [-(2**53) - 1, -(2**63)],
]

# The exact value lies within 1e-30 of the middle of two floats: 30 digits cannot tell, 60 can.
HALFWAY = {
    "logsumexp": 1 + math.log(math.expm1(2.0**-53)),
    "softmax": -math.log(2.0**54 - 1),
}

hard_floats = st.one_of(
    st.floats(-40, 40),
    st.floats(-800, 800),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(sorted({value for row in HARD for value in row})),
)


def fraction(value):
    """The exact value of an mpf, but 2**-3000 for what is smaller: that still breaks a tie."""
    if 0 < value < mpmath.mpf(2) ** -3000:
        return Fraction(1, 2**3000)
    mantissa, exponent = map(int, value.man_exp)
    return (-1 if value < 0 else 1) * abs(mantissa) * Fraction(2) ** exponent


def to_float(value):
    """Round a fraction to the nearest float64; Python divides integers so, also to subnormals."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def by_mpmath(row):
    """Softmax, log_softmax and logsumexp of numbers and -inf, as fractions, to 80 digits or more.

    In the logarithms only log1p is rounded, so that no tie is lost.
    """
    at = max(range(len(row)), key=row.__getitem__)
    with mpmath.workdps(80):
        values = [mpmath.mpf(value) for value in row]
        exps = [mpmath.exp(value - values[at]) for value in values]
        log_sum = fraction(mpmath.log1p(sum(exps[:at] + exps[at + 1 :])))
        p = [fraction(e / sum(exps)) for e in exps]
    logs = [v if v == -math.inf else Fraction(v) - Fraction(row[at]) - log_sum for v in row]
    return p, logs, Fraction(row[at]) + log_sum


def check(x):
    p, log_p, lse = by_mpmath(np.asarray(x).tolist())
    np.testing.assert_array_equal(exact.softmax(x), [to_float(v) for v in p])
    np.testing.assert_array_equal(exact.log_softmax(x), [to_float(v) for v in log_p])
    assert exact.logsumexp(x) == to_float(lse)


@pytest.mark.parametrize("row", HARD, ids=str)
def test_hard_cases_to_the_last_bit(row):
    check(row)


@pytest.mark.parametrize("row", TIES, ids=str)
def test_ties_are_broken_right(row):
    check(row)


def test_what_a_tie_rounds_to():
    tie = 2**53 + 1
    assert exact.logsumexp([tie]) == tie - 1  # to even
    assert exact.logsumexp([tie, 0]) == tie + 1
    assert exact.logsumexp([-tie, -(2**63)]) == 1 - tie
    assert exact.log_softmax([tie, 0]).tolist() == [0, -tie - 1]


@settings(deadline=None)
@given(st.lists(hard_floats | st.just(-math.inf), min_size=1, max_size=8))
def test_to_the_last_bit(row):
    if max(row) > -math.inf:
        check(row)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_halfway_between_two_floats(steps):
    x = HALFWAY["logsumexp"] + steps * math.ulp(HALFWAY["logsumexp"])
    check([1.0, x])
    x = HALFWAY["softmax"] + steps * math.ulp(HALFWAY["softmax"])
    check([0.0, x])


def test_halfway_cases_take_more_digits(monkeypatch):
    seen = []
    parts = exact._parts

    def spy(row):
        seen.append(exact.getcontext().prec)
        return parts(row)

    monkeypatch.setattr(exact, "_parts", spy)
    exact.logsumexp([1.0, HALFWAY["logsumexp"]])
    assert seen == [30, 60]
    seen.clear()
    exact.softmax([0.0, HALFWAY["softmax"]])
    assert seen == [30, 60]


def test_what_overflow_would_lose_is_kept():
    assert exact.log_softmax([0.0, -700.0])[0] == -math.exp(-700)
    assert exact.softmax([0.0, -745.13])[1] == 5e-324
    assert exact.log_softmax([1.7e308, -1.7e308])[1] == -math.inf


@pytest.mark.parametrize(
    "x",
    [
        np.array([3, 200, 255], np.uint8),
        np.array([-128, 127], np.int8),
        np.array([2**63, 2**63 + 2], np.uint64),
        np.array([-(2**63), -(2**63) + 1], np.int64),
        np.array([True, False]),
        np.array([0.1, 11.0], np.float16),
        np.array([0.1, 88.0], np.float32),
        np.array([0.1, 88.0], ">f8"),
    ],
    ids=lambda x: str(x.dtype),
)
def test_each_dtype_counts_at_its_exact_value(x):
    check(x)
    assert exact.softmax(x).dtype == exact.logsumexp(x).dtype == np.float64


def test_nan_and_infinity_stay_in_their_slices():
    x = np.array([[1.0, 2.0], [np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf], [-np.inf, 0.0]])
    p, log_p = exact.softmax(x), exact.log_softmax(x)
    assert np.isnan(p[1:4]).all()
    assert np.isnan(log_p[1:4]).all()
    np.testing.assert_array_equal(p[0], exact.softmax(x[0]))
    np.testing.assert_array_equal(p[4], [0, 1])
    np.testing.assert_array_equal(log_p[4], [-np.inf, 0])
    np.testing.assert_array_equal(exact.logsumexp(x)[1:], [np.nan, np.inf, -np.inf, 0])
    assert np.isnan(exact.logsumexp([np.inf, np.nan]))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3, (0, 1), (2, 0), (0, 1, 2), None, ()])
def test_axes(axis):
    x = np.random.default_rng(1).normal(size=(2, 3, 4))
    e = np.exp(x)
    total = e.sum(axis, keepdims=True)
    np.testing.assert_allclose(exact.softmax(x, axis), e / total, rtol=1e-14)
    np.testing.assert_allclose(
        exact.log_softmax(x, axis), np.log(e / total), rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(exact.logsumexp(x, axis), np.log(e.sum(axis)), rtol=1e-12)
    assert (exact.errors_in_ulps(exact.softmax(x, axis), x, axis) <= 0.5).all()


def test_shapes_without_entries_and_without_axes():
    assert exact.softmax(np.zeros((0, 3))).shape == (0, 3)
    assert exact.logsumexp(np.zeros((0, 3))).shape == (0,)
    assert exact.softmax(4.2, axis=None) == 1
    assert exact.logsumexp(4.2, axis=None) == 4.2


# errors_in_ulps


def ulps_by_mpmath(p, row):
    info = np.finfo(p.dtype)
    errors = []
    for q, value in zip(p.tolist(), by_mpmath(row)[0], strict=True):
        mantissa, exponent = math.frexp(to_float(value))  # no value is near a power of two
        last_bit = max(exponent - 1 if mantissa else info.minexp, info.minexp) - info.nmant
        errors.append(float(abs(Fraction(q) - value) / Fraction(2) ** last_bit))
    return errors


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@settings(deadline=None)
@given(row=st.lists(st.floats(-800, 0, width=32), min_size=2, max_size=6), data=st.data())
def test_errors_in_ulps_by_mpmath(dtype, row, data):
    row = [*row, 0.5, 0.25]  # no probability is within 25 digits of a power of two
    off = data.draw(st.integers(-5, 5))
    with np.errstate(all="ignore"):
        p = exact.softmax(row).astype(dtype)
        p = (p + off * np.spacing(p)).astype(dtype)
    expected = ulps_by_mpmath(p, row)
    np.testing.assert_allclose(exact.errors_in_ulps(p, row), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_one_step_is_one_ulp(dtype):
    p = np.array([0.25, 0.25, 0.25, 0.25], dtype)
    p[0] = np.nextafter(p[0], dtype(1))
    p[1] = np.nextafter(p[1], dtype(0))
    assert exact.errors_in_ulps(p, [5, 5, 5, 5]).tolist() == [1, 0.5, 0, 0]


def test_ulps_below_the_smallest_normal_are_those_of_the_subnormals():
    tiny = np.finfo(np.float64).smallest_subnormal
    x = [0.0, -800.0]
    assert exact.errors_in_ulps(np.array([1.0, 3 * tiny]), x)[1] == pytest.approx(3)
    tiny = np.finfo(np.float16).smallest_subnormal
    error = exact.errors_in_ulps(np.array([1, 0], np.float16), [0.0, -12.0])[1]
    assert error == pytest.approx(math.exp(-12) / (1 + math.exp(-12)) / float(tiny))


def test_ulps_are_those_at_the_exact_value_not_at_its_rounding():
    p = exact.softmax([0.0, -38.0])
    assert p[0] == 1  # the exact value is below 1, where the spacing is 2**-53
    assert exact.errors_in_ulps(p, [0.0, -38.0])[0] == pytest.approx(math.exp(-38) * 2**53)


def test_a_probability_a_hair_below_a_power_of_two_is_at_it():
    p = np.nextafter(np.array([1.0, 5e-324]), 0)
    assert exact.errors_in_ulps(p, [0.0, -700.0])[0] == 0.5


def test_errors_where_there_is_no_number():
    x = [[0.0, 0.0], [np.inf, 0.0]]
    p = np.array([[np.nan, 0.5], [np.nan, 0.0]])
    assert exact.errors_in_ulps(p, x).tolist() == [[np.inf, 0], [0, np.inf]]
    assert exact.errors_in_ulps(np.array([np.inf, 0.5]), [0.0, 0.0]).tolist() == [np.inf, 0]


# Speed and errors


def test_fast_enough_for_a_test_and_for_a_slider():
    x = np.random.default_rng(2).normal(size=4000) * 100
    p = exact.softmax(x)
    start = time.process_time()
    exact.errors_in_ulps(p, x)
    exact.softmax(x.reshape(-1, 4))
    assert time.process_time() - start < 2  # 0.15 s here
    start = time.process_time()
    for _ in range(20):
        exact.softmax(x[:12])
    assert (time.process_time() - start) / 20 < 0.02  # 0.0002 s here


@pytest.mark.parametrize(
    ("x", "axis", "error", "words"),
    [
        ([1j], -1, TypeError, "x must hold .* dtype complex128; np.real"),
        (np.ones(2, np.longdouble), -1, TypeError, "x must hold .* at most 64 bits.*dtype"),
        (["a"], -1, TypeError, "x must hold"),
        ([2**70], -1, TypeError, "x must hold .* a list of dtype object that holds int; convert"),
        (np.ma.array([1.0]), -1, TypeError, "x must be an array without a mask"),
        ([[1.0], [1.0, 2.0]], -1, ValueError, "x must be an array of .* ragged"),
        ([1.0], 1, np.exceptions.AxisError, "axis must be within the 1 dimensions of x, but is 1"),
        (1.0, -1, np.exceptions.AxisError, "axis must be within the 0 dimensions of x"),
        ([[1.0]], (0, -2), ValueError, r"axis must name each axis once, but is \(0, -2\)"),
        ([1.0], 0.5, TypeError, "axis must be an int, a tuple of ints or None, but is 0.5"),
        ([], -1, ValueError, r"x must have an entry along axis -1, but its shape is \(0,\)"),
    ],
)
def test_bad_input(x, axis, error, words):
    for function in (exact.softmax, exact.log_softmax, exact.logsumexp):
        with pytest.raises(error, match=words):
            function(x, axis)


def test_bad_probabilities():
    with pytest.raises(TypeError, match=r"p must hold .* or float64, but is a list of"):
        exact.errors_in_ulps([1, 0], [0.0, 0.0])
    with pytest.raises(ValueError, match=r"p must have the shape of x, \(3,\), but has \(2,\)"):
        exact.errors_in_ulps([0.5, 0.5], [0.0, 0.0, 0.0])
