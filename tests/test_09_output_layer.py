"""Notebook 09: its data, its claims, its panels' numbers, its exercises."""

import random

import lessons
import numpy as np
import pytest
from lessons import full_draw, values

from softmaxlab import exact
from softmaxlab.drawing.output_layer import Training
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.output_layer import (
    check_confusion,
    check_guard,
    check_input_gradient,
    check_loss_of_scores,
    check_sound_log_softmax,
)
from softmaxlab.panel import Panel, slider
from softmaxlab.penguins import SPECIES, STEPS, Lesson, load
from tools import run_notebooks

DATA = run_notebooks.NOTEBOOKS / "data"


@pytest.fixture(scope="module")
def lesson():
    """The names that the notebook's cells define."""
    return lessons.lesson("09_output_layer").space


@pytest.fixture(scope="module")
def panel():
    return lessons.panel_of("09_output_layer")


def test_the_file_holds_the_penguins_as_published():
    header, *rows = (DATA / "penguins.csv").read_text(encoding="utf-8").split()
    assert header == "species,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g"
    names = [row.partition(",")[0] for row in rows]
    assert [names.count(name) for name in SPECIES] == [152, 68, 124]
    missing = [row.partition(",")[0] for row in rows if "NA" in row]
    assert missing == ["Adelie", "Gentoo"]
    assert all(len(row.split(",")) == 5 for row in rows)


def test_the_file_has_its_source_and_license_beside_it():
    said = (DATA / "penguins.txt").read_text(encoding="utf-8")
    for part in ("CC0 1.0", "10.5281/zenodo.3960218", "10.1371/journal.pone.0090081", "NA"):
        assert part in said


def test_rows_without_measurements_are_left_out(lesson):
    _, labels = load()
    assert np.bincount(labels).tolist() == [151, 68, 123]
    assert lesson["measured"].shape == (342, 2)
    assert np.isfinite(lesson["measured"]).all()
    assert lesson["species"].tolist() == list(SPECIES)


def test_what_is_held_out_has_no_say(lesson):
    x, _, held_out, _ = lesson["split"](3)
    assert np.allclose(x.mean(axis=0), 0)
    assert np.allclose(x.std(axis=0), 1)
    assert np.abs(held_out.mean(axis=0)).max() > 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_that_of_differences(seed, lesson):
    rng = np.random.default_rng(seed)
    x, labels = lesson["x_train"], lesson["labels_train"]
    parameters = rng.normal(size=9)

    def loss(parameters):
        z = x @ parameters[:6].reshape(2, 3) + parameters[6:]
        return -exact.log_softmax(z)[np.arange(len(x)), labels].mean()

    p = lesson["softmax"](x @ parameters[:6].reshape(2, 3) + parameters[6:])
    dw, db = lesson["gradients"](x, labels, p)
    h = 1e-5
    bumps = h * np.eye(9)
    differences = [(loss(parameters + bump) - loss(parameters - bump)) / (2 * h) for bump in bumps]
    assert np.allclose([*dw.ravel(), *db], differences, rtol=0, atol=1e-9)


def last(lesson, softmax, **options):
    """Weights, bias and all losses of a training on the split of the lesson."""
    steps = list(lesson["descend"](lesson["x_train"], lesson["labels_train"], softmax, **options))
    return steps[-1][1], steps[-1][2], [loss for *_, loss in steps]


@pytest.mark.parametrize("axis", [-1, 0])
def test_the_pictures_train_as_the_notebook_does(axis, lesson):
    typed = last(lesson, lesson["softmax"] if axis else lesson["wrong_softmax"])
    drawn = Lesson().train(0.5, axis)
    assert np.allclose(Lesson().x[:228], lesson["x_train"])
    assert np.array_equal(Lesson().labels[228:], lesson["labels_test"])
    for one, other in zip(typed, drawn, strict=True):
        assert np.allclose(one, other, rtol=1e-9)


def test_training_is_deterministic(lesson):
    one, other = (last(lesson, lesson["softmax"]) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a, b)


def test_accuracies_are_in_the_ranges_stated(lesson):
    right, wrong = lesson["right_axis"], lesson["wrong_axis"]
    assert 0.945 < right.mean() < 0.96
    assert 0.81 < wrong.mean() < 0.84
    assert np.quantile(right, [0.05, 0.95]).round(2).tolist() == [0.93, 0.97]
    assert np.quantile(wrong, [0.05, 0.95]).round(2).tolist() == [0.76, 0.89]
    assert (right > wrong).all()


def test_with_the_wrong_axis_each_bias_grows_in_a_straight_line(lesson):
    counts = np.bincount(lesson["labels_train"])
    for step, _, bias, _ in lesson["descend"](
        lesson["x_train"], lesson["labels_train"], lesson["wrong_softmax"]
    ):
        assert np.allclose(bias, 0.5 * step * (counts - 1) / 228)


def test_with_the_wrong_axis_no_column_knows_of_the_others(lesson):
    x, labels = lesson["x_train"], lesson["labels_train"]
    swapped = np.array([0, 2, 1])[labels]
    (*_, (_, w, _, _)), (*_, (_, w_swapped, _, _)) = (
        lesson["descend"](x, y, lesson["wrong_softmax"]) for y in (labels, swapped)
    )
    assert np.allclose(w[:, [0, 2, 1]], w_swapped)
    alone = np.where(labels == 0, 0, 1)  # the other two as one
    *_, (_, w_alone, _, _) = lesson["descend"](x, alone, lesson["wrong_softmax"])
    assert np.allclose(w[:, 0], w_alone[:, 0])


def test_both_axes_start_alike_and_only_the_right_one_goes_on(lesson):
    def decided(axis, **options):
        softmax = lesson["softmax"] if axis else lesson["wrong_softmax"]
        w, b, _ = last(lesson, softmax, **options)
        return lesson["decide"](lesson["x_test"], w, b), b

    (right, b_right), (wrong, b_wrong) = (decided(axis, steps=1) for axis in (-1, 0))
    assert np.array_equal(right, wrong)
    assert np.ptp(b_right - b_wrong) < 1e-12
    truth = lesson["labels_test"]
    for steps, counts in ((200, (92, 92)), (4000, (110, 92))):
        ends = [decided(axis, rate=0.005, steps=steps)[0] for axis in (-1, 0)]
        assert tuple((end == truth).sum() for end in ends) == counts


def test_the_slow_wrong_training_never_rises(lesson):
    _, _, losses = last(lesson, lesson["wrong_softmax"], rate=0.005)
    assert np.all(np.diff(losses) < 0)
    _, _, losses = last(lesson, lesson["wrong_softmax"])
    assert losses[-1] > 10 * losses[0]


@pytest.mark.parametrize("rate", [0.1, 0.5, 1])
def test_a_framework_would_hide_the_wrong_axis_better(rate, lesson):
    """With the true gradient of the wrong loss, n_k p - y, the loss falls and accuracy hardly."""
    shares = []
    for seed in range(30):
        x, labels, held_out, truth = lesson["split"](seed)
        y, w, b, losses = np.eye(3)[labels], np.zeros((2, 3)), np.zeros(3), []
        for _ in range(200):
            p = lesson["wrong_softmax"](x @ w + b)
            losses.append(lesson["cross_entropy"](p, labels))
            error = (p * y.sum(axis=0) - y) / len(x)
            w, b = w - rate * x.T @ error, b - rate * error.sum(axis=0)
        assert np.all(np.diff(losses) < 1e-9)
        shares.append((lesson["decide"](held_out, w, b) == truth).mean())
    assert abs(np.mean(shares) - lesson["right_axis"][:30].mean()) < 0.015


def test_the_true_gradient_along_the_penguins_is_that_of_differences(lesson):
    labels = lesson["labels_train"]
    z, y, h = np.random.default_rng(3).normal(size=(228, 3)), np.eye(3)[labels], 1e-5
    p = lesson["wrong_softmax"](z)

    def loss(z):
        return lesson["cross_entropy"](lesson["wrong_softmax"](z), labels)

    for at in ((0, 0), (5, 1), (100, 2)):
        bump = np.zeros_like(z)
        bump[at] = h
        difference = 228 * (loss(z + bump) - loss(z - bump)) / (2 * h)
        assert difference == pytest.approx((y.sum(axis=0) * p - y)[at], abs=1e-6)


def test_without_p_the_decisions_are_those_of_p_minus_y_and_the_true_gradient_learns(lesson):
    outcomes = lesson["outcomes"]
    means = {way: round(shares.mean(), 3) for way, (shares, _) in outcomes.items()}
    assert np.array_equal(outcomes["p - y", 0.5][0], lesson["wrong_axis"])
    assert means["no p", 0.5] - means["p - y", 0.5] == pytest.approx(0.001)
    assert means["the true gradient", 0.5] == 0.945
    assert outcomes["the true gradient", 0.5][1] == 100
    assert outcomes["the true gradient", 5][1] < 50


def test_exp_is_0_where_the_text_says():
    with np.errstate(under="ignore"):
        assert np.exp(-746.0) == 0 < np.exp(-745.0)
        assert np.exp(np.float32(-104)) == 0 < np.exp(np.float32(-103))


def test_log_softmax_is_right_where_the_log_of_softmax_is_not(lesson):
    z = lesson["in_mm"] @ lesson["w_mm"] + lesson["b_mm"]
    assert np.allclose(lesson["log_softmax"](z), exact.log_softmax(z), rtol=1e-12)


def test_the_answers_of_the_concept_check():
    assert f"{np.log(10):.3f} {np.log(64):.3f} {np.log(64):.2f}" == "2.303 4.159 4.16"
    p = exact.softmax([0.0, -1000.0])
    assert f"{np.log(p + 1e-12)[1]:.1f}" == "-27.6"
    assert exact.log_softmax([0.0, -1000.0])[1] == -1000


def training(losses, steps=10):
    drawing = Panel(
        lambda figure: Training(figure, losses, steps), step=slider("step", 0, 0, steps, 1)
    )
    drawing.controls["step"].value = steps
    return drawing


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([], "The training has not begun."),
        ([2.0], "At step 0 the loss is 2.0000."),
        ([2.0, 1.5, 1.0], "At step 2 the loss is 1.0000; it began at 2.0000 and never rose."),
        ([2.0, 1.0, 1.5], "began at 2.0000, and was lowest at step 1 with 1.0000."),
        ([2.0, 3.0, 1.0], "is 1.0000, the lowest; it began at 2.0000 and rose in between."),
        ([2.0, 3.0], "it began at 2.0000 and was never below that."),
        ([2.0, 1.0, 1.0 + 1e-12], "it began at 2.0000 and never rose."),
    ],
)
def test_the_curve_says_how_the_loss_ran(losses, said):
    panel = training(losses)
    assert said in panel.words.sentence
    assert np.array_equal(np.asarray(panel.frame()), full_draw(panel))


def test_the_bar_moves_the_curve_along(lesson):
    *_, losses = last(lesson, lesson["softmax"])
    panel = training(losses, STEPS)
    for step in (0, 1, 57, STEPS):
        panel.controls["step"].value = step
        assert panel.drawing.shown == losses[: step + 1]
        assert f"At step {step} the loss is {losses[step]:.4f}" in panel.words.sentence
        assert np.array_equal(np.asarray(panel.frame()), full_draw(panel))


def test_the_training_is_drawn_while_it_runs_and_its_end_stays(lesson, monkeypatch):
    shown, sentences = [], []

    def display(panel):
        shown.append(panel)
        panel._view.observe(lambda change: sentences.append(panel.words.sentence), names="value")

    monkeypatch.setitem(lesson, "display", display)
    monkeypatch.setitem(lesson, "clear_output", lambda wait: shown.append(wait))
    training = lesson["descend"](lesson["x_train"], lesson["labels_train"], lesson["softmax"])
    w, _ = lesson["watch"](training)
    panel, wait, last_panel = shown
    assert panel is last_panel
    assert wait is True
    assert [said.split()[2] for said in sentences] == [str(step) for step in range(5, 201, 5)]
    assert panel.controls["step"].value == panel.controls["step"].max == STEPS
    assert np.array_equal(w, lesson["w"])


def test_the_panel_draws_the_numbers_of_exact(panel):
    rng = random.Random(0)
    drawing = panel.drawing
    for _ in range(25):
        state = {name: rng.choice(values(control)) for name, control in panel.controls.items()}
        words = drawing.update(**state)
        places = drawing.regions.places[::17, ::19]
        z = (places - drawing.lesson.mean) / drawing.lesson.std @ drawing.w + drawing.b
        truth = exact.softmax(z / state["temperature"])
        assert np.abs(truth.max(-1) - drawing.regions.sure[::17, ::19]).max() < 1e-9
        assert np.array_equal(z.argmax(-1), drawing.regions.winner[::17, ::19])
        held_out = drawing.lesson.x[228:] @ drawing.w + drawing.b
        right = (held_out.argmax(-1) == drawing.lesson.labels[228:]).sum()
        confidence = exact.softmax(held_out / state["temperature"]).max(-1).mean()
        assert f"{right} of 114 held-out" in words.sentence
        assert f"confidence of {confidence:.3f} at" in words.sentence
        assert len(drawing.regions.rings.get_xdata()) == 114 - right
        assert sum(int(cell.split()[0]) for cell in words.table[1][1:]) == right


def test_the_temperature_moves_no_border(panel):
    drawing = panel.drawing
    state = {"power": -0.3, "axis": -1}
    drawing.update(**state, temperature=0.1)
    winner, confidence = drawing.regions.winner, drawing.confidence
    drawing.update(**state, temperature=10.0)
    assert np.array_equal(winner, drawing.regions.winner)
    assert confidence > 0.98
    assert f"{drawing.confidence:.2f}" == "0.45"


def test_the_panel_has_slow_rates_where_the_wrong_loss_never_rises(panel):
    for power, rises in ((-2.5, False), (-2.1, False), (-2.0, True), (-0.3, True)):
        words = panel.drawing.update(power=power, axis=0, temperature=1.0)
        assert ("never rose" not in words.sentence) == rises
        assert "92 of 114" in words.sentence


def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def plain_loss(z, labels):
    return -log_softmax(z)[np.arange(len(labels)), labels].mean()


def loss_of_scores(z, labels):
    return plain_loss(z[labels >= 0], labels[labels >= 0])


def log_afterward(z, labels):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return -np.log(e / e.sum(axis=-1, keepdims=True))[np.arange(len(labels)), labels].mean()


def no_shift(z, labels):
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def one_shift(z, labels):
    return no_shift(z - z.max(), labels)


def a_bit_added(z, labels):
    p = np.exp(log_softmax(z))[np.arange(len(labels)), labels]
    return -np.log(p + 1e-12).mean()


def as_large_as_needed(labels, decided):
    size = max(labels.max(), decided.max()) + 1
    counts = np.zeros((size, size))
    np.add.at(counts, (labels, decided), 1)
    return counts


def down_the_penguins(z, labels):
    return loss_of_scores.__globals__["log_softmax"](z.T).T[np.arange(len(labels)), labels].mean()


def input_gradient(w, p, labels):
    return (p - np.eye(p.shape[1])[labels]) / len(p) @ w.T


def confusion(labels, decided):
    counts = np.zeros((3, 3), dtype=int)
    np.add.at(counts, (labels, decided), 1)
    return counts


def once(labels, decided):
    counts = np.zeros((3, 3))
    counts[labels, decided] += 1
    return counts


def guard(p):
    return bool(np.all(p >= 0) and np.allclose(p.sum(axis=-1), 1))


def my_log_softmax(z, axis=-1):
    z = np.asarray(z)
    dtype = z.dtype if z.dtype.kind == "f" else np.float64
    z = z.astype(np.float64)
    gap = z - z.max(axis=axis, keepdims=True)
    rest = np.delete(np.sort(np.exp(gap), axis), -1, axis)
    return (gap - np.log1p(rest.sum(axis=axis, keepdims=True))).astype(dtype)


def plain_log_softmax(z, axis=-1):
    z = np.asarray(z)
    gap = z.astype(np.float64) - z.max(axis=axis, keepdims=True)
    log_p = gap - np.log(np.exp(gap).sum(axis=axis, keepdims=True))
    return log_p.astype(np.result_type(z.dtype, np.float16))


def shares(z, axis=-1):
    return np.exp(my_log_softmax(z, axis))


def put_back(z, axis=-1):
    z = np.asarray(z, float)
    return z - np.log(np.exp(z - z.max(axis, keepdims=True)).sum(axis, keepdims=True))


CHECKS = {
    check_sound_log_softmax: my_log_softmax,
    check_loss_of_scores: loss_of_scores,
    check_input_gradient: input_gradient,
    check_confusion: confusion,
    check_guard: guard,
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_solutions_pass_and_stubs_are_told_not_yet(check):
    assert repr(check(CHECKS[check])).startswith("Right.")
    assert check(...).message == NOT_YET
    assert check(lambda *arguments: ...).message == NOT_YET


@pytest.mark.parametrize(
    ("check", "right"),
    [
        (check_loss_of_scores, lambda z, y: -log_softmax(z)[y >= 0, y[y >= 0]].mean()),
        (check_input_gradient, lambda w, p, y: (w @ (p - np.eye(3)[y]).T).T / len(y)),
        (check_confusion, lambda y, d: np.bincount(3 * y + d, minlength=9).reshape(3, 3)),
        (check_confusion, lambda y, d: np.eye(3)[y].T @ np.eye(3)[d]),
        (check_guard, lambda p: all(abs(sum(r) - 1) < 1e-9 and min(r) >= 0 for r in p)),
        (check_guard, lambda p: np.isclose(p.sum(-1), 1).all() & (p >= 0).all()),
    ],
)
def test_other_right_answers_pass(check, right):
    assert check(right).passed


@pytest.mark.parametrize(
    ("check", "wrong", "fault"),
    [
        (check_loss_of_scores, log_afterward, "a probability has become 0 before its log"),
        (check_loss_of_scores, no_shift, "an exp has overflowed"),
        (check_loss_of_scores, one_shift, "by its own greatest score"),
        (check_loss_of_scores, a_bit_added, "costs too little"),
        (check_loss_of_scores, lambda z, y: -loss_of_scores(z, y), "the sign is not"),
        (check_loss_of_scores, lambda z, y: len(y) * loss_of_scores(z, y), "the sum over the peng"),
        (check_loss_of_scores, lambda z, y: -down_the_penguins(z, y), "along axis 0"),
        (check_loss_of_scores, lambda z, y: -log_softmax(z)[:, y].mean(), "the labels of all"),
        (
            check_loss_of_scores,
            lambda z, y: -log_softmax(z)[np.arange(len(y)), y],
            "one loss for each penguin",
        ),
        (check_loss_of_scores, lambda z, y: 1 / 0, "raises ZeroDivisionError"),
        (check_loss_of_scores, plain_loss, "for the last one"),
        (check_loss_of_scores, lambda z, y: loss_of_scores(z, y) * (y >= 0).mean(), "of all peng"),
        (check_input_gradient, lambda w, p, y: -input_gradient(w, p, y), "the sign is not"),
        (check_input_gradient, lambda w, p, y: len(p) * input_gradient(w, p, y), "the sum of the"),
        (check_input_gradient, lambda w, p, y: input_gradient(w, p, y).T, "is transposed"),
        (
            check_input_gradient,
            lambda w, p, y: (p - y[:, None]) @ w.T / len(p),
            "subtract the numbers of the classes",
        ),
        (check_input_gradient, lambda w, p, y: p @ w.T / len(p), "where the error p - y belongs"),
        (
            check_input_gradient,
            lambda w, p, y: (p - np.eye(3)[y]) / len(p),
            "one step of the chain rule is missing",
        ),
        (check_sound_log_softmax, lambda z, axis=-1: np.log(shares(z, axis)), "get -inf where"),
        (
            check_sound_log_softmax,
            lambda z, axis=-1: np.log(shares(z, axis) + 1e-12),
            "log of a small probability",
        ),
        (check_sound_log_softmax, shares, "This is softmax itself"),
        (check_sound_log_softmax, put_back, "The shift is forgotten on the way back"),
        (check_sound_log_softmax, lambda z, axis=-1: my_log_softmax(z, 0), "over each column"),
        (check_sound_log_softmax, lambda z, axis=-1: my_log_softmax(z), "does not use it"),
        (check_sound_log_softmax, plain_log_softmax, "1 plus a small sum is rounded"),
        (
            check_sound_log_softmax,
            lambda z, axis=-1: my_log_softmax(np.asarray(z, float), axis),
            "give back the dtype that came in",
        ),
        (check_sound_log_softmax, lambda z: my_log_softmax(z), "take an axis"),
        (check_confusion, lambda y, d: confusion(d, y), "is transposed"),
        (check_confusion, once, "adds to each place only once"),
        (check_confusion, lambda y, d: confusion(y, d) / len(y), "these are shares"),
        (
            check_confusion,
            lambda y, d: confusion(y, d) / confusion(y, d).sum(1, keepdims=True),
            "these are shares",
        ),
        (check_confusion, lambda y, d: confusion(y, d)[:2, :2], "the table is 3 by 3"),
        (check_confusion, as_large_as_needed, "the table is 3 by 3"),
        (check_guard, lambda p: p.sum(-1) == 1, "one answer is asked for"),
        (check_guard, lambda p: False, "your guard turns it away"),
        (check_guard, lambda p: bool(np.allclose(p.sum(0), 1)), "your guard turns it away"),
        (check_guard, lambda p: True, "lets a softmax along axis 0 pass"),
        (check_guard, lambda p: bool(np.isclose(p.sum(), len(p))), "its total is the number of"),
        (check_guard, lambda p: bool((p.sum(-1) == 1).all()), "must allow for rounding"),
        (check_guard, lambda p: bool(np.allclose(p.sum(-1), 1)), "with a negative entry"),
        (check_guard, lambda p: guard(p) or bool((p <= 1).all() and p.sum() == 1), "a negative"),
        (check_guard, lambda p: guard(p[:1]), "one row of three"),
        (check_guard, lambda p: guard(p[-1:]), "one row of three"),
        (check_guard, lambda p: bool((p > 0).all()) and guard(p), "floats underflow"),
        (
            check_guard,
            lambda p: guard(p) and bool((abs(p.sum(-1) - 1) < 2e-16).all()),
            "a thousand roundings",
        ),
        (
            check_guard,
            lambda p: not ((p < 0).any() or (abs(p.sum(-1) - 1) > 1e-9).any()),
            "comparisons with nan are false",
        ),
        (check_guard, lambda p: guard(p) and not np.allclose(p.sum(0), 1), "square batch is"),
        (check_guard, lambda p: p.shape[0] != p.shape[1] and guard(p), "square batch is"),
    ],
)
def test_a_wrong_answer_is_told_its_fault(check, wrong, fault):
    answer = check(wrong)
    assert not answer.passed
    assert fault.lower() in answer.message.lower()
