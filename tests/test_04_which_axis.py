"""Notebook 04: its claims, its panel's numbers, its exercises."""

import random

import lessons
import numpy as np
import pytest
from lessons import values

from softmaxlab import THREAD, exact, softmax
from softmaxlab.drawing.which_axis import SQUARE, X, distributions, probability, verdict
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.which_axis import check_fooled, check_row_softmax, check_softmax_along

ROWS, COLUMNS = {"D", "E"}, {"B", "F"}


@pytest.fixture(scope="module")
def lesson():
    """The names that the notebook's cells define."""
    return lessons.lesson("04_which_axis").space


@pytest.fixture
def panel():
    return lessons.panel_of("04_which_axis")


def test_the_pictures_show_the_matrices_of_the_lesson(lesson):
    assert np.array_equal(lesson["x"], X)
    assert np.array_equal(lesson["square"], SQUARE)


def test_four_of_the_seven_are_wrong_without_a_word():
    wrong = set()
    for letter, variant in THREAD.items():
        if letter != "C":
            right = np.allclose(variant.function(X), exact.softmax(X, axis=-1))
            wrong |= set() if right else {letter}
    assert wrong == {"A", "B", "F", "G"}


def test_one_max_for_all_breaks_where_the_answers_to_the_questions_say(panel):
    panel.controls["variant"].value = dict(panel.controls["variant"].options)[
        "one max for all, rows"
    ]
    for offset, said in ((730, "right"), (740, "wrong"), (750, "8 of 12 entries are nan")):
        panel.controls["offset"].value = offset
        assert said in panel.words.sentence
        assert panel.drawing.probabilities.margins[-1, 0].get_text() == "1.000"
    panel.controls["offset"].value = -1000
    assert "only rows 1 and 2 are distributions" in panel.words.sentence


def test_a_max_of_all_is_right_while_maxima_are_at_most_700_apart(lesson):
    rng = np.random.default_rng(0)
    for _ in range(100):
        x = rng.normal(size=(4, 5))
        x -= x.max(axis=-1, keepdims=True)
        x[1:] -= rng.uniform(0, 700, size=(3, 1))
        with np.errstate(under="ignore"):
            p = lesson["one_max"](x)
        largest = p.max(axis=-1)
        assert np.allclose(largest, exact.softmax(x, axis=-1).max(axis=-1), rtol=1e-12)


def test_the_names_of_the_list_fit_into_a_window_of_600_pixels(panel):
    assert max(map(len, panel.controls["variant"]._options_labels)) <= 58


def numbers(panel):
    """The probabilities as drawn, from the text of the cells."""
    return [[cell.get_text() for cell in row] for row in panel.drawing.probabilities.cells]


def test_the_numbers_drawn_are_those_of_exact_or_of_the_variant_chosen(panel):
    rng = random.Random(1)
    variants = [value for _, value in panel.controls["variant"].options]
    for trial in range(400):
        logits = [
            [rng.choice(values(widget)) for widget in row] for row in panel.controls["logits"]
        ]
        state = {
            name: rng.choice(values(panel.controls[name])) for name in ("offset", "temperature")
        }
        axis, variant = rng.choice([0, -1]), variants[trial % len(variants)]
        words = panel.drawing.update(logits=logits, axis=axis, variant=variant, **state)
        x = np.array(logits) / state["temperature"]
        x[0] += state["offset"]
        function = variant[1]
        if function is None:
            truth = exact.softmax(x, axis=axis)
            assert np.abs(panel.drawing.p - truth).max() < 1e-12
            assert words.sentence.endswith("right.")
        elif function is THREAD["C"].function:
            assert "raises ValueError" in words.sentence
            assert numbers(panel) == [[""] * 4] * 3
            continue
        else:
            with np.errstate(all="ignore"):
                truth = function(x)
        assert numbers(panel) == [[probability(p) for p in row] for row in truth]
        assert [row[1:-1] for row in words.table[1:-1]] == numbers(panel)


@pytest.mark.parametrize("letter", [letter for letter in THREAD if letter != "C"])
def test_the_sentence_says_which_lines_are_distributions(letter, panel):
    variant = THREAD[letter]
    panel.controls["variant"].value = (variant.name, variant.function)
    said = panel.words.sentence
    assert ("every row is a distribution" in said) == (letter in ROWS)
    assert ("every column is a distribution" in said) == (letter in COLUMNS)
    assert ("the matrix as a whole is" in said) == (letter in {"A", "G"})
    for axis, right in ((-1, letter in ROWS), (0, letter in COLUMNS)):
        panel.controls["axis"].value = axis
        assert panel.words.sentence.endswith("right.") == right


def test_distributions_names_the_lines():
    half = np.array([[0.5, 0.5], [0.5, 0.4]])
    assert distributions(half) == "Only row 0 is a distribution; only column 0 is a distribution"
    assert distributions(np.eye(2)) == "Every row is a distribution; every column is a distribution"
    assert distributions(np.full((2, 2), 0.25)).endswith("the matrix as a whole is")
    assert distributions(np.array([[2.0, -1.0], [3.0, 0.0]])) == (
        "No row and no column is a distribution"
    )


def test_verdict_counts_what_is_nan():
    p = softmax(X, axis=-1)
    assert verdict(p, X, -1).endswith("right")
    p[0] = np.nan
    assert verdict(p, X, -1).endswith("4 of 12 entries are nan")


@pytest.mark.parametrize(
    ("p", "text"), [(0.0, "0"), (0.25, "0.250"), (2e-9, "2e-09"), (np.nan, "nan"), (1.0, "1.000")]
)
def test_a_probability_is_0_only_where_it_is_0(p, text):
    assert probability(p) == text


def row_softmax(x):
    e = np.exp(x - x.max(axis=-1)[:, np.newaxis])
    return e / e.sum(axis=-1)[:, np.newaxis]


def softmax_along(x, axis, keep=True):
    x = np.where(keep, x, -np.inf)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def shifted(x, shift):
    e = np.exp(x - shift)
    return e / e.sum(axis=-1)[:, np.newaxis]


def in_place(x):
    x -= x.max(axis=-1)[:, np.newaxis]
    return row_softmax(x)


def a_buffer():
    kept = {}

    def function(x):
        out = kept.setdefault(x.shape, np.empty(x.shape))
        out[:] = row_softmax(x)
        return out

    return function


def noisy():
    calls = []

    def function(x):
        calls.append(len(calls))
        return row_softmax(x) if len(calls) < 8 else row_softmax(2 * x)

    return function


def masked_late(x, axis, keep):
    e = np.exp(x - x.max(axis=axis, keepdims=True)) * keep
    return e / e.sum(axis=axis, keepdims=True)


def write_masks(x, axis, keep):
    x[~keep] = -np.inf
    return softmax_along(x, axis)


def one_max(x):
    e = np.exp(x - x.max())
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (check_row_softmax, row_softmax),
        (check_softmax_along, softmax_along),
        (check_fooled, [[1.1, 0.7], [0.0, 0.4]]),
    ],
)
def test_solutions_pass(check, answer):
    assert check(answer).passed
    assert repr(check(answer)).startswith("Right.")


@pytest.mark.parametrize("check", [check_row_softmax, check_softmax_along, check_fooled])
def test_stubs_are_told_not_yet(check):
    assert check(...).message == NOT_YET


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (lambda x: ..., NOT_YET),
        (lambda x: softmax_along(x, -1), "by keepdims"),
        (lambda x: softmax(x, axis=-1), "a finished softmax"),
        (lambda x: row_softmax(x.ravel("K").reshape(x.shape)), "transposed"),
        (lambda x: shifted(x, np.maximum(0, x.max(-1))[:, np.newaxis]), "far above these scores"),
        (
            lambda x: shifted(x, np.maximum(-1e4, x.max(-1))[:, np.newaxis]),
            "far above these scores",
        ),
        (in_place, "changes the array"),
        (a_buffer(), "hands out the same array"),
        (noisy(), "the second time"),
        (THREAD["C"].function, "your sum has lost its axis"),
        (lambda x: np.exp(x) / np.exp(x).sum(-1), "your sum has lost its axis"),
        (
            lambda x: (lambda e: e / e.sum(-1, keepdims=True))(np.exp(x - x.max(-1))),
            "your max has lost its axis",
        ),
        (
            lambda x: np.exp(x - x.max(-1)) / np.exp(x - x.max(-1)).sum(-1),
            "your max and your sum have lost their axis",
        ),
        (THREAD["F"].function, "your columns sum to 1"),
        (THREAD["A"].function, "sum runs over the whole matrix"),
        (one_max, "each row needs its own max"),
        (THREAD["E"].function, "your exp overflows"),
        (
            lambda x: (lambda e: e / e.sum(-1, keepdims=True))(
                np.exp(x - x.mean(-1, keepdims=True))
            ),
            "shift each slice by its max",
        ),
        (lambda x: np.exp(x - x.max(-1)[:, np.newaxis]), "the rows do not sum to 1"),
        (lambda x: x, "the shape is right, the numbers are not"),
        (lambda x: x.max(), "has the shape ()"),
        (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
        (3.0, "takes a function, and got float"),
    ],
)
def test_a_wrong_softmax_of_rows_is_told_its_fault(wrong, fault):
    answer = check_row_softmax(wrong)
    assert not answer.passed
    assert fault.lower() in answer.message.lower()


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (lambda x, axis, keep: softmax_along(x, -1, keep), "always takes the last axis"),
        (lambda x, axis, keep: softmax_along(x, 0, keep), "always takes axis 0"),
        (
            lambda x, axis, keep: softmax_along(x, -1 if axis < 0 else axis, keep),
            "every negative axis for the last",
        ),
        (
            lambda x, axis, keep: (
                np.exp(x - x.max()) / np.exp(x - x.max()).sum(axis, keepdims=True)
            ),
            "take the max along the axis too",
        ),
        (lambda x, axis, keep: np.exp(x) / np.exp(x).sum(axis), "your sum has lost its axis"),
        (
            lambda x, axis, keep: np.exp(x) / np.exp(x).sum(axis, keepdims=True),
            "your exp overflows",
        ),
        (lambda x, axis, keep: softmax_along(x, axis), "still has its share"),
        (lambda x, axis, keep: softmax_along(x, axis) * keep, "no longer sum to 1"),
        (lambda x, axis, keep: softmax_along(x * keep, axis), "Which score has the exp 0"),
        (lambda x, axis, keep: softmax_along(np.where(keep, x, -100), axis), "a finite number"),
        (lambda x, axis, keep: softmax_along(np.where(keep, x, -1e9), axis), "a finite number"),
        (
            lambda x, axis, keep: np.exp(x - x.max(axis, keepdims=True)),
            "the slices do not sum to 1",
        ),
        (masked_late, "Take the max of what is kept"),
        (lambda x, axis, keep: softmax(np.where(keep, x, -np.inf), axis), "a finished softmax"),
        (write_masks, "changes the array"),
        (lambda x, axis: softmax_along(x, axis), "takes 2 positional arguments"),
        (
            lambda x, axis, keep: softmax_along(x.ravel("K").reshape(x.shape), axis, keep),
            "transposed",
        ),
        (lambda x, axis, keep: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_wrong_softmax_along_an_axis_is_told_its_fault(wrong, fault):
    answer = check_softmax_along(wrong)
    assert not answer.passed
    assert fault.lower() in answer.message.lower()


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ([[1.0, 2.0, 3.0]], "A square matrix is asked for"),
        ([[1.0]], "one score nothing can be moved"),
        ([["a"]], "A matrix of numbers"),
        (None, "this is None"),
        ([1.0, 2.0], "A matrix of numbers"),
        (SQUARE.tolist(), "the matrix of the lesson"),
        ([[1.0, 1.0], [0.0, 1.0]], "two greatest scores"),
        ([[0.0, np.nan], [0.0, 1.0]], "finite scores"),
        ([[1000.0, 0.0], [0.0, 1.0]], "nan here"),
        ([[1.0, 5.0], [0.0, 1.0]], "above 1"),
        ([[1.0, 0.0], [0.0, 1.0]], "keeps the place"),
    ],
)
def test_a_matrix_that_does_not_fool_is_told_why(wrong, fault):
    answer = check_fooled(wrong)
    assert not answer.passed
    assert fault in answer.message


def test_an_answer_shows_its_input_expected_and_got():
    answer = check_row_softmax(THREAD["F"].function)
    assert np.array_equal(answer.input, SQUARE)
    assert answer.expected.shape == answer.got.shape
    for text in (repr(answer), answer._repr_html_()):
        for part in ("input", "expected", "got", "columns sum to 1"):
            assert part in text


# Sentences with numbers


def test_a_five_by_four_batch_would_have_raised():
    with pytest.raises(ValueError, match="broadcast"):
        THREAD["C"].function(np.zeros((5, 4)))


def test_from_where_each_term_of_a_lower_row_is_0(lesson):
    with np.errstate(invalid="ignore", under="ignore"):
        assert np.isnan(lesson["one_max"](np.array([[745.2], [0.0]]))[1, 0])
        assert lesson["one_max"](np.array([[745.1], [0.0]]))[1, 0] == 1
