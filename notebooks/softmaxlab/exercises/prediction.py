"""A prediction, compared with what came out."""

import math
import numbers
import reprlib

import numpy as np

from .answer import NO_GUESS, Answer

_RTOL = 0.02
_FLAGS = {"true": True, "false": False}


def compare(guess, measured, unit="", rtol=None, digits=None):
    """Says how far off a prediction was.

    Parameters
    ----------
    guess : object
        What the learner wrote, of the kind of `measured`; ``...`` for none.
    measured : bool, str, int, float, or a list of these
        What the experiment gave.
    unit : str
        What the numbers count or measure, such as "ms".
    rtol : float, optional
        How far a guess may be off, relative to the number measured. Without it that is 2 % of a
        float, and nothing of an integer.
    digits : int, optional
        In place of `rtol`: a guess may be off by 1 in this digit after the point.

    Returns
    -------
    Answer
    """
    several = _is_list(measured)
    measured = list(measured) if several else [measured]
    guess = list(guess) if several and _is_list(guess) else [guess]
    if any(entry is None or entry is ... for entry in guess):
        return Answer(False, NO_GUESS)
    if len(guess) != len(measured):
        asked = f"{len(measured)} entries are asked for, in a list"
        return Answer(False, f"{asked}; you gave {len(guess)}.")
    pairs = [(_of_kind(said, true), true) for said, true in zip(guess, measured, strict=True)]
    for i, (said, true) in enumerate(pairs):
        if said is None:
            entry = f"Entry {i} is" if several else "You said"
            kind = f"{_kind(true)} is asked for"
            return Answer(False, f"{entry} {reprlib.repr(guess[i])}, and {kind}.")
    unit = f" {unit}" if unit else ""
    off = [_off(said, true, unit, rtol, digits) for said, true in pairs]
    if not any(off):
        return Answer(True, f"It is {', '.join(map(_short, measured))}{unit}.")
    if not several:
        return Answer(False, off[0])
    told = " ".join(f"Entry {i}: {text[0].lower()}{text[1:]}" for i, text in enumerate(off) if text)
    right = off.count("")
    return Answer(False, f"{right} of {len(off)} {'is' if right == 1 else 'are'} right. {told}")


def _kind(measured):
    if isinstance(measured, (bool, np.bool_)):
        return "True or False"
    return "a text in quotes" if isinstance(measured, str) else "a number"


def _of_kind(guess, measured):
    """`guess` as a value of the kind of `measured`, or None if it is of another kind."""
    flag = isinstance(guess, (bool, np.bool_))
    if isinstance(measured, (bool, np.bool_)):
        return bool(guess) if flag else _FLAGS.get(guess.lower()) if _is_text(guess) else None
    if isinstance(measured, str):
        return guess.strip() if _is_text(guess) else None
    if flag or isinstance(guess, np.ndarray):
        return None
    try:
        return float(guess)
    except (TypeError, ValueError, OverflowError):
        return None


def _off(guess, measured, unit, rtol, digits):
    """How far `guess` is from one measured value of its kind, in a sentence; "" if it is right."""
    if isinstance(measured, (bool, np.bool_, str)):
        met = str(guess).lower() == str(measured).lower()
        return "" if met else f"You said {reprlib.repr(guess)}, and it is {measured}."
    if rtol is None:
        rtol = 0 if isinstance(measured, numbers.Integral) else _RTOL
    rtol, atol = (rtol, 0) if digits is None else (0, 1.001 * 10.0**-digits)
    if np.isclose(guess, measured, rtol=rtol, atol=atol, equal_nan=True):
        return ""
    said = f"you said {guess:.6g}, and it is {_short(measured)}{unit}."
    if not (math.isfinite(guess) and math.isfinite(measured)):
        return said.capitalize()
    if guess * measured > 0:
        factor = max(guess / measured, measured / guess)
        if factor >= 10:
            return f"Off by a factor of {factor:.3g}: {said}"
    return f"Off by {abs(guess - measured):.3g}: {said}"


def _short(value):
    return str(value) if isinstance(value, (bool, np.bool_, str)) else f"{value:.6g}"


def _is_list(value):
    return isinstance(value, (list, tuple, np.ndarray))


def _is_text(value):
    return isinstance(value, str)
