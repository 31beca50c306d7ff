"""Claims of notebook 02, its panel and its exercises."""

import re
import tracemalloc

import lessons
import numpy as np
import pytest

from softmaxlab import THREAD, accuracy, exact, logsumexp, softmax
from softmaxlab.drawing import new_figure, paint
from softmaxlab.drawing import shift_invariance as drawing
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.shift_invariance import (
    check_jacobian_times,
    check_scores,
    check_silent,
)
from softmaxlab.panel import Panel, slider
from tools import run_notebooks

X = np.array([3.0, 1.0, 0.2])
Z = np.array([3.0, 1.0, 0.0])


def shifted(x, k):
    e = np.exp(x - k)
    return e / e.sum()


# What the prose says and no cell shows


@pytest.mark.parametrize("seed", range(5))
def test_a_b_and_g_are_one_function_of_a_constant(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=5, size=rng.integers(1, 20))
    truth = exact.softmax(x)
    for name, k in {"A": x.max(), "B": 0.0, "G": logsumexp(x)}.items():
        np.testing.assert_allclose(shifted(x, k), truth, rtol=1e-13)
        np.testing.assert_allclose(THREAD[name].function(x), truth, rtol=1e-13)


def test_the_wrong_constant_of_g_is_repaired_by_dividing():
    y = Z + 1e8
    k = logsumexp(y)
    truth = exact.softmax(y)
    assert np.abs(np.exp(y - k) / truth - 1).max() > 1e-9
    assert np.abs(shifted(y, k) / truth - 1).max() < 1e-14


def test_g_is_wrong_from_the_ninth_digit_at_1e8():
    g, truth = f"{THREAD['G'].function(Z + 1e8)[0]:.10f}", f"{exact.softmax(Z)[0]:.10f}"
    digits = len("0.") + 8
    assert g[:digits] == truth[:digits]
    assert g[digits] != truth[digits]


@pytest.mark.parametrize("k", [-697.0, -100.0, 0.0, 3.0, 100.0, 703.0])
def test_any_constant_within_700_of_the_max_serves(k):
    np.testing.assert_allclose(shifted(Z, k), exact.softmax(Z), rtol=1e-13)


def test_floats_lie_as_far_apart_as_the_prose_says():
    assert f"{np.spacing(1e8):.1e}" == "1.5e-08"
    assert np.spacing(1e16) == 2
    assert np.spacing(np.float16(1000)) == 0.5


def test_an_infinite_score_is_nan_whatever_the_constant():
    with np.errstate(all="ignore"):
        for k in (np.inf, 0.0, 5.0):
            assert np.isnan(shifted(np.array([np.inf, 0.0]), k)).any()


@pytest.mark.parametrize("seed", range(5))
def test_only_multiples_of_ones_are_null_vectors_of_the_jacobian(seed):
    x = np.random.default_rng(seed).normal(size=6)
    p = softmax(x)
    J = np.diag(p) - np.outer(p, p)
    values = np.linalg.eigvalsh(J)
    assert abs(values[0]) < 1e-15
    assert values[1] > 1e-4
    assert np.abs(J @ np.ones(6)).max() < 1e-15


def test_errors_of_the_central_differences_are_as_stated():
    h = 1e-5
    J = np.diag(exact.softmax(X)) - np.outer(exact.softmax(X), exact.softmax(X))
    D = np.column_stack([(softmax(X + h * u) - softmax(X - h * u)) / (2 * h) for u in np.eye(3)])
    assert np.abs(J - D).max() < 1e-10
    assert np.abs(np.diag(exact.softmax(X)) - D).max() > 1e-2


def test_scaling_shows_unless_the_scores_are_equal():
    for factor in (0.5, 2.0, 10.0):
        assert np.abs(softmax(factor * X) - softmax(X)).max() > 0.01
        np.testing.assert_allclose(softmax(factor * np.ones(3)), np.ones(3) / 3, rtol=1e-15)


def test_a_negative_factor_turns_the_order_round_and_one_below_1_flattens():
    p = [softmax(factor * X) for factor in (-1.0, 0.0, 0.5, 1.0, 2.0)]
    assert p[0][0] < p[0][1] < p[0][2]
    np.testing.assert_array_equal(p[1], p[1][0])
    assert p[1].max() < p[2].max() < p[3].max() < p[4].max()


def test_where_the_converse_ends_in_floats():
    for one, other in [((0.0, 0.0), (0.0, 1e-17)), ((0.0, -800.0), (0.0, -900.0))]:
        one, other = np.array(one), np.array(other)
        np.testing.assert_array_equal(shifted(one, one.max()), shifted(other, other.max()))
        assert np.ptp(other - one) > 0


def test_concept_check():
    with np.errstate(all="ignore"):
        assert np.isnan(shifted(np.array([2000.0, 0.0]), 1000.0)).any()
    np.testing.assert_allclose(softmax([2, 5, 1]), softmax([-1, 2, -2]), rtol=1e-14)
    assert 100_000**2 * 8 == 80e9


# The thresholds that the panel draws, and the picture of the three constants


def test_thresholds_of_float32():
    def exp(x):
        return np.exp(np.array([x], dtype=np.float32))[0]

    tiny = np.finfo(np.float32).tiny
    with np.errstate(all="ignore"):
        assert np.isfinite(exp(drawing._OVERFLOW - 1e-4))
        assert np.isinf(exp(drawing._OVERFLOW + 1e-4))
        assert exp(drawing._SUBNORMAL + 1e-4) >= tiny > exp(drawing._SUBNORMAL - 1e-4) > 0
        assert exp(drawing._ZERO + 1e-4) > 0 == exp(drawing._ZERO - 1e-4)


def test_sentence_of_the_three_constants():
    sentence = paint(drawing.three_constants)[1].sentence
    assert "B is nan from 1e3 on" in sentence
    assert "G has 8 correct digits left at 1e8 and 1 at 1e15" in sentence
    assert accuracy.digits_at("A", 1e15) == 13


# The panel


@pytest.fixture(scope="module")
def panel():
    return Panel(
        drawing.ShiftTheLogits,
        c=slider("c", 86.0, -120.0, 120.0),
        scale=slider("scale", 1.0, 0.0, 2.0),
    )


def move(panel, c, scale=1.0):
    panel.controls["c"].value, panel.controls["scale"].value = c, scale
    return panel.words.sentence


def test_panel_draws_the_exact_softmax_of_the_rounded_logits():
    view = drawing.ShiftTheLogits(new_figure())
    rng = np.random.default_rng(0)
    states = [(c, s) for c in (-120.0, 0.0, 120.0) for s in (0.0, 1.0, 2.0)]
    states += [(rng.uniform(-120, 120), rng.uniform(0, 2)) for _ in range(200)]
    for c, scale in np.round(states, 1).tolist():
        sentence = view.update(c=c, scale=scale).sentence
        logits = np.float32(scale) * X.astype(np.float32) + np.float32(c)
        truth = exact.softmax(logits)
        assert view.x.dtype == np.float32
        np.testing.assert_array_equal(view.x, logits)
        np.testing.assert_array_equal([bar.get_width() for bar in view.bars], logits)
        for name in ("exact", "shifted"):
            widths = [bar.get_width() for bar in view.columns[name][0]]
            np.testing.assert_allclose(widths, truth, rtol=1e-6)
        assert view.moved < 1e-5
        assert "as it is at c = 0" in sentence

        p = view.p["no shift"]
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(p, np.exp(logits) / np.exp(logits).sum())
        verdict = view.columns["no shift"][2].get_text()
        near = np.allclose(p, truth, rtol=1e-5, atol=0)
        assert verdict == ("nan" if np.isnan(p).any() else "right" if near else "wrong")
        claimed = "exact and shifted and no shift" if near else "exact and shifted. "
        assert f"Right: {claimed}" in sentence


@pytest.mark.parametrize(
    ("c", "scale", "said"),
    [
        (0.0, 1.0, "float32 is right as well"),
        (85.5, 1.0, "float32 is right as well"),
        (85.6, 1.0, "gives 0 everywhere: no exp is inf, but their sum is"),
        (85.7, 1.0, "gives 0 everywhere: no exp is inf, but their sum is"),
        (85.8, 1.0, "gives nan, 0, 0: exp(88.8) is inf"),
        (87.7, 1.0, "gives nan, 0, 0"),
        (87.8, 1.0, "gives nan, nan, 0"),
        (88.5, 1.0, "gives nan, nan, 0"),
        (88.6, 1.0, "gives nan, nan, nan"),
        (120.0, 2.0, "gives nan, nan, nan: exp(126) is inf"),
        (-102.0, 1.0, "silently wrong by up to 8.51 %"),
        (-105.0, 1.0, "silently wrong by up to 100 %"),
        (-107.0, 1.0, "gives nan, nan, nan: every exp is 0, and 0 / 0 is nan"),
        (-120.0, 0.0, "gives nan, nan, nan: every exp is 0"),
        (88.6, 0.0, "gives 0 everywhere"),
    ],
)
def test_panel_says_what_became_of_the_unshifted(panel, c, scale, said):
    assert said in move(panel, c, scale)


def test_answers_under_the_panel(panel):
    move(panel, -105.0)
    np.testing.assert_array_equal(panel.drawing.p["no shift"], [1, 0, 0])
    move(panel, 0.0, 2.0)
    assert panel.drawing.p["exact"][0] > 0.97


# The exercises


def test_scores_stub_and_solution():
    assert check_scores(...).message == NOT_YET
    assert check_scores(lambda p, first: ...).message == NOT_YET
    assert check_scores(lambda p, first: np.log(p) - np.log(p[0]) + first).passed
    assert check_scores(lambda p, first: np.log(p / p[0]) + first).passed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda p, first: np.log(p), "which constant is still free"),
        (lambda p, first: np.log(p / p[0]), "which constant is still free"),
        (lambda p, first: np.log(p / p[0]) - first, "which constant is still free"),
        (lambda p, first: np.log(p) - first, "which constant is still free"),
        (lambda p, first: list(np.log(p) - np.log(p).mean()), "which constant is still free"),
        (lambda p, first: np.log(p) + first, "does not begin at 0"),
        (lambda p, first: p / p[0] + first - 1, "a log is missing"),
        (lambda p, first: p - p[0] + first, "the softmax of these scores is not p"),
        (lambda p, first: np.log10(p / p[0]) + first, "the softmax of these scores is not p"),
        (lambda p, first: p, "the numbers are not"),
        (lambda p, first: first, "Each class has its own score"),
        (lambda p, first: np.log(p - 1), "is nan or inf"),
    ],
)
def test_scores_wrong_answers(wrong, message):
    answer = check_scores(wrong)
    assert not answer.passed
    assert message in answer.message


def test_jacobian_times_stub_and_solution():
    assert check_jacobian_times(...).message == NOT_YET
    assert check_jacobian_times(lambda p, v: ...).message == NOT_YET
    assert check_jacobian_times(lambda p, v: p * (v - p @ v)).passed
    assert check_jacobian_times(lambda p, v: p * v - p * np.sum(p * v)).passed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda p, v: (np.diag(p) - np.outer(p, p)) @ v, "You build the n x n matrix"),
        (lambda p, v: p * v - np.outer(p, p) @ v, "You build the n x n matrix"),
        (lambda p, v: np.diag(p) - np.outer(p, p), "That is a matrix"),
        (lambda p, v: p * v, "The part with the outer product"),
        (lambda p, v: p * (v - v.mean()), "weighs it by p"),
        (lambda p, v: v - p @ v, "share a factor"),
        (lambda p, v: p * (p @ v - v), "The sign is wrong"),
        (lambda p, v: p * v - p * p * v, "goes entry by entry"),
        (lambda p, v: v, "the numbers are not"),
    ],
)
def test_jacobian_times_wrong_answers(wrong, message):
    answer = check_jacobian_times(wrong)
    assert not answer.passed
    assert message in answer.message


def test_the_matrix_never_meets_more_classes_than_fit():
    seen = []

    def with_matrix(p, v):
        seen.append(len(p))
        return (np.diag(p) - np.outer(p, p)) @ v

    check_jacobian_times(with_matrix)
    assert max(seen) == 2000


def test_memory_that_is_traced_already_is_not_blamed_on_the_answer():
    tracemalloc.start()
    try:
        held = np.ones(10**7)
        assert check_jacobian_times(lambda p, v: p * (v - p @ v)).passed
        assert tracemalloc.is_tracing()
        assert len(held) == 10**7
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("c", [-134, -132.0, -136.9, np.float32(-135), 55.6])
def test_silent_solutions(c):
    answer = check_silent(c)
    assert answer.passed
    assert "sum to 0.000" in answer.message if c > 0 else "sum to 1.000" in answer.message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (..., NOT_YET),
        (100, "Not silent: the code overflows"),
        (10**400, "A number is asked for"),
        (-140, "Not silent: the code has only zeros"),
        (0, "Finite, but the worst entry is off by"),
        (-126.0, "Finite, but the worst entry is off by 0.0"),
        (1e300, "Not silent"),
        (np.inf, "A finite number is asked for"),
        ("a", "this is 'a'"),
        ("-134", "this is '-134'"),
        (True, "this is True"),
        ([1.0], "this is [1]"),
        (None, "this is None"),
        (abs, "this is a function"),
    ],
)
def test_silent_wrong_answers(wrong, message):
    answer = check_silent(wrong)
    assert not answer.passed
    assert message in answer.message


def test_no_number_that_stands_above_the_exercise_is_silent():
    cells = run_notebooks.read(lessons.PATHS[2]).cells
    (exercise,) = (
        k
        for k, cell in enumerate(cells)
        if "\nexercises.check_silent(" in cell.source and run_notebooks.is_exercise(cell)
    )
    prose = "\n".join(cell.source for cell in cells[:exercise])
    numbers = {float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", prose)}
    assert {-102.0, -105.0, 85.6} < numbers
    assert not any(check_silent(number).passed for number in numbers)


def test_silent_solution_gives_the_odds_that_the_prose_says():
    e = np.exp(np.array([33.0, 31.0, 30.2], dtype=np.float32) - np.float32(134))
    np.testing.assert_array_equal(e / np.float32(2.0**-149), [10, 1, 1])
