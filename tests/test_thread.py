"""The thread's seven: they print what the thread prints, and fail as they fail there."""

import dataclasses
import inspect
import re

import numpy as np
import pytest

from softmaxlab import THREAD, exact, softmax
from tools import run_notebooks

A, B, C, D, E, F, G = (variant.function for variant in THREAD.values())
ONE_D = {"A": A, "B": B, "C": C, "E": E, "F": F, "G": G}
RNG = np.random.default_rng(34968722)


@pytest.fixture(autouse=True)
def quiet():
    """The seven warn where they fail; here the failures are the point."""
    with np.errstate(all="ignore"):
        yield


def right(p, x, axis):
    return p.shape == np.shape(x) and np.allclose(p, exact.softmax(x, axis), rtol=1e-12, atol=0)


# What the thread prints


@pytest.mark.parametrize("letter", ONE_D)
def test_the_askers_numbers(letter):
    p = ONE_D[letter]([3.0, 1.0, 0.2])
    assert [f"{value:.6g}" for value in p] == ["0.836019", "0.113143", "0.0508384"]


def test_the_askers_numbers_to_their_last_digit():
    assert A([3.0, 1.0, 0.2]) == pytest.approx([0.8360188, 0.11314284, 0.05083836], abs=5e-9)


@pytest.mark.parametrize("letter", ONE_D)
def test_other_numbers_of_the_thread(letter):
    p = ONE_D[letter]([2.0, 1.0, 0.1])
    assert p == pytest.approx([0.7, 0.2, 0.1], abs=0.05)
    assert p == pytest.approx([0.659, 0.242, 0.099], abs=5e-4)
    p = ONE_D[letter]([13, 31, 5])
    assert p == pytest.approx([1.523e-08, 0.99999998, 5.109e-12], rel=1e-4)


def test_d_and_e_take_the_batch():
    batch = [[3, 2, 4], [4, 5, 6]]
    assert right(D(batch), batch, -1)
    assert right(E(batch), batch, -1)
    five_by_three = RNG.normal(size=(5, 3))
    assert right(E(five_by_three), five_by_three, -1)


# One axis, two axes, three


def test_one_axis_a_and_f_agree_bitwise_and_b_nearly():
    draws = RNG.normal(size=(200, 1000))
    assert all(np.array_equal(A(x), F(x)) for x in draws)
    assert sum(np.array_equal(A(x), B(x)) for x in draws) < 20
    for x in draws:
        np.testing.assert_allclose(A(x), B(x), rtol=2e-15)


def test_one_axis_is_none_of_ds():
    with pytest.raises(np.exceptions.AxisError):
        D([3.0, 1.0, 0.2])


def test_two_axes_a_b_and_f_differ():
    x = np.array([[3.0, 1.0, 0.2], [1.0, 2.0, 3.0]])
    assert right(A(x), x, None)
    assert right(B(x), x, 0)
    assert right(F(x), x, 0)
    x[:, 0] -= 745  # B and F part where a column is far from the others
    assert not np.allclose(B(x), F(x), rtol=1e-3)


def test_rows_wanted():
    x = RNG.normal(size=(3, 4))
    for wrong in (A, B, F, G):
        p = wrong(x)
        assert p.shape == x.shape
        assert np.isfinite(p).all()
        assert not np.allclose(p.sum(axis=-1), 1)
    with pytest.raises(ValueError, match="broadcast"):
        C(x)
    for fine in (D, E):
        assert right(fine(x), x, -1)


def test_c_is_silently_wrong_on_a_square():
    x = np.array([[3.0, 1.0, 0.2], [1.0, 2.0, 3.0], [2.0, 1.0, 0.1]])
    p = C(x)
    assert p.shape == x.shape
    assert np.isfinite(p).all()
    assert p.sum(axis=-1) == pytest.approx([1.0350, 2.1492, 0.4962], abs=5e-5)


def test_c_moves_the_arg_max_of_some_row():
    batches = RNG.normal(size=(1000, 10, 10))
    moved = sum((C(x).argmax(axis=-1) != x.argmax(axis=-1)).any() for x in batches)
    assert moved > 900


def test_c_blows_a_column_up_to_a_square():
    assert C(RNG.normal(size=(4, 1))).shape == (4, 4)


@pytest.mark.parametrize("letter", THREAD)
@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 3, 3), (2, 2, 3), (3, 2, 2)])
def test_three_axes_are_too_many(letter, shape):
    x = RNG.normal(size=shape)
    try:
        p = THREAD[letter].function(x)
    except ValueError:
        assert letter in "CE"  # the only two that divide arrays of different shapes
    else:
        assert not right(p, x, -1)


@pytest.mark.parametrize("letter", "ACEG")
def test_three_axes_of_a_lucky_shape(letter):
    x = RNG.normal(size=(1, 1, 3))
    assert right(THREAD[letter].function(x), x, -1)


# The max must be per slice, and there must be one


def test_f_loses_a_column_far_below_the_max():
    x = np.array([[0.0, -1000.0], [1.0, -1001.0]])
    p = F(x)
    assert np.isnan(p[:, 1]).all()
    assert right(p[:, 0], x[:, 0], 0)
    assert right(softmax(x, axis=0), x, 0)


def test_f_is_silently_off_in_a_column_740_below():
    x = np.array([[0.0, -740.0], [0.0, -742.0]])
    off = np.abs(F(x) / exact.softmax(x, axis=0) - 1)
    assert 0.03 < off.max() < 0.05
    assert off[:, 0].max() == 0


@pytest.mark.parametrize(
    ("function", "row"), [(A, [0, 0]), (G, [0, 0]), (C, [0, np.nan])], ids="AGC"
)
def test_the_global_max_loses_a_row_far_below(function, row):
    x = np.array([[0.0, 0.0], [-1000.0, -999.0]])
    np.testing.assert_array_equal(function(x)[1], row)
    assert right(D(x), x, -1)


@pytest.mark.parametrize("function", [B, E], ids="BE")
def test_no_shift_dies_at_1000(function):
    assert np.isnan(function([1000.0, 1000.0])).all()
    assert np.isnan(function([-1000.0, -1000.0])).all()
    assert np.isnan(function([1000.0, 0.0])[0])
    for shifted in (A, C, F, G):
        assert right(shifted(np.array([1000.0, -1000.0])), [1000.0, -1000.0], -1)


@pytest.mark.parametrize("function", [B, E], ids="BE")
def test_no_shift_fails_without_nan(function):
    assert np.isfinite(np.exp(709.5))
    assert (function([709.5, 709.5]) == 0).all()
    low = [-744.4, -744.0]
    assert function(low) == pytest.approx([1 / 3, 2 / 3])
    assert exact.softmax(low) == pytest.approx([0.401, 0.599], abs=5e-4)


# The stable version fails too


@pytest.mark.parametrize("function", [A, C, F], ids="ACF")
def test_small_integers_wrap(function):
    p = function(np.array([250, 0], np.uint8))
    assert p[0] < 0.01 < 0.99 < p[1]
    p = function(np.array([127, -128], np.int8))
    assert p[0] < 0.3 < 0.7 < p[1]
    assert function(np.array([1, 0], np.int8)).dtype == np.float16


@pytest.mark.parametrize("function", [A, B, C, E, F], ids="ABCEF")
def test_many_float16_sum_to_infinity(function):
    assert (function(np.zeros(70_000, np.float16)) == 0).all()


@pytest.mark.parametrize("letter", ONE_D)
def test_only_minus_infinity_is_nan(letter):
    assert np.isnan(ONE_D[letter](np.full(3, -np.inf))).all()


@pytest.mark.parametrize("letter", ONE_D)
def test_plus_infinity_is_nan(letter):
    assert np.isnan(ONE_D[letter](np.array([1.0, np.inf]))[1])


@pytest.mark.parametrize("function", [A, C, F], ids="ACF")
def test_bool_raises(function):
    with pytest.raises(TypeError, match="boolean subtract"):
        function(np.array([True, False]))


# Log space


def test_g_underflows_at_the_end():
    x = np.array([0.0, -800.0])
    assert G(x)[1] == 0
    assert exact.log_softmax(x)[1] == -800


def test_g_adds_the_rounding_of_logsumexp():
    x = RNG.normal(size=10) + 1e8
    assert exact.errors_in_ulps(G(x), x).max() > 1e5
    assert exact.errors_in_ulps(A(x), x).max() < 20


# The entries


@pytest.mark.parametrize("letter", THREAD)
def test_entries_name_claim_and_source(letter):
    variant = THREAD[letter]
    assert variant.name.startswith(f"{letter}: ")
    assert variant.claim.endswith(".")
    assert "How to implement the Softmax function in Python" in variant.source
    assert "https://stackoverflow.com/questions/34968722" in variant.source
    assert "CC BY-SA" in variant.source
    who = {"A": "the asker", "B": "a course's suggestion, quoted by the asker"}
    assert variant.source.endswith(f"; {who.get(letter, 'an answer')}")


def test_entries_cannot_be_changed():
    with pytest.raises(TypeError):
        THREAD["A"] = THREAD["B"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        THREAD["A"].name = "mine"


@pytest.mark.parametrize("stem", ["04_which_axis", "05_the_thread_examined"])
def test_what_judges_the_seven_shows_their_code_at_the_top(stem):
    cells = run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb").cells
    (shown,) = (run_notebooks.solution(cell) for cell in cells[:5] if "def G(x)" in cell.source)
    written = "\n\n".join(inspect.getsource(variant.function) for variant in THREAD.values())
    named = re.sub(r"\b_([a-g])(?=\()", lambda name: name[1].upper(), written)
    assert shown == named.rstrip()
