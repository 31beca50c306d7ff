"""A book's letters, their logits, and the cuts of notebook 11, for its pictures."""

import re
from pathlib import Path

import numpy as np

from .softmax import softmax

LETTERS = " abcdefghijklmnopqrstuvwxyz"

SEEN = 120_000
SMOOTHING = 0.01

_BOOK = Path(__file__).resolve().parents[1] / "data" / "alice.txt"


def codes(text):
    """The place of each letter of `text` in `LETTERS`, as an array."""
    return np.array([LETTERS.index(letter) for letter in text])


def logits():
    """Log counts of each letter after each three letters, in the part that is counted.

    Returns
    -------
    ndarray, shape (27, 27, 27, 27)
        The last axis is that of the next letter.
    """
    book = re.sub("[^a-z]+", " ", _BOOK.read_text("utf-8").lower())
    seen = codes(book[:SEEN])
    counts = np.zeros((27, 27, 27, 27))
    np.add.at(counts, (seen[:-3], seen[1:-2], seen[2:-1], seen[3:]), 1)
    return np.log(counts + SMOOTHING)


def left(z, T=1.0, k=None, p=1.0):
    """Probabilities of the logits `z` at the temperature `T`, after top-k, then top-p; 0 if cut.

    With `p` = 1 top-p cuts nothing, though rounded sums may reach 1 before the last.
    """
    order = np.argsort(-z, kind="stable")[:k]
    share = softmax(z[order] / T)
    kept = (p >= 1) | (np.append(0, np.cumsum(share)[:-1]) < p)
    q = np.zeros_like(z)
    q[order[kept]] = share[kept] / share[kept].sum()
    return q


def write(z, text, length, rng, **settings):
    """`text`, three letters or more, and `length` more: each drawn from what is `left`.

    Parameters
    ----------
    z : ndarray, shape (27, 27, 27, 27)
    text : str
    length : int
    rng : numpy.random.Generator
    **settings
        For `left`.

    Returns
    -------
    str
    """
    written = list(codes(text))
    for _ in range(length):
        written.append(rng.choice(27, p=left(z[tuple(written[-3:])], **settings)))
    return "".join(LETTERS[code] for code in written)


def sums_off(p, dtype):
    """How far the sum of the probabilities `p`, each rounded to `dtype`, is from 1."""
    return abs(p.astype(dtype).sum(dtype=float) - 1)
