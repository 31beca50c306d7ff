"""The panel of notebook 04 as a page shows it, against the same panel made in this process."""

from lessons import panel_of
from playwright.sync_api import expect

NOTEBOOK = "04_which_axis.ipynb"
ONE_MAX = "one max for all, rows"
STATUS = ".widget-html p[role=status]"


def expected(**changes):
    """The panel of notebook 04, made in this process, with its controls at the values given."""
    panel = panel_of("04_which_axis")
    for name, value in changes.items():
        if name == "first":
            panel.controls["logits"][0][0].value = value
        else:
            panel.controls[name].value = value
    return panel


def handle(notebook, name):
    return notebook.page.get_by_role("slider", name=name, exact=True)


def assert_list_and_slider_move(notebook):
    """Asserts that picture and sentence follow a row that is raised until one max is too far."""
    wanted = expected()
    wanted.controls["variant"].value = dict(wanted.controls["variant"].options)[ONE_MAX]
    notebook.page.get_by_label("variant").first.select_option(label=ONE_MAX)
    expect(notebook.page.locator(STATUS)).to_have_text(wanted.words.sentence)
    before, right = notebook.image(), wanted.words.sentence
    wanted.controls["offset"].value = 1000
    assert wanted.words.sentence != right
    handle(notebook, "add to row 0").focus()
    notebook.page.keyboard.press("End")
    notebook.changed_image(before)
    expect(notebook.page.locator(STATUS)).to_have_text(wanted.words.sentence)
