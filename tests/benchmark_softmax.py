"""Times softmaxes on one thread, and writes tests/softmax_speed.csv.

python tests/benchmark_softmax.py [--rounds 15]

In one process and in turns: ours, scipy's, np.exp alone, and torch, jax, TensorFlow and numba where
they are installed. Medians of the rounds, and their ratios to the median of scipy in the same
rounds. jax and TensorFlow are given arrays of their own, and numba a plain loop over rows.
"""

import argparse
import csv
import importlib
import importlib.metadata
import os
import platform
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
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))

import numpy as np  # noqa: E402
import scipy.special  # noqa: E402

from softmaxlab import softmax  # noqa: E402

RESULT = Path(__file__).with_name("softmax_speed.csv")
SHAPES = [
    ((10,), -1),
    ((1000,), -1),
    ((10**6,), -1),
    ((10**7,), -1),
    ((1000, 1000), -1),
    ((1000, 1000), 0),
    ((64, 50257), -1),
    ((10**6, 10), -1),
    ((10**6, 10), 0),
    ((10**5, 3), -1),
    ((10**5, 3), 0),
]
LOGITS = [(1, 0), (300, 0), (1, 5000)]  # spread and offset
LIBRARIES = ["torch", "jax", "tensorflow", "numba"]


def libraries():
    """Of those installed: a function that makes of x and axis a call without arguments."""
    made = {
        "scipy": lambda x, axis: lambda: scipy.special.softmax(x, axis),
        "ours": lambda x, axis: lambda: softmax(x, axis),
        "np.exp": lambda x, axis: lambda: np.exp(x),
    }
    for name in LIBRARIES:
        try:
            made[name] = globals()[f"with_{name}"](importlib.import_module(name))
        except ImportError:
            print(f"{name} is not installed here", file=sys.stderr)
    return made


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

    def call(x, axis):
        along = np.moveaxis(x, axis, -1)
        logits = np.ascontiguousarray(along).reshape(-1, x.shape[axis])
        return lambda: rows(logits)

    return call


def medians(calls, rounds):
    """Median seconds of each call, all of them once in every round, short ones many times over."""
    times = {name: [] for name in calls}
    for call in calls.values():
        call()
    start = time.perf_counter()
    calls["scipy"]()
    repeats = max(1, int(5e-3 / (time.perf_counter() - start)))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            times[name].append((time.perf_counter() - start) / repeats)
    return {name: statistics.median(values) for name, values in times.items()}


def machine(names):
    """The processor and the versions, without the name of the host."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), ""
    )
    vectors = "AVX-512" if any("avx512f" in line for line in lines) else ""
    parts = [model or platform.machine(), vectors, f"{os.cpu_count()} cores", "one thread"]
    versions = [f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    for name in names:
        package = {"tensorflow": "tensorflow-cpu"}.get(name, name)
        versions.append(f"{name} {importlib.metadata.version(package)}")
    return ", ".join(filter(None, parts + versions))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    made = libraries()
    about = machine(["scipy", *(name for name in LIBRARIES if name in made)])
    print(about)
    rng = np.random.default_rng(0)
    cases = [(s, a, d, k) for k in LOGITS for s, a in SHAPES for d in (np.float64, np.float32)]
    with RESULT.open("w", newline="", encoding="utf-8") as file, np.errstate(all="ignore"):
        file.write(f"# {about}; medians of {rounds} interleaved rounds\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(
            ["shape", "axis", "dtype", "spread", "offset", "softmax", "us", "over scipy"]
        )
        for at, (shape, axis, dtype, (spread, offset)) in enumerate(cases, 1):
            x = (rng.standard_normal(shape) * spread + offset).astype(dtype)
            calls = {name: call(x, axis) for name, call in made.items()}
            seconds = medians(calls, rounds)
            case = ["x".join(map(str, shape)), axis, np.dtype(dtype).name, spread, offset]
            for name, value in seconds.items():
                ratio = f"{value / seconds['scipy']:.3f}"
                table.writerow([*case, name, f"{value * 1e6:.4g}", ratio])
            ratios = " ".join(f"{n} {v / seconds['scipy']:.2f}" for n, v in seconds.items())
            print(f"{at}/{len(cases)}", *case, ratios, flush=True)


if __name__ == "__main__":
    main()
