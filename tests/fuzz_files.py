"""Show the reader of model files damaged and hostile ones, for some minutes.

``python tests/fuzz_files.py --minutes 10``. A file may be read or refused, by
ModelFileError; what ends this script is any other error, an allocation beyond the
limit, or an attempt to execute, to connect or to write.
"""

import argparse
import copy
import io
import json
import sys
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from sklearn_halfnet import (
    ELMClassifier,
    HalfLayerClassifier,
    PartialCNNClassifier,
    WeightAgnosticClassifier,
    load,
    save,
)
from sklearn_halfnet.exceptions import ModelFileError
from sklearn_halfnet.weights import ReceptiveFieldWeights

LIMIT = 2**24
# What a reader needs beside what it counts.
SLACK = 2**22
FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.remove"),
    *("socket.connect", "pickle.find_class", "ctypes.dlopen", "shutil."),
)
# What may stand where something else stood.
ODD = [
    *(None, True, -1, 0, 2**31, 2**63, 10**30, 0.5, "", "x", "nan", "os", "system"),
    *([], {}, [[]], {"tuple": []}, {"dict": []}, {"object": 0}, {"object": -1}),
    *({"array": 0}, {"array": 10**6}, {"float": "nan"}, {"class": "NormalWeights"}),
    *({"class": "os.system"}, {"items": [1], "shape": [2**40]}),
    {"tuple": [2**20, 2**20]},
    {"csr": [0, 1, 2], "shape": [2**40, 2**40], "matrix": False},
    {"random": {"dict": [["bit_generator", "MT19937"]]}, "legacy": False},
]
watching = [False]


def watch(event, args):
    """Raise where a file makes its reader do more than read."""
    if watching[0]:
        writes = (
            event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        )
        if writes or event.startswith(FORBIDDEN):
            raise SystemExit(f"FAILED: {event} {args!r}")


def seeds(folder):
    """Files of all kinds of contents, as bytes."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 16)), np.array(["a", "b"] * 20)
    legacy = np.random.RandomState(0)
    images = {"image_shape": (4, 4), "depth": 3, "width": 4, "architecture": "vgg"}
    models = [
        ("arrays", HalfLayerClassifier(8, "binary", max_iter=1)),
        ("seed", ELMClassifier(8, "sparse")),
        ("arrays", PartialCNNClassifier(**images, max_iter=1)),
        ("seed", PartialCNNClassifier(**images, max_iter=1)),
        ("arrays", WeightAgnosticClassifier(search="evolution", max_iter=2)),
        ("seed", ELMClassifier(8, ReceptiveFieldWeights("binary", (4, 4)))),
        ("arrays", HalfLayerClassifier(8, random_state=legacy, max_iter=1)),
    ]
    for how, model in models:
        path = folder / "seed.halfnet"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # With the sums of the closed form.
            closed = isinstance(model, ELMClassifier)
            model = model.fit_blocks([(X, y)]) if closed else model.fit(X, y)
            save(model, path, weights=how)
        yield path.read_bytes()


def damaged(data, rng):
    """Change, cut or repeat bytes."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 8)):
        place = int(rng.integers(len(data)))
        what = rng.integers(4)
        if what == 0:
            data[place] = rng.integers(256)
        elif what == 1:
            del data[place : place + int(rng.integers(1, 40))]
        elif what == 2:
            data[place:place] = data[: int(rng.integers(1, 400))]
        else:
            data[place : place + 8] = rng.bytes(8)
        if not data:
            break
    return bytes(data)


def places(value, path=()):
    """All places in a tree of JSON."""
    yield path
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in pairs:
            yield from places(each, (*path, key))


def rewritten(data, rng):
    """Change what a file says, with all sizes and checks of the zip as they should."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["model.json"])
    known = list(places(manifest))
    for _ in range(rng.integers(1, 6)):
        path = known[rng.integers(1, len(known))]
        other = known[rng.integers(1, len(known))]
        try:
            holder = manifest
            for key in path[:-1]:
                holder = holder[key]
            what = rng.integers(4)
            if what == 0:
                del holder[path[-1]]
            elif what == 1:
                value = manifest
                for key in other:
                    value = value[key]
                holder[path[-1]] = json.loads(json.dumps(value))
            else:
                holder[path[-1]] = copy.deepcopy(ODD[rng.integers(len(ODD))])
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken it away
    members["model.json"] = json.dumps(manifest).encode()
    if rng.random() < 0.2:
        name = list(members)[rng.integers(len(members))]
        members[name] = damaged(members[name], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def read(data, path):
    """Load a file; return what came of it."""
    path.write_bytes(data)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    watching[0] = True
    try:
        load(path, max_bytes=LIMIT)
        outcome = "read"
    except ModelFileError:
        outcome = "refused"
    finally:
        watching[0] = False
    used = tracemalloc.get_traced_memory()[1] - before
    if used > LIMIT + SLACK:
        raise AssertionError(f"{used:,} bytes were allocated, {LIMIT:,} are allowed")
    return outcome


def fuzz(seconds, seed, folder):
    """Show files to the reader for so long; return how many were read and refused."""
    sys.addaudithook(watch)
    files, rng = list(seeds(folder)), np.random.default_rng(seed)
    path, ends = folder / "fuzzed.halfnet", time.monotonic() + seconds
    tracemalloc.start()
    outcomes = Counter()
    try:
        for data in files:  # what is imported at first is not the file's
            read(data, path)
        while time.monotonic() < ends:
            data = files[rng.integers(len(files))]
            data = (rewritten if rng.random() < 0.7 else damaged)(data, rng)
            try:
                outcomes[read(data, path)] += 1
            except BaseException:
                Path("crash.halfnet").write_bytes(data)
                raise
    finally:
        tracemalloc.stop()
    return outcomes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(dict(fuzz(60 * args.minutes, args.seed, Path(folder))))
