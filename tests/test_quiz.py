"""The quiz: its questions, every number in them, and its buttons."""

import math
import re
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from environments import pinned

from softmaxlab import THREAD, exact, softmax
from softmaxlab import quiz as room
from softmaxlab.quiz import Quiz, read
from tools import run_notebooks

FORMS = ("before", "after")
FILE = run_notebooks.NOTEBOOKS / "quiz.md"
ITEMS = {form: read(FILE, form) for form in FORMS}
A, B, C = (THREAD[letter].function for letter in "ABC")


def each_form(test):
    return pytest.mark.parametrize("form", FORMS)(test)


@each_form
def test_a_form_has_ten_items_with_three_or_four_options_and_one_right_one(form):
    assert len(ITEMS[form]) == 10
    for item in ITEMS[form]:
        assert item.question
        assert len(item.options[:-1]) in (3, 4)
        assert sum(option.right for option in item.options) == 1
        assert len({option.text for option in item.options}) == len(item.options)


def test_the_forms_ask_about_the_same_ideas_in_other_words():
    before, after = ([item.misconception for item in ITEMS[form]] for form in FORMS)
    assert before == after
    assert len(set(before)) == 10
    questions = [item.question for form in FORMS for item in ITEMS[form]]
    assert len(set(questions)) == 20
    for one, other in zip(*ITEMS.values(), strict=True):
        assert not {option.text for option in one.options[:-1]} & {o.text for o in other.options}


@each_form
def test_who_does_not_know_is_shown_the_right_answer(form):
    for item in ITEMS[form]:
        *options, unknown = item.options
        (right,) = [option for option in options if option.right]
        assert unknown.text == "I do not know."
        assert unknown.feedback == right.feedback
        assert unknown.verdict == f"see {'ABCD'[options.index(right)]}"
        assert not unknown.right


@each_form
def test_the_right_option_is_not_told_by_its_length(form):
    taken = [max(item.options, key=lambda option: len(option.text)) for item in ITEMS[form]]
    assert sum(option.right for option in taken) < 4
    for item in ITEMS[form]:
        right, wrong = (
            max(len(option.text) for option in item.options if option.right is kind)
            for kind in (True, False)
        )
        assert right < 1.25 * wrong, item


@each_form
def test_each_feedback_names_a_notebook_and_each_wrong_one_the_idea_behind_it(form):
    stems = {path.stem for path in run_notebooks.paths()}
    for item in ITEMS[form]:
        for option in item.options:
            linked = re.findall(r"\[[Nn]otebook (\d\d)\]\((\w+)\.ipynb\)", option.feedback)
            assert linked, option
            assert all(stem in stems and stem.startswith(number) for number, stem in linked)
            assert option.feedback.startswith('"') == (option.verdict == "wrong"), option
            assert len(option.feedback) > 80, option
            assert not re.search(r"[$`*\[]", option.text), "a button shows plain text"


@each_form
def test_the_right_option_is_not_always_in_one_place(form):
    places = [[option.right for option in item.options].index(True) for item in ITEMS[form]]
    assert max(map(places.count, places)) <= 6
    assert len(set(places)) == 3


# What each item says in numbers. A function takes nothing, and returns the numbers that the
# question gives, which it computes with, and the rest as it comes out, wrong options included.


def shift_before():
    x, c = np.array([3.0, 1.0, 0.2]), 100.0
    p, shifted = softmax(x), softmax(x + c)
    assert np.allclose(p, shifted)
    share = (x + c) / (x + c).sum()
    return [*x, c], [*digits(p, 3), *digits(share, 3), *(x[:2] + c), f"{p[0] / p[1]:.2f}"]


def shift_after():
    x, y = np.array([4, 1, 2]), np.array([-3, -6, -5])
    assert np.allclose(softmax(x), softmax(y))
    return [*x, *-y], [*digits(softmax(x), 3), *set(x - y)]


def scale_before():
    x, factor = np.array([2.0, 0.0]), 2
    odds, squared = (math.exp(np.ptp(z)) for z in (x, factor * x))
    p = softmax(factor * x)
    assert math.isclose(p[0] / p[1], squared)
    later = [factor * odds, squared, math.log(factor)]
    return x, [f"{odds:.2f}", *digits(later, 2), np.ptp(factor * x)]


def scale_after():
    x, factor = np.array([1.0, 0.0]), 3
    odds = math.exp(np.ptp(x))
    in_step = factor * odds / (1 + factor * odds)
    values = [softmax(x)[0], softmax(factor * x)[0], in_step]
    return [*x, factor], [*digits(values, 3), *digits([odds, odds**factor], 2)]


def exact_before():
    x, kept = np.array([0.123, -200.6]), -200.7
    gap = f"{x[1] - x[0]:.3f}"
    lost = kept - float(gap)
    mantissa, exponent = f"{math.exp(kept):.3e}".split("e")
    off = math.exp(kept) / exact.softmax(x)[1] - 1
    shares = [f"{100 * off:.1f}", f"{100 * lost / -kept:.2f}"]
    far = [gap, repr(kept), mantissa, -int(exponent), 10]
    return np.abs(x), [*far, f"{lost:.3f}", f"{1 + off:.3f}", *shares]


def exact_after():
    x = np.array([0.7, -5.4, -600.2])
    off = exact.errors_in_ulps(A(x), x)
    assert abs(off[2] - 220) < 5
    assert off[:2].max() < 2
    return np.abs(x), [f"{x[0] - x[2]:.1f}", "220"]


def axis_before():
    p = A_along(np.arange(12.0).reshape(3, 4) % 5, 0)
    assert np.allclose(p.sum(axis=0), 1)
    assert not np.isclose(p.sum(axis=1), 1).any()
    return p.shape, [p.sum(axis=0).size, p.size]


def axis_after():
    p = softmax(np.random.default_rng(0).normal(size=(64, 10)), axis=0)
    assert np.isclose(p.sum(axis=0), 1).all()
    assert not np.isclose(p.sum(axis=1), 1).all()
    return p.shape, [p.size]


def proof_before():
    x = np.arange(16.0).reshape(4, 4) % 5
    with pytest.raises(ValueError, match="broadcast"):
        C(x[:3])
    p, e = C(x), np.exp(x - x.max())
    assert not np.isclose(p.sum(axis=1), 1).any()
    assert np.allclose(p[:, 1], e[:, 1] / e[1].sum())
    return x[:3].shape, []


def proof_after():
    x = np.array([[3.0, 1, 2], [2, 3, 2], [0, 0, 2]])
    p = softmax(x, axis=0)
    assert np.allclose(p.sum(axis=0), 1)
    return [*x.ravel(), len(x)], [*digits(p.sum(axis=-1), 3), round(p.sum())]


def stable_before():
    x = np.array([0, 250], np.uint8)
    wrapped = (x - x.max())[0]
    top = np.iinfo(x.dtype).max
    assert (np.array([top, 0], x.dtype) + np.array([1, top], x.dtype)).tolist() == [0, top]
    assert np.array([0], x.dtype) - np.array([1], x.dtype) == top
    as_it_should_be = A(x.astype(float))
    return [*x, top], [*digits(A(x).astype(float), 3), *digits(as_it_should_be, 3), wrapped]


def stable_after():
    n, top = 100_000, np.finfo(np.float16).max
    with np.errstate(over="ignore"):
        p = A(np.zeros(n, np.float16))
    assert not p.any()
    assert f"{np.float16(1 / n):.5f}" == "0.00001"
    one_by_one = np.ones((n, 2), np.float16).sum(axis=0)[0]
    return [n], ["0.00001", top, one_by_one]


def zero_before():
    x = np.array([0.0, 800.0])
    assert softmax(x).tolist() == [0, 1]
    p = Decimal(int(x[0] - x[1])).exp()
    return x, [f"{p:.1e}", f"{np.finfo(float).smallest_subnormal:.1e}"]


def zero_after():
    x, guard = np.array([0.0, 900.0]), 1e-12
    assert softmax(x)[0] == 0
    guarded = {f"{-np.log(softmax([0.0, gap])[0] + guard):.2f}" for gap in (100.0, x[1])}
    assert -exact.log_softmax(x)[0] == 900
    return x, [*guarded, f"{guard:.0e}", "100"]


def confidence_before():
    says, right = overconfident()
    return [1000, f"{says:.2f}"], [f"{says:.2f}", round(1000 * round(says, 2)), f"{right:.2f}"]


def confidence_after():
    says, right = overconfident()
    z = np.random.default_rng(0).normal(size=(500, 3)) * 10
    assert np.array_equal(softmax(z).argmax(axis=1), softmax(z / 2).argmax(axis=1))
    assert (softmax(z / 2).max(axis=1) < softmax(z).max(axis=1)).mean() > 0.9
    gap = np.array([4.0, 0.0])
    two = digits([softmax(gap)[0], softmax(gap / 2)[0]], 3)
    return [2, f"{says:.2f}", f"{right:.2f}"], [gap[0], *two]


def overconfident():
    """What notebook 08's overconfident classifier says on average, and how often it is right."""
    for cell in run_notebooks.read(run_notebooks.NOTEBOOKS / "08_soft_argmax.ipynb").cells:
        for output in cell.get("outputs", []):
            said = r"mean confidence ([\d.]+), and it is right in ([\d.]+)"
            if found := re.search(said, output.get("text", "")):
                return map(float, found.groups())
    raise AssertionError("notebook 08 says it no more")


def memory_before():
    m, s, new = 3, 10, 5
    x = np.array([m] * s + [new], float)
    merged = s * math.exp(m - new) + 1
    assert math.isclose(merged, np.exp(x - new).sum())
    return [m, s, new], [f"{merged:.3f}"]


def memory_after():
    (m, s), (top, t) = (3, 1.5), (5, 2)
    chunks = [m + np.log([1.0, s - 1]), top + np.log([1.0, t - 1])]
    assert np.allclose([np.exp(c - c.max()).sum() for c in chunks], [s, t])
    whole = np.concatenate(chunks)
    merged = t + s * math.exp(m - top)
    assert math.isclose(merged, np.exp(whole - whole.max()).sum())
    return [m, s, top, t], [f"{merged:.3f}", s + t]


def cost_before():
    first, second = (Counter(walks(function, 1000)[0]) for function in (A, B))
    assert first - second == Counter(["maximum", "subtract"])  # the two steps more
    assert second - first == Counter(["exp"])
    return [], []


def cost_after():
    n, longer = 1000, 10_000
    (_, read_of_n), (_, read_of_longer) = walks(A, n), walks(A, longer)
    sorting = read_of_n * longer * math.log(longer) / (n * math.log(n))
    return [n, longer, read_of_n], [read_of_longer, read_of_n * (longer // n) ** 2, round(sorting)]


def A_along(x, axis):
    e = np.exp(x)
    return e / e.sum(axis=axis)


def walks(function, n):
    """The ufuncs that `function` calls on a list of n scores, and how many entries they read."""

    class Watched(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            seen.append((ufunc.__name__, inputs[0].size))
            plain = [np.asarray(value) for value in inputs]
            return np.asarray(getattr(ufunc, method)(*plain, **options)).view(Watched)

    seen = []
    function(np.linspace(0, 1, n).view(Watched))
    return [name for name, _ in seen], sum(size for _, size in seen)


def digits(values, count):
    return [f"{value:.{count}f}" for value in values]


CLAIMS = {
    "Adding a constant to all scores changes the probabilities": (shift_before, shift_after),
    "Multiplying all scores is harmless": (scale_before, scale_after),
    "Subtracting the max makes softmax exact": (exact_before, exact_after),
    "Axis 0 means the rows": (axis_before, axis_after),
    "If it runs and the sums are 1, the axis is right": (proof_before, proof_after),
    "The stable softmax never fails": (stable_before, stable_after),
    "A computed probability of 0 means impossible": (zero_before, zero_after),
    "The probability says how often the classifier is right": (confidence_before, confidence_after),
    "The softmax of many scores needs them all in memory": (memory_before, memory_after),
    "Finding the max costs an order of magnitude": (cost_before, cost_after),
}


def numbers(text):
    """Each number in `text` as a Decimal, but for names such as float64 and links."""
    text = re.sub(r"\]\([^)]*\)|[Nn]otebook \d\d|\bO\(n\)|axis=-?\d|(?:float|uint)\d+", "", text)
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)
    return {Decimal(found) for found in re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text)}


def decimals(values):
    return {abs(Decimal(v if isinstance(v, str) else repr(float(v)))) for v in values}


@each_form
def test_every_number_of_an_item_is_given_or_computed(form):
    """0, 1 and 2 are free: they count, or are what a sum is."""
    assert list(CLAIMS) == [item.misconception for item in ITEMS[form]]
    for item in ITEMS[form]:
        given, computed = map(decimals, CLAIMS[item.misconception][FORMS.index(form)]())
        options = " ".join(f"{option.text} {option.feedback}" for option in item.options)
        assert given - {0} <= numbers(item.question), item.misconception
        said = numbers(item.question) | numbers(options)
        assert said - {0, 1, 2} <= given | computed, item.misconception
        assert computed <= said | {0, 1, 2}, item.misconception


@each_form
def test_every_option_shows_its_feedback_and_the_first_choice_counts(form):
    quiz = Quiz(FILE, form)
    for item, buttons, said in zip(quiz.items, quiz.buttons, quiz.said, strict=True):
        assert not said.outputs
        for option, button, letter in zip(item.options, buttons, "ABCDE", strict=False):
            assert button.description == letter
            assert option.text in button.tooltip
            button.click()
            shown = said.outputs[0]["data"]["text/markdown"]
            assert shown == f"**{letter}: {option.verdict}.** {option.feedback}"
            assert button.description == f"{letter}: {option.verdict}"
            assert button.tooltip.startswith(button.description)
            assert (button.icon == "check") == option.right
    wrong = [item.misconception for item in quiz.items if not item.options[0].right]
    result = quiz.score.outputs[0]["data"]["text/markdown"]
    assert result.startswith(f"**{10 - len(wrong)} of 10** right")
    assert re.findall(r"^- (.*)$", result, re.MULTILINE) == wrong


def test_the_score_comes_with_the_last_choice():
    quiz = Quiz(FILE, "before")
    for item, buttons in zip(quiz.items, quiz.buttons, strict=True):
        assert "when all are answered" in quiz.score.outputs[0]["data"]["text/markdown"]
        buttons[[option.right for option in item.options].index(True)].click()
    assert quiz.score.outputs[0]["data"]["text/markdown"] == "**10 of 10** right at first choice."


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("## Idea\n### after\nWhy?\n- [x] a\n\n  Yes.\n- [ ] b\n\n  No.", "form is 'before'"),
        ("## Idea\n### before\nWhy?\n- [x] a\n\n  Yes.", "fewer than two options"),
        ("## Idea\n### before\nWhy?\n- [x] a\n\n  Yes.\n- [x] b\n\n  No.", "2 right options"),
        ("## Idea\n### before\nWhy?\n- [ ] a\n\n  Yes.\n- [ ] b\n\n  No.", "0 right options"),
        ("## Idea\n### before\nWhy?\n- [x] a\n\n  Yes.\n- [ ] b\n", "without feedback"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(broken, message, tmp_path):
    (tmp_path / "quiz.md").write_text(broken, "utf-8")
    with pytest.raises(ValueError, match=message) as raised:
        Quiz(tmp_path / "quiz.md", "before")
    assert "Idea" in str(raised.value)


def markdown(cell):
    return [output.data["text/markdown"] for output in cell.outputs]


@each_form
def test_the_notebook_runs_and_is_committed_as_run(form):
    """Without a kernel each question stands there with its options, and its answers folded."""
    path = run_notebooks.NOTEBOOKS / f"quiz_{form}.ipynb"
    assert path in run_notebooks.quizzes()
    committed = run_notebooks.read(path)
    ran = run_notebooks.run(committed)
    for cell in ran.cells:
        for output in cell.get("outputs", []):
            assert output.output_type == "display_data", output
    if pinned():
        assert run_notebooks.written(ran) == committed
    shown = markdown(committed.cells[2])
    for item, asked, folded in zip(ITEMS[form], shown[::2], shown[1::2], strict=True):
        assert item.question in asked
        listed, said = folded.split("<details>")
        for letter, option in zip("ABCDE", item.options, strict=False):
            assert f"{letter}. {option.text}" in listed
            assert option.feedback in said
            assert option.feedback not in listed


def test_each_button_is_displayed_and_the_script_once(monkeypatch):
    shown = []
    monkeypatch.setattr(room, "display", lambda data, raw: shown.append(data))
    quiz = Quiz(FILE, "after")
    quiz._ipython_display_()
    assert sum("application/javascript" in data for data in shown) == 1
    assert sum(run_notebooks.WIDGET in data for data in shown) == len(quiz.items) + 1
