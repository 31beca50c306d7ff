"""The penguins of notebook 09, and a softmax classifier trained on them, for 08 and 09."""

from pathlib import Path

import numpy as np

from .softmax import log_softmax

SPECIES = ("Adelie", "Chinstrap", "Gentoo")

STEPS = 200

_CSV = Path(__file__).resolve().parents[1] / "data" / "penguins.csv"

TRAINING = 228


def load():
    """Bill and flipper length of the penguins, in the order and the split of notebook 09.

    Returns
    -------
    x : ndarray, shape (342, 2)
        In mm; the first 228 are for training.
    labels : ndarray of int, shape (342,)
        Places in `SPECIES`.
    """
    table = np.genfromtxt(_CSV, delimiter=",", skip_header=1, dtype=str)
    table = table[(table != "NA").all(axis=1)]
    table = table[np.random.default_rng(0).permutation(len(table))]
    return table[:, [1, 3]].astype(float), np.searchsorted(SPECIES, table[:, 0])


class Lesson:
    """The penguins of notebook 09, standardized as there, and its training.

    Parameters
    ----------
    training : int
        The number of penguins for training, the first ones.
    """

    def __init__(self, training=TRAINING):
        self.training = training
        self.mm, self.labels = load()
        train = self.mm[:training]
        self.mean, self.std = train.mean(axis=0), train.std(axis=0)
        self.x = (self.mm - self.mean) / self.std

    def train(self, rate, axis, steps=STEPS):
        """Weights (2, 3), bias (3,) and losses (steps + 1,), as notebook 09 types it out."""
        x = np.column_stack([self.x, np.ones(len(self.x))])[: self.training]
        y = np.asfortranarray(np.eye(3)[self.labels[: self.training]])
        w, losses = np.zeros((3, 3)), []  # the bias is the last row
        for step in range(steps + 1):
            z = (w.T @ x.T).T  # by columns, along which numpy is quick
            z -= z.max(axis=axis, keepdims=True)
            e = np.exp(z)
            total = e.sum(axis=axis, keepdims=True)
            losses.append(((np.log(total) - z) * y).sum() / len(x))
            if step < steps:
                w -= rate / len(x) * x.T @ (e / total - y)
        return w[:2], w[2], losses

    def right(self, w, b):
        """Whether the greatest score of each held-out penguin is that of its species."""
        held_out = slice(self.training, None)
        return (self.x[held_out] @ w + b).argmax(axis=1) == self.labels[held_out]

    def losses(self, w, b, temperatures):
        """Mean losses on both halves of the held-out penguins, at each temperature.

        Parameters
        ----------
        w, b : ndarray, shapes (2, 3) and (3,)
        temperatures : ndarray, shape (n,)

        Returns
        -------
        validation, test : ndarray, shape (n,)
        """
        z = self.x[self.training :] @ w + b
        log_p = log_softmax(z / temperatures[:, None, None])
        loss = -log_p[:, np.arange(len(z)), self.labels[self.training :]]
        half = len(z) // 2
        return loss[:, :half].mean(axis=1), loss[:, half:].mean(axis=1)
