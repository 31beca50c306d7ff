"""Notebook 01: what its prose claims, what its panel draws, and what its checks answer."""

import re

import numpy as np
import pytest

from softmaxlab import distributions, exact
from softmaxlab.drawing import new_figure, paint
from softmaxlab.drawing import scores_to_probabilities as drawing
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises import scores_to_probabilities as exercises
from softmaxlab.softmax import softmax
from tools import run_notebooks

CORNERS = np.array([[0.5, np.sqrt(3) / 2], [0, 0], [1, 0]])


def test_the_claims_about_three_rules():
    by_sum, by_abs, by_square, _ = distributions.RULES.values()
    shares = [rule(np.array([-3.0, 1.0]))[0] for rule in (by_sum, by_abs, by_square)]
    np.testing.assert_allclose(shares, [1.5, 0.75, 0.9])
    far = by_sum(np.array([102.0, 101.0]))
    assert far[0] / far[1] == pytest.approx(102 / 101)
    near = by_sum(np.array([2.0, 1.0]))
    assert near[0] / near[1] == pytest.approx(2)


def test_the_numbers_of_the_answers():
    p = exact.softmax([3.0, 0.0, 2.0])
    assert p[0] / p[2] == pytest.approx(2.718, abs=0.001)
    assert 1 / np.log(10) == pytest.approx(0.434, abs=0.001)
    z = np.array([0.3, -1.0, 2.0])
    np.testing.assert_allclose(10**z / (10**z).sum(), exact.softmax(z * np.log(10)), rtol=1e-12)
    assert exact.softmax([6.0, -6.0, -6.0])[1] == pytest.approx(0.000006, abs=5e-7)
    rest = exact.softmax([4.1, 0.3, -2.0])[0]
    assert np.log(rest / (1 - rest)) != pytest.approx(4.1, abs=0.1)


def test_the_multiplier_of_the_mean_has_the_sign_that_the_lesson_says():
    z = np.array([3.0, 2.0, 1.0, 0.1, -0.5])
    means = [exact.softmax(beta * z) @ z for beta in (-1, -0.1, 0, 0.1, 1)]
    assert np.all(np.diff(means) > 0)
    assert means[2] == pytest.approx(z.mean())
    assert exact.softmax(-50 * z) @ z == pytest.approx(z.min())
    assert exact.softmax(50 * z) @ z == pytest.approx(z.max())


@pytest.mark.parametrize("beta", [-2.0, 0.0, 0.7, 3.0])
def test_the_mean_grows_with_its_multiplier_by_the_variance(beta):
    z, h = np.array([3.0, 2.0, 1.0, 0.1, -0.5]), 1e-5
    p, low, high = (exact.softmax(b * z) for b in (beta, beta - h, beta + h))
    np.testing.assert_allclose((high - low) / (2 * h), p * (z - p @ z), atol=1e-9)
    assert (high - low) @ z / (2 * h) == pytest.approx(p @ (z - p @ z) ** 2, abs=1e-8)


def test_a_rule_can_pass_the_test_of_the_odds_and_break_the_fourth_requirement():
    path = run_notebooks.NOTEBOOKS / "01_scores_to_probabilities.ipynb"
    cell = next(c for c in run_notebooks.read(path).cells if "def complaints" in c.source)
    space = {"np": np}
    exec(cell.source, space)

    def by_spread(z):
        return softmax(z / z.std())

    for z in np.random.default_rng(4).normal(0, 5, size=(200, 4)):
        assert space["complaints"](by_spread, z) == []
    assert space["complaints"](distributions.RULES["z / sum"], [2, 1]) == ["odds"]
    odds = [p[0] / p[1] for p in (by_spread(np.array([2.0, 1.0, z])) for z in (0.0, 5.0))]
    assert odds[0] > 1.5 * odds[1]


@pytest.mark.parametrize("scale", [-1.5, 0.3, 1, 4])
def test_no_distribution_with_the_same_mean_has_more_entropy_than_softmax(scale):
    rng = np.random.default_rng(1)
    z = rng.normal(size=6)
    p = softmax(z * scale)
    steps = rng.normal(size=(2000, 6))
    kept = np.column_stack([np.ones(6), z])
    steps -= steps @ kept @ np.linalg.pinv(kept)
    room = np.where(steps < 0, -p / steps, np.inf).min(axis=1, keepdims=True)
    others = p + rng.uniform(size=(2000, 1)) * room * steps
    np.testing.assert_allclose(others @ kept, np.tile(p @ kept, (2000, 1)), atol=1e-12)
    assert np.all(distributions.entropy(others) < distributions.entropy(p))


def test_entropy():
    assert distributions.entropy(np.full(8, 1 / 8)) == pytest.approx(np.log(8))
    np.testing.assert_array_equal(distributions.entropy(np.eye(3)), 0)


def test_keeps_order():
    assert distributions.keeps_order([1, 2, 2], [0.2, 0.4, 0.4])
    assert not distributions.keeps_order([1, 2, 3], [0.2, 0.4, 0.4])
    assert not distributions.keeps_order([1, 2], [0.6, 0.4])


def test_every_drawn_family_has_the_entropy_peak_that_its_picture_says():
    figure, words = paint(drawing.same_mean)
    triangle, axes = figure.axes
    hills = [line for line in axes.lines if len(line.get_xdata()) > 1]
    dots = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert len(hills) == len(dots) == 3
    for hill, dot in zip(hills, dots, strict=True):
        heights = hill.get_ydata()
        peak = heights.argmax()
        assert dot.get_ydata()[0] >= heights[peak]
        assert dot.get_xdata()[0] == pytest.approx(hill.get_xdata()[peak], abs=0.003)
        assert np.all(np.diff(heights[: peak + 1]) > 0)
        assert np.all(np.diff(heights[peak:]) < 0)
    means, peaks = re.findall(r"(\d\.\d\d), (\d\.\d\d) and (\d\.\d\d)", words.sentence)
    assert peaks == tuple(f"{hill.get_ydata().max():.2f}" for hill in hills)
    assert [text.get_text() for text in axes.texts] == [f"mean {mean}" for mean in means]
    labels = [text.get_text() for text in triangle.texts]
    for score in re.search(r"the scores (\S+), (\S+) and (\S+) ", words.sentence).groups():
        assert f"score {score}" in labels


def test_the_picture_of_the_rules_says_what_it_draws():
    figure, words = paint(drawing.candidates)
    heights = [[bar.get_height() for bar in ax.patches] for ax in figure.axes]
    np.testing.assert_allclose(np.sum(heights, axis=1), 1)
    np.testing.assert_allclose(heights[3], exact.softmax(drawing.SCORES), rtol=1e-12)
    for shown in heights[3]:
        assert f"{shown:.2f}" in words.sentence
    assert heights[0][1] < 0 < 1 < heights[0][0]
    assert heights[1][1] > heights[1][2]
    assert heights[2][1] > heights[2][2]


@pytest.fixture(scope="module")
def three_logits():
    return drawing.ThreeLogits(new_figure())


def states():
    rng = np.random.default_rng(2)
    return [*rng.uniform(-6, 6, (50, 3)).round(1), *np.array(np.meshgrid(*[[-6, 0, 6]] * 3)).T]


def test_the_panel_draws_the_exact_softmax(three_logits):
    for z in np.vstack([state.reshape(-1, 3) for state in states()]):
        three_logits.update(*z)
        truth = exact.softmax(z)
        np.testing.assert_allclose(three_logits.p, truth, rtol=1e-14)
        heights = [bar.get_height() for bar in three_logits.bars]
        np.testing.assert_array_equal(heights, three_logits.p)
        np.testing.assert_allclose(
            np.ravel(three_logits.point.get_data()), truth @ CORNERS, atol=1e-12
        )


def test_the_lines_are_where_the_point_goes_when_one_logit_moves(three_logits):
    z = np.array([2.0, 1.0, 0.1])
    three_logits.update(*z)
    for i, line in enumerate(three_logits.lines):
        (x0, x1), (y0, y1) = line.get_data()
        for moved in (-6, -1, 0, 3, 6):
            other = z.copy()
            other[i] = moved
            x, y = exact.softmax(other) @ CORNERS
            assert (x1 - x0) * (y - y0) == pytest.approx((y1 - y0) * (x - x0), abs=1e-12)


@pytest.mark.parametrize(
    ("z", "sentence"),
    [
        ((2, 1, 0.1), "Class 0 leads: its probability is 0.6590. z0 - z1 is 1.0,"),
        ((0, 0, 0), "The three logits are equal, and each probability is 0.3333."),
        ((-6, 6, -6), "Class 1 leads: its probability is above 0.9999. z0 - z1 is -12.0,"),
        ((6, 6, -6), "Classes 0 and 1 lead together: the probability of each is 0.5000."),
        ((-6, 6, 6), "Classes 1 and 2 lead together: the probability of each is 0.5000."),
        ((0.1 + 0.2, -6, 0.3), "Classes 0 and 2 lead together:"),
        ((-6, -6, 6), "Class 2 leads: its probability is above 0.9999. z0 - z1 is 0.0, so"),
    ],
)
def test_the_sentence_is_right(three_logits, z, sentence):
    assert three_logits.update(*z).sentence.startswith(sentence)


def test_the_odds_in_the_sentence_are_those_of_the_exact_softmax(three_logits):
    for z in np.random.default_rng(3).uniform(-6, 6, (50, 3)).round(1):
        p = exact.softmax(z)
        assert f"= {p[0] / p[1]:.3g} to 1, whatever" in three_logits.update(*z).sentence


def test_no_probability_is_written_as_0_or_1(three_logits):
    table = three_logits.update(6, -6, -6).table
    assert table[-1] == ["probability", "> 0.9999", "< 0.0001", "< 0.0001"]
    assert table[1] == ["logit", "6.0", "-6.0", "-6.0"]


@pytest.mark.parametrize(
    "check", [exercises.check_from_odds, exercises.check_one_against, exercises.check_logits_of]
)
def test_a_stub_is_not_yet(check):
    for stub in (lambda *values: ..., ...):
        answer = check(stub)
        assert not answer.passed
        assert answer.message == NOT_YET


@pytest.mark.parametrize(
    ("check", "solution"),
    [
        (exercises.check_from_odds, lambda odds: odds / odds.sum()),
        (exercises.check_one_against, lambda d, k: softmax([d] + k * [0])[0]),
        (exercises.check_logits_of, lambda p: np.log(p)),
        (exercises.check_logits_of, lambda p: np.log(p / p[0]) + 7),
        (exercises.check_logits_of, lambda p: [float(np.log(entry)) for entry in p]),
    ],
)
def test_a_solution_passes(check, solution):
    answer = check(solution)
    assert answer.passed, answer
    assert answer.message


@pytest.mark.parametrize(
    ("check", "wrong", "message"),
    [
        (exercises.check_from_odds, lambda o: o, "the odds themselves"),
        (exercises.check_from_odds, lambda o: o / o.max(), "greatest entry is 1"),
        (exercises.check_from_odds, lambda o: o / (1 + o), "one class against one other"),
        (exercises.check_from_odds, softmax, "You took exp of the odds"),
        (exercises.check_from_odds, lambda o: o.sum(), "has the shape ()"),
        (exercises.check_from_odds, lambda o: np.log(o), "the numbers are not"),
        (exercises.check_from_odds, lambda o: o / len(o), "the number of classes"),
        (exercises.check_one_against, lambda d, k: 1 / (1 + k * np.exp(-d)), "from `softmax`"),
        (
            exercises.check_one_against,
            lambda d, k: softmax([np.log(np.exp(d))] + k * [0])[0],
            "no exp of",
        ),
        (exercises.check_logits_of, lambda p: 3.0, "returned 3, and an array"),
        (exercises.check_logits_of, lambda p: np.log(p - 1), "is nan or inf"),
        (exercises.check_logits_of, lambda p: np.exp(p), "exp goes from scores to odds"),
        (exercises.check_one_against, lambda d, k: softmax([d] + k * [0]), "of all classes"),
        (exercises.check_one_against, lambda d, k: softmax([d] + k * [0])[1], "one of the others"),
        (exercises.check_one_against, lambda d, k: softmax([d])[0], "a single score is always 1"),
        (exercises.check_one_against, lambda d, k: softmax([d]), "a single score is always 1"),
        (exercises.check_one_against, lambda d, k: np.exp(d) / np.exp(d).sum(), "is always 1"),
        (
            exercises.check_one_against,
            lambda d, k: softmax([2 * d] + k * [0])[0],
            "Yours is 2 d above",
        ),
        (exercises.check_one_against, lambda d, k: np.exp(d), "the odds against one other"),
        (exercises.check_one_against, lambda d, k: softmax([d, 0])[0], "against one other. There"),
        (exercises.check_one_against, lambda d, k: softmax([d, k])[0], "not the score of one"),
        (exercises.check_one_against, lambda d, k: d, "not the one expected"),
        (exercises.check_logits_of, lambda p: p, "returned p itself"),
        (exercises.check_logits_of, lambda p: p**2, "softmax of these scores is not p"),
        (exercises.check_logits_of, lambda p: np.log(p / (1 - p)), "all the others together"),
        (exercises.check_logits_of, lambda p: -np.log(p), "order is turned round"),
        (exercises.check_logits_of, lambda p: np.log2(p), "another base than e"),
        (exercises.check_logits_of, lambda p: np.log10(p), "another base than e"),
        (exercises.check_logits_of, lambda p: np.log(p + 1e-12), "needs no help"),
        (exercises.check_logits_of, lambda p: np.log(p + 1e-3), "needs no help"),
        (exercises.check_logits_of, lambda p: p[5], "IndexError: index 5"),
        (exercises.check_logits_of, 3, "takes a function"),
    ],
)
def test_a_wrong_answer_is_told_its_fault(check, wrong, message):
    answer = check(wrong)
    assert not answer.passed
    assert message in answer.message


def test_logits_are_shown_as_they_were_returned():
    for wrong in (np.exp, lambda p: None, lambda p: p):
        answer = exercises.check_logits_of(wrong)
        assert answer.expected is None
        assert answer.got is None or np.array_equal(answer.got, wrong(answer.input))
