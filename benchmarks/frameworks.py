"""Records what torch, jax and TensorFlow give, for notebook 05: python -m benchmarks.frameworks.

Needs them, in an environment of its own: python -m pip install -r benchmarks/frameworks.txt. With
--print and some of their names their record goes to the output, and nothing is written.
"""

import argparse
import json
from pathlib import Path

import numpy as np

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
RECORD = NOTEBOOKS / "data" / "frameworks.json"

from softmaxlab import examine  # noqa: E402


def torch_record():
    import torch

    def softmax(x, axis=-1):
        return torch.softmax(torch.as_tensor(x), axis)

    def log_softmax(x, axis=-1):
        return torch.log_softmax(torch.as_tensor(x), axis)

    def logsumexp(x, axis=-1, keepdims=False):
        return torch.logsumexp(torch.as_tensor(x), axis, keepdims)

    version = torch.__version__.partition("+")[0]  # what follows + is for which processor
    return {
        "version": version,
        "checkups": {"torch.softmax": told(softmax)},
        "logs": {
            "torch.log_softmax": told(log_softmax, "log_softmax"),
            "torch.logsumexp": told(logsumexp, "logsumexp"),
        },
    }


def jax_record():
    import jax

    def logs(bits=""):
        return {
            f"jax.nn.log_softmax{bits}": told(jax.nn.log_softmax, "log_softmax"),
            f"jax.nn.logsumexp{bits}": told(jax.nn.logsumexp, "logsumexp"),
        }

    record = {
        "version": jax.__version__,
        "checkups": {"jax.nn.softmax": told(jax.nn.softmax)},
        "logs": logs(),
    }
    jax.config.update("jax_enable_x64", True)
    try:
        record["checkups"]["jax.nn.softmax, in 64 bits"] = told(jax.nn.softmax)
        record["logs"] |= logs(", in 64 bits")
    finally:
        jax.config.update("jax_enable_x64", False)
    return record


def tensorflow_record():
    import tensorflow as tf

    def in_a_session(x):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            return session.run(tf.nn.softmax(x))

    def today(x):
        return tf.nn.softmax(x).numpy()

    return {
        "version": tf.__version__,
        "checkups": {"tf.nn.softmax": told(tf.nn.softmax)},
        "logs": {
            "tf.nn.log_softmax": told(tf.nn.log_softmax, "log_softmax"),
            "tf.reduce_logsumexp": told(tf.reduce_logsumexp, "logsumexp"),
        },
        "asked": {
            name: {"x": x.tolist(), "session": in_a_session(x).tolist(), "today": today(x).tolist()}
            for name, x in batches().items()
        },
    }


RECORDERS = {"torch": torch_record, "jax": jax_record, "tensorflow": tensorflow_record}


def told(function, of="softmax"):
    """The verdict of a checkup, what is found by name, and its first sentence."""
    checkup = examine(function, of=of)
    fault = checkup.failures[0].message if checkup.failures else "no fault found."
    names = [finding.name for finding in checkup.failures]
    return {"verdict": checkup.verdict, "findings": names, "fault": fault}


def batches():
    """What TensorFlow is asked: a batch of 5 rows and 3 columns, that batch higher, and a block."""
    rng = np.random.default_rng(34968722)
    batch = rng.normal(size=(5, 3)).round(2)
    return {
        "batch": batch,
        "batch + 1000": batch + 1000,
        "block": rng.normal(size=(2, 3, 4)).round(2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print", nargs="+", choices=RECORDERS, metavar="NAME")
    names = parser.parse_args().print
    record = {name: RECORDERS[name]() for name in names or RECORDERS}
    text = json.dumps(record, indent=1) + "\n"
    if names:
        print(text, end="")
    else:
        RECORD.write_text(text, encoding="utf-8")
        print(RECORD.name, *(f"{name} {told['version']}" for name, told in record.items()))


if __name__ == "__main__":
    main()
