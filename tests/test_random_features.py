import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import RandomFeatures
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.weights import WEIGHTS

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], Y[:400]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", WEIGHTS)
def test_every_kind_with_every_activation(kind, activation):
    model = RandomFeatures(30, kind, activation, random_state=0)
    H = model.fit(X, Y).transform(X)
    assert H.shape == (400, 30)
    assert np.isfinite(H).all()
    assert (H.std(axis=0) > 0).mean() > 0.8


@pytest.mark.parametrize("direct_links", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_are_what_the_equation_says(dtype, direct_links):
    options = {"direct_links": direct_links, "input_scaling": "standard"}
    model = RandomFeatures(20, **options, random_state=0)
    H = model.fit(X.astype(dtype)).transform(X.astype(dtype))
    assert H.dtype == dtype
    std = X.std(axis=0)
    scaled = (X - X.mean(axis=0)) / np.where(std > 0, std, 1)
    hidden = np.maximum(scaled @ model.weights_.T * model.scales_ + model.shifts_, 0)
    expected = np.hstack([hidden, scaled]) if direct_links else hidden
    assert_allclose(H, expected, atol=1e-4 if dtype == np.float32 else 1e-9)
    assert len(model.get_feature_names_out()) == H.shape[1]


def test_sparse_equals_dense():
    options = {"direct_links": True, "input_scaling": "standard"}
    model = RandomFeatures(20, **options, random_state=0)
    dense = model.fit_transform(X)
    assert_allclose(model.fit_transform(sparse.csr_array(X)), dense, atol=1e-8)


@pytest.mark.parametrize("gamma", [0.002, "scale"])
def test_fourier_features_approximate_the_kernel(gamma):
    options = {"gamma": gamma, "activation": "cos", "input_scaling": None}
    value = 1 / (64 * X.var()) if gamma == "scale" else gamma
    exact = rbf_kernel(X, gamma=value)

    def error(kind, seed):
        model = RandomFeatures(64, kind, random_state=seed, **options)
        H = model.fit_transform(X)
        return np.abs(H @ H.T - exact).mean()

    plain = np.mean([error("normal", seed) for seed in range(5)])
    rival = RBFSampler(gamma=value, n_components=64, random_state=0).fit_transform(X)
    assert plain < 1.2 * np.abs(rival @ rival.T - exact).mean()
    assert np.mean([error("orthogonal", seed) for seed in range(5)]) < plain


@pytest.mark.parametrize(
    "change",
    [
        {"activation": "relu"},
        {"weight_kind": "binary"},
        {"scale": 2.0},
        {"bias": "zero"},
    ],
)
def test_gamma_says_what_it_needs(change):
    options = {"gamma": 0.1, "activation": "cos", **change}
    with pytest.raises(ValueError, match=r"gamma=0\.1"):
        RandomFeatures(**options).fit(X)


def test_labels_are_needed_where_weights_are_made_from_them():
    with pytest.raises(ValueError, match="needs the training targets y"):
        RandomFeatures(10, "class_sums").fit(X)
    by_name = RandomFeatures(10, "class_sums", random_state=0).fit(X, Y.astype(str))
    by_number = RandomFeatures(10, "class_sums", random_state=0).fit(X, Y)
    assert_allclose(by_name.transform(X), by_number.transform(X))


def test_in_a_pipeline_and_a_grid():
    model = make_pipeline(
        RandomFeatures(random_state=0), LogisticRegression(max_iter=1000)
    )
    grid = GridSearchCV(
        model,
        {
            "randomfeatures__n_components": [20, 200],
            "randomfeatures__weight_kind": ["normal", "binary"],
        },
        cv=3,
    ).fit(X, Y)
    assert grid.best_params_["randomfeatures__n_components"] == 200
    assert grid.best_score_ > 0.9


def test_names_of_direct_links():
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    model = RandomFeatures(2, direct_links=True, random_state=0).fit(frame)
    expected = ["randomfeatures0", "randomfeatures1", "a", "b", "c"]
    assert list(model.get_feature_names_out()) == expected


@pytest.mark.parametrize("direct_links", [False, True])
def test_another_device_gives_tensors_of_the_same_values(direct_links):
    model = RandomFeatures(20, direct_links=direct_links, random_state=0).fit(X)
    found = model.model_.features_on(X, "cpu")
    assert isinstance(found, torch.Tensor)
    assert_allclose(found.numpy(), model.transform(X), atol=1e-8)
    with pytest.raises(ValueError, match="device='nowhere'"):
        model.set_params(device="nowhere").transform(X)


@pytest.mark.gpu
def test_features_on_a_gpu():
    model = RandomFeatures(20, device="cuda", random_state=0).fit(X)
    found = model.transform(X)
    assert found.device.type == "cuda"
    assert_allclose(
        found.cpu().numpy(), model.set_params(device="cpu").transform(X), atol=1e-8
    )


@pytest.mark.parametrize("direct_links", [False, True])
def test_parameters_set_after_fit_wait_for_the_next_fit(direct_links):
    X = np.random.default_rng(0).standard_normal((30, 4))
    model = RandomFeatures(6, direct_links=direct_links, random_state=0).fit(X)
    before, names = model.transform(X), model.get_feature_names_out()
    model.set_params(n_components=3, gamma=1.0, direct_links=not direct_links)
    assert_array_equal(model.transform(X), before)
    assert_array_equal(model.get_feature_names_out(), names)


def test_faults():
    with pytest.raises(NotFittedError):
        RandomFeatures().transform(X)
    with pytest.raises(MemoryError, match="n_components=1000000000"):
        RandomFeatures(10**9).fit(X)


def test_torch_is_not_imported():
    code = (
        "import sys, numpy as np\n"
        "from sklearn_halfnet import RandomFeatures\n"
        "RandomFeatures(5).fit_transform(np.eye(3))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
