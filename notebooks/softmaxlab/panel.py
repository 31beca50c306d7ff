"""Sliders bound to a drawing, and pictures that carry their words with them.

One `ipywidgets.HTML` holds the whole view: the frame as an image with alt text, the sentence, and
the numbers as a table, so all three change in one message. The figure is made once; a frame costs
a blit of the artists that move.
"""

import base64
import html
import io

import ipywidgets
import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.backends.backend_agg import RendererAgg
from PIL import Image

from .drawing import STYLE, new_figure, paint

# A picture is white on any theme; with a quiet edge it stands there as a card.
_CARD = "border: 1px solid #949494; border-radius: 4px; box-sizing: border-box"

# A table as wide as its panel: without the width of 0 a wide one would push the panel's edge out.
_SCROLLS = "overflow-x: auto; width: 0; min-width: 100%"

_EDGE = 4  # pixels around a text that is kept, for what leans out of it

# Sliders have no accessible name of their own, and Jupyter takes the arrow keys of sliders and
# lists. JupyterLab drops the alt text of pictures; the sentence below says the same. It draws the
# arrow of a list in black on any theme, where the browser's own follows the color scheme.
_NAME = """
if (!window.softmaxlabNames) {
  window.softmaxlabNames = true;
  const name = () => {
    for (const handle of document.querySelectorAll('.noUi-handle:not([aria-label])')) {
      const label = handle.closest('.widget-inline-hbox')?.querySelector('.widget-label');
      if (!label?.textContent) continue;
      handle.setAttribute('aria-label', label.textContent);
      handle.dataset.lmSuppressShortcuts = 'true';
    }
    const scheme = document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light';
    for (const list of document.querySelectorAll('.widget-dropdown select')) {
      list.dataset.lmSuppressShortcuts = 'true';
      list.style.cssText = `appearance: auto; background-image: none; color-scheme: ${scheme}`;
    }
    for (const image of document.querySelectorAll('.jp-RenderedImage img')) {
      image.style.cssText = 'CARD';
    }
    for (const image of document.querySelectorAll('.jp-RenderedImage img:not([alt])')) {
      const below = image.closest('.jp-OutputArea-child')?.nextElementSibling;
      const sentence = below?.querySelector('p')?.textContent;
      if (sentence) image.alt = sentence;
    }
  };
  new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
  name();
}
""".replace("CARD", _CARD)


def slider(name, start, low, high, step=0.1):
    """A slider called `name` with the value `start`, for a `Panel`.

    Its track has a pixel for each step, if these are between 130 and 500, and more where there is
    room; in a narrow window less.

    Parameters
    ----------
    name : str
    start, low, high, step : int or float
        All four integers give an integer slider.
    """
    whole = all(isinstance(number, int) for number in (start, low, high, step))
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    track = min(max((high - low) / step, 130), 500)
    about = track + 8 * len(name) + 120  # and its name and its number
    control = _control(kind, name, "auto", value=start, min=low, max=high, step=step)
    control.layout.flex = f"1 1 {about:.0f}px"
    return control


def choice(name, options, start=None, width="270px"):
    """A drop-down list called `name`, for a `Panel`.

    Parameters
    ----------
    name : str
    options : list, or dict from label to value
    start : object, optional
        The value at the start; the first option by default.
    width : str
        A CSS length.
    """
    values = list(options.values()) if isinstance(options, dict) else list(options)
    return _control(
        ipywidgets.Dropdown,
        name,
        width,
        options=list(options.items()) if isinstance(options, dict) else values,
        value=values[0] if start is None else start,
    )


def _control(kind, name, width, **state):
    style = {"description_width": "initial"}
    layout = {"width": width, "max_width": "calc(100% - 18px)", "margin": "2px 16px 2px 2px"}
    control = kind(description=name, style=style, layout=layout, **state)
    control.tooltip = name  # ipywidgets 7, which Colab has, takes it only here
    return control


class _Stamps(RendererAgg):
    """Draws a level, opaque text once, on whole pixels, and then copies it.

    A text is most of what a frame costs: matplotlib 3.11 draws each letter in Python.
    """

    def __init__(self, *size):
        super().__init__(*size)
        self.stamps = {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if angle or gc.get_rgb()[3] < 1:
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        key = (s, hash(prop), gc.get_rgb()[:3])
        if key not in self.stamps:
            if len(self.stamps) > 2000:
                self.stamps.clear()
            self.stamps[key] = self._stamp(s, prop, gc.get_rgb()[:3], ismath, mtext)
        stamp, below = self.stamps[key]
        self.draw_image(gc, round(x) - _EDGE, self.height - round(y) - below, stamp)

    def _stamp(self, s, prop, color, ismath, mtext):
        """The pixels of a text, and how many rows of them lie below its base line."""
        width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
        below = int(descent) + _EDGE
        above = int(height) - int(descent) + _EDGE
        paper = RendererAgg(int(width) + 2 * _EDGE, above + below, self.dpi)
        pen = paper.new_gc()
        pen.set_foreground(color)
        paper.draw_text(pen, _EDGE, above, s, prop, 0, ismath, mtext)
        return np.array(paper.buffer_rgba())[::-1], below


class Panel:
    """A drawing whose state the reader moves with sliders.

    Parameters
    ----------
    drawing : type
        A `softmaxlab.drawing.Drawing`; it is made with the panel's one figure.
    size : (float, float)
        Width and height of the figure in inches, at 100 pixels an inch.
    **controls : widget, or list of lists of widgets
        One for each argument of ``drawing.update``. Nested lists stand as a grid, and arrive as
        nested lists of values.

    Attributes
    ----------
    drawing : Drawing
    controls : dict
    png : bytes
        The picture that is shown.
    words : Words
        Of the state that is shown.

    Raises
    ------
    Exception
        What ``drawing.update`` raises, after the panel has shown it.
    """

    def __init__(self, drawing, size=(8.6, 4.2), **controls):
        with matplotlib.rc_context(STYLE):
            self.figure = new_figure(*size)
            canvas = self.figure.canvas
            canvas.get_renderer()  # it keeps whatever renderer it has for this size
            canvas.renderer = _Stamps(*canvas.get_width_height(), self.figure.dpi)
            self.drawing = drawing(self.figure)
        self.controls = controls
        for artist in self.drawing.moving:
            artist.set_animated(True)
        self._bare = self._still = None  # without, and with, what changes seldom
        self._view = ipywidgets.HTML()
        for widget in self.widgets():
            widget.observe(self._redraw, names="value")
        rows = [_row(control) for control in controls.values()]
        loose = ipywidgets.Box(
            [row for row in rows if not isinstance(row, ipywidgets.GridBox)],
            layout={"flex_flow": "row wrap"},
        )
        grids = [row for row in rows if isinstance(row, ipywidgets.GridBox)]
        self.box = ipywidgets.VBox([*grids, loose, self._view])
        self._redraw()

    def widgets(self):
        """The sliders and lists of the panel, in the order of the keyboard."""
        return [widget for control in self.controls.values() for widget in _leaves(control)]

    def frame(self):
        """The picture as it stands, as an RGB `PIL.Image`."""
        canvas = self.figure.canvas
        seldom = self.drawing.seldom
        if self._bare is None:
            canvas.draw()
            self._bare = canvas.copy_from_bbox(self.figure.bbox)
        if self._still is None or any(text.stale for text in seldom):
            canvas.restore_region(self._bare)
            for text in seldom:
                self.figure.draw_artist(text)
            self._still = canvas.copy_from_bbox(self.figure.bbox)
        canvas.restore_region(self._still)
        for artist in self.drawing.moving:
            if artist not in seldom:
                self.figure.draw_artist(artist)
        pixels = canvas.buffer_rgba()
        return Image.frombuffer("RGBA", canvas.get_width_height(), pixels).convert("RGB")

    def _redraw(self, change=None):
        state = {name: _values(control) for name, control in self.controls.items()}
        try:
            with matplotlib.rc_context(STYLE):
                self.words = self.drawing.update(**state)
                self.png = _png(self.frame(), compress_level=1)
        except Exception as error:
            self._view.value = (
                f'<p role="alert"><strong>This picture could not be drawn.</strong> '
                f"{type(error).__name__}: {html.escape(str(error))}</p>"
            )
            raise
        self._view.value = _html(self.png, self.words, *self.figure.canvas.get_width_height())

    def _ipython_display_(self):
        size = self.figure.canvas.get_width_height()
        bundle, metadata = _bundle(self.png, self.words, *size)
        bundle["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": self.box.model_id,
        }
        display({"application/javascript": _NAME, "text/plain": ""}, raw=True)
        display(bundle, raw=True, metadata=metadata)


def show(picture):
    """Displays ``picture(figure)`` with its alt text, and its sentence below.

    Parameters
    ----------
    picture : callable
        Draws on the `Figure` that it is given and returns `Words`.
    """
    figure, words = paint(picture)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=200, pil_kwargs={"compress_level": 1})  # it is read at once
    with Image.open(buffer) as image:
        png = _png(image.convert("RGB"))
    bundle, metadata = _bundle(png, words, *figure.canvas.get_width_height())
    markdown = bundle.pop("text/markdown")
    display(bundle, raw=True, metadata=metadata)
    display({"text/markdown": markdown, "text/plain": words.sentence}, raw=True)


def _row(control):
    if isinstance(control, ipywidgets.Widget):
        return control
    count = len(control[0])  # or less in a narrow window: a slider takes 200 px
    leaves = list(_leaves(control))
    for leaf in leaves:
        leaf.layout.margin = leaf.layout.max_width = None
    columns = f"repeat(auto-fit, minmax(max(200px, 100% / {count + 0.5}), 1fr))"
    return ipywidgets.GridBox(leaves, layout={"grid_template_columns": columns})


def _leaves(control):
    if isinstance(control, ipywidgets.Widget):
        yield control
    else:
        for part in control:
            yield from _leaves(part)


def _values(control):
    if isinstance(control, ipywidgets.Widget):
        return control.value
    return [_values(part) for part in control]


def _png(image, compress_level=9):
    """A small PNG, quickly: at most 256 colors, found by octree."""
    buffer = io.BytesIO()
    palette = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette.save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()


def _bundle(png, words, width, height):
    """What a page without a kernel shows: the picture, or its words."""
    table = [" | ".join(["", *row, ""]).strip() for row in words.table]
    table[1:1] = [f"|{' --- |' * len(words.table[0])}"] if table else []
    bundle = {
        "image/png": base64.b64encode(png).decode(),
        "text/markdown": "\n".join([words.sentence, "", *table]).strip(),
        "text/plain": words.sentence,
    }
    return bundle, {"image/png": {"width": width, "height": height, "alt": words.sentence}}


def _html(png, words, width, height):
    sentence = html.escape(words.sentence)
    rows = "".join(
        "<tr>" + "".join(_cell(text, i == 0 or j == 0) for j, text in enumerate(row)) + "</tr>"
        for i, row in enumerate(words.table)
    )
    return (
        f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" alt="{sentence}" '
        f'width="{width}" height="{height}" decoding="sync" '
        f'style="max-width: 100%; height: auto; {_CARD}">'
        f'<p role="status" style="font-size: 16px">{sentence}</p>'
        + (f'<div style="{_SCROLLS}"><table>{rows}</table></div>' if rows else "")
    )


def _cell(text, heads):
    tag = "th" if heads else "td"
    style = "padding: 1px 5px; font-size: 14px; text-align: right"
    return f'<{tag} style="{style}">{html.escape(text)}</{tag}>'
