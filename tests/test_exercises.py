"""What all exercises share: hints, and predictions compared with what came out."""

import numpy as np
import pytest

from softmaxlab.exercises import NO_GUESS, NOT_YET, Answer, compare, hinted


@pytest.fixture
def check():
    @hinted("Think of 7.")
    def check(value):
        return Answer(False, NOT_YET) if value is ... else Answer(value == 7, "no 7", input=value)

    return check


def test_the_hint_comes_at_the_second_failure_and_stays(check):
    assert [check(3).hint, check(3).hint, check(4).hint] == ["", "Think of 7.", "Think of 7."]
    shown = check(3)
    assert repr(shown) == "no 7\n  input: 3\nHint: Think of 7."
    assert shown._repr_html_().endswith("<p><strong>Hint.</strong> Think of 7.</p>")


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
        ([1, 2], [1, 3], "1 of 2 are right. Entry 1: off by 1: you said 2, and it is 3 cats."),
        (("row", "no"), ["row", "column"], "1 of 2 are right. Entry 1: you said 'no', and it"),
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
