"""Which environment this is, tools that may be missing, and environments made for a door."""

import glob
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

from tools import browser

PINS = browser.ROOT / "binder" / "requirements.txt"
# A name for git, which a clean machine does not have.
NAMED = ["-c", "user.name=A", "-c", "user.email=a@example.org"]


def pinned():
    """Whether this environment is the one that the committed outputs were made in."""
    if sys.platform != "linux":
        return False
    pins = dict(line.split("==") for line in PINS.read_text().split())
    return all(importlib.metadata.version(name) == version for name, version in pins.items())


ASKED = pinned() and "CI" in os.environ
asked = pytest.mark.skipif(
    not ASKED,
    reason="installs from PyPI and takes minutes; runs with Binder's pins where CI is set",
)


def needs(node, package):
    """The marks of tests with Chromium, npm's `node` and PyPI's `package`; CI must have them."""
    there = (
        browser.CHROMIUM
        and (browser.ROOT / "node_modules" / node).exists()
        and importlib.util.find_spec(package)
    )
    return [
        pytest.mark.skipif(not pinned(), reason="the pages are made with Binder's pins"),
        pytest.mark.skipif(
            not there and "CI" not in os.environ,
            reason=f"needs Chromium, {package}, and: npm install",
        ),
    ]


def axe():
    """The script of axe-core, with which a page examines itself; CI must have it."""
    script = browser.ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists() and "CI" not in os.environ:
        pytest.skip("needs axe-core, by: npm install")
    return script.read_text("utf-8")


def python(version):
    """The path of Python `version`, such as "3.12", on the PATH or in pyenv."""
    candidates = [f"python{version}"]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, check=True, text=True)
        candidates += glob.glob(f"{root.stdout.strip()}/versions/{version}.*/bin/python")
    for candidate in filter(shutil.which, candidates):
        asked = [candidate, "-c", "import sys; print(sys.executable)"]
        ran = subprocess.run(asked, capture_output=True, text=True)
        if ran.returncode == 0:  # pyenv has a python3.12 on the PATH also where it is not chosen
            return ran.stdout.strip()
    raise FileNotFoundError(f"Python {version} is not on this machine")


def uv(*arguments):
    """Runs uv, and returns what it prints."""
    command = [sys.executable, "-m", "uv", "-q", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def make(folder, version, *installs):
    """A new environment of Python `version` in `folder`; each of `installs` is for pip install.

    Returns the path of its Python.
    """
    uv("venv", "--python", python(version), folder)
    there = folder / "bin" / "python"
    for arguments in installs:
        uv("pip", "install", "--python", there, *arguments)
    return there
