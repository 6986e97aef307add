"""Benchmarks and reproductions, end to end on tiny data, and their parts."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.utils import Bunch

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    experiments,
)
from sklearn_halfnet._files import replace_file
from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.exceptions import DatasetError
from sklearn_halfnet.experiments import EXPERIMENTS, CommandError
from sklearn_halfnet.experiments._common import counts, data as data_sets, figures
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs, learning_curve
from sklearn_halfnet.experiments._common.experiment import Experiment, reproduce
from sklearn_halfnet.experiments._common.progress import (
    PlainProgress,
    RichProgress,
    progress,
)
from sklearn_halfnet.experiments._common.recipes import FULL_LAYERS
from sklearn_halfnet.experiments._common.runner import Job, ResultFile, run_jobs
from sklearn_halfnet.experiments.bench import (
    _models,
    _report as bench_report,
    command as bench,
)
from sklearn_halfnet.experiments.closed_form import bars as closed_form
from sklearn_halfnet.experiments.edge import bars as edge
from sklearn_halfnet.experiments.half_layers import (
    _report,
    paper as half_layers,
    speed as half_layers_speed,
)
from sklearn_halfnet.experiments.half_layers._published import TABLES
from sklearn_halfnet.experiments.half_layers._report import row_summaries

# -- runner ----------------------------------------------------------------------------


def make_jobs(n, ran, settings=None):
    def work(i):
        ran.append(i)
        return {"value": i}

    return [
        Job({"i": i}, f"job {i}", lambda i=i: work(i), settings or {"epochs": 3})
        for i in range(n)
    ]


def test_records_say_what_ran_where(tmp_path):
    [record] = run_jobs(make_jobs(1, []), "test", ResultFile(tmp_path / "r.jsonl"))
    assert record["key"] == {"i": 0} and record["result"] == {"value": 0}
    environment = record["environment"]
    assert environment["versions"]["numpy"] == np.__version__
    assert environment["processor"] and environment["n_cpus"] >= 1
    assert all(pool["num_threads"] >= 1 for pool in environment["threads"])
    assert str(tmp_path.parent) not in json.dumps(record)
    assert "site-packages" not in json.dumps(record)


def test_a_cut_off_run_goes_on(tmp_path):
    ran, results = [], ResultFile(tmp_path / "r.jsonl")
    first = run_jobs(make_jobs(3, ran), "test", results)
    again = run_jobs(make_jobs(5, ran), "test", results)
    assert ran == [0, 1, 2, 3, 4]
    assert again[:3] == first and [r["key"]["i"] for r in again] == list(range(5))
    assert len(results.read()) == 5


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_truncated_last_line_is_run_again(tmp_path, kept):
    ran, results = [], ResultFile(tmp_path / "r.jsonl")
    run_jobs(make_jobs(3, ran), "test", results)
    lines = results.path.read_text().splitlines(keepends=True)
    results.path.write_text("".join(lines[:2]) + lines[2][:kept])
    ran.clear()
    run_jobs(make_jobs(3, ran), "test", results)
    assert ran == [2]
    assert [record["key"]["i"] for record in results.read()] == [0, 1, 2]


def test_results_of_other_settings_do_not_count(tmp_path):
    ran, results = [], ResultFile(tmp_path / "r.jsonl")
    run_jobs(make_jobs(2, ran), "test", results)
    run_jobs(make_jobs(2, ran, {"epochs": 4}), "test", results)
    assert ran == [0, 1, 0, 1]


@pytest.mark.parametrize("line", ["not json", "[1]", '{"key": {}}'])
def test_a_foreign_line_is_named(tmp_path, line):
    path = tmp_path / "r.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(CommandError, match=r"r\.jsonl, line 1, is no result"):
        ResultFile(path).read()


def test_a_failing_job_keeps_the_results_before_it(tmp_path):
    results = ResultFile(tmp_path / "r.jsonl")
    jobs = make_jobs(3, [])
    jobs[1] = Job({"i": 1}, "job 1", lambda: 1 / 0, {})
    with pytest.raises(ZeroDivisionError):
        run_jobs(jobs, "test", results)
    assert [record["key"]["i"] for record in results.read()] == [0]


# -- progress --------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_plain_lines_without_a_terminal():
    stream = io.StringIO()
    with progress(4, "title", stream) as bar:
        assert isinstance(bar, PlainProgress)
        bar.begin("first")
        bar.done(1, "first: 0.5")
        bar.skip(1)
        bar.done(2, "third: 0.7")
    first, last = stream.getvalue().splitlines()
    assert first.startswith("  25 %  first: 0.5  (about")
    assert last == " 100 %  third: 0.7  (about 0 s left)"


def test_a_bar_on_a_terminal():
    pytest.importorskip("rich")
    stream = Terminal()
    with progress(2, "title", stream) as bar:
        assert isinstance(bar, RichProgress)
        bar.begin("first")
        bar.done(1, "first: 0.5")
        bar.skip(1)
    assert "title: first" in stream.getvalue() and "100 %" in stream.getvalue()


def test_plain_lines_without_rich(monkeypatch):
    monkeypatch.setattr(
        "sklearn_halfnet.experiments._common.progress.find_spec", lambda name: None
    )
    assert isinstance(progress(1, "title", Terminal()), PlainProgress)


# -- files -----------------------------------------------------------------------------


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "report.md"
    replace_file(path, "old")

    def write(partial):
        partial.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(path, write)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


# -- what is counted -------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    data = load_dataset("digits")
    data.X_train, data.y_train = data.X_train[:300], data.y_train[:300]
    return data


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4)) * [1, 10, 100, 1000]
    y = X[:, 0] + X[:, 1] / 10
    return Bunch(
        X_train=X[:90],
        y_train=y[:90],
        X_test=X[90:],
        y_test=y[90:],
        task="regression",
        image_shape=None,
        split="own",
        title="table",
        target_name="y",
        notes=[],
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("name", "n_trainable", "n_bytes"),
    [
        ("LogisticRegression", 65 * 10, 65 * 10 * 4),
        ("MLP-8", 65 * 8 + 9 * 10, 4 * (65 * 8 + 9 * 10)),
        ("HalfLayer-16 normal", 2 * 16 + 17 * 10, None),
    ],
)
def test_parameters_and_bytes_of_classifiers(digits, name, n_trainable, n_bytes):
    models = _models.rivals(digits, {"linear", "mlp"}, [8])
    models += _models.half_layers(digits, [16], ["normal"])
    [model] = [model for model in models if model.name == name]
    fitted = model.make(0).fit(digits.X_train, digits.y_train)
    assert counts.count_parameters(fitted) == n_trainable
    # The frozen weights are stored too, in float32.
    frozen = 4 * 16 * 64
    assert n_bytes is None or counts.stored_bytes(fitted) == n_bytes
    assert n_bytes or counts.stored_bytes(fitted) >= frozen + 4 * n_trainable


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("name", "n_trainable", "n_bytes"),
    [
        # Means and deviations of four inputs, and of the MLP's target.
        ("Ridge", 5, 8 * (5 + 8)),
        ("MLP-8", 5 * 8 + 9, 8 * (5 * 8 + 9 + 8 + 2)),
    ],
)
def test_parameters_and_bytes_of_regressors(table, name, n_trainable, n_bytes):
    models = _models.rivals(table, {"linear", "mlp"}, [8])
    [model] = [model for model in models if model.name == name]
    fitted = model.make(0).fit(table.X_train, table.y_train)
    assert counts.count_parameters(fitted) == n_trainable
    assert counts.stored_bytes(fitted) == n_bytes


def test_boosting_counts_leaves(table):
    [model] = _models.rivals(table, {"boosting"}, [])
    fitted = model.make(0).fit(table.X_train, table.y_train)
    n_leaves = counts.count_parameters(fitted)
    assert fitted.n_iter_ < n_leaves <= 31 * fitted.n_iter_
    assert counts.stored_bytes(fitted) > 8 * n_leaves


@pytest.mark.parametrize(
    ("rows", "defaults"),
    [
        ("digits", (HalfLayerClassifier, ELMClassifier, HalfNetClassifier)),
        ("table", (HalfLayerRegressor, ELMRegressor, HalfNetRegressor)),
    ],
)
def test_ours_have_default_parameters(request, rows, defaults):
    data = request.getfixturevalue(rows)
    families = ("half", "elm", "halfnet")
    compared, _ = bench._choose(data, families, None, None, False)
    for model, kind in zip(compared, defaults, strict=True):
        given = model.make(3).get_params(deep=False)
        expected = kind(random_state=3).get_params(deep=False)
        if "Layer" in model.name:  # the kind is an object, which may have a shape
            given["weight_kind"] = given["weight_kind"].kind_name
        assert given == expected


def test_weights_of_images_have_their_shape(digits):
    [model] = _models.half_layers(digits, [8], ["mexican_hat"])
    assert model.make(0).weight_kind.image_shape == (8, 8)


def test_only_an_mlp_gets_fewer_epochs_of_many_rows(table):
    table = Bunch(**table)
    table.X_train = np.broadcast_to(np.float32(0), (20_000, 4))
    compared, notes = bench._choose(table, ["mlp", "half"], None, None, False)
    mlp, half = (model.make(0) for model in compared)
    assert mlp.regressor[-1].max_iter == 15 and half.max_iter == "auto"
    assert notes == ["MLPs are trained for 15 epochs."]


# -- bench -----------------------------------------------------------------------------


def test_no_job_pays_for_the_import_of_torch():
    code = (
        "import sys; "
        "from sklearn_halfnet.experiments._common.runner import Job, run_jobs; "
        "before = 'torch' in sys.modules; "
        "job = Job({}, 'job', lambda: {'loaded': 'torch' in sys.modules}, {}); "
        "print(before, run_jobs([job], 'test')[0]['result']['loaded'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False True"


class Interrupted(MLPClassifier):
    """A fit in which Ctrl-C is pressed: it warns, and keeps what it has learnt."""

    def _update_no_improvement_count(self, *args):
        raise KeyboardInterrupt


def test_an_interrupted_fit_is_no_result(tmp_path, digits):
    results = ResultFile(tmp_path / "r.jsonl")
    for measure in (bench.measure, fit_all_epochs):
        job = Job({}, "job", lambda measure=measure: measure(Interrupted(), digits), {})
        with pytest.raises(KeyboardInterrupt):
            run_jobs([job], "test", results)
    assert results.read() == []


def test_other_warnings_are_passed_on(digits):
    class Warning_(LogisticRegression):
        def fit(self, X, y):
            warnings.warn("odd data", RuntimeWarning, stacklevel=2)
            return super().fit(X, y)

    with pytest.warns(RuntimeWarning, match="odd data"):
        assert bench.measure(Warning_(), digits)["converged"]


TINY = {"sizes": [8, 16], "seeds": 2, "models": ["linear", "half"]}


def run_bench(tmp_path, **options):
    return bench.run(out=tmp_path, **{**TINY, **options})


def test_bench_on_digits(tmp_path, capsys):
    report = run_bench(tmp_path, quick=True, sizes=None, models=None)
    names = [row["model"] for row in report["models"]]
    ours = ["HalfLayer-512 normal", "ELM", "HalfNet"]
    assert names == ["LogisticRegression", "MLP-100", *ours]
    for row in report["models"]:
        assert 0.3 < row["score_mean"] <= 1 and row["fit_seconds"] > 0
        assert row["n_repetitions"] == 1 and row["score_sd"] is None
    out = capsys.readouterr().out
    assert "test accuracy" in out and all(f"\n{name} " in out for name in names)
    written = json.loads((tmp_path / "bench-digits-scikit-learn.json").read_text())
    assert written == report
    assert (tmp_path / "bench-digits-scikit-learn.png").read_bytes()[1:4] == b"PNG"


def write_csv(path, target):
    rng = np.random.default_rng(0)
    rows = [
        f"{a:.3f},{'uv'[i % 2]},{target(a, i)}"
        for i, a in enumerate(rng.normal(size=80))
    ]
    path.write_text("a,b,t\n" + "\n".join(rows) + "\n")
    return str(path)


def test_bench_on_a_table_of_classes(tmp_path, capsys):
    path = write_csv(tmp_path / "my.csv", lambda a, i: "yes" if a > 0 else "no")
    report = run_bench(tmp_path, data=path, plot=False)
    assert report["dataset"]["task"] == "classification"
    assert "LogisticRegression" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.png"))
    [linear] = [r for r in report["models"] if r["model"] == "LogisticRegression"]
    # Two splits, so a model without chance has two scores.
    assert linear["n_repetitions"] == 2 and linear["score_sd"] is not None


def test_bench_on_a_regression(tmp_path, capsys):
    path = write_csv(tmp_path / "my.csv", lambda a, i: f"{3 * a + i % 2:.4f}")
    report = run_bench(tmp_path, data=path, models=None, sizes=[32], seeds=1)
    scores = {row["model"]: row["score_mean"] for row in report["models"]}
    assert "test R2" in capsys.readouterr().out
    assert scores["Ridge"] > 0.9 and scores["HalfLayer-32 normal"] > 0.5
    assert scores["ELM"] > 0.9 and scores["HalfNet"] > 0.9
    assert {"MLP-100", "HistGradientBoosting"} <= set(scores)


def test_models_without_chance_run_once_on_a_fixed_split(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    path = tmp_path / "own.npz"
    np.savez(path, X=X, y=y, test_index=np.arange(20))
    report = run_bench(tmp_path, data=str(path), kinds=["normal"], plot=False)
    counts = {row["model"]: row["n_repetitions"] for row in report["models"]}
    assert counts["LogisticRegression"] == 1 and counts["HalfLayer-8 normal"] == 2


def test_bench_without_matplotlib_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    run_bench(tmp_path, kinds=["normal"], sizes=[8], quick=True)
    assert "sklearn-halfnet[plot]" in capsys.readouterr().out
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


@pytest.mark.parametrize(
    ("cause", "raised"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (MemoryError("too many units"), CommandError),
        (ValueError("no images"), CommandError),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
def test_what_was_measured_is_kept(tmp_path, capsys, monkeypatch, cause, raised):
    count, measure = iter(range(9)), bench.measure

    def measure_twice(estimator, data):
        if next(count) == 2:
            raise cause
        return measure(estimator, data)

    monkeypatch.setattr(bench, "measure", measure_twice)
    with pytest.raises(raised) as caught:
        run_bench(tmp_path, kinds=["normal"])
    if raised is CommandError:
        assert str(cause) in str(caught.value) and "HalfLayer-16" in str(caught.value)
    written = json.loads((tmp_path / "bench-digits-scikit-learn.json").read_text())
    names = ["LogisticRegression", "HalfLayer-8 normal"]
    assert [run["model"] for run in written["runs"]] == names
    assert [row["model"] for row in written["models"]] == names
    assert "2 of 6 fits were done" in written["notes"][-1]
    assert "HalfLayer-8 normal" in capsys.readouterr().out


def is_file(path):
    path.write_text("")
    return path


def below_a_file(path):
    return is_file(path) / "results"


@pytest.mark.parametrize("make", [is_file, below_a_file])
def test_results_that_cannot_be_written(tmp_path, monkeypatch, make):
    """This is said before the first fit, by all commands."""
    monkeypatch.setattr(bench, "measure", lambda *args: pytest.fail("a fit was run"))
    out = make(tmp_path / "out")
    with pytest.raises(CommandError, match=r"cannot be written to .*out.*--out"):
        run_bench(out)
    jobs = make_jobs(1, ran := [])
    with pytest.raises(CommandError, match="cannot be written to"):
        run_jobs(jobs, "test", ResultFile(out / "results.jsonl"))
    assert not ran


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may")
def test_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(CommandError, match="Permission denied"):
        run_bench(tmp_path)


def test_quick_sees_all_classes_of_sorted_rows(tmp_path):
    X = np.random.default_rng(0).normal(size=(900, 2))
    np.savez(tmp_path / "a.npz", X=X, y=np.arange(900) // 300)
    [data] = bench._load_splits(tmp_path / "a.npz", None, None, None, 1, True)
    assert len(data.X_train) == 500 and set(data.y_train) == {0, 1, 2}
    assert "500 of 675 training rows" in data.notes[-1]


def test_notes_on_the_data_come_first(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "run_jobs", lambda *args: pytest.fail("too late"))
    rows = [f"{i},{i % 7},name {i},{i % 2}" for i in range(40)]
    (tmp_path / "a.csv").write_text(",a,b,y\n" + "\n".join(rows))
    with pytest.raises(pytest.fail.Exception):
        run_bench(tmp_path, data=tmp_path / "a.csv")
    out = capsys.readouterr().out
    assert "an index" in out and "'b' is text, and nearly every row" in out


def test_boosting_is_left_out_of_much_data(table):
    table = Bunch(**table, y=None)
    table.X_train = np.broadcast_to(np.float32(0), (60_000, 784 * 2))
    compared, notes = bench._choose(table, None, [8], ["normal"], False)
    assert not any("Boosting" in model.name for model in compared)
    assert "--models adds it" in notes[0]
    compared, _ = bench._choose(table, ["boosting"], [8], ["normal"], False)
    assert [model.name for model in compared] == ["HistGradientBoosting"]


def test_unknown_kind_is_named(tmp_path):
    with pytest.raises(
        CommandError, match=r"unknown weight kind norml; known: .*normal"
    ):
        run_bench(tmp_path, kinds=["norml"])


def test_missing_data_leave_no_file(tmp_path):
    with pytest.raises(DatasetError):
        run_bench(tmp_path / "out", data=str(tmp_path / "no.csv"))
    assert not (tmp_path / "out").exists()


def test_summary_takes_mean_sd_and_median():
    model = _models.Model("m", "s", None)
    results = [
        {
            "score": score,
            "n_trainable": 5,
            "n_bytes": 20,
            "fit_seconds": seconds,
            "predict_seconds": 0.5,
            "converged": converged,
        }
        for score, seconds, converged in ((0.8, 1, True), (0.9, 9, True), (1, 2, False))
    ]
    summary = bench_report.summarise(model, results)
    assert summary["score_mean"] == pytest.approx(0.9)
    assert summary["score_sd"] == pytest.approx(0.1)
    assert summary["fit_seconds"] == 2 and not summary["converged"]


# -- half layers -----------------------------------------------------------------------


@pytest.fixture
def tiny_paper(monkeypatch, digits):
    """The paper's tables on digits, with few small models."""
    loaded = []

    def load(name, data_home):
        loaded.append(name)
        return Bunch(**digits)

    monkeypatch.setattr(data_sets, "load_dataset", load)
    models = ("lp", "mlp-32", "rnd-256-N", "rnd-256-T", "clp", "crnd-256-N")
    monkeypatch.setattr(half_layers, "QUICK_MODELS", models)
    return loaded


def test_every_experiment_is_a_value():
    for name, (module, title) in EXPERIMENTS.items():
        experiment = import_module(module).EXPERIMENT
        assert isinstance(experiment, Experiment) and experiment.name == name
        assert title


def test_rooms_know_only_what_all_share():
    """No room of experiments imports the files of another."""
    rooms = Path(experiments.__file__).parent
    for path in rooms.glob("*/*.py"):
        text = path.read_text(encoding="utf-8")
        known = set(re.findall(r"sklearn_halfnet\.experiments\.(\w+)", text))
        assert known <= {"_common", path.parent.name}, path


def test_report_holds_ours_beside_the_papers(tmp_path, tiny_paper):
    report = reproduce(half_layers.EXPERIMENT, out=tmp_path, quick=True).read_text()
    assert "not comparable" in report and "arXiv 2506.04352" in report
    for number, paper in ((1, "92.62"), (2, "83.86")):
        _, after = report.split(f"## Table {number}: ")
        [row] = re.findall(r"\| rnd-256-N \|.*", after.split("## ")[0])
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == f"{2 * 256 + 257 * 10:,}" and cells[2] == paper
        ours, difference = float(cells[3]), float(cells[5])
        assert difference == pytest.approx(ours - float(paper), abs=0.011)
        assert cells[4] == "-"  # one seed has no standard deviation
    assert "of 2 half-layer rows are above the paper's" in report
    assert "scikit-learn" in report.split("## Environment")[1]
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "weights.png",
        "mnist-accuracy.png",
        "mnist-curves.png",
        "fashion-mnist-accuracy.png",
        "fashion-mnist-curves.png",
        "conv-mnist-accuracy.png",
        "conv-mnist-curves.png",
        "conv-fashion-mnist-accuracy.png",
        "conv-fashion-mnist-curves.png",
    }


def test_reproduction_goes_on_where_it_stopped(tmp_path, tiny_paper, capsys):
    reproduce(half_layers.EXPERIMENT, table=1, out=tmp_path, quick=True)
    path = tmp_path / "results.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-2]) + lines[-2][:30])
    capsys.readouterr()
    reproduce(half_layers.EXPERIMENT, table=1, out=tmp_path, quick=True)
    redone = capsys.readouterr().err.splitlines()
    assert len(redone) == 2 and "mlp-32, curves" in redone[0]
    again = path.read_text().splitlines(keepends=True)
    assert again[: len(lines) - 2] == lines[:-2] and len(again) == len(lines)


def test_one_table_loads_one_data_set(tmp_path, tiny_paper):
    reproduce(half_layers.EXPERIMENT, table=2, out=tmp_path, quick=True)
    assert tiny_paper == ["fashion-mnist"]


def test_unknown_table(tmp_path):
    with pytest.raises(CommandError, match="no table 7; the tables are 1, 2"):
        reproduce(half_layers.EXPERIMENT, table=7, out=tmp_path)


def test_without_matplotlib_there_is_a_report(
    tmp_path, tiny_paper, monkeypatch, capsys
):
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    assert reproduce(half_layers.EXPERIMENT, table=1, out=tmp_path, quick=True).exists()
    assert "sklearn-halfnet[plot]" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.png"))


def test_published_tables_are_complete():
    half = [f"rnd-{h}-{k}" for h in (256, 512, 1024, 2048) for k in "NBMT"]
    behind = [f"crnd-{h}-{k}" for h in (256, 512, 1024, 2048) for k in "NB"]
    for number in (1, 2):
        assert list(TABLES[number].published) == ["lp", "mlp-16", "mlp-32", *half]
    for number in (3, 4):
        assert list(TABLES[number].published) == ["clp", "cmlp-40", *behind]


@pytest.mark.parametrize(
    "model, count",
    [
        ("clp", 16_586),
        ("cmlp-40", 51_586),
        ("crnd-256-N", 8_138),
        ("crnd-512-B", 11_210),
        ("crnd-1024-B", 17_354),
        ("crnd-2048-N", 29_642),
    ],
)
def test_convolutional_rows_have_the_papers_number_of_parameters(model, count):
    rng = np.random.default_rng(0)
    X, y = rng.random((200, 784), np.float32), np.arange(200) % 10
    estimator = half_layers.make_model(model, 0, {"max_iter": 1}, (28, 28))
    assert estimator.fit(X, y).n_trainable_parameters_ == count


@pytest.mark.parametrize("model", TABLES[1].published)
def test_rows_have_the_papers_number_of_parameters(model, digits):
    """Counted on 64 inputs; the formula is the paper's."""
    name, *rest = model.split("-")
    recipe = FULL_LAYERS if name in ("lp", "mlp") else {}
    estimator = half_layers.make_model(model, 0, recipe | {"max_iter": 1}, (8, 8))
    fit_all_epochs(estimator, digits)
    n_hidden = int(rest[0]) if rest else 0
    expected = {
        "lp": 65 * 10,
        "mlp": 65 * n_hidden + (n_hidden + 1) * 10,
        "rnd": 2 * n_hidden + (n_hidden + 1) * 10,
    }[name]
    assert counts.count_parameters(estimator) == expected


@pytest.mark.parametrize(
    "model, count",
    [
        ("mlp-64", 65 * 64 + 65 * 10),
        ("mlp-64-512", 65 * 64 + 65 * 512 + 513 * 10),
        ("mlp-64-rnd-512-N", 65 * 64 + 2 * 512 + 513 * 10),
        ("rnd-1024-P", 2 * 1024 + 1025 * 10),
    ],
)
def test_rows_behind_a_full_layer(model, count, digits):
    assert model in TABLES[5].published and model in TABLES[6].published
    recipe = half_layers._recipes(True)[half_layers._family(model)]
    estimator = half_layers.make_model(model, 0, recipe | {"max_iter": 1}, (8, 8))
    fit_all_epochs(estimator, digits)
    assert counts.count_parameters(estimator) == count


def test_rows_that_the_paper_does_not_have():
    result = {"test": 97.0, "train": 99.0, "n_trainable": 7, "fit_seconds": 1.0}
    records = [
        {"key": {"table": 5, "model": model, "seed": 0}, "result": result}
        for model in ("mlp-64-512", "mlp-64-rnd-512-N", "rnd-512-P")
    ]
    rows = row_summaries(5, records)
    cells = _report._cells("rnd-512-P", rows["rnd-512-P"])
    assert cells[2:6] == ["-", "97.00", "-", "-"]
    assert _report._verdict(rows) == []
    assert set(_report._series(rows)) == {"mlp", "mlp before rnd-N", "rnd-P"}


def test_rows_bring_their_seeds_together():
    def record(model, seed, test, **more):
        result = {"test": test, "train": 99.0, "n_trainable": 7, "fit_seconds": seed}
        return {
            "key": {"table": 1, "model": model, "seed": seed, **more},
            "result": result,
        }

    records = [record("lp", 0, 90.0), record("lp", 1, 92.0), record("lp", 2, 94.0)]
    records += [record("mlp-32", 0, 50.0, curve=True)]
    rows = row_summaries(1, records)
    assert list(rows) == ["lp"]
    assert rows["lp"]["test"] == 92 and rows["lp"]["sd"] == 2
    assert rows["lp"]["paper"] == 92.34 and rows["lp"]["fit_seconds"] == 1


@pytest.mark.parametrize("model", ["mlp-32", "rnd-256-N"])
def test_learning_curve_has_a_score_an_epoch(digits, model):
    rate = "learning_rate" if model.startswith("mlp") else "learning_rate_init"
    recipe = {"max_iter": 4, "batch_size": 50, rate: 1e-2}
    estimator = half_layers.make_model(model, 0, recipe, (8, 8))
    curve = learning_curve(estimator, digits)
    assert len(curve["train"]) == len(curve["test"]) == 4
    assert curve["train"][-1] > 70 and curve["test"][-1] > 60
    # The last epoch of the curve is the model that a whole fit gives.
    score = 100 * estimator.score(digits.X_test, digits.y_test)
    assert curve["test"][-1] == pytest.approx(score)


def test_speed_report_has_every_measure(data_home, tmp_path):
    report = reproduce(
        half_layers_speed.EXPERIMENT, data_home=data_home, out=tmp_path, quick=True
    )
    text = report.read_text(encoding="utf-8")
    for bar in ("at most 1.0", "at least 5", "within 15 %", "below 200,000"):
        assert bar in text
    assert "nan" not in text


def test_closed_form_report_has_every_measure(data_home, tmp_path):
    report = reproduce(
        closed_form.EXPERIMENT, data_home=data_home, out=tmp_path, quick=True
    )
    text = report.read_text(encoding="utf-8")
    for label, *_, bar in closed_form.ROWS:
        assert label in text and getattr(bar, "text", bar) in text
    assert "nan" not in text


def test_edge_report_has_every_measure(data_home, tmp_path):
    pytest.importorskip("onnxruntime")
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler (gcc) on this machine")
    report = reproduce(edge.EXPERIMENT, data_home=data_home, out=tmp_path, quick=True)
    text = report.read_text(encoding="utf-8")
    for label, *_ in edge.ROWS:
        assert label in text
    assert "| its labels that differ from numpy's | 0 of" in text and "nan" not in text


@pytest.mark.parametrize("experiment", [half_layers_speed, closed_form, edge])
def test_experiments_without_tables_say_so(experiment, tmp_path):
    with pytest.raises(CommandError, match="no numbered tables"):
        reproduce(experiment.EXPERIMENT, table=1, out=tmp_path)


def test_an_experiment_says_where_its_data_belong(tmp_path):
    with pytest.raises(CommandError, match="--data-home"):
        reproduce(closed_form.EXPERIMENT, out=tmp_path)
