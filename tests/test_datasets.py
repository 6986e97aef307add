"""Loaders: what comes out, and what is said when a file is not what it should be."""

import gzip
import hashlib
import io
import re
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import replace
from urllib.error import URLError

import numpy as np
import pytest

from sklearn_halfnet.datasets import IMAGES, load_dataset, parquet_blocks
from sklearn_halfnet.datasets._idx import read_idx
from sklearn_halfnet.datasets.images import IDX_FILES, ImageSet
from sklearn_halfnet.exceptions import DatasetError

N_TRAIN, N_TEST, SHAPE = 12, 10, (4, 3)


# -- image sets from a folder ----------------------------------------------------------


def idx_bytes(array):
    header = b"\x00\x00\x08" + bytes([array.ndim])
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    parts = {}
    for part, n in (("train", N_TRAIN), ("test", N_TEST)):
        parts["X", part] = rng.integers(0, 256, (n, *SHAPE), dtype=np.uint8)
        parts["y", part] = np.arange(n, dtype=np.uint8) % 10
    return parts


@pytest.fixture
def tiny(monkeypatch, arrays):
    """A tiny image set known by the name "tiny", with digests of its files."""
    content = {
        name: idx_bytes(arrays[what, part]) for (part, what), name in IDX_FILES.items()
    }
    spec = ImageSet(
        title="Tiny",
        openml="tiny",
        image_shape=SHAPE,
        n_train=N_TRAIN,
        n_test=N_TEST,
        classes=tuple("0123456789"),
        first_labels={"train": "0123456789", "test": "0123456789"},
        md5={name: hashlib.md5(data).hexdigest() for name, data in content.items()},
    )
    monkeypatch.setitem(IMAGES, "tiny", spec)
    return content


def write_idx(folder, content, compress=True):
    folder.mkdir(exist_ok=True)
    for name, data in content.items():
        if compress:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)


@pytest.mark.parametrize("subfolder", ["tiny", "."])
@pytest.mark.parametrize("compress", [True, False])
def test_idx_files_give_the_images(tmp_path, tiny, arrays, subfolder, compress):
    write_idx(tmp_path / subfolder, tiny, compress)
    data = load_dataset("tiny", tmp_path)
    assert data.title == "Tiny" and data.split == "own"
    assert data.image_shape == SHAPE and data.task == "classification"
    for part, n in (("train", N_TRAIN), ("test", N_TEST)):
        X = data[f"X_{part}"]
        assert X.dtype == np.float32 and X.shape == (n, 12)
        np.testing.assert_array_equal(
            np.rint(255 * X).reshape(-1, *SHAPE), arrays["X", part]
        )
        np.testing.assert_array_equal(data[f"y_{part}"], arrays["y", part])


def break_gzip(path):
    path.write_bytes(path.read_bytes()[:-9])


def not_gzip(path):
    path.write_bytes(b"<html>404</html>")


def shorten_content(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-3]))


def alter_content(path):
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(data)))


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (break_gzip, "truncated"),
        (not_gzip, "no gzip file"),
        (shorten_content, "MD5"),
        (alter_content, "MD5"),
        (lambda path: path.unlink(), "missing"),
    ],
)
@pytest.mark.parametrize("name", list(IDX_FILES.values()))
def test_damaged_idx_file_is_named(tmp_path, tiny, damage, cause, name):
    write_idx(tmp_path / "tiny", tiny)
    damage(tmp_path / "tiny" / f"{name}.gz")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DatasetError, match=cause) as caught:
        load_dataset("tiny", tmp_path)
    assert name in str(caught.value) and "OpenML" in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("cut", [2, 6, -1])
def test_idx_header_is_checked_without_a_digest(tmp_path, arrays, cut):
    path = tmp_path / "images"
    path.write_bytes(idx_bytes(arrays["X", "train"])[:cut])
    with pytest.raises(DatasetError, match="images"):
        read_idx(path)


def test_empty_folder_says_where_it_looked(tmp_path):
    with pytest.raises(DatasetError, match="looked for") as caught:
        load_dataset("mnist", tmp_path)
    assert str(tmp_path / "mnist") in str(caught.value)


def test_unreadable_file_is_named(tmp_path, tiny, monkeypatch):
    write_idx(tmp_path, tiny)

    def refuse(*args, **kwargs):
        raise PermissionError("no permission")

    monkeypatch.setattr(gzip, "open", refuse)
    with pytest.raises(DatasetError, match=r"cannot be read.*no permission"):
        load_dataset("tiny", tmp_path)


@pytest.mark.parametrize("capital", ["X", "x"])
def test_image_set_from_npz(tmp_path, tiny, arrays, capital):
    named = {
        f"{capital if what == 'X' else what}_{part}": array
        for (what, part), array in arrays.items()
    }
    np.savez(tmp_path / "tiny.npz", **named)
    data = load_dataset("tiny", tmp_path)
    assert data.X_train.shape == (N_TRAIN, 12) and data.X_train.max() <= 1
    np.testing.assert_array_equal(data.y_test, arrays["y", "test"])


def test_image_set_from_npz_of_another_size(tmp_path, tiny, arrays):
    named = {f"{what}_{part}": array[:5] for (what, part), array in arrays.items()}
    np.savez(tmp_path / "tiny.npz", **named)
    with pytest.raises(DatasetError, match="does not hold Tiny"):
        load_dataset("tiny", tmp_path)


# -- CIFAR-10 as JPEG ------------------------------------------------------------------


@pytest.fixture
def tiny_jpeg(monkeypatch):
    """CIFAR-10's archive with three training images and two test images."""
    Image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    monkeypatch.setitem(
        IMAGES,
        "cifar10",
        ImageSet(
            title="CIFAR-10",
            openml="CIFAR_10",
            image_shape=(8, 8, 3),
            n_train=3,
            n_test=2,
            classes=tuple("0123456789"),
            first_labels={},
        ),
    )
    archive = {"head": np.empty(0, np.uint8)}
    for part, n in (("train", 3), ("test", 2)):
        streams = []
        for _ in range(n):
            file = io.BytesIO()
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(file, "JPEG", quality=75)
            streams.append(file.getvalue())
        archive[f"{part}_data"] = np.frombuffer(b"".join(streams), np.uint8)
        archive[f"{part}_offsets"] = np.cumsum([0, *map(len, streams)])
        archive[f"y_{part}"] = np.arange(n, dtype=np.uint8)
    return archive


def test_jpeg_archive_says_that_it_is_lossy(tmp_path, tiny_jpeg):
    (tmp_path / "cifar10").mkdir()
    np.savez(tmp_path / "cifar10" / "cifar10_jpeg.npz", **tiny_jpeg)
    data = load_dataset("cifar10", tmp_path)
    assert data.title == "JPEG-recompressed CIFAR-10"
    assert data.X_train.shape == (3, 192) and data.X_train.dtype == np.float32
    assert 0 <= data.X_test.min() and 0.5 < data.X_test.max() <= 1


def test_cifar100_is_read_from_a_folder(tmp_path, monkeypatch):
    """Names of a hundred classes, in the order of the labels."""
    spec = IMAGES["cifar100"]
    assert len(spec.classes) == 100 and list(spec.classes) == sorted(spec.classes)
    monkeypatch.setitem(IMAGES, "cifar100", replace(spec, n_train=100, n_test=2))
    X = np.random.default_rng(0).integers(0, 256, (102, 32, 32, 3), dtype=np.uint8)
    arrays = {"X_train": X[:100], "y_train": np.arange(100)[:, None]}
    arrays |= {"X_test": X[100:], "y_test": np.array([49, 33])}
    np.savez(tmp_path / "cifar100.npz", **arrays)
    data = load_dataset("cifar100", tmp_path)
    assert data.title == "CIFAR-100" and data.image_shape == (32, 32, 3)
    assert data.X_test.shape == (2, 3072) and data.y_train.shape == (100,)
    assert [data.target_names[label] for label in data.y_test] == ["mountain", "forest"]
    np.testing.assert_allclose(data.X_train[7, :3], X[7, 0, 0] / 255, rtol=1e-6)
    np.savez(tmp_path / "cifar100.npz", **arrays | {"X_test": X[:1]})
    with pytest.raises(DatasetError, match="does not hold CIFAR-100"):
        load_dataset("cifar100", tmp_path)


def test_damaged_jpeg_is_named(tmp_path, tiny_jpeg):
    tiny_jpeg["test_data"] = np.zeros_like(tiny_jpeg["test_data"])
    np.savez(tmp_path / "cifar10_jpeg.npz", **tiny_jpeg)
    with pytest.raises(DatasetError, match="test image 0 cannot be decoded"):
        load_dataset("cifar10", tmp_path)


def test_jpeg_archive_with_missing_images(tmp_path, tiny_jpeg):
    tiny_jpeg["train_offsets"] = tiny_jpeg["train_offsets"][:-1]
    np.savez(tmp_path / "cifar10_jpeg.npz", **tiny_jpeg)
    with pytest.raises(DatasetError, match="2 train images, expected 3"):
        load_dataset("cifar10", tmp_path)


def test_jpeg_without_pillow_names_the_extra(tmp_path, tiny_jpeg, monkeypatch):
    np.savez(tmp_path / "cifar10_jpeg.npz", **tiny_jpeg)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=re.escape("sklearn-halfnet[images]")):
        load_dataset("cifar10", tmp_path)


# -- OpenML ----------------------------------------------------------------------------


def openml_rows(arrays):
    X = np.concatenate([arrays["X", "train"], arrays["X", "test"]])
    y = np.concatenate([arrays["y", "train"], arrays["y", "test"]])
    return X.reshape(len(X), -1).astype(float), y.astype(str).astype(object)


def answer_with(monkeypatch, answer):
    def fetch_openml(*args, **kwargs):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)


def test_openml_rows_are_split_in_order(monkeypatch, tiny, arrays):
    answer_with(monkeypatch, openml_rows(arrays))
    data = load_dataset("tiny")
    assert data.X_train.shape == (N_TRAIN, 12) and data.X_test.shape == (N_TEST, 12)
    assert data.X_train.dtype == np.float32 and data.X_train.max() <= 1
    assert data.y_train.dtype == np.int64
    np.testing.assert_array_equal(data.y_train, arrays["y", "train"])


def test_openml_channels_come_last(monkeypatch, tiny):
    pixels = np.arange(22 * 8 * 3).reshape(22, 8, 3) % 251
    spec = IMAGES["tiny"]
    monkeypatch.setitem(
        IMAGES, "tiny", ImageSet(**{**vars(spec), "image_shape": (4, 2, 3)})
    )
    planes = pixels.reshape(22, 4, 2, 3).transpose(0, 3, 1, 2).reshape(22, -1)
    labels = np.r_[np.arange(N_TRAIN), np.arange(N_TEST)] % 10
    answer_with(monkeypatch, (planes, labels))
    data = load_dataset("tiny")
    np.testing.assert_array_equal(
        np.rint(255 * data.X_train), pixels.reshape(22, -1)[:N_TRAIN]
    )


@pytest.mark.parametrize(
    "error",
    [
        URLError("no route"),
        TimeoutError("timed out"),
        ValueError("md5 differs"),
        EOFError("the cached file is truncated"),
        KeyError("columns"),
    ],
)
def test_no_network(monkeypatch, error):
    answer_with(monkeypatch, error)
    with pytest.raises(DatasetError, match=r"MNIST.*data_home") as caught:
        load_dataset("mnist")
    assert caught.value.__cause__ is error


def test_openml_of_another_size(monkeypatch, tiny, arrays):
    X, y = openml_rows(arrays)
    answer_with(monkeypatch, (X[:-1], y[:-1]))
    with pytest.raises(DatasetError, match="shape"):
        load_dataset("tiny")


def test_openml_in_another_order(monkeypatch, tiny, arrays):
    X, y = openml_rows(arrays)
    answer_with(monkeypatch, (X[::-1], y[::-1]))
    with pytest.raises(DatasetError, match="not in the published order"):
        load_dataset("tiny")


# -- tables ----------------------------------------------------------------------------

MIXED = """\
size,colour,price
1.5,red,10.5
?,blue,11.5
2.5,red,12.5
3.5,,13.5
4.5,blue,14.5
5.5,red,15.5
"""


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_text(MIXED)
    return path


def test_csv_with_categories_and_missing_values(mixed):
    data = load_dataset(mixed, test_size=1 / 3)
    assert data.task == "regression" and data.target_name == "price"
    assert data.split == "random" and data.X_train.dtype == np.float64
    assert data.feature_names[0] == "size"
    assert set(data.feature_names[1:]) <= {
        "colour_red",
        "colour_blue",
        "colour_missing",
    }
    X = np.vstack([data.X_train, data.X_test])
    assert np.isfinite(X).all() and X.shape[1] == len(data.feature_names)
    assert "1 missing numbers" in data.notes[0] and "median" in data.notes[0]
    # The median is the training rows' alone.
    y = np.r_[data.y_train, data.y_test]
    expected = np.median(data.X_train[data.y_train != 11.5, 0])
    assert X[y == 11.5, 0] == expected


def test_csv_target_by_name(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,colour,z\n1,red,2\n3,blue,4\n5,red,6\n7,blue,8\n")
    data = load_dataset(path, target="colour", test_size=0.5)
    assert data.task == "classification" and data.target_name == "colour"
    assert data.feature_names == ["x", "z"]
    assert set(data.y_train) == set(data.y_test) == {"red", "blue"}


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 10, "classification"),
        ([0, 1, 2, 3] * 5, "classification"),
        ([0.5, 1.0, 1.5, 2.0] * 5, "regression"),
        (list(range(20)), "regression"),
    ],
)
def test_task_is_told_by_the_target(tmp_path, values, task):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n" + "".join(f"{i},{v}\n" for i, v in enumerate(values)))
    assert load_dataset(path).task == task


def test_task_can_be_stated(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i % 4}\n" for i in range(20)))
    data = load_dataset(path, task="regression")
    assert data.task == "regression" and data.y_train.dtype == np.float64
    with pytest.raises(ValueError, match="task must be one of"):
        load_dataset(path, task="clustering")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_quotes_and_compression(tmp_path, delimiter):
    path = tmp_path / "table.csv.gz"
    text = MIXED.replace(",", delimiter).replace("red", '"red"')
    path.write_bytes(gzip.compress(text.encode("utf-8-sig")))
    assert load_dataset(path, test_size=0.5).feature_names[0] == "size"


def test_split_follows_the_seed(mixed):
    def rows(seed):
        return load_dataset(mixed, random_state=seed).y_test.tolist()

    assert rows(0) == rows(0)
    assert len({tuple(rows(seed)) for seed in range(5)}) > 1


def test_split_is_stratified():
    data = load_dataset("digits", test_size=0.2)
    share = np.bincount(data.y_test) / np.bincount(np.r_[data.y_train, data.y_test])
    np.testing.assert_allclose(share, 0.2, atol=0.01)


def test_category_that_only_test_rows_have(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("c,y\n" + "".join(f"c{i},{i}.5\n" for i in range(8)))
    data = load_dataset(path)  # every category once: test rows have none known
    assert not data.X_test.any() and data.X_train.sum() == len(data.X_train)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3\n", "line 3: 1 values where the header names 2"),
        ("1,2\n3,4\n", "first line must name the columns"),
        ("x,x\n3,4\n", "names a column twice"),
        ("x,y\n", "needs a line of column names"),
        ("", "needs a line of column names"),
        ("x,y\n1,2\n3,?\n", "target 'y' misses 1 values, the first in row 2"),
        ("x,y\ninf,2\n3,1\n5,2\n6,1\n", "'x' holds an infinite value"),
        ("x,y\n\x00,2\n", "zero bytes.*UTF-8"),
    ],
)
def test_bad_csv_is_explained(tmp_path, text, message):
    path = tmp_path / "bad.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DatasetError, match=message) as caught:
        load_dataset(path)
    assert "bad.csv" in str(caught.value)


def test_truncated_csv_gz(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(MIXED.encode())[:-12])
    with pytest.raises(DatasetError, match=r"table\.csv\.gz is truncated"):
        load_dataset(path)


def test_unknown_target_lists_the_columns(mixed):
    with pytest.raises(DatasetError, match=r"no column 'cost'.*size, colour, price"):
        load_dataset(mixed, target="cost")


def test_text_target_cannot_be_regressed(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n1,red\n3,blue\n5,red\n7,blue\n")
    with pytest.raises(DatasetError, match="is text"):
        load_dataset(path, task="regression")


@pytest.mark.parametrize("name", ["no.csv", "no.csv.gz", "no.npz"])
def test_missing_file(tmp_path, name):
    with pytest.raises(DatasetError, match=f"{re.escape(name)} does not exist"):
        load_dataset(tmp_path / name)


def test_path_within_data_home(mixed):
    assert load_dataset("mixed.csv", mixed.parent).name == "mixed.csv"


def test_unknown_name():
    with pytest.raises(ValueError, match="Unknown data set 'minst'"):
        load_dataset("minst")


def test_npz_with_its_own_split(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    np.savez(tmp_path / "a.npz", X=X, y=y, test_index=np.array([[1, 3], [5, 7]]))
    data = load_dataset(tmp_path / "a.npz")
    assert data.split == "own" and data.task == "regression"
    np.testing.assert_array_equal(data.X_test, X[[1, 3]])
    np.savez(
        tmp_path / "b.npz", X_train=X[:15], y_train=y[:15], X_test=X[15:], y_test=y[15:]
    )
    data = load_dataset(tmp_path / "b.npz")
    np.testing.assert_array_equal(data.X_train, X[:15])
    np.testing.assert_array_equal(data.y_test, y[15:])


def test_npz_of_bytes_is_images(tmp_path):
    X = np.arange(20 * 12, dtype=np.uint8).reshape(20, 4, 3)
    np.savez(tmp_path / "a.npz", X=X, y=np.arange(20) % 2)
    data = load_dataset(tmp_path / "a.npz")
    assert data.image_shape == (4, 3) and data.X_train.dtype == np.float32
    assert data.X_train.max() <= 1


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((4, 2))}, "no array y; it holds X"),
        ({"X": np.zeros((4, 2)), "y": np.zeros(3)}, "do not fit"),
        ({"X": np.array([["a"], ["b"]]), "y": np.arange(2)}, "not numbers"),
        ({"X": np.zeros((4, 2)), "y": np.full(4, np.nan)}, "misses values"),
        ({"X": np.array([["a"], [None]]), "y": np.arange(2)}, "pickled objects"),
    ],
)
def test_bad_npz_is_explained(tmp_path, arrays, message):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(DatasetError, match=message) as caught:
        load_dataset(path)
    assert "bad.npz" in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_npz(tmp_path, share):
    path = tmp_path / "cut.npz"
    np.savez_compressed(
        path, X=np.random.default_rng(0).normal(size=(50, 4)), y=np.arange(50)
    )
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DatasetError, match=r"cut\.npz"):
        load_dataset(path)


@pytest.mark.parametrize(
    "test_index",
    [
        np.arange(20) < 5,
        np.array([np.arange(20) < 5, np.arange(20) > 5]),
        np.arange(5),
        np.arange(10).reshape(2, 5),
        np.array([4, 2, 0, 1, 3], dtype=np.uint8),
    ],
    ids=["mask", "masks", "rows", "rows of splits", "rows in any order"],
)
def test_npz_rows_to_test_on(tmp_path, test_index):
    X = np.random.default_rng(0).normal(size=(20, 3))
    np.savez(tmp_path / "a.npz", X=X, y=X[:, 0], test_index=test_index)
    data = load_dataset(tmp_path / "a.npz")
    np.testing.assert_array_equal(data.X_test, X[:5])
    np.testing.assert_array_equal(data.y_train, X[5:, 0])


@pytest.mark.parametrize(
    ("test_index", "message"),
    [
        ((np.arange(20) < 5).astype(int), "names a row twice"),
        (np.ones(19, dtype=bool), "or 20 booleans; it has 19 values of type bool"),
        (np.array([-1, 2]), "numbers from 0 to 19.* from -1 to 2"),
        (np.array([3, 20]), "numbers from 0 to 19.* from 3 to 20"),
        (np.array([0.5, 2]), "2 values of type float64"),
        (np.array([], dtype=int), "names no rows"),
        (np.array(3), "names no rows"),
        (np.zeros(20, dtype=bool), "no test rows"),
        (np.arange(20), "no training rows"),
    ],
)
def test_npz_rows_that_cannot_be(tmp_path, test_index, message):
    X = np.random.default_rng(0).normal(size=(20, 3))
    np.savez(tmp_path / "a.npz", X=X, y=X[:, 0], test_index=test_index)
    with pytest.raises(DatasetError, match=message):
        load_dataset(tmp_path / "a.npz")


def npy_bytes(header):
    """Store an array of one byte under a header that says something else."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"\x00"


def header(shape, descr="|u1"):
    return f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"


def encrypted(content):
    """Set the bit that says so, in the local and the central header."""
    content = bytearray(content)
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def zip_bytes(members, change=lambda content: content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return change(file.getvalue())


HOSTILE = {
    "absurd shape": ({"X.npy": npy_bytes(header((2**40, 2**20)))}, "header promises"),
    "one row too many": ({"X.npy": npy_bytes(header((2,)))}, "1 bytes where"),
    "negative shape": ({"X.npy": npy_bytes(header((-1, -1)))}, "is damaged"),
    "absurd type": ({"X.npy": npy_bytes(header((1,), "<U999999999"))}, "descr"),
    "member without header": ({"X.npy": b"0123456789"}, "magic string"),
    "member of another kind": ({"a.txt": b"read me, please"}, "magic string"),
    "empty member": ({"X.npy": b""}, "damaged"),
    "code for a header": (
        {"X.npy": npy_bytes("__import__('os').getcwd()")},
        "malformed",
    ),
}


@pytest.mark.parametrize("members, message", HOSTILE.values(), ids=HOSTILE)
def test_hostile_npz(tmp_path, members, message):
    path = tmp_path / "bad.npz"
    path.write_bytes(zip_bytes(members))
    with pytest.raises(DatasetError, match=message) as caught:
        load_dataset(path)
    assert "bad.npz" in str(caught.value)


def test_encrypted_npz(tmp_path):
    members = {"X.npy": npy_bytes(header((1,)))}
    path = tmp_path / "bad.npz"
    path.write_bytes(zip_bytes(members, encrypted))
    with pytest.raises(DatasetError, match=r"cannot be read.*encrypted") as caught:
        load_dataset(path)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_zip_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_halfnet._device._available_memory", lambda: 2**22)
    np.savez_compressed(tmp_path / "bomb.npz", X=np.zeros((2**20, 1)), y=[0, 1])
    assert (tmp_path / "bomb.npz").stat().st_size < 2**15
    with pytest.raises(DatasetError, match=r"bomb\.npz cannot be read: Unpacking it"):
        load_dataset(tmp_path / "bomb.npz")


@pytest.mark.parametrize("sizes", [(2**32 - 1,) * 3, (60_000, 28, 28), (2**31,)])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_absurd_idx(tmp_path, sizes, ending):
    """The header of a few bytes promises a shape; nothing is allocated for it."""
    content = b"\x00\x00\x08" + bytes([len(sizes)])
    content += struct.pack(f">{len(sizes)}I", *sizes) + b"\x00" * 9
    path = tmp_path / f"images{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"images.*(header promises|needs about)"):
        read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_jpeg_bomb(tmp_path, tiny_jpeg):
    """A stream that announces more pixels than the set's images have."""
    Image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    Image.new("RGB", (16, 8)).save(file, "JPEG")
    big = file.getvalue()
    big = big.replace(b"\x00\x08\x00\x10\x03", b"\xff\xf0\xff\xf0\x03")
    tiny_jpeg["test_data"] = np.frombuffer(big * 2, np.uint8)
    tiny_jpeg["test_offsets"] = np.arange(3) * len(big)
    np.savez(tmp_path / "cifar10_jpeg.npz", **tiny_jpeg)
    with pytest.raises(DatasetError, match="test image 0"):
        load_dataset("cifar10", tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_data": None}, "test_data"),
        ({"train_offsets": np.array(["a"] * 4)}, "cannot be read|damaged"),
    ],
)
def test_jpeg_archive_of_other_arrays(tmp_path, tiny_jpeg, change, message):
    arrays = {k: v for k, v in (tiny_jpeg | change).items() if v is not None}
    np.savez(tmp_path / "cifar10_jpeg.npz", **arrays)
    with pytest.raises(DatasetError, match=message):
        load_dataset("cifar10", tmp_path)


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        (np.zeros(20, int), None, "one class only in the training rows, .*0"),
        (np.array(["a"] * 20), None, "one class only"),
        (np.arange(20) / 3, "classification", r"holds fractions \(0\.33"),
        (np.r_[np.inf, np.arange(19.0)], None, "holds an infinite value"),
        (np.array(["a", "b"] * 10), "regression", "is text"),
        (np.array(["7", "1_0"] * 10), "regression", "is text"),
        (np.arange(20) * 1j, None, "complex128 values"),
        (np.arange(20).astype("M8[D]"), None, r"datetime64\[D\] values"),
    ],
)
def test_targets_that_do_not_suit_the_task(tmp_path, y, task, message):
    np.savez(tmp_path / "a.npz", X=np.zeros((20, 2)), y=y)
    with pytest.raises(DatasetError, match=message) as caught:
        load_dataset(tmp_path / "a.npz", task=task)
    assert "'y'" in str(caught.value) and "a.npz" in str(caught.value)


def test_one_row(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(DatasetError, match=r"a\.csv: one row cannot be split"):
        load_dataset(tmp_path / "a.csv")


def test_npy_file_with_another_name(tmp_path):
    with open(tmp_path / "bad.npz", "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DatasetError, match="is no npz file"):
        load_dataset(tmp_path / "bad.npz")


# -- Parquet ---------------------------------------------------------------------------


@pytest.fixture
def parquet(tmp_path):
    """Write columns to a file, and return the file."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")

    def write(columns):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        return tmp_path / "a.parquet"

    return write


COLUMNS = {
    "a": np.arange(6.0),
    "whole": np.arange(6),
    "flag": np.arange(6) % 2 == 0,
    "text": list("uvwuvw"),
    "day": np.arange(6).astype("M8[D]"),
    "y": np.arange(6) % 2,
}


def test_parquet_blocks(parquet):
    path = parquet(COLUMNS)
    blocks = [*parquet_blocks(path, "y", columns=["a", "whole", "flag"], batch_size=4)]
    assert [X.shape for X, y in blocks] == [(4, 3), (2, 3)]
    X, y = map(np.concatenate, zip(*blocks, strict=True))
    expected = [COLUMNS[name] for name in ("a", "whole", "flag")]
    np.testing.assert_array_equal(X, np.column_stack(expected))
    np.testing.assert_array_equal(y, COLUMNS["y"])
    [(_, labels)] = parquet_blocks(path, "text", columns=["a"])
    assert labels.tolist() == COLUMNS["text"]


@pytest.mark.parametrize(
    ("target", "columns", "message"),
    [
        ("y", None, "column 'text' holds .*string"),
        ("y", ["a", "day"], "column 'day' holds date32"),
        ("day", ["a"], "column 'day' holds date32"),
        (["text", "y"], ["a"], "column 'text' holds"),
        (["y", "y"], ["a"], "'y' is named twice"),
        ("y", ["a", "y"], "'y' is named twice"),
        ("y", ["a", "a"], "'a' is named twice"),
        ("price", None, "no column 'price'; its columns: a, whole, flag"),
        ("y", ["b"], "no column 'b'"),
        ("y", [], "one to predict from"),
        ([], ["a"], "a column to predict"),
    ],
)
def test_parquet_columns_that_cannot_be_used(parquet, target, columns, message):
    with pytest.raises(DatasetError, match=message) as caught:
        next(parquet_blocks(parquet(COLUMNS), target, columns=columns))
    assert "a.parquet" in str(caught.value)


def test_damaged_parquet(parquet, tmp_path):
    path = parquet({"a": np.random.default_rng(0).normal(size=5000), "y": range(5000)})
    content = path.read_bytes()
    # The schema stands at the end: damaged rows show only when they are read.
    path.write_bytes(content[:4] + b"\xff" * 60 + content[64:])
    with pytest.raises(DatasetError, match=r"a\.parquet"):
        list(parquet_blocks(path, "y"))
    path.write_bytes(content[:3000])
    with pytest.raises(DatasetError, match=r"a\.parquet"):
        list(parquet_blocks(path, "y"))
    with pytest.raises(DatasetError, match="does not exist"):
        list(parquet_blocks(tmp_path / "no.parquet", "y"))


def test_parquet_without_pyarrow_names_the_extra(parquet, monkeypatch):
    path = parquet(COLUMNS)
    for name in [name for name in sys.modules if name.startswith("pyarrow")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=re.escape("sklearn-halfnet[parquet]")):
        next(parquet_blocks(path, "y"))


# -- the rest --------------------------------------------------------------------------


def test_digits():
    data = load_dataset("digits")
    assert data.image_shape == (8, 8) and data.X_train.max() == 1
    assert len(data.X_train) + len(data.X_test) == 1797


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_published_files(data_home, name):
    data = load_dataset(name, data_home)
    assert data.X_train.shape == (60_000, 784) and data.X_test.shape == (10_000, 784)
    for part in ("train", "test"):
        first = "".join(map(str, data[f"y_{part}"][:10]))
        assert first == IMAGES[name].first_labels[part]


def test_loaders_do_not_import_torch():
    code = (
        "import sys; from sklearn_halfnet.datasets import load_dataset; "
        "load_dataset('digits'); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
