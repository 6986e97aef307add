"""The public names, for type checkers and editors; ``__init__.py`` reads them here."""

from sklearn_halfnet.estimators.boosted_features.boosted_features import (
    BoostedFeaturesClassifier as BoostedFeaturesClassifier,
    BoostedFeaturesRegressor as BoostedFeaturesRegressor,
)
from sklearn_halfnet.estimators.closed_form.elm import (
    ELMClassifier as ELMClassifier,
    ELMRegressor as ELMRegressor,
)
from sklearn_halfnet.estimators.closed_form.rvfl import (
    RVFLClassifier as RVFLClassifier,
    RVFLRegressor as RVFLRegressor,
)
from sklearn_halfnet.estimators.half_layers.conv_half_layer import (
    ConvHalfLayerClassifier as ConvHalfLayerClassifier,
    ConvHalfLayerRegressor as ConvHalfLayerRegressor,
)
from sklearn_halfnet.estimators.half_layers.half_layer import (
    HalfLayerClassifier as HalfLayerClassifier,
    HalfLayerRegressor as HalfLayerRegressor,
)
from sklearn_halfnet.estimators.halfnet.halfnet import (
    HalfNetClassifier as HalfNetClassifier,
    HalfNetRegressor as HalfNetRegressor,
)
from sklearn_halfnet.estimators.partial_cnn.partial_cnn import (
    PartialCNNClassifier as PartialCNNClassifier,
    PartialCNNRegressor as PartialCNNRegressor,
)
from sklearn_halfnet.estimators.partial_cnn.shared_backbone import (
    SharedBackboneEnsembleClassifier as SharedBackboneEnsembleClassifier,
)
from sklearn_halfnet.estimators.untrained.deskew_resize import (
    DeskewResize as DeskewResize,
)
from sklearn_halfnet.estimators.untrained.random_branched_network import (
    RandomBranchedNetwork as RandomBranchedNetwork,
)
from sklearn_halfnet.estimators.untrained.random_features import (
    RandomFeatures as RandomFeatures,
)
from sklearn_halfnet.estimators.untrained.random_network import (
    RandomNetwork as RandomNetwork,
)
from sklearn_halfnet.estimators.untrained.random_recurrent_network import (
    RandomRecurrentNetwork as RandomRecurrentNetwork,
)
from sklearn_halfnet.estimators.weight_agnostic.weight_agnostic import (
    WeightAgnosticClassifier as WeightAgnosticClassifier,
    WeightAgnosticRegressor as WeightAgnosticRegressor,
)
from sklearn_halfnet.files.checkpoint import (
    Checkpoint as Checkpoint,
)
from sklearn_halfnet.files.classes import (
    trusted_types as trusted_types,
)
from sklearn_halfnet.files.model_file import (
    load as load,
    save as save,
)
from sklearn_halfnet.linear.gram import (
    Gram as Gram,
)

__version__: str
