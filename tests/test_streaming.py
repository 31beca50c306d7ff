"""Streaming softmax: any chunks, any order of merging, any scheduler, and little memory.

Errors are in ulps of the exact result: at most 5 in float64, whatever the split, and at most 1 in
narrower floats. The run on two workers of 256 MiB takes its size in GiB from STREAMING_GIB; 4 GiB
on two of 512 MiB are a command: python -m benchmarks.streaming.
"""

import csv
import math
import os
import pickle
import subprocess
import sys
import textwrap
import time
import tracemalloc
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path

import dask
import dask.array
import distributed
import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import streaming as benchmark
from benchmarks.streaming import rounded_once
from softmaxlab import exact, streaming
from tools import browser

ULPS = {"e": 1, "f": 1, "d": 5}
GIB = float(os.environ.get("STREAMING_GIB", "0.6" if "CI" in os.environ else "0.25"))
LIMIT = 256 * 2**20  # bytes; two of them hold less than what CI streams
MOST = LIMIT * 3 / 4  # what holds the array gets beyond it before Dask spills to the disk
CHUNK = (256, benchmark.HALF)  # 16 MiB
NOTHING = np.array((-np.inf, 0, 0), streaming.PAIR)

logits = st.one_of(
    st.floats(-30, 30),
    st.floats(-800, 800),
    st.floats(),
    st.sampled_from(
        [0.0, -0.0, 255.9, 256.0, -256.0, -256.1, 512.0, 1e308, -1e308, np.inf, -np.inf, np.nan]
    ),
)


def check(p, x, axis):
    assert p.shape == x.shape
    assert (exact.errors_in_ulps(p, x, axis) <= ULPS[p.dtype.char]).all()


def merged_in_any_order(pairs, data):
    pairs = list(pairs)
    while len(pairs) > 1:
        i, j = data.draw(st.permutations(range(len(pairs))))[:2]
        pair = streaming.merge(pairs[i], pairs[j])
        pairs = [kept for k, kept in enumerate(pairs) if k not in (i, j)] + [pair]
    return pairs[0]


def split(x, data, axis):
    cuts = data.draw(st.lists(st.integers(0, x.shape[axis]), max_size=8))
    return np.split(x, sorted(cuts), axis)


@settings(deadline=None, max_examples=300)
@given(st.lists(logits, min_size=1, max_size=40), st.sampled_from("efd"), st.data())
def test_any_split_and_any_order_of_merging(values, dtype, data):
    with np.errstate(over="ignore"):
        x = np.array(values).astype(dtype)
    chunks = split(x, data, 0)
    pair = merged_in_any_order((streaming.statistics(chunk, 0) for chunk in chunks), data)
    p = np.concatenate([streaming.probabilities(chunk, pair, 0) for chunk in chunks])
    assert p.dtype == x.dtype
    check(p, x, 0)


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 300),
    st.sampled_from([0, 1e-3, 1, 10, 100, 800]),
    st.sampled_from([0, 1, -1, -20, 250, 256, -256, -253, 512, 700, 1e4, -1e8, 1e16]),
    st.sampled_from([-np.inf, np.inf, np.nan, None]),
    st.data(),
)
def test_any_spread_and_offset_and_a_chunk_of_one_kind(seed, n, spread, offset, kind, data):
    x = np.random.default_rng(seed).normal(size=(2, n)) * spread + offset
    chunks = split(x, data, 1)
    if kind is not None:
        data.draw(st.sampled_from(chunks))[0] = kind
    pairs = merged_in_any_order(map(streaming.statistics, chunks), data)
    p = np.concatenate([streaming.probabilities(chunk, pairs) for chunk in chunks], 1)
    check(p, x, 1)
    special = np.isnan(x).any(1) | np.isposinf(x).any(1) | np.isneginf(x).all(1)
    np.testing.assert_array_equal(np.isnan(p), np.broadcast_to(special[:, None], p.shape))


def same(pairs, others):
    """To the bit; what is nan has no rest."""
    for name in streaming.PAIR.names:
        at = ~np.isnan(pairs["sum"]) | (name != "rest")
        np.testing.assert_array_equal(pairs[name][at], others[name][at])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(logits, max_size=6), min_size=3, max_size=3))
def test_pairs_are_a_commutative_monoid(chunks):
    """The identity and the order to the bit, the grouping to 27 digits of the sum and its rest."""
    a, b, c = (streaming.statistics(np.array(chunk, float), 0) for chunk in chunks)
    same(streaming.merge(a, NOTHING.reshape(a.shape)), a)
    same(streaming.merge(NOTHING.reshape(a.shape), a), a)
    same(streaming.merge(a, b), streaming.merge(b, a))
    left = streaming.merge(streaming.merge(a, b), c)[0]
    right = streaming.merge(a, streaming.merge(b, c))[0]
    np.testing.assert_array_equal(left["shift"], right["shift"])
    if math.isnan(left["sum"]):
        assert math.isnan(right["sum"])
    else:
        one, other = (Fraction(pair["sum"]) + Fraction(pair["rest"]) for pair in (left, right))
        assert abs(one - other) <= one * Fraction(1, 10**27)


def test_the_pair_of_nothing_is_the_identity():
    empty = streaming.statistics(np.empty((3, 0)))
    only = streaming.statistics(np.full((3, 2), -np.inf))
    assert empty.shape == only.shape == (3, 1)
    np.testing.assert_array_equal(empty, np.broadcast_to(NOTHING, (3, 1)))
    np.testing.assert_array_equal(only, empty)


def test_the_two_floats_of_one_step():
    true = Context(prec=60).exp(-Decimal(streaming.STEP))
    rest = Context(prec=60).subtract(true, Decimal(float(true)))
    assert float(true) == streaming.EXP_OF_STEP
    assert float(rest) == streaming.ITS_REST


def test_merging_a_thousand_chunks_one_after_the_other_costs_no_digits():
    x = np.random.default_rng(0).normal(size=1000) * 0.01 - np.linspace(0, 300, 1000)
    pair = NOTHING.reshape(1)
    for value in x:
        pair = streaming.merge(pair, streaming.statistics([value], 0))
    check(streaming.probabilities(x, pair, 0), x, 0)


@pytest.mark.parametrize("block", [1, 2, 7, 100, 1000, 10**6])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_any_block(block, axis):
    x = np.random.default_rng(0).normal(size=(4, 50, 7)) * 30
    check(streaming.softmax(x, axis, block=block), x, axis)
    chunk = streaming.probabilities(x, streaming.statistics(x, axis), axis)
    np.testing.assert_array_max_ulp(chunk, streaming.softmax(x, axis, block=block), 2)


@pytest.mark.parametrize("shape", [(7,), (5, 3), (3, 4, 5), (0, 3), (1, 1)])
@pytest.mark.parametrize("size", [1, 4, 10, 1000])
def test_tiles_cover_each_entry_once_and_are_no_greater_than_asked(shape, size):
    for axis in range(len(shape)):
        seen = np.zeros(shape, int)
        for region, tiles in streaming._regions(shape, (axis,), size):
            for tile in tiles:
                seen[tile] += 1
                assert seen[tile].size <= size
                assert region[:axis] == tile[:axis]
                assert region[axis + 1 :] == tile[axis + 1 :]
        assert (seen == 1).all()


def test_there_are_far_fewer_pairs_than_entries():
    for axis in (0, 1):
        for _, tiles in streaming._regions((10**6, 10**6), (axis,), streaming.TILE):
            lengths = [part.stop - part.start for part in tiles[0]]
            assert lengths[axis] >= 128
            assert math.prod(lengths) <= streaming.TILE
            break


@pytest.mark.parametrize(
    ("given_as", "result"),
    [("e", "e"), (">f4", "f"), ("d", "d"), ("i8", "d"), ("u1", "d"), ("?", "d")],
)
def test_dtypes(given_as, result):
    x = np.array([[0, 1, 1], [1, 0, 1]]).astype(given_as)
    p = streaming.softmax(x)
    assert p.dtype == np.dtype(result)
    assert p.dtype.isnative
    check(p, x, -1)


def test_many_equal_logits():
    for n in (1000, 2**20 + 1):
        np.testing.assert_array_equal(streaming.softmax(np.zeros((n, 2)), 0), 1 / n)
        np.testing.assert_array_max_ulp(streaming.softmax(np.full(n, -1e5)), np.full(n, 1 / n), 2)


def test_no_rows_give_no_rows():
    assert streaming.softmax(np.empty((0, 3))).shape == (0, 3)


def test_in_place():
    x = np.random.default_rng(0).normal(size=(50, 40))
    expected = streaming.softmax(x, 0)
    assert streaming.softmax(x, 0, out=x, block=30) is x
    np.testing.assert_array_max_ulp(x, expected, 2)


@pytest.mark.parametrize("axis", [None, (0, 2), (2, -2), (1,), ()])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_several_axes(axis, block):
    x = np.random.default_rng(0).normal(size=(4, 5, 7)) * 30
    check(streaming.softmax(x, axis, block=block), x, axis)
    check(streaming.probabilities(x, streaming.statistics(x, axis), axis), x, axis)
    lazy = dask.array.from_array(x, chunks=(2, 3, 4))
    for whole in (lazy, lazy.rechunk(-1)):
        check(streaming.dask_softmax(whole, axis).compute(scheduler="synchronous"), x, axis)


def test_a_scalar_takes_no_axis():
    np.testing.assert_array_equal(streaming.softmax(3.0, None), 1.0)


def test_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="no bfloat16 here: ml_dtypes is missing")
    x = np.random.default_rng(0).normal(size=(5, 7)).astype(ml_dtypes.bfloat16)
    expected = exact.softmax(x).astype(x.dtype)
    np.testing.assert_array_equal(streaming.softmax(x), expected)
    assert streaming.softmax(x, out=x, block=3) is x
    np.testing.assert_array_equal(x, expected)


# Where the result goes

LAYOUTS = {
    "rows": lambda x: x.copy(),
    "columns": lambda x: np.asfortranarray(x),
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "every other": lambda x: np.repeat(np.repeat(x, 2, 0), 2, 1)[::2, ::2],
}


@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("dtype", ["e", ">f", "d"])
def test_in_place_in_any_layout(layout, dtype, axis):
    logits = (np.random.default_rng(0).normal(size=(6, 6)) * 20).astype(dtype)
    x = layout(logits)
    with np.errstate(all="raise"):
        assert streaming.softmax(x, axis, x, block=5) is x
    check(x.astype(x.dtype.newbyteorder("=")), logits, axis)
    x = layout(logits)
    streaming.softmax(x, axis, x[...], block=5)
    check(x.astype(x.dtype.newbyteorder("=")), logits, axis)


@pytest.mark.parametrize("dtype", ["f", ">f", "d", "g"])
def test_out_may_be_wider_and_of_any_byte_order(dtype):
    x = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    out = streaming.softmax(x, out=np.empty(x.shape, dtype))
    np.testing.assert_array_max_ulp(out.astype(np.float32), rounded_once(x, 1), 1)


ACROSS = {
    "reversed": lambda room: room[5::-1],
    "transposed": lambda room: room[:6].T,
    "shifted": lambda room: room[1:],
    "of other steps": lambda room: room.reshape(-1)[4:40].reshape(6, 6),
    "the same entries, other steps": lambda room: room[:6].reshape(-1).reshape(6, 6, order="F"),
}


@pytest.mark.parametrize("way", ACROSS.values(), ids=ACROSS)
@pytest.mark.parametrize("stored", ["in memory", "mapped twice"])
def test_out_that_lies_across_x_is_refused_before_anything_is_written(way, stored, on_disk):
    before = np.random.default_rng(0).normal(size=(7, 6))
    x = room = before.copy()
    if stored == "mapped twice":
        path = on_disk(before).path
        x, room = np.load(path, mmap_mode="r"), np.load(path, mmap_mode="r+")
    with pytest.raises(ValueError, match="out must be x, or lie just where x does"):
        streaming.softmax(x[:6], out=way(room), block=4)
    np.testing.assert_array_equal(room, before)


@pytest.mark.parametrize("way", [np.transpose, np.flip])
def test_out_that_lies_across_the_file_of_x(way, on_disk):
    before = np.random.default_rng(0).normal(size=(6, 6))
    x = on_disk(before)
    mapped = np.load(x.path, mmap_mode="r+")
    for logits, out in ((x, way(mapped)), (way(mapped), x)):
        with pytest.raises(ValueError, match="out must be x, or lie just where x does"):
            streaming.softmax(logits, out=out, block=4)
        np.testing.assert_array_equal(x[...], before)
    for logits, out in ((x, mapped), (mapped, x), (x, streaming.OnDisk(x.path))):
        mapped[...] = before
        streaming.softmax(logits, out=out, block=4)
        check(x[...], before, -1)


@st.composite
def views(draw):
    """A way to look at 3 x 3 entries of 6 x 6."""
    cuts = st.sampled_from(
        [slice(0, 3), slice(1, 4), slice(0, 6, 2), slice(1, 6, 2), slice(5, 0, -2)]
    )
    rows, columns, turned = draw(cuts), draw(cuts), draw(st.booleans())
    return lambda room: room[rows, columns].T if turned else room[rows, columns]


@settings(deadline=None, max_examples=200)
@given(views(), views(), st.sampled_from([0, 1, None]), st.integers(1, 9))
def test_any_two_views_of_one_array_are_right_or_refused(of_x, of_out, axis, block):
    before = np.random.default_rng(0).normal(size=(6, 6))
    room, outside = before.copy(), np.ones((6, 6), bool)
    x, out = of_x(room), of_out(room)
    if np.shares_memory(x, out) and (x.ctypes.data, x.strides) != (out.ctypes.data, out.strides):
        with pytest.raises(ValueError, match="out must be x, or lie just where x does"):
            streaming.softmax(x, axis, out, block)
    else:
        streaming.softmax(x, axis, out, block)
        check(out, of_x(before), axis)
        of_out(outside)[...] = False
    np.testing.assert_array_equal(room[outside], before[outside])


def test_out_beside_x_in_one_array_or_file(on_disk):
    room = np.random.default_rng(0).normal(size=(7, 12))
    stored = on_disk(room)
    for both in (room.copy(), np.load(stored.path, mmap_mode="r+")):
        streaming.softmax(both[:, ::2], out=both[:, 1::2], block=5)
        check(both[:, 1::2], room[:, ::2], -1)
        np.testing.assert_array_equal(both[:, ::2], room[:, ::2])


@pytest.mark.parametrize("dtype", ["i8", "?", "U9", "e", "c16", [("a", "f8")]])
def test_out_that_cannot_hold_the_result_is_refused_before_anything_is_written(dtype, on_disk):
    x = np.random.default_rng(0).integers(0, 2, size=(3, 4))
    before = x.astype(np.dtype(dtype).newbyteorder("="))
    stored = on_disk(before)
    for out in (before.copy(), stored):
        with pytest.raises(TypeError, match="out must have slices that take float64"):
            streaming.softmax(x, out=out)
        np.testing.assert_array_equal(out[...], before)


def test_progress_counts_each_block_of_both_passes():
    calls = []
    streaming.softmax(np.zeros(100), block=10, progress=lambda *call: calls.append(call))
    assert calls == [(k, 20) for k in range(1, 21)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x": np.zeros((2, 0))}, ValueError, r"must have an entry along axis -1.*\(2, 0\)"),
        ({"x": np.zeros(3), "axis": 1}, ValueError, "axis must be within the 1 dimensions"),
        ({"x": 3.0}, ValueError, "axis must be within the 0 dimensions"),
        ({"x": np.zeros(3), "axis": 0.5}, TypeError, "axis must be an int.*, but is 0.5"),
        ({"x": ["a"]}, TypeError, "x must hold real numbers .*<U1"),
        ({"x": np.zeros(3, complex)}, TypeError, "complex128"),
        ({"x": np.zeros(3, np.longdouble)}, TypeError, np.dtype(np.longdouble).name),
        ({"x": np.ma.zeros(3)}, TypeError, "without a mask"),
        ({"x": np.zeros(3), "block": 0}, ValueError, "block must be.*but is 0"),
        ({"x": np.zeros(3), "out": np.zeros(4)}, ValueError, r"out must have the shape.*\(3,\)"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    if np.dtype(np.longdouble) == np.float64 and "x" in arguments and message == "float64":
        pytest.skip("longdouble is float64 here")
    with pytest.raises(error, match=message):
        streaming.softmax(**arguments)


@pytest.fixture
def on_disk(tmp_path):
    def save(x, name="x.npy"):
        np.save(tmp_path / name, x)
        return streaming.OnDisk(tmp_path / name)

    return save


def test_on_disk_travels_as_its_path_and_a_memmap_with_all_that_is_in_it(on_disk):
    x = np.arange(1200.0).reshape(3, 400)
    array = on_disk(x)
    assert (array.shape, array.dtype, array.ndim) == (x.shape, x.dtype, 2)
    assert len(pickle.dumps(array)) < 1000
    assert len(pickle.dumps(np.load(array.path, mmap_mode="r"))) > x.nbytes
    sent = distributed.protocol.pickle.loads(distributed.protocol.pickle.dumps(array))
    sent[1:, 2] = [-1, -2]
    assert type(array[0]) is np.ndarray
    np.testing.assert_array_equal(array[:, 1:3], [[1, 2], [401, -1], [801, -2]])


@pytest.mark.parametrize("axis", [0, 1])
def test_memmap_and_on_disk(axis, on_disk):
    x = np.random.default_rng(0).normal(size=(60, 70)).astype(np.float32)
    source, target = on_disk(x), on_disk(np.zeros_like(x), "p.npy")
    assert streaming.softmax(source, axis, target, block=100) is target
    check(target[...], x, axis)
    mapped = np.load(source.path, mmap_mode="r+")
    np.testing.assert_array_equal(streaming.softmax(mapped, axis, out=mapped), target[...])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's own memory")
@pytest.mark.parametrize("axis", [0, 1])
def test_a_memmap_larger_than_the_memory_allowed(axis, on_disk):
    """32 MiB in, 32 MiB out, within 16 MiB more than numpy itself has; at once it is refused."""
    x = np.random.default_rng(0).standard_normal((2**11, 2**12), dtype=np.float32)
    source, target = on_disk(x), on_disk(np.zeros_like(x), "p.npy")
    code = f"""
        import resource
        import numpy as np
        from softmaxlab import streaming
        status = open("/proc/self/status").read()
        own = int(status.split("VmData:")[1].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, 2 * [own + 16 * 2**20])
        x, p = np.load({source.path!r}, mmap_mode="r"), np.load({target.path!r}, mmap_mode="r+")
        try:
            x + 0
        except MemoryError:
            print("refused")
        streaming.softmax(x, {axis}, out=p)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=Path(streaming.__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (ran.stdout, ran.stderr) == ("refused\n", "")
    np.testing.assert_array_max_ulp(target[...], rounded_once(x, axis), 1)


def test_memory_does_not_grow_with_the_array(on_disk):
    peaks = []
    for rows in (2**9, 2**11):
        source = on_disk(np.zeros((rows, 2**10), np.float32))
        tracemalloc.start()
        streaming.softmax(source, 0, out=source)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 8 * 2**20
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("chunks", [(100, 70), (500, 300), (500, 10), (7, 300)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_dask_without_a_cluster(axis, chunks, scheduler):
    x = np.random.default_rng(0).normal(size=(500, 300)).astype(np.float32)
    x[:100, :70] = -np.inf
    x[-1, -1] = np.nan
    lazy = dask.array.from_array(x, chunks=chunks)
    with dask.config.set(scheduler=scheduler):
        p = streaming.dask_softmax(lazy, axis)
        assert (p.dtype, p.chunks) == (x.dtype, lazy.chunks)
        np.testing.assert_array_max_ulp(p.compute(), rounded_once(x, axis), 1)


def test_dask_takes_integers_and_three_dimensions():
    x = np.random.default_rng(0).integers(-9, 9, size=(6, 7, 8))
    lazy = dask.array.from_array(x, chunks=(3, 3, 3))
    for axis in range(3):
        p = streaming.dask_softmax(lazy, axis).compute(scheduler="synchronous")
        check(p, x, axis)


def test_dask_names_tasks_without_pickling(monkeypatch):
    """By what is computed and along which axis: pickling takes as long as a small softmax."""
    monkeypatch.setattr("cloudpickle.dumps", None)
    for chunks in (6, 2):
        x = dask.array.from_array(np.arange(36.0).reshape(6, 6), chunks=chunks)
        pairs = [streaming.dask_statistics(x, axis) for axis in (0, 1, 0)]
        whole = [streaming.dask_probabilities(x, p, 0) for p in (pairs[0], pairs[2])]
        assert pairs[0].name == pairs[2].name != pairs[1].name
        assert whole[0].name == whole[1].name
    rows, columns = (streaming.dask_softmax(x.rechunk(6), axis) for axis in (1, 0))
    assert rows.name == streaming.dask_softmax(x.rechunk(6), 1).name != columns.name


def test_dask_names_bad_input():
    lazy = dask.array.zeros((3, 0), chunks=2)
    with pytest.raises(ValueError, match="must have an entry along axis -1"):
        streaming.dask_softmax(lazy)
    with pytest.raises(ValueError, match="axis must be within the 2 dimensions"):
        streaming.dask_softmax(lazy, 2)


def test_on_disk_read_only(on_disk):
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("the superuser writes to any file")
    x = np.random.default_rng(0).normal(size=(3, 4))
    stored = on_disk(x)
    os.chmod(stored.path, 0o400)
    with pytest.raises(ValueError, match="out must be writable, but an OnDisk of dtype float64"):
        streaming.softmax(stored, out=stored)


def test_dask_pairs_must_fit():
    x = np.random.default_rng(0).normal(size=(6, 6))
    lazy = dask.array.from_array(x, chunks=(3, 2))
    with pytest.raises(ValueError, match="pairs must have the chunks"):
        streaming.dask_probabilities(lazy, streaming.dask_statistics(lazy, 0), 1)
    with pytest.raises(ValueError, match="pairs must have the chunks"):
        streaming.dask_probabilities(lazy.rechunk(4), streaming.dask_statistics(lazy, 0), 0)


def test_a_class_with_slices_of_its_own_kind():
    """Read by slices if they are arrays, as a whole if not, and refused if entries are masked."""

    class Slices:
        shape, dtype = (40, 30), np.dtype(np.float32)
        x = np.random.default_rng(0).normal(size=shape).astype(dtype)
        most = 0

        def __getitem__(self, where):
            part = self.x[where]
            self.most = max(self.most, part.size)
            return part

    read = Slices()
    check(streaming.softmax(read, 0, block=100), read.x, 0)
    assert 0 < read.most <= 100

    class Labels(Slices):
        def __getitem__(self, where):
            raise KeyError(where)

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.x, dtype)

    check(streaming.softmax(Labels(), 0, block=100), read.x, 0)

    class Masked(Slices):
        def __getitem__(self, where):
            part = self.x[where]
            return np.ma.array(part, mask=part > 2) if (part > 2).any() else part

    with pytest.raises(TypeError, match="a slice of x must be an array without a mask"):
        streaming.softmax(Masked())


class Counted:
    """Zeros that count how often they are read, chunk by chunk."""

    shape, dtype, ndim, reads = (2**12, 2**10), np.dtype(np.float32), 2, 0

    def __getitem__(self, where):
        if 0 not in (part.stop - part.start for part in where):
            Counted.reads += 1
        return np.zeros([part.stop - part.start for part in where], self.dtype)


def test_dask_holds_no_chunk_between_the_passes():
    """Each chunk is read twice, and the peak is that of a few chunks of 64."""
    Counted.reads = 0
    x = dask.array.from_array(Counted(), chunks=(2**6, -1))

    class Sink:
        def __setitem__(self, where, values):
            pass

    with dask.config.set(scheduler="synchronous"):
        tracemalloc.start()
        p = streaming.dask_softmax(x, 0)
        dask.array.store(p, Sink(), lock=False)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert Counted.reads == 2 * 64
    assert most < x.nbytes / 3


@pytest.mark.thorough
def test_a_cluster_of_other_machines_needs_but_its_address(tmp_path, on_disk):
    """Workers started elsewhere, by Dask's own commands, without this package."""
    x = np.random.default_rng(0).normal(size=(200, 100)).astype(np.float32)
    source, target = on_disk(x), on_disk(np.zeros_like(x), "p.npy")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "softmaxlab.py").write_text("raise ModuleNotFoundError('installed here only')")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    common = ["--scheduler-file", "scheduler.json", "--no-dashboard"]
    commands = [
        ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", *common],
        *2 * [["dask_worker", "--nthreads", "1", *common]],
    ]
    started = []
    try:
        for name, *options in commands:
            started.append(
                psutil.Popen(
                    [sys.executable, "-m", f"distributed.cli.{name}", *options],
                    cwd=elsewhere,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        deadline = time.monotonic() + 60
        while not (elsewhere / "scheduler.json").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(elsewhere / "scheduler.json")) as client:
            client.wait_for_workers(2, timeout=60)
            with pytest.raises(ModuleNotFoundError):
                client.submit(lambda: __import__("softmaxlab")).result()
            for axis in (0, 1):
                p = streaming.dask_softmax(dask.array.from_array(source, chunks=(50, 40)), axis)
                dask.array.store(p, target, lock=False)
                np.testing.assert_array_max_ulp(target[...], rounded_once(x, axis), 1)
    finally:
        for process in reversed(started):
            browser.end(process)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    source, target = benchmark.write(folder, benchmark.rows_of(GIB))
    yield source, target
    for array in (source, target):
        os.remove(array.path)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("axis", "kill"), [(0, False), (1, False), (0, True)], ids=["columns", "rows", "killed"]
)
def test_two_workers_of_256_mib(axis, kill, large):
    """None near its limit, none restarted unless it was killed, no wrong slice.

    One that is killed has its work done anew, for which a third of the array is enough.
    """
    source, target = large
    benchmark.empty(target)
    if kill:
        rows = source.shape[0] // 3
        source, target = benchmark.first(source, rows), benchmark.first(target, rows)
    _, most, left = benchmark.on_workers(source, target, axis, CHUNK, kill, LIMIT)
    assert left == (1 if kill else 2)
    assert most < MOST
    benchmark.check(source, target, axis)


def test_the_check_of_large_runs_sees_a_wrong_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "COLUMNS", 2**13)
    monkeypatch.setattr(benchmark, "HALF", 2**12)
    source, target = benchmark.write(tmp_path, 600)
    for axis in (0, 1):
        streaming.softmax(source, axis, out=target)
        benchmark.check(source, target, axis)
        right = target[300:301, 5000:5001]
        target[300:301, 5000:5001] = right + 1e-5
        with pytest.raises(AssertionError):
            benchmark.check(source, target, axis)


def test_the_recorded_growth_is_linear():
    with benchmark.RESULT.open() as file:
        rows = list(csv.DictReader(file))
    growth = [row for row in rows if row["run"] == "growth"]
    assert [float(row["GiB"]) for row in growth] == [0.5, 1, 2, 4]
    logs = np.log([[float(row["GiB"]), float(row["seconds"])] for row in growth])
    assert 0.8 < np.polyfit(*logs.T, 1)[0] < 1.25
    assert max(float(row["peak MiB"]) for row in rows if row["workers"] == "2") < 512
    assert {row["run"] for row in rows} >= {"other axis", "a worker killed", "one process"}
