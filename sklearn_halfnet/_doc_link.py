"""Links from the HTML representation of an estimator to its page."""

import os

__all__ = ["page_template"]


def page_template(module):
    """Make the attribute ``_doc_link_template``, which scikit-learn reads.

    The documentation has no address of its own: whoever serves a built site names its
    root in the environment variable ``SKLEARN_HALFNET_DOC_URL``, and without it there
    is no link.

    Parameters
    ----------
    module : str
        Where the class is public: its page is named by it.

    Returns
    -------
    template : property
    """

    def read(estimator):
        root = os.environ.get("SKLEARN_HALFNET_DOC_URL", "").rstrip("/")
        page = f"{root}/reference/generated/{module}.{{estimator_name}}.html"
        return page if root else ""

    return property(read, doc="Address of the pages of this module's classes.")
