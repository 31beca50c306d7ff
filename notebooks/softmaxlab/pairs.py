"""Pairs (max, sum) of chunks as notebook 10 types them out, right and naive."""

import numpy as np


def pair(chunk):
    """The max of the chunk, and the sum of its exps over exp(max); (-inf, 0) for only -inf."""
    top = chunk.max(initial=-np.inf)
    return (top, 0.0) if top == -np.inf else (top, np.exp(chunk - top).sum())


def merge(a, b):
    """The pair of two pairs' entries taken together."""
    top = np.maximum(a[0], b[0])
    if top == -np.inf:
        return top, 0.0
    return top, a[1] * np.exp(a[0] - top) + b[1] * np.exp(b[0] - top)


def naive_pair(chunk):
    """As `pair`, but a chunk of only -inf has a sum of nan."""
    top = chunk.max()
    return top, np.exp(chunk - top).sum()


def naive_merge(a, b):
    """As `merge`, but two pairs of nothing have a sum of nan."""
    top = np.maximum(a[0], b[0])
    return top, a[1] * np.exp(a[0] - top) + b[1] * np.exp(b[0] - top)


def running(chunks, pair, merge):
    """The merged pair after each chunk, from (-inf, 0) on, as an array of shape (chunks, 2)."""
    state, states = (-np.inf, 0.0), []
    with np.errstate(all="ignore"):
        for chunk in chunks:
            state = merge(state, pair(chunk))
            states.append(state)
    return np.array(states)
