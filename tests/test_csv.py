"""What a csv file holds: a matrix of file texts and what becomes of their columns."""

import gzip
import io
import warnings

import numpy as np
import pytest

from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.datasets._csv import read_csv
from sklearn_halfnet.exceptions import DatasetError

N = 40
BIG = 2**64
NUMBERS = [f"{i}.25" for i in range(N)]
TOKENS = ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NaT", "NULL", "null", "<NA>"]
TOKENS += ["#N/A", "#NA", "None", "-"]


def column(values, name="x"):
    """A table of a column, and of a target that says nothing of it."""
    return f"{name},y\n" + "".join(f"{v},{i}.5\n" for i, v in enumerate(values))


def target(values, name="y"):
    return f"x,{name}\n" + "".join(f"{i}.5,{v}\n" for i, v in enumerate(values))


def write(folder, content, name="a.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def read(tmp_path):
    return lambda content, **options: read_csv(write(tmp_path, content), **options)


# -- columns ---------------------------------------------------------------------------

# text, names of the columns of numbers, names of those of text, target's values
READ = {
    "plain": ("a,b,y\n1,u,2\n3,v,4\n", ["a"], ["b"], [2, 4]),
    "semicolons": ("a;b;y\n1;u;2\n3;v;4\n", ["a"], ["b"], [2, 4]),
    "tabs": ("a\tb\ty\n1\tu\t2\n3\tv\t4\n", ["a"], ["b"], [2, 4]),
    "Excel's first line": ("sep=;\na;b;y\n1;u;2\n3;v;4\n", ["a"], ["b"], [2, 4]),
    "what sep says wins": ("sep=|\na|b|y\n1|u|2\n3|v|4\n", ["a"], ["b"], [2, 4]),
    "delimiter in quotes": ('"a;b";y\n1;2\n3;4\n', ["a;b"], [], [2, 4]),
    "more of them in quotes": ('"a;b;c;d",y\n1,2\n3,4\n', ["a;b;c;d"], [], [2, 4]),
    "commas in a name": ("a (b, c, d);y\n1;2\n3;4\n", ["a (b, c, d)"], [], [2, 4]),
    "newline in quotes": ('"a\nb",y\n1,2\n3,4\n', ["a\nb"], [], [2, 4]),
    "newline in a cell": ('a,b,y\n1,"u\nu",2\n3,v,4\n', ["a"], ["b"], [2, 4]),
    "space before quotes": ('"a", "b", "y"\n1, "u", 2\n', ["a"], ["b"], [2]),
    "space behind quotes": ('"a" ,"b" ,"y"\n1 ,"u" ,2\n', ["a"], ["b"], [2]),
    "returns": ("a,b,y\r\n1,u,2\r\n3,v,4\r\n", ["a"], ["b"], [2, 4]),
    "blank lines": ("\na,y\n1,2\n\n3,4\n\n", ["a"], [], [2, 4]),
    "latin-1": ("größe,b,y\n1,ü,2\n".encode("latin-1"), ["größe"], ["b"], [2]),
    "utf-16": ("größe,b,y\n1,ü,2\n".encode("utf-16"), ["größe"], ["b"], [2]),
    "utf-8 with a mark": ("größe,y\n1,2\n".encode("utf-8-sig"), ["größe"], [], [2]),
    "index of pandas": (",a,y\n0,1,2\n1,3,4\n", ["a"], [], [2, 4]),
    "index of text": (",a,y\nu,1,2\nv,3,4\n", ["a"], [], [2, 4]),
    "index read again": ("Unnamed: 0.1,Unnamed: 0,a,y\n0,0,1,2\n", ["a"], [], [2]),
    "index and an array's columns": (",0,1\n0,5,2\n1,6,4\n", ["0"], [], [2, 4]),
    "delimiter at the end": ("a,y,\n1,2,\n3,4,\n", ["a"], [], [2, 4]),
    "decimal commas": ("a;b;y\n1,5;2;2,5\n3;4;4,5\n", ["a", "b"], [], [2.5, 4.5]),
    "commas in text": ("a;b;y\n1;u, v;2\n3;w;4\n", ["a"], ["b"], [2, 4]),
    "leading zeros": ("a,y\n007,007\n7,7\n", ["a"], [], ["007", "7"]),
    "underscores": ("a,y\n1,1_0\n3,10\n", ["a"], [], ["1_0", "10"]),
    "digits of another script": ("a,y\n1,\u0661\n3,2\n", ["a"], [], ["\u0661", "2"]),
    "beyond 64 bits": (f"a,y\n1,{BIG}1\n3,{BIG}2\n", ["a"], [], [f"{BIG}1", f"{BIG}2"]),
    "signs": ("a,y\n-1,+\n+3,-\n", ["a"], [], ["+", "-"]),
    "signed classes": ("a,y\n1,+1\n3,-1\n", ["a"], [], [1, -1]),
    "exponents": ("a,y\n1e3,2\n.5,4\n", ["a"], [], [2, 4]),
    "codes": ("a,y\n0,2\n1,3\n2,4\n3+,5\n", [], ["a"], [2, 3, 4, 5]),
    "dates": ("a,y\n2024-01-05,2\n2024-02-05,4\n", [], ["a"], [2, 4]),
}  # fmt: skip


@pytest.mark.parametrize("content, numeric, texts, y", READ.values(), ids=READ)
def test_columns(read, content, numeric, texts, y):
    table = read(content)
    assert table.numeric_names == numeric and table.category_names == texts
    assert table.y.tolist() == y
    assert table.numeric.shape == (len(y), len(numeric))


@pytest.mark.parametrize("name", ["latin-1", "index of pandas", "decimal commas"])
def test_what_was_guessed_is_said(read, name):
    words = {"latin-1": "line 1 is not UTF-8", "index of pandas": "an index"}
    [note] = read(READ[name][0]).notes
    assert words.get(name, "decimal marks") in note


def test_decimal_commas_are_the_numbers_of_decimal_points(read):
    rng = np.random.default_rng(0)
    rows = [[f"{x:.6g}" for x in row] for row in 1e3 * rng.normal(size=(N, 3))]
    with_points = "a,b,price\n" + "".join(",".join(row) + "\n" for row in rows)
    points = read(with_points)
    commas = read(with_points.replace(",", ";").replace(".", ","))
    np.testing.assert_array_equal(commas.numeric, points.numeric)
    np.testing.assert_array_equal(commas.y, points.y)


@pytest.mark.parametrize("token", TOKENS)
def test_missing_among_numbers(read, token):
    table = read(column([*NUMBERS[:5], token, *NUMBERS[6:]]))
    assert table.numeric_names == ["x"]
    assert np.flatnonzero(np.isnan(table.numeric[:, 0])).tolist() == [5]
    with pytest.raises(DatasetError, match=r"'y' misses 1 values, the first in row 6"):
        read(target([*NUMBERS[:5], token, *NUMBERS[6:]]))


@pytest.mark.parametrize("token", TOKENS[:-2])
def test_missing_among_texts(read, token):
    table = read(column(["red", token, "blue"]))
    assert table.categories[:, 0].tolist() == ["red", "missing", "blue"]


# -- what is refused -------------------------------------------------------------------

# Odd cells: the column, and what the message must name beside it.
ODD = {
    "one word": ([*NUMBERS[:6], "low", *NUMBERS[7:]], "'low' in row 7"),
    "one of ten": ([*NUMBERS[:9], "n. d."], "'n. d.' in row 10"),
    "an error of Excel": ([*NUMBERS, "#DIV/0!"], f"'#DIV/0!' in row {N + 1}"),
    "another word for missing": ([*["unknown"] * 20, *NUMBERS], "'unknown' in row 1"),
    "underscore": ([*NUMBERS[:6], "1_0", *NUMBERS[7:]], "'1_0' in row 7"),
    "thousands": ([f'"{i + 1},{i:03d}"' for i in range(N)], "'1,000' in row 1"),
    "some thousands": (["9", *(f'"{i},{i + 100}"' for i in range(9))], "'0,100' in"),
    "thousands by spaces": ([f"{i + 1} 000.5" for i in range(N)], "'1 000.5' in row 1"),
    "dollars": ([f"${i}" for i in range(N)], "'$0' in row 1"),
    "debts": ([f"-${i}.50" for i in range(N)], "'-$0.50' in row 1"),
    "euros": ([f"{i} €" for i in range(N)], "'0 €' in row 1"),
    "percent": ([f"{i}%" for i in range(N)], "'0%' in row 1"),
    "units": ([f"{i} kg" for i in range(N)], "'0 kg' in row 1"),
    "quoted decimal commas": ([f'"{i},5"' for i in range(N)], "'0,5' in row 1"),
}  # fmt: skip


@pytest.mark.parametrize("values, words", ODD.values(), ids=ODD)
@pytest.mark.parametrize(
    "table, what", [(column, "column 'x'"), (target, "target 'y'")]
)
def test_a_few_cells_do_not_decide(read, values, words, table, what):
    with pytest.raises(DatasetError, match=what) as caught:
        read(table(values))
    assert words in str(caught.value) and "a.csv" in str(caught.value)


DATES = [f"2024-{i % 12 + 1:02d}-{i % 28 + 1}" for i in range(N)]
REFUSED = {
    "commas and points": ("a;b;y\n1,5;2.5;1\n", "'a' has commas .* 'b' has points"),
    "both marks": (
        "a;y\n" + "".join(f"1.{i:03d},5;{i},5\n" for i in range(N)),
        r"'a' holds numbers, but '1\.000,5' in row 1",
    ),
    "open quote": ('a,y\n1,2\n3,"4\n5,6\n', "line 3: a quote is opened and never"),
    "open quote at the end": ('a,y\n1,2\n3,"4', "line 3: a quote is opened"),
    "short row": ("sep=,\na,y\n1,2\n3\n", "line 4: 1 values where .* names 2"),
    "long row": ("a,y\n1,2\n3,4,5\n", "line 3: 3 values where the header names 2"),
    "nameless column": ("a,,y\n1,,2\n3,5,4\n", "2 has no name, but row 2 holds '5'"),
    "index alone": (",y\n0,1\n1,2\n", "two columns with names"),
    "no header behind an index": (",5,6\n0,1,2\n", "first line must name the columns"),
    "utf-16 without a mark": ("a,y\n1,2\n".encode("utf-16-le"), "zero bytes.*UTF-8"),
    "utf-32": ("a,y\n1,2\n".encode("utf-32"), "zero bytes"),
    "no text": (bytes(range(256)) * 9, "zero bytes"),
    "a target of names": (target([f"name {i}" for i in range(N)]), "no classes"),
    "a target of dates": (target(DATES), "'y' is text, and nearly every row"),
}


@pytest.mark.parametrize("content, words", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_said(read, content, words):
    with pytest.raises(DatasetError, match=words) as caught:
        read(content)
    assert "a.csv" in str(caught.value) and "damaged" not in str(caught.value)


def test_text_that_never_repeats_gets_a_warning(tmp_path):
    path = write(tmp_path, column([f"name {i}" for i in range(N)]))
    with pytest.warns(UserWarning, match=r"'x' is text, and nearly .*'name 0'"):
        data = load_dataset(path)
    assert any("'x' is text" in note for note in data.notes)


def test_many_categories_and_counted_rows_are_noted(read):
    [note] = read(column([f"t{i % 150}" for i in range(600)])).notes
    assert "'x' has 150 texts" in note
    [note] = read(column(range(N))).notes
    assert "'x' counts the rows" in note


def test_the_index_of_pandas_teaches_nothing(tmp_path):
    """Sorted labels: the row's number would tell the class."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(N, 2)), columns=["a", "b"])
    frame["y"] = np.repeat(["u", "v"], N // 2)
    frame.to_csv(tmp_path / "a.csv")
    data = load_dataset(tmp_path / "a.csv")
    assert data.feature_names == ["a", "b"] and "index" in data.notes[0]


# Where our reader means to differ from pandas: it refuses, or keeps what would be lost.
LIKE_PANDAS = [
    "plain", "newline in quotes", "newline in a cell", "returns", "exponents", "dates",
    "signed classes", "utf-8 with a mark", "underscores", "signs", "codes",
]  # fmt: skip


@pytest.mark.parametrize("name", LIKE_PANDAS)
def test_like_pandas(read, name):
    pd = pytest.importorskip("pandas")
    content = READ[name][0]
    frame = pd.read_csv(
        io.BytesIO(content if isinstance(content, bytes) else content.encode())
    )
    y = frame.pop(frame.columns[-1])
    table = read(content)
    numeric = frame.select_dtypes("number")
    assert list(numeric) == table.numeric_names
    np.testing.assert_array_equal(numeric, table.numeric)
    np.testing.assert_array_equal(frame.drop(columns=list(numeric)), table.categories)
    assert y.tolist() == table.y.tolist()


@pytest.mark.parametrize("token", TOKENS)
def test_missing_tokens_of_pandas_are_missing(read, token):
    pd = pytest.importorskip("pandas")
    content = column([*NUMBERS[:5], token, *NUMBERS[6:]])
    expected = pd.read_csv(io.StringIO(content), na_values=["?", "-", "NaT"])
    np.testing.assert_array_equal(read(content).numeric[:, 0], expected["x"])


# -- sizes -----------------------------------------------------------------------------


def test_gzip_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_halfnet._device._available_memory", lambda: 20 * 2**25)
    bomb = b"a,y\n" + b"0" * 2**27
    path = write(tmp_path, gzip.compress(bomb, 1), "bomb.csv.gz")
    with pytest.raises(DatasetError, match=r"bomb\.csv\.gz cannot be read: .* GiB"):
        load_dataset(path)


def test_warnings_as_errors_do_not_become_damaged_files(tmp_path):
    path = write(tmp_path, column([f"name {i}" for i in range(N)]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="'x' is text"):
            load_dataset(path)
