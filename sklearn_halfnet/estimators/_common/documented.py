"""One text for each parameter and attribute, put into the docstrings that list it."""

import inspect
import re
from textwrap import dedent, indent

from sklearn_halfnet._doc_link import page_template

__all__ = ["SEEN_FEATURES", "documented", "numpydoc"]


def numpydoc(text):
    r"""Cut a numpydoc section into its entries.

    Parameters
    ----------
    text : str
        Entries as in a docstring: names and types in one line, then the indented text.

    Returns
    -------
    entries : dict of str to str
        By name; of an entry of two names by both, "n_layers_, n_outputs_".

    Examples
    --------
    >>> from sklearn_halfnet.estimators._common.documented import numpydoc
    >>> numpydoc('''
    ... rank : int
    ...     Columns of A.
    ... ''')
    {'rank': 'rank : int\n    Columns of A.'}
    """
    entries = re.split(r"\n(?=\S)", dedent(text).strip("\n"))
    return {entry.partition(" : ")[0]: entry for entry in entries}


def documented(parameters, attributes, **sections):
    """Fill the placeholders of a class's docstring, and link it to its page.

    ``{parameters}`` becomes the texts of the constructor's parameters, in its order and
    with the defaults that it has, unless a text tells a long one in its own way;
    ``{attributes}`` all texts given; ``{name}`` the text of a section of that name.
    Each stands alone in its line.

    Parameters
    ----------
    parameters : dict of str to str
        What ``numpydoc`` returned, for these parameters and others.
    attributes : dict of str to str
    **sections : str

    Returns
    -------
    decorator : callable

    Raises
    ------
    KeyError
        If a parameter has no text.
    """

    def fill(cls):
        signature = inspect.signature(cls).parameters.values()
        texts = {
            "parameters": "\n".join(
                _with_default(parameters, each) for each in signature
            ),
            "attributes": "\n".join(attributes.values()),
            **{name: dedent(text).strip("\n") for name, text in sections.items()},
        }
        for name, text in texts.items():
            cls.__doc__ = re.sub(
                rf"^( *){{{name}}}$",
                lambda found, text=text: indent(text, found.group(1)),
                cls.__doc__,
                flags=re.MULTILINE,
            )
        cls._doc_link_module = "sklearn_halfnet"
        cls._doc_link_template = page_template("sklearn_halfnet")
        return cls

    return fill


def _with_default(texts, parameter):
    head, _, body = texts[parameter.name].partition("\n")
    if ", default=" in head:
        return texts[parameter.name]
    default = parameter.default
    shown = f'"{default}"' if isinstance(default, str) else repr(default)
    return f"{head}, default={shown}\n{body}"


SEEN_FEATURES = numpydoc("""
n_features_in_ : int
    Features seen in ``fit``.
feature_names_in_ : ndarray of shape (n_features,)
    Their names, if X had string column names.
""")
