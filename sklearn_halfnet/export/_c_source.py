"""A C source file while it is written."""

import re
from textwrap import dedent, indent

import numpy as np

from sklearn_halfnet.export._source import converted

__all__ = ["CSource"]

_A_LINE = 8
_UNSIGNED = {np.uint8: "unsigned char", np.uint16: "unsigned short"}
# Integers that are what they are, whatever their size.
_EXACT = {"int8": "signed char", "int16": "short", "uint32": "uint32_t"}
# Of a long on most machines; small ones have four.
_BYTES = {
    **{"signed char": 1, "unsigned char": 1, "short": 2, "unsigned short": 2},
    **{"uint32_t": 4, "unsigned long": 8},
}
_DIGITS = {"float": 9, "double": 17}


class CSource:
    """Arrays, functions and statements, in the order in which they are added.

    Parameters
    ----------
    name : str
        What all names at file scope begin with.
    dtype : {"float32", "float64"}
        Type of all floating-point values.
    types : dict of str to str
        C types of arrays that are not of this type.
    """

    def __init__(self, name, dtype, types=()):
        self.name = name
        self.real = "float" if dtype == "float32" else "double"
        # Of the functions of math.h and of constants.
        self.suffix = "f" if dtype == "float32" else ""
        self.dtype = np.dtype(dtype)
        self.statements = []
        self.stack_bytes = self.constant_bytes = 0
        self.types = dict(types)
        self._arrays = {}
        self._functions = {}
        self._deepest = 0

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

    def local(self, name, size, c_type="{real}"):
        """Write the definition of a local array, and count its bytes."""
        self.stack_bytes += size * _BYTES.get(c_type, self.dtype.itemsize)
        return f"{c_type} {name}[{size}];"

    def type_of(self, name):
        """C type of an array's numbers: ``{real}`` unless it is another one."""
        return self.types.get(name, "{real}")

    def number(self, value):
        """Write one floating-point number, with the suffix of the type."""
        return self._numbers(np.array([float(value)]))[0]

    def array(self, values):
        """Add an array of constants and return its name; equal ones are added once.

        Parameters
        ----------
        values : ndarray
            Floating-point numbers of any shape, row by row; int8, int16 or uint32 as
            they are; or whole numbers from zero, in the smallest type that holds them.
        """
        # C has no arrays of no elements.
        values = np.ravel(values) if np.size(values) else np.zeros(1, int)
        if values.dtype.kind == "f":
            c_type, texts = self.real, self._numbers(values)
        elif values.dtype.name in _EXACT:
            c_type, texts = _EXACT[values.dtype.name], self._integers(values)
        else:
            c_type, texts = _unsigned(values), list(map(str, values.tolist()))
        key = c_type, tuple(texts)
        if key not in self._arrays:
            name = f"{self.name}_c{len(self._arrays)}"
            text = array_text(f"static const {c_type} {name}", texts)
            n_bytes = len(texts) * _BYTES.get(c_type, self.dtype.itemsize)
            self._arrays[key] = name, text, n_bytes
        return self._arrays[key][0]

    def function(self, name, arguments, text, returns="{real}", stack=0):
        """Add a function; return its name.

        Parameters
        ----------
        name, arguments, text : str
        returns : str, default="{real}"
            C type of what it returns.
        stack : int, default=0
            Bytes of its arrays, the largest of which are counted.
        """
        whole = f"{self.name}_{name}"
        head = self._filled(f"static {returns} {whole}({arguments})", {})
        body = indent(self._filled(text, {}), "    ")
        self._functions[whole] = f"{head}\n{{\n{body}\n}}\n"
        self._deepest = max(self._deepest, stack)
        return whole

    @property
    def n_stack_bytes(self):
        """Bytes of all arrays on the stack."""
        return self.stack_bytes + self._deepest

    @property
    def n_constant_bytes(self):
        """Bytes of all arrays of constants."""
        arrays = sum(n_bytes for _, _, n_bytes in self._arrays.values())
        return self.constant_bytes + arrays

    @property
    def definitions(self):
        """Text of all arrays and functions."""
        arrays = [text for _, text, _ in self._arrays.values()]
        return "\n".join([*arrays, *self._functions.values()])

    def _numbers(self, values):
        converted(values, self.dtype)
        pattern = f"%.{_DIGITS[self.real]}g"
        texts = [pattern % value for value in values.tolist()]
        if not self.suffix:
            return texts
        # Without a point or an exponent, a suffix would be no C.
        return [t + ("f" if set(t) & set(".e") else ".0f") for t in texts]

    def _integers(self, values):
        suffix = "u" if values.dtype.kind == "u" else ""
        return [f"{value}{suffix}" for value in values.tolist()]

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
    """Replace a word; on a line of its own it stands for several lines, or none."""
    if not value:
        text = re.sub(rf"^ *{re.escape(word)}\n", "", text, flags=re.MULTILINE)
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
