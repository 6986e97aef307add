"""What HalfNet has learned on images: its spectrum, and the kernel that it is."""

import numpy as np
from sklearn.decomposition import PCA

from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs, percent_right
from sklearn_halfnet.experiments._common.recipes import WIDTH, plain_classifier
from sklearn_halfnet.inspection.spectrum import (
    cumulative_energy,
    effective_rank,
    principal_angles,
    truncated,
)

__all__ = ["KERNELS", "TRUNCATIONS", "UNITS", "fit_kernel", "fit_spectrum"]

RANK = 32
TRUNCATIONS = (1, 2, 4, 8, 16, 32)
# Units of which a kernel is estimated; test rows between which.
UNITS, N_ROWS = (256, 1_024, 4_096, 16_384), 200


def fit_spectrum(data, seed, recipe):
    """Fit HalfNet; effective rank, energy, truncations, angles to principal axes."""
    model = _fitted(data, seed, recipe)
    energy = cumulative_energy(model)
    axes = PCA(RANK, random_state=0).fit(data.X_train).components_.T
    result = {
        "effective_rank": float(effective_rank(model)),
        "directions_of_90_percent": int(np.searchsorted(energy, 0.9)) + 1,
        "cosine_to_principal": _mean_cosine(model, np.ascontiguousarray(axes)),
        "cosine_to_other_seed": _mean_cosine(model, _fitted(data, seed + 1000, recipe)),
    }
    for k in TRUNCATIONS:
        result[f"truncated {k}"] = percent_right(truncated(model, k), data, "test")
    return result


def fit_kernel(data, seed, recipe):
    """Fit HalfNet; how far the kernels of its random units are from their limits."""
    u = _fitted(data, seed, recipe).transform(data.X_test[:N_ROWS]).astype(np.float64)
    rng, result = np.random.default_rng(seed), {}
    for name, (activation, is_shifted, limit) in KERNELS.items():
        wanted = limit(u)
        for n_units in UNITS:
            z = u @ rng.standard_normal((u.shape[1], n_units))
            if is_shifted:
                z += rng.uniform(-np.pi, np.pi, n_units)
            units = ACTIVATIONS[activation].array(z)
            gap = np.linalg.norm(units @ units.T / n_units - wanted)
            result[f"{name} {n_units}"] = float(gap / np.linalg.norm(wanted))
    return result


def _fitted(data, seed, recipe):
    model = plain_classifier(WIDTH, RANK, random_state=seed, **recipe)
    fit_all_epochs(model, data)
    return model


def _mean_cosine(model, other):
    return float(np.cos(principal_angles(model, other)).mean())


def _arc_cosine(u):
    """E relu(z.u) relu(z.v) with normal z (Cho & Saul 2009, degree 1, halved)."""
    lengths = np.linalg.norm(u, axis=1)
    products = lengths[:, None] * lengths
    cosine = np.clip(u @ u.T / np.where(products > 0, products, 1), -1, 1)
    angle = np.arccos(cosine)
    return products * (np.sin(angle) + (np.pi - angle) * cosine) / (2 * np.pi)


def _gaussian(u):
    """E cos(z.u + b) cos(z.v + b) with uniform b (Rahimi & Recht 2007)."""
    squares = (u**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares - 2 * u @ u.T, 0)
    return np.exp(-distances / 2) / 2


# Name -> activation, whether units have random phases, and the kernel in closed form.
KERNELS = {"relu": ("relu", False, _arc_cosine), "cos": ("cos", True, _gaussian)}
