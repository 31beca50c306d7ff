"""Times softmaxes on one thread, and writes notebooks/data/softmax_speed.csv.

python -m benchmarks.softmax --machine NAME [--rounds 15] [--only SHAPE ...]

Processor time, in one process and in turns: ours, scipy's, three lines in place, np.exp alone, and
torch, jax, TensorFlow and numba where they are installed. Medians of the rounds, and their ratios
to the median of scipy in the same rounds. torch, jax and TensorFlow are given arrays of their own;
numba has a plain loop over rows, and copies other slices into rows and back. With --only, just
the shapes named are measured, and the ratios are only printed.

The record has a part for each machine: the rows of NAME are written anew, and all others stay. With
AVX-512 switched off in numpy, by the names that np.show_config() has for it, and in OpenBLAS,

    NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL" OPENBLAS_CORETYPE=Haswell

a machine stands for one that lacks it; what was switched off is in the record.
"""

import argparse
import csv
import importlib
import importlib.metadata
import os
import platform
import random
import statistics
import sys
import time
from pathlib import Path

# Read by the libraries when they are loaded, so set before.
ONE_THREAD = ["OMP", "MKL", "OPENBLAS", "NUMBA", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"]
os.environ.update({f"{library}_NUM_THREADS": "1" for library in ONE_THREAD[:4]})
os.environ.update({f"{library}_THREADS": "1" for library in ONE_THREAD[4:]})
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"

import numpy as np  # noqa: E402
import scipy.special  # noqa: E402

from softmaxlab import softmax  # noqa: E402
from softmaxlab.speed import RECORD  # noqa: E402

ROWS = [(10**power,) for power in range(1, 8)]
MATRICES = [(1000, 1000), (64, 50257), (10**6, 10), (10**5, 3)]
SHAPES = [(shape, -1) for shape in ROWS] + [(shape, a) for shape in MATRICES for a in (-1, 0)]
LOGITS = [(1, 0), (300, 0), (1, 5000)]  # spread and offset
COLUMNS = ["machine", "shape", "axis", "dtype", "spread", "offset", "softmax", "us", "over scipy"]


def in_place(x, axis):
    """The naive softmax with one array in place of three, and no check of anything."""
    e = np.subtract(x, x.max(axis, keepdims=True))
    np.exp(e, out=e)
    return np.divide(e, e.sum(axis, keepdims=True), out=e)


def with_torch(torch):
    torch.set_num_threads(1)

    def call(x, axis):
        logits = torch.from_numpy(x)
        return lambda: torch.softmax(logits, axis)

    return call


def with_jax(jax):
    function = jax.jit(jax.nn.softmax, static_argnames="axis")

    def call(x, axis):
        logits = jax.numpy.asarray(x)
        return lambda: function(logits, axis=axis).block_until_ready()

    return call


def with_tensorflow(tf):
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    def call(x, axis):
        logits = tf.constant(x)
        return lambda: tf.nn.softmax(logits, axis)

    return call


def with_numba(numba):
    @numba.njit
    def rows(x):
        out = np.empty_like(x)
        for i in range(x.shape[0]):
            top = x[i].max()
            total = x.dtype.type(0)
            for j in range(x.shape[1]):
                out[i, j] = np.exp(x[i, j] - top)
                total += out[i, j]
            for j in range(x.shape[1]):
                out[i, j] /= total
        return out

    def along(x, axis):
        slices = np.moveaxis(x, axis, -1)
        flat = np.ascontiguousarray(slices).reshape(-1, x.shape[axis])
        return np.ascontiguousarray(np.moveaxis(rows(flat).reshape(slices.shape), -1, axis))

    return lambda x, axis: lambda: along(x, axis)


LIBRARIES = {
    "torch": with_torch,
    "jax": with_jax,
    "tensorflow": with_tensorflow,
    "numba": with_numba,
}


def libraries():
    """Of those installed: a function that makes of x and axis a call without arguments."""
    made = {
        "scipy": lambda x, axis: lambda: scipy.special.softmax(x, axis),
        "ours": lambda x, axis: lambda: softmax(x, axis),
        "in place": lambda x, axis: lambda: in_place(x, axis),
        "np.exp": lambda x, axis: lambda: np.exp(x),
    }
    for name, with_library in LIBRARIES.items():
        try:
            made[name] = with_library(importlib.import_module(name))
        except ImportError:
            print(f"{name} is not installed here", file=sys.stderr)
    return made


def medians(calls, rounds):
    """Median seconds of each call, once in every round, in any order; a short one many times."""
    times = {name: [] for name in calls}
    chance = random.Random(0)  # What a call leaves in caches and memory should not favor the next.
    for call in calls.values():
        call()
    start = time.process_time()
    calls["scipy"]()
    repeats = max(1, int(5e-3 / (time.process_time() - start)))
    for _ in range(rounds):
        for name, call in chance.sample(list(calls.items()), len(calls)):
            start = time.process_time()
            for _ in range(repeats):
                call()
            times[name].append((time.process_time() - start) / repeats)
    return {name: statistics.median(values) for name, values in times.items()}


def about(names, rounds):
    """The processor, the versions and the measurement, without the name of the host."""
    linux = sys.platform == "linux"
    lines = Path("/proc/cpuinfo").read_text().splitlines() if linux else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    flags = {flag for line in lines if line.startswith("flags") for flag in line.split()}
    vectors = next((n for n, f in {"AVX-512": "avx512f", "AVX2": "avx2"}.items() if f in flags), "")
    cache = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    level_2 = f"level-2 cache {cache.read_text().strip()}" if cache.exists() else ""
    off = os.environ.get("NPY_DISABLE_CPU_FEATURES")
    switched = f"switched off in numpy: {off}" if off else ""
    kernels = os.environ.get("OPENBLAS_CORETYPE")
    products = f"OpenBLAS for {kernels}" if kernels else ""
    parts = [*models[:1], platform.machine(), vectors, level_2, switched, products, "one thread"]
    versions = [f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    for name in names:
        package = {"tensorflow": "tensorflow-cpu"}.get(name, name)
        versions.append(f"{name} {importlib.metadata.version(package)}")
    return f"{', '.join(filter(None, parts + versions))}; medians of {rounds} interleaved rounds"


def write(machine, said, rows, record):
    """Puts what was measured on one machine into the record, last; what it had of it is gone."""
    abouts, kept = {}, []
    if record.exists():
        with record.open(newline="", encoding="utf-8") as file:
            lines = file.read().splitlines()
        abouts = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
        kept = list(csv.reader(line for line in lines if not line.startswith("#")))[1:]
    abouts.pop(machine, None)
    with record.open("w", newline="", encoding="utf-8") as file:
        for name, words in {**abouts, machine: said}.items():
            file.write(f"# {name}: {words}\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(row for row in kept if row[0] != machine)
        table.writerows([machine, *row] for row in rows)


def named(shape):
    return "x".join(map(str, shape))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=15)
    known = [named(shape) for shape in ROWS + MATRICES]
    parser.add_argument("--only", nargs="+", choices=known, metavar="SHAPE")
    options = parser.parse_args()
    if not options.only and (not options.machine or ":" in options.machine):
        parser.error("--machine NAME says which part of the record to write; no colon in it")
    if hasattr(os, "sched_setaffinity"):  # so that a second thread gains nothing
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    made = libraries()
    said = about(["scipy", *(name for name in LIBRARIES if name in made)], options.rounds)
    print(said)
    rng = np.random.default_rng(0)
    chosen = [(s, a) for s, a in SHAPES if not options.only or named(s) in options.only]
    cases = [(s, a, d, k) for k in LOGITS for s, a in chosen for d in (np.float64, np.float32)]
    rows = []
    for at, (shape, axis, dtype, (spread, offset)) in enumerate(cases, 1):
        x = (rng.standard_normal(shape) * spread + offset).astype(dtype)
        with np.errstate(all="ignore"):
            seconds = medians({name: call(x, axis) for name, call in made.items()}, options.rounds)
        case = [named(shape), axis, np.dtype(dtype).name, spread, offset]
        written = {name: f"{value * 1e6:.4g}" for name, value in seconds.items()}
        ratios = {name: float(us) / float(written["scipy"]) for name, us in written.items()}
        for name, us in written.items():
            rows.append([*case, name, us, f"{ratios[name]:.3f}"])
        shown = " ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        print(f"{at}/{len(cases)}", *case, shown, flush=True)
    if options.only:
        return
    write(options.machine, said, rows, RECORD)
    print(f"{RECORD.name} is written; now: python figures/make.py")
    print("and python -m tools.run_notebooks 07")


if __name__ == "__main__":
    main()
