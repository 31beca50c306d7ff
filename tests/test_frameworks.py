"""What `examine` says of torch, jax and TensorFlow: as recorded, and live if installed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import frameworks as record_frameworks
from softmaxlab import exact

RECORD = json.loads(record_frameworks.RECORD.read_text("utf-8"))
CHECKUPS = {
    call: told
    for of_one in RECORD.values()
    for call, told in (of_one["checkups"] | of_one["logs"]).items()
}
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
    assert live["logs"] == RECORD[name]["logs"]


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


BACKWARDS = "an array read backwards. It raises ValueError: At least one stride"
BYTES = "Here the input is of the other byte order. It "
IN_FLOAT32 = "It computes in float32 or less"
FLOATS_FIRST = "Make integers floats first"


@pytest.mark.parametrize(
    ("call", "verdict", "findings", "words"),
    [
        ("torch.softmax", "limited", "storage, integers", BACKWARDS),
        ("torch.log_softmax", "limited", "storage, integers, near 0", BACKWARDS),
        ("torch.logsumexp", "limited", "storage, near 0", BACKWARDS),
        ("tf.nn.softmax", "limited", "integers", FLOATS_FIRST),
        ("tf.nn.log_softmax", "limited", "integers, near 0", FLOATS_FIRST),
        ("tf.reduce_logsumexp", "limited", "integers, near 0", FLOATS_FIRST),
        ("jax.nn.softmax", "wrong", "last digits, lists", IN_FLOAT32),
        ("jax.nn.log_softmax", "wrong", "last digits, lists", IN_FLOAT32),
        ("jax.nn.logsumexp", "wrong", "last digits, storage, lists", IN_FLOAT32),
        (
            "jax.nn.softmax, in 64 bits",
            "wrong",
            "storage, lists, small integers",
            f"{BYTES}gives 0.333333 where 0.836019 is right",
        ),
        (
            "jax.nn.log_softmax, in 64 bits",
            "wrong",
            "storage, lists, small integers, near 0",
            f"{BYTES}gives -1.09861 where",
        ),
        (
            "jax.nn.logsumexp, in 64 bits",
            "limited",
            "storage, lists, near 0",
            f"{BYTES}raises TypeError",
        ),
    ],
)
def test_the_verdicts(call, verdict, findings, words):
    told = CHECKUPS[call]
    assert (told["verdict"], ", ".join(told["findings"])) == (verdict, findings)
    assert words in told["fault"]


def test_each_checkup_has_its_row_above():
    assert len(CHECKUPS) == 12


def test_tensorflows_answers_are_right():
    asked = RECORD["tensorflow"]["asked"]
    assert np.shape(asked["batch"]["x"]) == (5, 3)
    for answer in asked.values():
        x = np.array(answer["x"])
        for way in "session", "today":
            assert exact.errors_in_ulps(np.array(answer[way]), x, axis=-1).max() < 10
