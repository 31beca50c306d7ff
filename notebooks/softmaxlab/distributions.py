"""Distributions over a few classes: rules that make them of scores, and their entropy."""

import numpy as np

RULES = {
    "z / sum": lambda z: z / z.sum(),
    "|z| / sum": lambda z: np.abs(z) / np.abs(z).sum(),
    "z² / sum": lambda z: z**2 / (z**2).sum(),
    "exp(z) / sum": lambda z: np.exp(z) / np.exp(z).sum(),
}


def keeps_order(z, p):
    """Whether a higher score always has a greater probability, and equal ones the same."""
    return bool((np.sign(np.subtract.outer(z, z)) == np.sign(np.subtract.outer(p, p))).all())


def same_mean(p, z, points=400):
    """Distributions over three classes with the mean score of `p`, from edge to edge."""
    direction = np.cross(np.ones(3), z)
    steps = -p / direction
    return p + np.linspace(steps[steps < 0].max(), steps[steps > 0].min(), points)[:, None] * (
        direction
    )


def entropy(p):
    """-sum(p * log(p)) along the last axis, in nats; 0 * log(0) counts as 0."""
    p = np.clip(p, 0, None)
    return 0.0 - (p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)  # never -0.0


def gumbel_shares(z, draws):
    """The share of seeded draws in which each class wins with Gumbel noise on its score."""
    noise = -np.log(-np.log(np.random.default_rng(0).random((draws, len(z)))))
    return np.bincount((z + noise).argmax(axis=-1), minlength=len(z)) / draws
