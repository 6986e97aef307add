"""The graph of a weight-agnostic network as lists of nodes and as networkx has it."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

__all__ = ["node_names", "to_networkx", "used_nodes"]


def node_names(model):
    """Name the sources and targets of ``connections_``.

    Parameters
    ----------
    model : WeightAgnosticClassifier or WeightAgnosticRegressor
        Fitted.

    Returns
    -------
    sources, targets : list of str
        Inputs by ``feature_names_in_`` or "x0", "x1", ...; "bias"; hidden nodes "h0",
        "h1", ...; outputs by ``classes_`` ("class 0") or "y0", "y1", ... An input that
        has another node's name is called "input h0".
    """
    check_is_fitted(model, "connections_")
    d, h = model.n_features_in_, len(model.node_activations_)
    n_outputs = model.connections_.shape[1] - h
    inputs = getattr(model, "feature_names_in_", [f"x{i}" for i in range(d)])
    hidden = [f"h{i}" for i in range(h)]
    classes = getattr(model, "classes_", ())
    outputs = [f"y{i}" for i in range(n_outputs)]
    if len(classes) == n_outputs:
        outputs = [f"class {label}" for label in classes]
    elif len(classes) == 2:
        outputs = [f"class {classes[1]}"]
    others = {"bias", *hidden, *outputs}
    inputs = [f"input {name}" if name in others else str(name) for name in inputs]
    return [*inputs, "bias", *hidden], [*hidden, *outputs]


def used_nodes(model):
    """Tell the layer of each node that a connection touches.

    Parameters
    ----------
    model : WeightAgnosticClassifier or WeightAgnosticRegressor

    Returns
    -------
    layers : dict of str to int
        0 for inputs and bias, the length of the longest path for hidden nodes, and one
        more than the deepest of these for all outputs.
    """
    sources, targets = node_names(model)
    links, h = model.connections_ != 0, len(model.node_activations_)
    depth = np.zeros(len(sources), int)
    first = len(sources) - h
    for node in range(h):
        depth[first + node] = 1 + depth[links[:, node]].max(initial=0)
    used = links.any(axis=1)
    used[first:] = True
    layers = {sources[i]: int(depth[i]) for i in np.flatnonzero(used)}
    last = int(depth.max()) + 1
    return layers | {name: last for name in targets[h:]}


def to_networkx(model):
    """Make a ``networkx.DiGraph`` of a fitted weight-agnostic estimator.

    Parameters
    ----------
    model : WeightAgnosticClassifier or WeightAgnosticRegressor

    Returns
    -------
    graph : networkx.DiGraph
        Nodes have attributes "activation" and "layer", connections "weight": one, or
        the trained weight.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_halfnet import WeightAgnosticClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> model = WeightAgnosticClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> graph = model.to_networkx()
    >>> graph.number_of_edges() == model.n_connections_
    True
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError(
            "to_networkx needs networkx: pip install sklearn-halfnet[graph]"
        ) from error
    (sources, targets), layers = node_names(model), used_nodes(model)
    names = zip(targets, model.node_activations_, strict=False)
    activation = {name: str(f) for name, f in names}
    graph = networkx.DiGraph()
    for name, layer in layers.items():
        kind = "input" if layer == 0 else activation.get(name, "linear")
        graph.add_node(name, layer=layer, activation=kind)
    for i, j in np.argwhere(model.connections_):
        weight = float(model.connections_[i, j])
        graph.add_edge(sources[i], targets[j], weight=weight)
    return graph
