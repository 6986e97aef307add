"""Neural networks that train only what matters, as scikit-learn estimators."""

import ast
from importlib import import_module
from pathlib import Path

from sklearn_halfnet._version import __version__ as __version__


def _modules():
    """Map the public names that the stub beside this file lists to their modules."""
    stub = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    body = ast.parse(stub).body
    imports = [node for node in body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module for node in imports for alias in node.names}


_MODULES = _modules()

__all__ = sorted([*_MODULES, "__version__"])


def __getattr__(name):
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__():
    return __all__
