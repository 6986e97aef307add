"""``halfnet reproduce claims`` and ``settings``: verdicts, and what they rest on."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from sklearn_halfnet.experiments import EXPERIMENTS, CommandError
from sklearn_halfnet.experiments._common import data as data_sets
from sklearn_halfnet.experiments._common.experiment import reproduce, run
from sklearn_halfnet.experiments._common.measures import Bar, bars_table
from sklearn_halfnet.experiments._common.report import environment_text
from sklearn_halfnet.experiments.claims._records import NotMeasured, Records
from sklearn_halfnet.experiments.claims._sources import SOURCES
from sklearn_halfnet.experiments.claims.table import judged
from sklearn_halfnet.experiments.half_layers import kinds
from sklearn_halfnet.experiments.halfnet import _geometry, _report, _tables
from sklearn_halfnet.experiments.halfnet._control import TrainedDirections
from sklearn_halfnet.experiments.settings.held_out import EXPERIMENT as SETTINGS

STORED = Path(__file__).parents[1] / "doc" / "results"
CLAIMS = [claim for claims in SOURCES.values() for claim in claims]


def write(folder, experiment, *records):
    (folder / experiment).mkdir(exist_ok=True)
    lines = [
        json.dumps({"key": key, "settings": {"quick": quick}, "result": result}) + "\n"
        for key, result, quick in records
    ]
    (folder / experiment / "results.jsonl").write_text("".join(lines))


def claim_of(text):
    [claim] = [claim for claim in CLAIMS if text in claim.text]
    return claim


@pytest.mark.parametrize("trained, verdict", [(0.96, "yes"), (0.95, "NO")])
def test_a_claim_is_judged_by_the_records(tmp_path, trained, verdict):
    found = {"trained": trained, "logistic": 0.957}
    write(tmp_path, "weight-agnostic", ({"measure": "mnist, 600 s"}, found, False))
    claim = claim_of("With trained weights as good as a linear")
    assert judged(claim, Records(tmp_path)) == (
        verdict,
        f"{trained:.3f}; logistic regression 0.957",
    )


@pytest.mark.parametrize("half, verdict", [(97.0, "yes"), (96.5, "NO")])
def test_a_half_layer_behind_a_full_one_is_judged_by_two_full_ones(
    tmp_path, half, verdict
):
    tests = {"mlp-64-rnd-512-N": half, "mlp-64-512": 97.2}
    write(
        tmp_path,
        "half-layers",
        *(
            ({"table": table, "model": model, "seed": 0}, {"test": test}, False)
            for table in (5, 6)
            for model, test in tests.items()
        ),
    )
    claim = claim_of("A half layer may stand behind")
    found = f"half {half:.2f}, {half:.2f}; full 97.20, 97.20"
    assert judged(claim, Records(tmp_path)) == (verdict, found)


def test_a_claim_is_judged_at_both_sizes(tmp_path):
    """A network that diverged has learned nothing; table 4 has what both need."""
    large = [(4, "vgg_bn: fraction .1", 62.0), (5, "vgg: fraction .1", None)]
    write(
        tmp_path,
        "gpu",
        *(({"table": t, "model": m}, {"test": test}, False) for t, m, test in large),
    )
    text = "VGG without batch norms fails at a small fraction (below 15 % at .1)"
    sizes = {size: claim_of(f"{text}; {size}") for size in ("the paper's", "small")}
    verdict = judged(sizes["the paper's"], Records(tmp_path))
    assert verdict == ("yes", "10.0; with batch norms 62.0")
    assert judged(sizes["small"], Records(tmp_path)) == ("not tried", "")
    small = [("vgg_bn: fraction .1", 40.0), ("vgg: fraction .1", 16.0)]
    write(
        tmp_path,
        "partial-cnn",
        *(({"table": 5, "model": m}, {"test": test}, False) for m, test in small),
    )
    verdict = judged(sizes["small"], Records(tmp_path))
    assert verdict == ("NO", "16.0; with batch norms 40.0")


@pytest.mark.parametrize(
    "text, learned, verdict",
    [
        ("With .1 learned", ([0.5, 0.13, 0.1], [0.1] * 3, [0.1] * 3), "yes"),
        ("With .1 learned", ([0.5, 0.11, 0.1], [0.1] * 3, [0.1] * 3), "NO"),
        ("From .4 on they", ([0.5] * 3, [0.13, 0.11, 0.1], [0.1] * 3), "yes"),
        ("From .4 on they", ([0.5] * 3, [0.08, 0.08, 0.1], [0.1] * 3), "NO"),
    ],
)
def test_magnitudes_are_judged_by_the_middle_layer(tmp_path, text, learned, verdict):
    records = [
        (
            {"table": 8, "model": f"wrn: fraction {name}"},
            {"magnitudes": {"learned": values, "fixed": fixed}},
            False,
        )
        for name, values, fixed in zip(
            (".1", ".4", "1"), learned, ([0.1] * 3, [0.1] * 3, [None] * 3), strict=True
        )
    ]
    write(tmp_path, "partial-cnn", *records)
    [claim] = [c for c in CLAIMS if text in c.text and "small" in c.text]
    assert judged(claim, Records(tmp_path))[0] == verdict


def test_what_was_not_measured_is_not_tried(tmp_path):
    key, result = {"table": 5, "model": "all"}, {"halfnet": 9.0, "pca": 1.0}
    write(tmp_path, "halfnet", (key, result, False), (key, result, True))
    records = Records(tmp_path)
    assert judged(claim_of("It is metric learning"), records) == ("not tried", "")
    assert judged(claim_of("Behind convolutions"), records) == ("not tried", "")
    assert judged(claim_of("Tiny ImageNet"), records) == ("not tried", "")


def test_the_last_record_of_a_key_counts_and_quick_ones_do_not(tmp_path):
    key = {"table": 1, "model": "lp", "seed": 0}
    records = [(key, {"test": test}, quick) for test, quick in ((1, 0), (2, 0), (9, 1))]
    records += [(key | {"curve": True}, {"test": [5]}, 0)]
    write(tmp_path, "half-layers", *records)
    assert Records(tmp_path).values("half-layers", "test", model="lp").tolist() == [2]
    with pytest.raises(NotMeasured):
        Records(tmp_path).mean("half-layers", "train", model="lp")


def test_a_folder_without_records_is_named(tmp_path):
    with pytest.raises(CommandError, match="--results"):
        Records(tmp_path / "nothing")


def test_every_judged_claim_has_a_command_that_is_there():
    for claim in CLAIMS:
        assert (claim.judge is None) == (claim.command == "")
        assert not claim.command or claim.command.split()[0] in EXPERIMENTS


@pytest.mark.skipif(not STORED.exists(), reason="no records beside the tests")
def test_the_stored_table_is_what_the_records_say(tmp_path):
    report = run("claims", results=STORED, out=tmp_path)
    stored = STORED / "claims" / "report.md"
    assert report.read_text("utf-8") == stored.read_text("utf-8"), (
        "records have changed: run halfnet reproduce claims --out doc/results/claims"
    )


# -- what stands in reports ------------------------------------------------------------


def test_bars_say_whether_they_are_met():
    records = [
        {"key": {"measure": "fit", "seed": i}, "result": {"s": s}}
        for i, s in enumerate((1.0, 3.0, 9.0))
    ]
    bars = [
        Bar("at most 3", lambda v: v["fit"].s, most=3),
        Bar("at least 3.1", lambda v: v["fit"].s, least=3.1),
    ]
    table = bars_table(
        ["", "s", "bar"], [["a", "{fit.s:.1f}", b] for b in bars], records
    )
    assert "| a | 3.0 | at most 3: met |" in table
    assert "| a | 3.0 | at least 3.1: MISSED |" in table


def test_environments_name_all_threads_and_commits():
    def record(n_threads, **more):
        pools = [{"internal_api": "openblas", "num_threads": n_threads}]
        where = {"processor": "P", "n_cpus": 2, "platform": "L", "python": "3"}
        return {"environment": where | {"versions": {}, "threads": pools} | more}

    text = environment_text([record(2), record(1, commit="abc"), record(1)])
    assert "threads: openblas 1 to 2" in text
    assert "not recorded (2), abc (1)" in text


# -- settings --------------------------------------------------------------------------


@pytest.fixture
def images(monkeypatch):
    """Training rows of ten classes in the place of every set; there are no others."""
    rng = np.random.default_rng(0)
    X, y = rng.random((600, 64), np.float32), np.arange(600) % 10
    X[np.arange(600), y] += 2
    data = Bunch(X_train=X, y_train=y, image_shape=(8, 8))
    monkeypatch.setattr(data_sets, "load_dataset", lambda *_: Bunch(**data))
    return data


def test_settings_are_chosen_without_test_rows(images, tmp_path):
    report = reproduce(SETTINGS, table=4, out=tmp_path, quick=True).read_text("utf-8")
    assert "| as it is |" in report and "| `input_scaling=None` |" in report
    first, *_ = (tmp_path / "results.jsonl").read_text("utf-8").splitlines()
    record = json.loads(first)
    assert record["command"] == "halfnet reproduce settings --table 4 --seeds 5 --quick"
    assert record["seconds"] > 0 and record["environment"]["device"] == "cpu"


@pytest.mark.parametrize("kind", ["gabor", "receptive_field of class_sums"])
def test_kinds_of_weights_are_measured(images, kind):
    data = Bunch(**images, X_test=images.X_train, y_test=images.y_train)
    assert kinds._measure(data, kind, 0)["test"] > 30


# -- HalfNet's claims ------------------------------------------------------------------


def test_trained_directions_are_trained_and_counted():
    rng = np.random.default_rng(0)
    X, options = (
        rng.standard_normal((60, 5)).astype(np.float32),
        {
            "n_members": 1,
            "column_embedding": None,
            "max_iter": 2,
            "early_stopping": False,
            "random_state": 0,
        },
    )
    model = TrainedDirections(8, 3, **options).fit(X, X[:, 0] > 0)
    frozen = TrainedDirections.__base__(8, 3, **options).fit(X, X[:, 0] > 0)
    added = model.n_trainable_parameters_ - frozen.n_trainable_parameters_
    assert added == model.weights_[0].size == 24
    assert np.abs(model.weights_[0] - frozen.weights_[0]).max() > 1e-4


def test_limits_of_kernels_are_the_known_ones():
    u = np.array([[2.0, 0.0], [0.0, 3.0], [-2.0, 0.0]])
    # relu: half of the square, a 2 pi-th of the product at right angles, nothing.
    expected = [[2, 6 / (2 * np.pi), 0], [6 / (2 * np.pi), 4.5, 6 / (2 * np.pi)]]
    np.testing.assert_allclose(_geometry._arc_cosine(u)[:2], expected, atol=1e-12)
    squares = np.array([0, 13, 16])
    np.testing.assert_allclose(_geometry._gaussian(u)[0], np.exp(-squares / 2) / 2)


def test_a_direction_is_found_where_it_lies_in_the_span_of_a(monkeypatch):
    class Known:
        """Its A spans q1, q2 and 2 q5 + q6, and half of q3's square."""

        def __init__(self, seed):
            first, second, third, fourth, fifth, sixth = np.eye(8)[:6]
            mixed = third + fourth
            self.factors_ = [np.stack([first, second, mixed, 2 * fifth + sixth]).T]

        def fit(self, X, y):
            return self

        def score(self, X, y):
            return 0.5

    monkeypatch.setitem(_tables.RANK_8, "rank 8", Known)
    data = Bunch(directions=np.eye(8), X_train=0, y_train=0, X_test=0, y_test=0)
    found = _tables.fit_rank_8(data, 0, "rank 8")["found"]
    expected = {"q1": 1, "q2": 1, "q3": 0.5**0.5, "q4": 0.5**0.5, "q7": 0, "q8": 0}
    assert found == pytest.approx(expected | {"2 q5 + q6": 1})


def test_lost_directions_are_counted():
    fits = [
        {"test": test, "fit_seconds": 1.0, "found": {"q1": share, "q2": 1.0}}
        for test, share in ((0.8, 0.1), (0.81, 0.2), (0.9, 0.9))
    ]
    text = _report.rank_8({"rank 8": fits})
    assert "| rank 8 | 0.810 | 0.805 to 0.855 | 0.800 to 0.900 | q1 2 |" in text
