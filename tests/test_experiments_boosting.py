"""Table 4 of ``halfnet reproduce closed-form-further``."""

from types import SimpleNamespace

from sklearn_halfnet.experiments.closed_form_further import boosting


def records(**scores):
    """Two sets, one of classes and one of numbers, as ``run_jobs`` returns them."""
    return [
        {
            "key": {"table": 4, "data": data, "model": model, "split": 0},
            "result": {"score": score, "fit_seconds": 1.0, "log_loss": 0.1},
        }
        for data, of_models in scores.items()
        for model, score in of_models.items()
    ]


def test_less_error_and_more_accuracy_are_ahead():
    found = records(
        letter={"boosted": 0.9, "ELM": 0.8},
        kin8nm={"boosted": 0.3, "ELM": 0.4},
        magic={"boosted": 0.7, "ELM": 0.8},
    )
    text = boosting.text(found)
    assert "ahead of ELM's on 2 of 3 sets" in text
    assert "| letter | 0.9000 (1.0) | 0.8000 (1.0) |  |  |  | >= 0.912 |" in text


def test_settings_are_chosen_where_there_are_bars(tmp_path):
    folder = tmp_path / "tabular"
    for data in boosting.SETS.values():
        file = folder / data.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    run = SimpleNamespace(quick=False, data_home=tmp_path, rounds=2)
    keys = [job.key for job in boosting.fits(run)]
    chosen = {key["data"] for key in keys if key["model"] == "boosted, chosen"}
    assert chosen == set(boosting.BARS)
    assert len(keys) == 2 * (15 * 4 + 5)
