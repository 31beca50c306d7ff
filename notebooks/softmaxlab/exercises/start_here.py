"""Check of notebook 00: three probabilities, found without computing them."""

from dataclasses import replace

import numpy as np

from .. import exact
from . import NOT_YET, Answer, ask, hinted, not_yet

_SCORES = np.array([1003.0, 1001.0, 1000.2])


@hinted("How do these scores differ from those of the first example?")
def check_far_away(probabilities):
    """Checks the softmax of [1003.0, 1001.0, 1000.2], written to three digits."""
    if not_yet(probabilities):
        return Answer(False, NOT_YET)
    answer = ask(
        lambda x: probabilities,
        [((_SCORES,), exact.softmax(_SCORES).round(3))],
        faults=[
            (
                lambda a, expected, got: np.shape(got) == (3,) and np.isnan(got).any(),
                "nan is what B makes of these scores. The question is what is right.",
            ),
            (
                lambda a, expected, got: np.allclose(got, [1, 0, 0]),
                "That would be the class with the highest score, and nothing for the others. "
                "Softmax leaves something for each.",
            ),
            (
                lambda a, expected, got: np.allclose(got, a[0] / a[0].sum(), rtol=0.01),
                "That is each score over their sum. Look again at what A did with [3.0, 1.0, 0.2].",
            ),
            (
                lambda a, expected, got: np.allclose(got, 100 * expected, rtol=0.01),
                "These are percent. As probabilities they sum to 1.",
            ),
            (
                lambda a, expected, got: np.allclose(got, expected, rtol=0, atol=0.006),
                "Near, but not right to three digits. Three digits, please.",
            ),
            (
                lambda a, expected, got: np.shape(got) == (3,) and abs(np.sum(got) - 1) > 0.01,
                "Three probabilities sum to 1. Yours do not.",
            ),
        ],
        praise="Adding 1000 to every score changes nothing. Notebook 02 proves it.",
        rtol=0.015,
    )
    return replace(answer, expected=None)  # it would be the solution
