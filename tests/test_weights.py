"""Random weight kinds: every kind of the table x what holds for all, then each kind."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.utils._param_validation import InvalidParameterError
from threadpoolctl import threadpool_limits

from sklearn_halfnet.weights import WEIGHTS, FrozenWeights, check_weight_kind
from sklearn_halfnet.weights._images import draw_sizes
from sklearn_halfnet.weights.gabor import gabor
from sklearn_halfnet.weights.mexican_hat import ricker
from sklearn_halfnet.weights.orthogonal import orthonormal_rows
from sklearn_halfnet.weights.seeded import philox, seeded_integers

N_UNITS, SHAPE, N_FEATURES = 40, (6, 8), 48
# Shapes of y as estimators hand it over: class indices, 0/1 and real columns.
TARGETS = ("classes", "labels", "binary", "real", "reals")
# A parameter of each kind that has any, with a value of a wrong type or range.
INVALID = {
    "mexican_hat": ({"image_shape": 48}, {"sigma_range": "wide"}),
    "gabor": ({"image_shape": "48"}, {"sigma_range": 3.0}),
    "sparse": ({"density": 0.0}, {"density": 1.5}, {"density": "some"}),
    "class_sums": ({"n_bins": 1}, {"n_bins": 2.5}),
    "principal": ({"n_components": 0}, {"n_components": 1.5}, {"n_components": "all"}),
    "receptive_field": ({"border": -1}, {"min_size": 0}, {"image_shape": 48}),
    "seeded": ({"distribution": "uniform"}, {"distribution": 1}),
}
DATA_DRIVEN = ("instances", "difference", "class_sums", "principal")
FILTERS = ("mexican_hat", "gabor")
ISOTROPIC = ("normal", "binary", "uniform", "orthogonal", "sparse", "seeded")

all_kinds = pytest.mark.parametrize("name", WEIGHTS)


def training_rows(n_rows=60, n_features=N_FEATURES, dtype=np.float32):
    X = np.random.default_rng(1).standard_normal((n_rows, n_features)).astype(dtype)
    return X - X.mean(axis=0)


def targets(how="classes", n_rows=60):
    rng = np.random.default_rng(2)
    return {
        "classes": rng.integers(3, size=n_rows),
        "labels": (rng.random((n_rows, 2)) < 0.5).astype(float),
        "binary": (rng.random((n_rows, 1)) < 0.5).astype(np.float32),
        "real": rng.standard_normal(n_rows),
        "reals": rng.standard_normal((n_rows, 2)),
    }[how]


def draw(kind, n_units=N_UNITS, n_features=N_FEATURES, seed=0, X=None, y=None):
    X = training_rows(n_features=n_features) if X is None else X
    y = targets(n_rows=len(X)) if y is None else y
    rng = np.random.default_rng(seed)
    return check_weight_kind(kind).sample(n_units, n_features, rng, X, y)


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else weights


# --- every kind ---------------------------------------------------------------------


@all_kinds
@pytest.mark.parametrize("size", [(1, 1), (1, 48), (7, 2), (100, 3), (130, 48)])
def test_shape_dtype_and_finite(name, size):
    weights = draw(name, *size)
    assert weights.shape == size
    assert weights.dtype == (np.int8 if name in ("binary", "seeded") else np.float32)
    assert sparse.issparse(weights) == (name == "sparse")
    assert np.isfinite(dense(weights)).all()


@all_kinds
def test_a_seed_means_the_same_weights_on_any_number_of_threads(name):
    X, y = training_rows(500), targets(n_rows=500)
    # Principal directions are what they are; their rotations are random.
    kind = WEIGHTS[name](n_components=3) if name == "principal" else name
    first = dense(draw(kind, X=X, y=y))
    with threadpool_limits(limits=1):
        np.testing.assert_array_equal(first, dense(draw(kind, X=X, y=y)))
    assert (first != dense(draw(kind, seed=1, X=X, y=y))).any(axis=1).mean() > 0.9


@all_kinds
def test_global_random_state_is_left_alone(name):
    before = np.random.get_state()[1].copy()
    draw(name)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@all_kinds
def test_clone_and_pickle_draw_the_same(name):
    kind = WEIGHTS[name]()
    expected = dense(draw(kind))
    np.testing.assert_array_equal(expected, dense(draw(clone(kind))))
    np.testing.assert_array_equal(
        expected, dense(draw(pickle.loads(pickle.dumps(kind))))
    )


@all_kinds
def test_training_rows_are_not_changed(name):
    X, y = training_rows(), targets()
    draw(name, X=X, y=y)
    np.testing.assert_array_equal(X, training_rows())
    np.testing.assert_array_equal(y, targets())


@all_kinds
def test_every_unit_has_a_weight_and_units_differ(name):
    weights = dense(draw(name)).astype(float)
    norms = np.linalg.norm(weights, axis=1)
    assert norms.min() > 0.1
    cosines = (weights / norms[:, None]) @ (weights / norms[:, None]).T
    assert np.median(np.abs(cosines[np.triu_indices(N_UNITS, 1)])) < 0.5


@all_kinds
def test_missing_data_are_named(name):
    kind = WEIGHTS[name]()
    rng = np.random.default_rng(0)
    if not kind.requires_X:
        assert kind.sample(2, N_FEATURES, rng).shape == (2, N_FEATURES)
        return
    with pytest.raises(ValueError, match=f"weight_kind='{name}' needs the training da"):
        kind.sample(2, N_FEATURES, rng)
    if kind.requires_y:
        with pytest.raises(ValueError, match="needs the training targets y"):
            kind.sample(2, N_FEATURES, rng, training_rows())


@pytest.mark.parametrize(
    "name, params", [(name, params) for name in INVALID for params in INVALID[name]]
)
def test_invalid_parameters(name, params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        draw(WEIGHTS[name](**params))


@all_kinds
def test_every_parameter_is_constrained_and_tried(name):
    kind = WEIGHTS[name]()
    constrained = set(kind._parameter_constraints)
    assert constrained == set(kind.get_params(deep=False))
    tried = {key for params in INVALID.get(name, ()) for key in params}
    assert tried == constrained - {"base"}


# --- what families of kinds share ---------------------------------------------------


@pytest.mark.parametrize("name", ISOTROPIC)
def test_isotropic_kinds_have_mean_0_and_variance_1(name):
    weights = dense(draw(name, 400, 100)).astype(float)
    assert abs(weights.mean()) < 0.02
    assert abs(weights.var() - 1) < 0.03
    covariance = weights.T @ weights / 400
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.3


@pytest.mark.parametrize("name", DATA_DRIVEN + FILTERS)
def test_rows_of_norm_1(name):
    norms = np.linalg.norm(draw(name), axis=1)
    np.testing.assert_allclose(norms, 1, rtol=1e-5)


@pytest.mark.parametrize("name", DATA_DRIVEN)
def test_scale_of_the_data_does_not_matter(name):
    X = training_rows(dtype=np.float64)
    expected = draw(name, X=X)
    np.testing.assert_allclose(draw(name, X=1e30 * X), expected, atol=1e-5)
    np.testing.assert_allclose(draw(name, X=1e-30 * X), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["difference", "class_sums"])
@pytest.mark.parametrize("how", TARGETS)
def test_any_targets(name, how):
    assert np.isfinite(draw(name, y=targets(how))).all()


@pytest.mark.parametrize("name", [*FILTERS, "receptive_field"])
def test_image_shape_must_hold_the_features(name):
    kind = WEIGHTS[name](image_shape=(28, 28))
    with pytest.raises(ValueError, match="holds 784 values, but the layer has 48"):
        draw(kind)
    with pytest.raises(ValueError, match="positive whole numbers"):
        draw(kind.set_params(image_shape=(6, -8)))


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("sigma_range", [(2, 1), (0.01, 1), (1,), (1, np.inf)])
def test_sigma_range_must_be_increasing(name, sigma_range):
    with pytest.raises(ValueError, match="sigma_range must be"):
        draw(WEIGHTS[name](sigma_range=sigma_range))


def test_sizes_of_filters_are_log_uniform():
    """As many octaves as there are: a third of the sizes in each decade of three."""
    sizes = draw_sizes((1.0, 1000.0), (5,), 9000, np.random.default_rng(0))
    counts = np.histogram(sizes, [1, 10, 100, 1000])[0]
    np.testing.assert_allclose(counts, 3000, rtol=0.06)
    widest = draw_sizes(None, (8, 40), 9000, np.random.default_rng(0)).max()
    assert 9.9 < widest <= 10


@pytest.mark.parametrize("name", FILTERS)
def test_filters_follow_the_order_in_which_numpy_flattens_images(name):
    kind = WEIGHTS[name](image_shape=(12, 40), sigma_range=(1, 1.5))
    images = np.abs(draw(kind, n_features=480)).reshape(-1, 12, 40)
    # A small filter occupies few rows and few columns; read in a wrong order, many.
    assert ((images > 0.05).any(axis=2).sum(axis=1) <= 11).all()
    assert ((images > 0.05).any(axis=1).sum(axis=1) <= 11).all()


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_over_channels_is_one_filter_times_a_colour(name):
    kind = WEIGHTS[name](image_shape=(4, 4, 3))
    for image in draw(kind).reshape(N_UNITS, 16, 3):
        assert np.linalg.svd(image, compute_uv=False)[1] < 1e-6


# --- one kind -----------------------------------------------------------------------


def test_ricker_has_its_peak_and_its_zeros_where_theory_says():
    size = np.array([2.0])
    axis = np.linspace(-6, 6, 1201)
    signal = ricker([axis[None]], size)[0]
    assert signal.argmax() == 600
    # On a signal the zeros lie at u = s and the minima at u = s sqrt(3).
    assert abs(signal[np.abs(np.abs(axis) - 2) < 1e-9]).max() < 1e-12
    assert abs(abs(axis[signal.argmin()]) - 2 * np.sqrt(3)) < 0.01
    # On an image the zeros lie at |u| = s sqrt(2).
    image = ricker([np.array([[[2.0]]]), np.array([[[2.0]]])], size)
    assert abs(image.item()) < 1e-12


def test_ricker_is_blind_to_a_constant():
    axis = np.arange(-30.0, 31.0)
    for offsets in ([axis[None]], [axis[None, :, None], axis[None, None, :]]):
        filters = ricker(offsets, np.array([3.0]))
        assert abs(filters.sum()) < 1e-9 * np.abs(filters).sum()


def test_gabor_wave_travels_along_its_angle_and_is_blind_to_a_constant():
    axis = np.arange(-20.0, 21.0)
    offsets = [axis[None, :, None], axis[None, None, :]]
    one = np.ones(1)
    along, down = (
        gabor(offsets, 4 * one, 6 * one, 0.4 * one, angle * one)[0]
        for angle in (0, np.pi / 2)
    )
    np.testing.assert_allclose(along, down.T, atol=1e-12)
    peak = np.abs(np.fft.fftfreq(41)[np.abs(np.fft.fft(along[20])).argmax()])
    assert abs(peak - 1 / 6) < 0.03
    assert abs(along.sum()) < 1e-3 * np.abs(along).sum()


@pytest.mark.parametrize("n_axes", [1, 2])
def test_gabor_of_any_phase_is_blind_to_a_constant(n_axes):
    """Wide waves too, whose envelope holds less than one period."""
    axis, size = np.arange(-20.0, 21.0), np.full(8, 3.0)
    shapes = ([1, -1], [1, -1, 1], [1, 1, -1])
    offsets = [axis.reshape(s) for s in (shapes[:1] if n_axes == 1 else shapes[1:])]
    phases = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    filters = gabor(offsets, size, 4 * size, phases, phases + 1).reshape(8, -1)
    assert (abs(filters.sum(axis=1)) < 1e-9 * np.abs(filters).sum(axis=1)).all()


def test_orthogonal_matrices_are_as_likely_as_their_negatives():
    """Of uniform (Haar) orthogonal matrices the trace has mean 0 and variance 1."""
    rng = np.random.default_rng(0)
    traces = [np.trace(orthonormal_rows(4, 4, rng)) for _ in range(400)]
    assert abs(np.mean(traces)) < 4 / np.sqrt(400)
    assert abs(np.var(traces) - 1) < 0.3


def test_orthogonal_blocks():
    weights = draw("orthogonal", 100, 40).astype(float)
    for rows in (slice(0, 40), slice(40, 80), slice(80, 100)):
        gram = weights[rows] @ weights[rows].T
        np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-4)
    assert 0.5 < (np.linalg.norm(weights, axis=1) ** 2).std() / np.sqrt(80) < 1.5


@pytest.mark.parametrize("density", ["auto", 0.02, 0.3, 1.0])
def test_sparse_density_and_values(density):
    weights = draw(WEIGHTS["sparse"](density=density), 500, 400)
    share = 1 / 20 if density == "auto" else density
    assert abs(weights.nnz / 200_000 - share) < 0.003
    values, counts = np.unique(weights.data, return_counts=True)
    np.testing.assert_allclose(values, [-(share**-0.5), share**-0.5], rtol=1e-6)
    assert abs(counts[0] / counts.sum() - 0.5) < 0.03
    assert weights.has_canonical_format
    assert np.diff(weights.indptr).min() > 0


@pytest.mark.parametrize("n_rows, distinct", [(60, 40), (10, 10)])
def test_instances_are_training_rows(n_rows, distinct):
    X = training_rows(n_rows)
    weights = draw("instances", X=X)
    cosines = weights @ (X / np.linalg.norm(X, axis=1, keepdims=True)).T
    np.testing.assert_allclose(cosines.max(axis=1), 1, rtol=1e-5)
    used = len(np.unique(cosines.argmax(axis=1)))
    assert used == distinct if n_rows > N_UNITS else used <= distinct


def test_instances_at_the_mean_are_passed_over():
    X = training_rows()
    X[:50] = 0
    assert np.linalg.norm(draw("instances", X=X), axis=1).min() > 0.99
    assert not draw("instances", X=0 * X).any()


def _coded_rows(groups):
    """Rows e_i plus a large feature that tells the group: differences show both."""
    return np.hstack([np.eye(len(groups)), 100.0 * np.asarray(groups)[:, None]])


@pytest.mark.parametrize(
    "y, groups",
    [
        ([0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 1, 2]),
        ([0.1, 0.2, 0.3, 7.0, 8.0, 9.0], [0, 0, 0, 1, 1, 1]),
        ([5.0, 5.0, 5.0, 5.0, 6.0, 7.0], [0, 0, 0, 0, 1, 1]),
        ([1.0, 3.0, 7.0, 7.0, 7.0, 7.0], [0, 0, 1, 1, 1, 1]),
    ],
)
def test_differences_are_of_two_rows_of_different_groups(y, groups):
    weights = draw("difference", 200, 7, X=_coded_rows(groups), y=np.array(y))
    pairs = weights[:, :6]
    assert ((pairs > 0).sum(axis=1) == 1).all()
    assert ((pairs < 0).sum(axis=1) == 1).all()
    first, second = pairs.argmax(axis=1), pairs.argmin(axis=1)
    assert (np.array(groups)[first] != np.array(groups)[second]).all()
    assert set(first) == set(second) == set(range(6))


def test_difference_needs_two_classes():
    with pytest.raises(ValueError, match="at least 2 classes"):
        draw("difference", y=np.zeros(60, dtype=int))


def test_class_sums_are_signed_sums_of_one_class():
    y = np.repeat([0, 1, 2], [1, 2, 3])
    weights = draw("class_sums", 31, 6, X=np.eye(6), y=y)
    class_of_unit = []
    for row in weights:
        members = np.flatnonzero(row)
        class_of_unit.append(y[members[0]])
        assert set(members) == set(np.flatnonzero(y == class_of_unit[-1]))
        np.testing.assert_allclose(np.abs(row[members]), len(members) ** -0.5, 1e-5)
    assert sorted(np.bincount(class_of_unit)) == [10, 10, 11]


def test_class_sums_bin_a_real_target():
    kind = WEIGHTS["class_sums"](n_bins=3)
    weights = draw(kind, 30, 6, X=np.eye(6), y=np.arange(6.0))
    patterns = {tuple(row) for row in weights != 0}
    assert patterns == {tuple(np.repeat(np.eye(3)[k], 2) > 0) for k in range(3)}


@pytest.mark.parametrize("n_rows, n_features", [(200, 12), (9, 30)])
def test_principal_directions_are_those_of_pca(n_rows, n_features):
    rng = np.random.default_rng(3)
    scales = np.geomspace(5, 0.1, n_features)
    X = 7 + rng.standard_normal((n_rows, n_features)) * scales
    k = min(n_rows - 1, n_features)
    kind = WEIGHTS["principal"](None)
    weights = draw(kind, 3 * k + 2, n_features, X=X)
    expected = PCA(k, svd_solver="full").fit(X).components_
    np.testing.assert_allclose(weights[:k], expected, atol=1e-5)
    # Fewer units are the leading ones; more are orthonormal bases of the same space.
    np.testing.assert_array_equal(draw(kind, 4, n_features, X=X), weights[:4])
    for block in (weights[k : 2 * k], weights[2 * k : 3 * k]):
        np.testing.assert_allclose(block @ block.T, np.eye(k), atol=1e-5)
        inside = block @ expected.T @ expected
        np.testing.assert_allclose(inside, block, atol=1e-5)
        assert np.abs(block @ expected.T).max(axis=1).mean() < 0.9


@pytest.mark.parametrize(
    "n_components, rank", [(3, 3), (0.9, 4), (100, 6), (1, 1), ("auto", 6), (None, 6)]
)
def test_principal_directions_of_a_share_of_the_variance(n_components, rank):
    # Variances 32, 16, 8, 4, 2, 1: four of them are 60 of 63.
    X = np.vstack([np.eye(6), -np.eye(6)]) * np.sqrt([32, 16, 8, 4, 2, 1])
    kind = WEIGHTS["principal"](n_components)
    weights = draw(kind, 20, 6, X=X)
    expected = np.eye(6)[:rank]
    np.testing.assert_allclose(weights[:rank], expected, atol=1e-6)
    np.testing.assert_allclose(weights[:, rank:], 0, atol=1e-6)


@pytest.mark.parametrize("n_units, rank", [(8, 8), (20, 16), (100, 25), (400, 48)])
def test_principal_directions_are_a_quarter_of_the_units(n_units, rank):
    assert np.linalg.matrix_rank(draw("principal", n_units), tol=1e-4) == rank


def test_principal_directions_leave_out_what_does_not_vary():
    X = training_rows(n_features=8)
    X[:, 3], X[:, 5] = 4.0, X[:, 1] + X[:, 2]
    weights = draw(WEIGHTS["principal"](None), 30, 8, X=X)
    np.testing.assert_allclose(weights[:, 3], 0, atol=1e-6)
    assert np.linalg.matrix_rank(weights, tol=1e-4) == 6


@pytest.mark.parametrize("offset, scale", [(1e7, 1.0), (-3e9, 1.0), (0, 1e-200)])
def test_principal_directions_wherever_the_rows_are(offset, scale):
    X = training_rows(n_features=8).astype(np.float64).round(2) * scale
    weights = draw("principal", 6, 8, X=X + offset)
    np.testing.assert_allclose(weights, draw("principal", 6, 8, X=X), atol=1e-5)
    # A share of any type of float.
    kind = WEIGHTS["principal"](np.float32(0.5))
    np.testing.assert_array_equal(
        draw(kind, 6, 8, X=X), draw(WEIGHTS["principal"](0.5), 6, 8, X=X)
    )


@pytest.mark.parametrize("X", [np.ones((9, 4)), np.ones((1, 4))])
def test_principal_directions_need_rows_that_differ(X):
    with pytest.raises(ValueError, match="'principal' needs rows that differ"):
        draw("principal", 3, 4, X=X)


@pytest.mark.parametrize("base", [name for name in WEIGHTS if name != "orthogonal"])
def test_receptive_fields_are_rectangles_within_the_border(base):
    kind = WEIGHTS["receptive_field"](base, image_shape=(10, 12), border=2, min_size=9)
    kind.set_params(base=WEIGHTS["sparse"](density=1.0) if base == "sparse" else base)
    images = dense(draw(kind, n_features=120)).reshape(-1, 10, 12) != 0
    assert not images[:, [0, 1, -2, -1]].any()
    assert not images[:, :, [0, 1, -2, -1]].any()
    if base in ("gabor", "mexican_hat", "receptive_field"):
        return
    rows, columns = images.any(axis=2), images.any(axis=1)
    np.testing.assert_array_equal(images, rows[:, :, None] & columns[:, None, :])
    assert images.sum(axis=(1, 2)).min() >= 9
    for side in (rows, columns):
        starts = np.diff(side.astype(int), axis=1, prepend=0) == 1
        assert (starts.sum(axis=1) == 1).all()


def test_receptive_field_of_a_data_driven_kind_has_norm_1():
    kind = WEIGHTS["receptive_field"]("difference", image_shape=SHAPE)
    assert kind.requires_X and kind.requires_y
    np.testing.assert_allclose(np.linalg.norm(draw(kind), axis=1), 1, rtol=1e-5)


def test_receptive_field_covers_channels_alike_and_hands_on_the_image_shape():
    kind = WEIGHTS["receptive_field"](image_shape=(4, 4, 3), min_size=1)
    images = draw(kind).reshape(N_UNITS, 16, 3) != 0
    assert (images.all(axis=2) == images.any(axis=2)).all()
    hats = WEIGHTS["receptive_field"]("mexican_hat", image_shape=SHAPE)
    assert hats._base_kind().image_shape == SHAPE
    assert hats.base == "mexican_hat"


def test_receptive_field_border_must_leave_something():
    with pytest.raises(ValueError, match="border=3 leaves nothing"):
        draw(WEIGHTS["receptive_field"](image_shape=SHAPE, border=3))


# --- the user's own -----------------------------------------------------------------


class _Sampler:
    def sample(self, n_units, n_features, rng, X=None, y=None):
        return np.full((n_units, n_features), len(X))


def test_own_weights():
    ready = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(draw(ready, 2, 3), ready)
    assert sparse.issparse(draw(sparse.csr_array(ready), 2, 3))
    function = lambda n_units, n_features, rng: rng.random((n_units, n_features))  # noqa: E731
    assert draw(function, 2, 3).dtype == np.float32
    assert (draw(_Sampler(), 2, 3) == 60).all()
    assert (draw(_Sampler, 2, 3) == 60).all()
    kind = WEIGHTS["normal"]()
    assert check_weight_kind(kind) is kind
    assert isinstance(check_weight_kind(WEIGHTS["gabor"]), WEIGHTS["gabor"])


def test_own_weights_are_checked():
    with pytest.raises(ValueError, match=r"shape \(2, 3\); \(5, 3\) was asked for"):
        draw(np.ones((2, 3)), 5, 3)
    with pytest.raises(ValueError, match="not finite"):
        draw(np.full((2, 3), np.nan), 2, 3)
    with pytest.raises(ValueError, match=r"Unknown weight_kind 'gauss'.*'normal'"):
        check_weight_kind("gauss")
    with pytest.raises(TypeError, match="weight_kind must be one of"):
        check_weight_kind(3)


def test_rows_of_a_wrong_shape_are_named():
    with pytest.raises(ValueError, match="X of 5 features for weights of 48"):
        draw("instances", X=training_rows(n_features=5))
    with pytest.raises(ValueError, match="X of 60 rows and y of 59 rows"):
        draw("difference", y=targets(n_rows=59))


# --- storage ------------------------------------------------------------------------


@all_kinds
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_storage_gives_back_the_weights(name, dtype):
    weights = draw(name, 13, 45)
    frozen = pickle.loads(pickle.dumps(FrozenWeights.from_array(weights)))
    assert frozen.shape == (13, 45)
    np.testing.assert_array_equal(frozen.toarray(dtype), dense(weights))
    np.testing.assert_array_equal(dense(frozen.matrix(dtype)), dense(weights))
    np.testing.assert_array_equal(dense(frozen.rows(3, 9, dtype)), dense(weights)[3:9])
    assert frozen.toarray(dtype).dtype == frozen.matrix(dtype).dtype == dtype
    assert sparse.issparse(frozen.matrix(dtype)) == (name == "sparse")


def test_stored_bytes():
    binary = FrozenWeights.from_array(draw("binary", 1000, 784))
    assert binary.nbytes == 98_000
    assert len(pickle.dumps(binary)) < 98_000 + 500
    assert FrozenWeights.from_array(draw("normal", 10, 48)).nbytes == 4 * 480
    thin = draw("sparse", 10, 48)
    assert FrozenWeights.from_array(thin).nbytes == 8 * thin.nnz + 4 * 11


def test_storage_keeps_a_float_dtype_and_other_integers():
    assert FrozenWeights.from_array(np.ones((2, 3))).nbytes == 48
    ternary = np.array([[-1, 0, 1]], dtype=np.int8)
    np.testing.assert_array_equal(FrozenWeights.from_array(ternary).toarray(), ternary)


# --- seeded -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounds", "key", "counter", "words"),
    [
        (7, 0, (0, 0), (0x257A3673, 0xCD26BE2A)),
        (7, 0xFFFFFFFF, (0xFFFFFFFF, 0xFFFFFFFF), (0xAB302C4D, 0x3DC9D239)),
        (7, 0x13198A2E, (0x243F6A88, 0x85A308D3), (0xBEDBBE6B, 0xE4C770B3)),
        (10, 0, (0, 0), (0xFF1DAE59, 0x6CD10DF2)),
        (10, 0xFFFFFFFF, (0xFFFFFFFF, 0xFFFFFFFF), (0x2C3F628B, 0xAB4FD7AD)),
        (10, 0x13198A2E, (0x243F6A88, 0x85A308D3), (0xDD7CE038, 0xF62A4C12)),
    ],
)
def test_philox_gives_the_known_answers_of_random123(rounds, key, counter, words):
    found = philox(key, *map(np.uint64, counter), rounds=rounds)
    assert tuple(map(int, found)) == words


def test_seeded_normal_weights_are_sums_of_digits():
    key, rng = 5, np.random.default_rng(5)
    expected = [
        [sum(int(digit, 16) for digit in f"{word:08x}") - 60 for word in row]
        for row in _words(key, 3, 7)
    ]
    assert_array_equal(seeded_integers(key, 3, 7, binary=False), expected)
    weights = draw(WEIGHTS["seeded"]("normal"), 400, 301)
    # Four standard errors: of the mean 1 / 347, of the variance 1.36 times that.
    assert abs(weights.mean()) < 0.012 and abs(weights.var() - 1) < 0.016
    assert weights.dtype == np.float32
    key = WEIGHTS["seeded"]("normal").key(rng)
    assert 0 <= key < 2**32


def test_seeded_binary_weights_are_bits_of_words():
    expected = [
        [2 * (word >> place & 1) - 1 for word in row for place in range(32)]
        for row in _words(9, 4, 2)
    ]
    found = seeded_integers(9, 4, 45, binary=True)
    assert_array_equal(found, np.array(expected)[:, :45])


def _words(key, n_units, n_words):
    """Words of units, computed one by one."""
    return [
        [
            int(philox(key, np.uint64(j // 2), np.uint64(i))[j % 2])
            for j in range(n_words)
        ]
        for i in range(n_units)
    ]
