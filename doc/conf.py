"""Configuration of the documentation: sphinx-build -W doc doc/_build/html."""

import os
import sys
from importlib.metadata import version as installed_version
from importlib.resources import files
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# HTML representations in the gallery link to the pages of this build.
os.environ["SKLEARN_HALFNET_DOC_URL"] = ".."

project = "sklearn-halfnet"
author = "The sklearn-halfnet developers"
release = version = installed_version(project)

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "generated_pages",
    "mathml",
    "outside_links",
    "reference",
]
exclude_patterns = ["_build", "changes"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 2
numpydoc_show_class_members = False
autosummary_generate = True
# Types stand in the docstrings, shorter than in the signatures.
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
add_module_names = False
# Docstrings inherited from scikit-learn refer to labels and terms of its own pages.
suppress_warnings = ["ref.ref", "ref.term"]
# Doctests in Markdown end with an empty line, which readers need not see.
highlight_options = {"python": {"stripnl": True}}
# What is copied from an example can be run: no prompts, no output.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "backreferences_dir": "auto_examples/backreferences",
    "doc_module": ("sklearn_halfnet",),
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = [
    "_static",
    str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"),
]
html_css_files = ["site.css"]
html_sidebars = {"index": [], "changelog": []}
html_theme_options = {
    "logo": {"text": project},
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "navbar_end": [],
    # On a phone, too.
    "navbar_persistent": ["search-button", "theme-switcher"],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}
