"""Fitted estimators as ONNX models, as C source, and what these compute in numpy.

All are made of the list of steps of a fitted network
(:mod:`sklearn_halfnet.features.computation`): a family that names its steps is exported
to all.
"""

from sklearn_halfnet.export._c import to_c
from sklearn_halfnet.export._c_library import to_c_library
from sklearn_halfnet.export._numpy import to_numpy
from sklearn_halfnet.export._onnx import to_onnx
from sklearn_halfnet.export._rows import model_rows

__all__ = ["model_rows", "to_c", "to_c_library", "to_numpy", "to_onnx"]
