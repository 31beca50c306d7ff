"""Does `examine` notice a small change? Mutates softmaxes that are right, one place at a time.

    python tests/mutants.py

prints how many mutants of each were caught, and lists those that were not. A mutant must be caught
if on some input of `inputs` it fails where its original does not. Caught is one that gets a finding
which its original does not get.
"""

import ast
import copy
import functools
import inspect
import math
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "notebooks")]

import softmaxes  # noqa: E402

from softmaxlab import exact, examine  # noqa: E402

ORIGINALS = (
    "double_inside",
    "any_axis",
    "arrays_only",
    "transposed_and_back",
    "slice_by_slice",
    "max_and_sum_in_one_pass",
    "one_over_a_sum",
)

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow, ast.Mod)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.GtE)
NAMES = {
    "max": ("min", "mean", "sum", "ptp"),
    "maximum": ("minimum", "add", "subtract"),
    "sum": ("max", "min", "mean", "prod", "std"),
    "exp": ("exp2", "expm1", "log", "sqrt", "square", "abs", "tanh"),
    "float64": ("float32", "float16", "int64"),
    "inf": ("pi",),
}


def changed(node):
    """Every small change of one node, each as the node to put in its place."""

    def with_(**fields):
        other = copy.deepcopy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        return other

    if isinstance(node, ast.BinOp):
        yield from (with_(op=op()) for op in OPERATORS if not isinstance(node.op, op))
        yield from (node.left, node.right, with_(left=node.right, right=node.left))
    elif isinstance(node, ast.Compare):
        yield from (with_(ops=[op()]) for op in COMPARISONS if not isinstance(node.ops[0], op))
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Attribute):
        yield from (with_(attr=name) for name in NAMES.get(node.attr, ()))
        if node.attr == "T":
            yield node.value
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield with_(value=not node.value)
        elif isinstance(node.value, (int, float)):
            yield from (with_(value=value) for value in (node.value + 1, node.value - 1, None))
    elif isinstance(node, ast.Name) and node.id == "axis" and isinstance(node.ctx, ast.Load):
        yield from (ast.Constant(value) for value in (0, 1, -1, None))
    elif isinstance(node, ast.Call):
        for n in range(len(node.keywords)):
            yield with_(keywords=node.keywords[:n] + node.keywords[n + 1 :])
        yield from node.args[:1]
        if isinstance(node.func, ast.Attribute):
            yield node.func.value
        for value in (1e-12, -1e-12, 1e-6, 1.0):
            yield ast.BinOp(node, ast.Add(), ast.Constant(value))
        for name in ("abs", "round", "nan_to_num", "squeeze", "float32", "sort"):
            yield ast.Call(ast.Attribute(ast.Name("np"), name), [node], [])
    elif isinstance(node, (ast.Assign, ast.AugAssign)):
        yield ast.Pass()


class Swap(ast.NodeTransformer):
    def __init__(self, index, node):
        self.index, self.node, self.count = index, node, -1

    def generic_visit(self, node):
        self.count += 1
        if self.count == self.index:
            self.index = None
            return ast.fix_missing_locations(self.node)
        return super().generic_visit(node)


def nodes_in_order(tree):
    found = []

    class Walk(ast.NodeTransformer):
        def generic_visit(self, node):
            found.append(node)
            return super().generic_visit(node)

    Walk().visit(copy.deepcopy(tree))
    return found


def mutants(function):
    """Source and function of every mutant that can be compiled, each source once."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    tree.body[0].decorator_list = []
    seen = {ast.unparse(tree)}
    for index, node in enumerate(nodes_in_order(tree)):
        for other in changed(node):
            mutant = Swap(index, copy.deepcopy(other)).visit(copy.deepcopy(tree))
            source = ast.unparse(ast.fix_missing_locations(mutant))
            if source in seen:
                continue
            seen.add(source)
            space = vars(softmaxes).copy()
            try:
                exec(compile(source, "mutant", "exec"), space)
            except (SyntaxError, TypeError):  # a default such as -None
                continue
            yield source, space[function.__name__]


@functools.cache
def inputs():
    """Inputs with the exact answer, made by chance and so not those of `examine`."""
    rng = np.random.default_rng(34968722)
    arrays = []
    for shape in [(1,), (2,), (3,), (7,), (4, 5), (5, 4), (3, 3), (1, 4), (4, 1), (2, 3, 4)]:
        for spread, offset in [(1, 0), (20, 0), (0.1, 900), (3, -900), (600, 0), (1, 1e6)]:
            arrays.append(rng.normal(size=shape) * spread + offset)
        arrays.append(rng.normal(size=shape).astype(np.float32))
        arrays.append((rng.normal(size=shape) * 3).astype(np.float16))
        arrays.append(rng.integers(-9, 9, size=shape))
        arrays.append(rng.integers(0, 255, size=shape).astype(np.uint8))
        arrays.append(rng.normal(size=shape) + rng.choice([0.0, -np.inf], p=[0.8, 0.2], size=shape))
        arrays.append(rng.normal(size=shape) + rng.choice([0.0, np.nan], p=[0.9, 0.1], size=shape))
    arrays += [array.tolist() for array in arrays[:80:7]]
    return [(x, a, exact.softmax(x, a)) for x in arrays for a in range(-np.ndim(x), np.ndim(x))]


def holds(function, takes_axis, x, axis, expected):
    """Whether a softmax gives the shape, the dtype and the numbers, and leaves its input alone."""
    given = copy.deepcopy(x)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            p = function(given, axis=axis) if takes_axis else function(given)
    except Exception:
        return False
    x = np.asarray(x)
    if not isinstance(p, np.ndarray) or p.shape != x.shape or p.dtype.kind != "f":
        return False
    if x.dtype.kind == "f" and p.dtype != x.dtype:
        return False
    if np.asarray(given).tobytes() != x.tobytes():
        return False
    with np.errstate(all="ignore"):
        gap = x.max(axis, keepdims=True) - x.astype(float)
        off = np.abs(p - expected) / np.spacing(np.abs(expected).astype(p.dtype))
        same = off <= 20 + np.where(np.isfinite(gap), gap, math.inf)
        same |= (expected < 1e-300) & (p < 1e-300)
        same |= np.isnan(expected) & np.isnan(p).any(axis, keepdims=True)
    return bool(same.all())


def tried(function):
    """The inputs, by number, on which a softmax holds."""
    takes_axis = "axis" in inspect.signature(function).parameters
    return {
        number
        for number, (x, axis, expected) in enumerate(inputs())
        if (takes_axis or axis == -1) and holds(function, takes_axis, x, axis, expected)
    }


def names(checkup):
    return {f.name for failure in checkup.failures for f in (failure, *failure.also)}


def score(name):
    """How many mutants of an original must be caught, and the sources of those that are not."""
    bank = softmaxes.WRONG | softmaxes.LIMITED | softmaxes.RIGHT
    original = bank[name].function
    right, known = tried(original), names(examine(original))
    differ, survivors = 0, []
    for source, mutant in mutants(original):
        if right <= tried(mutant):
            continue
        differ += 1
        if not names(examine(mutant)) - known:
            survivors.append(source)
    return differ, survivors


if __name__ == "__main__":
    for name in ORIGINALS:
        differ, survivors = score(name)
        print(f"{name}: {differ - len(survivors)} of {differ} caught")
        for source in survivors:
            print(textwrap.indent(source, "    "), end="\n\n")
