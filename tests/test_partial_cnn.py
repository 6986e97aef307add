"""Networks that are trained in part: what is learned, what stays, what it saves."""

import copy
import pickle
import weakref
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import torch
from callbacks import Interrupt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from torch.nn import functional

from sklearn_halfnet import (
    PartialCNNClassifier,
    PartialCNNRegressor,
    SharedBackboneEnsembleClassifier,
)
from sklearn_halfnet.inspection.magnitudes import MagnitudesDisplay, weight_magnitudes
from sklearn_halfnet.models.partial_cnn import draw_convolutions
from sklearn_halfnet.models.partial_trainable import salient_indices
from sklearn_halfnet.networks.architectures import wide_residual
from sklearn_halfnet.networks.partial_cnn import Augmentation, Blocks, parts
from sklearn_halfnet.networks.partial_conv import BatchNorm, PartialConv2d
from sklearn_halfnet.solvers.losses import Objective

SMALL = {"depth": 10, "width": 1, "image_shape": (8, 8), "random_state": 0}
QUICK = {**SMALL, "max_iter": 1}
ARCHITECTURES = {
    "wrn": {"depth": 10, "width": 1},
    "densenet": {"depth": 10, "width": 4},
    "vgg": {"depth": 4, "width": 8, "learning_rate_init": 0.01},
    "vgg_bn": {"depth": 5, "width": 8},
    "alexnet": {"depth": 6, "width": 8, "learning_rate_init": 0.01},
}
SLICES = ("filters", "input_channels", "kernel_rows", "kernel_columns")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X[:900], y[:900], random_state=0, stratify=y[:900])


@contextmanager
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def make_convolution(dim, index, *, bias=False):
    torch.manual_seed(0)
    conv = PartialConv2d(3, 4, 3, 2, bias=bias).double()
    conv.weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)
    conv.learn(dim, index)
    return conv


@pytest.mark.parametrize("index", [[0], [0, 2], [1]])
@pytest.mark.parametrize("dim", range(4))
def test_gradient_is_the_slice_of_the_full_gradient(dim, index):
    conv = make_convolution(dim, torch.tensor(index))
    images = torch.randn(2, 3, 7, 6, dtype=torch.float64, requires_grad=True)
    whole = conv.weight.clone().requires_grad_()
    expected = functional.conv2d(images, whole, stride=2, padding=1)
    gradient = torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, (images, whole), gradient)
    found = torch.autograd.grad(conv(images), (images, conv.learned), gradient)
    assert_allclose(conv(images).detach(), expected.detach())
    assert_allclose(found[0], wanted[0], atol=1e-12)
    part = wanted[1].index_select(dim, torch.tensor(index))
    assert_allclose(found[1], part, atol=1e-12)


def test_biases_of_learned_filters_are_learned():
    conv = make_convolution(0, torch.tensor([1, 3]), bias=True)
    with torch.no_grad():
        conv.bias.copy_(torch.tensor([5.0, 7.0]))
    assert conv.full_bias().tolist() == [0, 5, 0, 7]
    conv(torch.randn(2, 3, 5, 5, dtype=torch.float64)).sum().backward()
    assert_allclose(conv.bias.grad, [18, 18])


def test_batch_norm_equals_torch():
    ours, theirs = BatchNorm(3), torch.nn.BatchNorm2d(3)
    ours.learn()
    for _ in range(3):
        images = torch.randn(4, 3, 5, 5) * 3 + 1
        assert_allclose(ours(images).detach(), theirs(images).detach(), atol=1e-6)
    assert_allclose(ours.eval()(images).detach(), theirs.eval()(images).detach(), 1e-5)
    # One value a channel cannot be normalised by itself.
    assert ours.train()(torch.ones(1, 3, 1, 1)).shape == (1, 3, 1, 1)


def test_averages_of_batch_norms_are_means_over_batches():
    images = [torch.randn(4, 3, 5, 5) * (i + 1) + i for i in range(3)]
    blocks = Blocks({"norm": BatchNorm(3)}, (3, 5, 5))
    blocks.calibrate(batch.flatten(1) for batch in images)
    norm = blocks.blocks["norm"]
    means = [batch.mean(dim=(0, 2, 3)).numpy() for batch in images]
    variances = [batch.var(dim=(0, 2, 3)).numpy() for batch in images]
    assert_allclose(norm.mean, np.mean(means, axis=0), rtol=1e-5, atol=1e-6)
    assert_allclose(norm.variance, np.mean(variances, axis=0), rtol=1e-5)
    assert norm.momentum == BatchNorm.momentum


def test_residual_units_are_those_of_the_paper():
    """Zagoruyko and Komodakis (2016): both paths begin behind the norm and the relu."""
    torch.manual_seed(0)
    unit = wide_residual(3, 10, 1, int)["block2"][0].eval()
    images = torch.randn(2, 16, 8, 8)
    for module in unit.modules():
        for name, buffer in module.named_buffers(recurse=False):
            shift = 1.0 if name == "variance" else 0.0
            setattr(module, name, shift + 0.3 * torch.rand_like(buffer))

    def normed(step, x):
        norm = step.norm
        values = (norm.mean, norm.variance, norm.fixed_gain, norm.fixed_shift)
        return functional.batch_norm(x, *values).relu()

    inner = normed(unit.before, images)
    first = functional.conv2d(inner, unit.first.weight, stride=2, padding=1)
    second = functional.conv2d(
        normed(unit.between, first), unit.second.weight, padding=1
    )
    expected = second + functional.conv2d(inner, unit.shortcut.weight, stride=2)
    assert_allclose(unit(images.clone()), expected, atol=1e-4)


def test_fixed_weights_have_the_variance_that_keeps_signals_alive(digits):
    """He et al. (2015): 2 / (n_channels * height * width) of a filter."""
    X, _, y, _ = digits
    options = {**QUICK, "width": 2, "trainable": "classifier"}
    model = PartialCNNClassifier(**options).fit(X[:50], y[:50])
    for weights in model.weights_.values():
        expected = 2 / np.prod(weights.shape[1:])
        tolerance = 5 * np.sqrt(2 / weights.size)
        assert_allclose(weights.var(), expected, rtol=tolerance)


@pytest.mark.parametrize("trainable", SLICES)
def test_only_the_slice_changes(digits, trainable):
    X, _, y, _ = digits
    still = {**QUICK, "learning_rate_init": 1e-12, "alpha": 0.0}
    before = PartialCNNClassifier(**still, trainable=trainable, fraction=0.4)
    before.fit(X, y)
    after = clone(before).set_params(learning_rate_init=0.1).fit(X, y)
    learned = after.is_learned_
    for name, weights in after.weights_.items():
        changed = weights != before.weights_[name]
        assert_array_equal(changed & ~learned[name], False)
        assert changed[learned[name]].mean() > 0.9
        dim = SLICES.index(trainable)
        n_learned = learned[name].any(axis=tuple({0, 1, 2, 3} - {dim})).sum()
        assert n_learned == max(1, round(0.4 * weights.shape[dim]))


@pytest.mark.parametrize(
    "trainable, learned",
    [
        ("block2", {"block2"}),
        (("conv1", "block3"), {"conv1", "block3"}),
        ("batch_norm", set()),
        ("classifier", set()),
        ("all", {"conv1", "block1", "block2", "block3"}),
    ],
)
def test_only_named_parts_change(digits, trainable, learned):
    X, _, y, _ = digits
    still = {**QUICK, "learning_rate_init": 1e-12, "alpha": 0.0}
    before = PartialCNNClassifier(**still, trainable=trainable).fit(X, y)
    after = clone(before).set_params(learning_rate_init=0.1).fit(X, y)
    for name, weights in after.weights_.items():
        same = np.array_equal(weights, before.weights_[name])
        assert same == (name.split(".")[0] not in learned)
        assert after.is_learned_[name].all() != same
    same = np.array_equal(after.read_out_coef_, before.read_out_coef_)
    assert same == (trainable not in ("classifier", "all"))
    gains = {n.split(".")[0] for n in after.learned_ if n.endswith(".gain")}
    everywhere = trainable in ("batch_norm", "all")
    assert gains == {"block1", "block2", "block3"} & (gains if everywhere else learned)


@pytest.mark.parametrize(
    "architecture, trainable",
    [("wrn", "filters"), ("densenet", "all"), ("vgg_bn", ("block2", "classifier"))],
)
def test_batch_norms_that_are_not_fitted_still_normalise(
    digits, architecture, trainable
):
    X, _, y, _ = digits
    options = {**QUICK, **ARCHITECTURES[architecture], "trainable": trainable}
    fitted = PartialCNNClassifier(architecture, **options).fit(X[:99], y[:99])
    fixed = clone(fitted).set_params(fit_batch_norms=False).fit(X[:99], y[:99])
    norms = {name for name in fitted.learned_ if name.endswith((".gain", ".shift"))}
    assert norms and fitted.learned_.keys() - norms == fixed.learned_.keys()
    n_fewer = sum(fitted.learned_[name].size for name in norms)
    assert fixed.n_trainable_parameters_ == fitted.n_trainable_parameters_ - n_fewer
    blocks = fixed.model_.backbone.module("cpu").train().blocks
    for norm in parts(blocks, BatchNorm).values():
        images = 3 * torch.randn(9, len(norm.mean), 5, 5) + 1
        normal = norm(images)
        assert_allclose(normal.mean(dim=(0, 2, 3)), 0, atol=1e-5)
        assert_allclose(normal.var(dim=(0, 2, 3)), 1, atol=0.01)


@pytest.mark.parametrize(
    "trainable, of_read_out",
    [("filters", 1), ("all", 1), ("classifier", 1), ("block2", 0), ("batch_norm", 0)],
)
def test_penalty_is_half_alpha_times_the_squares_of_learned_weights(
    digits, trainable, of_read_out
):
    """Of convolutions and of the read-out; not of batch norms, nor of what is fixed."""
    X, _, y, _ = digits
    model = PartialCNNClassifier(**QUICK, trainable=trainable).fit(X[:99], y[:99])
    network = model.model_.module(torch.device("cpu"))
    with torch.no_grad():
        penalty = float(Objective(network, "softmax", 0.4).penalty())
    squares = of_read_out * np.square(model.read_out_coef_).sum()
    for name, weights in model.weights_.items():
        squares += np.square(weights[model.is_learned_[name]]).sum()
    assert_allclose(penalty, 0.2 * squares, rtol=1e-4)


def test_number_of_parameters_of_the_papers_networks():
    """WRN-28-4 has 5.85 M weights, 7.2 K in batch norms; densenet-BC-100-12 .77 M."""
    rng = np.random.default_rng(0)
    X, y = rng.random((10, 3, 8, 8)), np.arange(10)
    wrn = PartialCNNClassifier(
        "wrn", depth=28, width=4, trainable="batch_norm", max_iter=1, random_state=0
    ).fit(X, y)
    assert wrn.n_trainable_parameters_ == 7_200
    n_weights = sum(w.size for w in wrn.weights_.values())
    assert_allclose(n_weights + 7_200 + 2_570, 5.85e6, rtol=1e-3)
    dense = PartialCNNClassifier(
        "densenet", depth=100, width=12, trainable="classifier", max_iter=1
    ).fit(X, y)
    assert dense.n_trainable_parameters_ == 343 * 10
    n_weights = sum(w.size for w in dense.weights_.values())
    assert_allclose(n_weights, 0.77e6, rtol=0.05)


@pytest.mark.parametrize("trainable", ["filters", "input_channels", "all"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_learns(digits, architecture, trainable):
    X, X_test, y, y_test = digits
    # AlexNet's ridge start of seed 0 gets stuck with the kernels of some processors.
    options = {**SMALL, **ARCHITECTURES[architecture], "init": "ridge"}
    options["random_state"] = 1
    model = PartialCNNClassifier(
        architecture, trainable=trainable, fraction=0.4, max_iter=12, **options
    )
    assert model.fit(X, y).score(X_test, y_test) > 0.6


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_zero_filters_are_not_built(digits, architecture):
    X, _, y, _ = digits
    options = {**QUICK, **ARCHITECTURES[architecture], "fraction": 0.5}
    model = PartialCNNClassifier(architecture, frozen="zero", **options).fit(X, y)
    random = PartialCNNClassifier(architecture, **options).fit(X, y)
    for name, weights in model.weights_.items():
        assert len(weights) == round(len(random.weights_[name]) / 2)
        assert model.is_learned_[name].all()


def test_narrow_network_equals_one_with_zeros():
    """What is built of a network with zero filters computes the same."""
    torch.manual_seed(0)
    wide = PartialConv2d(4, 6, 3)
    wide.weight = torch.randn(6, 4, 3, 3)
    wide.weight[3:] = 0
    images = torch.randn(2, 4, 5, 5)
    images[:, 2:] = 0
    narrow = PartialConv2d(2, 3, 3)
    narrow.weight = wide.weight[:3, :2].clone()
    assert_allclose(wide(images)[:, :3], narrow(images[:, :2]), atol=1e-5)
    assert_array_equal(wide(images)[:, 3:], 0)


def test_zero_slices_stay_zero(digits):
    X, _, y, _ = digits
    model = PartialCNNClassifier(trainable="kernel_rows", frozen="zero", **QUICK)
    model.fit(X, y)
    for name, weights in model.weights_.items():
        assert_array_equal(weights[~model.is_learned_[name]], 0)


@pytest.mark.parametrize(
    "options, match",
    [
        ({"trainable": "block7"}, r"blocks \['conv1', 'block1', 'block2', 'block3'\]"),
        ({"trainable": []}, "name one or several"),
        ({"trainable": ("filters", "kernel_rows")}, "2 dimensions"),
        ({"trainable": "block1", "frozen": "zero"}, "nothing passes through"),
        ({"frozen": "zero", "select": "saliency"}, "needs the same"),
        ({"depth": 12}, "depth of architecture='wrn' must be 6 n"),
        ({"architecture": "vgg", "trainable": "batch_norm"}, "nothing to be learned"),
        ({"trainable": "batch_norm", "fit_batch_norms": False}, "choose one of them"),
        ({"solver": "lbfgs"}, "solver"),
    ],
)
def test_contradictions_are_named(digits, options, match):
    X, _, y, _ = digits
    with pytest.raises(ValueError, match=match):
        PartialCNNClassifier(**{**QUICK, **options}).fit(X, y)


def test_memory_is_checked_before_weights_are_drawn(digits):
    X, _, y, _ = digits
    with pytest.raises(MemoryError, match="width=100000"):
        PartialCNNClassifier(**{**QUICK, "width": 100_000}).fit(X, y)


def test_pickle_holds_a_seed_in_place_of_what_is_fixed(digits):
    X, X_test, y, _ = digits
    options = {**QUICK, "width": 4, "n_filters": 1}
    model = PartialCNNClassifier(**options).fit(X, y)
    pickled = pickle.dumps(model)
    n_bytes = sum(weights.nbytes for weights in model.weights_.values())
    assert len(pickled) < n_bytes / 10
    assert len(pickled) == pytest.approx(model.n_stored_bytes_, abs=12_000)
    again = pickle.loads(pickled)
    assert_array_equal(again.predict_proba(X_test), model.predict_proba(X_test))


@pytest.mark.parametrize("trainable", ["classifier", "block3", "block2"])
def test_cache_of_fixed_blocks_changes_nothing(digits, trainable):
    X, X_test, y, _ = digits
    kept = PartialCNNClassifier(**SMALL, trainable=trainable, max_iter=2).fit(X, y)
    again = clone(kept).set_params(cache_size=0).fit(X, y)
    assert_allclose(again.predict_proba(X_test), kept.predict_proba(X_test), atol=1e-5)


@pytest.mark.parametrize("dim", range(4))
def test_saliency_is_the_sum_of_absolute_first_order_effects(dim):
    """Effects of opposite sign must not cancel."""
    conv = make_convolution(0, None)
    conv.learned.grad = torch.randn_like(conv.learned)
    effects = np.abs((conv.learned * conv.learned.grad).detach().numpy())
    totals = effects.sum(axis=tuple({0, 1, 2, 3} - {dim}))
    found = salient_indices({"conv": conv}, dim, lambda size: 2)["conv"]
    assert_array_equal(found, np.sort(np.argsort(totals)[-2:]))


def test_saliency_chooses_by_gradient(digits):
    X, _, y, _ = digits
    model = PartialCNNClassifier(**QUICK, select="saliency").fit(X, y)
    first = PartialCNNClassifier(**QUICK).fit(X, y)
    assert first.selected_ is None
    sizes = {name: w.sum() for name, w in first.is_learned_.items()}
    assert {name: w.sum() for name, w in model.is_learned_.items()} == sizes
    assert any(index.tolist() != [*range(len(index))] for index in _indices(model))


def _indices(model):
    return [index for index in model.selected_.values() if index is not None]


def test_tasks_share_a_backbone(digits):
    """What is fixed is one copy in memory and none in a pickle; training is its own."""
    X, X_test, y, _ = digits
    X, y = X[:200], y[:200]
    task = PartialCNNClassifier(**{**QUICK, "width": 2}, backbone_seed=7)
    labels = {"digit": y, "odd": y % 2, "below five": y < 5}
    tasks = {name: clone(task).fit(X, target) for name, target in labels.items()}
    tasks["odd, other start"] = clone(task).set_params(random_state=1).fit(X, y % 2)
    first, *others = (model.model_.constants.arrays for model in tasks.values())
    assert all(other[name] is first[name] for other in others for name in first)
    learned = tasks["digit"].is_learned_
    for name, weights in tasks["digit"].weights_.items():
        same = weights == tasks["odd, other start"].weights_[name]
        assert same[~learned[name]].all() and not same[learned[name]].any()
    n_fixed_bytes = sum(4 * (~learned[name]).sum() for name in learned)
    n_stored = [model.n_stored_bytes_ for model in tasks.values()]
    assert abs(len(pickle.dumps(tasks)) - sum(n_stored)) < n_fixed_bytes / 2
    alone = PartialCNNClassifier(**task.get_params()).fit(X, labels["odd"])
    again = pickle.loads(pickle.dumps(tasks))["odd"]
    expected = alone.predict_proba(X_test)
    assert_array_equal(tasks["odd"].predict_proba(X_test), expected)
    assert_array_equal(again.predict_proba(X_test), expected)
    with pytest.raises(ValueError, match="backbone_seed changed"):
        again.set_params(backbone_seed=8, warm_start=True).fit(X, labels["odd"])


def test_images_of_other_sizes_share_the_layers_that_fit(digits):
    X, _, y, _ = digits
    options = {**QUICK, "image_shape": None, "backbone_seed": 7}
    grey = PartialCNNClassifier(**options).fit(X[:99].reshape(-1, 8, 8), y[:99])
    colours = np.random.default_rng(0).random((20, 3, 6, 7))
    coloured = PartialCNNClassifier(**options).fit(colours, np.arange(20) % 2)
    one, other = (model.model_.constants.arrays for model in (grey, coloured))
    shared = [name for name in one if one[name] is other[name]]
    assert shared == [name for name in one if not name.startswith("conv1")]


def test_drawn_weights_are_freed_and_cannot_be_written():
    shape = {"a": (2, 3, 1, 1)}
    weights = draw_convolutions(shape, 5, "float32")["a.weight"]
    assert draw_convolutions(shape, 5, "float32")["a.weight"] is weights
    assert draw_convolutions(shape, 5, "float64")["a.weight"] is not weights
    assert draw_convolutions(shape, 6, "float32")["a.weight"] is not weights
    with pytest.raises(ValueError, match="read-only"):
        weights[0] = 0
    dead = weakref.ref(weights)
    del weights
    assert dead() is None


def test_augmentation_moves_and_mirrors():
    images = torch.arange(1, 3 * 2 * 4 * 5 + 1.0).view(3, 2, 4, 5)
    still = Augmentation(False, 0, np.random.default_rng(0))
    assert_array_equal(still(images), images)
    flips = Augmentation(True, 0, np.random.default_rng(0))(images)
    mirrored = [
        bool((a == b.flip(-1)).all()) for a, b in zip(flips, images, strict=True)
    ]
    same = [bool((a == b).all()) for a, b in zip(flips, images, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    crops = Augmentation(False, 2, np.random.default_rng(0))(images)
    assert crops.shape == images.shape
    padded = functional.pad(images, [2] * 4)
    for crop, image in zip(crops, padded, strict=True):
        windows = image.unfold(1, 4, 1).unfold(2, 5, 1).permute(1, 2, 0, 3, 4)
        assert (windows == crop).flatten(2).all(dim=2).any()


def test_crops_begin_anywhere_within_the_padding():
    images = torch.zeros(300, 1, 5, 5)
    images[:, 0, 2, 2] = 1
    crops = Augmentation(False, 2, np.random.default_rng(0))(images)[:, 0].numpy()
    counts = crops.sum(axis=0)
    assert counts.sum() == 300  # the dot moves by at most 2, and stays in sight
    assert counts.min() > 0


def test_augmented_images_reach_training(digits):
    X, _, y, _ = digits
    plain = PartialCNNClassifier(**QUICK).fit(X, y)
    moved = PartialCNNClassifier(**QUICK, flips=True, crop_padding=1).fit(X, y)
    again = clone(moved).fit(X, y)
    assert moved.loss_ != plain.loss_
    assert_array_equal(again.read_out_coef_, moved.read_out_coef_)


@pytest.mark.parametrize("head", ["half", "full"])
def test_heads(digits, head):
    X, X_test, y, y_test = digits
    options = {**SMALL, "head": head, "hidden_layer_sizes": 32, "max_iter": 5}
    model = PartialCNNClassifier(**options).fit(X, y)
    assert (
        model.weights_.keys() == PartialCNNClassifier(**QUICK).fit(X, y).weights_.keys()
    )
    assert [len(scales) for scales in model.scales_] == [32]
    assert model.score(X_test, y_test) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_early_stopping_goes_back_to_the_best_averages(digits):
    X, X_val, y, y_val = digits
    rate = {"learning_rate": "constant", "learning_rate_init": 0.8}
    model = PartialCNNClassifier(**SMALL, **rate, max_iter=6)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.validation_scores_
    assert scores[-1] < model.best_validation_score_ == max(scores)
    assert model.score(X_val, y_val) == pytest.approx(max(scores))


def test_partial_fit_and_warm_start(digits):
    X, X_test, y, y_test = digits
    model = PartialCNNClassifier(**SMALL)
    for _ in range(6):
        model.partial_fit(X, y, classes=np.unique(y))
    assert model.score(X_test, y_test) > 0.6
    before = model.score(X, y)
    model.set_params(warm_start=True, max_iter=5).fit(X, y)
    assert model.score(X, y) > before
    with pytest.raises(ValueError, match="fraction changed"):
        model.set_params(fraction=0.5).fit(X, y)


def test_in_a_grid_search_with_images_and_regression(digits):
    X, _, y, _ = digits
    pipeline = make_pipeline(MinMaxScaler(), PartialCNNClassifier(**QUICK))
    grid = {"partialcnnclassifier__fraction": [0.1, 1.0]}
    assert GridSearchCV(pipeline, grid, cv=2).fit(X, y).best_score_ > 0.2
    images = X.reshape(-1, 8, 8)
    options = {**SMALL, "image_shape": None, "max_iter": 8}
    regressor = PartialCNNRegressor(**options).fit(images, y)
    assert regressor.image_shape_ == (1, 8, 8)
    assert regressor.score(images, y) > 0.4
    two = PartialCNNRegressor(**options).fit(images, np.column_stack([y, -2.0 * y]))
    assert two.predict(images).shape == (len(images), 2)


def test_channels_that_stand_last_are_noticed():
    X, y = np.random.default_rng(0).random((12, 8, 8, 3)), np.arange(12) % 2
    options = {**QUICK, "image_shape": None}
    with pytest.warns(UserWarning, match="channels stand last"):
        PartialCNNClassifier(**options).fit(X, y)
    model = PartialCNNClassifier(**options).fit(X.transpose(0, 3, 1, 2), y)
    assert model.image_shape_ == (3, 8, 8)


def test_goes_on_after_ctrl_c(digits):
    X, X_test, y, y_test = digits
    model = PartialCNNClassifier(**SMALL, max_iter=8).set_callbacks(Interrupt())
    with pytest.warns(UserWarning, match="interrupted by the user after 2"):
        model.fit(X, y)
    assert model.n_iter_ == 2
    again = pickle.loads(pickle.dumps(model.set_callbacks()))
    again.set_params(warm_start=True).fit(X, y)
    assert again.n_iter_ == len(again.loss_curve_) == 8
    assert again.loss_curve_[:2] == model.loss_curve_
    whole = clone(model).fit(X, y)
    # Momentum and rate go on; only the order of the rows is another.
    assert again.loss_ == pytest.approx(whole.loss_, rel=0.2)
    assert again.score(X_test, y_test) > 0.75
    # Training was completed: a warm start now begins with a new schedule.
    assert again.fit(X, y).n_iter_ == 8


def test_layers(digits):
    X, _, y, _ = digits
    model = PartialCNNClassifier(**QUICK).fit(X, y)
    layers = model.transform_layers(X[:5])
    assert [layer.shape for layer in layers] == [(5, 16), (5, 16), (5, 32), (5, 64)]
    scores = layers[-1] @ model.read_out_coef_.T + model.read_out_intercept_
    assert_allclose(scores, model.decision_function(X[:5]), atol=1e-4)


def test_magnitudes(digits):
    pytest.importorskip("matplotlib").use("Agg")
    X, _, y, _ = digits
    model = PartialCNNClassifier(**QUICK).fit(X, y)
    display = MagnitudesDisplay.from_estimator(model).plot()
    found = weight_magnitudes(model)
    assert_array_equal(found["layer"], list(model.weights_))
    weights = model.weights_["conv1"]
    assert_allclose(found["learned_mean"][0], np.abs(weights[:2]).mean(), rtol=1e-6)
    assert_allclose(found["fixed_variance"][0], weights[2:].var(), rtol=1e-6)
    assert len(display.ax_.get_xticks()) == len(found)
    everything = PartialCNNClassifier(**QUICK, trainable="all").fit(X, y)
    assert np.isnan(weight_magnitudes(everything)["fixed_mean"]).all()


@pytest.mark.parametrize("shared_max_iter", [0, 1])
def test_members_share_what_is_fixed(digits, shared_max_iter):
    X, X_test, y, y_test = digits
    ensemble = SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**SMALL, max_iter=3),
        3,
        shared_max_iter=shared_max_iter,
        random_state=0,
    ).fit(X, y)
    first, second, _ = ensemble.estimators_
    learned = first.is_learned_
    for name, weights in first.weights_.items():
        same = weights == second.weights_[name]
        assert same[~learned[name]].all()
        assert not same[learned[name]].all()
    assert ensemble.mean_member_score_ == ensemble.member_scores_.mean()
    mean = np.mean([m.predict_proba(X_test) for m in ensemble.estimators_], axis=0)
    assert_allclose(ensemble.predict_proba(X_test), mean)
    expected = (ensemble.classes_[mean.argmax(axis=1)] == y_test).mean()
    assert ensemble.score(X_test, y_test) == expected


def test_ensemble_stores_what_is_shared_once(digits):
    X, _, y, _ = digits
    ensemble = SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**QUICK), 5, random_state=0
    ).fit(X, y)
    member = len(pickle.dumps(ensemble.estimators_[0]))
    assert len(pickle.dumps(ensemble)) <= 1.8 * member
    again = pickle.loads(pickle.dumps(ensemble))
    first, second, *_ = again.estimators_
    assert first.model_.constants is second.model_.constants
    assert_array_equal(again.predict_proba(X), ensemble.predict_proba(X))
    assert ensemble.n_stored_bytes_ < len(pickle.dumps(ensemble))


@pytest.mark.parametrize(
    "spoil, match",
    [
        (lambda X, y: (X, None), "y to be passed"),
        (lambda X, y: (X, X[:, 3] + 0.5), "Unknown label type|label type"),
        (lambda X, y: (X[0], y), "Expected 2D array"),
        (lambda X, y: (X, y, np.ones(5)), "sample_weight.shape"),
        (lambda X, y: (X[:20], np.arange(20)), "validation_fraction=0.1 cannot"),
    ],
)
def test_ensemble_names_what_is_wrong_with_the_data(digits, spoil, match):
    X, _, y, _ = digits
    model = SharedBackboneEnsembleClassifier(PartialCNNClassifier(**QUICK))
    with pytest.raises(ValueError, match=match):
        model.fit(*spoil(X, y))


def test_refit_of_an_ensemble_forgets_what_it_does_not_set(digits):
    X, _, y, _ = digits
    model = SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**QUICK), 2, random_state=0
    ).fit(pd.DataFrame(X).add_prefix("p"), y)
    assert len(model.feature_names_in_) == 64 and len(model.member_scores_) == 2
    log_probabilities = model.predict_log_proba(pd.DataFrame(X[:5]).add_prefix("p"))
    assert_allclose(np.exp(log_probabilities).sum(axis=1), 1)
    model.set_params(validation_fraction=None).fit(X, y)
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model, "ensemble_score_")


def test_ensemble_is_the_same_for_any_n_jobs_and_shared_fraction_is_met(digits):
    X, _, y, _ = digits
    member = PartialCNNClassifier(**QUICK)
    alone = SharedBackboneEnsembleClassifier(member, 2, random_state=0)
    with one_thread():  # as joblib's processes have: two round sums differently
        together = clone(alone).set_params(n_jobs=2).fit(X, y)
        assert_array_equal(together.predict_proba(X), alone.fit(X, y).predict_proba(X))
    sizes = []
    for fraction in (1, 0.9, 0.3, 0):
        model = clone(alone).set_params(shared_fraction=fraction).fit(X, y)
        sizes.append(model.n_trainable_parameters_)
    assert sizes == sorted(sizes)
    assert sizes[0] == 2 * 650
    with pytest.raises(ValueError, match="cannot be zero"):
        clone(alone).set_params(estimator__frozen="zero").fit(X, y)


def test_copies_share_nothing_that_training_changes(digits):
    X, X_test, y, _ = digits
    model = PartialCNNClassifier(**QUICK).fit(X, y)
    before = model.predict_proba(X_test)
    twin = copy.copy(model)
    twin.set_params(warm_start=True).fit(X, y)
    assert_array_equal(model.predict_proba(X_test), before)


def test_members_with_a_common_start_flip_their_images(digits):
    X, X_test, y, _ = digits
    ensemble = SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**QUICK, flips=True), 2, random_state=0
    ).fit(X, y)
    first, second = ensemble.estimators_
    assert first.model_.moves != second.model_.moves
    assert ensemble.predict(X_test).shape == (len(X_test),)
