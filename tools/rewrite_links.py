"""Points every badge and link at the repository that holds it.

python -m tools.rewrite_links [OWNER/REPO]

Without an argument it is the one on GitHub that git's remote `origin` names. CITATION.cff holds
the name; every other place is rewritten from what stands there. Once there is a name, README has
badges below its title, and links that launch each notebook.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = (
    "CITATION.cff",
    "*.md",
    "notebooks/*.md",
    "notebooks/*.ipynb",
    ".github/**/*.yml",
    ".devcontainer/*.json",
)
NO_NAME = "OWNER/REPO"  # what stands for the name as long as there is none
BINDER = "https://mybinder.org/v2/gh/{}/HEAD?labpath={}"
COLAB = "https://colab.research.google.com/github/{}/blob/main/{}"
BADGES = (
    f"[![Open the first notebook on Binder](https://mybinder.org/badge_logo.svg)]({BINDER})",
    f"[![Open the first notebook on Colab](https://colab.research.google.com/assets/colab-badge.svg)]({COLAB})",
)
HEAD = r"^(\| notebook \|.*?\|.*?\|).*\n(\| --- \| --- \| --- \|).*$"
ROW = r"^(\| \[.+?\]\((notebooks/\d\d_\w+\.ipynb)\) \|.*?\|.*?\|).*$"
REMOTE = r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"


def home(root=ROOT):
    """OWNER/REPO, as CITATION.cff has it."""
    text = (root / "CITATION.cff").read_text("utf-8")
    return re.search(r"^repository-code: \S+github\.com/([\w.-]+/[\w.-]+)", text, re.M).group(1)


def of_remote(url):
    """OWNER/REPO of a remote's address; None if it is not on GitHub."""
    found = re.fullmatch(REMOTE, url.strip())
    return found and found.group(1)


def pointed(text, old, new):
    """`text` with each link to the repository `old` turned into one to `new`."""
    (owner, repo), (to_owner, to_repo) = (map(re.escape, old.split("/")), new.split("/"))
    for before, after in (
        # Binder has /gh/, Colab and nbviewer /github/, a clone github.com/ or github.com:
        (rf"(/gh/|/github/|github\.com[/:]|githubusercontent\.com/){owner}/{repo}", rf"\g<1>{new}"),
        (rf"(github\.com%2F){owner}%2F{repo}", rf"\g<1>{to_owner}%2F{to_repo}"),
        (rf"(tree%2F){repo}(?=%2F)", rf"\g<1>{to_repo}"),
        (rf"\b{owner}\.github\.io/{repo}", rf"{to_owner}.github.io/{to_repo}"),
    ):
        text = re.sub(rf"{before}(?![\w-])", after, text)
    return text


def with_launches(readme, name):
    """`readme` with badges and links that launch the notebooks of `name`, or with none."""
    readme = re.sub(r"^\[!\[.*\n\n", "", readme, flags=re.MULTILINE)
    head, rule, cell = "", "", ""
    if name != NO_NAME:
        first = re.search(ROW, readme, re.MULTILINE).group(2)
        badges = " ".join(badge.format(name, first) for badge in BADGES)
        readme = re.sub(r"^# .*\n\n", rf"\g<0>{badges}\n\n", readme)
        binder, colab = BINDER.format(name, r"\2"), COLAB.format(name, r"\2")
        head, rule, cell = " run it in |", " --- |", f" [Binder]({binder}),&nbsp;[Colab]({colab}) |"
    readme = re.sub(HEAD, rf"\1{head}\n\2{rule}", readme, flags=re.MULTILINE)
    return re.sub(ROW, rf"\1{cell}", readme, flags=re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", nargs="?", metavar="OWNER/REPO")
    new = parser.parse_args().home
    if new is None:
        asked = ["git", "remote", "get-url", "origin"]
        said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
        new = of_remote(said.stdout)
        if new is None:
            remote = said.stdout.strip() or "nothing"
            sys.exit(f"git's remote origin is {remote}, no repository on GitHub: give OWNER/REPO")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", new):
        sys.exit(f"OWNER/REPO is {new!r}; it takes two names with a slash between")
    old = home()
    for path in sorted({path for place in PLACES for path in ROOT.glob(place)}):
        before = path.read_bytes()
        text = pointed(before.decode("utf-8"), old, new)
        if path == ROOT / "README.md":
            text = with_launches(text, new)
        after = text.encode("utf-8")
        if after != before:
            path.write_bytes(after)
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
