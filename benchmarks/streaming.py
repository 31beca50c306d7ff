"""Softmaxes 4 GiB on two Dask workers of 512 MiB each, and writes benchmarks/streaming.csv.

python -m benchmarks.streaming [GiB]

The logits are float32 on disk, in a temporary folder (twice their size is needed there). Both axes,
with every result checked; a run in which a worker is killed; time against size, against chunk size
and against one process. With a size other than 4, it
only prints.
"""

import argparse
import contextlib
import copy
import csv
import importlib.metadata
import logging
import math
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import dask.array
import numpy as np
import psutil
from distributed import Client, LocalCluster

from softmaxlab import softmax, streaming

RESULT = Path(__file__).with_name("streaming.csv")
COLUMNS, HALF = 2**15, 2**14
LIMIT = 512 * 2**20
CHUNK = (512, HALF)  # 32 MiB
HEADER = ["run", "GiB", "axis", "chunk MiB", "workers", "seconds", "peak MiB", "measured with"]


def rows_of(gib):
    return round(gib * 2**30 / 4 / COLUMNS)


def logits(rows):
    """Float32 logits, 512 rows at a time, each half at a level of its own and one half -inf."""
    rng = np.random.default_rng(0)
    for start in range(0, rows, CHUNK[0]):
        part = rng.standard_normal((min(CHUNK[0], rows - start), COLUMNS), dtype=np.float32)
        part[:, :HALF] += rng.uniform(-5, 5)
        part[:, HALF:] += rng.uniform(-5, 5)
        if start == CHUNK[0]:
            part[:, HALF:] = -np.inf
        yield start, part


def write(folder, rows):
    """The logits and room for their softmax, as files in `folder`."""
    paths = [folder / "x.npy", folder / "p.npy"]
    for path in paths:
        np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS))
    source, target = map(streaming.OnDisk, paths)
    for start, part in logits(rows):
        source[start : start + len(part)] = part
    return source, target


@contextlib.contextmanager
def two_workers(limit):
    """A client of two fresh worker processes of `limit` bytes each."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=limit,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def peak():
    """The most memory that this process has ever held, in bytes, mapped files included."""
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if "VmHWM" in line)
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def empty(array):
    """The `OnDisk` itself, its file all 0 again."""
    np.lib.format.open_memmap(array.path, "w+", array.dtype, array.shape)
    return array


def first(array, rows):
    """The first `rows` of an `OnDisk`."""
    part = copy.copy(array)
    part.shape = (rows, COLUMNS)
    return part


def stored(dask_scheduler):
    """How many chunks of probabilities have reached the disk."""
    tasks = dask_scheduler.tasks.values()
    return sum("store-map" in str(task.key) and task.state == "memory" for task in tasks)


def on_workers(source, target, axis, chunk=CHUNK, kill=False, limit=LIMIT):
    """Softmax from `source` into `target` on two fresh workers of `limit` bytes each.

    With `kill` one of them is killed when half of the second pass is done. Returns the seconds
    taken, the most bytes that a worker held, and how many of the first two are still there.
    """
    with two_workers(limit) as client, ThreadPoolExecutor(1) as pool:
        before = set(client.run(os.getpid).values())
        start = time.perf_counter()
        p = streaming.dask_softmax(dask.array.from_array(source, chunks=chunk), axis)
        storing = pool.submit(dask.array.store, p, target, lock=False)
        if kill:
            while client.run_on_scheduler(stored) < p.npartitions / 2:
                assert not storing.done(), "it was over before a worker could be killed"
                time.sleep(0.02)
            psutil.Process(min(before)).kill()
        storing.result()
        seconds = time.perf_counter() - start
        client.wait_for_workers(2)
        return (
            seconds,
            max(client.run(peak).values()),
            len(before & set(client.run(os.getpid).values())),
        )


def in_one_process(source, target, axis):
    """The same with `streaming.softmax` in a fresh process; returns seconds and its peak."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(peak).result()
        start = time.perf_counter()
        pool.submit(streaming.softmax, source, axis, target).result()
        return time.perf_counter() - start, pool.submit(peak).result()


def rounded_once(x, axis):
    """The softmax of float32 logits, computed in float64."""
    return softmax(x.astype(np.float64), axis).astype(np.float32)


def check(source, target, axis):
    """All sums along `axis`, in float64, and 64 slices against `softmax`, to 1 ulp."""
    rows = source.shape[0]
    sums = []
    for start in range(0, rows, CHUNK[0]):
        sums.append(target[start : start + CHUNK[0]].sum(axis, dtype=np.float64))
    sums = np.concatenate(sums) if axis else np.sum(sums, 0)
    assert np.abs(sums - 1).max() < 1e-6
    for at in np.random.default_rng(1).integers(0, len(sums) - 16, 4):
        some = slice(at, at + 16)
        slices = (some, slice(COLUMNS)) if axis else (slice(rows), some)
        np.testing.assert_array_max_ulp(target[slices], rounded_once(source[slices], axis), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gib", nargs="?", type=float, default=4.0)
    gib = parser.parse_args().gib
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("dask", "numpy")]
    where = ", ".join([f"Python {platform.python_version()}", machine, *versions])
    table = []

    def record(run, size, axis, chunk, workers, seconds, most):
        assert most < LIMIT or not workers
        row = [run, f"{size:g}", axis, chunk, workers, f"{seconds:.1f}", f"{most / 2**20:.0f}"]
        row = [str(value) for value in row]
        table.append([*row, where])
        print(
            f"{run}:", ", ".join(map(" ".join, zip(HEADER[1:], row[1:], strict=False))), flush=True
        )

    def run(name, size, axis, chunk=CHUNK, kill=False):
        part, result = first(source, rows_of(size)), first(empty(target), rows_of(size))
        seconds, most, left = on_workers(part, result, axis, chunk, kill)
        assert left == (1 if kill else 2), "a worker was restarted"
        check(part, result, axis)
        record(name, size, axis, math.prod(chunk) * 4 // 2**20, 2, seconds, most)
        return seconds

    with tempfile.TemporaryDirectory() as place:
        print(f"writing {gib:g} GiB", flush=True)
        source, target = write(Path(place), rows_of(gib))
        sizes = [gib / 8, gib / 4, gib / 2, gib]
        seconds = [run("growth", size, 0) for size in sizes]
        print(f"slope of log time: {np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}")
        run("other axis", gib, 1)
        run("a worker killed", gib, 0, kill=True)
        for rows in (32, 128, 1024):
            run("chunk size", gib / 4, 0, (rows, HALF))
        for axis in (0, 1):
            part, result = first(source, rows_of(gib / 4)), first(empty(target), rows_of(gib / 4))
            record("one process", gib / 4, axis, 0.5, 0, *in_one_process(part, result, axis))
            check(part, result, axis)
    if gib == 4:
        with RESULT.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([HEADER, *table])
        print(RESULT.read_text())


if __name__ == "__main__":
    main()
