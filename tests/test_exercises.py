"""What all exercises share: what they say to answers of no use, hints, and predictions."""

import importlib
import inspect
import re
import time

import numpy as np
import pytest
from lessons import PATHS

from softmaxlab import exact
from softmaxlab.exercises import NO_GUESS, NOT_YET, STOPPED, Answer, compare, hinted, shown
from softmaxlab.exercises.trial import CHANGED, KEPT, NONE, TWICE, Fault, ask, gives, names_in

CHECKS = {
    name: check
    for path in PATHS
    for name, check in vars(
        importlib.import_module(f"softmaxlab.exercises.{path.stem[3:]}")
    ).items()
    if name.startswith("check_")
}
OF_VALUES = {
    "check_far_away",
    "check_breaks_b",
    "check_silent",
    "check_silently_wrong",
    "check_fooled",
    "check_broken",
    "check_cost_of_g",
    "check_temperature_for",
    "check_unnoticed",
}


def prints(*arguments):
    print("my result", file=open_null)


class Null:
    def write(self, text):
        return len(text)


open_null = Null()


def without_end(*arguments):
    raise KeyboardInterrupt


def mistyped(*arguments):
    return np.exponential(arguments[0])


# What anybody may hand in by mistake: the answer, and how what is said of it begins.
FUNCTIONS = [
    (lambda *arguments: ..., NOT_YET),
    (..., NOT_YET),
    (lambda *arguments: None, NONE),
    (prints, NONE),
    (without_end, STOPPED),
    (mistyped, "Your function raises in line "),
    (lambda: 1.0, "Calling your function raises TypeError"),
    (3.0, "This takes a function, and got float."),
    (None, "This takes a function, and got None."),
]
VALUES = [
    (..., NOT_YET),
    (None, "asked for, and this is None."),
    ("abc", "asked for, and this is 'abc'."),
    (print, "asked for, and this is a function."),
    ({"a": 1}, "asked for, and this is {'a': 1}."),
    (1j, "asked for, and this is 1j."),
]


def asked(name, answer):
    """What the check `name` says of an answer; the second argument of two is a right one."""
    if name == "check_broken":
        return CHECKS[name](exact.softmax, answer)
    if len(inspect.signature(CHECKS[name]).parameters) == 2:
        return CHECKS[name](answer, [1.0, 2.0])
    return CHECKS[name](answer)


@pytest.mark.parametrize("name", sorted(CHECKS.keys() - OF_VALUES))
def test_a_function_of_no_use_is_told_why(name):
    for wrong, said in FUNCTIONS:
        answer = asked(name, wrong)
        assert not answer.passed
        if name == "check_into" and said == NONE:
            assert answer.message.startswith("Nothing was written into out.")
            continue
        assert answer.message.startswith(said), (name, said)
        assert not asked(name, wrong).hint, "no hint fits an answer of no use"
        assert not repr(answer).startswith("Right")
        assert len(repr(answer)) < 2000
        assert "softmaxlab" not in answer.message


def test_a_result_of_no_use_is_told_so():
    for name in CHECKS.keys() - OF_VALUES - {"check_into"}:
        for text in "a text", "0.5":
            answer = asked(name, lambda *arguments, text=text: text)
            assert not answer.passed
            assert answer.message.startswith(f"Your function returned a text, '{text}'."), name


@pytest.mark.parametrize("name", sorted(OF_VALUES))
def test_a_value_of_no_use_is_told_why(name):
    for wrong, said in VALUES:
        answer = asked(name, wrong)
        assert not answer.passed
        assert answer.message.endswith(said), (name, wrong, answer)
        assert not asked(name, wrong).hint, "no hint fits an answer of no use"
        assert not repr(answer).startswith("Right")


def test_the_line_of_the_exception_is_the_learners():
    line = inspect.getsourcelines(mistyped)[1] + 1
    said = CHECKS["check_shortest"](mistyped).message
    assert f"line {line}, `return np.exponential(arguments[0])`. AttributeError: " in said


def test_an_exception_of_the_check_is_not_called_the_learners():
    said = CHECKS["check_logits_of"](lambda p: 3.0).message
    assert said == "Your function returned 3, and an array of numbers is asked for."


def test_a_function_is_called_twice_and_its_results_stay():
    def kept(x, answers=[]):  # noqa: B006 - that is the mistake
        answers.append(x)
        return answers[0] + 0 * x

    def buffer(x, out=np.zeros(2)):  # noqa: B008 - that is the mistake
        out[:] = x
        return out

    def first_only(x, seen=[]):  # noqa: B006 - that is the mistake
        seen.append(x)
        return x if len(seen) < 3 else 2 * x

    def emptied(x):
        result = x.copy()
        x[:] = 0
        return result

    cases = [((np.array([k, 1.0]),), np.array([k, 1.0])) for k in (1.0, 2.0)]
    assert ask(lambda x: +x, cases).passed
    assert not ask(kept, cases).passed
    assert ask(buffer, cases).message == KEPT
    assert ask(first_only, cases).message == TWICE
    assert ask(emptied, cases).message == CHANGED


def test_a_fault_is_named_only_where_it_shows():
    cases = [((1.0,), 2.0), ((np.nan,), np.nan), ((2.0,), 4.0)]
    square = gives(lambda x: 2 * x**2, "the square")
    assert ask(lambda x: 2 * x * x, cases, [square]).message == "the square"
    assert "not the one expected" in ask(lambda x: 3 * x, cases, [square]).message
    assert not square.fits((1.0,), 2.0, 2.0)
    lost = gives(lambda x: np.full(2, np.nan), "all nan")
    assert not lost.fits((1.0,), np.ones(2), np.full(2, np.nan)), "nan has many causes"


def test_a_test_that_does_not_fit_the_result_is_no_fault():
    for raises in (lambda a, e, g: g[5], lambda a, e, g: g.dtype, lambda a, e, g: g + "a"):
        assert not Fault(raises, "no").fits((1.0,), 1.0, 2.0)


def test_names_are_those_of_the_code_and_of_what_it_calls():
    def outer(x):
        return [np.sum(x, keepdims=True) for _ in mistyped(x)]

    assert {"sum", "keepdims", "mistyped"} <= names_in(outer)
    assert "exponential" in names_in(outer, follow=True)
    assert "exponential" not in names_in(outer)
    assert not names_in(np.exp)


def test_numbers_are_rounded_unless_they_would_look_alike():
    told = repr(Answer(False, "no", 0.1 + 0.2, 1 / 3, 2 / 3))
    assert told == "Wrong. no\n  input: 0.3\n  expected: 0.333333\n  got: 0.666667"
    told = repr(Answer(False, "no", None, 1 / 3, 1 / 3 + 1e-9))
    assert "expected: 0.3333333333" in told
    assert (
        shown([np.float64(1 / 3), np.bool_(True), (np.int64(2), "a")])
        == "[0.333333, True, (2, 'a')]"
    )
    assert shown(((), (1,), [1])) == "((), (1,), [1])"
    assert shown(list(range(99))) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]"


def test_right_and_wrong_differ_by_a_word_and_a_border_without_color():
    right, wrong, stub = Answer(True, "a"), Answer(False, "a"), Answer(False, NOT_YET)
    assert [repr(answer).split()[0] for answer in (right, wrong, stub)] == [
        "Right.",
        "Wrong.",
        "Not",
    ]
    styles = [re.search(r"6px (\w+) ", answer._repr_html_())[1] for answer in (right, wrong, stub)]
    assert styles == ["solid", "double", "dotted"]
    for answer in (right, wrong, stub):
        assert not re.search(r"[^-]color:|background", answer._repr_html_()), "a theme has its own"


def test_a_check_takes_no_more_time_than_a_learner_has():
    start = time.perf_counter()
    CHECKS["check_softmax_along"](lambda x, axis, keep: exact.softmax(x, axis=axis))
    assert time.perf_counter() - start < 5


@pytest.fixture
def check():
    @hinted("Think of 7.")
    def check(value):
        return Answer(False, NOT_YET) if value is ... else Answer(value == 7, "no 7", input=value)

    return check


def test_the_hint_comes_at_the_second_failure_and_stays(check):
    assert [check(3).hint, check(3).hint, check(4).hint] == ["", "Think of 7.", "Think of 7."]
    again = check(3)
    assert repr(again) == "Wrong. no 7\n  input: 3\nHint: Think of 7."
    assert "<p><strong>Hint.</strong> Think of 7.</p>" in again._repr_html_()


def test_a_stub_does_not_count_and_shows_no_hint(check):
    hints = [check(value).hint for value in (..., 3, ..., 3, ...)]
    assert hints == ["", "", "", "Think of 7.", ""]


def test_a_right_answer_begins_the_count_anew(check):
    hints = [check(value).hint for value in (3, 3, 7, 3, 3)]
    assert hints == ["", "Think of 7.", "", "", "Think of 7."]


def test_each_check_counts_for_itself(check):
    other = hinted("Another.")(lambda value: Answer(False, "no"))
    assert [check(3).hint, other(3).hint, check(3).hint] == ["", "", "Think of 7."]


@pytest.mark.parametrize(
    ("guess", "measured", "message"),
    [
        (4, 7, "Off by 3: you said 4, and it is 7 cats."),
        (11.5, np.float64(11), "Off by 0.5: you said 11.5, and it is 11 cats."),
        (1002, np.int64(1003), "Off by 1: you said 1002, and it is 1003 cats."),
        (-5, 5, "Off by 10: you said -5, and it is 5 cats."),
        (0, 5.0, "Off by 5: you said 0, and it is 5 cats."),
        (1, 300, "Off by a factor of 300: you said 1, and it is 300 cats."),
        (2e-3, 5e-9, "Off by a factor of 4e+05: you said 0.002, and it is 5e-09 cats."),
        (0.5, np.nan, "You said 0.5, and it is nan cats."),
        (np.inf, 3, "You said inf, and it is 3 cats."),
        (False, True, "You said False, and it is True."),
        ("A", "B", "You said 'A', and it is B."),
        (953.0 * 0.94, 953, "Off by 57.2"),
        (1, True, "You said 1, and True or False is asked for."),
        ("yes", True, "You said 'yes', and True or False is asked for."),
        (False, 0, "You said False, and a number is asked for."),
        ([1, 1], [True, True], "Entry 0 is 1, and True or False is asked for."),
        ([True, 1], [1, True], "Entry 0 is True, and a number is asked for."),
        (3, "B", "You said 3, and a text in quotes is asked for."),
        ([1, 2], [1, 3], "1 of 2 is right. Entry 1: off by 1: you said 2, and it is 3 cats."),
        (("row", "no"), ["row", "column"], "1 of 2 is right. Entry 1: you said 'no', and it"),
        ([0, 0], np.array([1.0, 2.0]), "0 of 2 are right. Entry 0: off by 1: you said 0, and it"),
    ],
)
def test_a_prediction_is_told_how_far_off_it_was(guess, measured, message):
    answer = compare(guess, measured, "cats")
    assert not answer.passed
    assert answer.message.startswith(message)


@pytest.mark.parametrize(
    ("guess", "measured"),
    [
        (7, 7),
        (7.0, 7),
        (0.84, 0.836),
        (np.nan, np.nan),
        (np.inf, np.inf),
        (True, np.True_),
        ("Columns ", "columns"),
        ((1, 2), [1, 2]),
        ([0.331, "nan"], [1 / 3, np.nan]),
    ],
)
def test_a_right_prediction_is_told_so(guess, measured):
    answer = compare(guess, measured)
    assert answer.passed
    assert answer.message.startswith("It is ")


@pytest.mark.parametrize(
    ("guess", "measured", "settings", "passed"),
    [
        (1000, 953, {"rtol": 0.05}, True),
        (900, 953, {"rtol": 0.05}, False),
        ([1, 0], [0.979, 0.0], {"rtol": 0.05}, True),
        ([1, 0.01], [0.979, 0.0], {"rtol": 0.05}, False),
        ([0.93, 0.92, np.nan], [0.9311, 0.9167, np.nan], {"digits": 2}, True),
        ([0.93, 0.93, np.nan], [0.9311, 0.9167, np.nan], {"digits": 2}, False),
        (0.66, 2 / 3, {"digits": 2}, True),
        (0.65, 2 / 3, {"digits": 2}, False),
    ],
)
def test_a_prediction_has_the_tolerance_of_its_point(guess, measured, settings, passed):
    assert compare(guess, measured, **settings).passed == passed


def test_a_right_prediction_is_told_the_numbers_measured():
    assert compare(0.84, 0.836, "ms").message == "It is 0.836 ms."
    assert compare([1, "B"], [1, "b"]).message == "It is 1, b."


@pytest.mark.parametrize("guess", [..., None])
@pytest.mark.parametrize("measured", [7, 0.5, "A", True, [1, 2]])
def test_without_a_prediction_nothing_is_compared(guess, measured):
    for given in (guess, [guess, 1]) if isinstance(measured, list) else (guess,):
        answer = compare(given, measured)
        assert not answer.passed
        assert answer.message == NO_GUESS


@pytest.mark.parametrize(
    "guess", ["many", [1, 2, 3], [[1], 2], np.zeros(10**6), {}, 10**400, 1j, print, [..., []][1:]]
)
@pytest.mark.parametrize("measured", [7, 0.5, "A", True, [1, 2]])
def test_nonsense_is_no_prediction_and_raises_nothing(guess, measured):
    answer = compare(guess, measured)
    assert not answer.passed
    assert len(answer.message) < 200


def test_equal_numbers_are_rounded_too():
    answer = Answer(False, "no", got=np.array([1 / 3]), expected=np.array([1 / 3]))
    assert "0.333333]" in repr(answer)
    assert "0.3333333" not in repr(answer)
