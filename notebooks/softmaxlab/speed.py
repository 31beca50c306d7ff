"""Times of softmaxes that were recorded, machine by machine, for 07."""

import csv
from functools import lru_cache
from pathlib import Path

RECORD = Path(__file__).resolve().parents[1] / "data" / "softmax_speed.csv"


@lru_cache
def records():
    """What benchmarks/softmax.py wrote, a part for each machine.

    Returns
    -------
    dict
        From the name of a machine to a pair. Its first is text: the machine, the versions, and how
        often each was measured. Its second is a dict from (shape, axis, dtype, (spread, offset)) to
        a dict from softmax to microseconds. The shape is text such as "1000x1000", the axis is -1
        or 0. Not every softmax is on every machine.
    """
    lines = RECORD.read_text("utf-8").splitlines()
    abouts = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    found = {name: (about, {}) for name, about in abouts.items()}
    for row in csv.DictReader(lines[len(abouts) :]):
        key = row["shape"], int(row["axis"]), row["dtype"], (int(row["spread"]), int(row["offset"]))
        found[row["machine"]][1].setdefault(key, {})[row["softmax"]] = float(row["us"])
    return found
