"""``halfnet reproduce settings``: recipes beside others, on held-out training rows.

No test row is read. Each setting of a recipe is changed by itself; what the recipe has
is one of the values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sklearn.utils import Bunch

from sklearn_halfnet import (
    HalfLayerClassifier,
    HalfNetClassifier,
    PartialCNNClassifier,
)
from sklearn_halfnet.experiments._common.data import channels_first, load_images
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs, percent_right
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.recipes import (
    CIFAR_RECIPE,
    FULL_LAYERS,
    HALF_LAYERS,
    PARTIAL_CNN,
    RECIPE,
    WIDTH,
    plain_classifier,
)
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
    mean_text,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.torch_mlp import TorchMLP

__all__ = ["EXPERIMENT", "TABLES"]

N_HELD_OUT = 10_000
RATES = (1e-3, 3e-3, 1e-2, 3e-2)


@dataclass(frozen=True)
class Choice:
    """A recipe, and what else its settings might be.

    Attributes
    ----------
    title : str
    models : mapping
        Name to a function of seed and recipe that makes the estimator.
    recipe : dict
    tried : mapping
        Setting to its values.
    sets : tuple of str
    n_train : int or None
        Training rows, if not all that are not held out.
    images : bool
        Whether the model takes images rather than their rows.
    """

    title: str
    models: Mapping[str, Callable]
    recipe: dict
    tried: Mapping[str, tuple]
    sets: tuple = ("mnist", "fashion-mnist")
    n_train: int | None = None
    images: bool = False

    def candidates(self):
        """Yield the recipe, and it with one setting changed."""
        yield self.recipe
        for setting, values in self.tried.items():
            for value in values:
                if value != self.recipe[setting]:
                    yield self.recipe | {setting: value}

    def row(self, recipe):
        """Say what another recipe changes; of one that was in use before, all of it."""
        changed = {k: v for k, v in recipe.items() if v != self.recipe[k]}
        return ", ".join(f"`{k}={v!r}`" for k, v in changed.items()) or "as it is"


def _halfnet(seed, recipe):
    return plain_classifier(WIDTH, 32, random_state=seed, **recipe)


TABLES = {
    1: Choice(
        "Softmax regression and MLPs beside half layers",
        {
            "lp": lambda seed, recipe: TorchMLP(0, seed=seed, **recipe),
            "mlp-32": lambda seed, recipe: TorchMLP(32, seed=seed, **recipe),
        },
        FULL_LAYERS,
        {"learning_rate": RATES, "center": (True, False)},
    ),
    2: Choice(
        "Half layers",
        {
            "rnd-1024-N": lambda seed, recipe: HalfLayerClassifier(
                1024, random_state=seed, **recipe
            )
        },
        HALF_LAYERS,
        {"learning_rate_init": RATES, "input_scaling": ("center", None)},
    ),
    3: Choice(
        "HalfNet on images",
        {"rank 32": _halfnet},
        RECIPE,
        {"learning_rate_init": (3e-3, 7e-3, 1.5e-2), "alpha": (1e-4, 1e-3, 1e-2)},
        ("mnist",),
    ),
    4: Choice(
        "HalfNet on natural images",
        {"rank 32": _halfnet},
        CIFAR_RECIPE,
        {"input_scaling": ("center", None)},
        ("cifar10",),
    ),
    5: Choice(
        "Convolutional networks trained in part",
        {
            "wrn, a tenth": lambda seed, recipe: PartialCNNClassifier(
                depth=10, width=1, fraction=0.1, random_state=seed, **recipe
            )
        },
        PARTIAL_CNN,
        {"learning_rate_init": (0.03, 0.1, 0.3)},
        ("cifar10",),
        5_000,
        images=True,
    ),
    6: Choice(
        "HalfNet with its defaults on images",
        {
            "1,024 units, rank 32": lambda seed, recipe: HalfNetClassifier(
                WIDTH, 32, random_state=seed, **recipe
            )
        },
        {
            "init": "auto",
            "learning_rate_init": "auto",
            "beta_2": 0.95,
            "dropout": "auto",
            "batch_size": "auto",
            "label_smoothing": 0.1,
        },
        {
            "init": ("ridge",),
            "learning_rate_init": (2e-3, 1e-2, 1.5e-2, 3e-2),
            "beta_2": (0.99, 0.999),
            "dropout": (0.1,),
            "batch_size": (128, 512),
            "label_smoothing": (0.0, 0.05),
        },
    ),
}


def _load(run, name, n_train, images):
    """Split the training rows; nobody gets at those for testing."""
    data = load_images(run, name, train=1_000)
    n_held_out = 300 if run.quick else N_HELD_OUT
    X, y = data.X_train, data.y_train
    n_train = min(n_train or len(y), len(y) - n_held_out)
    held_out = slice(len(y) - n_held_out, None)
    split = Bunch(
        X_train=X[:n_train], y_train=y[:n_train], X_test=X[held_out], y_test=y[held_out]
    )
    split.image_shape = data.image_shape
    return channels_first(split) if images else split


def _jobs(run):
    shorter = {"max_iter": 1} if run.quick else {}
    for number in run.tables:
        choice = TABLES[number]
        for name in choice.sets:
            for model, make in choice.models.items():
                for recipe in choice.candidates():
                    key = {"table": number, "data": name, "model": model}
                    for seed in range(run.rounds):
                        yield Job(
                            key | {"recipe": recipe, "seed": seed},
                            f"table {number}, {name}, {model}, {choice.row(recipe)}",
                            lambda c=choice, n=name, m=make, r=recipe, s=seed: _measure(
                                run.load(n, c.n_train, c.images), m(s, r | shorter)
                            ),
                            {"quick": run.quick},
                        )


def _measure(data, estimator):
    seconds = fit_all_epochs(estimator, data)
    return {"held_out": percent_right(estimator, data, "test"), "fit_seconds": seconds}


def _report(records):
    lines = [
        "# Settings, on held-out training rows",
        "",
        f"Accuracy in percent on the last {N_HELD_OUT:,} training rows, which are not "
        "trained on; test rows are not read. A recipe is changed in one setting.",
        "",
    ]
    for number, choice in TABLES.items():
        columns = {}
        for record in records:
            key = record["key"]
            if key["table"] == number:
                column = columns.setdefault(f"{key['data']}: {key['model']}", {})
                column.setdefault(choice.row(key["recipe"]), []).append(
                    record["result"]
                )
        if columns:
            lines += [f"## Table {number}. {choice.title}", ""]
            recipe = ", ".join(f"`{k}={v!r}`" for k, v in choice.recipe.items())
            lines += [f"Recipe: {recipe}.", "", _table(columns), ""]
    return "\n".join([*lines, "## Environment", "", environment_text(records)]) + "\n"


def _table(columns):
    rows = dict.fromkeys(row for column in columns.values() for row in column)

    def cell(found):
        return mean_text(found, "held_out") if found else ""

    cells = [[row, *(cell(c.get(row)) for c in columns.values())] for row in rows]
    return markdown_table(["setting", *columns], cells)


EXPERIMENT = Experiment(
    "settings",
    _jobs,
    _report,
    lambda result: f"{result['held_out']:.2f} % in {result['fit_seconds']:.1f} s",
    TABLES,
    load=_load,
    prints=("path",),
    whole=True,
)
