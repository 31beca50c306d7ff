"""Does `examine` notice a small change? Mutates softmaxes that are right, one place at a time.

    python -m benchmarks.mutants

mutates softmaxlab.softmax, in every function that it reaches, and some softmaxes of the bank. It
prints how many mutants of each were caught, and lists those that were not. A mutant must be caught
if on some input of `inputs` it fails where its original does not. Caught is one that gets a finding
which its original does not get; of a sound original, one that is called wrong or limited. One that
does not come to an end counts as caught too: whoever examines it sees that. The tests try fewer.
"""

import ast
import contextlib
import copy
import functools
import inspect
import math
import random
import re
import signal
import sys
import textwrap
import time
import warnings

import numpy as np

from benchmarks import softmaxes
from softmaxlab import exact, examine
from softmaxlab.checkup import fails

BANK = softmaxes.WRONG | softmaxes.LIMITED | softmaxes.RIGHT
ORIGINALS = (
    "double_inside",
    "any_axis",
    "arrays_only",
    "transposed_and_back",
    "slice_by_slice",
    "max_and_sum_in_one_pass",
    "one_over_a_sum",
)

# Constants of softmax.py, made small so that small inputs reach all of its code.
SMALL = {"BLOCK": 128, "SMALL": 8, "SHORT": 2, "PAIRS": 4, "ROWS": 2}

SHAPES = ((1,), (2,), (3,), (7,), (40,), (4, 5), (5, 4), (3, 3), (1, 4), (4, 1), (2, 90), (2, 3, 4))
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
    elif isinstance(node, ast.BoolOp):
        yield with_(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.If):
        yield with_(test=ast.UnaryOp(ast.Not(), node.test))
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
    elif (
        isinstance(node, ast.Name)
        and re.match("ax[ei]s", node.id)
        and isinstance(node.ctx, ast.Load)
    ):
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
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
        yield ast.Pass()


def reached(tree, name):
    """The functions and constants of a module that a function of it needs, itself first."""
    defined = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined[node.name] = node
        elif assigned(node):
            defined[assigned(node)] = node
    names = [name]
    for known in names:  # which grows meanwhile
        used = [node.id for node in ast.walk(defined[known]) if isinstance(node, ast.Name)]
        names += [new for new in dict.fromkeys(used) if new in defined and new not in names]
    return [defined[known] for known in names]


def assigned(node):
    """The name to which a statement assigns, if it is one that does."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def places(part):
    """Every node below a part of a tree, as the list or the fields that hold it, and where."""
    for parent in ast.walk(part):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield vars(parent), field
            elif isinstance(value, list):
                yield from (
                    (value, at) for at, node in enumerate(value) if isinstance(node, ast.AST)
                )


def mutants(tree, name, space, share=1.0):
    """Source and function of a share of the mutants, chosen by a fixed seed, each source once."""
    chance = random.Random(34968722)
    for part in reached(tree, name):
        seen = {ast.unparse(part)}
        for holder, at in list(places(part)):
            node = holder[at]
            for holder[at] in changed(node):
                if chance.random() >= share or (source := ast.unparse(part)) in seen:
                    continue
                seen.add(source)
                try:
                    mutant = run(tree, space)[name]
                except Exception:  # such as for a default of -None: it cannot be imported
                    continue
                yield source, mutant
            holder[at] = node


def run(tree, space):
    """What a tree defines, in a namespace of its own that starts as `space`."""
    space = dict(space)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(ast.unparse(tree), "mutant", "exec"), space)
    return space


def of_the_bank(name):
    """A softmax of the bank as a tree, its name, and the names around it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(BANK[name].function)))
    tree.body[0].decorator_list = []
    return tree, name, vars(softmaxes)


def of_softmaxlab(constants):
    """The same of softmaxlab.softmax, with other values for some constants of its module."""
    module = sys.modules["softmaxlab.softmax"]
    assert constants.keys() <= vars(module).keys()
    tree = ast.parse(inspect.getsource(module))
    tree.body = [node for node in tree.body if assigned(node) not in constants]
    names = ("__name__", "__package__")
    return tree, "softmax", {name: vars(module)[name] for name in names} | constants


@functools.cache
def inputs():
    """Inputs with the exact answer, made by chance and so not those of `examine`."""
    rng = np.random.default_rng(34968722)
    arrays = []
    for shape in [
        (1,),
        (2,),
        (3,),
        (7,),
        (4, 5),
        (5, 4),
        (3, 3),
        (1, 4),
        (4, 1),
        (2, 3, 4),
        (40,),
        (2, 150),
    ]:
        for spread, offset in [(1, 0), (20, 0), (0.1, 900), (3, -900), (600, 0), (1, 1e6)]:
            arrays.append(rng.normal(size=shape) * spread + offset)
        arrays.append(rng.normal(size=shape).astype(np.float32))
        arrays.append((rng.normal(size=shape) * 3).astype(np.float16))
        arrays.append(rng.integers(-9, 9, size=shape))
        arrays.append(rng.integers(0, 255, size=shape).astype(np.uint8))
        arrays.append(rng.normal(size=shape) + rng.choice([0.0, -np.inf], p=[0.8, 0.2], size=shape))
        arrays.append(rng.normal(size=shape) + rng.choice([0.0, np.nan], p=[0.9, 0.1], size=shape))
    arrays += [array.tolist() for array in arrays[:80:7]]
    return [(x, a, exact.softmax(x, a)) for x in arrays for a in range(-np.ndim(x), 1)]


def holds(function, x, axis, expected):
    """Whether a softmax gives the shape, the dtype and the numbers, and leaves its input alone."""
    takes_axis = "axis" in inspect.signature(function).parameters
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
        same = off <= 100 + np.where(np.isfinite(gap), gap, math.inf)
        same |= (expected < 1e-300) & (p < 1e-300)
        same |= np.isnan(expected) & np.isnan(p).any(axis, keepdims=True)
    return bool(same.all())


def tried(function):
    """The inputs, by number, on which a softmax holds; if it takes no axis, along the last."""
    takes_axis = "axis" in inspect.signature(function).parameters
    return [
        number
        for number, (x, axis, expected) in enumerate(inputs())
        if (takes_axis or axis == -1) and holds(function, x, axis, expected)
    ]


def names(checkup):
    return {f.name for failure in checkup.failures for f in (failure, *failure.also)}


class Endless(KeyboardInterrupt):
    """Raised in a mutant that does not come to an end; `examine` lets only this kind through."""


@contextlib.contextmanager
def at_most(seconds):
    """Of the processor's time, so that a busy machine ends nothing early."""

    def stop(signum, frame):
        raise Endless

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def score(tree, name, space, share=1.0):
    """How many mutants of an original must be caught, and the sources of those that are not."""
    original, given = run(tree, space)[name], inputs()
    start = time.process_time()
    right = tried(original)
    enough = 20 * (time.process_time() - start)
    known = names(examine(original))
    differ, survivors = 0, []
    for source, mutant in mutants(tree, name, space, share):
        try:
            with at_most(enough):
                same = all(holds(mutant, *given[number]) for number in right)
            if same:
                continue
            with at_most(20):
                caught = any(finding not in known for finding in fails(mutant))
                caught = caught or names(examine(mutant)) - known
        except Endless:
            caught = True
        differ += 1
        if not caught:
            survivors.append(source)
    return differ, survivors


def main():
    for title, original in {
        "softmaxlab.softmax": of_softmaxlab(SMALL),
        **{name: of_the_bank(name) for name in ORIGINALS},
    }.items():
        differ, survivors = score(*original)
        print(f"{title}: {differ - len(survivors)} of {differ} caught", flush=True)
        for source in survivors:
            print(textwrap.indent(source, "    "), end="\n\n")


if __name__ == "__main__":
    main()
