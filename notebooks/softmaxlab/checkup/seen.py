"""What is seen of any failure, without a guess at its cause."""

import contextlib
import math
import textwrap

import numpy as np

from .trial import NEAR

KEEPDIMS = (
    "A sum that reshape(-1, 1) or [:, np.newaxis] puts upright suits two dimensions only; "
    "keepdims=True suits all."
)


def plain(case, outcome):
    """What is seen of any failure, without a guess at its cause."""
    error, value = outcome.error, outcome.value
    if error:
        name, text = type(error).__name__, textwrap.shorten(said(error), 100, placeholder=" ...")
        return f"It raises {name}{': ' if text else ''}{text}{'' if text.endswith('.') else '.'}"
    if outcome.got is None:
        return "It returns None: the return at its end is missing."
    if value is None:
        name = type(outcome.got).__name__
        if hasattr(type(outcome.got), "__await__"):
            return f"It returns a {name}, which is to be awaited. Write def, not async def."
        return f"It returns a {name} that is no array of real numbers."
    if value.shape != case.expected.shape:
        return _of_shape(case, value)
    if np.isnan(value[~np.isnan(case.expected)]).any():
        return f"It gives nan, though these scores have {case.target.title}."
    with np.errstate(all="ignore"):
        return _of_values(case, value)


def empty_sum(error):
    """Whether Python divided by a sum of no exps, or took its log, where numpy gives nan or inf."""
    text = said(error)
    return isinstance(error, ZeroDivisionError) or (
        isinstance(error, ValueError) and ("math domain" in text or "positive input" in text)
    )


def said(error):
    with contextlib.suppress(Exception):  # what f raised may fail even at that
        return str(error)
    return ""


def _of_shape(case, value):
    shape, x_shape = case.expected.shape, np.shape(case.x)
    change = f"the shape {x_shape} comes out as {value.shape}."
    if case.target.reduces:
        if value.shape == x_shape:
            return "It gives one number for each score, and logsumexp gives one for each slice."
        if value.ndim == 0:
            return (
                f"It gives one number for the whole array, and each {case.line} needs its own: "
                f"give max and sum axis={case.axis}."
            )
        if value.shape == np.expand_dims(case.expected, case.axis).shape:
            return f"It keeps the axis that it sums over, as keepdims=True does: {change}"
        return f"It gives another shape than {shape}, one number for each {case.line}: {change}"
    if value.ndim == 0 and case.expected.size > 1:
        one = f"{case.target.title} gives one for each score."
        return f"It gives one number for all scores, and {one}"
    if value.shape == tuple(n for n in shape if n != 1):
        return f"It drops an axis of length 1: {change}"
    if value.shape == shape[::-1]:
        return f"It comes out transposed: {change}"
    if value.shape == (math.prod(shape),):
        return f"It flattens its input: {change}"
    more = ""
    if value.shape == (1, *shape):
        more = f" np.atleast_2d puts an axis in front. {KEEPDIMS}"
    return f"It does not keep the shape: {change}{more}"


def _of_values(case, value):
    softmax = case.target.name == "softmax"
    e = case.expected
    error = np.where(value == e, 0, np.abs(value - e))
    relative = error / (np.abs(e) if softmax else np.maximum(np.abs(e), 1))
    at = np.nanargmax(relative)
    digits = -np.log10(relative.flat[at])
    if 5 < digits < 20:
        return (
            f"It is right to {digits:.0f} digits only, and gives {value.flat[at]:.17g} where "
            f"{e.flat[at]:.17g} is right."
        )
    if softmax:
        total = value.sum(case.axis).ravel()[np.argmax(error.max(case.axis))]
        if abs(total - 1) > NEAR:
            what = "The result" if e.ndim == 1 else f"A {case.line}"
            said = f"{total:.6g}"
            return f"{what} sums to {said if said != '1' else f'{total:.12g}'}, not to 1."
        at = np.nanargmax(error)
    return f"It gives {value.flat[at]:.6g} where {e.flat[at]:.6g} is right."
