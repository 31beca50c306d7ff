"""Prints each notebook to a PDF for paper: python site/print_handouts.py [folder].

The pages are those of build.py, printed by Chromium. Each panel is a row of pictures, its states at
a few values of the control that moves. What came out of a prediction stands on pages at the end,
and there are no solutions and no answers.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    from playwright.sync_api import sync_playwright
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error}: python -m pip install -r site/requirements.txt")

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
SOURCES = (
    "README.md",
    "figures/*",
    "notebooks/*.*",
    "notebooks/softmaxlab/**/*.py",
    "site/*.*",
    "site/static/*",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge")
FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
PLACES = (  # on Windows, below each of these folders, and on macOS
    *(
        os.path.join(os.environ[folder], *program)
        for folder in FOLDERS
        if folder in os.environ
        for program in (
            ("Google", "Chrome", "Application", "chrome.exe"),
            ("Microsoft", "Edge", "Application", "msedge.exe"),
        )
    ),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
CHROMIUM = next(filter(None, map(shutil.which, (*NAMES, *PLACES))), None)
FOOTER = (
    '<p style="width: 100%; text-align: center; font: 8pt sans-serif">'
    '<span class="title"></span>, page <span class="pageNumber"></span> of '
    '<span class="totalPages"></span></p>'
)
# Moves results from below their question to the end, and takes away what else is folded, but for
# the code of the thread's seven.
PAPER = """
() => {
  const end = document.createElement("section");
  end.innerHTML = "<h2>What came out</h2>";
  end.style.breakBefore = "page";
  for (const folded of document.querySelectorAll("details.result")) {
    const number = end.querySelectorAll("h3").length + 1;
    const mark = document.createElement("p");
    mark.innerHTML = `Predict first: ____________________ Then see ${number} at the end.`;
    const heading = document.createElement("h3");
    heading.textContent = `${number}`;
    folded.replaceWith(mark);
    folded.querySelector("summary").remove();
    end.append(heading, ...folded.childNodes);
  }
  for (const folded of document.querySelectorAll("details:not(.item)")) {
    const [summary, ...inside] = folded.childNodes;
    folded.replaceWith(...(summary.textContent.includes("A to G") ? inside : []));
  }
  if (end.querySelector("h3")) document.querySelector("article").append(end);
}
"""


def stale(page):
    """Whether `page` is missing, or older than what it is made of."""
    made = page.stat().st_mtime if page.exists() else 0
    sources = (path for pattern in SOURCES for path in ROOT.glob(pattern))
    return any(path.stat().st_mtime > made for path in sources)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    folder = parser.parse_args().folder.resolve()
    if CHROMIUM is None:
        sys.exit("Printing needs Chromium, Chrome or Edge: from your system's packages")
    if stale(folder / "html" / "index.html"):
        subprocess.run([sys.executable, SITE / "build.py", folder], check=True)
    (folder / "handouts").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page()
        for path in sorted((folder / "html" / "notebooks").glob("*.html")):
            page.goto(path.as_uri())
            page.evaluate(PAPER)
            handout = folder / "handouts" / f"{path.stem}.pdf"
            page.pdf(
                path=handout,
                prefer_css_page_size=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
                print_background=True,
            )
            print(handout)
        chromium.close()


if __name__ == "__main__":
    main()
