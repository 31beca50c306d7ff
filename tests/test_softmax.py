"""The softmax to use, against the exact one.

Errors are in ulps of the exact result, where that is a normal number; below it, where a number has
fewer digits, in multiples of the least one. Whatever spread, offset, number of entries and axis are
drawn here, `softmax` keeps within 9 in float64, 8 in float32 and 1 in float16, `log_softmax` within
5. Two tests say what more is possible: by chance in a great many draws, and by design.
"""

import datetime
import importlib.util
import os
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softmaxlab import exact, half_ulp, log_softmax, logsumexp, softmax
from softmaxlab.error_free import two_difference
from softmaxlab.softmax import BLOCK

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
INTEGERS = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]
FUNCTIONS = [softmax, log_softmax, logsumexp]
U = 2.0**-53
# np.exp of float64 is off by up to 0.7 ulp in numpy 2, and by 1.5 in numpy 1.26.
EXP_ULPS = 0.7 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 1.5
TINY = 5e-324

logits = st.one_of(
    st.floats(-30, 30),
    st.floats(-800, 800),
    st.floats(),
    st.sampled_from(
        [0.0, -0.0, 1e308, -1e308, np.inf, -np.inf, np.nan, TINY, 745.13, -745.14, 709.8, 1e3, 6e4]
    ),
)


@st.composite
def axis_of(draw, ndim):
    axes = st.lists(st.integers(-ndim, ndim - 1), unique_by=lambda a: a % ndim, max_size=ndim)
    kinds = [st.none()]
    if ndim:
        kinds += [st.integers(-ndim, ndim - 1), axes.map(tuple)]
    return draw(st.one_of(kinds))


@st.composite
def arrays(draw, dtypes):
    """An array of one of the dtypes, of up to four axes, and one of its axes, several or all."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, max_side=4))
    if dtype.kind in "iub":
        x = draw(hnp.arrays(dtype, shape))
    else:
        with np.errstate(all="ignore"):
            x = draw(hnp.arrays(np.float64, shape, elements=logits)).astype(dtype)
    return x, draw(axis_of(len(shape)))


def entries(x, axis):
    return x.size // max(1, np.max(x, axis).size)


def loudly(function, *args):
    """Call with every event but underflow an error, on an x that may not be written."""
    x = np.array(args[0])
    x.setflags(write=False)
    with np.errstate(all="raise", under="ignore"):
        result = function(x, *args[1:])
    np.testing.assert_array_equal(x, args[0])
    return result


def near(result, expected, slack):
    """Within `slack`, an absolute error; where not finite, the same."""
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.where(finite, 0, result), np.where(finite, 0, expected))
    with np.errstate(invalid="ignore"):
        assert (np.abs(result - expected) <= slack)[finite].all()


ULPS = {"e": 1, "f": 8, "d": 9 if EXP_ULPS < 1 else 10}


def check_softmax(x, axis):
    """`softmax` of an x that float64 holds exactly."""
    p = loudly(softmax, x, axis)
    assert p.shape == x.shape
    if p.dtype.char not in ULPS:  # longdouble
        p, x = p.astype(np.float64), x.astype(np.float64)
    assert (exact.errors_in_ulps(p, x, axis) <= ULPS[p.dtype.char]).all()


@settings(deadline=None)
@given(arrays(FLOATS))
def test_softmax_keeps_within_its_ulps(case):
    x, axis = case
    check_softmax(x, axis)
    assert softmax(x, axis).dtype == x.dtype


@settings(deadline=None, max_examples=300)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3, 9, 16, 17, 33, 65, 100, 201, 300, 1000]),
    st.sampled_from([0, 1e-3, 1, 10, 30, 100, 300, 800, 1e5]),
    st.sampled_from([0, 1, -1, 20, -50, 80, 95, -200, -700, 705, 715, 740, 5000, -1e8, 1e16]),
    st.sampled_from([np.float64, np.float32, np.float16]),
)
def test_any_spread_and_offset(seed, n, spread, offset, dtype):
    x = np.random.default_rng(seed).normal(size=(2, n)) * spread + offset
    with np.errstate(over="ignore"):
        x = x.astype(dtype)
    check_softmax(x, -1)
    np.testing.assert_array_max_ulp(softmax(x.T.copy(), 0).T, softmax(x), 8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("axis", [0, 1])
def test_equal_logits_share_alike(axis, dtype):
    # The rounding of a sum of equal terms never averages out. A value for each slice.
    for n in (*range(2, 70), 71, 79, 87, 100, 127, 143, 159, 200, 255, 1000, 4097, 70_001):
        values = np.random.default_rng(n).uniform(-3, 3, max(3, min(200, 100_000 // n)))
        x = np.repeat(values.astype(dtype)[:, None], n, axis=1)
        p = softmax(x.T.copy() if axis == 0 else x, axis)
        ulps = np.abs(p.astype(np.longdouble) - np.longdouble(1) / n) / np.spacing(dtype(1 / n))
        assert ulps.max() <= ULPS[x.astype(dtype).dtype.char], n


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((300_000,), 0),
        ((3, 50_000), 1),
        ((40_000, 10), 1),
        ((40_001, 3), 0),
        ((40_001, 3), 1),
        ((700, 500), 0),
        ((3, 70_000), 0),
        ((60, 5000), 0),
        ((20, 3, 5000), 1),
        ((50, 40, 30), 1),
        ((5, 9000, 7), 1),
        ((50, 40, 30), (0, 2)),
    ],
)
@pytest.mark.parametrize(
    ("spread", "offset"), [(1, 0), (10, 0), (300, 0), (1, 5000), (1, -5000), (300, -2000)]
)
def test_large_arrays(shape, axis, spread, offset, dtype):
    x = (np.random.default_rng(6).normal(size=shape) * spread + offset).astype(dtype)
    p = loudly(softmax, x, axis)
    # The exact one would take minutes. The short one, in a wider dtype, is as good.
    wide = np.longdouble if dtype == np.float64 else np.float64
    expected = short_softmax(x, axis, wide)
    ulps = np.abs(p - expected) / np.spacing(expected.astype(dtype))
    assert ulps.max() <= ULPS[p.dtype.char] + (0 if np.finfo(wide).eps < np.finfo(dtype).eps else 3)


@pytest.mark.parametrize("block", [64, 256, 2048])
@pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", "f2", "i2"])
def test_blocks_and_slabs_of_any_size(monkeypatch, block, dtype):
    # With a block of some entries, small arrays go all the ways of large ones.
    monkeypatch.setattr(sys.modules[softmax.__module__], "BLOCK", block)
    # Of those with three axes most are small, as the others take nearly all of the time.
    rng = np.random.default_rng(10)
    for _ in range(200):
        ndim = int(rng.integers(1, 4))
        side = 40 if ndim < 3 or rng.random() < 0.1 else 9
        shape = tuple(rng.permutation(rng.integers(1, [40, side, side][:ndim])))
        axis = int(rng.integers(len(shape)))
        x = rng.normal(size=shape) * rng.choice([1, 30, 600]) + rng.choice([0, -300, 600, 5000])
        if rng.random() < 0.5:
            x = -np.sort(-x, axis)
        if dtype != "i2" and rng.random() < 0.5:
            x = np.where(x < np.quantile(x, 0.3, axis, keepdims=True), -np.inf, x)
        x = x.astype(dtype)
        wide = np.float64 if dtype in ("f4", "f2") else np.longdouble
        expected = short_softmax(x, axis, wide)
        results = [softmax(x, axis)]
        if dtype in ("f8", "f4"):
            results += [softmax(x, axis, out=x.copy()), softmax(x, axis, out=x)]
        for p in results:
            ulps = np.abs(p - expected) / np.spacing(expected.astype(p.dtype))
            slack = 0 if np.finfo(wide).eps < np.finfo(p.dtype).eps else 3
            assert ulps.max() <= ULPS[p.dtype.char] + slack, (shape, axis)


@pytest.mark.skipif(
    EXP_ULPS > 1 or np.finfo(np.longdouble).eps > 1e-18, reason="older exps, no wider float"
)
@pytest.mark.parametrize("seed", [11, 13])
@pytest.mark.parametrize(
    ("dtype", "wide", "ulps"), [(np.float64, np.longdouble, 5), (np.float32, np.float64, 6)]
)
def test_the_share_that_the_docstring_states(seed, dtype, wide, ulps):
    rng = np.random.default_rng(seed)
    errors = []
    for n in (2, 5, 10, 32, 33, 64, 100, 128, 200, 500, 1000, 3000, 10_000, 70_000):
        for spread in (0.1, 1, 5, 10, 30, 100):
            shape = (max(1, 100_000 // n), n)
            x = (rng.normal(size=shape) * spread + rng.choice([0, 3, -3, 5000])).astype(dtype)
            expected = short_softmax(x, -1, wide)
            ok = expected >= np.finfo(dtype).tiny
            for p in softmax(x), softmax(x.T.copy(), 0).T:
                errors.append((np.abs(p - expected) / np.spacing(expected.astype(dtype)))[ok])
    errors = np.concatenate(errors)
    assert errors.size > 8e6
    assert np.mean(errors > ulps) < 1e-4
    assert errors.max() < 10


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 2, 30, 1000, 10**6])
def test_what_the_whole_shift_is_proved_to_do(n, dtype):
    info, module, rng = np.finfo(dtype), sys.modules[softmax.__module__], np.random.default_rng(n)
    limits = module._limits(np.dtype(dtype), n)
    near = limits.span + np.log(n) * np.array([-1, 1]) + [-3, 3]
    tops = np.concatenate(
        [rng.uniform(*near, 300), rng.normal(size=900) * 10.0 ** (np.arange(900) % 18)]
    )
    tops = np.concatenate([tops, [0, -0.0, 2 * limits.span, 2 * limits.span + 2]])
    tops = np.append(tops, rng.uniform(-3, 3, 600) * limits.span).astype(dtype)[:, None]
    shift, _ = module._whole_shift(tops, limits)
    assert shift.dtype == dtype
    assert (np.trunc(shift) == shift).all()
    with np.errstate(over="raise"):
        assert (n * np.exp(tops - shift) < np.inf).all()

    low = np.log(info.tiny.astype(np.longdouble))
    x = np.minimum(tops + low * rng.random((len(tops), 300)) ** 3, tops).astype(dtype)
    normal = x.astype(np.longdouble) - tops >= low
    difference, lost = two_difference(x, shift)
    bounded = np.abs(difference) <= np.abs(x)
    slight = ~bounded & (np.abs(difference) < np.log(n) + 0.5)
    assert (np.abs(tops - limits.span)[slight.any(1)] <= np.log(n) + 1).all()
    assert (bounded | slight | (np.abs(tops) >= 2.0**info.nmant) | ~normal).all()
    assert (lost[normal & ~slight] == 0).all()


@pytest.mark.parametrize(("dtype", "wide"), [(np.float64, np.longdouble), (np.float32, np.float64)])
def test_tops_that_are_hardly_too_great_cost_what_the_docstring_says(dtype, wide):
    if np.finfo(wide).eps == np.finfo(dtype).eps:
        pytest.skip("no wider float here")
    rng, span = np.random.default_rng(14), -np.log(np.finfo(dtype).tiny)
    for n in 30, 1000:
        gaps = np.where(rng.random((200, n)) < 0.5, span - rng.random((200, n)) * 4, 1)
        x = (span + np.log(n) * rng.uniform(-1, 1, (200, 1)) - gaps).astype(dtype)
        p, expected = softmax(x), short_softmax(x, -1, wide)
        normal = expected >= np.finfo(dtype).tiny
        errors = np.abs(p - expected)[normal] / np.spacing(expected.astype(dtype))[normal]
        assert errors.max() <= ULPS[p.dtype.char] + np.log(n)


def test_a_wide_float_keeps_its_digits():
    top = np.longdouble(2) ** 62 + 300
    for x in ([top, top - 1], [[top, top - 1], [-top, -top - 1]]):
        p = softmax(np.array(x))
        expected = softmax([1.0, 0.0] if np.finfo(np.longdouble).nmant > 61 else [0.0, 0.0])
        np.testing.assert_allclose(p.astype(float), np.broadcast_to(expected, p.shape), rtol=1e-14)


def test_a_sum_whose_roundings_all_go_one_way():
    x = np.r_[0, np.full(126, -36.75)]
    for function in softmax, scipy.special.softmax:
        assert 9 < exact.errors_in_ulps(function(x), x).max() < 22


def test_a_long_sum_whose_roundings_all_go_one_way():
    x = np.r_[0, np.full(2**16 - 1, -36.75)]
    for k in range(7, 16):
        x[2**k : 2 ** (k + 1)] -= k * np.log(2)  # each half is lost to the one before
    p = half_ulp.softmax_half_ulp(x)
    for function in softmax, scipy.special.softmax:
        assert 20 < (np.abs(function(x) - p) / np.spacing(p)).max() < 25


def short_softmax(x, axis=-1, dtype=np.float64):
    """`softmax` in a dozen lines: slower, with several times the memory."""
    x = np.asarray(x, dtype)
    with np.errstate(all="ignore"):
        top = x.max(axis, keepdims=True)
        gap = x - top
        less = gap - x
        lost = (x - (gap - less)) - (top + less)  # what rounding took from x - top
        e = np.exp(gap)
        e += e * np.where(np.isfinite(lost), lost, 0)
        return e / e.sum(axis, keepdims=True)


@settings(deadline=None)
@given(arrays([np.float64]))
def test_the_short_one_gives_the_same_answers(case):
    x, axis = case
    p, short = softmax(x, axis), short_softmax(x, axis)
    np.testing.assert_array_equal(np.isnan(p), np.isnan(short))
    with np.errstate(invalid="ignore"):
        assert not (np.abs(p - short) > 16 * np.spacing(short)).any()


@settings(deadline=None)
@given(arrays([np.dtype(bool), *INTEGERS]))
def test_integers_and_bool_are_computed_in_float64(case):
    x, axis = case
    check_softmax(x.astype(np.float64), axis)
    for function in FUNCTIONS:
        result = loudly(function, x, axis)
        assert result.dtype == np.float64
        np.testing.assert_array_equal(result, function(x.astype(np.float64), axis))


@settings(deadline=None)
@given(arrays([np.float64, np.longdouble]))
def test_logarithms_of_wide_floats(case):
    x, axis = case
    log_p, lse = loudly(log_softmax, x, axis), loudly(logsumexp, x, axis)
    assert log_p.dtype == lse.dtype == x.dtype
    x = x.astype(np.float64)
    expected, expected_lse = exact.log_softmax(x, axis), exact.logsumexp(x, axis)
    with np.errstate(all="ignore"):
        ulp = np.spacing(np.abs(expected))
        near(log_p.astype(float), expected, 5 * ulp + entries(x, axis) * TINY)
        top = np.max(x, axis)
        greater = np.fmax(np.abs(top), expected_lse - top)  # of the two terms of logsumexp
        # Each exp below the normal numbers is rounded to their spacing.
        slack = 5 * np.spacing(greater) + entries(x, axis) * TINY
        near(lse.astype(float), expected_lse, slack)


@settings(deadline=None)
@given(arrays([np.float16, np.float32]))
def test_logarithms_of_narrow_floats_are_rounded_once(case):
    x, axis = case
    for function in (log_softmax, logsumexp):
        result = loudly(function, x, axis)
        assert result.dtype == x.dtype
        wide = function(x.astype(np.float64), axis)
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(result, wide.astype(x.dtype))


# What softmax is


@settings(deadline=None)
@given(
    hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=6), elements=st.integers(-999, 999)),
    st.integers(-(2**40), 2**40),
)
def test_shift_invariance_where_the_shift_is_exact(eighths, shift):
    x = eighths / 8
    np.testing.assert_allclose(softmax(x + shift), softmax(x), rtol=10 * U, atol=TINY)
    np.testing.assert_array_equal(log_softmax(x + shift), log_softmax(x))


@settings(deadline=None)
@given(
    st.lists(st.floats(-700, 700), min_size=1, max_size=12).flatmap(
        lambda row: st.tuples(st.just(row), st.permutations(range(len(row))))
    )
)
def test_permutation_and_sum(case):
    row, order = np.array(case[0]), list(case[1])
    np.testing.assert_allclose(softmax(row[order]), softmax(row)[order], rtol=1e-13)
    assert abs(softmax(row).sum() - 1) <= len(row) * 2 * U
    p = softmax(row)
    assert (p >= 0).all()
    assert (p <= 1).all()
    assert (np.diff(p[np.argsort(row)]) >= -2 * U).all()  # exp may be off by an ulp


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 2), (1, -1), None])
def test_sums_to_1_along_the_axis(axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)) * 30
    np.testing.assert_allclose(softmax(x, axis).sum(axis), 1, rtol=1e-15 * 24)
    kept = logsumexp(x, axis, keepdims=True)
    assert kept.ndim == 3
    np.testing.assert_array_equal(kept.squeeze(axis), logsumexp(x, axis))
    np.testing.assert_allclose(softmax(x, axis), np.exp(x - kept), rtol=1e-12)


def test_scipys_own_tests_pass_with_ours_in_the_place_of_scipys(tmp_path):
    if importlib.util.find_spec("scipy.special.tests") is None:
        pytest.skip("this scipy comes without its tests")
    # An older scipy tests log_softmax in a module of its own.
    modules = [f"scipy.special.tests.test_{name}" for name in ("logsumexp", "log_softmax")]
    modules = [module for module in modules if importlib.util.find_spec(module)]
    folders = [str(Path(__file__).parent), str(Path(sys.modules["softmaxlab"].__file__).parents[1])]
    command = [sys.executable, "-m", "pytest", "-p", "in_place_of_scipy", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "--pyargs", *modules],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    calls = re.findall(r"called (\w+) (\d+) times", ran.stdout)
    assert [name for name, times in calls if int(times) > 5] == [f.__name__ for f in FUNCTIONS]


def test_known_values():
    assert softmax([3.0, 1.0, 0.2]) == pytest.approx([0.8360188, 0.11314284, 0.05083836])
    assert softmax([13, 31, 5]) == pytest.approx([1.523e-08, 0.99999998, 5.109e-12], rel=1e-3)
    assert softmax([1000.0, 1000.0]).tolist() == [0.5, 0.5]
    assert logsumexp([1000.0, 1000.0]) == pytest.approx(1000.6931471805599)


@pytest.mark.parametrize("scalar", [7, True, np.int8(7), np.array(7.0), *(f(7) for f in FLOATS)])
def test_a_scalar_gives_a_scalar(scalar):
    dtype = np.asarray(scalar).dtype
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    for function, expected in zip(FUNCTIONS, [1, 0, scalar], strict=True):
        result = function(scalar, axis=None)
        assert isinstance(result, dtype.type)
        assert result == expected
    out = np.zeros((), dtype)
    assert softmax(scalar, axis=None, out=out) is out
    assert out == 1


def test_no_axes_and_all_axes():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert softmax(x, axis=()).tolist() == [[1, 1], [1, 1]]
    np.testing.assert_array_equal(softmax(x, axis=None), softmax(x.ravel()).reshape(2, 2))


def test_no_slices_is_no_error():
    for dtype in (np.float32, np.float64):
        x = np.zeros((0, 3), dtype)
        assert softmax(x).shape == log_softmax(x).shape == (0, 3)
        assert logsumexp(x).shape == (0,)
        assert softmax(x).dtype == dtype


def test_logsumexp_of_no_entries_is_that_of_the_pair_of_nothing():
    assert logsumexp([]) == logsumexp([], None) == -np.inf
    for dtype in (*FLOATS, np.int8):
        x = np.zeros((3, 0), dtype)
        np.testing.assert_array_equal(logsumexp(x), [-np.inf] * 3)
        np.testing.assert_array_equal(logsumexp(x, (0, 1)), -np.inf)
        assert logsumexp(x, keepdims=True).shape == (3, 1)
        assert logsumexp(x, 0).shape == (0,)
        assert logsumexp(x).dtype == softmax(np.ones(1, dtype)).dtype


# Where others fail


@pytest.mark.parametrize("stray", [np.nan, np.inf, -np.inf, -1e4])
@pytest.mark.parametrize("offset", [0, 5000, -5000])
def test_stray_entries_of_a_large_array_stay_in_their_slice(stray, offset):
    x = np.random.default_rng(8).normal(size=(1000, 1000)) + offset
    x[::10, 30] = offset + stray
    expected = short_softmax(x, axis=0)
    for array, axis in (x, 0), (np.ascontiguousarray(x.T), 1):
        p = loudly(softmax, array, axis)
        np.testing.assert_allclose(p if axis == 0 else p.T, expected, rtol=1e-14)


def test_nan_and_infinity_stay_in_their_slices():
    x = np.array([[1.0, 2.0], [np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf], [-np.inf, 0.0]])
    for dtype in FLOATS:
        with np.errstate(all="raise"):
            p, log_p, lse = (function(x.astype(dtype)) for function in FUNCTIONS)
        assert np.isnan(p[1:4]).all()
        assert np.isnan(log_p[1:4]).all()
        np.testing.assert_array_equal(p[0], softmax(x[0].astype(dtype)))
        np.testing.assert_array_equal(p[4], [0, 1])
        np.testing.assert_array_equal(log_p[4], [-np.inf, 0])
        np.testing.assert_array_equal(lse[1:], [np.nan, np.inf, -np.inf, 0])
    assert np.isnan(logsumexp([np.inf, np.nan]))


def test_logits_further_apart_than_the_largest_float():
    with np.errstate(all="raise"):
        assert softmax([1e308, -1e308]).tolist() == [1, 0]
        assert log_softmax([1e308, -1e308]).tolist() == [0, -np.inf]
        assert logsumexp([1e308, -1e308]) == 1e308
        assert softmax(np.float32([3e38, -3e38])).tolist() == [1, 0]


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_do_not_wrap(dtype):
    info = np.iinfo(dtype)
    p = softmax(np.array([info.max, info.min], dtype))
    assert p[0] == 1
    assert p[1] < 1e-100


def test_70000_float16_logits():
    p = softmax(np.zeros(70_000, np.float16))
    assert (p == np.float16(1 / 70_000)).all()


def test_tall_columns_are_summed_wide_enough():
    # Summed one after the other in float16, 1 + 1 + ... stops at 2048.
    p = softmax(np.zeros((5000, 2), np.float16), axis=0)
    assert (p == np.float16(1 / 5000)).all()
    x = np.random.default_rng(3).normal(size=(2**20, 2)).astype(np.float32)
    p = softmax(x, axis=0)
    assert p.dtype == np.float32
    assert p.sum(axis=0, dtype=np.float64) == pytest.approx([1, 1], abs=6 * 2**-24)


def test_log_softmax_keeps_its_digits_near_0():
    assert log_softmax([0.0, -40.0])[0] == pytest.approx(-np.exp(-40), rel=1e-14)
    assert log_softmax([0.0, -700.0])[0] == pytest.approx(-np.exp(-700), rel=1e-12)
    assert log_softmax([0.0, -800.0]).tolist() == [0, -800]
    assert log_softmax(np.longdouble([0, -40]))[0] == pytest.approx(-np.exp(-40), rel=1e-14)


def test_logsumexp_keeps_its_digits_near_0():
    assert logsumexp([0.0, -40.0]) == pytest.approx(np.exp(-40), rel=1e-14)
    assert logsumexp([-1e-20, -50.0]) == pytest.approx(np.exp(-50) - 1e-20, rel=1e-14)


# Any kind of array


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32])
@pytest.mark.parametrize("large", [1, 25])
def test_memory_layout_does_not_matter(dtype, large):
    base = (np.random.default_rng(4).normal(size=(6, 8 * large, 4 * large)) * 9).astype(dtype)
    fortran = np.asfortranarray(base)
    for view in (
        fortran,
        base[::2, ::-1],
        base[::-1, ::-2, ::-1],
        base.T,
        base.swapaxes(0, 1),
        base[:, 3],
        np.broadcast_to(base[0], (3, 8 * large, 4 * large)),
        base[:0],
        np.frombuffer(b"?" + base.tobytes(), np.uint8)[1:].view(dtype).reshape(base.shape),
    ):
        view.setflags(write=False)
        before = view.copy()
        for axis in (0, 1, -1, (0, 1), (0, view.ndim - 1), (-1, 0), None, ()):
            if (
                axis is not None
                and 0 in np.array(view.shape)[list(np.atleast_1d(axis).astype(int))]
            ):
                continue
            if axis is None and not view.size:
                continue
            p = softmax(view, axis)
            rtol = 16 * np.finfo(p.dtype).eps
            np.testing.assert_allclose(p, softmax(view.copy(), axis), rtol=rtol, atol=rtol / 99)
            for function in (log_softmax, logsumexp):
                expected = function(view.copy(), axis)
                np.testing.assert_allclose(function(view, axis), expected, rtol=rtol, atol=rtol)
        np.testing.assert_array_equal(view, before)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("offset", [0, 5000])
@pytest.mark.parametrize("shape", [(3_000_000,), (300, 10_000), (64, 50_257), (300_000, 10)])
def test_memory_beyond_the_result(shape, offset, dtype):
    x = np.random.default_rng(7).normal(size=shape).astype(dtype) + dtype(offset)
    p = softmax(x)
    tracemalloc.start()
    try:
        softmax(x, out=p)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Short rows have their max, sum and the like repeated for each entry of a block.
    assert peak <= (0.02 * x.nbytes if shape[-1] > 10 else 5 * BLOCK)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_is_taken_as_its_array():
    p = softmax(np.matrix([[1.0, 2.0], [3.0, 3.0]]))
    assert type(p) is np.ndarray
    np.testing.assert_array_equal(p, softmax([[1.0, 2.0], [3.0, 3.0]]))


@pytest.mark.parametrize("shape", [(3, 4, 5), (30, 40, 50)])
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), None])
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_the_result_is_in_c_order(shape, axis, dtype):
    assert softmax(np.ones(shape, dtype), axis).flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (300, 400), (70_000,)])
@pytest.mark.parametrize("axis", [0, -1])
def test_out(shape, axis, dtype):
    x = (np.random.default_rng(7).normal(size=shape) * 300).astype(dtype)
    expected = softmax(x, axis)
    for out in (np.full(shape, 9, dtype), np.full(shape, 9, dtype, order="F"), x.copy()):
        logits = out if out[tuple([0] * x.ndim)] != 9 else x
        assert softmax(logits, axis, out=out) is out
        np.testing.assert_allclose(out, expected, rtol=16 * np.finfo(dtype).eps, atol=1e-7)
    room = np.zeros((2, *shape), dtype)
    assert softmax(x, axis, out=room[::-1][0]).base is not None
    np.testing.assert_array_equal(room[0], 0)
    np.testing.assert_allclose(room[1], expected, rtol=16 * np.finfo(dtype).eps, atol=1e-7)


@pytest.mark.parametrize("length", [8, 3000, 100_000])
def test_out_may_overlap(length):
    both = np.random.default_rng(8).normal(size=length + 1) * 300
    expected = softmax(both[1:].copy())
    softmax(both[1:], out=both[:-1])
    np.testing.assert_array_max_ulp(both[:-1], expected, 8)
    back = np.random.default_rng(8).normal(size=length) * 300
    expected = softmax(back[::-1].copy())
    softmax(back[::-1], out=back)
    np.testing.assert_array_max_ulp(back, expected, 8)
    steps = np.random.default_rng(8).normal(size=2 * length) * 300
    expected = softmax(steps[::2].copy())
    out = steps[length // 2 : length // 2 + length]
    softmax(steps[::2], out=out)
    np.testing.assert_array_max_ulp(out, expected, 8)


FLOAT64 = "out must be an array of float64 "


def shared_places(n):
    return np.lib.stride_tricks.as_strided(np.zeros(1), (n,), (0,))


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (np.zeros(2), ValueError, r"out must have the shape of x, \(3,\), but has \(2,\)"),
        (np.zeros((1, 3)), ValueError, "out must have the shape of x"),
        (
            np.zeros(3, "f4"),
            TypeError,
            "out must be an array of float64.*, but is an array of dtype float32",
        ),
        (
            np.zeros(3, ">f8"),
            TypeError,
            "out must be an array of float64.*, but is an array of dtype >f8; np.empty",
        ),
        (np.ma.zeros(3), TypeError, FLOAT64 + "without a mask"),
        (
            [0.0] * 3,
            TypeError,
            FLOAT64 + r"without a mask, but is \[0.0, 0.0",
        ),
        (np.broadcast_to(0.0, 3), ValueError, "out must be writable, but is read-only"),
        (shared_places(3), ValueError, r"out must have a place for each entry.*\(0,\)"),
    ],
)
def test_bad_out(out, error, words):
    with pytest.raises(error, match=words):
        softmax([1.0, 2.0, 3.0], out=out)
    with pytest.raises(TypeError, match="positional"):
        softmax([1.0, 2.0, 3.0], -1, np.zeros(3))


@pytest.mark.parametrize("dtype", [">f2", ">f4", ">f8", ">i4", ">u2"])
def test_byte_order(dtype):
    x = np.array([1, 2, 3], dtype)
    native = x.astype(x.dtype.newbyteorder("="))
    for function in FUNCTIONS:
        assert function(x).dtype == function(native).dtype
        assert function(x).dtype.isnative
        np.testing.assert_array_equal(function(x), function(native))


def test_anything_array_like():
    class Logits:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0], dtype)

    expected = softmax(np.array([1.0, 2.0]))
    for x in ([1, 2], (1.0, 2), range(1, 3), Logits(), memoryview(np.array([1.0, 2.0]))):
        np.testing.assert_array_equal(softmax(x), expected)


def test_bfloat16_and_its_like():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="no bfloat16 here: ml_dtypes is missing")
    x = np.random.default_rng(5).normal(size=(300, 7)).astype(ml_dtypes.bfloat16)
    for function in FUNCTIONS:
        result = loudly(function, x)
        assert result.dtype == x.dtype
        wide = function(x.astype(np.float64))
        np.testing.assert_array_equal(result, wide.astype(ml_dtypes.bfloat16))
    zeros = softmax(np.zeros((5000, 2), ml_dtypes.bfloat16), axis=0)
    assert (zeros == ml_dtypes.bfloat16(1 / 5000)).all()
    integers = np.array([1, 2], ml_dtypes.int4)
    np.testing.assert_array_equal(softmax(integers), softmax([1, 2]))


# Clear errors

REAL = r"x must hold real numbers \(floats, integers or bool\), but is "
MASKED = r"x must be an array without a mask.*filled\(-np.inf\) gives masked entries probability 0"


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("x", "axis", "error", "words"),
    [
        ([1j, 0], -1, TypeError, REAL + "a list of dtype complex128; np.real"),
        (["1", "2"], -1, TypeError, REAL + "a list of dtype <U1; convert it to floats first"),
        ([b"1"], -1, TypeError, REAL),
        ([None, 1.0], -1, TypeError, REAL + "a list .* that holds NoneType, float"),
        (None, -1, TypeError, REAL + "None; give numbers in a list or an array"),
        ([2**70, 0], -1, TypeError, REAL + "a list .* that holds int"),
        ([datetime.date(2020, 1, 1)], -1, TypeError, REAL + "a list .* that holds date"),
        (np.array(["2020-01-01"], "M8[D]"), -1, TypeError, REAL + "an array of dtype datetime64"),
        (np.array([1], "m8[s]"), -1, TypeError, REAL + "an array of dtype timedelta64"),
        (np.zeros(2, [("a", "f4")]), -1, TypeError, REAL),
        (np.zeros(2, "V4"), -1, TypeError, REAL),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), -1, TypeError, MASKED),
        ([np.ma.array([1.0, 2.0], mask=[0, 1])], -1, TypeError, MASKED),
        ([[0, 1], (1.0, np.ma.masked)], -1, TypeError, MASKED),
        ([[1.0], [1.0, 2.0]], -1, ValueError, "x must be an array of real numbers, but is ragged"),
        ([1.0], 1.5, TypeError, "axis must be an int, a tuple of ints or None, but is 1.5"),
        ([1.0], "0", TypeError, "axis must be an int, a tuple of ints or None, but is '0'"),
        ([1.0], [0], TypeError, r"axis must be an int, a tuple of ints or None, but is \[0\]"),
        ([1.0], 1, np.exceptions.AxisError, "axis must be within the 1 dimensions of x, but is 1"),
        ([1.0], (0, -2), np.exceptions.AxisError, r"1 dimensions of x, but is \(0, -2\)"),
        (
            1.0,
            -1,
            np.exceptions.AxisError,
            "0 dimensions of x, but is -1; a scalar takes axis=None",
        ),
        ([[1.0]], (0, -2), ValueError, r"axis must name each axis once, but is \(0, -2\)"),
    ],
)
def test_bad_input(function, x, axis, error, words):
    with pytest.raises(error, match=words):
        function(x, axis)


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize(
    ("shape", "axis", "words"),
    [
        ((0,), -1, r"x must have an entry along axis -1, but its shape is \(0,\)"),
        ((3, 0), 1, r"entry along axis 1, but its shape is \(3, 0\)"),
        ((0, 3), 0, "entry along axis 0"),
        ((0, 3), None, "entry along axis None"),
    ],
)
def test_no_entries_have_no_probabilities(function, shape, axis, words):
    with pytest.raises(ValueError, match=words):
        function(np.zeros(shape), axis)


@pytest.mark.parametrize("several", [False, True])
def test_the_hint_for_masked_arrays_works(several):
    x = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    x = [x, x] if several else x
    filled = np.ma.array(x, float).filled(-np.inf)
    kept = softmax(filled)[..., [0, 2]]
    np.testing.assert_allclose(kept, np.broadcast_to(softmax([1, 3]), kept.shape))
    assert (softmax(filled)[..., 1] == 0).all()
