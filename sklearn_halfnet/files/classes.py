"""The classes that a model file may name, and where they are defined.

A file holds the name alone: a class may move to another module and keep its files.
"""

from importlib import import_module

__all__ = ["ESTIMATORS", "class_named", "name_of", "trusted_types"]

_PACKAGE = "sklearn_halfnet"
# Module -> the classes of it.
_ESTIMATORS = {
    "estimators.boosted_features.boosted_features": [
        "BoostedFeaturesClassifier",
        "BoostedFeaturesRegressor",
    ],
    "estimators.closed_form.elm": ["ELMClassifier", "ELMRegressor"],
    "estimators.closed_form.rvfl": ["RVFLClassifier", "RVFLRegressor"],
    "estimators.half_layers.conv_half_layer": [
        "ConvHalfLayerClassifier",
        "ConvHalfLayerRegressor",
    ],
    "estimators.half_layers.half_layer": ["HalfLayerClassifier", "HalfLayerRegressor"],
    "estimators.halfnet.halfnet": ["HalfNetClassifier", "HalfNetRegressor"],
    "estimators.partial_cnn.partial_cnn": [
        "PartialCNNClassifier",
        "PartialCNNRegressor",
    ],
    "estimators.partial_cnn.shared_backbone": ["SharedBackboneEnsembleClassifier"],
    "estimators.untrained.deskew_resize": ["DeskewResize"],
    "estimators.untrained.random_branched_network": ["RandomBranchedNetwork"],
    "estimators.untrained.random_features": ["RandomFeatures"],
    "estimators.untrained.random_network": ["RandomNetwork"],
    "estimators.untrained.random_recurrent_network": ["RandomRecurrentNetwork"],
    "estimators.weight_agnostic.weight_agnostic": [
        "WeightAgnosticClassifier",
        "WeightAgnosticRegressor",
    ],
}
_PARTS = {
    "estimators.weight_agnostic._search": ["SearchState"],
    "evolution.front": ["ParetoFront"],
    "evolution.guided": ["GuidedSearch"],
    "evolution.mutation": ["Genome"],
    "evolution.network": ["CalibratedNetwork"],
    "evolution.search": ["EvolutionSearch"],
    "features.columns": ["ColumnCoding", "ColumnFacts", "Vocabulary"],
    "features.embedding": ["ColumnEmbedding"],
    "features.hidden_layer": ["HiddenLayer"],
    "features.low_rank": ["LowRankLayer"],
    "features.moments": ["Moments"],
    "features.rounded": ["RoundedInputs", "Rounding"],
    "features.scaling": ["InputScaling"],
    "features.shared_weight": ["Graph"],
    "linear.gram": ["Gram"],
    "models.boosted_features": ["BoostedLayer", "BoostedModel"],
    "models.branched_stack": ["BranchedStack"],
    "models.closed_form": ["ClosedFormModel", "ClosedFormSums", "Solution"],
    "models.conv_half_layer": ["ConvHalfLayerModel", "Maps"],
    "models.deep_stack": ["DeepStack"],
    "models.half_layer": ["HalfLayerModel"],
    "models.history": ["History", "LeftOff"],
    "models.conformity": ["Conformity"],
    "models.left_out": ["LeftOutErrors", "LeftOutRows", "Spread"],
    "models.low_rank": ["LowRankModel"],
    "models.members": ["MembersModel"],
    "models.partial_cnn": ["Backbone", "Constants", "PartialCNNModel"],
    "models.partial_design": ["NetworkDesign"],
    "models.random_features": ["RandomFeaturesModel"],
    "models.read_out": ["LinearReadOut"],
    "models.recurrent_stack": ["RecurrentStack"],
    "models.regression_losses": [
        "AbsoluteError",
        "Gamma",
        "Huber",
        "Poisson",
        "Quantile",
        "SquaredError",
    ],
    "models.ridge_sums": ["ReadOutSums"],
    "models.row_sample": ["RowSample"],
    "models.shared_weight": ["SharedWeightModel"],
    "models.stream": ["Later", "Stream"],
    "models.targets": ["ClassTargets", "RealTargets"],
    "weights.binary": ["BinaryWeights"],
    "weights.class_sums": ["ClassSumWeights"],
    "weights.custom": ["ArrayWeights"],
    "weights.difference": ["DifferenceWeights"],
    "weights.gabor": ["GaborWeights"],
    "weights.instances": ["InstanceWeights"],
    "weights.mexican_hat": ["MexicanHatWeights"],
    "weights.normal": ["NormalWeights"],
    "weights.orthogonal": ["OrthogonalWeights"],
    "weights.principal": ["PrincipalWeights"],
    "weights.receptive_field": ["ReceptiveFieldWeights"],
    "weights.seeded": ["SeededWeights"],
    "weights.sparse": ["SparseWeights"],
    "weights.storage": ["BitStorage", "DenseStorage", "SparseStorage"],
    "weights.uniform": ["UniformWeights"],
}
# What a file holds as a whole.
ESTIMATORS = {name for names in _ESTIMATORS.values() for name in names}
_MODULES = {
    name: f"{_PACKAGE}.{module}"
    for module, names in (_ESTIMATORS | _PARTS).items()
    for name in names
}
# Of numpy and scipy, which skops does not trust by itself.
_MORE_TRUSTED = (
    "numpy.random._generator.Generator",
    "scipy.sparse._csr.csr_array",
)


def class_named(name):
    """Return the class that a model file calls so; raise ValueError if there is none.

    The name is looked up in a table: no other module is ever imported.
    """
    if name not in _MODULES:
        raise ValueError(f"it names a class {name!r} that no model file may hold")
    return getattr(import_module(_MODULES[name]), name)


def name_of(cls):
    """Return how a model file calls a class, or None if it may hold none."""
    name = cls.__name__
    known = _MODULES.get(name) == cls.__module__ and cls.__qualname__ == name
    return name if known else None


def trusted_types():
    """List the types of which fitted estimators consist, for skops.

    With it ``skops.io`` reads Pipelines that hold estimators of this package and
    refuses all other types that it does not know.

    Returns
    -------
    types : list of str
        Names with their modules, sorted. They are those of this version: the same list
        is meant for writing and reading.

    See Also
    --------
    load : Read one estimator, without skops.

    References
    ----------
    The skops developers, "Secure persistence with skops", https://skops.readthedocs.io.

    Examples
    --------
    >>> import skops.io
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_halfnet import ELMClassifier, trusted_types
    >>> X, y = load_iris(return_X_y=True)
    >>> pipeline = make_pipeline(StandardScaler(), ELMClassifier(50, random_state=0))
    >>> written = skops.io.dumps(pipeline.fit(X, y))
    >>> loaded = skops.io.loads(written, trusted=trusted_types())
    >>> bool((loaded.predict(X) == pipeline.predict(X)).all())
    True
    """
    ours = (f"{module}.{name}" for name, module in _MODULES.items())
    return sorted([*ours, *_MORE_TRUSTED])
