"""Notebook 08: its claims, its panel's numbers, its exercises."""

import math
import random

import lessons
import numpy as np
import pytest
from lessons import values

from softmaxlab import exact
from softmaxlab.drawing import paint
from softmaxlab.drawing.shared import CORNERS, digits
from softmaxlab.drawing.soft_argmax import Z, gumbel_counts, likelihood_by_temperature
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.soft_argmax import (
    check_draw,
    check_soft_min,
    check_soft_position,
    check_temperature_for,
)
from softmaxlab.penguins import Lesson


@pytest.fixture(scope="module")
def lesson():
    """The names that the notebook's cells define."""
    return lessons.lesson("08_soft_argmax").space


@pytest.fixture(scope="module")
def panel():
    return lessons.panel_of("08_soft_argmax")


def test_the_thread_s_numbers_are_right(lesson):
    p = lesson["softmax"](Z)
    assert [f"{q:.4g}" for q in p[[0, 2]]] == ["1.523e-08", "5.109e-12"]
    assert f"{p[1]:.8f}" == "0.99999998"
    assert np.allclose(p, exact.softmax(Z), rtol=1e-12)


def test_floats_arrive_at_one_hot_above_temperature_0(lesson):
    with np.errstate(under="ignore"):
        assert lesson["softmax"](Z, 0.02).tolist() == [0, 1, 0]


@pytest.mark.parametrize("seed", range(20))
def test_both_ends_of_the_temperature(seed, lesson):
    rng = np.random.default_rng(seed)
    z = rng.integers(-5, 6, size=rng.integers(2, 8)).astype(float)
    greatest = z == z.max()
    with np.errstate(under="ignore"):
        cold = lesson["softmax"](z, 1e-3)
    assert np.allclose(cold, greatest / greatest.sum())
    assert np.allclose(lesson["softmax"](z, 1e9), 1 / len(z))
    for T in (0.3, 1, 30):
        p = lesson["softmax"](z, T)
        assert np.ptp(p[greatest]) == 0


@pytest.mark.parametrize("seed", range(20))
def test_the_soft_max_lies_within_its_bounds_and_softmax_is_its_gradient(seed, lesson):
    rng = np.random.default_rng(seed)
    z, T = rng.normal(0, 3, size=5), rng.uniform(0.2, 5)
    soft_max = lesson["soft_max"](z, T)
    assert z.max() <= soft_max <= z.max() + T * np.log(5)
    assert np.isclose(soft_max, T * exact.logsumexp(z / T), rtol=1e-12)
    h = 1e-5
    rise = [lesson["soft_max"](z + b, T) - lesson["soft_max"](z - b, T) for b in h * np.eye(5)]
    p = exact.softmax(z / T)
    assert np.allclose(np.array(rise) / (2 * h), p, rtol=0, atol=1e-8)
    turn = np.array(
        [lesson["softmax"](z + b, T) - lesson["softmax"](z - b, T) for b in h * np.eye(5)]
    )
    jacobian = (np.diag(p) - np.outer(p, p)) / T
    assert np.allclose(turn / (2 * h), jacobian, rtol=0, atol=1e-8)
    assert np.linalg.eigvalsh(jacobian).min() > -1e-12
    assert np.allclose(jacobian.sum(axis=1), 0)


@pytest.mark.parametrize("T", [0.3, 1.0, 4.0])
def test_the_entropy_grows_as_the_answer_says(T):
    z = np.array([2.0, 1.0, 0.1])

    def entropy(T):
        p = exact.softmax(z / T)
        return -(p * np.log(p)).sum()

    p = exact.softmax(z / T)
    variance = p @ z**2 - (p @ z) ** 2
    slope = (entropy(T + 1e-5) - entropy(T - 1e-5)) / 2e-5
    assert np.isclose(slope, variance / T**3, rtol=1e-5)


def test_temperature_scaling_helps_the_overconfident_and_no_one_else(lesson):
    def ways(training, rate, steps):
        few, validation, test = lesson["deal"](training)
        w, b = lesson["train"](*few, rate=rate, steps=steps)
        T = lesson["best_temperature"](validation[0] @ w + b, validation[1])[:, None, None]
        z, labels = test[0] @ w + b, test[1]
        before, after = lesson["loss"](z, labels, 1), lesson["loss"](z, labels, T)
        right = (z.argmax(axis=-1) == labels).mean()
        assert np.array_equal(lesson["softmax"](z, T).argmax(axis=-1), z.argmax(axis=-1))
        sure = [lesson["softmax"](z, t).max(axis=-1).mean() for t in (1, T)]
        correct = (validation[0] @ w + b).argmax(axis=-1) == validation[1]
        return T, before, after, right, sure, correct.all(axis=1)

    T, before, after, right, (sure, now), _ = ways(30, 5, 2000)
    assert (after < before).sum() == 94
    assert np.round([before.mean(), after.mean()], 3).tolist() == [0.385, 0.217]
    assert 2 < np.median(T) < 3
    assert sure - right > 0.04
    assert abs(now - right) < 0.01
    T, before, after, right, (sure, _), flawless = ways(228, 0.5, 200)
    assert np.round([sure, right], 2).tolist() == [0.93, 0.95]
    lowest = T.ravel() == 0.1
    assert lowest.sum() == 3
    assert np.array_equal(lowest, flawless)
    harm = after - before
    assert harm[lowest].sum() > harm[~lowest].sum() > 0
    assert 40 <= (after < before).sum() <= 60
    assert after.mean() > before.mean()
    assert lesson["deal"](228)[1][1].shape == (100, 57)


def test_what_is_fitted_has_not_seen_what_is_judged(lesson):
    few, validation, test = lesson["deal"](30)
    assert [part[0].shape for part in (few, validation, test)] == [
        (100, 30, 2),
        (100, 156, 2),
        (100, 156, 2),
    ]
    for order in lesson["orders"]:
        assert sorted(order) == list(range(342))
    assert np.allclose(few[0].mean(axis=1), 0)


def test_the_picture_of_the_loss_is_the_first_of_the_hundred_ways(lesson):
    few, validation, test = lesson["deal"](30)
    w, b = lesson["train"](*few, rate=5, steps=2000)
    drawn = Lesson(30).train(5.0, -1, steps=2000)
    assert np.allclose(drawn[0], w[0])
    assert np.allclose(drawn[1], b[0])
    T = lesson["best_temperature"](validation[0] @ w + b, validation[1])[0]
    z, labels = test[0] @ w + b, test[1]
    _, words = paint(likelihood_by_temperature)
    before, after = (lesson["loss"](z, labels, t)[0] for t in (1, T))
    assert f"test penguins is {before:.3f}" in words.sentence
    assert f"penguins, it is {after:.3f}" in words.sentence


def test_gumbel_draws_are_samples_of_softmax_within_four_standard_errors(lesson):
    rng, n = np.random.default_rng(7), 200_000
    for z in (np.zeros(3), np.array([2.0, 1.0, 0.1, -1.0]), np.array([-3.0, 4.0, 3.5, 0.0, 1.0])):
        p = exact.softmax(z)
        shares = np.bincount(lesson["gumbel_draws"](z, n, rng), minlength=len(z)) / n
        assert (np.abs(shares - p) < 4 * np.sqrt(p * (1 - p) / n)).all()


def test_another_noise_does_not_give_softmax():
    """The check above can fail: with normal noise of the same spread it does."""
    rng, n, z = np.random.default_rng(7), 200_000, np.array([2.0, 1.0, 0.1, -1.0])
    wins = (z + rng.normal(0, np.pi / np.sqrt(6), size=(n, 4))).argmax(axis=-1)
    p = exact.softmax(z)
    off = np.abs(np.bincount(wins, minlength=4) / n - p)
    assert (off > 4 * np.sqrt(p * (1 - p) / n)).any()


def test_four_standard_errors_are_as_rare_as_stated():
    tail = math.erfc(4 / math.sqrt(2)) / 2  # of the normal distribution beyond 4
    assert round(1 / (2 * tail), -3) == 16_000
    assert round(1 / (8 * tail), -3) == 4_000


def test_the_noise_of_floats_is_bounded():
    low, high = -np.log(-np.log(np.array([2.0**-53, 1 - 2.0**-53])))
    assert -3.7 < low < -3.6
    assert 36.7 < high < 36.8
    assert 40 < high - low < 41
    assert exact.softmax([0.0, -41.0])[1] > 0


def test_the_picture_of_the_draws_shows_those_of_the_lesson(lesson):
    _, words = paint(gumbel_counts)
    assert ", ".join(f"{share:.4f}" for share in lesson["shares"]) in words.sentence
    assert ", ".join(f"{q:.4f}" for q in exact.softmax(lesson["four"])) in words.sentence


def test_the_answers_of_the_concept_check():
    assert np.allclose(exact.softmax(Z / 10), exact.softmax([1.3, 3.1, 0.5]))
    assert f"{exact.logsumexp([7.0] * 4):.3f}" == "8.386"


def test_the_panel_draws_the_numbers_of_exact(panel):
    rng = random.Random(0)
    drawing = panel.drawing
    for _ in range(100):
        state = {name: rng.choice(values(control)) for name, control in panel.controls.items()}
        words = drawing.update(**state)
        z = np.array([state["z0"], state["z1"], state["z2"]])
        p = exact.softmax(z / 10 ** state["power"])
        entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
        assert np.abs(drawing.p - p).max() < 1e-12
        assert abs(drawing.entropy - entropy) < 1e-12
        assert "-0.0000" not in words.sentence
        assert [label.get_text() for label in drawing.labels] == [digits(q) for q in p]
        assert words.table[-1][1:] == [digits(q) for q in p]
        assert np.allclose(np.concatenate(drawing.point.get_data()), p @ CORNERS)
        assert np.abs(drawing.height.get_ydata()[0] - entropy) < 1e-12
        assert np.all(np.diff(drawing.hill.get_ydata()) > -1e-12)


@pytest.mark.parametrize(
    ("z", "said"),
    [
        ((2.0, 1.0, 0.1), "goes into the corner of class 0."),
        ((-6.0, -6.0, 6.0), "goes into the corner of class 2."),
        ((1.0, 1.0, 0.0), "middle between classes 0 and 1, which are tied."),
        ((0.0, 2.1 - 0.1, 2.0), "middle between classes 1 and 2, which are tied."),
        ((3.0, 3.0, 3.0), "no temperature moves the point from the middle."),
    ],
)
def test_the_sentence_says_where_the_path_begins(z, said, panel):
    words = panel.drawing.update(-2.0, *z)
    assert words.sentence.endswith(said)
    begin = np.transpose(panel.drawing.path.get_data())[0]
    first = np.isclose(z, max(z))
    assert np.allclose(begin, first / first.sum() @ CORNERS)


def test_texts_of_the_panel_stand_apart_from_its_axes(panel):
    panel.frame()
    bars, corners, hill = panel.drawing.figure.axes
    names = [text.get_window_extent() for text in corners.texts]
    assert min(box.x0 for box in names) > bars.bbox.x1 + 10
    (limit,) = (text.get_window_extent() for text in hill.texts)
    assert limit.x0 > hill.bbox.x0 + 5
    assert limit.y0 > hill.transData.transform((0, np.log(3)))[1] + 2


def test_the_entropy_of_a_sure_class_is_0_without_a_sign(panel):
    assert "entropy 0.0000 nats" in panel.drawing.update(-2.0, -6.0, 6.0, -6.0).sentence


def soft_max(z, T):
    m = z.max()
    return m + T * np.log(np.exp((z - m) / T).sum())


def soft_min(z, T):
    return -soft_max(-z, T)


def shifted_min(z, T, m):
    return m - T * np.log(np.exp((m - z) / T).sum())


def soft_position(z, T):
    return exact.softmax(z / T) @ np.arange(len(z))


def gumbel(u):
    return -np.log(-np.log(u))


def draw(p, u):
    return (np.log(p) + gumbel(u)).argmax(axis=-1)


CHECKS = {
    check_soft_min: soft_min,
    check_soft_position: soft_position,
    check_temperature_for: 2 / np.log(9),
    check_draw: draw,
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_solutions_pass_and_stubs_are_told_not_yet(check):
    assert repr(check(CHECKS[check])).startswith("Right.")
    assert check(...).message == NOT_YET


@pytest.mark.parametrize(
    ("check", "right"),
    [
        (check_soft_min, lambda z, T: -T * np.logaddexp.reduce(-z / T)),
        (check_soft_position, lambda z, T: np.average(range(len(z)), weights=exact.softmax(z / T))),
        (check_temperature_for, "0.91"),
        (check_draw, lambda p, u: (u ** (1 / p)).argmax(axis=-1)),
        (check_draw, lambda p, u: list((-np.log(u) / p).argmin(axis=-1))),
    ],
)
def test_other_right_answers_pass(check, right):
    assert check(right).passed


@pytest.mark.parametrize(
    ("check", "wrong", "fault"),
    [
        (check_soft_min, lambda z, T: -T * np.log(np.exp(-z / T).sum()), "that of the least score"),
        (check_soft_min, lambda z, T: exact.softmax(z / T), "that is the softmax"),
        (check_soft_min, lambda z, T: exact.softmax(-z / T), "the softmax of -z"),
        (check_soft_min, soft_max, "that is the soft max"),
        (check_soft_min, lambda z, T: -soft_max(z, T), "not that of the scores"),
        (check_soft_min, lambda z, T: soft_max(-z, T), "sign in front is missing"),
        (check_soft_min, lambda z, T: soft_min(z / T, 1.0), "never multiply"),
        (check_soft_min, lambda z, T: T * soft_min(z, 1.0), "never divide the scores"),
        (check_soft_min, lambda z, T: soft_min(z, T) - z.min(), "not added it again"),
        (check_soft_min, lambda z, T: exact.softmax(-z / T) @ z, "mean score"),
        (check_soft_min, lambda z, T: z.min(), "the hard min"),
        (
            check_soft_min,
            lambda z, T: z.min() + soft_min((z - z.min()) / T, 1.0),
            "the log of the sum has to be multiplied",
        ),
        (
            check_soft_min,
            lambda z, T: T * (z.min() + soft_min((z - z.min()) / T, 1.0)),
            "without the factor",
        ),
        (check_soft_min, lambda z, T: shifted_min(z, T, abs(z).max()), "an exp has overflowed"),
        (check_soft_min, lambda z, T: shifted_min(z, T, min(0, z.min())), "no min that begins"),
        (check_soft_min, lambda z, T: shifted_min(z, T, min(1e4, z.min())), "no min that begins"),
        (check_soft_position, lambda z, T: z.argmax(), "the hard arg max, which jumps"),
        (check_soft_position, lambda z, T: exact.softmax(z / T) @ z, "you average the scores"),
        (check_soft_position, lambda z, T: soft_position(z, T) + 1, "begin at 1"),
        (check_soft_position, lambda z, T: soft_position(z, 1 / T), "cold must mean sharp"),
        (check_soft_position, lambda z, T: soft_position(z, 1.0), "no notice of the temperature"),
        (check_soft_position, lambda z, T: exact.softmax(z / T), "one number is asked for"),
        (
            check_soft_position,
            lambda z, T: np.exp(z / T) @ np.arange(len(z)) / np.exp(z / T).sum(),
            "an exp has overflowed",
        ),
        (check_temperature_for, 1.1, "that is 1/t"),
        (check_temperature_for, 18.98, "0.9 to 0.1"),
        (check_temperature_for, 1.365, "depends on the gap"),
        (check_temperature_for, 2.096, "natural logarithm"),
        (check_temperature_for, 5.0, "too hot"),
        (check_temperature_for, 0.5, "too cold"),
        (check_temperature_for, 0, "finite number above 0"),
        (check_temperature_for, "warm", "one number, a temperature"),
        (check_temperature_for, 10**400, "one number, a temperature"),
        (check_temperature_for, 1e-320, "has 1.0000: too cold"),
        (check_draw, lambda p, u: gumbel(u).argmax(-1), "p has no say"),
        (check_draw, lambda p, u: np.log(p) + gumbel(u), "the place of its greatest"),
        (check_draw, lambda p, u: (np.exp(p) + gumbel(u)).argmax(-1), "the way back"),
        (check_draw, lambda p, u: np.full(len(u), p.argmax()), "no noise"),
        (check_draw, lambda p, u: (np.log(p) - gumbel(u)).argmax(-1), "the sign of the noise"),
        (check_draw, lambda p, u: (np.log(p) - np.log(u)).argmax(-1), "gumbel's has two"),
        (check_draw, lambda p, u: (np.log(p) + u).argmax(-1), "the uniform numbers themselves"),
        (check_draw, lambda p, u: (p + gumbel(u)).argmax(-1), "the noise belongs to scores"),
        (check_draw, lambda p, u: draw(p, 1 - u), "as uniform as u"),
        (check_draw, lambda p, u: (u[:, :1] < p.cumsum()).argmax(-1), "the sums of p"),
        (check_draw, lambda p, u: (np.log(p) + gumbel(u)).argmax(0), "runs down the draws"),
        (check_draw, lambda p, u: (np.log(p) + gumbel(u)).argmax(), "that is one class"),
    ],
)
def test_a_wrong_answer_is_told_its_fault(check, wrong, fault):
    answer = check(wrong)
    assert not answer.passed
    assert fault in answer.message.lower()
