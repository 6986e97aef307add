"""Table 4: boosted random features beside ELM, trees and an MLP, and their bars.

Splits are those of ``halfnet bench --suite tables``. "boosted" and the rivals have
default parameters; of "boosted, chosen" a grid is judged by cross-validation inside the
training rows, and what it chose is kept in the record.
"""

from functools import partial

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

from sklearn_halfnet import (
    BoostedFeaturesClassifier,
    BoostedFeaturesRegressor,
    ELMClassifier,
    ELMRegressor,
)
from sklearn_halfnet.experiments._common.experiment import Table
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.report import (
    markdown_table,
    mean,
    mean_text,
    results_by,
)
from sklearn_halfnet.experiments._common.rivals import scaled_mlp, seeded
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.table_sets import (
    QUICK_ROWS,
    QUICK_SETS,
    ROWS,
    SETS,
    check_sets,
    load_split,
    source,
)

__all__ = ["BARS", "TABLE", "fits", "text"]

# As published of boosted random features, on as many rows to fit on: accuracy, or root
# mean squared error in deviations of y.
BARS = {
    "letter": ">= 0.912",
    "optdigits": ">= 0.990",
    "vowel": ">= 0.993",
    "kin8nm": "<= 0.317",
    "energy": "<= 0.049",
}
GRID = {"n_units": [512, 1024], "directions": ["gradient", "isotropic"]}
FOLDS = 2


def _chosen(seed, task):
    is_classes = task == "classification"
    folds = (StratifiedKFold if is_classes else KFold)(
        FOLDS, shuffle=True, random_state=seed
    )
    return GridSearchCV(_MODELS["boosted"][task](seed), GRID, cv=folds)


def _pair(classifier, regressor):
    return {"classification": seeded(classifier), "regression": seeded(regressor)}


_MODELS = {
    "boosted": _pair(BoostedFeaturesClassifier, BoostedFeaturesRegressor),
    "ELM": _pair(ELMClassifier, ELMRegressor),
    "HistGradientBoosting": _pair(
        HistGradientBoostingClassifier, HistGradientBoostingRegressor
    ),
    "MLP": {
        task: partial(lambda task, seed: scaled_mlp(task, random_state=seed), task)
        for task in ("classification", "regression")
    },
    "boosted, chosen": {
        task: partial(_chosen, task=task) for task in ("classification", "regression")
    },
}


def _measure(run, data, model, number):
    rows = QUICK_ROWS if run.quick else ROWS
    split = load_split(data, run.data_home, number, rows)
    estimator = _MODELS[model][split.task](number)
    _, seconds = timed(lambda: estimator.fit(split.X_train, split.y_train))
    result = {"fit_seconds": seconds}
    if model == "boosted, chosen":
        result = {
            "fit_seconds": estimator.refit_time_,
            "parameters": estimator.best_params_,
        }
        estimator = estimator.best_estimator_
    predicted = estimator.predict(split.X_test)
    if split.task == "regression":
        error = np.sqrt(np.mean((predicted - split.y_test) ** 2))
        return result | {"score": float(error / split.y_test.std())}
    result["score"] = float(np.mean(predicted == split.y_test))
    seen = split.y_test >= 0
    probability = estimator.predict_proba(split.X_test[seen])
    labels = np.arange(probability.shape[1])
    result["log_loss"] = log_loss(split.y_test[seen], probability, labels=labels)
    return result


def fits(run):
    """Jobs of the table: every set, split and model; what is chosen, where bars are."""
    sets = QUICK_SETS if run.quick else SETS
    check_sets(sets, run.data_home)
    # Those with bars first: a run that is cut off has them.
    sets = sorted(sets, key=lambda name: name not in BARS)
    return [
        Job(
            key={"table": 4, "data": data, "model": model, "split": split},
            label=f"{data}, split {split}, {model}",
            run=partial(_measure, run, data, model, split),
            settings={"quick": run.quick, "data": source(run.data_home)},
        )
        for split in range(run.rounds)
        for data in sets
        for model in _MODELS
        if data in BARS or model != "boosted, chosen"
    ]


def _ahead(records):
    """Count sets on which the mean over the splits is ahead of ELM's."""
    ahead = 0
    of_set = _results_by_set(records)
    for data, results in of_set.items():
        sign = 1 if SETS[data].task == "classification" else -1
        ours, elm = (mean(results[name], "score") for name in ("boosted", "ELM"))
        ahead += sign * ours > sign * elm
    return ahead, len(of_set)


def _results_by_set(records):
    """Set -> model -> results."""
    names = dict.fromkeys(record["key"]["data"] for record in records)
    return {
        name: results_by("model", [r for r in records if r["key"]["data"] == name])
        for name in names
    }


def text(records):
    """Write means over the splits beside the bars."""
    ahead, n_sets = _ahead(records)
    lines = [
        "Accuracy, or root mean squared error in deviations of y of california, "
        "concrete, energy, kin8nm, power-plant, house_16H and wine-quality-red); in "
        "parentheses seconds of a fit. Means over the splits.",
        "",
        markdown_table(
            ["set", *_MODELS, "bar"],
            [
                [
                    data,
                    *(_cell(results.get(model)) for model in _MODELS),
                    BARS.get(data, ""),
                ]
                for data, results in _results_by_set(records).items()
            ],
        ),
        "",
        f"Default settings are ahead of ELM's on {ahead} of {n_sets} sets (bar: 11 of "
        "15).",
        "",
        "Log loss:",
        "",
        markdown_table(
            ["set", *_MODELS],
            [
                [
                    data,
                    *(
                        mean_text(results[model], "log_loss", 3)
                        if model in results
                        else ""
                        for model in _MODELS
                    ),
                ]
                for data, results in _results_by_set(records).items()
                if SETS[data].task == "classification"
            ],
        ),
    ]
    return "\n".join(lines)


def _cell(results):
    if results is None:
        return ""
    return f"{mean(results, 'score'):.4f} ({mean(results, 'fit_seconds'):.1f})"


TABLE = Table("Boosted random features", fits, text)
