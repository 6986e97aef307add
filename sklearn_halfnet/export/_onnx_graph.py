"""An ONNX graph while it is written."""

import numpy as np

from sklearn_halfnet.export._source import converted

__all__ = ["OnnxGraph", "require_onnx"]

# BitwiseAnd came with opset 18; onnxruntime has had it since 1.14.
OPSET, IR_VERSION = 18, 8


def require_onnx():
    """Import onnx, or say which extra installs it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx: pip install 'sklearn-halfnet[onnx]'."
        ) from error
    return onnx


class OnnxGraph:
    """Nodes and constants, each added once.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Type of all floating-point values.

    Attributes
    ----------
    widths : dict of str to int
        Numbers a row of the values that steps have made.
    """

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self.nodes = []
        self.widths = {}
        self._onnx = require_onnx()
        self._constants = {}
        self._results = {}

    def add(self, op, *inputs, output=None, n_unused=0, **attributes):
        """Add a node and return its output's name; the same node is not added twice.

        Parameters
        ----------
        op : str
        *inputs : str or ndarray
            Names of values, or constants. Floating-point constants get ``dtype``.
        output : str, default=None
            Name of the output; else it is numbered.
        n_unused : int, default=0
            Outputs after the first, which the operator has and nobody reads.
        **attributes
            Of the node; an array stands for a tensor.

        Returns
        -------
        name : str
        """
        inputs = [self._named(value) for value in inputs]
        key = op, tuple(inputs), repr(attributes)
        if output is None and key in self._results:
            return self._results[key]
        name = output or f"v{len(self.nodes)}"
        attributes = {k: self._attribute(value) for k, value in attributes.items()}
        make = self._onnx.helper.make_node
        names = [name, *(f"{name}_unused{i}" for i in range(n_unused))]
        self.nodes.append(make(op, inputs, names, **attributes))
        self._results[key] = name
        return name

    def cast(self, value, dtype=None):
        """Convert a value to a type; by default the graph's."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        return self.add("Cast", value, to=self.type_number(dtype))

    def numbers(self, values):
        """Make a constant of integers, such as a shape or axes."""
        return np.asarray(values, np.int64)

    def type_number(self, dtype):
        """Return ONNX's number of a numpy type."""
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    @property
    def constants(self):
        """All constants, as ONNX stores them."""
        return [tensor for tensor, _ in self._constants.values()]

    def _named(self, value):
        if isinstance(value, str):
            return value
        array = np.asarray(value)
        if array.dtype.kind == "f":
            array = converted(array, self.dtype)
        content = tuple(array) if array.dtype == object else array.tobytes()
        key = array.dtype.str, array.shape, content
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            tensor = self._onnx.numpy_helper.from_array(array, name)
            self._constants[key] = tensor, name
        return self._constants[key][1]

    def _attribute(self, value):
        if isinstance(value, np.ndarray):
            return self._onnx.numpy_helper.from_array(value)
        return value
