"""The two tiers of the tests, and which of them run in one process."""

import re

import pytest

pytest.register_assert_rewrite("lessons")

# Each takes minutes in one process, so none may be the last to begin.
LONG = ("test_grade", "test_site", "test_streaming")


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="run what takes long, too")


def pytest_collection_modifyitems(config, items):
    """Leaves out what is marked `thorough` unless it is asked for; else the longest come first."""
    if config.getoption("--thorough"):
        items.sort(key=lambda item: item.path.stem not in LONG)
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("thorough")]


def scope(nodeid):
    """The name of the tests that run in one process: a module's, or those of one notebook.

    The general tests of a notebook share a run of it with the module that is named after it.
    """
    module = re.search(r"test_(\w+)\.py", nodeid)[1]
    lesson = re.search(r"\[(?:.*-)?(\d\d_\w+)", nodeid)
    return lesson[1] if lesson and module in ("notebooks", "teaching") else module


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByLesson(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return scope(nodeid)

    return ByLesson(config, log)
