"""A plugin that runs scipy's own tests of logsumexp with our functions in the place of scipy's.

Left out is what ours do not take: complex numbers, and the arguments `b` and `return_sign`.
"""

import collections
import functools
import inspect
import re
import types

import softmaxlab

NAMES = ("softmax", "log_softmax", "logsumexp")
called = collections.Counter()
reasons = collections.Counter()


def ours(name):
    """Our function of this name, along the whole array by default, as scipy's are."""

    @functools.wraps(getattr(softmaxlab, name))
    def function(x, axis=None, **options):
        called[name] += 1
        return getattr(softmaxlab, name)(x, axis, **options)

    return function


def reason_to_leave_out(item):
    """Of what the test is, if it is of what ours do not take."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    source = inspect.getsource(item.function)
    if re.search(r"\bb=|return_sign", source):
        return "the arguments b and return_sign"
    if any(isinstance(value, complex) or "complex" in str(value) for value in parameters):
        return "complex numbers"
    if re.search(r"\dj\b|_wrap_radians", source):
        return "complex numbers"
    return None


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if reason_to_leave_out(item)]
    reasons.update(map(reason_to_leave_out, left_out))
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    for module in {item.module for item in items}:
        functions = {name: ours(name) for name in NAMES}
        vars(module).update(functions)
        if hasattr(module, "sc"):  # scipy.special, in an older module
            module.sc = types.SimpleNamespace(**functions)


def pytest_terminal_summary(terminalreporter):
    for reason, tests in reasons.items():
        terminalreporter.write_line(f"left out {tests} of {reason}")
    for name in NAMES:
        terminalreporter.write_line(f"called {name} {called[name]} times")
