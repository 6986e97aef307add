"""Configuration of the documentation: sphinx-build -W doc doc/_build/html."""

from importlib.metadata import version as installed_version

project = "sklearn-halfnet"
author = "The sklearn-halfnet developers"
release = version = installed_version(project)

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "changes", "results"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 2
numpydoc_show_class_members = False
autosummary_generate = True
# Docstrings inherited from scikit-learn refer to labels of its own pages.
suppress_warnings = ["ref.ref"]
html_theme = "pydata_sphinx_theme"
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
}
