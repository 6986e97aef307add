"""A C source file while it is written."""

import re
from textwrap import dedent, indent

import numpy as np

from sklearn_halfnet.export._source import converted

__all__ = ["CSource"]

_A_LINE = 8
_UNSIGNED = {np.uint8: "unsigned char", np.uint16: "unsigned short"}
_DIGITS = {"float": 9, "double": 17}


class CSource:
    """Arrays, functions and statements, in the order in which they are added.

    Parameters
    ----------
    name : str
        What all names at file scope begin with.
    dtype : {"float32", "float64"}
        Type of all floating-point values.
    """

    def __init__(self, name, dtype):
        self.name = name
        self.real = "float" if dtype == "float32" else "double"
        # Of the functions of math.h and of constants.
        self.suffix = "f" if dtype == "float32" else ""
        self.dtype = np.dtype(dtype)
        self.statements = []
        self.stack_bytes = 0
        self._arrays = {}
        self._functions = {}

    def say(self, text, **words):
        """Add statements.

        Parameters
        ----------
        text : str
            ``{word}`` stands for the word's value.
        **words
            A value may hold words that come after it.
        """
        self.statements.append(self._filled(text, words))

    def local(self, name, size):
        """Write the definition of a local array, and count its bytes."""
        self.stack_bytes += size * self.dtype.itemsize
        return f"{self.real} {name}[{size}];"

    def array(self, values):
        """Add an array of constants and return its name; equal ones are added once.

        Parameters
        ----------
        values : ndarray
            Floating-point numbers of any shape, row by row; or whole numbers from zero,
            in the smallest type that holds them.
        """
        # C has no arrays of no elements.
        values = np.ravel(values) if np.size(values) else np.zeros(1, int)
        if values.dtype.kind == "f":
            c_type, texts = self.real, self._numbers(values)
        else:
            c_type, texts = _unsigned(values), list(map(str, values.tolist()))
        key = c_type, tuple(texts)
        if key not in self._arrays:
            name = f"{self.name}_c{len(self._arrays)}"
            text = array_text(f"static const {c_type} {name}", texts)
            self._arrays[key] = name, text
        return self._arrays[key][0]

    def function(self, name, arguments, text):
        """Add a function that returns a floating-point number; return its name."""
        whole = f"{self.name}_{name}"
        head = self._filled(f"static {{real}} {whole}({arguments})", {})
        body = indent(self._filled(text, {}), "    ")
        self._functions[whole] = f"{head}\n{{\n{body}\n}}\n"
        return whole

    @property
    def definitions(self):
        """Text of all arrays and functions."""
        arrays = [text for _, text in self._arrays.values()]
        return "\n".join([*arrays, *self._functions.values()])

    def _numbers(self, values):
        converted(values, self.dtype)
        pattern = f"%.{_DIGITS[self.real]}g"
        return [pattern % value for value in values.tolist()]

    def _filled(self, text, words):
        """Replace {word} in a text, where other braces are C's."""
        text = dedent(text).strip("\n")
        for word, value in [*words.items(), ("real", self.real), ("f", self.suffix)]:
            text = _replaced(text, "{" + word + "}", str(value))
        return text


def array_text(declaration, texts):
    """Write an array's definition, a few values a line."""
    lines = [
        "    " + ", ".join(texts[start : start + _A_LINE])
        for start in range(0, len(texts), _A_LINE)
    ]
    return f"{declaration}[{len(texts)}] = {{\n" + ",\n".join(lines) + "\n};\n"


def _replaced(text, word, value):
    """Replace a word; on a line of its own it stands for several lines."""
    block = re.compile(rf"^( *){re.escape(word)}$", re.MULTILINE)
    lines = dedent(value).strip("\n")
    text = block.sub(lambda found: indent(lines, found[1]), text)
    return text.replace(word, value)


def _unsigned(values):
    peak = values.max(initial=0)
    for dtype, name in _UNSIGNED.items():
        if peak <= np.iinfo(dtype).max:
            return name
    return "unsigned long"
