"""Checks of the course's exercises, one module a notebook.

A check takes what the learner wrote and returns an `Answer`. It never raises for what that does.
Each is decorated by `hinted`, and one that takes a function has `ask` try it: `gives`, `makes`,
`shaped`, `lost` and `Fault` name what is wrong. A prediction, in a cell tagged `predict`, goes to
`compare` instead.
"""

from .answer import NO_GUESS, NOT_YET, STOPPED, Answer, hinted, shown
from .prediction import compare
from .trial import (
    Fault,
    ask,
    borrowed,
    call,
    first_fault,
    gives,
    lost,
    makes,
    names_in,
    near,
    no_function,
    not_asked,
    numbers_of,
    peak_bytes,
    quiet,
    raised,
    shaped,
    sunk,
    unfinished,
)

__all__ = [
    "NOT_YET",
    "NO_GUESS",
    "STOPPED",
    "Answer",
    "Fault",
    "ask",
    "borrowed",
    "call",
    "compare",
    "first_fault",
    "gives",
    "hinted",
    "lost",
    "makes",
    "names_in",
    "near",
    "no_function",
    "not_asked",
    "numbers_of",
    "peak_bytes",
    "quiet",
    "raised",
    "shaped",
    "shown",
    "sunk",
    "unfinished",
]
