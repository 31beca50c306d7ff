"""Notebook 11: its claims, its panel against the cuts that it types, its exercises."""

import random
import re

import lessons
import numpy as np
import pytest

from softmaxlab import exact, language
from softmaxlab.drawing import paint
from softmaxlab.drawing.next_token import letters_by_temperature, sums_that_are_not_1
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.next_token import (
    check_batch_top_p,
    check_drawn_tokens,
    check_next_probabilities,
    check_perplexity,
)

STEM = "11_next_token"
INF = np.inf


@pytest.fixture(scope="module")
def lesson():
    """The names that the notebook's cells define."""
    return lessons.lesson(STEM).space


@pytest.fixture
def panel():
    return lessons.panel_of(STEM)


def move(panel, **state):
    for name, value in state.items():
        panel.controls[name].value = value


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def rows_of_logits():
    rng = np.random.default_rng(0)
    for size in (1, 2, 27):
        yield from rng.normal(scale=3, size=(20, size))


def test_softmax_of_log_counts_is_the_counts_over_their_sum(lesson):
    counts = lesson["counts"] + 0.01
    shares = counts / counts.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(lesson["softmax"](lesson["logits"]), shares, rtol=1e-12)
    assert lesson["counts"].sum() == len(lesson["seen"]) - 3


def test_the_book_is_what_its_source_says():
    book = (language._BOOK).read_text("ascii")
    assert len(book) < 300_000
    assert book.startswith("CHAPTER I\n")
    assert book.count("CHAPTER ") == 12
    source = language._BOOK.with_name("alice_source.txt").read_text("utf-8")
    assert {"Lewis Carroll", "1865", "public domain"} <= set(
        re.findall("Lewis Carroll|1865|public domain", source)
    )


def test_the_panel_cuts_and_writes_as_the_lesson_types_it(lesson):
    np.testing.assert_array_equal(language.logits(), lesson["logits"])
    top_k, top_p = lesson["top_k"], lesson["top_p"]
    settings = [(1.0, 27, 0.9), (2.0, 5, 1.0), (0.3, 27, 0.5), (1.5, 3, 0.05)]
    for z in rows_of_logits():
        for T, k, p in settings:
            typed = lesson["softmax"](top_p(top_k(z / T, k), p))
            np.testing.assert_allclose(language.left(z, T, k, p), typed, rtol=1e-12)
    for T, k, p in settings:
        rngs = np.random.default_rng(0), np.random.default_rng(0)
        typed = lesson["write"](
            60, rngs[0], lambda z, T=T, k=k, p=p: softmax(top_p(top_k(z / T, k), p))
        )
        assert typed == language.write(lesson["logits"], "alice ", 60, rngs[1], T=T, k=k, p=p)


def test_top_p_keeps_the_fewest_that_hold_p(lesson):
    """From the exact softmax: with the least likely of them less, they hold less."""
    for z in rows_of_logits():
        q = exact.softmax(z)
        for p in (0.05, 0.3, 0.9):
            kept = lesson["top_p"](z, p) > -INF
            assert kept.any()
            assert q[kept].sum() >= p
            assert q[kept].sum() - q[kept].min() < p
            assert kept.all() or q[kept].min() >= q[~kept].max()


def test_p_1_cuts_nothing_where_rounded_sums_reach_1_early(lesson):
    z = lesson["z"]
    assert (lesson["top_p"](z / 0.1, 1.0) > -INF).all()
    assert (language.left(z, 0.1, p=1.0) > 0).all()


def test_where_a_sum_meets_p_rounding_decides(lesson):
    """On some machines the first two are 0.8 together, on others an ulp less."""
    assert 0.5 + 0.3 == 0.8
    first, second, _ = lesson["softmax"](lesson["three"])
    assert abs(first + second - 0.8) < 2e-16
    third_is_kept = lesson["top_p"](lesson["three"], 0.8)[2] > -INF
    assert third_is_kept == (first + second < 0.8)


def test_a_small_temperature_is_no_nan(lesson):
    assert lesson["softmax"]([1.0, 2.0], 1e-308).tolist() == [0, 1]


def test_a_mask_of_the_lowest_float_hides_that_nothing_is_left(lesson):
    lowest = np.full(27, np.finfo(float).min)
    np.testing.assert_allclose(lesson["softmax"](lowest), 1 / 27)


def test_the_penalty_of_a_written_token_is_not_blind_to_a_shift(lesson):
    """The odds of the first token to the second are e without it."""
    odds = lesson["odds_with_penalty"]
    assert odds == {0: pytest.approx(np.exp(2 / 1.2 - 1)), 10: pytest.approx(np.exp(9 - 8 * 1.2))}


def test_bfloat16_are_an_eighth_apart_from_16_to_32():
    """Their bits are the first 16 of a float32."""
    bits = np.array([16, 20, 31], np.float32).view(np.uint32)
    apart = (bits + (1 << 16)).view(np.float32) - bits.view(np.float32)
    assert apart.tolist() == [1 / 8] * 3


def test_an_unseen_letter_is_half_as_likely_if_its_smoothing_does_not_double(lesson):
    n = lesson["n"]
    (unseen, *_) = np.flatnonzero(n == 0)
    once, twice = (softmax(np.log(counts + 0.01))[unseen] for counts in (n, 2 * n))
    assert twice / once == pytest.approx(0.5, rel=1e-3)


def test_a_bias_before_the_temperature_is_divided_by_it():
    z, b, T = np.array([1.0, 0.0]), 0.7, 0.5
    before, after = softmax((z + np.array([b, 0])) / T), softmax(z / T + np.array([b, 0]))
    plain = softmax(z / T)
    assert before[0] / before[1] / (plain[0] / plain[1]) == pytest.approx(np.exp(b / T))
    assert after[0] / after[1] / (plain[0] / plain[1]) == pytest.approx(np.exp(b))


def test_the_lost_tokens_hold_six_of_100_000_draws(lesson):
    p = lesson["big_p"]
    sums = np.cumsum(p, dtype=np.float32)
    assert round(p[1:][np.diff(sums) == 0].sum(dtype=float) * 100_000) == 6


def test_float32_columns_are_off_by_more_than_numpy_tolerates(lesson):
    tolerance = np.sqrt(np.finfo(np.float32).eps)
    for name, off in (("down", True), ("along", False)):
        assert (np.abs(lesson[name].sum(axis=0, dtype=float) - 1).max() > tolerance) == off
        assert any(lesson["refuses"](p) for p in lesson[name].T) == off


def test_the_long_text_is_one_that_was_not_counted(lesson):
    long = lesson["texts"]["long"]
    assert len(long) == 35
    assert long not in lesson["book"][:120_000]
    assert long in lesson["book"][120_000:]


def test_top_k_and_temperature_may_change_places_and_top_p_may_not(lesson):
    for z in rows_of_logits():
        for T in (0.3, 2.0):
            for k in (1, len(z) // 2 + 1):
                kept = lesson["top_k"](z, k) > -INF
                np.testing.assert_array_equal(lesson["top_k"](z / T, k) > -INF, kept)
    three, top_p = lesson["three"], lesson["top_p"]
    assert (top_p(three, 0.6) > -INF).tolist() == [True, True, False]
    assert (top_p(three / 0.5, 0.6) > -INF).tolist() == [True, False, False]


def test_a_mask_before_is_a_zero_and_a_division_after(lesson):
    for z in rows_of_logits():
        masked = lesson["top_k"](z, max(1, len(z) // 3))
        after = np.where(masked > -INF, exact.softmax(z), 0)
        np.testing.assert_allclose(softmax(masked), after / after.sum(), rtol=1e-12)


def test_rounding_moves_the_sum_by_at_most_half_an_epsilon():
    """The claim, for normal floats; and float16 breaks it with 50 000 equal tokens."""
    for dtype in (np.float16, np.float32):
        for z in rows_of_logits():
            p = exact.softmax(z)
            if p.min() > np.finfo(dtype).tiny:
                assert language.sums_off(p, dtype) <= float(np.finfo(dtype).eps) / 2
    flat = np.full(50_000, 1 / 50_000)
    assert language.sums_off(flat, np.float32) <= 6.0e-8
    assert language.sums_off(flat, np.float16) > float(np.finfo(np.float16).eps) / 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numpy_tolerates_the_root_of_epsilon(dtype, lesson):
    """Just inside and just outside of it, in an array of that dtype."""
    tolerance = float(np.sqrt(np.finfo(dtype).eps))
    for off, refused in ((0.9, False), (1.2, True)):
        p = np.array([0.5 + off * tolerance, 0.5], dtype=dtype)
        assert lesson["refuses"](p) == refused
    if dtype != np.float64:
        p = np.array([0.5 + 0.9 * tolerance, 0.5], dtype=dtype)
        assert lesson["refuses"](p.astype(float))
        assert lesson["refuses"](p.tolist())


def test_a_float32_softmax_is_taken_as_it_is_and_most_copies_are_refused(lesson):
    for size in (3, 27, 1000):
        z = np.random.default_rng(0).normal(scale=3, size=(60, size)).astype(np.float32)
        rows = lesson["softmax"](z)
        assert rows.dtype == np.float32
        assert np.abs(rows.sum(axis=-1, dtype=float) - 1).max() < 1e-6
        assert not any(map(lesson["refuses"], rows))
        assert np.mean([lesson["refuses"](row.astype(float)) for row in rows]) > 0.5


def test_what_the_cells_say(lesson):
    assert lesson["letters"] == 527
    assert set(lesson["took"]) == {"A", "B", "C"}
    chosen, p = lesson["ways"]["C"]()
    best, q = lesson["ways"]["A"]()
    np.testing.assert_allclose(
        p[np.argsort(chosen)], q[np.argsort(best)], rtol=1e-12, err_msg="the softmax of the mask"
    )
    assert lesson["greedy"].endswith("she was " * 5) or "she was she was" in lesson["greedy"]
    d, r = language.codes("dr")
    assert lesson["counts"][lesson["tied"]][d] == lesson["counts"][lesson["tied"]][r]


def test_log_p_is_that_of_the_exact_softmax(lesson):
    text = lesson["unseen"][:100]
    z = lesson["logits"][text[:-3], text[1:-2], text[2:-1]]
    right = exact.log_softmax(z)[np.arange(97), text[3:]]
    np.testing.assert_allclose(lesson["log_p"](text), right, rtol=1e-12)


def test_the_cures_draw_each_token_as_often_as_its_probability(lesson):
    space = lesson
    z = np.array([2.0, 1.0, 0.1, -1.0])
    p, rng = softmax(z), np.random.default_rng(4)
    draws = 20_000
    gumbels = (z - np.log(-np.log(rng.random((draws, 4))))).argmax(axis=-1)
    inverted = np.searchsorted(np.cumsum(p) / p.sum(), rng.random(draws), side="right")
    races = (p / rng.standard_exponential((draws, 4))).argmax(axis=-1)
    for drawn in (gumbels, inverted, races):
        shares = np.bincount(drawn, minlength=4) / draws
        assert (np.abs(shares - p) < 4 * np.sqrt(p * (1 - p) / draws)).all()
    for cure in ("normalized", "gumbel", "race"):
        assert 0 <= space[cure]() < 50_000


def test_the_panel_says_what_is_left(panel):
    rng = random.Random(0)
    for _ in range(40):
        widget = rng.choice(panel.widgets())
        widget.value = rng.choice(lessons.values(widget))
        state = {name: control.value for name, control in panel.controls.items()}
        z = panel.drawing.z[tuple(language.codes(state["context"]))]
        before = exact.softmax(z / state["temperature"])
        kept = panel.drawing.after > 0
        likeliest = np.sort(before)[-state["k"] :].sum()
        assert 1 <= kept.sum() <= state["k"]
        assert before[kept].sum() >= state["p"] * likeliest - 1e-12
        said = panel.words.sentence
        are = "is" if kept.sum() == 1 else "are"
        assert f"{kept.sum()} of 27 letters {are} left" in said
        assert panel.drawing.count.get_text() == f"{kept.sum()} of 27 kept"
        assert f'writes "{panel.drawing.written}"' in said
        assert panel.drawing.written.startswith(state["context"])


def test_the_answers_under_the_panel(panel):
    move(panel, context=" th", k=27, p=0.9)
    left = {}
    for T in (0.1, 0.6, 0.7, 1.0, 3.0):
        move(panel, temperature=T)
        left[T] = (panel.drawing.after > 0).sum()
    assert left == {0.1: 1, 0.6: 1, 0.7: 2, 1.0: 3, 3.0: 9}
    move(panel, context="zzz", temperature=1.0)
    assert np.ptp(panel.drawing.before) < 1e-15
    assert (panel.drawing.after > 0).sum() == 25
    move(panel, k=5)
    assert np.flatnonzero(panel.drawing.after).tolist() == [0, 1, 2, 3, 4]
    move(panel, context=" th", k=27)


def test_the_pictures_say_what_they_show():
    _, words = paint(letters_by_temperature)
    assert words.sentence.endswith("keeps 1 at T = 0.3, 3 at T = 1 and 5 at T = 2.")
    _, words = paint(sums_that_are_not_1)
    float32, float16 = re.findall(r"by (\S+?e-\d+)", words.sentence)
    assert "computed in float32" in words.sentence
    assert 6e-8 < float(float32) < 1e-6
    assert 1.5e-8 < float(float16) < 0.03125


def test_no_letter_is_labeled_as_certain_or_as_impossible():
    figure, _ = paint(letters_by_temperature)
    labels = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert len(labels) == 18
    assert labels[:6] == [">0.99", "", "", "", "", ""]
    assert not {"0", "0.00", "1.00"} & set(labels)


def test_the_concept_check():
    odds = softmax(np.log([100.0, 10.0]) / 0.5)
    assert odds[0] / odds[1] == pytest.approx(100)
    z = np.random.default_rng(0).uniform(-20, -5, size=27)
    assert softmax(np.append(z, 0.0))[-1] > 0.9
    odds = softmax(np.log([56.0, 55.0]) / 0.01)
    assert odds[0] / odds[1] == pytest.approx(6, abs=0.1)


# Solutions, and wrong answers: each is what somebody might write.


def top_p_rows(z, p, keep=lambda before, upto, p: before < p, divide=True):
    q = softmax(z)
    order = np.argsort(-q, axis=-1)
    ranked = np.take_along_axis(q, order, axis=-1)
    upto = np.cumsum(ranked, axis=-1)
    kept = keep(upto - ranked, upto, p)
    np.put_along_axis(q, order, np.where(kept, ranked, 0), axis=-1)
    with np.errstate(all="ignore"):
        return q / q.sum(axis=-1, keepdims=True) if divide else q


def dropping(before, upto, p):
    return upto <= p


def masked_rows(z, p, value):
    return np.where(top_p_rows(z, p) > 0, z, value)


def unshifted(z, p):
    e = np.exp(z)
    return top_p_rows(np.log(e / e.sum(axis=-1, keepdims=True)), p)


def one_max(z, p):
    e = np.exp(z - z.max())
    return top_p_rows(np.log(e / e.sum(axis=-1, keepdims=True)), p)


def whole_sum(z, p):
    q = top_p_rows(z, p, divide=False)
    return q / q.sum()


def by_sorted_places(z, p):
    q = softmax(z)
    ranked = -np.sort(-q, axis=-1)
    q[np.cumsum(ranked, axis=-1) - ranked >= p] = 0
    return q / q.sum(axis=-1, keepdims=True)


def next_masked(z, T, p, forbidden):
    z = forbidding(z, forbidden) / T
    return np.where(language.left(z, p=p) > 0, z, -INF)


def clipped(p, u):
    return np.minimum(drawn(p, u, scaled=False), len(p) - 1)


def ending_at_1(p, u):
    sums = np.cumsum(p, dtype=float)
    sums[-1] = 1
    return np.searchsorted(sums, u, side="right")


def next_right(z, T, p, forbidden):
    return language.left(forbidding(z, forbidden), T, p=p)


def forbidding(z, forbidden, value=-INF):
    z = z.copy()
    z[forbidden] = value
    return z


def mask_first(z, T, p, forbidden):
    kept = language.left(forbidding(z, forbidden), p=p) > 0
    return softmax(np.where(kept, z / T, -INF))


def forbid_last(z, T, p, forbidden):
    q = forbidding(language.left(z, T, p=p), forbidden, 0)
    return q / q.sum()


def drawn(p, u, dtype=float, side="right", scaled=True):
    sums = np.cumsum(p, dtype=dtype)
    return np.searchsorted(sums / sums[-1] if scaled else sums, u, side=side)


def log_p(z, tokens):
    z = z - z.max(axis=-1, keepdims=True)
    return z[np.arange(len(z)), tokens] - np.log(np.exp(z).sum(axis=-1))


def perplexity(z, tokens):
    return np.exp(-log_p(z, tokens).mean())


def one_max_for_all(z, tokens):
    z = z - z.max()
    return np.exp(np.mean(np.log(np.exp(z).sum(axis=-1)) - z[np.arange(len(z)), tokens]))


def picked(z, tokens):
    return softmax(z)[np.arange(len(z)), tokens]


@pytest.mark.parametrize(
    ("check", "solution"),
    [
        (check_batch_top_p, top_p_rows),
        (check_next_probabilities, next_right),
        (check_drawn_tokens, drawn),
        (check_perplexity, perplexity),
    ],
)
def test_stubs_and_solutions(check, solution):
    assert check(...).message == NOT_YET
    answer = check(solution)
    assert answer.passed, answer
    assert repr(answer).startswith("Right. ")


@pytest.mark.parametrize(
    ("check", "wrong", "message"),
    [
        (check_batch_top_p, lambda z, p: softmax(z), "Nothing is cut"),
        (check_batch_top_p, lambda z, p: top_p_rows(z, p, dropping), "token that crosses p"),
        (
            check_batch_top_p,
            lambda z, p: top_p_rows(z, p, dropping, divide=False),
            "token that crosses p",
        ),
        (
            check_batch_top_p,
            lambda z, p: top_p_rows(z, p, divide=False),
            "divide by its sum",
        ),
        (
            check_batch_top_p,
            lambda z, p: softmax(np.where(top_p_rows(z, p) > 0, top_p_rows(z, p), -INF)),
            "softmax of probabilities",
        ),
        (check_batch_top_p, lambda z, p: softmax(top_p_rows(z, p)), "softmax of probabilities"),
        (check_batch_top_p, lambda z, p: softmax(masked_rows(z, p, 0)), "A finite logit"),
        (
            check_batch_top_p,
            lambda z, p: np.sort(top_p_rows(z, p), axis=-1)[:, ::-1],
            "in the order of the sorting",
        ),
        (
            check_batch_top_p,
            lambda z, p: top_p_rows(z, p, keep=lambda before, upto, p: 1 - upto < p),
            "begin with the least likely",
        ),
        (
            check_batch_top_p,
            lambda z, p: softmax(np.where(softmax(z) >= p, z, -INF)),
            "Nothing is left in some row",
        ),
        (check_batch_top_p, lambda z, p: top_p_rows(z.T, p).T, "cut along the columns"),
        (check_batch_top_p, unshifted, "An exp has overflowed"),
        (check_batch_top_p, lambda z, p: masked_rows(z, p, -INF), "These are the masked logits"),
        (check_batch_top_p, lambda z, p: softmax(masked_rows(z, p, -100)), "A finite logit"),
        (check_batch_top_p, by_sorted_places, "places in the sorted row"),
        (check_batch_top_p, whole_sum, "sum of the whole batch"),
        (check_batch_top_p, one_max, "one for the whole batch"),
        (check_next_probabilities, next_masked, "These are the masked logits"),
        (
            check_next_probabilities,
            lambda z, T, p, f: language.left(forbidding(z, f, -100), T, p=p),
            "A finite logit",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: next_right(z, T * T, p, f),
            "temperature twice",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: softmax(next_masked(z, T, p, f) / T),
            "temperature twice",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: top_p_rows(forbidding(z, f)[None] / T, p, divide=False)[0],
            "does not sum to 1",
        ),
        (check_next_probabilities, mask_first, "temperature comes after the mask"),
        (check_next_probabilities, forbid_last, "set is chosen already"),
        (
            check_next_probabilities,
            lambda z, T, p, f: language.left(z, T, p=p),
            "can still be drawn",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: language.left(forbidding(z, f, 0), T, p=p),
            "A finite logit",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: softmax(next_right(z, T, p, f)),
            "softmax of probabilities",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: top_p_rows(forbidding(z, f)[None] / T, p, dropping)[0],
            "token that crosses p",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: next_right(z, 1.0, p, f),
            "no notice of the temperature",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: next_right(z, 1 / T, p, f),
            "Cold must mean sharp",
        ),
        (
            check_next_probabilities,
            lambda z, T, p, f: softmax(forbidding(z, f) / T),
            "top-p is missing",
        ),
        (check_drawn_tokens, lambda p, u: drawn(p, u, side="left"), "searchsorted has a side"),
        (check_drawn_tokens, lambda p, u: drawn(p, u, np.float32), "sum in float32"),
        (
            check_drawn_tokens,
            lambda p, u: drawn(p, u, np.float32, scaled=False),
            "The last sum is not 1",
        ),
        (check_drawn_tokens, lambda p, u: drawn(p, u, scaled=False), "The last sum is not 1"),
        (
            check_drawn_tokens,
            lambda p, u: drawn(p / p.sum(), u, scaled=False),
            "You divide by the sum in float32",
        ),
        (check_drawn_tokens, clipped, "gives your last token"),
        (check_drawn_tokens, ending_at_1, "gives your last token"),
        (check_drawn_tokens, lambda p, u: drawn(p, u)[0], "One is asked for each number of u"),
        (check_drawn_tokens, lambda p, u: p, "not one for each of p"),
        (check_drawn_tokens, lambda p, u: drawn(p, u) + 1, "begin at 1"),
        (check_drawn_tokens, lambda p, u: np.full(len(u), p.argmax()), "likeliest token every"),
        (
            check_drawn_tokens,
            lambda p, u: len(p) - 1 - drawn(p[::-1], u),
            "from the far end",
        ),
        (check_perplexity, lambda z, t: -log_p(z, t).mean(), "That is the loss"),
        (check_perplexity, lambda z, t: np.exp(-log_p(z, t).sum()), "grows with the length"),
        (check_perplexity, lambda z, t: np.exp(log_p(z, t).mean()), "The sign is missing"),
        (check_perplexity, lambda z, t: 2 ** -log_p(z, t).mean(), "A power of 2"),
        (
            check_perplexity,
            lambda z, t: np.exp(-log_p(z, t).mean() / np.log(2)),
            "to the base 2",
        ),
        (check_perplexity, lambda z, t: 1 / picked(z, t).mean(), "Average their logs"),
        (check_perplexity, lambda z, t: (1 / picked(z, t)).mean(), "You average 1/p"),
        (
            check_perplexity,
            lambda z, t: picked(z, t).prod() ** (-1 / len(t)),
            "a product of that many",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(picked(z, t)).mean()),
            "its log -inf",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-log_p(z, t).sum() / (len(t) - 1)),
            "one less than there are tokens",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-z[np.arange(len(z)), t].mean()),
            "no log-probability",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(softmax(z))[:, t].mean()),
            "every token from every row",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(softmax(z)).mean()),
            "over the whole vocabulary",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-(softmax(z) * np.log(softmax(z))).sum(axis=-1).mean()),
            "which no token changes",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(softmax(z.T).T)[np.arange(len(z)), t].mean()),
            "down the columns",
        ),
        (check_perplexity, one_max_for_all, "one for all rows"),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(picked(z, t) + 1e-12).mean()),
            "below every float",
        ),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(np.maximum(picked(z, t), 1e-300)).mean()),
            "below every float",
        ),
        (check_perplexity, log_p, "One number is asked for"),
        (
            check_perplexity,
            lambda z, t: np.exp(-np.log(softmax(z).max(axis=-1)).mean()),
            "not the ones that came",
        ),
    ],
)
def test_wrong_answers_are_named(check, wrong, message):
    answer = check(wrong)
    assert not answer.passed
    assert message in answer.message, answer
