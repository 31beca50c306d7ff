"""The two tiers of the tests, and which of them run in one process."""

import re

import pytest

# Modules whose tests of one notebook share a run of it, with the module that is named after it.
BY_NOTEBOOK = ("test_notebooks", "test_teaching")


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="run what takes long, too")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leaves out what is marked `thorough` unless it is asked for, and groups what is left."""
    if not config.getoption("--thorough"):
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))


def group(item):
    """The name of the tests that run in one process with `item`."""
    module = item.path.stem
    path = item.callspec.params.get("path") if hasattr(item, "callspec") else None
    if path and module in BY_NOTEBOOK:
        return path.stem
    return re.sub(r"^test_(?=\d\d_)", "", module)
