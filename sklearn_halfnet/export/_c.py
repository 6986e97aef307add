"""Write a fitted estimator as C source."""

import re
from dataclasses import dataclass
from textwrap import indent

import numpy as np

from sklearn_halfnet._files import replace_file
from sklearn_halfnet._version import __version__
from sklearn_halfnet.export._c_source import CSource, array_text
from sklearn_halfnet.export._c_steps import write_steps
from sklearn_halfnet.export._source import (
    check_dtype,
    check_name,
    class_labels,
    computation_of,
)
from sklearn_halfnet.export._stored import WEIGHTS_IN_C, stored
from sklearn_halfnet.features.computation import Computation, Scale

__all__ = ["CFile", "to_c"]

_HEADER = """\
/* {estimator}, written by sklearn-halfnet {version}.
 *
 *     {prototype};
 *
{comment}
 *
 * C99; needs math.h and stdint.h and nothing else (link with -lm). Allocates nothing
 * and keeps no state; {n_constants} bytes of constants, {n_stack} of the stack.
 * Inputs are not checked.
 */
#include <math.h>
#include <stdint.h>
"""


def to_c(
    estimator,
    path=None,
    *,
    name="model",
    dtype="float32",
    weights="stored",
    trained="float",
    inputs="float",
):
    """Write a fitted estimator as one self-contained file of C99 source.

    The file defines one function for one row::

        void model_predict(const float *x, float *probabilities, int *label);
        void model_predict(const float *x, float *y);

    the first for a classifier, the second for a regressor or transformer. ``label`` is
    an index into the array ``model_classes`` of ``long long`` or of strings, which the
    file defines, too; for multilabel targets it is 0 or 1 for each label. It may be a
    null pointer. The file needs ``math.h`` and ``stdint.h`` only, allocates nothing,
    and threads can share the function. A comment at its head says this again, and how
    many bytes its constants are and its arrays take of the stack.

    Binary weights are one bit each and sparse ones stay sparse, in the file and when it
    runs. Loops are such that gcc makes vectors of them: compile with -O3, and with
    -march=native where the file runs on the machine that compiles it.

    A column of categories is one number: the place of the category in the estimator's
    ``categories_``, NAN where it is missing, -1 for any other. The comment lists them.

    Parameters
    ----------
    estimator : estimator
        A fitted half layer, also behind convolutions, HalfNet, ELM, RVFL, boosted
        features or weight-agnostic classifier or regressor, ``RandomFeatures`` or
        ``RandomNetwork``.
    path : str or path-like, default=None
        File to write, if any.
    name : str, default="model"
        What all names in the file begin with: a C identifier.
    dtype : {"float32", "float64"}, default="float32"
        Whether to compute in ``float`` or ``double``.
    weights : {"stored", "float32", "int8", "binary", "seed"}, default="stored"
        How matrices of hidden units are written: as the model holds them; as
        floating-point numbers; dense ones as 8-bit integers with a factor a unit; at
        one bit each, or not at all if they are not -1 and +1; or as a key of four
        bytes, of which weights of ``SeededWeights`` are computed whenever they are
        needed.
    trained : {"float", "int8"}, default="float"
        How all else is written: as it is; or matrices of linear maps, such as
        read-outs, and kernels of convolutions as 8-bit integers with a factor an
        output, the units' factors and offsets as 16-bit integers with one factor a
        layer.
    inputs : {"float", "uint8"}, default="float"
        Type of ``x``. With "uint8" it is ``const unsigned char *``, such as pixels, and
        binary weights and those of 8 bits are multiplied in integers.

    Returns
    -------
    source : str

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator, or the type of its class labels, cannot be exported.
    ValueError
        If ``name`` is no identifier, another argument is none of those listed, the
        weights cannot be written in the way asked for, ``inputs="uint8"`` meets
        categories or missing values, or a number is too large for ``dtype``.
    OSError
        If the file cannot be written; one that was there stays as it was.

    See Also
    --------
    to_onnx : The same as an ONNX model.
    to_numpy : What both compute, rounded in the same way.
    to_c_library : The same with a header and examples.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_halfnet import WeightAgnosticClassifier
    >>> from sklearn_halfnet.export import to_c
    >>> X, y = load_wine(return_X_y=True)
    >>> model = WeightAgnosticClassifier(max_iter=20, random_state=0).fit(X, y)
    >>> source = to_c(model, name="wine")
    >>> print(source.splitlines()[2].strip(" *"))
    void wine_predict(const float *x, float *probabilities, int *label);
    """
    options = {"weights": weights, "trained": trained, "inputs": inputs}
    text = CFile.of(estimator, name, dtype, **options).text
    if path is not None:
        replace_file(path, text)
    return text


@dataclass(frozen=True)
class CFile:
    """A file of C source, and what others that use it need to know.

    Parameters
    ----------
    text : str
    prototype, comment : str
        Of its function, and what its arguments are.
    classes : str
        Declaration of the array of labels; empty if there is none.
    computation : Computation
    n_constant_bytes, n_stack_bytes : int
    """

    text: str
    prototype: str
    comment: str
    classes: str
    computation: Computation
    n_constant_bytes: int
    n_stack_bytes: int

    @classmethod
    def of(cls, estimator, name, dtype, *, weights, trained, inputs):
        """Write the file; parameters as of ``to_c``."""
        check_dtype(dtype)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"name={name!r} is not a C identifier.")
        check_name("inputs", inputs, tuple(_INPUTS))
        computation = computation_of(estimator)
        computation = stored(computation, weights, trained, WEIGHTS_IN_C)
        if inputs == "uint8":
            _check_bytes(computation)
        source = CSource(name, dtype, _INPUTS[inputs])
        output = "y" if computation.kind == "values" else "probabilities"
        write_steps(source, computation, "x", output)
        return _file(source, estimator, computation, output)


# C types of the row, where it is not the type of all numbers.
_INPUTS = {"float": {}, "uint8": {"x": "unsigned char"}}


def _check_bytes(computation):
    for step, _ in computation.steps:
        if isinstance(step, Scale) and step.scaling.coding is not None:
            raise ValueError(
                "inputs='uint8' has no number for missing values and unknown "
                "categories, which fit has met: use inputs='float'."
            )


def _columns_text(estimator):
    """Say in the header how columns of categories are written as numbers."""
    vocabulary = getattr(estimator, "_vocabulary", None)
    if vocabulary is None:
        return ""
    lines = ["Categories are numbers, NAN where missing, -1 for any other:"]
    for number, known in vocabulary.categories.items():
        lines.append(f"x[{number}], {_plain(vocabulary.name(number))}:")
        lines += [f"    {code}: {_plain(each)}" for code, each in enumerate(known)]
    return "".join(f"{line}\n" for line in lines)


def _plain(value):
    """Write what a comment can hold: nothing that ends it, and no line break."""
    return ascii(value.item() if hasattr(value, "item") else value).replace("*/", "* /")


def _file(source, estimator, computation, output):
    x_type = source.types.get("x", source.real)
    prototype = f"void {source.name}_predict(const {x_type} *x, "
    prototype += f"{source.real} *{output}"
    prototype += ")" if output == "y" else ", int *label)"
    said, classes, label = _ENDS[computation.kind](source, computation)
    comment = f"x: {computation.n_features} features of one row, in the order of the "
    comment += f"training columns.\n{_columns_text(estimator)}{said}"
    head = _HEADER.format(
        estimator=type(estimator).__name__,
        version=__version__,
        prototype=prototype,
        comment=indent(comment, " * "),
        n_constants=source.n_constant_bytes,
        n_stack=source.n_stack_bytes,
    )
    body = indent("\n".join([*source.statements, *label]), "    ")
    function = f"{prototype}\n{{\n{body}\n}}\n"
    return CFile(
        "\n".join([head, *classes, source.definitions, function]),
        prototype,
        comment,
        "".join(classes).partition(" = ")[0],
        computation,
        source.n_constant_bytes,
        source.n_stack_bytes,
    )


# Each end returns what the header says of the outputs, the array of classes, and the
# statements that set the label.


def _values(source, computation):
    return f"y: {computation.widths[-1]} outputs.", [], []


def _classes(source, computation):
    name, n = f"{source.name}_classes", len(computation.classes)
    said = f"probabilities: {n}, in the order of {name}.\n"
    said += f"label: index into {name}; may be a null pointer."
    label = _ARGMAX.replace("{n}", str(n))
    labels = class_labels(computation.classes)
    # Eight a number or a pointer.
    source.constant_bytes += 8 * n
    if labels.dtype == object:
        source.constant_bytes += sum(len(text.encode()) + 1 for text in labels)
    return said, [_labels_text(name, labels)], [label]


def _indicators(source, computation):
    n = len(computation.classes)
    said = f"probabilities: {n}, one a label.\n"
    said += f"label: {n} numbers, 0 or 1; may be a null pointer."
    return said, [], [_ROUNDED.replace("{n}", str(n))]


_ENDS = {
    "values": _values,
    "binary": _classes,
    "multiclass": _classes,
    "multilabel": _indicators,
}

_ARGMAX = """\
if (label) {
    *label = 0;
    for (int i = 1; i < {n}; i++)
        if (probabilities[i] > probabilities[*label])
            *label = i;
}"""
_ROUNDED = """\
if (label)
    for (int i = 0; i < {n}; i++)
        label[i] = 2 * probabilities[i] > 1;"""


def _labels_text(name, labels):
    if labels.dtype == np.int64:
        texts = [f"{label}LL" for label in labels]
        return array_text(f"const long long {name}", texts)
    return array_text(f"const char *const {name}", [_quoted(text) for text in labels])


def _quoted(text):
    """Write a string literal; what is not plain ASCII becomes bytes of UTF-8."""
    plain = set(map(chr, range(32, 127))) - set('"\\?')
    parts = [
        char if char in plain else "".join(f"\\{b:03o}" for b in char.encode())
        for char in text
    ]
    return '"' + "".join(parts) + '"'
