"""Notebook 03: its maps and their boundaries, what its prose claims, and what its checks answer."""

import itertools
import math
import re

import matplotlib
import numpy as np
import pytest
from scipy.special import logsumexp

from softmaxlab import exact, floats, regions
from softmaxlab.drawing import STYLE, new_figure, paint
from softmaxlab.drawing import overflow_regions as drawing
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises import overflow_regions as exercises
from softmaxlab.softmax import softmax
from softmaxlab.thread import THREAD
from tools import run_notebooks

INACCURATE, WRONG, ZERO, NAN = range(1, 5)
PLACES = ("0", "the overflow", "the underflow")

each_dtype = pytest.mark.parametrize("dtype", drawing.DTYPES)
each_n = pytest.mark.parametrize("n", [2, 10, 1000])
each_variant = pytest.mark.parametrize("variant", "ABG")


def some_pairs(dtype, shape, seed=0):
    """Logits all over the plane, some equal, some at the ends of exp."""
    rng = np.random.default_rng(seed)
    end = 1.2 * floats.gap_to_zero(dtype)
    pairs = rng.uniform(-end, end, (*shape, 2))
    pairs[..., ::7, 1] = pairs[..., ::7, 0]
    for place, x in enumerate((floats.last_finite_exp(dtype), floats.first_zero_exp(dtype))):
        pairs[..., place::5, :] = x + rng.uniform(-5, 5, pairs[..., place::5, :].shape)
    return pairs.astype(dtype)


# The maps are those of the thread's functions.


@each_n
@each_dtype
@each_variant
def test_a_cell_of_the_map_is_a_row_of_the_threads_function(variant, dtype, n):
    pairs = some_pairs(dtype, (4, 50))
    p = regions.run(variant, pairs, n)
    assert p.dtype == pairs.dtype
    with np.errstate(all="ignore"):
        rows = np.repeat(pairs, [1, n - 1], axis=-1).reshape(-1, n)
        rows = [THREAD[variant].function(row) for row in rows]
    for row in rows:
        np.testing.assert_array_equal(row[1:], row[1])
    each = np.array(rows)[:, :2].reshape(pairs.shape)
    np.testing.assert_array_equal(p, each)
    truth = regions.truth(pairs, n)
    np.testing.assert_array_equal(regions.classify(p, truth), regions.classify(each, truth))


@each_n
@each_dtype
def test_the_truth_is_the_exact_softmax(dtype, n):
    pairs = some_pairs(dtype, (60,), seed=1)
    truth = regions.truth(pairs, n)
    for pair, p in zip(pairs, truth, strict=True):
        row = np.repeat(pair, [1, n - 1]).astype(np.float64)
        expected = exact.softmax(row)[:2]
        np.testing.assert_array_less(np.abs(p - expected), 3.01 * np.spacing(expected))


def test_the_classes_are_those_of_errors_in_ulps():
    for variant, dtype in (("B", "float16"), ("B", "float64"), ("A", "float64"), ("G", "float32")):
        pairs = some_pairs(dtype, (150,), seed=2)
        p = regions.run(variant, pairs, 3)
        classes = regions.classify(p, regions.truth(pairs, 3))
        for pair, got, kind in zip(pairs, p, classes, strict=True):
            row = np.repeat(pair, [1, 2])
            ulps = exact.errors_in_ulps(np.repeat(got, [1, 2]), row)[:2]
            near = np.abs(ulps - regions.ULPS[dtype]) < 3  # the map's truth is right to 3 ulps
            if near.any():
                continue
            bad = ulps > regions.ULPS[dtype]
            off = np.abs(got.astype(float) / exact.softmax(row)[:2].clip(5e-324) - 1)
            if np.isnan(got).any():
                expected = NAN
            elif (bad & (got == 0)).any():
                expected = ZERO
            else:
                expected = WRONG if (bad & (off >= 0.01)).any() else INACCURATE * bad.any()
            assert kind == expected, (variant, dtype, pair)


def test_classify_by_hand():
    truth = np.array([0.25, 0.75])
    rows = {
        0: [0.25, 0.75],
        1: [0.25, 0.75 * (1 + 33 * 2**-52)],
        2: [0.25, 0.75 * 1.011],
        3: [0.0, 1.0],
        4: [np.nan, 0.0],
    }
    for kind, p in rows.items():
        assert regions.classify(np.array(p), truth) == kind
    # Below the normal numbers the spacing is that of the subnormals.
    assert regions.classify(np.array([5e-324, 1.0]), np.array([2e-323, 1.0])) == 0
    assert regions.classify(np.array([0.0, 1.0]), np.array([2e-323, 1.0])) == 0
    assert regions.classify(np.array([0.0, 1.0]), np.array([1e-321, 1.0])) == ZERO
    assert regions.classify(np.array([0.5, 0.0, 0.5]), np.array([0.4, 0.2, 0.4])) == ZERO


# Measured and analytic boundaries.


def neighbors(grid):
    """The grid and its eight shifts by one cell, shape (9, cells, cells)."""
    padded = np.pad(grid, 1, mode="edge")
    rows, columns = grid.shape
    return np.stack([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)])


@each_n
@each_dtype
@each_variant
@pytest.mark.parametrize("around", PLACES)
@pytest.mark.parametrize("zoom", [0, 4])
def test_measured_and_analytic_boundaries_agree_within_one_cell(variant, dtype, n, around, zoom):
    where = regions.window(dtype, around, zoom, cells=60)
    measured = regions.measure(variant, dtype, n, where)
    foretold = regions.predict(variant, where.pairs(dtype).astype(float), n, dtype)
    near = neighbors(foretold)
    exactly = (near == measured).any(axis=0)
    at_worst = ((near < ZERO) & (near >= measured)).any(axis=0)
    agree = np.where(measured >= ZERO, exactly, at_worst)
    assert agree.all(), list(zip(where.pairs(dtype)[~agree], measured[~agree], strict=True))[:3]


@each_n
@each_dtype
def test_the_drawn_lines_of_b_part_the_measured_regions(dtype, n):
    """Crossing each line, at points taken from the line itself, changes the class as it says."""

    def kind(a, b):
        pairs = np.array([[a, b]], dtype=dtype)
        return regions.classify(regions.run("B", pairs, n), regions.truth(pairs, n))[0]

    where = regions.window(dtype)
    lines = regions.boundaries("B", dtype, n, where)
    cell = 2 * where.half / 60
    low, _ = where.edges[[0, -1]]
    a, b = (line[np.isfinite(line)] for line in lines["overflow"])
    assert kind(a[0], b[0] + cell) == NAN
    assert kind(a[0], b[0] - cell) != NAN
    a, b = lines["sum"]
    corner = np.argmin(np.abs(a - b))
    assert kind(a[corner] + 0.1, b[corner] + 0.1) == ZERO
    assert kind(a[corner] - 0.1, b[corner] - 0.1) == 0
    a, b = lines["zero"]
    x, top = a[1], b[1]  # the upper end of the vertical line
    assert kind(x - cell / 4, top - cell) == ZERO
    assert kind(x + cell / 4, top - cell) not in (ZERO, NAN)
    assert kind(x - cell, top + cell) == 0
    assert kind(x - cell / 4, x - cell / 4) == NAN
    assert kind(a[0] + cell, b[0] - cell) == ZERO
    assert kind(a[0] + cell, b[0] + 3 * cell) == 0
    assert a[0] == pytest.approx(low)
    gone = np.nextafter(np.array(lines["off"][0][1], dtype=dtype), np.inf)
    assert kind(gone, gone + 3) in (0, INACCURATE)


@each_n
@each_dtype
def test_b_is_silently_wrong_in_most_of_the_belt(dtype, n):
    where = regions.window(dtype, "the underflow", 4, cells=60)
    measured = regions.measure("B", dtype, n, where)
    foretold = regions.predict("B", where.pairs(dtype).astype(float), n, dtype)
    assert (measured == WRONG).sum() > 0.7 * (foretold == WRONG).sum() > 50


@each_dtype
def test_exp_can_be_one_percent_off_below_the_line_and_not_above_it(dtype):
    line = regions.boundaries("B", dtype, 2, regions.window(dtype))["off"][0][1]
    log_spacing = math.log(floats.FORMATS[dtype].smallest_subnormal)
    assert line == pytest.approx(log_spacing + math.log(50))

    def worst(low, high):
        x = np.linspace(low, high, 2000).astype(dtype)
        spacings = np.exp(x.astype(float) - log_spacing)
        computed = np.exp(x).astype(float) / floats.FORMATS[dtype].smallest_subnormal
        return (np.abs(computed - spacings) / spacings).max()

    with np.errstate(all="ignore"):
        assert worst(line + 0.01, line + 1) < 0.0101
        assert worst(line - 0.4, line - 0.01) > 0.01


@each_n
@each_dtype
def test_a_and_g_are_right_where_their_bounds_say(dtype, n):
    gap = regions.safe_gap(dtype, n)
    rng = np.random.default_rng(4)
    a = rng.uniform(-700, 700, (20, 200)) if dtype == "float64" else rng.uniform(-80, 80, (20, 200))
    pairs = np.stack([a, a + rng.uniform(-0.99, 0.99, a.shape) * gap], axis=-1).astype(dtype)
    inside = np.abs(np.diff(pairs.astype(float))[..., 0]) < gap
    classes = regions.classify(regions.run("A", pairs, n), regions.truth(pairs, n))
    assert not classes[inside].any()
    a, b = regions.boundaries("G", dtype, n, regions.window(dtype))["safe"]
    if not len(a):
        assert n > 2
        return
    center = np.nanmean(a), np.nanmean(b)
    part = rng.uniform(size=(20, len(a)))
    points = np.stack([c + part * (line - c) for c, line in zip(center, (a, b), strict=True)], -1)
    points = points[np.isfinite(points).all(axis=-1)][None].astype(dtype)
    assert not regions.classify(regions.run("G", points, n), regions.truth(points, n)).any()


@each_n
@each_dtype
def test_a_never_fails_in_the_plane(dtype, n):
    for around in PLACES:
        where = regions.window(dtype, around, cells=60)
        assert regions.measure("A", dtype, n, where).max() <= INACCURATE
        if dtype == "float64":
            truth = regions.truth(where.pairs(dtype), n)
            normal = truth >= np.finfo(dtype).tiny
            off = (regions.run("A", where.pairs(dtype), n) / truth.clip(1e-308) - 1)[normal]
            assert np.abs(off).max() < 1e-12


@each_dtype
def test_beyond_the_safe_gap_a_does_lose_digits(dtype):
    classes = regions.measure("A", dtype, 2, regions.window(dtype, cells=60))
    pairs = regions.window(dtype, cells=60).pairs(dtype).astype(float)
    gap = np.abs(np.diff(pairs)[..., 0])
    assert not classes[gap < regions.safe_gap(dtype, 2)].any()
    if dtype != "float16":
        assert classes.any()


# The prose.


def test_the_two_examples_of_b():
    b = THREAD["B"].function
    low, high = np.array([-744.4, -744.0]), np.array([709.5, 709.5])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(b(high), [0, 0])
    # By default numpy does not warn of underflow; here a warning would be an error.
    np.testing.assert_allclose(b(low), [1 / 3, 2 / 3])
    with pytest.warns(RuntimeWarning, match="overflow"):
        b(high)
    np.testing.assert_allclose(exact.softmax(low), [0.401, 0.599], atol=5e-4)
    spacings = np.exp(low + 745.1332191019412) / 2
    np.testing.assert_allclose(spacings, [1.04, 1.55], atol=5e-3)


@each_n
@each_dtype
def test_the_sum_overflows_at_log_max_minus_log_n(dtype, n):
    edge = floats.sum_overflow(dtype, n)
    near = 2.0 * np.spacing(np.array(edge, dtype=dtype)).astype(float)
    b = THREAD["B"].function
    with np.errstate(all="ignore"):
        below = b(np.full(n, edge - near, dtype=dtype)).sum(dtype=float)
        above = b(np.full(n, edge + near, dtype=dtype))
    assert below == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(above, 0)


def test_what_the_prose_says_of_the_table_of_thresholds():
    f = floats.FORMATS["float64"]
    assert math.log(f.smallest_subnormal) == pytest.approx(-744.44, abs=0.005)
    assert math.log(f.smallest_subnormal) - math.log(2) == pytest.approx(
        floats.first_zero_exp("float64"), rel=1e-12
    )
    halves = floats.round_to([88.3, 88.6, 88.75, 89.1], "bfloat16")
    np.testing.assert_array_equal(halves, [88.5, 88.5, 89, 89])
    with np.errstate(over="ignore"):
        assert floats.round_to(np.exp(88.5), "bfloat16") < np.inf
        assert floats.round_to(np.exp(89.0), "bfloat16") == np.inf


def test_a_gives_exactly_1_before_the_exact_p_rounds_to_1():
    a = THREAD["A"].function
    gap = floats.gap_to_one("float64")
    for x in (gap, gap + 0.5):
        assert a(np.array([0.0, x]))[1] == 1
        assert exact.softmax([0.0, x])[1] < 1
    assert a(np.array([0.0, gap - 0.01]))[1] < 1


def test_a_keeps_at_a_large_offset_what_g_loses():
    expected = exact.softmax([0.0, 2.0])
    for offset, lost in ((1e4, 1e-13), (1e6, 1e-11), (1e8, 1e-9)):
        x = offset + np.array([0.0, 2.0])
        np.testing.assert_array_equal(exact.softmax(x), expected)
        off = {v: np.abs(THREAD[v].function(x) / expected - 1).max() for v in "AG"}
        assert off["A"] < 1e-15
        assert lost < off["G"] < 10 * lost


def test_thresholds_are_where_np_exp_crosses():
    with np.errstate(all="ignore"):
        for dtype in (np.float16, np.float32, np.float64):
            info = np.finfo(dtype)
            top, first, zero = (
                dtype(f(dtype.__name__))
                for f in (
                    floats.last_finite_exp,
                    floats.first_subnormal_exp,
                    floats.first_zero_exp,
                )
            )
            up, down = dtype(np.inf), dtype(-np.inf)
            assert np.exp(top) < np.exp(np.nextafter(top, up)) == np.inf
            assert np.exp(first) <= info.tiny <= np.exp(np.nextafter(first, up))
            assert np.exp(zero) == 0 < np.exp(np.nextafter(zero, up))
            assert np.exp(np.nextafter(first, down)) < info.tiny


def test_the_answers_under_the_panel():
    t = [regions.boundaries("B", "float64", n, regions.window("float64"))["sum"] for n in (2, 1000)]
    assert t[0][1].max() - t[1][1].max() == pytest.approx(math.log(999))
    assert math.log(999) == pytest.approx(6.9, abs=0.01)
    assert math.log(100) == pytest.approx(4.6, abs=0.01)
    widths = [2 * regions.window(dtype).half for dtype in ("float16", "float64")]
    assert [round(width) for width in widths] == [42, 1788]
    cells = [2 * regions.window("float64", zoom=zoom).half / 50 for zoom in range(4)]
    assert cells[2] > math.log(100) > cells[3]

    def silently_wrong(dtype, zoom):
        where = regions.window(dtype, "the underflow", zoom)
        return (regions.measure("B", dtype, 2, where) == WRONG).mean()

    assert [silently_wrong("float64", zoom) for zoom in range(3)] == [0, 0, 0]
    assert silently_wrong("float64", 4) > silently_wrong("float64", 3) > 0.005
    assert silently_wrong("float16", 0) > 0.03
    assert math.exp(709.7827 - 700) == pytest.approx(17_700, rel=0.01)


def test_where_the_stable_version_fails():
    a = THREAD["A"].function
    with np.errstate(all="ignore"):
        for x in (np.array([0, 250], np.uint8), np.array([-125, 125], np.int8)):
            assert np.exp(x).dtype == np.float16
            p = a(x)
            assert p[0] > p[1]
            assert softmax(x)[0] < softmax(x)[1]
        assert np.isnan(a(np.array([-100, 0, 100], np.int8))).any()
        np.testing.assert_array_equal(a(np.zeros(70_000, np.float16)), 0)
        # Up to the largest float, A stands: in the number of classes, and in the scores.
        largest = np.finfo(np.float16).max
        np.testing.assert_allclose(a(np.zeros(65_504, np.float16)), 1 / 65_504, rtol=2e-3)
        np.testing.assert_array_equal(a(np.array([-largest, largest])), [0, 1])
        for x in ([-np.inf] * 3, [0, np.inf]):
            assert np.isnan(a(np.array(x))).all()
    with pytest.raises(TypeError, match="subtract"):
        a(np.array([True, False]))
    np.testing.assert_array_equal(softmax(np.zeros(70_000, np.float16)), np.float16(1 / 70_000))
    assert np.isnan(softmax([[-np.inf] * 2, [0, 1]])[0]).all()
    assert np.isfinite(softmax([[-np.inf] * 2, [0, 1]])[1]).all()


def test_the_functions_typed_out_in_the_notebook_are_those_of_the_maps():
    notebook = run_notebooks.read(run_notebooks.NOTEBOOKS / "03_overflow_regions.ipynb")
    space = {"np": np}
    for cell in notebook.cells:
        typed = re.search(r"^def (row|plane_G|truth|classify)\(", cell.source, re.MULTILINE)
        if cell.cell_type == "code" and typed:
            exec(cell.source, space)
    with np.errstate(all="ignore"):
        for dtype in drawing.DTYPES:
            for n in (2, 10):
                pairs = regions.window(dtype).pairs(dtype)
                for variant in "ABG":
                    p = space[f"plane_{variant}"](pairs, n)
                    np.testing.assert_array_equal(p, regions.run(variant, pairs, n))
                exact_p, ulps = regions.truth(pairs, n), regions.ULPS[dtype]
                expected = regions.classify(p, exact_p)
                np.testing.assert_array_equal(space["classify"](p, exact_p, ulps), expected)
                typed = space["classify"](p, space["truth"](pairs, n), ulps)
                if dtype == "float16":
                    np.testing.assert_array_equal(typed, expected)


# The panel.


@pytest.fixture(scope="module")
def panel():
    return drawing.OverflowRegions(new_figure())


def test_the_panel_shows_what_the_sentence_says(panel):
    rng = np.random.default_rng(5)
    for _ in range(60):
        state = {
            "dtype": rng.choice(drawing.DTYPES),
            "n": int(rng.choice([2, 10, 100, 1000])),
            "variant": rng.choice(list("ABG")),
            "around": rng.choice(PLACES),
            "zoom": int(rng.integers(7)),
        }
        words = panel.update(**state)
        counts = np.bincount(panel.classes.ravel(), minlength=5)
        assert [int(row[1]) for row in words.table[1:]] == counts.tolist()
        np.testing.assert_array_equal(panel.map.mesh.get_array(), panel.classes)
        for name, count in zip(regions.CLASSES, counts, strict=True):
            share = words.sentence.split(f" % {name}")[0].split()[-1]
            assert abs(float(share) - 100 * count / 2500) <= 1
        assert ("Nothing here" in words.sentence) == (counts[WRONG:].sum() == 0)
        assert ("nearest" in words.sentence) == (counts[WRONG:].sum() > 0)


@pytest.mark.parametrize(
    ("dtype", "n", "around", "zoom", "kind"),
    [
        ("float16", 2, "0", 0, "nan"),
        ("float64", 10, "the overflow", 5, "zero"),
        ("float64", 2, "the underflow", 4, "silently wrong"),
    ],
)
def test_the_nearest_failure_fails(panel, dtype, n, around, zoom, kind):
    words = panel.update(dtype=dtype, n=n, variant="B", around=around, zoom=zoom)
    told = words.sentence.replace("\N{MINUS SIGN}", "-").split("nearest to (0, 0): ")[1]
    assert told.startswith(f"{kind} at a = ")
    a, b = map(float, told.rstrip(".").split(" at a = ")[1].split(", b = "))
    pairs = regions.window(dtype, around, zoom).pairs(dtype).astype(float)
    distance = np.hypot(*np.moveaxis(pairs, -1, 0))
    place = np.unravel_index(
        np.where(panel.classes >= WRONG, distance, np.inf).argmin(), distance.shape
    )
    np.testing.assert_allclose([a, b], pairs[place], rtol=1e-3)
    with np.errstate(all="ignore"):
        p = THREAD["B"].function(np.repeat(pairs[place].astype(dtype), [1, n - 1]))
    off = np.abs(p[:2].astype(float) - regions.truth(pairs[place], n))
    assert np.isnan(off).any() or (off / regions.truth(pairs[place], n)).max() >= 0.01


def test_the_extremes_of_the_panel(panel):
    words = panel.update(dtype="float64", n=2, variant="A", around="the overflow", zoom=6)
    assert words.sentence.startswith("A in float64 with 2 classes")
    assert "100 % right" in words.sentence
    assert "Nothing here is silently wrong, zero or nan." in words.sentence
    words = panel.update(dtype="float16", n=1000, variant="B", around="the overflow", zoom=6)
    assert ": 0 % right" in words.sentence
    assert "75 % nan" in words.sentence


@pytest.mark.parametrize(
    "zooms", [(0, 3, 6), pytest.param((1, 2, 4, 5), marks=pytest.mark.thorough)]
)
def test_no_text_of_the_panel_is_cut_off_or_runs_into_another(zooms):
    with matplotlib.rc_context(STYLE):
        figure = new_figure()
        panel = drawing.OverflowRegions(figure)
        renderer = figure.canvas.get_renderer()
        for dtype, around, zoom in itertools.product(drawing.DTYPES, PLACES, zooms):
            for variant in "BAG":
                panel.update(dtype=dtype, n=1000, variant=variant, around=around, zoom=zoom)
                figure.draw_without_rendering()
                ax = panel.map.ax
                assert ax.yaxis.get_tightbbox(renderer).x0 >= 2, (dtype, around, zoom)
                assert ax.xaxis.get_tightbbox(renderer).y0 >= 2
                assert max(t.get_window_extent(renderer).x1 for t in panel.captions) <= 858
                assert ax.bbox.x1 < min(s.get_window_extent().x0 for s in panel.samples.values())


def test_percent():
    assert drawing.shares(np.array([0] * 999 + [1]))[:3] == ["over 99 %", "under 1 %", "0 %"]
    assert drawing.shares(np.array([4, 4])) == ["0 %"] * 4 + ["100 %"]


@pytest.mark.parametrize("picture", drawing.PICTURES, ids=lambda f: f.__name__)
def test_pictures_say_in_words_what_they_show(picture):
    _, words = paint(picture)
    assert len(words.sentence) > 60


def test_the_numbers_of_the_atlas():
    _, words = paint(drawing.overflow_atlas)
    assert "A and G give zeros or nan in 0 % of the cells" in words.sentence
    of_b, of_a_and_g = words.sentence.split("; A is inaccurate in ")
    of_a, of_g = of_a_and_g.split(", G in ")
    for dtype in drawing.DTYPES:
        where = regions.window(dtype, cells=60)
        classes = regions.measure("B", dtype, 2, where)
        assert f"{100 * (classes >= ZERO).mean():.0f} % ({dtype})" in of_b
        for variant, part in (("A", of_a), ("G", of_g)):
            classes = regions.measure(variant, dtype, 2, where)
            assert f"{100 * (classes == INACCURATE).mean():.0f} % ({dtype})" in part


def test_each_line_of_the_atlas_is_named_above_its_row():
    figure, _ = paint(drawing.overflow_atlas)
    names = {"-": "solid", "--": "dashed", ":": "dotted", "-.": "dash-dot"}
    for ax in figure.axes:
        above = figure.axes[3 * (figure.axes.index(ax) // 3)].texts[-1].get_text()
        drawn = {line.get_linestyle() for line in ax.lines if len(line.get_xdata())} - {"None"}
        assert drawn
        for style in drawn:
            assert names[style] in above


def test_no_two_lines_of_a_variant_look_alike():
    for variant in "ABG":
        styles = [drawing.LINES[name] for name in drawing.captions(variant, "float64", 2)]
        assert len(set(styles)) == len(styles)


# The exercises.


def limit(dtype, n):
    return math.log(np.finfo(dtype).max) - math.log(n)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda dtype, n: ..., NOT_YET),
        (lambda dtype, n: math.log(np.finfo(dtype).max), "one exp overflows"),
        (lambda dtype, n: math.log(np.finfo(dtype).max) / n, "inside the logarithm"),
        (lambda dtype, n: math.log(np.finfo(dtype).max) + math.log(n), "rises with n"),
        (lambda dtype, n: float(np.finfo(dtype).max) / n, "its logarithm"),
        (lambda dtype, n: math.log10(np.finfo(dtype).max) - math.log10(n), "its base is e"),
        (lambda dtype, n: math.log2(np.finfo(dtype).max) - math.log2(n), "and not 2"),
        (lambda dtype, n: 709.78 - math.log(n), "not the one expected"),
    ],
)
def test_what_largest_safe_score_answers(function, message):
    answer = exercises.check_largest_safe_score(function)
    assert not answer.passed
    assert message in answer.message


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (..., NOT_YET),
        ("abc", "two finite numbers"),
        (None, "this is None"),
        ([-744.0, -744.4], "the pair of the lesson"),
        ([1.0, 2.0, 3.0], "two finite numbers"),
        ([np.inf, 0.0], "two finite numbers"),
        ([1000.0, 0.0], "not silent"),
        ([709.5, 709.5], "do not sum to 1"),
        ([1.0, 2.0], "right here to 5 %"),
        ([-746.0, -744.0], "exactly 0"),
    ],
)
def test_what_silently_wrong_answers(scores, message):
    answer = exercises.check_silently_wrong(scores)
    assert not answer.passed
    assert message in answer.message


def wrapping(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def converted_late(x):
    return softmax((x - x.max()).astype(float))


def wide_and_narrow(dtype):
    return lambda x: wrapping(x.astype(dtype))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: ..., NOT_YET),
        (wrapping, "float16"),
        (wide_and_narrow(np.float16), "float16"),
        (wide_and_narrow(np.int16), "float32"),
        (wide_and_narrow(np.float32), "asks for float64"),
        (converted_late, "still wraps"),
        (lambda x: x, "made of integers"),
        (lambda x: softmax(x), "a finished softmax"),
        (softmax, "a finished softmax"),
        (lambda x: THREAD["A"].function(x.astype(float)), "a finished softmax"),
        (lambda x: np.exp(x.astype(float)), "do not sum to 1"),
    ],
)
def test_what_softmax_of_int8_answers(function, message):
    answer = exercises.check_softmax_of_int8(function)
    assert not answer.passed
    assert message in answer.message


def test_right_answers_pass():
    assert exercises.check_largest_safe_score(limit).passed
    for near in (
        lambda dtype, n: np.log(np.finfo(dtype).max) - np.log(n),
        lambda dtype, n: np.log(np.finfo(dtype).max / np.dtype(dtype).type(n)),
        lambda dtype, n: floats.last_finite_exp(dtype) - math.log(n),
    ):
        assert exercises.check_largest_safe_score(near).passed
    assert exercises.check_silently_wrong([-743.4, -744.0]).passed
    assert exercises.check_silently_wrong([-744.4, -743.9]).passed
    assert exercises.check_softmax_of_int8(wide_and_narrow(np.float64)).passed
    assert exercises.check_softmax_of_int8(lambda x: wrapping(np.array(x, float))).passed


# Sentences with numbers


def test_near_0_the_sum_and_the_log_err_by_more_than_the_last_rounding_of_logsumexp():
    rng = np.random.default_rng(4)
    for offset, greater in ((0, True), (1e4, False)):
        errors = []
        for _ in range(50):
            x = rng.normal(size=10)
            x += offset - exact.logsumexp(x)
            true = exact.logsumexp(x)
            errors.append(abs(logsumexp(x) - true) / abs(true))
        assert (max(errors) > 2 * 2.0**-53) == greater


def test_a_single_zero_passes_the_test_of_the_sum():
    x = np.array([-30.0, -750.0])
    p = THREAD["B"].function(x)
    assert p.sum() == 1
    assert p[1] == 0 < exact.softmax(x)[1]


def test_warnings_come_back_though_they_were_silenced_twice():
    cells = run_notebooks.read(run_notebooks.NOTEBOOKS / "03_overflow_regions.ipynb").cells
    silence, restore = (cell.source for cell in cells if "np.seterr" in cell.source)
    before, space = np.geterr(), {"np": np}
    with np.errstate():
        for source in (silence, silence, restore):
            exec(source, space)
        assert np.geterr() == before
