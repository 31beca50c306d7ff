"""Notebook 06: its maps, bounds and panel against the exact softmax, its prose and its checks."""

import csv
import io
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.special

from softmaxlab import THREAD, accuracy, exact, half_ulp, softmax
from softmaxlab.drawing import how_accurate as drawing
from softmaxlab.drawing import new_figure, paint
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises import how_accurate as exercises
from tools import run_notebooks

METHODS = list(accuracy.METHODS)
A, B, G = METHODS[:3]
TINY = np.finfo(float).tiny


@pytest.fixture(scope="module")
def typed():
    """What the notebook types out, by name."""
    notebook = run_notebooks.read(run_notebooks.NOTEBOOKS / "06_how_accurate.ipynb")
    space = {"print": lambda *words: None}
    for cell in notebook.cells:
        if cell.cell_type != "code" or run_notebooks.is_exercise(cell) or "show(" in cell.source:
            continue
        if cell.source.startswith(("# Setup", "from decimal", "import scipy", "def ")):
            exec(cell.source, space)
    return space


def some_rows(dtype=np.float64, rows=3, n=60, seed=0):
    rng = np.random.default_rng(seed)
    for spread in (0.1, 1, 10, 60, 100, 300):
        for offset in (0, 5, -50, 300, 600, 5000, -1e6):
            yield (rng.normal(size=(rows, n)) * spread + offset).astype(dtype)


# What draws is held to what is exact


@pytest.mark.parametrize("letter", "ABG")
def test_the_methods_are_the_threads_along_rows(letter):
    method = next(METHODS[k] for k in range(3) if METHODS[k].startswith(letter))
    with np.errstate(all="ignore"):
        for x in some_rows():
            p = accuracy.METHODS[method](x)
            each = np.array([THREAD[letter].function(row) for row in x])
            if letter == "G":
                np.testing.assert_allclose(p, each, rtol=1e-9)
            else:
                np.testing.assert_array_equal(p, each)


def test_scipy_is_a():
    for x in some_rows():
        np.testing.assert_array_max_ulp(scipy.special.softmax(x, -1), accuracy.shifted(x), 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_quick_errors_are_the_exact_ones(dtype):
    for x in some_rows(dtype):
        for method in (A, "softmax", "half an ulp"):
            p = accuracy.METHODS[method](x)
            normal = exact.softmax(x) >= np.finfo(dtype).tiny
            expected = np.where(normal, exact.errors_in_ulps(p, x), 0)
            off = np.abs(accuracy.errors_in_ulps(p, x) - expected)
            # Below 1e-290 the low part of a double-double has few bits left.
            assert (off <= np.where(p > 1e-290, 1e-5, 0.5) * (1 + expected)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [2, 10, 1000])
def test_the_measurement_keeps_to_the_bound(method, n, dtype):
    info = np.finfo(dtype)
    met = 0
    for x in some_rows(dtype, rows=2, n=n, seed=n):
        with np.errstate(all="ignore"):
            exps, p = np.exp(x), accuracy.METHODS[method](x)
        if method == B and not (exps.min() >= info.tiny and exps.max() < info.max / n):
            continue  # the hypotheses of the bound
        errors = accuracy.errors_in_ulps(p, x)
        limits = np.array([accuracy.bound(method, row) for row in x])
        assert (errors <= limits).all()
        met = max(met, (errors / limits).max())
    assert met > {A: 0.4, G: 0.2, "half an ulp": 0.9}.get(method, 0.01)


def test_the_weighted_mean_of_the_gaps_is_below_log_n():
    for x in some_rows():
        for row in x:
            assert exact.softmax(row) @ (row.max() - row) <= np.log(row.size)


def test_the_record_is_a_map_of_today():
    spreads, offsets, record = accuracy.load_map()
    names = [name.split()[0] for name in record]
    assert names == ["A", "B", "G", "softmax", "scipy", "torch", "jax", "tensorflow"]
    ours = accuracy.worst_over(accuracy.shifted, spreads, offsets)
    for worst in [record["A"], *list(record.values())[4:]]:
        assert worst.shape == (17, 17)
        assert (np.abs(worst - ours) <= 8 + 0.1 * ours).all()  # all of them shift by the max
    assert record["softmax"].max() < 8
    unshifted = accuracy.worst_over(accuracy.unshifted, spreads, offsets)
    np.testing.assert_array_equal(np.isnan(record["B"]), np.isnan(unshifted))
    z = np.random.default_rng(6).standard_normal(100)
    for i, j in ((0, 0), (3, 12), (16, 4)):
        x = offsets[i] + spreads[j] * z
        normal = exact.softmax(x) >= TINY
        p = accuracy.shifted(x[None])[0]
        worst = exact.errors_in_ulps(p, x)[normal].max()
        assert ours[i, j] == pytest.approx(worst, abs=1e-4)


def test_portable_exp():
    x = np.random.default_rng(0).uniform(-700, 700, 1000)
    np.testing.assert_array_max_ulp(accuracy.portable_exp(x), np.exp(x), 2)
    for value in x[:50]:
        assert accuracy.portable_exp(value[None])[0] == float(Decimal(value).exp())


@pytest.mark.parametrize("name", ["torch", "jax", "tensorflow"])
def test_frameworks_here_give_the_record(name):
    pytest.importorskip(name, reason="it is not part of the course's environment")
    from benchmarks import accuracy as benchmark

    file = io.StringIO()
    benchmark.write_map(file, [name])
    live = accuracy.load_map(file.getvalue().splitlines())[2]
    recorded = {n.split()[0]: worst for n, worst in accuracy.load_map()[2].items()}[name]
    assert np.abs(next(iter(live.values())) - recorded).max() <= 8


# The notebook's own functions


def test_the_short_version_and_softmax_give_the_same_answers(typed):
    short = typed["short_softmax"]
    for x in some_rows():
        for axis in (-1, 0, None):
            p, q = short(x, axis), softmax(x, axis)
            big = q >= TINY
            assert (np.abs(p - q)[big] <= 16 * np.spacing(q[big])).all()
            assert (p[~big] < 2 * TINY).all()
    for row in ([-np.inf, 0.0, 3.0], [np.nan, 0.0], [np.inf, 0.0], [-np.inf] * 2, [1e308, -1e308]):
        np.testing.assert_array_max_ulp(short(row), softmax(row), 16)


def test_the_exact_answer_typed_out(typed):
    for x in some_rows(rows=1, n=20):
        p = accuracy.shifted(x)[0]
        true = exact.softmax(x[0])
        big = true >= TINY
        assert ([float(d) for d in typed["exact_softmax"](x[0])] == true)[big].all()
        # At a power of two the ulp has two sizes; near 1e-308 an error is itself rounded.
        big &= (np.frexp(p)[0] > 0.5) & (p > 1e-290)
        ours = typed["errors"](p, x[0])[big]
        np.testing.assert_allclose(ours, exact.errors_in_ulps(p, x[0])[big], rtol=1e-3)


def test_two_diff_is_exact(typed):
    rng = np.random.default_rng(1)
    for _ in range(300):
        a, b = rng.normal(size=2) * 10.0 ** rng.uniform(-12, 12, 2)
        d, lost = typed["two_diff"](a, b)
        assert (d, lost) == (a - b, exercises._lost(a, b))


def test_both_parentheses_of_two_diff_are_exact():
    """Also where the two numbers are not within a factor of two, as Sterbenz wants them."""
    rng, far = np.random.default_rng(2), 0
    scaled = rng.normal(size=(1000, 2)) * 2.0 ** rng.integers(-60, 60, (1000, 2))
    pairs = [(1.0, 2.0**-60), *scaled.tolist()]
    for a, b in pairs:
        d = a - b
        less = d - a
        arrived = d - less
        assert Fraction(a - arrived) == Fraction(a) - Fraction(arrived)
        assert Fraction(b + less) == Fraction(b) + Fraction(less)
        far += not (less and 0.5 <= -b / less <= 2)
    assert far


def test_log_softmax_kept_is_right_near_0(typed):
    for gap in (1, 20, 40, 300, 700):
        x = np.array([0.0, -gap, -gap - 1.0])
        kept, expected = typed["log_softmax_kept"](x), exact.log_softmax(x)
        np.testing.assert_array_max_ulp(kept, expected, 5)
    assert typed["log_softmax_of"](x)[0] == 0


# The prose


def test_whole_shifts_are_exact():
    """For any top, where the probability is a normal number."""
    for seed, top in enumerate((-3000.0, -300.7, -1.3, 709.9, 900.1, 5000.3, 1e6)):
        x = top - 700 * np.random.default_rng(seed).random(500) ** 2
        for row in (x, x.astype(np.float32).astype(np.float64)):
            shift = np.floor(row.max() - min(max(row.max(), 0), 708))
            assert [exercises._lost(value, shift) for value in row.tolist()] == [0] * row.size


def test_whole_shifts_can_round_from_2_to_the_53_on():
    assert exercises._lost(-(2.0**54), -3.0) != 0
    assert exercises._lost(-(2.0**53) + 1, -3.0) == 0


def test_numpys_exp_and_log_keep_to_the_bounds_roundings():
    """The exp that bounds errors by 3 u, and the log by 2 u: 1.5 ulps, and one."""
    x = np.random.default_rng(3).uniform(-708, 709, 200_000)
    (high, low), k = half_ulp.exp((x, np.zeros_like(x)))
    off = np.abs((np.ldexp(np.exp(x), -k) - high) - low) / np.spacing(high)
    assert 0.4 < off.max() < accuracy.EXP_ERROR["float64"] / 2
    for value in np.geomspace(1.001, 1e9, 500).tolist():
        log = float(np.log(value))
        assert abs(Decimal(log) - Decimal(value).ln()) <= Decimal(math.ulp(log))


def test_where_the_hill_of_a_ends():
    z = np.sort(np.random.default_rng(4).random(2000))[::-1]
    for top, low in ((1417, 708.4), (2000, 900), (300, 150)):
        x = top - low + low * z
        x[0] = top
        assert accuracy.errors_in_ulps(accuracy.shifted(x[None]), x[None]).max() < 8
    assert np.log(TINY) == pytest.approx(-708.4, abs=0.01)
    x = 100 + 700 * z
    assert accuracy.errors_in_ulps(accuracy.shifted(x[None]), x[None]).max() > 100


def test_the_hill_at_the_widest_spread_ends_by_exact_differences():
    """Not for lack of normal probabilities: there are many, and the max is beyond 1417."""
    spreads, _, _ = accuracy.load_map()
    x = spreads[-1] * np.random.default_rng(6).standard_normal(100)
    normal = exact.softmax(x) >= TINY
    assert normal.sum() > 1
    assert x.max() > 1417
    assert (x[normal] >= x.max() / 2).all()


def test_float32_inside_float64_is_a_millionth_from_half_an_ulp():
    for spread in (1, 5, 20, 60):
        for offset in (0, 30, 1000, -1e5):
            rows = np.random.default_rng(5).normal(size=(3, 1000)) * spread + offset
            x = rows.astype(np.float32)
            wide = x.astype(np.float64)
            assert np.max(accuracy.bound(A, wide[0]) * (wide[0].max() - wide[0] < 88)) < 2**28 / 1e6
            p = accuracy.shifted(wide).astype(np.float32)
            assert accuracy.errors_in_ulps(p, x).max() <= 0.5 + 1e-6


def test_a_column_of_33_million():
    x = np.broadcast_to(np.float32(0), (2**25, 2))
    p = softmax(x, axis=0)
    assert p.dtype == np.float32
    assert (p == 2.0**-25).all(), "each column sums to 1"
    del p
    p = scipy.special.softmax(x, axis=0)
    assert (p == 2.0**-24).all(), "each column sums to 2"


def test_where_a_sums_to_1_with_entries_500_ulps_off():
    x = np.random.default_rng(1).normal(size=1000) * 100
    p = accuracy.shifted(x[None])[0]
    assert abs(p.sum() - 1) < 8 * 2**-53
    assert np.exp(-500) == pytest.approx(1e-217, rel=0.5)


def test_scores_of_spread_3_lose_some_8_to_19_ulps():
    for seed in range(100):
        x = np.random.default_rng(seed).normal(size=(1, 1000)) * 3
        assert 8 < accuracy.errors_in_ulps(accuracy.shifted(x), x).max() < 19


# The panel


@pytest.fixture(scope="module")
def panel():
    return drawing.HowAccurate(new_figure())


def test_the_panel_against_the_exact_softmax(panel):
    rng = np.random.default_rng(5)
    for _ in range(40):
        state = {
            "power": rng.uniform(-1, 3),
            "offset": int(rng.integers(-1000, 1000)),
            "n": int(rng.choice([3, 10, 100])),
            "dtype": str(rng.choice(["float64", "float32"])),
            "method": str(rng.choice(METHODS)),
        }
        words = panel.update(**state)
        normal = exact.softmax(panel.x) >= np.finfo(state["dtype"]).tiny
        errors = exact.errors_in_ulps(panel.p, panel.x)
        nan = np.isnan(panel.p)
        if (nan & normal).any():
            assert f"{int((nan & normal).sum())} are nan" in words.sentence
            continue
        off = np.abs(panel.errors - errors)[normal]
        assert (off <= np.where(panel.p[normal] > 1e-290, 1e-5, 0.5) * (1 + errors[normal])).all()
        assert words.table[1][1] == f"{panel.errors[normal].max():.2g}"
        assert ("keeps to its bound" in words.sentence) == (errors <= panel.bound)[normal].all()
        assert ("left out" in words.sentence) == (~normal).any()


def test_the_answers_under_the_panel(panel):
    def worst(power, offset, method):
        panel.update(power, offset, 1000, "float64", method)
        return panel.errors.max()

    upper = []
    for offset in (0, 200, 400, 800, 850):
        top = worst(2, offset, A)
        upper.append((panel.errors > 8).sum())
        assert top < 8 if offset == 850 else 450 < top < 500
    assert (np.diff(upper) < 0).all()
    for offset in (810, 820):
        assert round(worst(2, offset, A), -2) == 300
        assert np.flatnonzero(panel.errors > 8).tolist() == [panel.x.argmin()]
    for offset in (-680, 0, 680):
        assert worst(1, offset, B) < 8
    assert np.isnan(worst(1, 690, B))
    assert worst(1, -700, B) > 1e6
    assert not np.isnan(worst(1, -760, B))
    worst(1, -780, B)
    assert np.isnan(panel.p).all()


def test_rough():
    assert drawing.rough(np.nan) == "nan"
    assert drawing.rough(0.49) == "at most 0.5"
    assert drawing.rough(7.9) == "below 8"
    assert drawing.rough(493.0) == "about 500"


@pytest.mark.parametrize("picture", drawing.PICTURES, ids=lambda f: f.__name__)
def test_pictures_say_in_words_what_they_show(picture):
    _, words = paint(picture)
    assert len(words.sentence) > 60


def test_the_words_of_the_maps_and_bounds():
    _, words = paint(drawing.error_maps)
    assert "up to about 500, but is below 8 at the greatest offset" in words.sentence
    assert "spread; scipy, torch, jax, tensorflow lose just as much" in words.sentence
    assert "B is below 8 or nan" in words.sentence
    assert "softmax is below 8 everywhere" in words.sentence
    _, words = paint(drawing.bounds_and_measurement)
    x = np.random.default_rng(7).normal(size=1000) * 100
    for method, least in ((A, 0.5), (B, 0.01), (G, 0.3)):
        errors = accuracy.errors_in_ulps(accuracy.METHODS[method](x[None]), x[None])[0]
        limit = accuracy.bound(method, x)
        assert least < (errors / limit).max() <= 1
    figure, words = paint(drawing.sum_errors)
    in_turn = figure.axes[0].lines[0].get_ydata()
    assert in_turn.max() > 100
    assert "hundreds or more u" in words.sentence
    assert "below 8 u" in words.sentence


def test_ways_to_sum():
    e = np.random.default_rng(0).random(2**14).astype(np.float32)
    for total in (accuracy.in_pairs, accuracy.in_rows):
        assert total(e) == pytest.approx(e.sum(dtype=float), rel=1e-6)


# The checks


def steps(a, b):
    bits = np.array([a, b]).view(np.int64)
    return int(bits[1]) - int(bits[0])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a, b: ..., NOT_YET),
        (steps, "as many steps"),
        (lambda a, b: max(abs(steps(a, b)) - 1, 0), "Neighbors are one step apart"),
        (lambda a, b: abs(a - b), "How many spacings long"),
        (lambda a, b: abs(a - b) / np.finfo(float).eps, "spacing at 1"),
        (lambda a, b: abs(a - b) / np.spacing(a), "one spacing for the whole way"),
        (lambda a, b: abs(a - b) / np.spacing(max(a, b)), "one spacing for the whole way"),
    ],
)
def test_what_ulps_between_answers(function, message):
    answer = exercises.check_ulps_between(function)
    assert not answer.passed
    assert message in answer.message


def knuth(a, b):
    s = a + b
    more = s - a
    return s, (a - (s - more)) + (b - more)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a, b: ..., NOT_YET),
        (lambda a, b: a + b, "Return two numbers"),
        (lambda a, b: (a + b, -knuth(a, b)[1]), "sign"),
        (lambda a, b: knuth(a, b)[::-1], "wrong order"),
        (lambda a, b: (a + b, b - ((a + b) - a)), "as long as"),
        (lambda a, b: (a + b, 0.0), "Nothing was lost"),
        (lambda a, b: (a - b, -knuth(-a, b)[1]), "two_diff itself"),
        (lambda a, b: "both", "returned a text"),
    ],
)
def test_what_two_sum_answers(function, message):
    answer = exercises.check_two_sum(function)
    assert not answer.passed
    assert message in answer.message


def folded(e, keep=True):
    while len(e) > 1:
        half = len(e) // 2
        rest = e[2 * half :] if keep else e[:0]
        e = np.concatenate([e[:half] + e[half : 2 * half], rest])
    return e[0]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda e: ..., NOT_YET),
        (lambda e: e.sum(axis=0), "stops at 2048"),
        (lambda e: e.sum(axis=1, dtype=float), "sums of the rows"),
        (lambda e: e.sum(dtype=float), "one number for the whole array"),
        (lambda e: folded(e, keep=False), "A row is missing"),
        (lambda e: e.astype(np.float32).sum(axis=0) / len(e), "the numbers are not"),
    ],
)
def test_what_column_sums_answers(function, message):
    answer = exercises.check_column_sums(function)
    assert not answer.passed
    assert message in answer.message


def my_logsumexp(x, axis=-1):
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    x = x.astype(np.float64)
    top = x.max(axis, keepdims=True)
    e = np.exp(x - np.where(np.isfinite(top), top, 0))
    rest = np.delete(np.sort(e, axis), -1, axis)
    return (top + np.log1p(rest.sum(axis, keepdims=True))).squeeze(axis).astype(dtype)


def whole_sum(x, axis=-1):
    x = np.asarray(x)
    top = np.max(x, axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    sums = np.exp(x.astype(np.float64) - top).sum(axis)
    return (np.log(sums) + top.squeeze(axis)).astype(np.result_type(x.dtype, np.float16))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (..., NOT_YET),
        (lambda x, axis=-1: ..., NOT_YET),
        (lambda x, axis=-1: np.log(np.exp(x).sum(axis)), "exp overflows"),
        (
            lambda x, axis=-1: np.log(np.exp(x - np.max(x, axis, keepdims=True)).sum(axis)),
            "The shift is forgotten on the way back",
        ),
        (lambda x, axis=-1: np.max(np.asarray(x, float), axis), "It gives the max only"),
        (lambda x, axis=-1: my_logsumexp(np.ravel(x)), "runs over the whole array"),
        (lambda x, axis=-1: my_logsumexp(x, -1), "does not use it"),
        (lambda x, axis=-1: np.expand_dims(my_logsumexp(x, axis), axis), "keeps the axis"),
        (
            lambda x, axis=-1: my_logsumexp(np.asarray(x, float), axis),
            "give back the dtype that came in",
        ),
        (whole_sum, "1 plus a small sum is rounded before its log"),
        (lambda x: my_logsumexp(x), "let your function take an axis"),
        (scipy.special.logsumexp, "a finished logsumexp"),
    ],
)
def test_what_a_logsumexp_is_answered(function, message):
    answer = exercises.check_sound_logsumexp(function)
    assert not answer.passed
    assert message.lower() in answer.message.lower()


def test_right_answers_pass():
    assert exercises.check_sound_logsumexp(my_logsumexp).passed
    assert exercises.check_ulps_between(lambda a, b: abs(steps(a, b))).passed
    assert exercises.check_two_sum(knuth).passed
    assert exercises.check_column_sums(folded).passed
    assert exercises.check_column_sums(lambda e: e.sum(axis=0, dtype=np.float32)).passed


def test_the_header_of_the_record():
    header = next(csv.reader(accuracy.RECORD.read_text("utf-8").splitlines()))
    assert header[:2] == ["spread", "offset"]
    assert [len(name.split()) for name in header[2:]] == [1] * 5 + [2] * 3
