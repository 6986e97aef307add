"""A folder of C source as Arduino calls a library, with a header and examples."""

from pathlib import Path
from textwrap import indent

import numpy as np

from sklearn_halfnet._files import replace_file
from sklearn_halfnet._version import __version__
from sklearn_halfnet.export._c import CFile
from sklearn_halfnet.export._rows import model_rows

__all__ = ["to_c_library"]


def to_c_library(
    estimator,
    folder,
    X,
    *,
    name="model",
    weights="stored",
    trained="float",
    inputs="float",
):
    """Write a fitted estimator as a library in C, as the Arduino IDE takes it.

    ::

        library.properties
        src/model.h, src/model.c      what to_c writes, and its header for C and C++
        examples/predict/predict.ino  a sketch that predicts a row again and again
        extras/main.c                 reads rows of numbers, prints what is predicted

    ``cc -std=c99 -O3 -Isrc extras/main.c src/model.c -lm`` makes a program that answers
    on the machine at hand: the outputs of a row a line, and first the label's place in
    ``model_classes`` if there are classes.

    Parameters
    ----------
    estimator : estimator
        Fitted, as of ``to_c``.
    folder : str or path-like
        Made if it is not there; its folder must be.
    X : array-like of shape (n_samples, n_features)
        Rows as of ``predict``; the first one is that of the sketch.
    name : str, default="model"
        What all names in C begin with: a C identifier.
    weights, trained, inputs : str
        As of ``to_c``. Numbers are ``float``.

    Returns
    -------
    paths : list of pathlib.Path
        The files.

    Raises
    ------
    NotFittedError, TypeError, ValueError
        As of ``to_c``; and if ``inputs="uint8"`` and the first row of X holds another
        number than one from 0 to 255.
    OSError
        If a file cannot be written.

    See Also
    --------
    to_c : One file.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ELMClassifier
    >>> from sklearn_halfnet.export import to_c_library
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ELMClassifier(64, "seeded", random_state=0).fit(X, y)
    >>> how = {"weights": "seed", "trained": "int8", "inputs": "uint8"}
    >>> with TemporaryDirectory() as folder:
    ...     paths = to_c_library(model, folder, X, name="digits", **how)
    ...     [path.name for path in paths]
    ['library.properties', 'digits.h', 'digits.c', 'predict.ino', 'main.c']
    """
    options = {"weights": weights, "trained": trained, "inputs": inputs}
    file, folder = CFile.of(estimator, name, "float32", **options), Path(folder)
    words = {
        **{"name": name, "guard": name.upper(), "version": __version__},
        **{"row_type": "unsigned char" if inputs == "uint8" else "float"},
        "estimator": type(estimator).__name__,
        "prototype": file.prototype,
        "comment": indent(file.comment, " * "),
        "classes": f"extern {file.classes};\n" if file.classes else "",
        "n_features": file.computation.n_features,
        "n_outputs": file.computation.widths[-1],
        "row": _row_text(model_rows(estimator, X)[:1], inputs),
        **_LABELS[file.computation.kind](file),
    }
    texts = {
        "library.properties": _PROPERTIES,
        f"src/{name}.h": _HEADER,
        f"src/{name}.c": None,
        "examples/predict/predict.ino": _SKETCH,
        "extras/main.c": _MAIN,
    }
    folder.mkdir(exist_ok=True)
    for place, text in texts.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        written = file.text if text is None else _filled(text, words)
        replace_file(folder / place, written)
    return [folder / place for place in texts]


def _filled(text, words):
    """Replace @word@ in a text."""
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


def _row_text(rows, inputs):
    row = np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)[0]
    if inputs == "float":
        return ", ".join(f"{value:.9g}" for value in row.tolist()).replace("nan", "NAN")
    if not ((row == np.rint(row)) & (row >= 0) & (row <= 255)).all():
        raise ValueError(
            "inputs='uint8' needs X of whole numbers from 0 to 255; its first row has "
            f"others, from {row.min():.9g} to {row.max():.9g}."
        )
    return ", ".join(f"{value:.0f}" for value in row.tolist())


# What there is beside the outputs: its type, how it is handed over and printed.


def _no_label(file):
    return {"label": "", "handed": "", "print_label": "", "show_label": ""}


def _one_label(file):
    return {
        "label": "int label;",
        "handed": ", &label",
        "print_label": 'printf("%d ", label);',
        "show_label": "Serial.println(label);",
    }


def _several_labels(file):
    return _one_label(file) | {
        "label": f"int label[{len(file.computation.classes)}];",
        "handed": ", label",
        "print_label": "",
        "show_label": "",
    }


_LABELS = {
    "values": _no_label,
    "binary": _one_label,
    "multiclass": _one_label,
    "multilabel": _several_labels,
}

_PROPERTIES = """\
name=@name@
version=1.0.0
author=sklearn-halfnet @version@
maintainer=sklearn-halfnet @version@
sentence=A fitted @estimator@.
paragraph=Predicts one row at a time, without memory from the heap.
category=Data Processing
url=
architectures=*
includes=@name@.h
"""
_HEADER = """\
/* @estimator@, written by sklearn-halfnet @version@.
 *
@comment@
 */
#ifndef @guard@_H
#define @guard@_H

#ifdef __cplusplus
extern "C" {
#endif

@classes@@prototype@;

#ifdef __cplusplus
}
#endif

#endif
"""
_SKETCH = """\
#include <@name@.h>

static const @row_type@ row[@n_features@] = {@row@};
static float outputs[@n_outputs@];

void setup()
{
    Serial.begin(9600);
}

void loop()
{
    @label@
    unsigned long begun = micros();
    @name@_predict(row, outputs@handed@);
    Serial.println(micros() - begun);
    @show_label@
    for (int i = 0; i < @n_outputs@; i++)
        Serial.println(outputs[i], 6);
    delay(1000);
}
"""
_MAIN = """\
#include <stdio.h>
#include "@name@.h"

int main(void)
{
    static @row_type@ row[@n_features@];
    static float outputs[@n_outputs@];
    @label@
    float number;
    for (long i = 0; scanf("%f", &number) == 1; i++) {
        row[i % @n_features@] = (@row_type@)number;
        if (i % @n_features@ != @n_features@ - 1)
            continue;
        @name@_predict(row, outputs@handed@);
        @print_label@
        for (int k = 0; k < @n_outputs@; k++)
            printf(k + 1 < @n_outputs@ ? "%.9g " : "%.9g\\n", (double)outputs[k]);
    }
    return 0;
}
"""
