"""Two students on a JupyterHub: log in, run notebook 04, move sliders, and keep their kernels."""

import contextlib
import os
import random
import subprocess
import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from environments import pinned

from benchmarks import hub as benchmark_hub

NAMES = ["ada", "bob"]
MOVES = 10

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        "CI" not in os.environ or not pinned(),
        reason="installs JupyterHub beside the environment; runs in CI, with Binder's pins",
    ),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The environment's variables, with JupyterHub in a folder of its own."""
    folder = tmp_path_factory.mktemp("packages")
    lines = Path(benchmark_hub.__file__).with_suffix(".txt").read_text().splitlines()
    hub = next(line for line in lines if line.startswith("jupyterhub"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--prefix", folder, hub]
    subprocess.run(command, check=True)
    packages = sysconfig.get_path("purelib", vars={"base": folder, "platbase": folder})
    return os.environ | {"PYTHONPATH": packages}


def attend(address, name, started):
    """A student's moves, in seconds, and the kernels of its server afterwards."""
    with contextlib.closing(benchmark_hub.Student(address, name, random.Random(name))) as student:
        student.log_in()
        student.open()
        student.run_all()
        started.wait()
        return [student.move() for _ in range(MOVES)], student.kernels() == [student.kernel]


def test_two_students_move_sliders_and_keep_their_kernels(environment, tmp_path):
    proxy = benchmark_hub.install_proxy(tmp_path)
    before = []
    with (
        benchmark_hub.jupyterhub(tmp_path / "hub", proxy, NAMES, environment) as (address, hub),
        ThreadPoolExecutor(len(NAMES)) as pool,
    ):
        started = threading.Barrier(
            len(NAMES), lambda: before.append(benchmark_hub.family(hub, NAMES)), timeout=120
        )
        attended = pool.map(lambda name: attend(address, name, started), NAMES)
        for moves, kept in attended:
            assert len(moves) == MOVES
            assert kept
        after = benchmark_hub.family(hub, NAMES)
    for name in NAMES:
        assert len(before[0][name]) == 2, "a server and a kernel"
        assert before[0][name] == after[name]
