"""Links to the pages of other packages, by the addresses that they keep.

intersphinx downloads inventories, and a build without a network has none; these
packages have one page a public name, at an address that is made of the name.
"""

from docutils.nodes import reference

_PAGES = {
    "matplotlib": "https://matplotlib.org/stable/api/_as_gen/{name}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{name}.html",
    "pandas": "https://pandas.pydata.org/docs/reference/api/{name}.html",
    "scipy": "https://docs.scipy.org/doc/scipy/reference/generated/{name}.html",
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{name}.html",
    "torch": "https://docs.pytorch.org/docs/stable/generated/{name}.html",
}


def _resolve(app, env, node, contents):
    name = node.get("reftarget", "")
    pages = _PAGES.get(name.partition(".")[0])
    if node.get("refdomain") != "py" or pages is None:
        return None
    link = reference("", "", contents, internal=False, refuri=pages.format(name=name))
    link["classes"].append("external")
    return link


def setup(app):
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
