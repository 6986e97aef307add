"""Count what makes the package easy or hard to read.

``python tests/count_structure.py`` prints, for the package beside this folder or in the
folder that is given: own classes that an estimator is made of, attributes that are read
out of nowhere, private members that other rooms reach for, circles of imports, and
lines. It takes seconds; a number is to be held against that of another commit, and is
no aim by itself.
"""

import ast
import inspect
import sys
from collections import defaultdict
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import numpy as np

NAME = "sklearn_halfnet"
# Set by scikit-learn's validate_data, a function, on every estimator.
BY_SKLEARN = {"n_features_in_", "feature_names_in_"}
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef


class Package:
    """The files of the package as syntax trees.

    Parameters
    ----------
    root : Path
        Folder that holds the package.
    """

    def __init__(self, root):
        folder = root / NAME
        self.files = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.py"))
        }
        self.trees = {path: ast.parse(text) for path, text in self.files.items()}

    def within(self, *rooms):
        """Trees by path, of these rooms."""
        return {path: t for path, t in self.trees.items() if path.startswith(rooms)}


def module_name(path):
    parts = [NAME, *path.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# -- classes ---------------------------------------------------------------------------


def own_classes():
    """Own classes in the MRO of each public estimator."""
    package = import_module(NAME)
    publics = [getattr(package, name) for name in package.__all__]
    estimators = [each for each in publics if hasattr(each, "get_params")]
    return {
        each.__name__: [c.__name__ for c in each.__mro__ if c.__module__[:15] == NAME]
        for each in estimators
    }


@cache
def assigned(cls):
    """Attributes that the methods of a class set on self."""
    tree = ast.parse(dedent(inspect.getsource(cls)))
    return {a.attr for a in of_self(tree) if not isinstance(a.ctx, ast.Load)}


def of_self(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "self":
                yield node


def known(cls):
    """Attributes that a class or one above it names, annotates or sets."""
    names = {*dir(cls), *BY_SKLEARN}
    for each in cls.__mro__:
        names |= {*inspect.get_annotations(each)}
        if each.__module__.startswith(NAME):
            names |= assigned(each)
    return names


def read_out_of_nowhere(package):
    """Attributes of self that are read, but defined neither in the class nor above."""
    for path, tree in package.within("estimators/").items():
        module = import_module(module_name(path))
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                read = {a.attr for a in of_self(node) if isinstance(a.ctx, ast.Load)}
                for name in sorted(read - known(getattr(module, node.name))):
                    yield node.name, name


# -- rooms -----------------------------------------------------------------------------


def private_members(package, room):
    """Private members that the files of a room reach for in objects of others."""
    for path, tree in package.within(f"{room}/").items():
        modules = {n.asname or n.name for n in _aliases(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                of, name = node.value, node.attr
                own = isinstance(of, ast.Name) and of.id in {"self", "cls", *modules}
            elif isinstance(node, ast.Call) and _asks_by_name(node):
                own, name = False, node.args[1].value
            else:
                continue
            if name.startswith("_") and not name.startswith("__") and not own:
                yield path, name


def _aliases(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from node.names


def _asks_by_name(call):
    """Whether this is getattr(x, "name") or one of its kin."""
    asks = getattr(call.func, "id", "") in ("getattr", "hasattr", "setattr")
    return asks and isinstance(call.args[1], ast.Constant)


def import_circles(package):
    """Groups of modules that import each other at their top."""
    names = {module_name(path): tree for path, tree in package.trees.items()}
    graph = {name: set(_imported(tree)) & {*names} for name, tree in names.items()}
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {
        frozenset(other for other in reach[name] if name in reach[other])
        for name in graph
    }
    return sorted(sorted(group) for group in groups if group)


def _imported(tree):
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _reachable(graph, start):
    seen, todo = set(), [start]
    while todo:
        new = graph[todo.pop()] - seen
        seen |= new
        todo += new
    return seen


# -- lines -----------------------------------------------------------------------------


def n_lines(node):
    return node.end_lineno - node.lineno + 1


def documentation(tree):
    """Lines of docstrings, and of texts that become docstrings."""
    texts = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | FUNCTIONS[0] | FUNCTIONS[1]):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                texts[first.lineno] = n_lines(first)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "numpydoc":
            texts |= {each.lineno: n_lines(each) for each in node.args}
    return sum(texts.values())


def body_lengths(package):
    """Lines of each function without its signature and docstring."""
    for tree in package.trees.values():
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                yield body[-1].end_lineno - body[0].lineno + 1 if body else 0


# -- report ----------------------------------------------------------------------------


def main(root):
    """Print all counts of the package in a folder."""
    sys.path.insert(0, str(root))
    package = Package(root)

    print("Own classes in the MRO of an estimator")
    for name, classes in own_classes().items():
        print(f"  {len(classes)}  {name}: {' > '.join(classes[1:])}")

    nowhere = defaultdict(list)
    for cls, name in read_out_of_nowhere(package):
        nowhere[cls].append(name)
    n_read = sum(map(len, nowhere.values()))
    print(f"\nRead on self, defined neither in the class nor above it: {n_read}")
    for cls, names in nowhere.items():
        print(f"  {cls}: {', '.join(names)}")

    print("\nPrivate members of others that are reached for")
    for room in ("dask", "export"):
        found = list(private_members(package, room))
        names = sorted({name for _, name in found})
        print(f"  {room}: {len(names)} in {len(found)} places: {', '.join(names)}")

    circles = import_circles(package)
    print(f"\nCircles of imports: {len(circles)}")
    for group in circles:
        print(f"  {', '.join(group)}")

    lengths = [len(text.splitlines()) for text in package.files.values()]
    bodies = list(body_lengths(package))
    print(
        f"\nLines of the package: {sum(lengths)}, of its median file {median(lengths)}"
    )
    nine = int(np.percentile(bodies, 90))
    print(f"Lines of a function body: median {median(bodies)}, 90th percentile {nine}")
    for room in ("estimators", "experiments"):
        inner = package.within(f"{room}/")
        print(f"Files of {room}: {len(inner)}")

    print("\nLines of files of estimators, without documentation and with it")
    for path, tree in package.within("estimators/").items():
        total = len(package.files[path].splitlines())
        print(f"  {total - documentation(tree):4}  {total:4}  {path}")


def median(numbers):
    return int(np.median(numbers))


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else Path(__file__).parents[1]).resolve())
