"""Change the mathematics in many places and count the changes that a test notices.

    python tests/change_the_mathematics.py [--root CHECKOUT] [--only WORD]

Each change is a slip that anyone could make: a sign, a factor, an axis, an end that is
off by one, a weight forgotten. Each is made alone, in a temporary copy of the checkout
at ``--root`` (this one by default), where its tests and its module's doctest are run.
A change that they let pass calls for a test. Those of ``CHANGES`` were chosen before
anyone knew which of them would be noticed: to get a better share, write tests, and
leave the table. Those of ``ONCE_SURVIVED`` are there because none noticed them once.

Takes the better part of an hour on one core. Tests of real data sets are skipped.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PACKAGE = "sklearn_halfnet"
# A run that takes longer has noticed nothing.
SECONDS = 600


class Change(NamedTuple):
    file: str
    old: str
    new: str
    tests: str


CHANGES = [
    Change(
        "activations.py",
        "z *= -0.5\n",
        "z *= -1\n",
        "features half_layer export",
    ),
    # -- weights -----------------------------------------------------------------------
    Change(
        "weights/sparse.py",
        "signs / np.float32(np.sqrt(density))",
        "signs / np.float32(density)",
        "weights",
    ),
    Change(
        "weights/mexican_hat.py",
        "(1 - squared / len(offsets))",
        "(1 - squared)",
        "weights",
    ),
    Change(
        "weights/receptive_field.py",
        "(pixels < ends[:, None])",
        "(pixels <= ends[:, None])",
        "weights",
    ),
    Change(
        "weights/difference.py",
        "np.where(second >= starts[group]",
        "np.where(second > starts[group]",
        "weights",
    ),
    Change(
        "weights/_images.py",
        "np.exp(rng.uniform(np.log(low), np.log(high), n_units))",
        "rng.uniform(low, high, n_units)",
        "weights",
    ),
    # -- linear ------------------------------------------------------------------------
    Change(
        "linear/path.py",
        "(values / (values + alpha)).sum()",
        "((values / (values + alpha)) ** 2).sum()",
        "linear closed_form",
    ),
    Change(
        "linear/ridge.py",
        "np.trace(gram.gram) / H.shape[1]",
        "np.trace(gram.gram) / len(H)",
        "linear half_layer",
    ),
    Change(
        "linear/search.py",
        "len(factor) - alpha * inverse_trace",
        "len(factor) - inverse_trace",
        "linear closed_form",
    ),
    Change(
        "linear/gcv.py",
        "- alpha * (solution**2).sum(axis=0)",
        "+ alpha * (solution**2).sum(axis=0)",
        "linear closed_form",
    ),
    # -- features ----------------------------------------------------------------------
    Change(
        "features/moments.py",
        "step**2 * (other.total * (1 - share))",
        "step**2 * other.total",
        "features laws dask",
    ),
    Change(
        "features/scaling.py",
        "self.mean if self.scale is None else self.mean / self.scale",
        "self.mean",
        "features laws closed_form",
    ),
    Change(
        "features/geometry.py",
        "is_on * np.sqrt(share).astype(dtype)[:, None]",
        "is_on * np.sqrt(np.mean(share)).astype(dtype)",
        "halfnet",
    ),
    Change(
        "features/geometry.py",
        "return vectors * np.sqrt(values)",
        "return vectors * values",
        "halfnet",
    ),
    Change(
        "features/deep.py",
        "if not each_unit:",
        "if each_unit:",
        "random_network",
    ),
    Change(
        "features/low_rank.py",
        "biases - directions @ (share @ embedded) / divisor",
        "biases - directions @ (share @ embedded)",
        "halfnet",
    ),
    Change(
        "features/shared_weight.py",
        "slope**power * later",
        "slope * later",
        "evolution weight_agnostic",
    ),
    # -- networks ----------------------------------------------------------------------
    Change(
        "networks/partial_cnn.py",
        "norm.momentum = 1 / (i + 1)",
        "norm.momentum = 1 / (i + 2)",
        "partial_cnn",
    ),
    Change(
        "networks/architectures.py",
        "self.shortcut(hidden)",
        "self.shortcut(images)",
        "partial_cnn",
    ),
    Change(
        "networks/partial_cnn.py",
        "self._below(2 * self.padding + 1, ",
        "self._below(2 * self.padding, ",
        "partial_cnn",
    ),
    # -- solvers -----------------------------------------------------------------------
    Change(
        "solvers/schedules.py",
        "_cosine((progress - _WARM_UP) / (1 - _WARM_UP))",
        "_cosine(progress - _WARM_UP)",
        "training half_layer",
    ),
    Change(
        "solvers/minibatch.py",
        "(epoch + step / n_steps) / max_iter",
        "epoch / max_iter",
        "training half_layer",
    ),
    Change(
        "solvers/minibatch.py",
        "self.step(batch) * len(batch[1])",
        "self.step(batch)",
        "training half_layer",
    ),
    Change(
        "solvers/monitor.py",
        "self.n_no_change >= self.patience",
        "self.n_no_change > self.patience",
        "training half_layer",
    ),
    Change(
        "solvers/data.py",
        "share = len(targets) / self.n_rows",
        "share = 1 / len(self)",
        "training half_layer",
    ),
    # -- estimators --------------------------------------------------------------------
    Change(
        "models/targets.py",
        "== (encoded > 0)).all(axis=1)",
        "== (encoded > 0)).any(axis=1)",
        "half_layer training weight_agnostic",
    ),
    Change(
        "models/closed_form.py",
        "rows.targets * scale + mean",
        "rows.targets * scale",
        "closed_form calibration",
    ),
    Change(
        "models/ridge_refit.py",
        "slope * intercept + offset",
        "intercept + offset",
        "half_layer halfnet",
    ),
    Change(
        "estimators/untrained/deskew_resize.py",
        "middle = (np.array(image.shape) - 1) / 2",
        "middle = np.array(image.shape) / 2",
        "weight_agnostic",
    ),
    Change(
        "models/partial_cnn.py",
        "np.sqrt(2 / np.prod(shape[1:])",
        "np.sqrt(2 / np.prod(shape[2:])",
        "partial_cnn",
    ),
    Change(
        "estimators/weight_agnostic/_base.py",
        "fit_scaling(self, X, weight, spread=spread)",
        "fit_scaling(self, X, None, spread=spread)",
        "weight_agnostic",
    ),
    # -- evolution ---------------------------------------------------------------------
    Change(
        "evolution/ranking.py",
        "(values[order[2:]] - values[order[:-2]]) / span",
        "values[order[2:]] - values[order[:-2]]",
        "evolution",
    ),
    Change(
        "evolution/losses.py",
        "second * factor**2 * unit",
        "second * factor * unit",
        "evolution weight_agnostic",
    ),
    Change(
        "evolution/front.py",
        "(self.points <= point)",
        "(self.points < point)",
        "evolution weight_agnostic",
    ),
    # -- inspection --------------------------------------------------------------------
    Change(
        "inspection/spectrum.py",
        "subspace_angles(first[:, :k], second[:, :k])[::-1]",
        "subspace_angles(first[:, :k], second[:, :k])",
        "spectrum",
    ),
    Change(
        "inspection/propagation.py",
        "chi = sigma_w**2 * mean_square(slope, q)",
        "chi = sigma_w * mean_square(slope, q)",
        "random_network smoothness",
    ),
    Change(
        "inspection/untrained.py",
        "np.sqrt(gain / sum(coef.shape))",
        "np.sqrt(gain / coef.shape[0])",
        "smoothness",
    ),
    # -- export ------------------------------------------------------------------------
    Change(
        "export/_c_convolution.py",
        '"pad": step.pads[0]',
        '"pad": step.pads[1]',
        "export conv_half_layer",
    ),
    # -- dask --------------------------------------------------------------------------
    Change(
        "dask/_half_layers.py",
        "len(encoded) if weight is None else weight.sum()",
        "len(encoded)",
        "dask",
    ),
    # -- datasets ----------------------------------------------------------------------
    Change(
        "datasets/_multi_index.py",
        "np.tanh(2 * q5 + q6)",
        "np.tanh(2 * (q5 + q6))",
        "datasets halfnet",
    ),
]

# Slips that an audit made elsewhere, and that nothing noticed then.
ONCE_SURVIVED = [
    Change(
        "networks/units.py",
        'of["projection"] = error.mul_(scales.unsqueeze(-2))',
        'of["projection"] = error',
        "units",
    ),
    Change(
        "networks/partial_cnn.py",
        "return pairs + [pair for pair in",
        "return [pair for pair in",
        "partial_cnn",
    ),
    Change(
        "solvers/lbfgs.py",
        "total + penalty.item(), gradient + gradient_vector(parameters)",
        "total + penalty.item(), gradient",
        "training",
    ),
    Change(
        "solvers/losses.py",
        "[0.5 * self.alpha * factor for",
        "[self.alpha * factor for",
        "training",
    ),
    Change(
        "solvers/data.py",
        "sample_weight / sample_weight[rows].mean()",
        "sample_weight / sample_weight.mean()",
        "training",
    ),
    Change(
        "models/partial_trainable.py",
        "(learned.grad * learned).detach().abs()",
        "(learned.grad * learned).detach()",
        "partial_cnn",
    ),
    Change(
        "models/read_out.py",
        "_CONFIDENCE * (intercept - targets.middle)",
        "_CONFIDENCE * intercept",
        "half_layer",
    ),
    Change(
        "models/row_sample.py",
        "kept[np.flatnonzero(same)[:1]] = False",
        "kept[same] = False",
        "streams",
    ),
    Change(
        "models/closed_form.py",
        "calibration(scores, *judged, self.targets.kind)",
        "calibration(scores / 2, *judged, self.targets.kind)",
        "calibration",
    ),
    Change(
        "models/calibration.py",
        "np.where(wanted > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))",
        "np.where(wanted > 0, (positive + 1) / (positive + 2), 0.0)",
        "calibration",
    ),
    Change(
        "models/calibration.py",
        "(wanted * total + 1) / (total + wanted.shape[1])",
        "wanted",
        "calibration",
    ),
    Change(
        "models/calibration.py",
        "prior = 1 / (_OFFSET_SD**2 * weight.sum()) if softmaxes else 0.0",
        "prior = 0.0",
        "calibration",
    ),
    Change(
        "dask/_closed_form.py",
        "n_before=n_before",
        "n_before=0",
        "dask",
    ),
    Change(
        "linear/gram.py",
        "self.target_square *= np.square(scale)",
        "self.target_square *= scale",
        "linear",
    ),
    Change(
        "features/start.py",
        "np.maximum(variance, floor)",
        "variance",
        "features",
    ),
    Change(
        "features/rounded.py",
        "scaled.add_(0.5).clamp_(0, _N_LEVELS)",
        "scaled.clamp_(0, _N_LEVELS)",
        "features",
    ),
    Change(
        "weights/orthogonal.py",
        "return (q * signs).T",
        "return q.T",
        "weights",
    ),
    Change(
        "weights/gabor.py",
        "* np.exp(-decay)",
        "* np.exp(-2 * decay)",
        "weights",
    ),
    Change(
        "inspection/smoothness.py",
        "(similarities.sum() - np.trace(similarities)) / (n * (n - 1))",
        "similarities.sum() / n**2",
        "smoothness",
    ),
    Change(
        "inspection/propagation.py",
        "(both - means.prod()) / spread",
        "both / spread",
        "random_network",
    ),
    Change(
        "inspection/coding_schemes.py",
        "codes = [vector, np.tanh(standard)",
        "codes = [vector, np.tanh(vector)",
        "random_network",
    ),
    Change(
        "evolution/search.py",
        "if rng.random() < _BY_SIZE else best",
        "if rng.random() > _BY_SIZE else best",
        "evolution",
    ),
    Change(
        "evolution/guided.py",
        "if not new + self.penalty * cost < loss:",
        "if not new < loss:",
        "evolution",
    ),
    Change(
        "evolution/mutation.py",
        "links[source, target], disabled[source, target] = 0, True",
        "links[source, target], disabled[source, target] = 0, False",
        "evolution",
    ),
    Change(
        "export/_c_steps.py",
        "total += exp{f}(score[i] - largest);\nfor (long i = 0; i < {n}; i++)\n"
        "    {out}[i] {set} exp{f}(score[i] - largest)",
        "total += exp{f}(score[i]);\nfor (long i = 0; i < {n}; i++)\n"
        "    {out}[i] {set} exp{f}(score[i])",
        "export",
    ),
    Change(
        "solvers/monitor.py",
        "self._check_finite(score, ",
        "math.isfinite(score) or self._check_finite(loss, ",
        "training",
    ),
]


def main():
    arguments = _arguments()
    changes = CHANGES + ONCE_SURVIVED
    chosen = [change for change in changes if arguments.only in change.file]
    caught, broken = 0, []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        _copy(arguments.root, copy)
        _check_all_found(copy, changes)
        for change in chosen:
            begun = time.perf_counter()
            noticed, what = _outcome(copy, change, broken)
            caught += noticed
            print(f"{change.file}: {_line(change.old)} -> {_line(change.new)}")
            print(f"    {what} ({time.perf_counter() - begun:.0f} s)", flush=True)
    share = caught / len(chosen)
    print(f"{caught} of {len(chosen)} changes caught ({share:.1%}).")
    return 0 if caught == len(chosen) else 1


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).parents[1]
    parser.add_argument("--root", type=Path, default=here, help="checkout to change")
    parser.add_argument("--only", default="", help="part of the names of files")
    return parser.parse_args()


def _copy(root, copy):
    copy.mkdir()
    shutil.copy(root / "pyproject.toml", copy)
    unwanted = shutil.ignore_patterns("__pycache__")
    for part in (PACKAGE, "tests"):
        shutil.copytree(root / part, copy / part, ignore=unwanted)


def _check_all_found(copy, changes):
    for change in changes:
        times = (copy / PACKAGE / change.file).read_text().count(change.old)
        if times != 1:
            sys.exit(
                f"{change.old!r} is found {times} times in {change.file}, not once: "
                "bring the table up to date."
            )


def _outcome(copy, change, broken):
    """Whether a test fails with the change that passes without it, and its name."""
    # The module last: were it collected first, it would be imported a second time.
    files = [f"tests/test_{name}.py" for name in change.tests.split()]
    files.append(f"{PACKAGE}/{change.file}")
    targets = [file for file in files if (copy / file).exists()]
    while True:
        without = [f"--deselect={name}" for name in broken]
        with _changed(copy / PACKAGE / change.file, change):
            code, output = _pytest(copy, targets + without)
        if code is None:
            return False, f"NO ANSWER within {SECONDS} s"
        if code == 0:
            return False, "SURVIVED"
        found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output, re.MULTILINE)
        if found is None:
            sys.exit(f"pytest gave {code} and named no test:\n{output}")
        name = found[1].split("::")[-1].split("[")[0]
        if _pytest(copy, [*targets, *without, "-k", name])[0] == 0:
            return True, f"caught by {found[1]}"
        print(f"{found[1]} fails without any change, too: left out.", flush=True)
        broken.append(found[1])


@contextmanager
def _changed(path, change):
    before = path.read_text()
    path.write_text(before.replace(change.old, change.new))
    try:
        yield
    finally:
        path.write_text(before)


def _pytest(copy, targets):
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    # No bytecode: a file changed twice within a second would be read from it.
    new = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *targets],
            cwd=copy,
            env=os.environ | new | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout + done.stderr


def _line(text):
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
