"""The slow softmax, against the exact one: half an ulp and less than 1e-6 of one."""

from decimal import Context, Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmaxlab import error_free, exact, half_ulp, softmax
from softmaxlab.half_ulp import softmax_half_ulp

HALF = 0.5 + 1e-6


def exactly(a):
    """A double-double as a decimal, to 60 digits."""
    return Decimal(float(a[0])) + Decimal(float(a[1]))


def check(x, axis=-1):
    before = x.copy()
    with np.errstate(all="raise"):
        p = softmax_half_ulp(x, axis)
    np.testing.assert_array_equal(x, before)
    assert p.shape == x.shape
    truth = exact.softmax(x, axis)
    normal = ~(truth < np.finfo(p.dtype).tiny)
    errors = exact.errors_in_ulps(p, x, axis)
    assert errors[normal].max(initial=0) <= HALF
    assert errors.max(initial=0) <= 0.75  # rounded twice, where there are fewer bits
    if p.dtype == np.float64:
        np.testing.assert_array_equal(p[normal], truth[normal])


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3, 7, 10, 100, 500]),
    st.sampled_from([0, 1e-9, 1e-3, 1, 10, 100, 300, 800, 1e5]),
    st.sampled_from([0, 1, -50, 705, 740, 5000, -1e8, 1e16]),
)
def test_half_an_ulp_at_any_spread_and_offset(seed, n, spread, offset):
    check(np.random.default_rng(seed).normal(size=n) * spread + offset)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_narrow_floats_are_rounded_once_more(dtype):
    rng = np.random.default_rng(1)
    for spread in (0.1, 1, 3, 10):
        x = (rng.normal(size=400) * spread).astype(dtype)
        p = softmax_half_ulp(x)
        assert p.dtype == dtype
        assert exact.errors_in_ulps(p, x).max() <= 0.5001


@pytest.mark.parametrize("axis", [0, 1, 2, -3, (0, 2), (2, 0), None, ()])
def test_any_axis_and_layout(axis):
    x = np.random.default_rng(2).normal(size=(3, 4, 5)) * 20
    check(x, axis)
    expected = softmax_half_ulp(x, axis)
    for view in (np.asfortranarray(x), x[::-1][::-1], x.astype(">f8")):
        p = softmax_half_ulp(view, axis)
        assert p.dtype.isnative
        np.testing.assert_array_equal(p, expected)


@pytest.mark.parametrize(
    "x",
    [
        [0.0, -np.inf],
        [np.inf, 0.0],
        [np.inf, -np.inf],
        [-np.inf, -np.inf],
        [np.nan, 0.0],
        [1e308, -1e308],
        [5e-324, -5e-324],
        [[1.0, 2.0], [np.nan, 3.0], [-np.inf, 3.0]],
        [True, False],
        np.array([0, 250], np.uint8),
        7,
        np.zeros((0, 3)),
    ],
    ids=str,
)
def test_masks_nan_and_infinity_are_handled_as_softmax_does(x):
    axis = None if np.ndim(x) == 0 else -1
    with np.errstate(all="raise"):
        p = softmax_half_ulp(x, axis)
    fast = softmax(x, axis)
    assert p.dtype == fast.dtype
    np.testing.assert_array_max_ulp(p, fast, 4)


def test_the_sum_of_many():
    n = 300_000
    assert softmax_half_ulp(np.full(n, 0.1)).tolist() == [1 / n] * n
    x = np.random.default_rng(3).normal(size=n) * 5
    assert abs(sum(map(Decimal, softmax_half_ulp(x).tolist())) - 1) < 1e-16


@pytest.mark.parametrize("seed", range(3))
def test_the_steps(seed):
    rng = np.random.default_rng(seed)
    with localcontext(Context(prec=60)):
        for high in (*rng.uniform(-800, 5, 200), 0.0, -1e-300, -800.0, -np.log(2)):
            a = error_free.two_sum(np.float64(high), np.float64(high * rng.uniform(-1, 1) * 1e-17))
            m, k = half_ulp.exp(a)
            truth = exactly(a).exp()
            assert abs(exactly(m) * Decimal(2) ** int(k) / truth - 1) < Decimal(2) ** -72
        for _ in range(200):
            a, b = rng.normal(size=2) * 10 ** rng.uniform(-9, 9, 2)
            assert exactly(error_free.two_sum(a, b)) == Decimal(a) + Decimal(b)
            assert exactly(error_free.two_difference(a, b)) == Decimal(a) - Decimal(b)
            assert exactly(error_free.two_product(a, b)) == Decimal(a) * Decimal(b)


@pytest.mark.parametrize(
    ("x", "axis", "error", "words"),
    [
        (np.ma.masked_array([1.0, 2.0], [0, 1]), -1, TypeError, "masked"),
        (["a"], -1, TypeError, "x must hold"),
        ([1j], -1, TypeError, "complex"),
        (np.zeros(3, np.longdouble), -1, TypeError, "x must hold"),
        ([1.0], 1, np.exceptions.AxisError, "axis must .* 1 dimensions .* is 1"),
        ([1.0], "a", TypeError, "axis must"),
        ([[1.0]], (0, 0), ValueError, "axis must"),
        (np.zeros((2, 0)), -1, ValueError, "x must have an entry"),
    ],
)
def test_refuses(x, axis, error, words):
    with pytest.raises(error, match=words):
        softmax_half_ulp(x, axis)
