"""Whether the text of a picture can be read: its contrast and its size."""

from collections import Counter

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

CONTRAST = 4.5  # WCAG 2, AA, for text
SMALLEST = 12  # pixels


def contrast(one, other):
    """WCAG 2's ratio of relative luminances, 1 to 21."""

    def luminance(color):
        c = np.array(to_rgb(color))
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [
            0.2126,
            0.7152,
            0.0722,
        ]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def texts(figure):
    """(words, size in pixels, color, the color most of its background has) of each text."""
    figure.draw_without_rendering()
    found = [
        (text, text.get_color(), text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]
    for text, _, _ in found:
        text.set_color((0, 0, 0, 0))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3]  # from the bottom up
    for text, color, box in found:
        text.set_color(color)
        (x0, y0), (x1, y1) = box.min.clip(0).astype(int), np.ceil(box.max).astype(int)
        behind = pixels[y0:y1, x0:x1].reshape(-1, 3)
        if len(behind):
            most = Counter(map(tuple, behind.tolist())).most_common(1)[0][0]
            size = text.get_fontsize() * figure.dpi / 72
            yield text.get_text(), size, color, np.array(most) / 255


def assert_readable(figure, shrunk=1.0):
    count = 0
    for words, size, color, behind in texts(figure):
        count += 1
        assert contrast(color, behind) >= CONTRAST, (words, color, to_hex(behind))
        assert size * shrunk >= SMALLEST, words
    assert count
