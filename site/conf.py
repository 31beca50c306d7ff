"""Sphinx's settings for the course without a kernel; build.py calls it."""

project = "Softmax, examined"
language = "en"
extensions = ["myst_nb"]

nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["katex/katex.min.css", "site.css"]
html_js_files = [("site.js", {"defer": "defer", "priority": 900})]
html_favicon = "static/favicon.svg"
html_copy_source = False

# What stands below each page, on slides and on paper, about sharing them.
LICENSE = (
    "Prose and pictures: CC BY 4.0. Code: BSD 3-Clause. You may share and change them: name the "
    "course, Softmax, examined, and say what you changed."
)
copyright = f"2026, its authors. {LICENSE} To change a page, download its notebook."

# The pages have KaTeX with them, in MathJax's place; site.js calls it.
mathjax_path = "katex/katex.min.js"


def mend_headings(app, pagename, templatename, context, doctree):
    """Headings of the groups in the sidebar lack a level, and an empty cell heads nothing."""
    heading = 'role="heading"'
    tree = context["furo_navigation_tree"].replace(heading, f'{heading} aria-level="2"')
    context["furo_navigation_tree"] = tree
    body = context.get("body", "")
    context["body"] = body.replace('<th class="head"><p></p></th>', "<td></td>")


def setup(app):
    app.connect("html-page-context", mend_headings, priority=900)  # after Furo
