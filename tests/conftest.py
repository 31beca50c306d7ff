"""The two tiers of the tests, and what several test modules share."""


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="run the tests that take long, too")


def pytest_collection_modifyitems(config, items):
    """Without --thorough, leaves out the tests that are marked so."""
    if config.getoption("--thorough"):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("thorough")]
