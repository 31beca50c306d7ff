"""Sphinx's settings for the course without a kernel; build.py calls it."""

from sphinxcontrib import katex

project = "Softmax, examined"
language = "en"
extensions = ["myst_nb", "sphinxcontrib.katex"]

nb_execution_mode = "off"
nb_ipywidgets_js = {}
myst_enable_extensions = ["dollarmath"]

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_copyright = False

# Formulas become HTML and MathML when the site is built; the page has KaTeX's letters with it.
html_math_renderer = "katex"
katex_prerender = True
katex_css_path = "katex/katex.min.css"
katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds; 5 is short on a busy machine
