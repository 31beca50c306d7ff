"""Notebook 07: its counts, its ladder, its record, its panel's numbers, its exercises."""

import ast
import csv
import importlib
import inspect
import random
import re
import tracemalloc

import lessons
import numpy as np
import pytest
from lessons import values

from benchmarks import mutants
from benchmarks import softmax as benchmark_softmax
from softmaxlab import THREAD, exact, log_softmax, softmax
from softmaxlab.drawing import paint
from softmaxlab.drawing.how_fast import (
    NAMES,
    RecordedSpeed,
    recorded_ratios,
    recorded_times,
    times_against_size,
)
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.how_fast import check_cost_of_g, check_fits, check_into, check_ratio
from softmaxlab.speed import records
from tools import run_notebooks

STEM = "07_how_fast"
PATH = run_notebooks.NOTEBOOKS / f"{STEM}.ipynb"
ALWAYS = {"scipy", "ours", "in place", "np.exp"}
LIBRARIES = {"torch", "jax", "tensorflow", "numba"}
XEON, EPYC, OFF = "Xeon, AVX-512", "EPYC, AVX-512", "EPYC, AVX-512 off"
AVX2 = "EPYC, AVX2"
# Measured before the three lines in place were.
SOFTMAXES = {XEON: LIBRARIES | ALWAYS - {"in place"}} | dict.fromkeys([EPYC, OFF, AVX2], ALWAYS)


@pytest.fixture(scope="module")
def lesson():
    """The names that the notebook's cells define."""
    return lessons.lesson(STEM).space


# The counts


def counted(lesson, function, x):
    lesson["walks"] = walks = []
    function(x.view(lesson["Watched"]))
    called = [name for name, moved in walks if moved >= x.nbytes]
    return called, sum(moved for _, moved in walks) // x.nbytes


@pytest.mark.parametrize(
    ("letters", "names", "arrays"),
    [
        ("ACDF", ["maximum", "subtract", "exp", "add", "divide"], 8),
        ("B", ["exp", "exp", "add", "divide"], 7),
        ("E", ["exp", "add", "divide"], 5),
    ],
)
@pytest.mark.parametrize("n", [10, 100])
def test_passes_exps_and_arrays(letters, names, arrays, n, lesson):
    x = np.random.default_rng(n).normal(size=(n, n))
    for letter in letters:
        assert counted(lesson, THREAD[letter].function, x) == (names, arrays)


def plain_g():
    prose = "\n".join(c.source for c in run_notebooks.read(PATH).cells if "def G(x):" in c.source)
    space = {"np": np}
    exec(re.search(r"```python\n(def G.*?)```", prose, re.DOTALL).group(1), space)
    return space["G"]


def test_the_cost_of_g_as_the_exercise_wants_it(lesson):
    g, x = plain_g(), np.random.default_rng(0).normal(size=(30, 30))
    assert np.allclose(g(x), THREAD["G"].function(x))
    names, arrays = counted(lesson, g, x)
    assert check_cost_of_g([len(names), names.count("exp"), arrays]).passed


# The ladder


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (1000, 10), (70, 1000), (3, 70_000)])
@pytest.mark.parametrize(("spread", "offset"), [(1, 0), (300, 0), (1, 5000), (1, -5000)])
def test_every_rung_is_a_softmax_of_rows(shape, spread, offset, lesson):
    x = np.random.default_rng(0).normal(size=shape) * spread + offset
    expected = exact.softmax(x, axis=-1) if x.size < 10**4 else softmax(x)
    rungs = ["in_place", "unshifted", "by_product", "to_the_top", "off_the_edge"]
    with np.errstate(all="ignore"):
        for name in rungs:
            for wrapped in lesson["fresh"], lesson["by_blocks"]:
                got = wrapped(lesson[name])(x)
                assert np.allclose(got, expected, rtol=1e-9, atol=1e-300), name
        assert np.allclose(lesson["naive"](x), expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("n", [10_000, 100_000])
def test_near_the_top_there_is_room_for_a_long_row(n, lesson):
    for name in "to_the_top", "off_the_edge":
        assert np.allclose(lesson["fresh"](lesson[name])(np.full((2, n), 5000.9)), 1 / n)


@pytest.mark.parametrize("name", ["folded_down", "as_rows"])
def test_small_arrays(name, lesson):
    x = np.random.default_rng(1).normal(size=(30, 30))
    assert np.allclose(lesson[name](x), softmax(x, axis=0), rtol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 3, 21_845, 21_846, 10**5])
def test_every_rung_is_a_softmax_of_columns(rows, lesson):
    x = np.random.default_rng(rows).normal(size=(rows, 3))
    for name in "row by row", "folded", "repeated":
        assert np.allclose(lesson["steps"][name](x), softmax(x, axis=0), rtol=1e-9)
    with pytest.raises(AssertionError):
        lesson["steps"]["folded"](x + 5000)


def test_the_naive_ladder_refuses_to_time_a_wrong_softmax(lesson):
    with pytest.raises(AssertionError):
        lesson["climb"]({"naive": lesson["naive"], "exp": np.exp}, np.ones((2, 2)))


def test_a_fold_sums_in_logarithmically_many_steps_and_loses_less(lesson):
    ones = np.ones((2**25, 1), dtype=np.float32)[:, :1]
    assert lesson["fold"](ones)[0] == 2**25
    assert ones.cumsum(dtype=np.float32)[-1] == 2**24


def test_medians_of_interleaved_rounds(lesson):
    called = []
    functions = {name: lambda x, name=name: called.append(name) for name in "ab"}
    seconds = lesson["side_by_side"](functions, np.zeros(2000), rounds=3)
    assert called == list("ababab")
    assert list(seconds) == ["a", "b"]
    assert all(value >= 0 for value in seconds.values())


def test_what_a_call_holds(lesson):
    x = np.zeros((1000, 1000))
    held = {name: lesson["held_by"](variant.function, x) for name, variant in THREAD.items()}
    assert {held[name] for name in "ABCDEF"} == {2}
    assert held["G"] >= 2  # scipy.special.logsumexp held less in older versions
    assert not tracemalloc.is_tracing()


def test_each_trick_has_its_number_in_the_code():
    (table,) = (c.source for c in run_notebooks.read(PATH).cells if "| trick | there |" in c.source)
    rows = re.findall(r"^\| (\d+): .*? \| (.*) \|$", table, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    code = vars(importlib.import_module("softmaxlab.softmax"))
    for number, there in rows:
        for name in re.findall(r"`(_?\w+)`", there):
            assert re.search(rf"[Tt]rick {number}\b", inspect.getsource(code[name])), (number, name)


def test_the_table_of_tricks_names_every_function_that_softmax_calls():
    (table,) = (c.source for c in run_notebooks.read(PATH).cells if "| trick | there |" in c.source)
    tree, name, _ = mutants.of_softmaxlab({})
    reached = {
        part.name for part in mutants.reached(tree, name) if isinstance(part, ast.FunctionDef)
    }
    # `_limits` has the numbers of a dtype, and is no trick.
    assert set(re.findall(r"`(_?[a-z]+(?:_[a-z]+)*)`", table)) == reached - {"_limits"}
    assert len(reached) <= 12


# The record


def cases():
    return {
        ("x".join(map(str, shape)), axis, dtype, logits)
        for shape, axis in benchmark_softmax.SHAPES
        for dtype in ("float64", "float32")
        for logits in benchmark_softmax.LOGITS
    }


def test_each_part_of_the_record_holds_every_case_and_every_softmax():
    assert list(records()) == list(SOFTMAXES)
    for machine, (about, microseconds) in records().items():
        assert microseconds.keys() == cases()
        assert all(times.keys() == SOFTMAXES[machine] for times in microseconds.values())
        for word in {"Python", "numpy", "scipy", "one thread"} | SOFTMAXES[machine] & LIBRARIES:
            assert word in about
        assert re.search(r"medians of \d+ interleaved rounds", about)
        assert ("switched off in numpy" in about) == ("off" in machine)


def test_the_ratios_of_the_record_are_those_of_its_times():
    lines = benchmark_softmax.RECORD.read_text("utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == len(cases()) * sum(map(len, SOFTMAXES.values()))
    for row in rows:
        logits = int(row["spread"]), int(row["offset"])
        key = row["shape"], int(row["axis"]), row["dtype"], logits
        times = records()[row["machine"]][1][key]
        assert times[row["softmax"]] == float(row["us"]) > 0
        ratio = times[row["softmax"]] / times["scipy"]
        assert float(row["over scipy"]) == pytest.approx(ratio, rel=2e-3, abs=6e-4)


def test_the_command_writes_one_part_of_the_record_and_keeps_the_others(tmp_path):
    record = tmp_path / "record.csv"
    for machine, us in ("new, one", "1"), ("old", "2"), ("new, one", "3"):
        row = ["10", -1, "float64", 1, 0, "ours", us, "1.000"]
        benchmark_softmax.write(machine, f"its words: {us}", [row], record)
    assert record.read_text("utf-8").splitlines() == [
        "# old: its words: 2",
        "# new, one: its words: 3",
        ",".join(benchmark_softmax.COLUMNS),
        "old,10,-1,float64,1,0,ours,2,1.000",
        '"new, one",10,-1,float64,1,0,ours,3,1.000',
    ]


@pytest.mark.parametrize("given", [[], ["--machine", "a: b"]])
def test_the_command_asks_for_the_name_of_the_machine(given, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmark", *given])
    with pytest.raises(SystemExit):
        benchmark_softmax.main()
    assert "--machine NAME" in capsys.readouterr().err


def test_the_command_measures_what_is_installed():
    x = np.random.default_rng(0).normal(size=(20, 30))
    made = benchmark_softmax.libraries()
    assert ALWAYS <= made.keys() <= ALWAYS | LIBRARIES
    for axis in -1, 0:
        for name in made.keys() - {"np.exp"}:
            assert np.allclose(made[name](x, axis)(), softmax(x, axis), rtol=1e-5), name
    seconds = benchmark_softmax.medians({name: f(x, 0) for name, f in made.items()}, 2)
    assert seconds.keys() == made.keys()
    assert min(seconds.values()) > 0


def test_the_command_prints_and_writes_nothing_for_some_shapes(monkeypatch, capsys):
    monkeypatch.setattr(benchmark_softmax, "RECORD", None)
    monkeypatch.setattr("sys.argv", ["benchmark", "--only", "10", "--rounds", "1"])
    monkeypatch.delattr("os.sched_setaffinity", raising=False)
    benchmark_softmax.main()
    about, *lines = capsys.readouterr().out.splitlines()
    assert "numpy" in about
    assert len(lines) == 6
    assert all(re.match(r"\d/6 10 -1 float\d\d \d+ \d+ scipy 1\.00 ours ", line) for line in lines)


def test_slopes_are_fitted_right():
    seconds = {
        "line": {n: 1e-9 * n for n in (10, 10**4, 10**5, 10**6)},
        "square": {n: 1e-9 * n**2 for n in (10, 10**4, 10**5, 10**6)},
    }
    _, words = paint(lambda figure: times_against_size(figure, seconds))
    assert "1.00 for line, 2.00 for square" in words.sentence


# The panel


def test_the_panel_shows_the_record(lesson):
    panel, rng = lesson["panel"], random.Random(0)
    drawing = panel.drawing
    assert isinstance(drawing, RecordedSpeed)
    assert values(panel.controls["machine"]) == list(records())
    shapes = list(dict.fromkeys(shape for shape, *_ in cases_in_order()))
    assert values(panel.controls["shape"]) == shapes
    for _ in range(80):
        state = {name: rng.choice(values(c)) for name, c in panel.controls.items()}
        words = drawing.update(**state)
        machine, shape, axis, dtype, logits = state.values()
        times = records()[machine][1][shape, axis if "x" in shape else -1, dtype, logits]
        over = {name: time / times["scipy"] for name, time in times.items()}
        shown = [dot.get_xdata()[0] for dot in drawing.dots if len(dot.get_xdata())]
        low, high = drawing.dots[0].axes.get_xlim()
        assert all(low < value < high for value in shown)
        rows = words.table[1:]
        assert {row[0] for row in rows} == {NAMES.get(name, name) for name in SOFTMAXES[machine]}
        texts = [text.get_text() for text in drawing.ratios]
        assert [row[2] for row in rows] == list(filter(None, texts))
        for (name, _, ratio), value in zip(rows, shown, strict=True):
            key = next(key for key in times if NAMES.get(key, key) == name)
            assert value == over[key]
            assert ratio == f"{over[key]:.2f}"
        assert [text.get_text() for text in drawing.times].count("not there") == 8 - len(rows)
        sentence = words.sentence
        assert sentence.startswith(machine)
        assert f"softmaxlab takes {over['ours']:.2f} of scipy's" in sentence
        best = min((name for name in over if name != "np.exp"), key=over.get)
        assert f"softmax is {NAMES.get(best, best)}, at {over[best]:.2f}" in sentence
        assert dtype in sentence


def cases_in_order():
    return records()[XEON][1]


def test_the_answers_under_the_panel():
    _, microseconds = records()[XEON]
    over = [microseconds[n, -1, "float64", (1, 0)] for n in ("10", "10000000")]
    few, many = (times["np.exp"] / times["scipy"] for times in over)
    assert few < many / 2
    calm, wide = (microseconds["1000x1000", -1, "float64", (spread, 0)] for spread in (1, 300))
    grown = {name: wide[name] / calm[name] for name in calm}
    flushed = "jax", "tensorflow"
    assert max(grown[name] for name in flushed) < 2
    assert min(grown[name] for name in grown if name not in flushed) > 2


def test_the_pictures_are_of_the_machine_with_all_libraries():
    for picture in recorded_times, recorded_ratios:
        assert paint(picture)[1].sentence.startswith(f"On {XEON}")


def test_where_the_prose_says_that_softmaxlab_is_behind():
    _, words = paint(recorded_ratios)
    assert "Ahead of it is torch on 7." in words.sentence
    _, microseconds = records()[XEON]
    behind = {
        (shape, axis): sorted(n for n in times if n != "np.exp" and times[n] < times["ours"])
        for (shape, axis, dtype, logits), times in microseconds.items()
        if dtype == "float64" and logits == (1, 0)
    }
    rows = [(str(10**k), -1) for k in range(1, 6)]
    wide = [("1000x1000", -1), ("64x50257", -1)]
    assert behind == {case: ["torch"] if case in rows + wide else [] for case in behind}
    lag = [microseconds[(*row, "float64", (1, 0))] for row in rows]
    lag = [times["ours"] / times["torch"] for times in lag]
    assert min(lag[:3]) > 2 > 1.5 > max(lag[3:])


def ahead(machine, name):
    """The cases in which a softmax takes less than 95 % of our time on a machine."""
    return [case for case, us in records()[machine][1].items() if us[name] < 0.95 * us["ours"]]


@pytest.mark.parametrize("machine", [EPYC, OFF, AVX2])
def test_where_the_prose_says_that_less_is_faster(machine):
    rows = {case for case in cases() if case[0] in ("10", "100", "1000")}
    assert len(rows) == 18
    assert len(rows.intersection(ahead(machine, "in place"))) >= 16
    for name in "scipy", "in place":
        others = set(ahead(machine, name)) - rows
        shifted = [case for case in others if case[3] != (1, 0)]
        assert 2 / 3 * len(others) <= len(shifted) < len(cases()) / 3


def test_what_the_prose_says_of_the_limit():
    means, exps = {}, {}
    for machine, (_, microseconds) in records().items():
        for dtype in "float64", "float32":
            large = [
                us
                for (shape, _, d, logits), us in microseconds.items()
                if (d, logits) == (dtype, (1, 0)) and np.prod([*map(int, shape.split("x"))]) >= 1e6
            ]
            assert len(large) == 8
            logs = [np.log(us["ours"] / us["np.exp"]) for us in large]
            means[machine, dtype] = np.exp(np.mean(logs))
            exps[machine, dtype] = sum(us["np.exp"] for us in large)
            assert min(logs) > 0
    for dtype in "float64", "float32":
        assert means[XEON, dtype] > 2 < means[EPYC, dtype]
        assert means[OFF, dtype] < 1.5
        assert abs(means[AVX2, dtype] - means[OFF, dtype]) < 0.2
        assert exps[OFF, dtype] > 1.5 * exps[EPYC, dtype]


@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_who_puts_0_in_the_place_of_a_subnormal_number(name):
    pytest.importorskip(name, reason="it is not part of the course's environment")
    x = np.tile([0.0, -700.0, -720.0, -740.0], (64, 1))
    p = np.asarray(benchmark_softmax.libraries()[name](x, -1)())
    assert ((p > 0) == [True, True, False, False]).all()
    assert (softmax(x) > 0).all()


# The exercises


def solve(x, out):
    top = x.max(axis=-1, keepdims=True)
    np.exp(np.subtract(x, top, out=out), out=out)
    log_sum = np.log(out.sum(axis=-1, keepdims=True))
    np.subtract(x, top, out=out)
    return np.subtract(out, log_sum, out=out)


def answer(check, source, name):
    space = {"np": np, "softmax": softmax, "log_softmax": log_softmax, "solve": solve}
    exec(source, space)
    return check(space[name])


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ([5, 1, 8], "That is A"),
        ([6, 1, 10], "Count the exps again"),
        ([5, 2, 9], "A pass is missing"),
        ([8, 2, 14], "Too many passes"),
        ([6, 2, 6], "moves two"),
        ([6, 2, 12], "only reads"),
        (7, "A list of three"),
        ([6, 2], "A list of three"),
    ],
)
def test_wrong_costs_of_g(cost, message):
    assert not check_cost_of_g(cost).passed
    assert message in check_cost_of_g(cost).message


def test_the_stubs_are_not_yet():
    assert check_cost_of_g([6, ..., 10]).message == NOT_YET
    assert check_ratio(lambda move, exp: ...).message == NOT_YET
    assert check_into(lambda x, out: ...).message == NOT_YET
    assert check_fits(lambda x: ...).message == NOT_YET


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        (lambda m, e: (8 * m + e) / (7 * m + 2 * e), "A over B"),
        (lambda m, e: (7 * m + e) / (8 * m + e), "np.exp(x) twice"),
        (lambda m, e: (4 * m + 2 * e) / (5 * m + e), "You count passes"),
        (lambda m, e: (7 * m + 2 * e) / (8 * m + 2 * e), "one exp for each entry"),
        (lambda m, e: 7 * m + 2 * e, "the time of B"),
        (lambda m, e: e - m, "the difference of the times"),
    ],
)
def test_wrong_ratios(ratio, message):
    assert not check_ratio(ratio).passed
    assert message in check_ratio(ratio).message


def test_b_is_faster_where_an_exp_costs_less_than_moving_an_array():
    for move, exp in (1.0, 0.9), (1.0, 1.1):
        assert ((7 * move + 2 * exp) / (8 * move + exp) < 1) == (exp < move)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("out = x - 1\n    return out", "a new array that name"),
        ("return x - 1", "a new array that name"),
        ("solve(x, out)", "returned None"),
        ("return solve(x, out).copy()", "Return out itself"),
        ("e = x - x.max(-1, keepdims=True)\n"
         "    out[:] = e - np.log(np.exp(e).sum(-1, keepdims=True))\n    return out",
         "On the way it holds 2."),
        ("out[:] = x - x.max(-1, keepdims=True)\n"
         "    out -= np.log(np.exp(out).sum(-1, keepdims=True))\n    return out",
         "On the way it holds 1."),
        ("e = x.copy(); return solve(e, out)", "On the way it holds 1."),
        ("np.exp(x, out=out); np.log(out.sum(-1, keepdims=True)); return np.subtract(x, np.log("
         "out.sum(-1, keepdims=True)), out=out)", "overflows"),
        ("return softmax(x, out=out)", "That is the softmax"),
        ("solve(x.T, out.T); return out", "the columns' logarithms"),
        ("np.subtract(x, x.max(-1, keepdims=True), out=out); return out", "still to be subtracted"),
        ("return np.log(softmax(x, out=out), out=out)", "its logarithm is -inf"),
        ("x -= x.max(-1, keepdims=True); return solve(x, out)", "overwritten x"),
        ("out[:] = log_softmax(x); return out", "a finished log_softmax"),
        ("return softmax(x, axis=5, out=out)", "AxisError"),
    ],
)  # fmt: skip
def test_wrong_ways_into_given_memory(body, message):
    told = answer(check_into, f"def f(x, out):\n    {body}", "f")
    assert not told.passed
    assert message in told.message


def test_memory_can_be_measured_while_somebody_else_does():
    tracemalloc.start()
    try:
        assert check_into(solve).passed
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x.max() <= 88.72 - np.log(x.shape[-1])", "subnormal"),
        ("x.min() >= -87.33", "an exp overflows"),
        ("x.min() >= -87.33 and x.max() <= 88.72", "their sum does"),
        ("x.min() >= -87.33 and x.max() <= 88.72 - np.log(x.size)", "n is 1"),
        ("x[0].min() >= -87.33 and x[0].max() <= 88.72 - np.log(x.shape[-1])", "an exp overflows"),
        ("not (x.min() < -87.33 or x.max() > 88.72 - np.log(x.shape[-1]))", "nan does not fit"),
        ("np.nan_to_num(x, neginf=0, nan=99).min() >= -87.33 and x.max() <= 88.72 - "
         "np.log(x.shape[-1])", "The exp is 0 here"),
        ("x.min() >= -87.33 and x.max() <= 88.72 - np.log(x.shape[-1])", "np.finfo(x.dtype)"),
        ("bool(np.isfinite(np.exp(x).sum(-1)).all() and np.exp(x).min() >= np.finfo(x.dtype).tiny)",
         "these two alone"),
        ("False", "time lost"),
        ("x > 3", "One True or False"),
    ],
)  # fmt: skip
def test_wrong_ranges(body, message):
    told = answer(check_fits, f"def f(x):\n    return {body}", "f")
    assert not told.passed
    assert message in told.message


def test_what_the_lesson_says_of_avx512():
    (said,) = (c.source for c in run_notebooks.read(PATH).cells if c.id == "9e2f2fbe-d")
    words = " ".join(said.split())
    (low, high), walks = re.search(r"from (\S+) to (\S+) times", words).groups(), 1.3
    assert f"at most {walks} times" in words
    exps, rests = [], []
    for case, times in records()[EPYC][1].items():
        if np.prod([int(n) for n in case[0].split("x")]) >= 10**6 and case[3] == (1, 0):
            off = records()[OFF][1][case]
            assert off["ours"] > times["ours"]
            if case[2] == "float64":
                exps.append(off["np.exp"] / times["np.exp"])
                rests.append((off["ours"] - off["np.exp"]) / (times["ours"] - times["np.exp"]))
    assert (f"{min(exps):.1f}", f"{max(exps):.1f}") == (low, high)
    assert walks - 0.1 < max(rests) < walks
