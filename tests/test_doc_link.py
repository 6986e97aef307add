"""HTML representations lead to the page of the class."""

from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import sklearn_halfnet
from sklearn_halfnet import PartialCNNClassifier
from sklearn_halfnet.weights import WEIGHTS

VARIABLE = "SKLEARN_HALFNET_DOC_URL"
REFERENCE = Path(__file__).parents[1] / "doc/reference/index.md"
PUBLIC = [getattr(sklearn_halfnet, name) for name in sklearn_halfnet.__all__[:-1]]
CLASSES = [
    each
    for each in [*PUBLIC, *WEIGHTS.values()]
    if isinstance(each, type) and issubclass(each, BaseEstimator)
]


def instance(cls):
    if cls.__name__ == "SharedBackboneEnsembleClassifier":
        return cls(PartialCNNClassifier())
    if cls.__name__ == "ReceptiveFieldWeights":
        return cls("normal")
    return cls()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_link_is_to_a_page_of_the_reference(cls, monkeypatch):
    monkeypatch.setenv(VARIABLE, "https://example.org/docs/")
    module = "sklearn_halfnet.weights" if cls in WEIGHTS.values() else "sklearn_halfnet"
    link = f"https://example.org/docs/reference/generated/{module}.{cls.__name__}.html"
    assert f'href="{link}"' in instance(cls)._repr_html_()
    assert f"\n   {cls.__name__}\n" in REFERENCE.read_text()


def test_there_is_none_without_a_site_and_none_of_a_users_class(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert CLASSES[0]()._get_doc_link() == ""

    class Own(CLASSES[0]):
        pass

    Own.__module__ = "own"
    monkeypatch.setenv(VARIABLE, "https://example.org")
    assert Own()._get_doc_link() == ""
