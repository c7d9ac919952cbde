"""Settings of Sphinx for the site; `python3 -m course_utils site` makes it."""

from course_utils import __version__
from course_utils.site.extension import MATHJAX

project = "Multimodal models, hands on"
author = "the course's authors"
copyright = "the course's authors: code MIT, prose, pictures and sounds CC BY 4.0"
version = release = __version__
# In the other languages what the extension translates of these is put in their place.
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.mathjax",
    "course_utils.site.extension",
]

# Lessons: as they are stored, nothing is executed.
nb_execution_mode = "off"
nb_merge_streams = True
nb_output_stderr = "show"
nb_render_markdown_format = "commonmark"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
myst_update_mathjax = False

# Formulas: MathJax 3, which an installed package carries and the site brings along.
mathjax_path = "mathjax/startup.js"
mathjax3_config = MATHJAX

# The reference is reStructuredText, in which single backticks are code.
default_role = "literal"

html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "static/favicon.svg"
html_context = {"default_mode": "auto"}  # light or dark as the system has it
templates_path = ["templates"]
html_sidebars = {
    "**": [
        *("navbar-logo.html", "icon-links.html", "search-button-field.html", "sbt-sidebar-nav.html"),
        "english-pages.html",
    ]
}
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
# Sources would be the lessons with outputs; learners download the edition to work in.
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "article_header_end": ["language-link.html", "article-header-buttons.html"],
    "navbar_persistent": [],  # the search stands in the side bar already
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
exclude_patterns = ["extra"]
