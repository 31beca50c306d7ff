"""Panels of sliders on the web pages, where no kernel runs.

Every control moves through pictures that the panel itself drew beforehand, one at a time: the
others go back to where they stood.
"""

import html
import io
import json
from math import ceil
from typing import NamedTuple

import ipywidgets
from PIL import Image

STEPS = 8  # of a control for which no values are named
PRINTED = 4


class Plan(NamedTuple):
    """What the questions below a panel ask of its controls, each by its name.

    `start`: where they stand, if not as in the notebook. `values`: what they move through. `main`:
    the control that a talk has, and whose states are printed; the first by default. `paper`: which
    of its states; evenly by default. `together`: what a question moves at once.
    """

    start: dict = {}  # noqa: RUF012
    values: dict = {}  # noqa: RUF012
    main: str = ""
    paper: list = []  # noqa: RUF012
    together: str = ""


PLANS = {
    "00_start_here": Plan(
        values={"added": [*range(0, 701, 100), *range(705, 712), 800, 900, 1000]},
        main="added",
        paper=[0, 706, 707, 710],
    ),
    "01_scores_to_probabilities": Plan(together="Question 2 moves all three logits together."),
    "02_shift_invariance": Plan(
        start={"c": 0.0},
        values={"c": [*range(-120, 91, 30), -107, -105, -102, 85.5, 85.6, 85.8, 87.8, 88.6]},
        main="c",
        paper=[85.5, 85.6, 85.8, 88.6],
    ),
    "03_overflow_regions": Plan(
        start={"variant": "B", "dtype": "float64", "around": "the overflow", "zoom": 5},
        main="classes n",
        paper=[2, 10, 100, 1000],
        together="Question 2 moves `around` and `zoom` together.",
    ),
    "04_which_axis": Plan(
        start={"variant": "one max for all, rows"},
        values={f"x[{i}, {j}]": range(-10, 11, 5) for i in range(3) for j in range(4)}
        | {"add to row 0": [-1000, -750, -740, 0, 400, 700, *range(720, 761, 10), 1000]},
        main="add to row 0",
        paper=[0, 730, 740, 750],
        together="Question 2 moves `variant` and the scores together.",
    ),
    "05_the_thread_examined": Plan(
        start={"variant": "B", "shape": "(4,)"},
        values={"offset": [-1000, -745, -740, -500, 0, 300, 600, *range(705, 712), 800, 1000]},
        main="offset",
        paper=[0, 707, 708, 709],
        together="With A, question 1 moves `variant` and `offset` together; question 2 moves "
        "`variant`, `offset` and `times`.",
    ),
    "06_how_accurate": Plan(
        values={"offset": [-1000, -780, -740, -700, -500, *range(0, 801, 200), 680, 850, 1000]},
        main="offset",
        paper=[0, 400, 800, 850],
        together="Question 2 moves `method`, the spread and `offset` together.",
    ),
    "07_how_fast": Plan(main="shape"),
    "08_soft_argmax": Plan(
        values={"logit of class 1": [*range(-6, 7, 2), 1.9, 2.1]},
    ),
    "09_output_layer": Plan(
        values={"log10 of the learning rate": [-2.5, -2.1, -1.5, -1, -0.5, 0, 0.5, 1, 1.5]},
        main="temperature",
        paper=[0.1, 1, 3.1, 10],
        together="Question 2 moves `axis in training` and the learning rate together.",
    ),
    "10_beyond_memory": Plan(main="step", paper=[-3, -1, 0.5, 3]),
    "11_next_token": Plan(
        values={"temperature": [0.1, 0.3, 0.5, 0.6, 0.7, 1, 1.5, 2, 2.5, 3]},
        paper=[0.1, 0.6, 1, 3],
        together="Question 2 moves the letters, `k` and `p` together.",
    ),
}
TOGETHER = """*{} This page moves one control at a time:
[open the notebook where it runs](../index.md#open-it).*

"""
PANEL = """
<div class="panel">
<script type="application/json">{states}</script>
<div class="moves" hidden>
{controls}
<p>These controls work without a kernel, one at a time: when one moves, the others go back to their
start.{stand}</p>
</div>
<figure>
<img src="{folder}/0.webp" alt="{sentence}" width="{width}" height="{height}">
<figcaption><p role="status">{sentence}</p></figcaption>
<div class="table-wrapper">{table}</div>
</figure>
<div class="printed">{printed}</div>
</div>
"""
SLIDER = """<label{kind}>{name} <input type="range" min="0" max="{last}" value="{start}"
autocomplete="off" data-start="{start}" data-states="{numbers}" data-values="{labels}">
<output>{label}</output></label>"""
LIST = """<label{kind}>{name} <select autocomplete="off" data-start="{start}"
data-states="{numbers}">{options}</select></label>"""
FIGURE = """<figure>
<img src="{folder}/{number}.webp" alt="{sentence}" width="{width}" height="{height}">
<figcaption><strong>{name} = {label}.</strong> {sentence}</figcaption>
</figure>
"""


def is_list(widget):
    return isinstance(widget, ipywidgets.Dropdown)


def states(widget, values, more):
    """(label, value) of what `widget` moves through: `values`, or all, or some `STEPS`; and `more`.

    A list has all its options.
    """
    if is_list(widget):
        return list(zip(map(str, widget._options_labels), widget._options_values))  # noqa: B905
    if values is None:
        steps = round((widget.max - widget.min) / widget.step)
        values = [widget.min + k * widget.step for k in range(0, steps + 1, ceil(steps / STEPS))]
        values.append(widget.max)
    values = {round(value, 6) for value in (*values, *more, widget.value)}
    return [(format(value, widget.readout_format), value) for value in sorted(values)]


def table(rows):
    """`rows` of text as an HTML table, the header first. What is empty heads nothing."""
    cells = [[html.escape(text) for text in row] for row in rows]
    lines = [
        "".join(f"<t{'d' if i * j or not text else 'h'}>{text}" for j, text in enumerate(row))
        for i, row in enumerate(cells)
    ]
    return f'<table class="docutils"><tr>{"<tr>".join(lines)}</table>' if rows else ""


def put(widget, to):
    """Puts a control to the value `to`, a list to the option of that label; says so in words."""
    setattr(widget, "label" if is_list(widget) else "value", to)
    return f"{widget.description} is {to}"


def moving(panel, stem, static):
    """HTML in which each control of `panel` moves; its pictures go to `static` / `stem`."""
    (static / stem).mkdir(parents=True)
    plan, widgets = PLANS[stem], {widget.description: widget for widget in panel.widgets()}
    stand = ", ".join(put(widgets[name], to) for name, to in plan.start.items())
    width, height = panel.figure.canvas.get_width_height()
    common = {"folder": f"../_static/{stem}", "width": width, "height": height}
    drawn, controls, figures = [], [], []

    def keep():
        """Keeps what the panel shows; returns the number of this state."""
        with Image.open(io.BytesIO(panel.png)) as picture:
            picture.save(static / stem / f"{len(drawn)}.webp", lossless=True)
        drawn.append((panel.words.sentence, table(panel.words.table)))
        return len(drawn) - 1

    keep()
    main = plan.main or next(iter(widgets))
    for name, widget in widgets.items():
        paper = plan.paper if name == main else []
        labels, values = zip(*states(widget, plan.values.get(name), paper), strict=True)
        start, numbers = values.index(widget.value), []
        for k, value in enumerate(values):
            if k != start:
                widget.value = value
            numbers.append(0 if k == start else keep())
        widget.value = values[start]
        name, labels = html.escape(name), list(map(html.escape, labels))
        controls.append(
            (LIST if is_list(widget) else SLIDER).format(
                kind=' class="main-control"' if widget is widgets[main] else "",
                name=name,
                last=len(values) - 1,
                start=start,
                numbers=" ".join(map(str, numbers)),
                labels="|".join(labels),
                label=labels[start],
                options="".join(
                    f'<option value="{k}"{" selected" * (k == start)}>{label}</option>'
                    for k, label in enumerate(labels)
                ),
            )
        )
        if widget is widgets[main]:
            evenly = {round(k * (len(values) - 1) / (PRINTED - 1)) for k in range(PRINTED)}
            figures = [
                FIGURE.format(
                    number=numbers[k],
                    sentence=html.escape(drawn[numbers[k]][0]),
                    name=name,
                    label=labels[k],
                    **common,
                )
                for k in (map(values.index, paper) if paper else sorted(evenly))
            ]
    return PANEL.format(
        states=json.dumps(drawn),
        controls="\n".join(controls),
        stand=html.escape(f" At first {stand}." if stand else ""),
        sentence=html.escape(drawn[0][0]),
        table=drawn[0][1],
        printed="".join(figures),
        **common,
    )


def say_together(cells, stem):
    """Says, before the answers below the panel, which question moves several controls at once."""
    if PLANS[stem].together:
        below = next(cell for cell in cells if "<details><summary>Answer" in cell.source)
        note = TOGETHER.format(PLANS[stem].together)
        below.source = below.source.replace("<details>", note + "<details>", 1)
