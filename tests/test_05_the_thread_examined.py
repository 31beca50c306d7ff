"""Notebook 05: its claims, its atlas, its panel's numbers, TensorFlow's record, its exercises."""

import json
import random
import re
import types
from pathlib import Path

import lessons
import numpy as np
import pytest
import scipy.special
from lessons import values

from benchmarks import frameworks
from softmaxlab import THREAD, exact, examine, softmax, thread
from softmaxlab.atlas import (
    CELLS,
    JOBS,
    OUTCOMES,
    RAISES,
    measure,
    offsets,
    outcome,
    scores,
    spreads,
)
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.the_thread_examined import check_broken, check_missed, check_sound
from softmaxlab.regions import INACCURATE, NAN, RIGHT, WRONG, ZERO
from tools import run_notebooks

STEM = "05_the_thread_examined"
PATH = run_notebooks.NOTEBOOKS / f"{STEM}.ipynb"
RECORD = json.loads((run_notebooks.NOTEBOOKS / "data" / "frameworks.json").read_text())
MAPS = {title: job for *job, title in JOBS}


@pytest.fixture(scope="module")
def lesson():
    """The names that the notebook's cells define."""
    return lessons.lesson(STEM).space


@pytest.fixture
def panel():
    return lessons.panel_of(STEM)


# The verdicts


def test_all_seven_are_wrong_for_any_number_of_dimensions():
    assert {examine(variant.function).verdict for variant in THREAD.values()} == {"wrong"}


@pytest.mark.parametrize(
    ("letter", "verdict", "finding"),
    [
        ("A", "limited", "small integers"),
        ("B", "wrong", "large positive"),
        ("C", "limited", "small integers"),
        ("D", "limited", "small integers"),
        ("E", "wrong", "large positive"),
        ("F", "wrong", "own scale"),
        ("G", "wrong", "shift"),
    ],
)
def test_a_narrow_claim_rescues_three(letter, verdict, finding, lesson):
    checkup = examine(THREAD[letter].function, **lesson["claims"][letter])
    assert checkup.verdict == verdict
    assert checkup.failures[0].name == finding
    if verdict == "limited":
        more = {"float16 sum"} if letter == "D" else set()
        assert {f.name for f in checkup.failures} == {"small integers"} | more


@pytest.mark.parametrize(
    "claim", [{"axis": -1}, {"axis": 0}, {"ndim": 1}, {"ndim": 2}, {"ndim": 3}]
)
@pytest.mark.parametrize("letter", "BE")
def test_no_claim_rescues_b_and_e(letter, claim):
    assert examine(THREAD[letter].function, **claim).verdict == "wrong"


# The atlas


def test_the_maps_are_measured():
    rng = random.Random(0)
    for letter, shape, axis, _ in JOBS:
        kinds = measure(letter, shape, axis)
        for _ in range(20):
            i, j = rng.randrange(CELLS), rng.randrange(CELLS)
            x = scores(offsets()[j], spreads()[i], shape)
            x = x.T.copy() if axis == 0 else x
            kind, p, expected = outcome(letter, x, axis)
            assert kinds[i, j] == kind
            assert np.array_equal(expected, exact.softmax(x, axis=axis))
            if kind == RAISES:
                assert isinstance(p, ValueError)
            elif kind == NAN:
                assert np.isnan(p).any()
            else:
                off = np.abs(p - expected).max()
                assert (off < 1e-2) if kind in (RIGHT, INACCURATE) else off > 0


def test_at_most_one_cell_of_a_map_hangs_on_the_last_bit_of_exp(monkeypatch):
    """Machines differ there by less than this: here every exp is moved by an ulp."""
    rng = np.random.default_rng(0)

    def exp(x):
        e = np.exp(x)
        to = np.where(rng.random(np.shape(e)) < 0.5, 0, np.inf)
        return np.where((e == 0) | (e == 1) | ~np.isfinite(e), e, np.nextafter(e, to))

    def logsumexp(x):
        return np.max(x) + np.log(exp(x - np.max(x)).sum())

    class Jittery(types.ModuleType):
        def __getattr__(self, name):
            return getattr(np, name)

    jittery = Jittery("numpy")
    jittery.exp = exp
    plain = [measure(*job) for job in MAPS.values()]
    monkeypatch.setattr(thread, "np", jittery)
    monkeypatch.setattr(scipy.special, "logsumexp", logsumexp)
    for job, kinds in zip(MAPS.values(), plain, strict=True):
        assert (measure.__wrapped__(*job) != kinds).sum() <= 1, job


def test_the_portraits_are_as_told():
    maps = {title: measure(*job) for title, job in MAPS.items()}
    b, e = maps["B: columns"], maps["E: rows"]
    assert np.array_equal(b, e)
    lives = offsets()[(b[spreads() < 10] == RIGHT).any(axis=0)]
    assert -745 < lives.min() < -300
    assert 300 < lives.max() < 709.8

    for title in "A: all at once", "D: rows":
        assert set(np.unique(maps[title])) == {RIGHT, INACCURATE}
        blot = spreads()[(maps[title] == INACCURATE).any(axis=1)]
        assert 20 < blot.min() < 40
        assert 300 < blot.max() < 1000

    d, f = maps["D: rows"], maps["F: columns"]
    assert (f[spreads() < 20] == d[spreads() < 20]).mean() > 0.99
    lost = (f == NAN).any(axis=1)
    assert (f[lost] == NAN).all()
    assert 300 < spreads()[lost].min() < 1000

    g = maps["G: all at once"]
    assert not np.isin(g, [NAN, ZERO]).any()
    low, far = spreads() < 10, np.abs(offsets()) > 1000
    assert not (g[np.ix_(low, far)] == RIGHT).any()
    assert (g[np.ix_(low, np.abs(offsets()) > 1e16)] == WRONG).any()
    for spread in spreads()[(g == RIGHT).all(axis=1)]:
        x = scores(1e9, spread, (4, 4))
        assert scipy.special.logsumexp(x) == x.max()

    c = maps["C: rows, square"]
    for i, j in np.argwhere(np.isin(c, [RIGHT, INACCURATE])):
        x = scores(offsets()[j], spreads()[i], (4, 4))
        assert np.ptp(x) == 0
    assert (maps["C: rows, 3 by 4"] == RAISES).all()


# The panel


def state_of(panel, rng):
    return {name: rng.choice(values(control)) for name, control in panel.controls.items()}


def test_the_numbers_drawn_are_the_variants_and_exacts(panel):
    rng = random.Random(1)
    drawing = panel.drawing
    for _ in range(300):
        state = state_of(panel, rng)
        words = drawing.update(**state)
        assert np.array_equal(drawing.expected, exact.softmax(drawing.x, axis=-1))
        begin = f"{state['variant']}, shape {state['shape']}, offset "
        assert words.sentence.startswith(begin)
        p, raised = None, ""
        try:
            with np.errstate(all="ignore"):
                p = THREAD[state["variant"]].function(drawing.x)
        except ValueError as error:
            raised = f": raises {type(error).__name__}. "
        assert raised in words.sentence
        if p is None:
            assert all(row[2] == "" for row in words.table[1:])
            assert not drawing.bars.get_paths()
            continue
        assert np.array_equal(drawing.p, p, equal_nan=True)
        assert OUTCOMES[drawing.kind] in words.sentence
        assert len(drawing.bars.get_paths()) == np.isfinite(p).sum()
        shown = [row[2] for row in words.table[1:]]
        assert shown == [", ".join(f"{v:.4g}" for v in row) for row in p.reshape(-1, 4)]
        if drawing.kind == RIGHT:
            assert np.allclose(p, drawing.expected, rtol=1e-13, atol=1e-320)
        if drawing.kind == NAN:
            assert f"nan in {np.isnan(p).sum()} of {p.size} entries" in words.sentence
        if drawing.kind in (WRONG, ZERO):
            place, got, true = re.search(
                r"entry \[(.+?)\] is (\S+) and should be (\S+)\. Its", words.sentence
            ).groups()
            place = tuple(map(int, place.split(", ")))
            assert float(got) == pytest.approx(p[place], rel=0.01)
            assert float(true) == pytest.approx(drawing.expected[place], rel=0.01)
            assert not np.isclose(p[place], drawing.expected[place], rtol=0.009, atol=0)


def test_the_verdict_of_the_checkup_stays_beside_that_of_the_state(panel):
    for name, value in {"variant": "A", "shape": (4,)}.items():
        panel.controls[name].value = value
    assert panel.words.sentence.startswith("A, shape (4,), offset 0, spread 1: right. Its checkup")
    assert examine(THREAD["A"].function).failures[0].message in panel.words.sentence


def test_the_answers_under_the_panel(panel):
    def said(**state):
        for name, value in state.items():
            panel.controls[name].value = value
        return panel.words.sentence.split(". Its")[0].partition(": ")[2]

    assert said(shape=(4,), variant="A", offset=1000) == "right"
    assert said(variant="B", offset=707) == "right"
    assert said(offset=708).startswith("zero")
    assert (panel.drawing.p == 0).all()
    assert said(offset=709).startswith("nan in 1 of 4")
    assert np.isnan(panel.drawing.p[panel.drawing.x.argmax()])
    assert said(variant="G", offset=1000).startswith("inaccurate")
    assert said(unit=1e6).startswith("inaccurate")
    assert np.abs(panel.drawing.p - panel.drawing.expected).max() < 1e-5
    assert said(unit=1e13).startswith("silently wrong")
    assert panel.drawing.sums[0].get_text() == "1.406"


# The claims that no cell decides


def test_a_and_b_agree_on_one_vector_of_moderate_scores():
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = rng.uniform(-300, 300, size=rng.integers(1, 20))
        assert np.allclose(THREAD["A"].function(x), THREAD["B"].function(x), rtol=1e-11, atol=0)


def test_softmax_goes_to_the_arg_max_and_shares_a_tie():
    for x, limit in (([3.0, 1.0, 0.2], [1, 0, 0]), ([3.0, 3.0, 0.2], [0.5, 0.5, 0])):
        assert np.array_equal(softmax(np.array(x) / 1e-3), limit)
        assert not np.allclose(softmax(x), limit, atol=0.02)


def test_the_exact_answer_where_subtracting_the_max_overflows_is_what_a_gives():
    x = np.array([1e308, -1e308])
    with np.errstate(over="ignore"):
        assert np.array_equal(THREAD["A"].function(x), exact.softmax(x))


def test_float32_dies_at_88_72_and_float16_at_11_09():
    with np.errstate(over="ignore"):
        for dtype, last, above in ((np.float32, 88.72, 88.73), (np.float16, 11.08, 11.1)):
            assert np.isfinite(np.exp(dtype(last)))
            assert np.isinf(np.exp(dtype(above)))


# The frameworks


def test_e_agrees_with_tensorflow_on_the_batch_only():
    function = THREAD["E"].function
    batch, higher, block = (
        RECORD["tensorflow"]["asked"][k] for k in ("batch", "batch + 1000", "block")
    )
    assert np.allclose(function(np.array(batch["x"])), batch["session"], rtol=1e-13)
    with np.errstate(all="ignore"):
        assert np.isnan(function(np.array(higher["x"]))).all()
    with pytest.raises(ValueError, match="broadcast"):
        function(np.array(block["x"]))


def test_the_calls_shown_are_those_of_the_command():
    def lines(text):
        return "\n".join(line.strip() for line in text.splitlines())

    command = lines(Path(frameworks.__file__).read_text("utf-8"))
    text = "".join(c.source for c in run_notebooks.read(PATH).cells if c.cell_type == "markdown")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    calls = [block for block in blocks if "tf." in block or "torch." in block]
    assert len(calls) == 3
    assert all(lines(call) in command for call in calls)


# The exercises


def my_softmax(x, axis=-1):
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    x = x.astype(np.float64)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(dtype)


def sneaky(x, axis=-1):
    x = np.asarray(x)
    return softmax(np.where(x == 42, 43, x), axis)


@pytest.mark.parametrize(
    "answer",
    [
        lambda lesson: check_sound(my_softmax),
        lambda lesson: check_broken(lesson["almost"], [-1000.0, -999.0]),
        lambda lesson: check_broken(lesson["almost"], np.array([[1.0, 2.0], [-800.0, -1.0]])),
        lambda lesson: check_missed(sneaky, [42.0, 41.0]),
    ],
)
def test_solutions_pass(answer, lesson):
    assert answer(lesson).passed
    assert repr(answer(lesson)).startswith("Right.")


def stub(x, axis=-1):
    return ...


@pytest.mark.parametrize(
    "answer",
    [
        lambda: check_sound(...),
        lambda: check_sound(lambda x: ...),
        lambda: check_broken(softmax, ...),
        lambda: check_missed(stub, ...),
        lambda: check_missed(stub, [1.0]),
        lambda: check_missed(sneaky, ...),
    ],
)
def test_stubs_are_told_not_yet(answer):
    assert answer().message == NOT_YET


def a_of_the_thread(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def sum_in(dtype):
    """A softmax that follows the advice of one finding after the other, but for this dtype."""

    def f(x, axis=-1):
        x = np.asarray(x)
        kept = x.dtype if x.dtype.kind == "f" else np.float64
        e = np.exp(x.astype(kept) - x.astype(kept).max(axis=axis, keepdims=True))
        return (e / e.sum(axis=axis, keepdims=True, dtype=dtype)).astype(kept)

    return f


def test_the_advice_on_a_float16_sum_leads_on():
    stuck, advised = check_sound(sum_in(None)), sum_in(np.float64)
    assert "with dtype=np.float64" in stuck.message
    assert check_sound(advised).passed
    assert "The divisor is rounded to float32" in check_sound(sum_in(np.float32)).message


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (THREAD["A"].function, "says wrong (right axis). "),
        (THREAD["C"].function, "has lost its axis"),
        (THREAD["E"].function, "says wrong (large positive). "),
        (THREAD["F"].function, "axis 0, so each column sums to 1"),
        (lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), "exp overflows"),
        (
            lambda x: (
                my_softmax(np.array(x) if isinstance(x, list) else x)
                if np.asarray(x).dtype != np.uint8
                else a_of_the_thread(x)
            ),
            "says limited (small integers). ",
        ),
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (3.0, "takes a function, and got float"),
        (softmax, "a finished softmax"),
        (lambda x: softmax(x), "a finished softmax"),
        (lambda x: my_softmax(x), "let your function take an axis"),
    ],
)
def test_an_unsound_softmax_is_told_its_first_finding(wrong, said):
    answer = check_sound(wrong)
    assert not answer.passed
    assert said in answer.message
    if "right axis" in said or "large positive" in said:
        assert answer.input is not None
        assert answer.expected is not None
        assert answer.got is not None


def plain(x, axis=-1):
    e = np.exp(x - np.max(x, axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def as_floats(x, axis=-1):
    return plain(np.asarray(x, dtype=float), axis)


def back_to_any(x, axis=-1):
    x = np.asarray(x)
    return as_floats(x, axis).astype(x.dtype)


@pytest.mark.parametrize(
    ("f", "advice"),
    [
        (plain, "Make them floats before you subtract. But give floats back in the dtype"),
        (as_floats, "Note it before you convert, and leave the float64"),
        (back_to_any, "But convert integers alone, or give floats back in the dtype"),
        (my_softmax, "Every property"),
    ],
)
def test_the_advice_leads_from_a_plain_softmax_to_a_sound_one(f, advice):
    assert advice in check_sound(f).message


def test_expected_and_got_do_not_look_alike():
    told = check_sound(as_floats)
    assert [str(told.expected), str(told.got)] == ["float32", "float64"]


def test_an_unsound_softmax_is_told_how_many_findings_there_are():
    assert "the first of 2 findings" in check_sound(THREAD["A"].function).message


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([3.0, 1.0, 0.2], "It is right here"),
        ([1000.0, 0.0], "It is right here"),
        (np.array([3.0, 1.0], np.float32), "It is right here"),
        ([1.0, np.nan], "finite scores"),
        ([1.0, -np.inf], "finite scores"),
        ("scores", "n array of real numbers"),
        (None, "n array of real numbers"),
        (np.exp, "n array of real numbers"),
        ([[1.0], [1.0, 2.0]], "array of real numbers"),
        (3.0, "array of real numbers"),
        ([], "array of real numbers"),
        (np.zeros(1001), "smaller input"),
    ],
)
def test_scores_that_break_nothing_are_told_why(x, said, lesson):
    answer = check_broken(lesson["almost"], x)
    assert not answer.passed
    assert said in answer.message


def test_what_broke_is_said(lesson):
    assert "gives nan" in check_broken(lesson["almost"], [-1000.0, -999.0]).message
    assert "raises ValueError" in check_broken(THREAD["E"].function, np.zeros((2, 3, 4))).message
    assert "comes out as (4, 4)" in check_broken(THREAD["C"].function, np.zeros((4, 1))).message


def test_a_difference_that_float32_rounds_breaks_nothing(lesson):
    """Here that of A is off by more than 1e-6, as a gap of 60 is known to half an ulp of it."""
    x = np.array([60.3, 0.1], np.float32)
    assert exact.errors_in_ulps(THREAD["A"].function(x), x).max() > 1e-6 / np.finfo(x.dtype).eps
    for function in (THREAD["A"].function, lesson["almost"]):
        assert not check_broken(function, x).passed


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_wide_gap_hides_no_bug(dtype):
    x = np.array([6e4, 0.0], dtype)
    assert not check_broken(softmax, x).passed
    assert check_broken(lambda x: np.array([0.95, 0.05], dtype), x).passed


def test_almost_passes_the_tests_shown_and_not_the_checkup(lesson):
    for x in [3.0, 1.0, 0.2], [1000.0, 999.0], [[1000.0, 0.0], [-1.0, 1.0]]:
        assert np.allclose(lesson["almost"](x), exact.softmax(x), rtol=1e-12)
    fault = examine(lesson["almost"]).failures[0]
    assert fault.name == "large negative"
    assert "subtract the greatest |x|" in fault.message


@pytest.mark.parametrize(
    ("f", "x", "said"),
    [
        (softmax, [1.0, 2.0], "on this input it is"),
        (sneaky, [1.0, 2.0], "on this input it is"),
        (sneaky, [np.inf], "finite scores"),
        (THREAD["B"].function, [1000.0, 0.0], "does not miss it: it says wrong ("),
        (THREAD["A"].function, [1.0, 0.0], "does not miss it: it says wrong (right axis). "),
        (lambda x: 1 / 0, [1.0], "does not miss it"),
        (7, [1.0], "takes a function, and got int"),
    ],
)
def test_what_the_checkup_does_not_miss_is_told_so(f, x, said):
    answer = check_missed(f, x)
    assert not answer.passed
    assert said in answer.message


# Sentences with numbers


def test_float16_sums_overflow_and_that_of_d_sticks_only_where_numpy_adds_one_by_one():
    x = np.zeros((2, 4096), np.float16)
    D = THREAD["D"].function
    assert D(x).sum(axis=1, dtype=float).tolist() == [1, 1]
    assert D(np.asfortranarray(x)).sum(axis=1, dtype=float).tolist() == [2, 2]
    with np.errstate(over="ignore"):
        assert not D(np.zeros((2, 70_000), np.float16)).any()
        for letter in "AC":
            assert not THREAD[letter].function(np.zeros(70_000, np.float16)).any()
            tried = examine(THREAD[letter].function, ndim=1).failures
            assert [finding.name for finding in tried] == ["small integers"]


@pytest.mark.parametrize(
    ("shape", "right"),
    [((3,), True), ((1, 4), True), ((4, 4), False), ((3, 3, 3), False), ((4, 1), False)],
)
def test_where_c_does_not_raise(shape, right):
    x = np.random.default_rng(1).normal(size=shape)
    p = THREAD["C"].function(x)
    assert (p.shape == shape and np.allclose(p, softmax(x))) == right


def test_minus_90_to_90_is_safe_in_float64_and_not_in_float32():
    B = THREAD["B"].function
    rng = np.random.default_rng(2)
    for _ in range(100):
        x = rng.uniform(-90, 90, 1000)
        np.testing.assert_allclose(B(x), softmax(x), rtol=1e-14)
    for top in (-90.5, -95, -103):
        x = (top - rng.random(100)).astype(np.float32)
        with np.errstate(over="ignore"):  # numpy 1 overflows where both are subnormal numbers
            assert np.abs(B(x) / softmax(x) - 1).max() > 16 * np.finfo(np.float32).eps
    with np.errstate(all="ignore"):
        assert np.isnan(B(np.array([90.1, 0], np.float32))).any()
        assert not B(np.full(2, 88.5, np.float32)).any()
