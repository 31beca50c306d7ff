"""The seven softmax functions of one Stack Overflow question, with the faults they have there.

They are specimens, each written anew from its arithmetic; `softmaxlab.softmax` is the one to use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

_QUESTION = (
    '"How to implement the Softmax function in Python", Stack Overflow, '
    "https://stackoverflow.com/questions/34968722, CC BY-SA"
)


@dataclass(frozen=True)
class Variant:
    """One softmax of the thread.

    Attributes
    ----------
    name : str
        Its letter and its arithmetic in a few words.
    claim : str
        What its author says of it, in our words.
    source : str
        Title, link and license of the question, and who there wrote it.
    function : callable
        Takes an array-like, gives an array. Warns, raises and errs as the original does.
    """

    name: str
    claim: str
    source: str
    function: Callable


def _a(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def _b(x):
    return np.exp(x) / np.sum(np.exp(x), axis=0)


def _c(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e, axis=-1)


def _d(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def _e(x):
    e = np.exp(x)
    return (e.T / np.sum(e, axis=-1)).T


def _f(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e, axis=0)


def _g(x):
    from scipy.special import logsumexp

    return np.exp(x - logsumexp(x))


def _variant(name, claim, who, function):
    return Variant(name, claim, f"{_QUESTION}; {who}", function)


THREAD = MappingProxyType(
    {
        "A": _variant(
            "A: max and sum of the whole array",
            "Turns a list of scores into probabilities: [3.0, 1.0, 0.2] gives "
            "[0.8360188, 0.11314284, 0.05083836].",
            "the asker",
            _a,
        ),
        "B": _variant(
            "B: no shift, sum along axis 0",
            "Gives the same output as the asker's, in one line.",
            "a course's suggestion, quoted by the asker",
            _b,
        ),
        "C": _variant(
            "C: max of the whole array, sum along axis -1, no keepdims",
            "Works for any number of dimensions, as TensorFlow does.",
            "an answer",
            _c,
        ),
        "D": _variant(
            "D: max and sum along axis 1, with keepdims",
            "Takes a batch, one row for each example, such as [[3, 2, 4], [4, 5, 6]].",
            "an answer",
            _d,
        ),
        "E": _variant(
            "E: no shift, sum along axis -1 between two transposes",
            "Agrees with TensorFlow's own softmax on a batch of 5 rows and 3 columns.",
            "an answer",
            _e,
        ),
        "F": _variant(
            "F: max of the whole array, sum along axis 0",
            "Is the correct one; it differs from the asker's only in axis=0.",
            "an answer",
            _f,
        ),
        "G": _variant(
            "G: exp of x - logsumexp of the whole array",
            "Stays in log space for as long as possible.",
            "an answer",
            _g,
        ),
    }
)
