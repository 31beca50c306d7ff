"""Wrong implementations in any number of dimensions, and whether f gives what one of them gives."""

import numpy as np


def nothing(x, axis):
    return np.zeros((1,) * x.ndim)


def top(x, axis):
    return x.max(axis, keepdims=True)


def top_over(axes):
    return lambda x, axis: x.max(axes, keepdims=True)


def greatest_size(x, axis):
    return np.abs(x).max(axis, keepdims=True)


def wrong(target, shift=nothing, over=None, keepdims=True):
    """An implementation with another shift, a sum over other axes, or no keepdims in its sum."""

    def model(x, axis):
        shifts, axes = shift(x, axis), axis if over is None else over
        e = np.exp(x - shifts)
        if target.name == "softmax":
            return e / e.sum(axes, keepdims=keepdims)
        if target.name == "log_softmax":
            return x - shifts - np.log(e.sum(axes, keepdims=keepdims))
        total = e.sum(axes)
        return np.log(total) + (shifts.max() if np.ndim(total) == 0 else np.squeeze(shifts))

    return model


def transposed(shift):
    def model(x, axis):
        e = np.exp(x - shift(x, axis))
        return (e.T / e.sum(axis)).T

    return model


def never_reset(shift):
    """A loop over slices whose sum holds those of all slices before."""

    def model(x, axis):
        e = np.moveaxis(np.exp(x - shift(x, axis)), axis, -1)
        return np.moveaxis(e / e.sum(-1).cumsum().reshape(*e.shape[:-1], 1), -1, axis)

    return model


def upright(x, axis):
    e = np.exp(x - x.max(axis).reshape(-1, 1))
    return e / e.sum(axis).reshape(-1, 1)


def suspect(suspects, case, runs):
    """The words for the first wrong model that gives what f gave in every run.

    It must be wrong itself in this case, by the tolerance by which it is compared.
    """
    with np.errstate(all="ignore"):
        for model, words in suspects:
            if all(_alike(model, *run) for run in runs) and not _is_right(model, case):
                return words
    return None


def same_values(p, q, atol=1e-300):
    """The one tolerance of suspects; twenty ulps of results that are narrower than float64."""
    dtype = next((v.dtype for v in (p, q) if v.dtype in (np.float16, np.float32)), np.float64)
    rtol = max(1e-9, 20 * float(np.finfo(dtype).eps))
    return p.shape == q.shape and np.allclose(p, q, rtol=rtol, atol=atol, equal_nan=True)


def _rounding(case):
    """What may be left of a difference of logs that is 0: a few ulps of the greatest score."""
    if case.target.name == "softmax":
        return 1e-300
    dtype = case.x.dtype if case.x.dtype.kind == "f" else np.float64
    sizes = np.abs(case.x[np.isfinite(case.x)])
    return 4 * float(np.finfo(dtype).eps) * float(sizes.max(initial=1))


def _alike(model, case, outcome):
    """Whether a model gives what f gave, be it an error."""
    try:
        value = np.asarray(model(case.x, case.axis))
    except ValueError as error:
        return type(error) is type(outcome.error)
    return outcome.value is not None and same_values(outcome.value, value, _rounding(case))


def _is_right(model, case):
    try:
        return same_values(np.asarray(model(case.x, case.axis)), case.expected, _rounding(case))
    except ValueError:
        return False
