"""The command ``halfnet info``."""

from sklearn_halfnet.exceptions import CommandError, ModelFileError
from sklearn_halfnet.files.about import as_card, as_text
from sklearn_halfnet.files.model_file import describe

__all__ = ["run"]


def run(file, card):
    """Print what a model file holds.

    Parameters
    ----------
    file : str
        That ``save`` has written.
    card : bool
        Whether as a model card in Markdown.

    Raises
    ------
    CommandError
        If it is no model file.
    """
    try:
        told = describe(file)
    except ModelFileError as error:
        raise CommandError(str(error)) from error
    print(as_card(told) if card else as_text(told), end="")
