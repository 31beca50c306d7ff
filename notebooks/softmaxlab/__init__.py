"""What the notebooks import: one room for each job, numbers below, pictures and sliders above."""

from . import exact
from .checkup import examine
from .softmax import log_softmax, logsumexp, softmax
from .thread import THREAD

__all__ = ["THREAD", "exact", "examine", "log_softmax", "logsumexp", "softmax"]
