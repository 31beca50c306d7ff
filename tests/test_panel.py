"""The panel and `show`, with a drawing of their own."""

import base64
import io
import re

import matplotlib.pyplot
import numpy as np
import pytest
from lessons import full_draw
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from PIL import Image

from softmaxlab import panel as room
from softmaxlab.drawing import Drawing, Words
from softmaxlab.panel import Panel, choice, show, slider


class Line(Drawing):
    """A line whose height moves, and a title that stands still."""

    def __init__(self, figure):
        super().__init__(figure)
        self.ax = figure.add_subplot(xlim=(0, 1), ylim=(-3, 3), title="height")
        (self.line,) = self.ax.plot([0.2, 0.8], [0, 0], lw=5, zorder=4)
        self.moving = [self.line]

    def update(self, height, sign="+"):
        if height > 2:
            raise ValueError("height is <above> 2")
        self.line.set_ydata([height, height] if sign == "+" else [-height, -height])
        return Words(f"The height is {height:.1f} & {sign}.", [["", "height"], ["x", str(height)]])


def line_panel():
    return Panel(
        Line, height=slider("height", 1.0, -3.0, 3.0, 0.5), sign=choice("sign", ["+", "-"])
    )


def shown(panel):
    """The picture in the panel's view, decoded."""
    png = re.search(r'src="data:image/png;base64,([^"]+)"', panel._view.value).group(1)
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        return np.asarray(image.convert("RGB"))


def bundles(monkeypatch, display):
    """What `display` shows: a list of (bundle, metadata)."""
    seen = []
    monkeypatch.setattr(
        room, "display", lambda data, raw, metadata=None: seen.append((data, metadata))
    )
    display()
    return seen


def test_a_slider_changes_picture_sentence_alt_text_and_table_in_one_message():
    panel = line_panel()
    before, messages = shown(panel), []
    panel._view.observe(lambda change: messages.append(change.new), names="value")
    panel.controls["height"].value = -2.0
    assert len(messages) == 1
    assert not np.array_equal(before, shown(panel))
    assert 'alt="The height is -2.0 &amp; +."' in messages[0]
    assert '<p role="status" style="font-size: 16px">The height is -2.0 &amp; +.</p>' in messages[0]
    assert ">-2.0</td>" in messages[0]


def test_the_size_of_the_picture_is_fixed_so_that_nothing_shifts():
    panel = Panel(Line, size=(5, 2), height=slider("height", 1.0, -3.0, 3.0))
    assert 'width="500" height="200"' in panel._view.value
    assert shown(panel).shape == (200, 500, 3)


def test_one_figure_is_kept_and_pyplot_knows_none():
    panel = line_panel()
    figure = panel.figure
    panel.controls["height"].value = 0.5
    assert panel.figure is figure
    assert not matplotlib.pyplot.get_fignums()


def test_going_back_gives_the_same_picture():
    panel = line_panel()
    before = shown(panel)
    panel.controls["height"].value = -1.0
    panel.controls["height"].value = 1.0
    assert np.array_equal(before, shown(panel))


def test_an_error_is_shown_and_raised_and_the_panel_recovers():
    panel = line_panel()
    with pytest.raises(ValueError, match="height is <above> 2"):
        panel.controls["height"].value = 3.0
    assert 'role="alert"' in panel._view.value
    assert "ValueError: height is &lt;above&gt; 2" in panel._view.value
    panel.controls["height"].value = 0.0
    assert "The height is 0.0" in panel._view.value


def test_nested_lists_arrive_nested_and_stand_as_a_grid():
    class Sum(Line):
        def update(self, entries):
            self.entries = entries
            return super().update(sum(map(sum, entries)))

    grid = [[slider(f"[{i}, {j}]", 0.1 * (i + j), -1.0, 1.0) for j in range(2)] for i in range(2)]
    panel = Panel(Sum, entries=grid)
    grid[1][0].value = -0.5
    assert panel.drawing.entries == [[0.0, 0.1], [-0.5, 0.2]]
    assert panel.widgets() == [*grid[0], *grid[1]]
    assert panel.box.children[0].layout.grid_template_columns == (
        "repeat(auto-fit, minmax(max(200px, 100% / 2.5), 1fr))"
    )


def test_a_page_without_a_kernel_gets_a_picture_and_words(monkeypatch):
    panel = line_panel()
    script, (bundle, metadata) = bundles(monkeypatch, panel._ipython_display_)
    assert "aria-label" in script[0]["application/javascript"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.box.model_id
    assert bundle["text/plain"] == "The height is 1.0 & +."
    assert bundle["text/markdown"].endswith("|  | height |\n| --- | --- |\n| x | 1.0 |")
    assert metadata["image/png"] == {"width": 860, "height": 420, "alt": "The height is 1.0 & +."}
    with Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shown(panel))


def test_show_displays_the_picture_with_alt_text_and_its_sentence_below(monkeypatch):
    def picture(figure):
        figure.set_size_inches(4, 3)
        figure.add_subplot().plot([0, 1])
        return Words("A line rises.")

    (bundle, metadata), (words, _) = bundles(monkeypatch, lambda: show(picture))
    assert metadata["image/png"] == {"width": 400, "height": 300, "alt": "A line rises."}
    with Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))) as image:
        assert image.size == (800, 600)
    assert words["text/markdown"] == "A line rises."


@pytest.mark.parametrize(
    ("numbers", "kind"), [((0, -5, 5, 1), "IntSlider"), ((0.0, -5, 5, 1), "FloatSlider")]
)
def test_a_slider_has_the_name_that_is_read_aloud(numbers, kind):
    widget = slider("temperature", *numbers)
    assert type(widget).__name__ == kind
    assert widget.description == widget.tooltip == "temperature"
    assert widget.style.description_width == "initial"


@pytest.mark.parametrize(
    ("numbers", "track"), [((0, 0, 10, 1), 130), ((0, 0, 300, 1), 300), ((0.0, 0.0, 1000.0), 500)]
)
def test_a_track_has_a_pixel_for_each_step_where_it_can(numbers, track):
    assert slider("zoom", *numbers).layout.flex == f"1 1 {track + 8 * 4 + 120}px"


def test_a_choice_starts_where_it_is_told():
    assert choice("n", {"two": 2, "ten": 10}).value == 2
    assert choice("n", {"two": 2, "ten": 10}, 10).value == 10


def test_a_text_is_drawn_once_and_then_copied(monkeypatch):
    class Told(Line):
        def __init__(self, figure):
            super().__init__(figure)
            self.told = self.ax.text(0.5, 0, "", zorder=5)
            self.moving.append(self.told)

        def update(self, height):
            self.told.set(text=f"at {height:.1f}", y=height)
            return super().update(height)

    panel, drawn, draw = (
        Panel(Told, height=slider("height", 1.0, -3.0, 2.0)),
        [],
        RendererAgg.draw_text,
    )
    monkeypatch.setattr(
        RendererAgg,
        "draw_text",
        lambda *given, **named: (drawn.append(given[4]), draw(*given, **named)),
    )
    for height in (0.5, 1.0, 0.5, 2.0, 0.5):
        panel.controls["height"].value = height
    assert drawn == ["at 0.5", "at 2.0"]
    assert np.array_equal(np.asarray(panel.frame()), full_draw(panel))
    copied = panel.frame()
    FigureCanvasAgg(panel.figure)
    ink = [255.0 - image.mean(axis=-1).ravel() for image in (np.asarray(copied), full_draw(panel))]
    assert np.corrcoef(*ink)[0, 1] > 0.95, "the same letters as matplotlib draws, on whole pixels"


def test_a_text_that_changes_seldom_is_drawn_only_when_it_has_changed():
    class Captioned(Line):
        def __init__(self, figure):
            super().__init__(figure)
            self.caption = figure.text(0.5, 0.02, "", ha="center")
            self.seldom = [self.caption]
            self.moving += self.seldom

        def update(self, height, sign):
            self.caption.set_text(f"the sign is {sign}")
            return super().update(height, sign)

    panel = Panel(Captioned, height=slider("height", 1.0, -3.0, 2.0), sign=choice("sign", "+-"))
    drawn, draw = [], panel.drawing.caption.draw
    panel.drawing.caption.draw = lambda renderer: (drawn.append(renderer), draw(renderer))
    panel.controls["height"].value = 2.0
    assert len(drawn) == 0
    panel.controls["sign"].value = "-"
    assert len(drawn) == 1
    assert np.array_equal(np.asarray(panel.frame()), full_draw(panel))
