"""What color-blind eyes get of the pictures, and whether their text can be read."""

import functools
import itertools

import matplotlib
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from legible import CONTRAST, assert_readable, contrast
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.text import Text

from figures import make
from softmaxlab import drawing

PICTURES = make.pictures()
HUES = {
    getattr(drawing, name).lower(): name
    for name in ("BLACK", "ORANGE", "SKY", "GREEN", "YELLOW", "BLUE", "VERMILION", "PURPLE")
}
DEUTERANOPIA = {"name": "sRGB1+CVD", "cvd_type": "deuteranomaly", "severity": 100}
# In CAM02-UCS, where 1 is about the least difference seen; green and purple are 14.8 apart.
APART = 14


def seen(color):
    """`color` as a deuteranope sees it (Machado, Oliveira and Fernandes 2009)."""
    return cspace_convert(to_rgb(color), DEUTERANOPIA, "sRGB1").clip(0, 1)


def distance(one, other):
    return deltaE(seen(one), seen(other), input_space="sRGB1")


def test_the_simulation_of_deuteranopia_is_that_of_the_paper():
    """Red and green of one lightness, which a deuteranope confuses; blue and yellow, not."""
    assert distance("#c05050", "#808000") < 15 < deltaE(to_rgb("#c05050"), to_rgb("#808000"))
    assert distance("#0072B2", "#F0E442") > 50


def test_contrast_is_that_of_wcag():
    assert contrast("white", "black") == pytest.approx(21)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("hue", [*drawing.INK, drawing.GRAY, drawing.BLACK])
def test_the_colors_of_text_read_on_white(hue):
    assert contrast(drawing.INK.get(hue, hue), "white") >= CONTRAST


@functools.cache
def figure_of(name):
    """The picture `name`, painted once a process."""
    return drawing.paint(PICTURES[name])[0]


@pytest.mark.parametrize("name", PICTURES)
def test_every_text_of_a_picture_reads(name):
    assert_readable(figure_of(name))


def colors_of(axes):
    """The colors that lines, patches and markers of `axes` have, but for maps of numbers."""
    for artist in axes.findobj():
        if isinstance(artist, Text) or getattr(artist, "get_array", lambda: None)() is not None:
            continue
        parts = ("face", "edge", "", "markerface", "markeredge")
        for name in [f"get_{part}color" for part in parts]:
            color = getattr(artist, name, list)()
            for one in [color] if isinstance(color, str) else np.atleast_2d(color):
                if len(one) and to_rgba(one)[3]:
                    yield to_hex(one)


def hues_of(axes):
    """The palette's hues among them."""
    return {color for color in colors_of(axes) if color in HUES}


@pytest.mark.parametrize("name", sorted(PICTURES.keys() - {"error_maps"}))
def test_every_color_is_a_hue_of_the_palette_or_gray(name):
    """But for the legend of a map, which has the colors of the map."""
    inks = {ink.lower() for ink in drawing.INK.values()}
    colors = set().union(*map(colors_of, figure_of(name).axes)) - HUES.keys() - inks
    assert {color for color in colors if len({color[1:3], color[3:5], color[5:]}) > 1} == set()


@pytest.mark.parametrize("name", PICTURES)
def test_hues_used_together_stay_apart_for_a_deuteranope(name):
    for axes in figure_of(name).axes:
        for one, other in itertools.combinations(sorted(hues_of(axes)), 2):
            apart = distance(one, other)
            assert apart >= APART, f"{HUES[one]} and {HUES[other]} are {apart:.1f} apart"


def test_hues_are_found_in_pictures():
    hues = set().union(*map(hues_of, figure_of("same_mean").axes))
    assert {HUES[hue] for hue in hues} >= {"BLUE", "VERMILION"}


def test_the_map_of_numbers_grows_lighter_for_a_deuteranope():
    colors = matplotlib.colormaps["cividis"](np.linspace(0, 1, 64))
    lightness = cspace_convert([seen(color) for color in colors], "sRGB1", "CAM02-UCS")[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert np.ptp(lightness) > 60
