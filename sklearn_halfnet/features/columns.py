"""Columns of categories, and missing values, as the numbers that networks see."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sklearn_halfnet.features.scaling_rules import median_of_rows

__all__ = [
    "ColumnCoding",
    "ColumnFacts",
    "Vocabulary",
    "column_name",
    "merged_columns",
    "sorted_categories",
]

# Up to so many categories have a column each; of more, each has a random code of so
# many numbers, which is a frozen half layer of the one-hot code.
_ONE_HOT, _CODE_LENGTH = 32, 16


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Categories of columns, by which the door has made codes of them.

    A category's code is its place; what is none of them has -1, and missing is NaN.

    Parameters
    ----------
    n_features : int
    categories : dict of int to ndarray
        By number of column, sorted.
    names : ndarray of str or None
        Names of all columns.
    keeps_unseen : bool
        Whether rows to come may have categories that are declared but in no row yet.
    """

    n_features: int
    categories: dict[int, np.ndarray]
    names: np.ndarray | None = None
    keeps_unseen: bool = False

    def name(self, column):
        """Return how errors and ``categories_`` call a column."""
        return column_name(column, self.names)


def column_name(column, names):
    """Return the name of a column, or its number where there are no names."""
    name = column if names is None else names[column]
    return int(name) if isinstance(name, (int, np.integer)) else str(name)


def sorted_categories(values):
    """Sort categories, of any types that stand beside each other, into an array."""
    try:
        ordered = sorted(values)
    except TypeError:
        ordered = sorted(values, key=lambda value: (type(value).__name__, str(value)))
    kinds = {type(value) for value in ordered}
    if len(kinds) == 1 and kinds <= {str, int, float, bool}:
        return np.array(ordered)
    array = np.empty(len(ordered), dtype=object)
    array[:] = ordered
    return array


@dataclass(frozen=True, eq=False)
class ColumnFacts:
    """What rows say of columns; facts of several blocks of rows add up.

    Parameters
    ----------
    missing : ndarray of shape (n_features,), bool
        Which columns miss a value.
    seen : dict of int to ndarray of shape (n_categories,), bool
        Which categories there are, by number of column.
    """

    missing: np.ndarray
    seen: dict[int, np.ndarray]

    @classmethod
    def of(cls, X, sample_weight, vocabulary):
        """Look at rows of positive weight; parameters as of ``ColumnCoding.fit``."""
        if sample_weight is not None and not sample_weight.all():
            X = X[sample_weight > 0]
        categories = {} if vocabulary is None else vocabulary.categories
        seen = {}
        for column, known in categories.items():
            codes = X[:, column]
            codes = codes[codes >= 0].astype(int)
            seen[column] = np.bincount(codes, minlength=len(known)) > 0
        return cls(np.isnan(X).any(axis=0), seen)

    @property
    def are_plain(self):
        """Whether all columns are complete numbers."""
        return not (self.seen or self.missing.any())


def merged_columns(parts):
    """Make one vocabulary of those that blocks of rows have, and add up their facts.

    Parameters
    ----------
    parts : list of tuple (Vocabulary or None, ColumnFacts)

    Returns
    -------
    vocabulary : Vocabulary or None
    facts : ColumnFacts

    Raises
    ------
    ValueError
        If a column holds categories in some blocks only.
    """
    missing = np.any([facts.missing for _, facts in parts], axis=0)
    coded = [set(facts.seen) for _, facts in parts]
    for column in set.union(*coded) - set.intersection(*coded):
        (number, *_) = [i for i, columns in enumerate(coded) if column in columns]
        raise ValueError(
            f"Column {parts[number][0].name(column)!r} of X holds categories in some "
            "blocks and none in others: give it one type."
        )
    if not coded[0]:
        return None, ColumnFacts(missing, {})
    categories, seen = {}, {}
    for column in sorted(coded[0]):
        known = [vocabulary.categories[column].tolist() for vocabulary, _ in parts]
        categories[column] = sorted_categories(set().union(*known))
        shown = set()
        for names, (_, facts) in zip(known, parts, strict=True):
            shown.update(np.array(names, dtype=object)[facts.seen[column]].tolist())
        seen[column] = np.array([c in shown for c in categories[column].tolist()], bool)
    return replace(parts[0][0], categories=categories), ColumnFacts(missing, seen)


@dataclass(frozen=True, eq=False)
class ColumnCoding:
    """The map from columns as given to columns of numbers, and codes beside these.

    Missing numbers are filled in, and columns that had some have an indicator. A
    category becomes a row of its column's table. Codes and indicators stand behind the
    numbers; no scaling, limit or wave changes them.

    Parameters
    ----------
    n_features : int
        Columns as given.
    numeric : ndarray of int
        Which of them are numbers.
    filling : ndarray of shape (n_numeric,)
        Their medians; NaN of a column that missed no value. There the scaling puts its
        own centre.
    flagged : ndarray of int
        Which columns have an indicator.
    tables : dict of int to ndarray of shape (n_categories + 2, n_codes)
        By number of column: a row a category, a row for missing, and zeros for what is
        no category.
    """

    n_features: int
    numeric: np.ndarray
    filling: np.ndarray
    flagged: np.ndarray
    tables: dict[int, np.ndarray]

    @classmethod
    def fit(cls, X, sample_weight, vocabulary, rng):
        """Learn it from training rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
            Numbers, and codes of categories.
        sample_weight : ndarray of shape (n_samples,) or None
        vocabulary : Vocabulary or None
            None if no column has categories.
        rng : numpy.random.Generator
            A child of it draws random codes, if there are any.

        Returns
        -------
        coding : ColumnCoding or None
            None if all columns are complete numbers.
        """
        if sparse.issparse(X):
            return None
        facts = ColumnFacts.of(X, sample_weight, vocabulary)
        return cls.from_facts(facts, (X, sample_weight), vocabulary, rng)

    @classmethod
    def from_facts(cls, facts, rows, vocabulary, rng):
        """Make it from facts of all rows.

        Parameters
        ----------
        facts : ColumnFacts
        rows : tuple (X, sample_weight)
            All rows, or some, of which medians are taken.
        vocabulary, rng
            As in ``fit``.

        Returns
        -------
        coding : ColumnCoding or None
        """
        if facts.are_plain:
            return None
        n_features = len(facts.missing)
        numeric = np.setdiff1d(np.arange(n_features), list(facts.seen))
        flagged = numeric[facts.missing[numeric]]
        filling = np.full(n_features, np.nan)
        X, weight = rows
        for column in flagged:
            filling[column] = median_of_rows(X[:, column], weight)
        keeps_unseen = vocabulary is not None and vocabulary.keeps_unseen
        tables = {}
        for column, seen in facts.seen.items():
            coded = np.append(seen | keeps_unseen, facts.missing[column])
            tables[column] = _table(coded, rng)
        return cls(n_features, numeric, filling[numeric], flagged, tables)

    @property
    def width(self):
        """Columns of codes and indicators."""
        return len(self.flagged) + sum(t.shape[1] for t in self.tables.values())

    @property
    def nbytes(self):
        """Bytes of the arrays."""
        arrays = [self.numeric, self.filling, self.flagged, *self.tables.values()]
        return sum(array.nbytes for array in arrays)

    def number_names(self, names):
        """Take the names of the columns of numbers from those of all, if there are."""
        return [column_name(column, names) for column in self.numeric]

    def numbers(self, X):
        """Take the columns of numbers from rows, with what was missing filled in."""
        taken = X[:, self.numeric]
        return np.where(np.isnan(taken), self.filling.astype(X.dtype), taken)

    def codes(self, X, dtype):
        """Compute indicators and codes of rows, (n_rows, width)."""
        parts = [np.isnan(X[:, self.flagged])]
        for column, table in self.tables.items():
            parts.append(table.astype(dtype)[_places(X[:, column], len(table) - 2)])
        return np.hstack(parts, dtype=dtype, casting="unsafe")


def _places(codes, n_categories):
    """Rows of a table that codes stand for."""
    places = np.where(codes < 0, n_categories + 1, codes)
    return np.where(np.isnan(codes), n_categories, places).astype(int)


def _table(coded, rng):
    """Make the table of a column: codes of those rows that have one, else zeros.

    One-hot, or numbers from N(0, 1 / n_codes), so that a code is of size one as well.
    """
    n_coded = int(coded.sum())
    if n_coded <= _ONE_HOT:
        codes = np.eye(n_coded)
    else:
        (own,) = rng.spawn(1)
        codes = own.standard_normal((n_coded, _CODE_LENGTH)) / np.sqrt(_CODE_LENGTH)
    table = np.zeros((len(coded) + 1, codes.shape[1]))
    table[:-1][coded] = codes
    return table
