"""Measures errors of softmaxes in ulps against mpmath, and writes benchmarks/softmax_accuracy.csv.

python -m benchmarks.accuracy

Ours, the thread's A, B and G, scipy's, and torch, jax and TensorFlow where they are installed. The
error is the worst over all probabilities that are normal numbers, of up to 2000 entries of each
row: the greatest, and others at random. The exact sum has every entry.

With --map it writes notebooks/data/accuracy.csv instead, errors over spread and offset, which
notebook 06 draws as maps. With --map and some of the names it prints these.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")

import mpmath
import numpy as np
import scipy.special

from softmaxlab import THREAD, log_softmax, softmax
from softmaxlab.half_ulp import softmax_half_ulp

MAP = Path(__file__).resolve().parents[1] / "notebooks" / "data" / "accuracy.csv"
RESULT = Path(__file__).with_name("softmax_accuracy.csv")
GRID = [  # entries, spread, offset
    *[(10, 1, 0), (1000, 10, 0), (1000, 100, 0), (10**6, 10, 0), (10, 1, 1e8)],
    *[(1000, 1, 0), (1000, 30, 0), (1000, 300, 0), (1000, 1, 5000), (1000, 300, -5000)],
    *[(1000, 1, 705), (1000, 3, 712), (1000, 1, -720), (1000, 0, 0.1), (71, 0, 0.3)],
]
RANDOM = 60


def functions():
    """By name, each of a row in its own dtype; of those that are installed."""
    made = {"ours": softmax, "scipy": scipy.special.softmax}
    made |= {name: THREAD[name].function for name in "ABG"}
    try:
        import torch

        made["torch"] = lambda x: torch.softmax(torch.from_numpy(x), -1).numpy()
    except ImportError:
        print("torch is not installed here", file=sys.stderr)
    try:
        import jax

        made["jax"] = lambda x: np.asarray(jax.nn.softmax(jax.numpy.asarray(x)))
    except ImportError:
        print("jax is not installed here", file=sys.stderr)
    try:
        import tensorflow as tf

        made["tensorflow"] = lambda x: tf.nn.softmax(tf.constant(x)).numpy()
    except ImportError:
        print("TensorFlow is not installed here", file=sys.stderr)
    return made


def exact_at(x, at):
    """Softmax and its logarithm at some entries, with 40 digits."""
    # An exp 800 below the max changes no digit, unless it is all that keeps the log from 0.
    near = x[x >= x.max() - 800].astype(np.float64)
    values, counts = np.unique(near, return_counts=True)
    with mpmath.workdps(40):
        top = mpmath.mpf(values[-1].item())
        counts[-1] -= 1
        pairs = zip(values.tolist(), counts.tolist(), strict=True)
        others = mpmath.fsum(count * mpmath.exp(mpmath.mpf(value) - top) for value, count in pairs)
        gaps = [mpmath.mpf(float(x[i])) - top for i in at]
        p = [mpmath.exp(gap) / (1 + others) for gap in gaps]
        return p, [gap - mpmath.log1p(others) for gap in gaps]


def worst(computed, exact, dtype):
    """Greatest error in ulps of the exact value, where that is a normal number."""
    info, errors = np.finfo(dtype), []
    for value, truth in zip(computed.tolist(), exact, strict=True):
        if abs(truth) < float(info.tiny) or not abs(truth) < float(info.max):
            continue
        ulp = mpmath.ldexp(1, mpmath.frexp(truth)[1] - 1 - info.nmant)
        with mpmath.workdps(40):
            errors.append(float(abs(mpmath.mpf(value) - truth) / ulp))
    return np.max(errors)  # nan if any is


def some_entries(x, rng):
    few = rng.choice(x.size, min(x.size, 1000), replace=False)
    return np.unique(np.concatenate([np.argsort(x)[-1000:], few]))


def cases(rng):
    yield from GRID
    for _ in range(RANDOM):
        n = int(10 ** rng.uniform(0.5, 4))
        yield n, round(10 ** rng.uniform(-2, 3), 3), round(rng.choice([0, 1]) * rng.normal() * 800)


def write_map(file, names):
    """Worst errors in ulps of rows of 100 float64 logits, over a grid of spreads and offsets.

    Against the softmax to half an ulp, which moves them by half an ulp at most.
    """
    z, made = np.random.default_rng(6).standard_normal(100), functions()
    table = csv.writer(file, lineterminator="\n")
    made["softmax"] = made["ours"]
    frameworks = {"torch", "jax", "tensorflow"}
    modules = {name: sys.modules[name] for name in frameworks.intersection(names)}
    versions = {name: " " + module.__version__.split("+")[0] for name, module in modules.items()}
    table.writerow(["spread", "offset", *(name + versions.get(name, "") for name in names)])
    for offset in np.geomspace(1, 1e8, 17):
        for spread in np.geomspace(0.1, 1000, 17):
            spread, offset = float(f"{spread:.3g}"), float(f"{offset:.3g}")
            x = offset + spread * z
            exact = softmax_half_ulp(x)
            normal = exact >= np.finfo(float).tiny
            with np.errstate(all="ignore"):
                errors = [np.abs(made[name](x) - exact) / np.spacing(exact) for name in names]
            table.writerow([spread, offset, *(f"{error[normal].max():.3g}" for error in errors)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--map", nargs="*", metavar="NAME")
    names = parser.parse_args().map
    if names:
        write_map(sys.stdout, names)
    elif names == []:
        with MAP.open("w", newline="", encoding="utf-8") as file:
            write_map(file, [*"ABG", "softmax", "scipy", "torch", "jax", "tensorflow"])
    else:
        write_table()


def write_table():
    rng, made = np.random.default_rng(34968722), functions()
    todo = [(case, d) for case in cases(rng) for d in (np.float64, np.float32, np.float16)]
    with RESULT.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["n", "spread", "offset", "dtype", *made, "our log_softmax"])
        for at, ((n, spread, offset), dtype) in enumerate(todo, 1):
            x = rng.standard_normal(n) * spread + offset
            if np.abs(x).max() > np.finfo(dtype).max:
                continue
            x = x.astype(dtype)
            entries = some_entries(x, rng)
            p, log_p = exact_at(x, entries)
            row = []
            with np.errstate(all="ignore"):
                for function in made.values():
                    row.append(worst(function(x)[entries].astype(dtype), p, dtype))
                row.append(worst(log_softmax(x)[entries], log_p, dtype))
            numbers = [f"{error:.3g}" for error in row]
            table.writerow([n, spread, offset, np.dtype(dtype).name, *numbers])
            print(
                f"{at}/{len(todo)}", n, spread, offset, np.dtype(dtype).name, *numbers, flush=True
            )


if __name__ == "__main__":
    main()
