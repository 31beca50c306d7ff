"""The words for a max or a sum along other axes than the one that is asked for."""

import itertools

import numpy as np

from .models import never_reset, nothing, suspect, top, top_over, transposed, upright, wrong
from .seen import KEEPDIMS, plain, said


def on_axis(case, outcome, runs):
    ndim = np.ndim(case.x)
    if all(run.error for _, run in runs):
        if ndim == 2:
            return f"It takes one {case.line} only. On 2-D input: {plain(case, outcome)}"
        try:
            upright(case.x, case.axis)
        except ValueError as error:
            if str(error) == said(outcome.error):
                return f"On {ndim}-D input: {plain(case, outcome)} {KEEPDIMS}"
        return f"It takes no {ndim}-D input: {plain(case, outcome)}"
    return suspect(_axis_suspects(case), case, runs)


def _axis_suspects(case):
    target, line, ndim = case.target, case.line, np.ndim(case.x)
    sum_lost = max_lost = "without keepdims each slice meets the number of another one."
    if line == "row":
        does = "divides column j by" if target.name == "softmax" else "subtracts from column j"
        hidden = "of row j; a square input hides it."
        sum_lost = f"without keepdims numpy {does} the sum {hidden}"
        max_lost = f"without keepdims numpy shifts column j by the max {hidden}"
    for shift in (nothing, top):
        if not target.reduces:
            yield wrong(target, shift, None, False), f"Your sum has lost its axis: {sum_lost}"
        if target.name == "softmax":
            yield (
                transposed(shift),
                "You transpose, and .T turns round all axes, which is right for two only. Use "
                "keepdims=True instead.",
            )
        for axes in _some(range(ndim)):
            yield wrong(target, shift, over=axes), _sum_over(case, axes)

    def lost(x, a):
        return x.max(a)

    yield (
        wrong(target, lost, None, False),
        f"Your max and your sum have lost their axis: {sum_lost}",
    )
    yield wrong(target, lost), f"Your max has lost its axis: {max_lost}"
    yield lambda x, a: wrong(target)(x, a).T, "The result is transposed: turn it back."
    if target.name == "softmax":
        for shift in (nothing, top):
            yield (
                never_reset(shift),
                f"The sum goes on from each {line} to the next. Set it to 0 before each.",
            )
    if target.reduces:
        yield (
            lambda x, a: wrong(target, top)(x, a) - x.max(a) + x.max(),
            f"The max of each {line} is subtracted, and that of the whole array added to the log. "
            f"Add that of the {line}.",
        )
    yield from of_two_axes(case)


def _sum_over(case, axes):
    line, axis, ndim = case.line, case.axis, np.ndim(case.x)
    own = f"Each {line} needs its own: give max and sum axis={axis}"
    own += "." if case.target.reduces else " and keepdims=True."
    to_1 = case.target.name == "softmax"
    if len(axes) == ndim:
        so = ", so that all of it sums to 1" if to_1 else ""
        return f"Your sum runs over the whole array{so}. {own}"
    if ndim == 2:
        other = "column" if line == "row" else "row"
        so = f"so each {other} sums to 1. Each {line} should"
        if not to_1:
            so = f"over each {other}. Each {line} has its own sum"
        return f"You sum along axis {axes[0]}, {so}: that is axis={axis}."
    if len(axes) == 1:
        return f"You sum along axis {axes[0]} of {ndim}, and axis={axis} is wanted."
    return f"You sum over the axes {axes} at once. {own}"


def of_two_axes(case):
    """The max along some axes and the sum along others, both with keepdims."""
    ndim = np.ndim(case.x)
    for highest in _some(range(ndim)):
        for over in _some(range(ndim)):
            words = (
                f"You take the max along {_named(highest)} and the sum along {_named(over)}. Both "
                f"must run along axis={case.axis}."
            )
            yield wrong(case.target, top_over(highest), over), words


def of_other_axes(case):
    """Max and sum along other axes than that of a slice which is alone in its array."""
    others = tuple(a for a in range(case.x.ndim) if a != case.axis % case.x.ndim)
    if not others:
        return
    for shift in (nothing, top):
        yield (
            wrong(case.target, shift, others),
            "Each exp is divided by itself alone, as where the sum runs along another axis: it "
            f"should run along axis={case.axis}.",
        )
    for over in (None, (*others, case.axis)):
        yield (
            wrong(case.target, top_over(others), over),
            "Every class gets the same share, as where the max is taken along another axis: it "
            f"should be taken along axis={case.axis}.",
        )


def _named(axes):
    return f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"


def _some(items):
    """Every choice of one or more, the larger last."""
    counts = range(1, len(items) + 1)
    return itertools.chain.from_iterable(itertools.combinations(items, n) for n in counts)


def on_scale(case, outcome, runs):
    words = (
        f"A {case.line} far below the max of the whole array is lost. Take the max along the axis, "
        f"with axis={case.axis} and keepdims=True."
    )
    whole = top_over(tuple(range(np.ndim(case.x))))
    return suspect([(wrong(case.target, whole), words), *of_two_axes(case)], case, runs)


def on_argument(case, outcome, runs):
    target = case.target
    suspects = []
    for a in (-1, 0, 1):
        suspects += [
            (
                wrong(target, over=a),
                f"It takes an axis and does not use it: it always works along axis {a}.",
            ),
            (
                wrong(target, top_over(a)),
                f"The max is always taken along axis {a}, and the sum along the axis that is "
                "given. Both must follow the axis.",
            ),
            (
                wrong(target, top, over=a),
                f"The sum is always taken along axis {a}, and the max along the axis that is "
                "given. Both must follow the axis.",
            ),
        ]
    return suspect(suspects, case, runs) or f"With axis={case.axis}: {plain(case, outcome)}"
