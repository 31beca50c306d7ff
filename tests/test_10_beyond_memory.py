"""Notebook 10: what its prose says, its panel against exact sums, its exercises."""

import math
import random

import lessons
import numpy as np
import pytest

from softmaxlab import exact
from softmaxlab.drawing import paint
from softmaxlab.drawing.beyond_memory import (
    CHUNKS,
    SCORES,
    any_order,
    blocks_of_attention,
)
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.beyond_memory import (
    check_mean,
    check_merge,
    check_merge_logs,
    check_unnoticed,
)
from softmaxlab.pairs import merge, naive_merge, naive_pair, pair, running

INF = np.inf
NOTHING = (-INF, 0.0)


@pytest.fixture(scope="module")
def lesson():
    """What the cells of the notebook leave behind."""
    return lessons.lesson("10_beyond_memory").space


@pytest.fixture
def panel():
    return lessons.panel_of("10_beyond_memory")


def move(panel, **state):
    for name, value in state.items():
        panel.controls[name].value = value


def test_the_panel_draws_the_merge_that_the_lesson_types(lesson):
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = rng.normal(scale=20, size=(2, 5))
        a[rng.random(5) < 0.2] = -INF
        for mine, typed in ((pair, lesson["pair"]), (naive_pair, lesson["naive_pair"])):
            assert mine(a) == typed(a)
        pairs = [pair(a), pair(b), NOTHING]
        for one in pairs:
            assert merge(one, pairs[0]) == lesson["merge"](one, pairs[0])
    with np.errstate(invalid="ignore"):
        for function in (naive_merge, lesson["naive_merge"]):
            assert math.isnan(function(NOTHING, NOTHING)[1])
        assert math.isnan(naive_pair(np.array([-INF]))[1])


def test_the_panel_shows_the_exact_log_sum_exp(panel):
    rng = random.Random(0)
    for _ in range(60):
        chunks, masked = rng.randint(1, 12), rng.randint(0, 12)
        step = rng.choice([-3.0, -0.7, 0.0, 0.5, 3.0])
        move(panel, chunks=chunks, step=step, masked=masked)
        scores = SCORES[:chunks] + panel.controls["step"].value * np.arange(chunks)[:, None]
        if 0 < masked <= chunks:
            scores[masked - 1] = -INF
        said = panel.words.sentence
        for k, (top, total) in enumerate(panel.drawing.right, 1):
            true = exact.logsumexp(scores[:k], axis=None)
            assert top == scores[:k].max()
            assert (total == 0) if true == -INF else top + np.log(total) == pytest.approx(true)
        assert len(panel.words.table) == chunks + 1
        if 0 < masked <= chunks:
            assert said.endswith(f"The naive one is nan from chunk {masked} on.")
            assert np.isnan(panel.drawing.naives[masked - 1 :, 1]).all()
        else:
            assert said.endswith("The naive one has the same.")
            np.testing.assert_array_equal(panel.drawing.naives, panel.drawing.right)


def test_the_panel_with_nothing_but_a_masked_chunk(panel):
    move(panel, chunks=1, step=0.5, masked=1)
    assert panel.words.sentence == (
        "After 1 chunk the right merge has the pair of nothing, max -inf and sum 0. "
        "The naive one is nan from chunk 1 on."
    )


def test_no_sum_leaves_the_picture(panel):
    low, high = panel.drawing.figure.axes[1].get_ylim()
    for step in np.linspace(-3, 3, 61):
        move(panel, chunks=12, step=float(step), masked=0)
        assert (panel.drawing.right[:, 1] < high).all()
        assert (panel.drawing.right[:, 1] > low).all()
        assert np.abs(SCORES + step * np.arange(12)[:, None]).max() < 42


def test_the_answers_under_the_panel(panel):
    move(panel, chunks=12, step=-3.0, masked=0)
    tops, sums = panel.drawing.right.T
    assert len(set(tops)) == 1
    assert np.ptp(sums) < 0.1
    move(panel, step=3.0)
    tops, sums = panel.drawing.right.T
    assert len(set(tops)) >= 11
    late = running(SCORES[-3:] + 3.0 * np.arange(9, 12)[:, None], pair, merge)[-1]
    assert late[0] == tops[-1]
    assert late[1] == pytest.approx(sums[-1], rel=0.05)
    move(panel, step=0.5, masked=4)
    np.testing.assert_array_equal(panel.drawing.right[3], panel.drawing.right[2])


def test_any_order_ends_in_the_exact_sum():
    _, words = paint(any_order)
    true = math.exp(exact.logsumexp(CHUNKS, axis=None) - 5)
    assert words.sentence.endswith(f"both end in the same pair, max 5 and sum {true:.3f}.")


def test_blocks_of_attention_counts_scores():
    _, words = paint(blocks_of_attention)
    assert "holds 4096 scores, and in blocks of 16 keys it holds 1024" in words.sentence


def test_what_the_cells_say(lesson):
    assert lesson["reads"] == [1, 2]
    assert (lesson["when_last"], lesson["when_first"]) == (0, 0)
    assert not lesson["cluster"].workers, "the cluster is closed"
    assert not lesson["path"].exists(), "the folder is gone"


@pytest.mark.parametrize("block", [1, 7, 64, 500, 1000])
def test_attention_in_blocks_is_attention(lesson, block):
    q, k, v = np.random.default_rng(1).normal(scale=3, size=(3, 500, 16))
    plain, blocks = lesson["attention"](q, k, v), lesson["attention_in_blocks"](q, k, v, block)
    assert np.abs(plain - blocks).max() < 1e-12


def test_the_concept_check_on_an_unshifted_sum():
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(709.79))
    assert np.isfinite(np.exp(709.78))


def right_merge(a, b):
    m = top(a, b)
    shift = np.where(m == -INF, 0.0, m)
    return m, a[1] * np.exp(a[0] - shift) + b[1] * np.exp(b[0] - shift)


def rows_one_by_one(a, b):
    """Python's max and an if, row by row: nan is lost where it comes second."""
    rows = [naive_row(*row) for row in zip(a[0], a[1], b[0], b[1], strict=True)]
    return tuple(np.array(rows).T)


def naive_row(m_a, s_a, m_b, s_b):
    m = max(m_b, m_a)
    if m == -INF:
        return m, 0.0
    return m, s_a * np.exp(m_a - m) + s_b * np.exp(m_b - m)


def right_mean(chunks):
    m, s, total = -INF, 0.0, 0.0
    for scores, values in chunks:
        new = np.maximum(m, scores.max())
        if new != -INF:
            e = np.exp(scores - new)
            shrink = np.exp(m - new)
            m, s, total = new, s * shrink + e.sum(), total * shrink + e @ values
    return total / s


def naive_mean(chunks):
    m, s, total = -INF, 0.0, 0.0
    for scores, values in chunks:
        new = max(m, scores.max())
        e = np.exp(scores - new)
        shrink = np.exp(m - new)
        m, s, total = new, s * shrink + e.sum(), total * shrink + e @ values
    return total / s


def unshifted_mean(chunks):
    e = [np.exp(scores) for scores, _ in chunks]
    return sum(w @ v for w, (_, v) in zip(e, chunks, strict=True)) / sum(w.sum() for w in e)


def own_means(chunks):
    return np.array([unshifted_mean([chunk]) for chunk in chunks])


def unrescaled_mean(chunks):
    e = [np.exp(scores - scores.max()) for scores, _ in chunks]
    return sum(w @ v for w, (_, v) in zip(e, chunks, strict=True)) / sum(w.sum() for w in e)


def half_rescaled_mean(chunks):
    m, s, total = -INF, 0.0, 0.0
    for scores, values in chunks:
        new = max(m, scores.max())
        e = np.exp(scores - new)
        m, s, total = new, s * np.exp(m - new) + e.sum(), total + e @ values
    return total / s


@pytest.mark.parametrize(
    ("check", "solution"),
    [
        (check_merge, right_merge),
        (check_merge_logs, np.logaddexp),
        (check_mean, right_mean),
        (check_unnoticed, [[3.0, 1.0], [3.0, 2.0]]),
    ],
)
def test_stubs_and_solutions(check, solution):
    assert check(...).message == NOT_YET
    answer = check(solution)
    assert answer.passed, answer
    assert repr(answer).startswith("Right. ")


def top(a, b):
    return np.maximum(a[0], b[0])


def mean_from(start, hide=False):
    """The right mean, but for a running max that begins at `start`, or a max that hides nan."""

    def wrong(chunks):
        m, s, total = start, 0.0, 0.0
        for scores, values in chunks:
            new = max(m, scores.max()) if hide else np.maximum(m, scores.max())
            if new > -INF if hide else new != -INF:
                e = np.exp(scores - new)
                shrink = np.exp(m - new)
                m, s, total = new, s * shrink + e.sum(), total * shrink + e @ values
        return total / s

    return wrong


def all_at_once(chunks):
    scores, values = (np.concatenate(part) for part in zip(*chunks, strict=True))
    e = np.exp(scores - scores.max())
    return e @ values / e.sum()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (naive_merge, "Two pairs of nothing should make nothing"),
        (lambda a, b: (top(a, b), a[1] + b[1]), "added the sums as they are"),
        (
            lambda a, b: (
                top(a, b),
                a[1] * np.exp(top(a, b) - a[0]) + b[1] * np.exp(top(a, b) - b[0]),
            ),
            "upside down",
        ),
        (
            lambda a, b: (
                top(a, b),
                (a[1] * np.exp(a[0]) + b[1] * np.exp(b[0])) / np.exp(top(a, b)),
            ),
            "Some exp overflows",
        ),
        (lambda a, b: (a[0] + b[0], a[1] + b[1]), "not their sum"),
        (lambda a, b: (np.minimum(a[0], b[0]), right_merge(a, b)[1]), "greater of the two maxima"),
        (lambda a, b: (top(a, b), a[1]), "that of the first pair alone"),
        (lambda a, b: top(a, b), "One array is no pair"),
        (lambda a, b: (top(a, b).max() + 0 * a[0], right_merge(a, b)[1]), "One max for all slices"),
        (merge, "ambiguous"),
        (rows_one_by_one, "A nan that was given"),
        (
            lambda a, b: tuple(np.nan_to_num(right_merge(a, b), neginf=-INF)),
            "A nan that was given",
        ),
        (lambda a, b: ..., NOT_YET),
    ],
)
def test_wrong_merges(wrong, message):
    answer = check_merge(wrong)
    assert not answer.passed
    assert message in answer.message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda a, b: np.log(np.exp(a) + np.exp(b)), "An exp overflows"),
        (lambda a, b: max(a, b) + np.log1p(np.exp(-abs(a - b))), "Nothing merged with nothing"),
        (lambda a, b: a + b, "the logarithm of the product"),
        (lambda a, b: max(a, b), "the greater of the two"),
        (lambda a, b: np.exp(a) + np.exp(b), "the sum itself"),
        (lambda a, b: np.logaddexp(a, b) - max(a, b), "has to be added again"),
        (
            lambda a, b: np.nan_to_num(np.logaddexp(a, b), nan=1.0, neginf=-INF),
            "A nan that was given",
        ),
    ],
)
def test_wrong_merges_of_logs(wrong, message):
    answer = check_merge_logs(wrong)
    assert not answer.passed
    assert message in answer.message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (naive_mean, "A chunk of only -inf leaves nan"),
        (mean_from(0.0), "a max that begins at 0"),
        (mean_from(-1e4), "a max that begins at 0"),
        (mean_from(-INF, hide=True), "A nan that was given"),
        (lambda chunks: right_mean(chunks[-1:]), "the last chunk alone"),
        (unshifted_mean, "An exp overflows"),
        (lambda chunks: own_means(chunks).mean(), "the mean of the chunks' results"),
        (lambda chunks: own_means(chunks).sum(), "added the chunks' results"),
        (unrescaled_mean, "measured against its own max"),
        (half_rescaled_mean, "but not the sum of values"),
        (lambda chunks: np.concatenate([v for _, v in chunks]).mean(), "the plain mean"),
        (lambda chunks: chunks, "not an array of numbers"),
        (all_at_once, "all scores stood in one array"),
    ],
)
def test_wrong_means(wrong, message):
    answer = check_mean(wrong)
    assert not answer.passed
    assert message in answer.message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([[3.0, 1.0], [2.0, 1.0]], "Here it shows"),
        ([[3.0, 1.0], [1.0, 3.0]], "the same scores"),
        ([[1.0, INF], [INF]], "finite"),
        ([[1.0]], "A list of two lists"),
        ("no", "A list of two lists"),
        (None, "this is None"),
        ([[], [1.0]], "one number or more"),
    ],
)
def test_chunks_on_which_it_shows(wrong, message):
    answer = check_unnoticed(wrong)
    assert not answer.passed
    assert message in answer.message
