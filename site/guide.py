"""The teacher's guide as data: its sections, and the rows of their tables."""

import re
from pathlib import Path

GUIDE = (Path(__file__).resolve().parent.parent / "notebooks" / "teachers_guide.md").read_text(
    "utf-8"
)


def part(heading):
    """What stands in the guide below `heading`, up to the next as high."""
    level = heading.partition(" ")[0]
    below = GUIDE.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{1,{len(level)}}} ", below, flags=re.MULTILINE)[0]


def rows(text):
    """The cells of each row of the tables in `text`, without their headers."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    ruled = {k for k, line in enumerate(lines) if not line.strip("|- ")}
    return [row for k, row in enumerate(cells) if k not in ruled and k + 1 not in ruled]
