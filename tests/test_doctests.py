"""The examples in docstrings give what they show, on any numpy."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import softmaxlab

WITH_EXAMPLES = {
    "softmaxlab.softmax": {"softmax", "log_softmax", "logsumexp"},
    "softmaxlab.checkup": {"examine"},
    "softmaxlab.exact": {"softmax", "log_softmax", "logsumexp", "errors_in_ulps"},
}
MODULES = [module.name for module in pkgutil.walk_packages(softmaxlab.__path__, "softmaxlab.")]


def examples(name):
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder().find(module, name, module) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_show(name):
    runner = doctest.DocTestRunner(verbose=False)
    for test in examples(name):
        report = []
        with np.printoptions(), np.errstate():
            runner.run(test, out=report.append)
        assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_functions_of_the_front_have_examples(name):
    assert {test.name.rpartition(".")[2] for test in examples(name)} >= WITH_EXAMPLES[name]
