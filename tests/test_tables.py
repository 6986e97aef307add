"""``halfnet bench --suite tables`` and ``tables-defaults``, on made-up tables."""

import json
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from sklearn_halfnet import HalfNetRegressor, cli
from sklearn_halfnet.exceptions import CommandError, DatasetError
from sklearn_halfnet.experiments._common import figures, table_sets as sets
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.tables import (
    _inner as inner,
    _makers as makers,
    _models as models,
    _worker as worker,
    command,
    defaults,
)
from sklearn_halfnet.experiments.tables._candidates import (
    CANDIDATES,
    Candidate,
)
from sklearn_halfnet.experiments.tables._ranks import (
    cliques,
    critical_difference,
    friedman,
    ranks,
    verdict,
)
from sklearn_halfnet.experiments.tables._report import report_text
from sklearn_halfnet.experiments.tables._results import Results

N_CLASSES = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two sets as files: classes without, and numbers with rows to test on."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data")
    for part in ("classification", "uci-regression"):
        (folder / "tabular" / part).mkdir(parents=True)
    X = rng.normal(size=(120, 5))
    labels = np.array(["a", "b", "c"])[np.argsort(np.argsort(X[:, 0])) // 40]
    np.savez(folder / "tabular/classification/vowel.npz", X=X, y=labels)
    test = np.array([rng.permutation(120)[:20] for _ in range(4)])
    np.savez(
        folder / "tabular/uci-regression/concrete.npz",
        X=X,
        y=X @ [3, 1, 1, 0, 0] + np.sin(3 * X[:, 1]),
        test_index=test,
    )
    sets._load.cache_clear()
    yield folder
    sets._load.cache_clear()


# -- rows ------------------------------------------------------------------------------


def test_the_first_row_of_test_index_is_split_0(folder):
    with np.load(folder / "tabular/uci-regression/concrete.npz") as z:
        X, y, test_index = z["X"], z["y"], z["test_index"]
    for number in (0, 3):
        split = sets.load_split("concrete", folder, number)
        assert_array_equal(split.X_test, X[test_index[number]])
        rest = np.setdiff1d(np.arange(120), test_index[number])
        assert_array_equal(split.y_train, y[rest])
    with pytest.raises(CommandError, match="4 splits"):
        sets.load_split("concrete", folder, 4)


@pytest.mark.parametrize("number", [0, 2])
def test_rows_are_drawn_training_rows_first(folder, number):
    with np.load(folder / "tabular/classification/vowel.npz") as z:
        X, y = z["X"], z["y"]
    train, test = train_test_split(
        np.arange(120), test_size=0.3, random_state=number, stratify=y
    )
    rng = np.random.RandomState(number)
    train, test = (rng.choice(part, 30, replace=False) for part in (train, test))
    split = sets.load_split("vowel", folder, number, rows=30)
    assert_array_equal(split.X_train, X[train])
    assert_array_equal(split.X_test, X[test])
    assert_array_equal(np.array(["a", "b", "c"])[split.y_test], y[test])


def test_folders_may_be_that_of_tables(folder):
    whole = sets.load_split("vowel", folder, 0)
    assert_array_equal(
        whole.X_train, sets.load_split("vowel", folder / "tabular", 0).X_train
    )


def test_what_is_missing_is_named_before_anything_runs(folder, tmp_path):
    with pytest.raises(CommandError, match=r"letter\.npz is neither in"):
        command.run(folder, ["vowel", "letter"], ["linear"], out=tmp_path)
    with pytest.raises(CommandError, match="sleep is not at OpenML"):
        command.run(None, ["sleep"], ["linear"], out=tmp_path)
    with pytest.raises(CommandError, match=r"unknown set vowels; known: letter"):
        command.run(folder, ["vowels"], out=tmp_path)
    with pytest.raises(CommandError, match=r"unknown model Forest; known: HalfNet"):
        command.run(folder, None, ["Forest"], out=tmp_path)
    with pytest.raises(CommandError, match="no results to report"):
        command.run(out=tmp_path, report=True)


def test_rows_of_openml(monkeypatch):
    def fetch(data_id, as_frame, parser):
        assert (data_id, as_frame) == (307, False)
        X = np.arange(40.0).reshape(20, 2)
        return Bunch(data=X, target=np.array(["u", "v"] * 10, dtype=object))

    sets._load.cache_clear()
    monkeypatch.setattr(sets, "fetch_openml", fetch)
    split = sets.load_split("vowel", None, 0)
    assert split.X_train.shape == (14, 2) and set(split.y_test) == {0, 1}
    monkeypatch.setattr(sets, "fetch_openml", lambda **_: 1 / 0)
    with pytest.raises(DatasetError, match=r"letter \(number 6\) could not be fetched"):
        sets.load_split("letter", None, 0)
    sets._load.cache_clear()


def test_fifteen_sets():
    tasks = [each.task for each in sets.SETS.values()]
    assert (tasks.count("classification"), tasks.count("regression")) == (8, 7)
    assert set(sets.QUICK_SETS) <= set(sets.SETS)


# -- measures --------------------------------------------------------------------------


def test_measures_are_scikit_learns(folder):
    split = sets.load_split("vowel", folder, 0)
    result = models.measure_here(LogisticRegression(), split)
    model = LogisticRegression().fit(split.X_train, split.y_train)
    assert result["score"] == accuracy_score(split.y_test, model.predict(split.X_test))
    expected = log_loss(split.y_test, model.predict_proba(split.X_test))
    assert_allclose(result["log_loss"], expected)
    assert result["fit_seconds"] > 0 and result["predict_seconds"] > 0
    split = sets.load_split("concrete", folder, 0)
    result = models.measure_here(Ridge(), split)
    model = Ridge().fit(split.X_train, split.y_train)
    assert_allclose(
        result["score"], r2_score(split.y_test, model.predict(split.X_test))
    )
    assert "log_loss" not in result


def test_a_class_without_training_row_is_never_right():
    _, y = sets.encoded(["a", "c"], ["c", "b", "d"])
    assert_array_equal(y, [1, -1, -1])
    loss = worker.log_loss(y[:2], np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert_allclose(loss, (np.log(2) - np.log(worker.LEAST)) / 2)


# -- ranks -----------------------------------------------------------------------------

# Demsar (2006), table 6: AUC of four variants of C4.5 on fourteen sets.
AUC = """
.763 .768 .771 .798   .599 .591 .590 .569   .954 .971 .968 .967   .628 .661 .654 .657
.882 .888 .886 .898   .936 .931 .916 .931   .661 .668 .609 .685   .583 .583 .563 .625
.775 .838 .866 .875   1 1 1 1               .940 .962 .965 .962   .619 .666 .614 .669
.972 .981 .9751 .975  .957 .978 .946 .970
"""


def test_ranks_of_the_published_example():
    mean_ranks = ranks(np.array(AUC.split(), float).reshape(14, 4)).mean(axis=0)
    assert_allclose(mean_ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    test = friedman(mean_ranks, 14)
    assert_allclose(test.chi2, 9.28, atol=0.01)
    assert_allclose(test.F, 3.69, atol=0.01)
    assert 0.01 < test.p < 0.05
    assert_allclose(critical_difference(4, 14), 1.25, atol=0.005)


@pytest.mark.parametrize("n, q", [(2, 1.960), (5, 2.728), (10, 3.164)])
def test_critical_values_are_those_of_the_published_table(n, q):
    unit = np.sqrt(n * (n + 1) / 6)
    assert_allclose(critical_difference(n, 1) / unit, q, atol=1e-3)


def test_groups_that_are_not_told_apart():
    assert cliques([1, 2, 3, 4], 1.5) == [(0, 1), (1, 2), (2, 3)]
    assert cliques([1, 1.2, 1.4], 5) == [(0, 2)]
    assert cliques([1, 3, 5], 1) == []


def test_verdicts():
    assert verdict([0.1]) == "win" and verdict([0.0]) == "tie"
    # Mean .01; the sample standard deviation is .01, that of the population .008.
    assert verdict([0.0, 0.01, 0.02]) == "win"
    assert verdict([0.0, 0.009, 0.02]) == "tie"
    assert verdict([-0.01, -0.02]) == "loss"


# -- reports ---------------------------------------------------------------------------

ENVIRONMENT = {
    "processor": "abacus",
    "n_cpus": 1,
    "platform": "wood",
    "python": "3",
    "versions": {"numpy": "1"},
    "threads": [],
}


def record(name, model, split, score, **more):
    result = {"score": score, "fit_seconds": 2.0, "predict_seconds": 0.1} | more
    key = {"set": name, "model": model, "split": split}
    return {"key": key, "result": result, "environment": ENVIRONMENT}


def error(name, model, split, text):
    key = {"set": name, "model": model, "split": split}
    return {"key": key, "result": {"error": text}, "environment": ENVIRONMENT}


def records():
    found = []
    for split in range(2):
        for name, ours, theirs in (("vowel", 0.9, 0.8), ("concrete", 0.5, 0.7)):
            found.append(record(name, "ours", split, ours + split / 100))
            found.append(record(name, "theirs", split, theirs, fit_seconds=8.0))
            found.append(error(name, "broken", split, "no memory"))
    return [*found, record("vowel", "half run", 0, 0.99)]


def test_report_tells_ranks_losses_times_and_failures():
    text = report_text(records(), ["ours", "theirs", "broken", "half run"], ["ours"])
    assert "| ours | 1.50 | 1.00 | 2.00 |" in text
    assert "| broken | 3.00 | 3.00 | 3.00 |" in text
    assert "- half run is not ranked where it lacks vowel, concrete." in text
    assert "| theirs | 1 - 0 - 1 |" in text and "| broken | 2 - 0 - 0 |" in text
    assert "- ours, 1 of 2 sets: concrete -0.195 (theirs)." in text
    assert "| theirs | 8.000 | 0.100 | 0.25 |" in text
    assert "- broken on vowel: no memory (2 splits)" in text
    assert "- abacus, 1 CPUs" in text


def test_the_later_of_two_results_counts():
    results = Results([record("vowel", "m", 0, 0.1), record("vowel", "m", 0, 0.2)], "m")
    assert results.scores("vowel", "m") == [0.2]


def test_log_loss_is_ranked_from_the_lowest():
    found = [
        record("vowel", "a", 0, 0.9, log_loss=0.5),
        record("vowel", "b", 0, 0.8, log_loss=0.4),
    ]
    results = Results(found, ["a", "b"])
    assert list(results.ranking(["vowel"], "log_loss").mean_ranks) == ["b", "a"]
    assert results.differences("vowel", "a", "b", "log_loss") == pytest.approx(-0.1)


def test_picture_of_ranks():
    pytest.importorskip("matplotlib")
    found = {"best": 1.2, "next": 2.0, "last": 2.8}
    figure = figures.critical_difference(found, 1.0, cliques([1.2, 2, 2.8], 1), "title")
    [ax] = figure.axes
    texts = {text.get_text() for text in ax.texts}
    expected = {"best  1.20", "next  2.00", "2.80  last", "critical difference 1.00"}
    assert texts == expected
    # Two groups, three models, and the critical difference.
    assert len(ax.lines) == 6


# -- the command -----------------------------------------------------------------------

FAKES = """
import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeCV

def right(task, seed):
    print("chatter")
    return LogisticRegression() if task == "classification" else RidgeCV()

def broken(task, seed):
    import no_such_package

def killed(task, seed):
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)

def greedy(task, seed):
    np.ones(3 * 2**27)
"""


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    """Packages of a file, beside a model of this process."""
    file = tmp_path / "fakes.py"
    file.write_text(FAKES)

    def choose(*names, package="numpy"):
        found = {"linear": models.MODELS["linear"], "ELM": models.MODELS["ELM"]}
        for name in names:
            found[name] = models.Package(name, name, package, (package,), file)
        monkeypatch.setattr(command, "MODELS", found)

    return choose


def stored(out):
    lines = (out / "results.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_is_stored_reported_and_goes_on(folder, tmp_path, fakes, capsys):
    fakes("right")
    out, chosen = tmp_path / "out", ["vowel", "concrete"]
    command.run(folder, chosen, ["linear", "ELM"], splits=2, out=out)
    first = stored(out)
    assert len(first) == 8
    assert first[0]["key"] == {"set": "vowel", "model": "linear", "split": 0}
    ours = [each["result"] for each in first if each["key"]["model"] == "ELM"]
    assert all(result["n_trained"] > 0 < result["n_stored_bytes"] for result in ours)
    assert first[0]["environment"]["versions"]["numpy"] == np.__version__

    path = command.run(folder, chosen, splits=2, out=out)
    assert stored(out)[:8] == first and len(stored(out)) == 12
    for each in stored(out)[8:]:
        # The same model in another process.
        assert each["key"]["model"] == "right"
        assert each["result"]["versions"]["numpy"] == np.__version__
    text = path.read_text()
    assert "| right |" in text and "| vowel |" in text and "## Log-loss" in text

    path.unlink()
    capsys.readouterr()
    assert command.run(models=["linear", "right"], out=out, report=True) == path
    assert len(stored(out)) == 12 and "| ELM |" not in path.read_text()
    assert "| right |" in capsys.readouterr().out
    if figures.can_draw():
        assert (out / "ranks-all.png").exists()
        assert (out / "ranks-seconds.png").exists()
        assert "(ranks-seconds.png)" in path.read_text()


def test_failures_of_packages_are_results(folder, tmp_path, fakes, monkeypatch):
    fakes("right", "broken", "killed", "greedy")
    monkeypatch.setattr(models, "MEMORY_GB", 2)
    path = command.run(folder, ["vowel"], splits=1, out=tmp_path)
    text = path.read_text()
    assert "broken on vowel: ModuleNotFoundError: No module named" in text
    assert "killed on vowel: killed by signal 9" in text
    if sys.platform == "linux":
        assert "greedy on vowel: " in text and "MemoryError" in text
    monkeypatch.setattr(models, "SECONDS_ALLOWED", 0.01)
    command.run(folder, ["vowel"], ["right"], splits=1, out=tmp_path)
    assert stored(tmp_path)[-1]["result"] == {"error": "stopped after 0.01 s"}


def test_absent_packages_are_named(folder, tmp_path, fakes, monkeypatch, capsys):
    fakes("right", package="no_such_package_anywhere")
    monkeypatch.setenv("HALFNET_RIVALS_HOME", str(tmp_path))
    path = command.run(folder, ["vowel"], splits=1, out=tmp_path)
    assert "right is left out: not installed." in capsys.readouterr().out
    assert "right is left out: not installed." in path.read_text()


def test_results_of_other_parameters_do_not_count():
    here = models.MODELS["HalfNet"]
    assert here.settings("classification")["parameters"]["max_iter"] == "'auto'"
    json.dumps(here.settings("regression"))


@pytest.mark.parametrize(
    "name", [n for n, m in models.MODELS.items() if hasattr(m, "makers")]
)
@pytest.mark.parametrize("data", ["vowel", "concrete"])
def test_models_of_this_process(folder, name, data):
    split = sets.load_split(data, folder, 0)
    result = models.MODELS[name].measure(split, 0)
    assert result["score"] > 0.5
    assert ("n_trained" in result) == (name in models.OURS)
    assert models.MODELS[name].missing(False) is None


@pytest.mark.parametrize("data", ["vowel", "concrete"])
@pytest.mark.parametrize("maker", ["lightgbm", "catboost", "realmlp", "tabm", "xrfm"])
def test_packages_that_are_installed(folder, maker, data):
    [model] = [m for m in models.MODELS.values() if getattr(m, "maker", "") == maker]
    pytest.importorskip(model.package)
    assert callable(getattr(makers, maker))
    result = model.measure(sets.load_split(data, folder, 0), 0)
    assert result.get("score", 0) > 0.5, result


def test_the_command_line_reaches_the_suite(folder, tmp_path, capsys):
    argv = f"bench --suite tables --data-home {folder} --sets vowel --splits 1"
    argv += f" --models linear --out {tmp_path / 'out'}"
    assert cli.main(argv.split()) == 0
    assert len(stored(tmp_path / "out")) == 1
    for wrong, message in (
        (["--data", "digits", "--suite", "tables"], "--data: not allowed with --suite"),
        (["--no-plot", "--suite", "tables"], "--no-plot: not allowed with --suite"),
        (["--sets", "vowel"], "--sets: not allowed without --suite"),
    ):
        with pytest.raises(SystemExit):
            cli.main(["bench", *wrong])
        assert message in capsys.readouterr().err


# -- candidates for defaults -----------------------------------------------------------


@pytest.mark.parametrize("data", ["vowel", "concrete"])
def test_candidates_see_training_rows_only(folder, data):
    split = sets.load_split(data, folder, 0)
    folds = inner.inner_splits(split, 1)
    judged = np.concatenate([fold.X_test for fold in folds])
    order = np.lexsort(judged.T), np.lexsort(split.X_train.T)
    assert_array_equal(judged[order[0]], split.X_train[order[1]])
    for fold in folds:
        assert len(fold.X_train) + len(fold.X_test) == len(split.X_train)


def test_a_class_of_one_row_is_in_one_fold():
    y = np.array([0] * 6 + [1] * 5 + [2])
    split = sets.Split("classification", np.eye(12), y, np.eye(12), y)
    found = [fold.y_test for fold in inner.inner_splits(split, 0)]
    assert sum(np.sum(each == -1) for each in found) == 1


def test_candidates_have_the_parameters_that_their_task_knows():
    hard = CANDIDATES["hard labels"]
    assert hard.make("classification", 0)[-1].label_smoothing == 0
    assert hard.settings("classification")["parameters"]["label_smoothing"] == "0.0"
    regressor = hard.make("regression", 3)[-1]
    assert isinstance(regressor, HalfNetRegressor) and regressor.random_state == 3
    assert "label_smoothing" not in hard.settings("regression")["parameters"]


def test_candidates_are_compared_and_kept(folder, tmp_path, monkeypatch, capsys):
    weak, strong = (Candidate(None, Ridge, {"alpha": alpha}) for alpha in (1.0, 1e6))
    monkeypatch.setattr(defaults, "CANDIDATES", {"weak": weak, "strong": strong})
    options = {"data_home": folder, "out": tmp_path, "quick": True, "table": 2}
    options["set"] = "all"
    text = reproduce(defaults.EXPERIMENT, **options).read_text()
    assert "| weak | 1.00 | 1.00 |" in text
    assert "(0 - 0 - 1)" in text
    before = stored(tmp_path)
    assert [each["key"]["model"] for each in before] == ["weak", "strong"]
    reproduce(defaults.EXPERIMENT, **options)
    assert stored(tmp_path) == before
    monkeypatch.setitem(defaults.CANDIDATES, "strong", Candidate(None, Ridge, {}))
    text = reproduce(defaults.EXPERIMENT, **options).read_text()
    assert len(stored(tmp_path)) == 3 and "+0.00 (0 - 1 - 0)" in text


def test_candidates_on_one_set(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        defaults, "CANDIDATES", {"linear": Candidate(LogisticRegression, Ridge, {})}
    )
    options = {"data_home": folder, "out": tmp_path, "quick": True}
    for name in ("concrete", "vowel"):
        text = reproduce(defaults.EXPERIMENT, set=name, **options).read_text()
    # The report tells what was run before, too.
    assert "| vowel |" in text and "| concrete |" in text
    assert [each["key"]["set"] for each in stored(tmp_path)] == ["concrete", "vowel"]
