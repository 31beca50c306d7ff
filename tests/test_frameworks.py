"""What `examine` says of torch, jax and TensorFlow: as recorded, and live if installed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import frameworks as record_frameworks
from softmaxlab import exact

RECORD = json.loads(record_frameworks.RECORD.read_text("utf-8"))
WANTED = Path(record_frameworks.__file__).with_suffix(".txt").read_text("utf-8")


@pytest.fixture(scope="module", params=record_frameworks.RECORDERS)
def framework(request):
    """The name of a framework that is installed, and what it gives here."""
    pytest.importorskip(request.param, reason="it is not part of the course's environment")
    return request.param, record_frameworks.RECORDERS[request.param]()


def test_the_verdicts_here_are_those_of_the_record(framework):
    name, live = framework
    assert live["version"] == RECORD[name]["version"]
    assert live["checkups"] == RECORD[name]["checkups"]


def test_what_it_is_asked_here_is_answered_as_in_the_record(framework):
    name, live = framework
    recorded = RECORD[name].get("asked", {})
    assert live.get("asked", {}).keys() == recorded.keys()
    for batch, answer in recorded.items():
        assert live["asked"][batch]["x"] == answer["x"]
        for way in "session", "today":
            assert np.allclose(live["asked"][batch][way], answer[way], rtol=1e-14, atol=0)


def test_the_record_is_of_the_versions_that_ci_installs():
    pins = dict(re.findall(r"^(\w+)(?:-cpu)?==(.+)$", WANTED, re.MULTILINE))
    assert {name: told["version"] for name, told in RECORD.items()} == pins


@pytest.mark.parametrize(
    ("name", "call", "verdict", "findings", "words"),
    [
        ("torch", "torch.softmax", "limited", ["integers"], "Make integers floats first"),
        ("tensorflow", "tf.nn.softmax", "limited", ["integers"], "Make integers floats first"),
        ("jax", "jax.nn.softmax", "wrong", ["last digits", "lists"], "computes in float32"),
        (
            "jax",
            "jax.nn.softmax, in 64 bits",
            "limited",
            ["lists", "small integers"],
            "np.asarray(x), and lists work too",
        ),
    ],
)
def test_the_verdicts(name, call, verdict, findings, words):
    told = RECORD[name]["checkups"][call]
    assert (told["verdict"], told["findings"]) == (verdict, findings)
    assert words in told["fault"]


def test_each_checkup_has_its_row_above():
    assert sum(len(told["checkups"]) for told in RECORD.values()) == 4


def test_tensorflows_answers_are_right():
    asked = RECORD["tensorflow"]["asked"]
    assert np.shape(asked["batch"]["x"]) == (5, 3)
    for answer in asked.values():
        x = np.array(answer["x"])
        for way in "session", "today":
            assert exact.errors_in_ulps(np.array(answer[way]), x, axis=-1).max() < 10
