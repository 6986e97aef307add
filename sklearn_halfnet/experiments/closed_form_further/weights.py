"""Weights of rows and classes, which the choice of the ridge must outlive."""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from sklearn_halfnet import ELMClassifier, ELMRegressor
from sklearn_halfnet.experiments._common.experiment import Table
from sklearn_halfnet.experiments._common.report import markdown_table
from sklearn_halfnet.experiments._common.runner import Job

__all__ = ["TABLE"]

CLASS_WEIGHTS = {"none": None, "balanced": "balanced", "1 : 20": {0: 1, 1: 20}}
CONSTANTS = (2.0, 1000.0)
# Bars of the three kinds of figures.
AUC, DIFFERENCE, SAME = 0.88, 1e-10, 1e-6


def _jobs(run):
    units = 50 if run.quick else 500
    measures = {
        "ranking": lambda seed: _ranking(units, seed),
        "constant weights": lambda seed: _constant(units, seed),
        "RidgeCV": _ridge_cv,
    }
    return [
        Job(
            key={"table": 5, "measure": name, "seed": seed},
            label=f"weights, {name}, seed {seed}",
            run=lambda measure=measure, seed=seed: measure(seed),
            settings={"quick": run.quick},
        )
        for name, measure in measures.items()
        for seed in range(run.rounds)
    ]


def _ranking(units, seed):
    """Area under the curve, of the tenth of diabetes rows of largest target."""
    X, y = load_diabetes(return_X_y=True)
    y = (y > np.quantile(y, 0.9)).astype(int)
    return {
        f"class_weight {name}, {alpha}": float(
            cross_val_score(
                ELMClassifier(
                    units, alpha=alpha, class_weight=weight, random_state=seed
                ),
                X,
                y,
                scoring="roc_auc",
            ).mean()
        )
        for alpha in ("gcv", "loo")
        for name, weight in CLASS_WEIGHTS.items()
    }


def _constant(units, seed):
    """Largest difference of predictions to those without weights, in sd of y."""
    X, y = load_diabetes(return_X_y=True)
    found = {}
    for alpha in ("gcv", "loo"):
        model = ELMRegressor(units, alpha=alpha, random_state=seed)
        plain = model.fit(X[:300], y[:300]).predict(X)
        for constant in CONSTANTS:
            model.fit(X[:300], y[:300], np.full(300, constant))
            difference = np.abs(model.predict(X) - plain).max() / y.std()
            found[f"weights {constant:g}, {alpha}"] = float(difference)
        found[f"R2, {alpha}"] = float(r2_score(y[300:], plain[300:]))
    return found


def _ridge_cv(seed):
    """Largest difference to RidgeCV(sample_weight), on wide and on tall rows."""
    rng, found, alphas = np.random.default_rng(seed), {}, np.geomspace(1e-3, 1e5, 9)
    for n_rows in (40, 100):
        X = rng.standard_normal((n_rows, 60))
        y = X[:, 0] + rng.uniform(0.1, 5) * rng.standard_normal(n_rows)
        weight = rng.uniform(0.1, 10, n_rows)
        expected = RidgeCV(alphas).fit(X, y, weight)
        model = ELMRegressor(
            60,
            np.eye(60),
            "identity",
            alpha="loo",
            alphas=alphas,
            dtype="float64",
            scale=1.0,
            bias="zero",
            input_scaling=None,
        ).fit(X, y, weight)
        difference = np.abs(model.predict(X) - expected.predict(X)).max() / y.std()
        found[f"{n_rows} rows of 60 columns"] = float(difference)
    return found


def _text(records):
    rows = []
    for record in records:
        for name in record["result"]:
            pair = [record["key"]["measure"], name]
            rows += [pair] if pair not in rows else []
    cells = []
    for measure, name in rows:
        values = [r["result"][name] for r in records if r["key"]["measure"] == measure]
        bar, worst = _bar(measure, name, values)
        cells.append([measure, name, f"{np.mean(values):.4g}", f"{worst:.4g}", bar])
    return markdown_table(["measure", "", "mean", "worst seed", "bar"], cells)


def _bar(measure, name, values):
    if measure == "ranking":
        return f"mean >= {AUC}", min(values)
    if name.startswith("R2"):
        return "", min(values)
    return f"<= {DIFFERENCE if measure == 'constant weights' else SAME:g}", max(values)


TABLE = Table("Weights of rows and classes", _jobs, _text)
