"""Whether `examine` calls a learner's function sound, and what to mend first."""

import numpy as np

from ..checkup import examine
from .answer import Answer
from .trial import borrowed, call, no_function

NO_AXIS = (
    "Sound along the last axis. Along which one is for the caller to say: let your function take "
    "an axis, as in f(x, axis=-1)."
)
_TRY = np.array([3.0, 1.0, 0.2])
_NEXT = {  # what mends this finding and not the last one anew
    "integers": "But convert integers alone, or give floats back in the dtype that they came in.",
    "small integers": "But give floats back in the dtype that they came in.",
    "dtype kept": "Note it before you convert, and leave the float64 that you make of integers.",
}


def by_checkup(f, praise, of="softmax"):
    """The answer to a function that is to be sound, with the first finding of its checkup."""
    answer = no_scores_taken(f) or borrowed(f)
    if answer:
        return answer
    checkup = examine(f, of=of)
    if checkup.verdict == "sound":
        if all(finding.name != "axis argument" for finding in checkup.findings):
            return Answer(False, NO_AXIS, hint=None)
        return Answer(True, praise)
    finding, count = checkup.failures[0], len(checkup.failures)
    more = f" {_NEXT[finding.name]}" if finding.name in _NEXT else ""
    more += f" That is the first of {count} findings." if count > 1 else ""
    message = f"The checkup {said(checkup)}{more}"
    if finding.name == "dtype kept":  # whose numbers are right
        dtypes = (np.asarray(array).dtype for array in (finding.input, finding.got))
        return Answer(False, message, finding.input, *dtypes)
    return shown_finding(checkup, message)


def no_scores_taken(f):
    """The answer to what is no function, a stub, or gives nothing for three ordinary scores."""
    return no_function(f) or call(f, _TRY)[2]


def said(checkup):
    """The verdict, and its first finding."""
    finding = checkup.failures[0]
    return f"says {checkup.verdict} ({finding.name}). {finding.message}"


def shown_finding(checkup, message):
    """An answer with the input that the first finding came from."""
    finding = checkup.failures[0]
    return Answer(False, message, finding.input, finding.expected, finding.got)
