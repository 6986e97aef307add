"""Benchmarks, and one room a paper: its tables and figures.

An experiment is a value, ``EXPERIMENT`` of a module, which ``_common.experiment`` runs;
it joins the command ``halfnet reproduce`` by one line below. This file imports nothing
heavy, for the command line reads it.
"""

from sklearn_halfnet.exceptions import CommandError

__all__ = ["BENCH_FAMILIES", "EXPERIMENTS", "MORE_OPTIONS", "CommandError"]

# What ``halfnet bench`` compares, by the names that --models takes.
BENCH_FAMILIES = ("linear", "mlp", "boosting", "half", "elm", "halfnet")

# Name -> (module, title: one line for --help).
EXPERIMENTS = {
    "half-layers": (
        "sklearn_halfnet.experiments.half_layers.paper",
        "Alpaydin (2025), Half-Layered Neural Networks: tables 1 (MNIST), 2 "
        "(Fashion-MNIST), 3 and 4 (the same behind convolutions), and the figures",
    ),
    "half-layers-speed": (
        "sklearn_halfnet.experiments.half_layers.speed",
        "Seconds, memory and bytes of half layers, each beside its rival",
    ),
    "weight-kinds": (
        "sklearn_halfnet.experiments.half_layers.kinds",
        "All kinds of random weights at one width, read out in closed form, on images",
    ),
    "closed-form": (
        "sklearn_halfnet.experiments.closed_form.bars",
        "ELM in closed form: seconds, memory, accuracy and calibration",
    ),
    "closed-form-further": (
        "sklearn_halfnet.experiments.closed_form_further.bars",
        "What a fitted ridge read-out gives beyond predictions: intervals (1), sets "
        "(2), streams (3), boosted features (4), weights (5), several workers (6)",
    ),
    "defaults": (
        "sklearn_halfnet.experiments.defaults.every_estimator",
        "Every estimator with default parameters on small data sets, beside the best "
        "constant and a linear model",
    ),
    "frames": (
        "sklearn_halfnet.experiments.frames.raw_frames",
        "Raw data frames with categories and missing values, Adult and diamonds, "
        "beside scikit-learn's HistGradientBoosting",
    ),
    "tables-defaults": (
        "sklearn_halfnet.experiments.tables.defaults",
        "Settings that may become defaults, cross-validated inside the training rows "
        "of fifteen tables: classification (1), regression (2)",
    ),
    "losses": (
        "sklearn_halfnet.experiments.losses.comparison",
        "Losses of regressors: quantiles on two tables (1), counts of known rate (2), "
        "beside gradient boosting and Poisson regression",
    ),
    "halfnet": (
        "sklearn_halfnet.experiments.halfnet.paper",
        "Alpaydin (2026), HalfNet: beside full layers (1), by rank on MNIST (2) and "
        "CIFAR-10 (3), on 8 of 50 directions (4, 7), before neighbours (5), on ten "
        "tables (6); its spectrum (8) and kernel (9)",
    ),
    "partial-cnn": (
        "sklearn_halfnet.experiments.partial_cnn.paper",
        "Rosenfeld & Tsotsos (2018), learning next to nothing: CIFAR-10 by what is "
        "learned (1), cheap ensembles (2), speed (3), batch norms (4), VGG and AlexNet "
        "(5), kernels (6), few filters (7), magnitudes (8), tasks (9), CIFAR-100 (10)",
    ),
    "untrained": (
        "sklearn_halfnet.experiments.untrained.paper",
        "Guest & Love (2017), untrained networks: figure 2A (1), by weight scale (2), "
        "mean-field theory (3), trained beside untrained on digits (4), the blog's two "
        "categories (5), a branched network on images (6), a recurrent one after a "
        "pulse (7) and of series (8)",
    ),
    "weight-agnostic": (
        "sklearn_halfnet.experiments.weight_agnostic.paper",
        "Gaier & Ha (2019), Weight Agnostic Neural Networks: digits (1), MNIST beside "
        "the paper's row (2), evolution beside the released code (3)",
    ),
    "claims": (
        "sklearn_halfnet.experiments.claims.table",
        "What the five sources claim, and whether our stored results bear it out",
    ),
    "settings": (
        "sklearn_halfnet.experiments.settings.held_out",
        "Recipes of the experiments beside others, on held-out training rows",
    ),
    "closed-form-rivals": (
        "sklearn_halfnet.experiments.closed_form.rivals",
        "Packages for ELM and RVFL, each installed on its own, beside ours on MNIST",
    ),
    "edge": (
        "sklearn_halfnet.experiments.edge.bars",
        "Exported models on MNIST: bytes of constants and memory, labels in C and "
        "ONNX, microseconds beside onnxruntime",
    ),
    "gpu": (
        "sklearn_halfnet.experiments.gpu.stages",
        "What a GPU is for, within some minutes: passes on MNIST (1), closed form (2), "
        "HalfNet by rank on CIFAR-10 (3), partial CNNs at the paper's sizes (4) and "
        "what else the paper claims of them (5)",
    ),
}

# Options of one experiment only: name -> option -> (default, help).
MORE_OPTIONS = {
    "claims": {
        "results": ("doc/results", "folder with the records (default: doc/results)"),
    },
    "gpu": {
        "device": ("auto", "where to compute, as torch calls it (default: auto)"),
        "minutes": (7.0, "no fit is begun that cannot end within them (default: 7)"),
    },
    "tables-defaults": {"set": ("all", "only this set (default: all)")},
}
