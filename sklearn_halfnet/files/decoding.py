"""The way back: from plain data to values, by the table in ``encoding``.

What is read here may be anybody's. Nothing is called that the file names, but classes
of this package, and these without their constructors.
"""

from dataclasses import MISSING, fields, is_dataclass

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import MetadataRequest

from sklearn_halfnet.files.classes import class_named
from sklearn_halfnet.files.drawn import drawn_bytes, has_draw, with_draw

__all__ = ["Decoder"]

_BIT_GENERATORS = {
    each.__name__: each
    for each in (
        np.random.MT19937,
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.Philox,
        np.random.SFC64,
    )
}


class Decoder:
    """Turns plain data into values.

    Parameters
    ----------
    arrays : list of ndarray
    max_bytes : int
        Of all weights that are drawn again, and matrices that are stored as halves.
    """

    def __init__(self, arrays, max_bytes):
        self.arrays = arrays
        self.objects = []
        self.max_bytes = max_bytes

    def add(self, node):
        """Make the next object."""
        cls = class_named(node["class"])
        state = {name: self.decode(each) for name, each in node["state"].items()}
        if issubclass(cls, tuple):
            value = cls(**state)
        else:
            _check_complete(cls, state)
            value = object.__new__(cls)
            if hasattr(cls, "__setstate__") and not issubclass(cls, BaseEstimator):
                # A half that becomes a whole matrix is twice as large.
                self._take(2 * sum(getattr(v, "nbytes", 0) for v in state.values()))
                value.__setstate__(state)
            else:  # an estimator's would ask for the version, which the file has told
                vars(value).update(state)
        if "draw" in node:
            value = self._with_draw(value, node["draw"])
        if "requests" in node:
            value._metadata_request = _requests(value, node["requests"])
        self.objects.append(value)

    def decode(self, data):
        """Return the value that data stand for."""
        if isinstance(data, list):
            return [self.decode(each) for each in data]
        if not isinstance(data, dict):
            return data
        for word, read in _READERS.items():
            if word in data:
                return read(self, data[word], data)
        raise ValueError(f"it holds a value of an unknown kind: {sorted(data)[:5]}")

    def _with_draw(self, value, draw):
        if not has_draw(value):
            raise ValueError(f"no weights of a {type(value).__name__} are drawn")
        self._take(drawn_bytes(value, draw))
        return with_draw(value, draw)

    def _take(self, n_bytes):
        """Count what is about to be allocated."""
        self.max_bytes -= n_bytes
        if self.max_bytes < 0:
            raise ValueError(
                "weights that are to be drawn again, or sums of which it holds the "
                "half, need more than max_bytes; raise it if you trust the file"
            )

    def _items(self, items, data):
        array = np.empty(len(items), dtype=object)
        for place, each in enumerate(items):
            array[place] = self.decode(each)
        return array.reshape(data["shape"])

    def _csr(self, parts, data):
        kind = sparse.csr_matrix if data["matrix"] else sparse.csr_array
        matrix = kind(tuple(self.arrays[i] for i in parts), shape=tuple(data["shape"]))
        # Products trust these indices blindly.
        matrix.check_format(full_check=True)
        return matrix

    def _random(self, state, data):
        state = self.decode(state)
        bits = _BIT_GENERATORS[state["bit_generator"]]()
        # numpy takes any places and reads there.
        places = state["state"].get("pos", 0), state.get("buffer_pos", 0)
        if not (0 <= places[0] <= 624 and 0 <= places[1] <= 4):
            raise ValueError("it holds a generator of an impossible state")
        if data["legacy"]:
            generator = np.random.RandomState(bits)
            generator.set_state(state)
            return generator
        bits.state = state
        return np.random.Generator(bits)


_READERS = {
    "object": lambda self, number, _: self.objects[number],
    "array": lambda self, number, _: self.arrays[number],
    "scalar": lambda self, number, _: self.arrays[number][()],
    "tuple": lambda self, items, _: tuple(self.decode(items)),
    "dict": lambda self, pairs, _: {self.decode(k): self.decode(v) for k, v in pairs},
    "float": lambda self, name, _: float(name),
    "slice": lambda self, parts, _: slice(*self.decode(parts)),
    "set": lambda self, items, _: set(self.decode(items)),
    "class": lambda self, name, _: class_named(name),
    "items": Decoder._items,
    "csr": Decoder._csr,
    "random": Decoder._random,
}


def _check_complete(cls, state):
    """Raise if a value lacks what its class has no default for."""
    if not is_dataclass(cls) or issubclass(cls, BaseEstimator):
        return
    missing = [
        field.name
        for field in fields(cls)
        if field.init and field.default is MISSING and field.name not in state
    ]
    if missing:
        raise ValueError(f"it holds a {cls.__name__} without {', '.join(missing)}")


def _requests(estimator, requests):
    """Make scikit-learn's object of what an estimator asks of metadata."""
    made = MetadataRequest(owner=estimator)
    for method, asked in requests.items():
        for param, alias in asked.items():
            getattr(made, method).add_request(param=param, alias=alias)
    return made
