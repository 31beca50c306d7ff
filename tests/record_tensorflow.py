"""Records what TensorFlow's softmax gives, for notebook 05: python tests/record_tensorflow.py.

Needs TensorFlow, in an environment of its own if you like: python -m pip install tensorflow-cpu.
With --print the record goes to the output and not into its file.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

RECORD = Path(__file__).resolve().parent.parent / "notebooks" / "data" / "tensorflow_softmax.json"


def in_a_session(x):
    """As the thread did it, when TensorFlow first built a graph and then ran it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(tf.nn.softmax(x))


def today(x):
    """As one calls it today."""
    return tf.nn.softmax(x).numpy()


def batches():
    """What is asked, by name: a batch of 5 rows and 3 columns, that batch higher, and a block."""
    rng = np.random.default_rng(34968722)
    batch = rng.normal(size=(5, 3)).round(2)
    return {
        "batch": batch,
        "batch + 1000": batch + 1000,
        "block": rng.normal(size=(2, 3, 4)).round(2),
    }


def record():
    """The version, and for each batch the scores and what both ways give, in float64."""
    asked = {
        name: {
            "x": x.tolist(),
            "session": in_a_session(x).tolist(),
            "today": today(x).tolist(),
        }
        for name, x in batches().items()
    }
    made = {"tensorflow": tf.__version__, "made by": "python tests/record_tensorflow.py"}
    return made | {"asked": asked}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print", action="store_true", help="print it, write nothing")
    text = json.dumps(record(), indent=1) + "\n"
    if parser.parse_args().print:
        print(text, end="")
    else:
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(text, encoding="utf-8")
        print(f"{RECORD.name}: TensorFlow {tf.__version__}")


if __name__ == "__main__":
    main()
