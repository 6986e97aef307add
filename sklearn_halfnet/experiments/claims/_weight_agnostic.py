"""Claims on weight-agnostic networks."""

from sklearn_halfnet.experiments.claims._claim import Claim, figures
from sklearn_halfnet.experiments.claims._records import NotMeasured

__all__ = ["CLAIMS", "SOURCE"]

SOURCE = "Gaier & Ha (2019), Weight Agnostic Neural Networks, arXiv 1906.04358"


WANN, LONG = "weight-agnostic", {"measure": "mnist, 600 s"}


def _row(records, *fields):
    return [records.mean(WANN, field, **LONG) for field in fields]


def _any_weight(records):
    mean, sd = _row(records, "random", "random_sd")
    return mean > 0.82, f"{mean:.3f} ± {sd:.3f}"


def _as_linear(records):
    *found, linear = _row(records, "ensemble", "tuned", "logistic")
    return max(
        found
    ) >= linear, f"{figures(found, 3)}; logistic regression {linear:.3f}"


def _trained_as_linear(records):
    trained, linear = _row(records, "trained", "logistic")
    return trained >= linear, f"{trained:.3f}; logistic regression {linear:.3f}"


def _ensemble_is_near(records):
    ensemble, tuned = _row(records, "ensemble", "tuned")
    return ensemble >= tuned - 0.005, f"ensemble {ensemble:.3f}, tuned {tuned:.3f}"


def _training_helps(records):
    tuned, trained = _row(records, "tuned", "trained")
    return trained > tuned, f"tuned {tuned:.3f}, trained {trained:.3f}"


def _training_helps_on_digits(records):
    tuned, trained = (
        records.mean(WANN, field, measure="digits") for field in ("tuned", "trained")
    )
    return trained > tuned, f"tuned {tuned:.3f}, trained {trained:.3f}"


def _three_seeds(records):
    found = records.values(WANN, "ensemble", measure="mnist, 60 s")
    if len(found) < 3:
        raise NotMeasured("one seed")
    return found.min() >= 0.916, f"{figures(sorted(found), 3)}"


CLAIMS = [
    Claim(
        "MNIST with one random weight: .820 and more",
        _any_weight,
        "weight-agnostic --table 2",
    ),
    Claim(
        "An ensemble of weights is about as good as the tuned one (.916 and .919)",
        _ensemble_is_near,
        "weight-agnostic --table 2",
    ),
    Claim(
        "Training all weights helps further (.942)",
        _training_helps,
        "weight-agnostic --table 2",
    ),
    Claim(
        "The same on digits, 450 connections",
        _training_helps_on_digits,
        "weight-agnostic --table 1",
    ),
    Claim(
        "Without trained weights as good as a linear classifier",
        _as_linear,
        "weight-agnostic --table 2",
    ),
    Claim(
        "With trained weights as good as a linear classifier",
        _trained_as_linear,
        "weight-agnostic --table 2",
    ),
    Claim(
        "Any seed does: three seeds of 60 s at .916 or more",
        _three_seeds,
        "weight-agnostic --table 2",
    ),
    Claim("Reinforcement learning: SwingUp, Biped, CarRacing"),
]
