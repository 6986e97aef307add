"""Values as JSON, but for their arrays: from an estimator to plain data.

=============  =====================================================================
in a file      what it is
=============  =====================================================================
null, true,    the same of Python; a float that JSON has no word for is
1, 0.5, "a"    ``{"float": "nan"}``
[...]          list; ``{"tuple": [...]}`` and ``{"set": [...]}`` are others
{"dict": ...}  dict, a list of pairs
{"slice": ...} slice
{"array": 3}   array number 3 of the file; ``{"scalar": 3}`` a numpy number
{"items":...}  array of Python objects, beside their ``"shape"``
{"csr": ...}   sparse array or matrix
{"random": ..} numpy's generators, by name and state
{"class": ..}  a class of this package itself, such as a weight kind
{"object": 5}  object number 5 of the file
=============  =====================================================================

An object is its class, its state, a dict, and what draws its weights again. Objects
stand in the file after those that they hold, so that reading them is one pass, whatever
a file says; what is shared is stored once.
"""

import math
import warnings

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from sklearn_halfnet.estimators._common.versions import VERSION
from sklearn_halfnet.files.classes import name_of
from sklearn_halfnet.files.drawn import has_draw, leave_out
from sklearn_halfnet.models.partial_cnn import Constants

__all__ = ["OF_CALLBACKS", "PLAIN_DTYPES", "Encoder", "simple_requests"]

_PLAIN = (bool, int, str, type(None))
# Numbers, text, dates and spans; ``V`` and ``O`` are none of these.
PLAIN_DTYPES = "biufcUSMm"
_REQUESTS = "_metadata_request"
# What scikit-learn's callbacks keep on an estimator.
OF_CALLBACKS = ("_callback", "_skl_callbacks", "_parent_callback")


class Encoder:
    """Turns a value into plain data, and collects its objects and arrays.

    Parameters
    ----------
    by_seed : bool
        Whether to leave out weights whose draw can be repeated.

    Attributes
    ----------
    objects : list of dict
    arrays : list of ndarray
    """

    def __init__(self, by_seed):
        self.by_seed = by_seed
        self.objects = []
        self.arrays = []
        # By identity; values are kept, lest another gets the identity of one.
        self._known = {}

    def encode(self, value, path):
        """Return what stands in the file for a value; ``path`` names it in errors."""
        if type(value) in _PLAIN:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": str(value)}
        kind = _CONTAINERS.get(type(value))
        if kind is not None:
            return kind(self, value, path)
        if isinstance(value, np.ndarray):
            return self._array(value, path)
        if isinstance(value, np.generic):
            return {"scalar": self._array(np.asarray(value), path)["array"]}
        if isinstance(value, (sparse.csr_array, sparse.csr_matrix)):
            return self._csr(value, path)
        if isinstance(value, (np.random.Generator, np.random.RandomState)):
            return self._random(value, path)
        if isinstance(value, type) and name_of(value):
            return {"class": name_of(value)}
        if name_of(type(value)):
            return {"object": self._once(value, self._object, path)}
        raise TypeError(
            f"{path} is a {type(value).__module__}.{type(value).__qualname__}, which a "
            "model file cannot hold: it holds data only, no code. pickle and joblib "
            "can."
        )

    def _items(self, values, path):
        return [self.encode(each, f"{path}[{i}]") for i, each in enumerate(values)]

    def _dict(self, value, path):
        pairs = [
            [self.encode(key, path), self.encode(each, f"{path}[{key!r}]")]
            for key, each in value.items()
        ]
        return {"dict": pairs}

    def _slice(self, value, path):
        return {"slice": self._items((value.start, value.stop, value.step), path)}

    def _once(self, value, add, path):
        """Return the number that ``add`` gives a value, the former if it has one."""
        if id(value) not in self._known:
            self._known[id(value)] = add(value, path), value
        return self._known[id(value)][0]

    def _array(self, value, path):
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{path} is a masked array; fill it first.")
        if value.dtype.kind == "O":
            items = self._items(value.ravel().tolist(), path)
            return {"items": items, "shape": list(value.shape)}
        if value.dtype.kind not in PLAIN_DTYPES:
            raise TypeError(f"{path} is an array of {value.dtype}, not of plain data.")
        return {"array": self._once(value, self._add_array, path)}

    def _add_array(self, value, path):
        self.arrays.append(np.asarray(value))
        return len(self.arrays) - 1

    def _csr(self, value, path):
        parts = [value.data, value.indices, value.indptr]
        return {
            "csr": [self._array(part, path)["array"] for part in parts],
            "shape": list(value.shape),
            "matrix": isinstance(value, sparse.spmatrix),
        }

    def _random(self, value, path):
        legacy = isinstance(value, np.random.RandomState)
        state = value.get_state(legacy=False) if legacy else value.bit_generator.state
        return {"random": self.encode(state, path), "legacy": legacy}

    def _object(self, value, path):
        node = {"class": name_of(type(value))}
        if self.by_seed and has_draw(value):
            state, node["draw"] = leave_out(value, path)
        else:
            state = _state_of(value)
        if isinstance(value, BaseEstimator):
            state = self._of_estimator(state, node)
        node["state"] = {
            name: self.encode(each, f"{path}.{name}") for name, each in state.items()
        }
        self.objects.append(node)
        return len(self.objects) - 1

    def _of_estimator(self, state, node):
        """Take from a state what is scikit-learn's own."""
        if _REQUESTS in state:
            node["requests"] = simple_requests(state[_REQUESTS])
        of_callbacks = [name for name in state if name.startswith(OF_CALLBACKS)]
        if any(state[name] for name in of_callbacks):
            warnings.warn("Callbacks are not stored in a model file.")
        left_out = {VERSION, _REQUESTS, *of_callbacks}
        return {name: each for name, each in state.items() if name not in left_out}


_CONTAINERS = {
    list: Encoder._items,
    tuple: lambda self, value, path: {"tuple": self._items(value, path)},
    set: lambda self, value, path: {"set": self._items(sorted(value, key=repr), path)},
    dict: Encoder._dict,
    slice: Encoder._slice,
}


def _state_of(value):
    """Return what an object would be pickled as, a dict."""
    if isinstance(value, tuple):
        return value._asdict()
    state = dict(value.__getstate__() or {})
    if isinstance(value, Constants) and value.given is None:
        # A pickle draws them again; a file holds them, for other machines.
        state["arrays"] = value.arrays
    return state


def simple_requests(requests):
    """Return an estimator's requests of metadata as a dict of dicts."""
    return {
        method: dict(each.requests)
        for method, each in vars(requests).items()
        if hasattr(each, "requests") and each.requests
    }
