import os
import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import sparse
from scipy.linalg import LinAlgWarning
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_halfnet.linear import Gram, RidgeFit, gram, ridge
from sklearn_halfnet.linear.choice import checked_fit
from sklearn_halfnet.linear.search import search_alpha
from sklearn_halfnet.linear.solve import least_strength


def make_data(n_rows=60, n_features=5, n_targets=2, seed=0, offset=0.0):
    rng = np.random.default_rng(seed)
    H = rng.standard_normal((n_rows, n_features)) + offset
    Y = H @ rng.standard_normal((n_features, n_targets)) + 0.5
    return H, Y + rng.standard_normal(Y.shape)


def assert_same_sums(a, b, rtol=1e-8):
    for name, value in a.to_dict().items():
        np.testing.assert_allclose(
            value, b.to_dict()[name], rtol=rtol, atol=rtol, err_msg=name
        )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
def test_solution_equals_ridge(alpha, weighted):
    H, Y = make_data(offset=3.0)
    weight = np.arange(60) % 4 if weighted else None
    expected = Ridge(alpha=alpha).fit(H, Y, weight)
    coef, intercept = Gram().update(H, Y, weight).solve(alpha)
    np.testing.assert_allclose(coef, expected.coef_, rtol=1e-9)
    np.testing.assert_allclose(intercept, expected.intercept_, rtol=1e-9)


@pytest.mark.parametrize("weight", [np.ones(60), 1.0 + np.arange(60) % 4], ids=str)
def test_path_equals_single_solutions_and_scores_equal_the_definition(weight):
    H, Y = make_data()
    sums, alphas = Gram().update(H, Y, weight), [0.01, 1.0, 30.0]
    coefs, intercepts, scores = sums.solve_path(alphas)
    centred = np.sqrt(weight)[:, None] * (H - np.average(H, axis=0, weights=weight))
    n_rows = weight.sum() ** 2 / (weight**2).sum()
    for alpha, coef, intercept, score in zip(
        alphas, coefs, intercepts, scores, strict=True
    ):
        single, single_intercept = sums.solve(alpha)
        np.testing.assert_allclose(coef, single, rtol=1e-9)
        np.testing.assert_allclose(intercept, single_intercept, rtol=1e-9)
        hat = centred @ np.linalg.solve(
            centred.T @ centred + alpha * np.eye(5), centred.T
        )
        residual = (weight @ (Y - H @ coef.T - intercept) ** 2).sum() / weight.sum()
        left = 1 - (1 + np.trace(hat)) / n_rows
        assert score == pytest.approx(residual / left**2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_features", [5, 59, 60, 100])
def test_leave_one_out_errors_are_those_of_ridge_cv(n_features, weighted):
    H, Y = make_data(n_features=n_features)
    weight = 0.5 + np.arange(60) % 4 if weighted else None
    sums, alphas = Gram().update(H, Y, weight), [1e-6, 1.0, 10.0]
    model = RidgeCV(alphas, store_cv_results=True).fit(H, Y, weight)
    for column, alpha in enumerate(alphas):
        errors = (Y - RidgeFit(sums, alpha).leave_one_out(H, Y, weight)) ** 2
        errors *= 1 if weight is None else weight[:, None]
        expected = model.cv_results_[:, :, column]
        # At 1e-6 its own errors, by eigenvalues of the covariance, are 1e-4.
        np.testing.assert_allclose(errors, expected, rtol=1e-3 if alpha < 1 else 1e-8)


@pytest.mark.parametrize("alpha", [1e-8, 1e-3, 1.0, 100.0])
@pytest.mark.parametrize("n_rows", [6, 9, 10, 11, 25])
def test_leave_one_out_equals_a_refit_without_the_row(n_rows, alpha):
    H, Y = make_data(n_rows, 10, seed=n_rows, offset=1.0)
    weight = np.random.default_rng(n_rows).uniform(0.1, 10, n_rows)
    fit = RidgeFit(Gram().update(H, Y, weight), alpha)
    found = fit.leave_one_out(H, Y, weight)
    for row in range(n_rows):
        rest = np.arange(n_rows) != row
        refit = Ridge(alpha=alpha, solver="svd").fit(H[rest], Y[rest], weight[rest])
        expected = refit.predict(H[[row]])[0]
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_rows", [4, 8])
def test_leave_one_out_of_an_interpolating_fit_is_that_of_minimum_norm(n_rows):
    H, Y = make_data(n_rows, 10)
    found = RidgeFit(Gram().update(H, Y), 0.0).leave_one_out(H, Y)
    for row in range(n_rows):
        rest = np.arange(n_rows) != row
        mean, target_mean = H[rest].mean(axis=0), Y[rest].mean(axis=0)
        coef = np.linalg.lstsq(H[rest] - mean, Y[rest] - target_mean)[0]
        expected = (H[row] - mean) @ coef + target_mean
        np.testing.assert_allclose(found[row], expected, rtol=1e-8)


@pytest.mark.parametrize("dtype, alpha", [(np.float32, 1e-2), (np.float64, 1e-6)])
def test_leave_one_out_of_a_row_alone_with_its_column(dtype, alpha):
    # The column cannot be known without the row: its coefficient is zero then.
    H, Y = make_data(40, 3)
    H = np.hstack([H, np.eye(40)[:, :1]]).astype(dtype)
    found = RidgeFit(Gram().update(H, Y), alpha).leave_one_out(H, Y)[0]
    coef, intercept = Gram().update(H[1:, :3], Y[1:]).solve(alpha)
    np.testing.assert_allclose(found, H[0, :3] @ coef.T + intercept, rtol=1e-3)


def test_leave_one_out_of_the_only_row_is_not_known():
    H, Y = make_data(1)
    assert np.isnan(RidgeFit(Gram().update(H, Y), 1.0).leave_one_out(H, Y)).all()


@given(cuts=st.lists(st.integers(0, 60), max_size=6), offset=st.floats(-1e3, 1e3))
def test_any_chunking_gives_the_same_sums(cuts, offset):
    H, Y = make_data(offset=offset)
    weight = np.arange(60) % 3
    whole, chunked = Gram().update(H, Y, weight), Gram()
    bounds = [0, *sorted(cuts), 60]
    for start, stop in pairwise(bounds):
        chunked.update(H[start:stop], Y[start:stop], weight[start:stop])
    assert_same_sums(whole, chunked)
    np.testing.assert_allclose(whole.solve(1.0)[0], chunked.solve(1.0)[0], rtol=1e-8)


@given(cut=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_merging_is_associative_and_commutative(cut):
    H, Y = make_data()
    first, second = sorted(cut)

    def part(start, stop):
        return Gram().update(H[start:stop], Y[start:stop])

    parts = [(0, first), (first, second), (second, 60)]
    left = part(*parts[0]).merge(part(*parts[1])).merge(part(*parts[2]))
    right = part(*parts[0]).merge(part(*parts[1]).merge(part(*parts[2])))
    back = part(*parts[2]).merge(part(*parts[0])).merge(part(*parts[1]))
    whole = Gram().update(H, Y)
    for merged in (left, right, back):
        assert_same_sums(whole, merged)


def test_merging_leaves_the_other_gram_as_it_was():
    H, Y = make_data()
    other, empty = Gram().update(H, Y), Gram()
    merged = empty.merge(other).update(H, Y)
    assert_same_sums(other, Gram().update(H, Y))
    assert merged.n_samples == 120


def test_rescaled_targets_have_their_own_sums_and_scores():
    H, Y = make_data(offset=2.0)
    scale, mean = np.array([0.01, 30.0]), np.array([5.0, -1.0])
    weight = 1.0 + np.arange(60) % 3
    found = Gram().update(H, Y, weight)
    found.rescale_targets(scale, mean)
    expected = Gram().update(H, scale * Y + mean, weight)
    assert_same_sums(found, expected)
    for relative in (False, True):
        np.testing.assert_allclose(
            found.path().gcv([0.1, 10.0], relative),
            expected.path().gcv([0.1, 10.0], relative),
        )


def test_weight_two_is_the_row_twice():
    H, Y = make_data()
    twice = Gram().update(np.vstack([H, H[:9]]), np.vstack([Y, Y[:9]]))
    weighted = Gram().update(H, Y, np.r_[np.full(9, 2), np.ones(51)])
    np.testing.assert_allclose(twice.gram, weighted.gram, rtol=1e-10)
    for found, expected in zip(weighted.solve(1.0), twice.solve(1.0), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("factor", [1e-200, 1 / 60, 1000.0])
def test_only_relative_size_of_weights_counts_in_gcv(factor):
    H, Y = make_data()
    weight = 1.0 + np.arange(60) % 3
    expected = Gram().update(H, Y, weight).path().gcv([1.0])
    scaled = Gram().update(H, Y, factor * weight)
    np.testing.assert_allclose(scaled.path().gcv([factor]), expected, rtol=1e-9)
    assert_same_sums(scaled.scaled(1 / factor), Gram().update(H, Y, weight))


@pytest.mark.parametrize("n_features", [5, 13])
def test_columns_of_any_units_are_solved_to_full_precision(n_features):
    # numpy.linalg.lstsq itself is 1e-5 off here: the reference has columns of one unit.
    H, Y = make_data(n_features=n_features)
    units = np.geomspace(1e-6, 1e6, n_features)
    expected = np.linalg.lstsq(H - H.mean(axis=0), Y - Y.mean(axis=0))[0].T / units
    coef, _ = Gram().update(H * units, Y).solve(0)
    np.testing.assert_allclose(coef, expected, rtol=1e-9)


def test_minimum_norm_is_that_in_the_columns_own_units():
    H, Y = make_data()
    H = np.hstack([H * np.geomspace(1e-3, 1e3, 5), H[:, :2]])
    expected = np.linalg.lstsq(H - H.mean(axis=0), Y - Y.mean(axis=0))[0].T
    with pytest.warns(LinAlgWarning, match="minimum norm"):
        coef, _ = Gram().update(H, Y).solve(0)
    np.testing.assert_allclose(coef, expected, atol=1e-8 * np.abs(expected).max())


def test_singular_float32_sums_do_not_take_rounding_for_a_signal():
    rng = np.random.default_rng(0)
    H = np.maximum(rng.standard_normal((150, 30)) @ rng.standard_normal((30, 200)), 0)
    Y = H[:, :1] + rng.standard_normal((150, 1))
    exact, rounded = (Gram().update(H.astype(d), Y) for d in (np.float64, np.float32))
    with pytest.warns(LinAlgWarning):
        coef, _ = rounded.solve(1e-7)
    assert np.abs(coef).max() < 2 * np.abs(exact.solve(1e-2)[0]).max()


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 1.0, -1e-3])]
)
def test_least_strength_makes_any_matrix_regular(matrix):
    alpha, factor = least_strength(matrix)
    lower = np.tril(factor)
    np.testing.assert_allclose(lower @ lower.T, matrix + alpha * np.eye(3), atol=1e-9)


BAD = {
    "NaN": ({"H": np.nan}, "H holds NaN"),
    "infinity": ({"H": -np.inf}, "H holds NaN"),
    "NaN target": ({"Y": np.nan}, "Y holds NaN"),
    "NaN weight": ({"sample_weight": np.nan}, "sample_weight holds NaN"),
    "negative weight": ({"sample_weight": -1.0}, "sample_weight holds negative"),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", BAD)
def test_bad_numbers_are_named_and_leave_the_sums(bad, dtype, monkeypatch):
    monkeypatch.setattr(gram, "_BLOCK_BYTES", 1000)  # found in the last of many blocks
    H, Y = make_data()
    rows = {"H": H.astype(dtype), "Y": Y, "sample_weight": np.ones(60)}
    sums, expected = (Gram().update(**rows) for _ in range(2))
    (name, value), message = next(iter(BAD[bad][0].items())), BAD[bad][1]
    rows[name] = rows[name].copy()
    rows[name][-1] = value
    with pytest.raises(ValueError, match=message):
        sums.update(**rows)
    assert_same_sums(sums, expected, rtol=0)


@pytest.mark.parametrize("name", ["H", "Y", "sample_weight"])
@pytest.mark.parametrize(
    "convert, message",
    [
        (lambda a: a + 0j, "complex"),
        (lambda a: np.ma.masked_array(a, a > 2), "masked array"),
    ],
    ids=["complex", "masked"],
)
def test_arrays_that_would_lose_a_part_are_refused(name, convert, message):
    H, Y = make_data()
    rows = {"H": H, "Y": Y, "sample_weight": np.ones(60)}
    rows[name] = convert(rows[name])
    with pytest.raises(ValueError, match=f"{name} is .*{message}"):
        Gram().update(**rows)


@pytest.mark.parametrize("alpha", [-1.0, np.nan, np.inf])
def test_strengths_that_are_none_are_refused(alpha):
    sums = Gram().update(*make_data())
    for solve in (
        sums.solve,
        lambda a: sums.solve_path([a]),
        lambda a: sums.best_fit([a]),
    ):
        with pytest.raises(ValueError, match="must be finite and not negative"):
            solve(alpha)


def test_minimum_norm_equals_lstsq_with_one_warning():
    H, Y = make_data()
    H = np.hstack([H, H[:, :2], np.ones((60, 1))])
    expected = np.linalg.lstsq(H - H.mean(axis=0), Y - Y.mean(axis=0))[0]
    with pytest.warns(LinAlgWarning, match="minimum norm") as caught:
        coef, intercept = Gram().update(H, Y).solve(0)
    assert len(caught) == 1
    np.testing.assert_allclose(coef, expected.T, atol=1e-8)
    np.testing.assert_allclose(
        intercept, Y.mean(axis=0) - H.mean(axis=0) @ expected, atol=1e-8
    )


def test_fewer_rows_than_features_without_penalty():
    H, Y = make_data(4, 9)
    expected = np.linalg.lstsq(H - H.mean(axis=0), Y - Y.mean(axis=0))[0]
    with pytest.warns(LinAlgWarning):
        coef, _ = Gram().update(H, Y).solve(0)
    np.testing.assert_allclose(coef, expected.T, atol=1e-8)


def test_float32_features_with_large_means():
    H, Y = make_data(5000, seed=1)
    H = (H + 1000).astype(np.float32)
    exact = Gram().update(H.astype(np.float64), Y).solve(1e-6)[0]
    chunked = Gram()
    for start in range(0, 5000, 700):
        chunked.update(H[start : start + 700], Y[start : start + 700])
    np.testing.assert_allclose(chunked.solve(1e-6)[0], exact, rtol=1e-4, atol=1e-4)


def test_float32_rows_sorted_by_target():
    H, Y = make_data(4000, seed=2)
    H[2000:] += 500
    H = H.astype(np.float32)
    exact = Gram().update(H.astype(np.float64), Y).solve(1e-3)[0]
    halves = Gram().update(H[:2000], Y[:2000]).update(H[2000:], Y[2000:])
    np.testing.assert_allclose(halves.solve(1e-3)[0], exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("n_rows", [1, 2])
def test_single_rows_and_constant_columns(n_rows):
    H, Y = np.full((n_rows, 3), 7.0), np.full((n_rows, 1), 2.0)
    coef, intercept = Gram().update(H, Y).solve(1.0)
    np.testing.assert_array_equal(coef, 0)
    np.testing.assert_allclose(intercept, 2)
    assert np.isfinite(Gram().update(H, Y).path().best_alpha())


def test_one_feature_has_a_path():
    H, Y = make_data(n_features=1)
    sums = Gram().update(H, Y)
    np.testing.assert_allclose(sums.path().solve(2.0).T, sums.solve(2.0)[0])


def test_sparse_features_and_vector_targets():
    H, Y = make_data()
    H[H < 0] = 0
    found = Gram().update(sparse.csr_array(H), Y[:, 0])
    assert_same_sums(found, Gram().update(H, Y[:, :1]))


def test_state_survives_dict_and_pickle():
    sums = Gram().update(*make_data())
    assert_same_sums(sums, Gram.from_dict(sums.to_dict()), rtol=0)
    assert_same_sums(sums, pickle.loads(pickle.dumps(sums)), rtol=0)


def test_shapes_that_do_not_match_are_named():
    H, Y = make_data()
    with pytest.raises(ValueError, match="H has 60 rows, Y has 59"):
        Gram().update(H, Y[:-1])
    with pytest.raises(ValueError, match="holds 5 features and 2 targets; got 4"):
        Gram().update(H, Y).update(H[:, :4], Y)
    with pytest.raises(ValueError, match="cannot be merged"):
        Gram().update(H, Y).merge(Gram().update(H[:, :4], Y))
    with pytest.raises(ValueError, match="no row of positive weight"):
        Gram().update(H, Y, np.zeros(60)).solve(1.0)


@pytest.mark.parametrize("n_rows", [8, 200], ids=["dual", "primal"])
@pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-8), (np.float32, 1e-3)])
def test_ridge_is_that_of_scikit_learn_at_its_strength(n_rows, dtype, rtol):
    H, Y = make_data(n_rows, 20, offset=2.0)
    weight = 1.0 + np.arange(n_rows) % 2
    H, least = H.astype(dtype), 0.1
    found = ridge(H, Y, sample_weight=7 * weight, least_relative_alpha=least)
    weight /= weight.mean()
    unit = (weight @ (H - weight @ H / n_rows) ** 2).mean()
    assert found.relative_alpha >= least
    np.testing.assert_allclose(found.alpha, found.relative_alpha * unit, rtol=rtol)
    expected = Ridge(alpha=found.alpha).fit(H.astype(np.float64), Y, weight)
    np.testing.assert_allclose(found.coef, expected.coef_, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(
        found.intercept, expected.intercept_, rtol=rtol, atol=rtol
    )


@pytest.mark.parametrize("n_rows", [15, 60], ids=["dual", "primal"])
def test_ridge_grows_with_the_noise(n_rows):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((n_rows, 2))
    H, signal = np.tanh(X @ rng.standard_normal((2, 20))), X[:, :1]
    noise = rng.standard_normal((n_rows, 1))
    strengths = [ridge(H, signal + sd * noise).alpha for sd in (0.01, 1)]
    assert 100 * strengths[0] < strengths[1]


def test_copies_of_rows_do_not_talk_the_choice_into_a_fit_through_all_rows():
    # A third of the rows twice, nearly as many columns as rows.
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((150, 3)), rng.standard_normal(150)
    X, y = np.concatenate([X, X[:75]]), np.concatenate([y, y[:75]])[:, None]
    y = y + X[:, :1]
    H = np.maximum(X @ rng.standard_normal((3, 200)) + rng.standard_normal(200), 0)
    gram = Gram().update(H, y)

    def left_out(alpha):
        errors = []
        for i in range(0, len(H), 5):
            rest = np.delete(np.arange(len(H)), i)
            model = Ridge(alpha=alpha).fit(H[rest], y[rest, 0])
            errors.append((model.predict(H[[i]])[0] - y[i, 0]) ** 2)
        return np.mean(errors)

    checked = checked_fit(gram, H, y).alpha
    assert left_out(checked) < 0.9 * left_out(gram.best_fit().alpha)


def test_a_choice_among_many_rows_is_not_checked():
    H, Y = make_data(400, 40)
    gram = Gram().update(H, Y)
    assert checked_fit(gram, None, None).alpha == gram.best_fit().alpha


@pytest.mark.parametrize("shape", [(5, 3), (60, 100)])
def test_ridge_of_constant_features_is_the_mean(shape):
    H = np.tile(np.random.default_rng(0).standard_normal(shape[1]), (shape[0], 1))
    y = np.arange(float(shape[0]))[:, None]
    coef, intercept, *_ = ridge(H, y)
    np.testing.assert_array_equal(coef, 0)
    np.testing.assert_allclose(intercept, y.mean())


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("alphas", [None, np.geomspace(1e-3, 1e4, 12)])
def test_walk_of_cholesky_finds_what_the_path_finds(alphas, relative):
    H, Y = make_data(400, 40)
    sums = Gram().update(H, Y + 20 * np.random.default_rng(1).standard_normal(Y.shape))
    path = sums.path()
    walked = search_alpha(sums, alphas, relative)
    best = path.gcv([path.best_alpha(alphas, relative)], relative)
    assert path.gcv([walked.alpha], relative) < 1.001 * best
    coef, intercept = walked.solve()
    for found, expected in zip(
        (coef, intercept), sums.solve(walked.alpha), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_wide_grams_are_walked(monkeypatch):
    H, Y = make_data()
    monkeypatch.setattr("sklearn_halfnet.linear.gram._LARGEST_PATH", 3)
    assert Gram().update(H, Y).best_fit([0.5]).factor is not None


def test_leave_one_out_of_a_singular_system_is_finite():
    H, Y = make_data()
    H = np.hstack([H, H])
    fit = RidgeFit(Gram().update(H, Y), 0.0)
    assert np.isfinite(fit.leave_one_out(H, Y)).all()


def test_rounded_sums_are_exact():
    rng = np.random.default_rng(0)
    Q = rng.integers(-127, 128, (500, 600)).astype(np.int8)
    Y = rng.standard_normal((500, 2)) + 5
    rounded = Gram().update_rounded(Q[:200], 0.25, Y[:200])
    rounded.update_rounded(Q[200:], 0.25, Y[200:])
    expected = Gram().update(0.25 * Q.astype(float), Y)
    np.testing.assert_allclose(rounded.gram, expected.gram, atol=1e-7)
    np.testing.assert_allclose(rounded.cross, expected.cross, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(rounded.feature_mean, expected.feature_mean, atol=1e-12)
    assert rounded.n_samples == 500


def test_rounded_sums_are_exact_without_the_instructions_for_them():
    """There torch's products of 8-bit integers are cut to 16 bits."""
    code = """
import numpy as np
from sklearn_halfnet._int8 import has_fast_int8, int8_sums
Q = np.random.default_rng(0).integers(-127, 128, (500, 60)).astype(np.int8)
whole = Q.astype(int)
gram, cross, total = int8_sums(Q, np.ones((500, 1)))
assert (gram == whole.T @ whole).all() and (total == whole.sum(axis=0)).all()
assert not has_fast_int8()
"""
    held_back = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    subprocess.run([sys.executable, "-c", code], env=held_back, check=True)


@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist, sparse.csr_array])
def test_whole_numbers_are_taken_in_double_precision(convert):
    H = np.random.default_rng(0).integers(0, 9, (50, 3))
    Y = H @ [1, 2, 3]
    assert_same_sums(Gram().update(convert(H), Y), Gram().update(H.astype(float), Y))


def test_tiny_candidates_are_judged_exactly_where_rows_are_few(monkeypatch):
    H, Y = make_data(40, 50)
    sums, alphas = Gram().update(H, Y), [1e-8, 1e-3, 1.0, 10.0]
    expected = sums.path().best_alpha(alphas)
    monkeypatch.setattr(gram, "_LARGEST_PATH", 10)
    assert search_alpha(sums, alphas).alpha == 1e-8 != expected
    assert sums.best_fit(alphas).alpha == expected


def test_copies_share_nothing():
    H, Y = make_data()
    sums, expected = (Gram().update(H, Y) for _ in range(2))
    for other in (Gram.from_dict(sums.to_dict()), sums.turned(np.eye(5))):
        other.update(H, Y + 1)
        assert_same_sums(sums, expected, rtol=0)


@pytest.mark.parametrize("n_rows, n_columns", [(1, 1), (50, 1), (50, 2), (1, 5)])
def test_rounded_sums_of_few_rows_and_columns(n_rows, n_columns):
    rng = np.random.default_rng(0)
    Q = rng.integers(-127, 128, (n_rows, n_columns)).astype(np.int8)
    Y = rng.integers(0, 2, (n_rows, 1)).astype(float)
    rounded = Gram().update_rounded(Q, 0.5, Y)
    assert_same_sums(rounded, Gram().update(0.5 * Q.astype(float), Y))


def test_rounded_sums_of_many_rows_do_not_overflow():
    rng = np.random.default_rng(0)
    Q = rng.integers(100, 128, (300_000, 2)).astype(np.int8)
    Y = Q[:, :1] - Q[:, 1:].astype(float)
    rounded = Gram().update_rounded(Q, 1.0, Y)
    assert_same_sums(rounded, Gram().update(Q.astype(float), Y), rtol=1e-6)


def test_turned_sums_are_those_of_the_columns():
    H, Y = make_data(4, 10)
    basis = np.linalg.qr((H - H.mean(axis=0)).T)[0]
    turned = Gram().update(H @ basis, Y).turned(basis)
    expected = Gram().update(H - (H - H @ basis @ basis.T), Y)
    assert_same_sums(turned, expected)
