"""Cheap ensembles of convolutional networks that share what is fixed."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.model_selection import train_test_split
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.fitting import keep_state_on_error
from sklearn_halfnet.estimators._common.types import RandomState
from sklearn_halfnet.estimators._common.validation import (
    check_sample_weight,
    make_targets,
    validate_training,
)
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.estimators.partial_cnn.partial_cnn import (
    PartialCNNClassifier,
    branches,
)
from sklearn_halfnet.models.partial_cnn import EnsembleModel

__all__ = ["SharedBackboneEnsembleClassifier"]

_TEXTS = numpydoc("""
    estimator : PartialCNNClassifier or None
        What members are; its ``trainable``, ``fraction`` and ``n_filters`` are set by
        ``shared_fraction``. None takes ``PartialCNNClassifier()``.
    n_estimators : int
        Members.
    shared_fraction : float
        Share of each convolution's filters that is shared. With 1 members learn only
        their classifier, with 0 everything.
    shared_max_iter : int
        Passes over the data of the common start. With 0 there is none: members share
        filters as they were drawn, of which only the seed is stored, and draw the
        others by themselves.
    validation_fraction : float or None
        Share of the rows held out, stratified by class, on which members and ensemble
        are scored; None trains on all rows and scores nothing.
    n_jobs : int or None
        Members trained at the same time, as in joblib. It changes the result by
        rounding at most.
    random_state : int, RandomState or None
        Determines weights, batches and held-out rows.
    """)

_ATTRIBUTES = numpydoc("""
    estimators_ : list of PartialCNNClassifier
        The members.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    member_scores_ : ndarray of shape (n_estimators,)
        Accuracy of each member on the held-out rows, if there are any.
    mean_member_score_ : float
        Their mean.
    ensemble_score_ : float
        Accuracy of the ensemble on the same rows.
    n_trainable_parameters_ : int
        Numbers that the members learned by themselves.
    n_stored_bytes_ : int
        Bytes of what a pickled ensemble holds: what is shared counts once.
    n_features_in_ : int
        Pixels of an image, times its channels.
    feature_names_in_ : ndarray of str
        Names of the columns, where X had any.
    """)


@documented(_TEXTS, _ATTRIBUTES)
@dataclass(eq=False, repr=False)
class SharedBackboneEnsembleClassifier(
    CallbackSupportMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Mean of several networks that share a fraction of every convolution.

    One network is trained as a whole for a few passes. From there each member goes on
    by itself, with other batches: it learns the first filters of every convolution, all
    batch norms and the classifier; the other filters stay as the start left them, and
    are stored once for all members [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Raises
    ------
    ValueError
        If the estimator is none of which filters can be shared.

    See Also
    --------
    PartialCNNClassifier : The members.

    References
    ----------
    .. [1] A. Rosenfeld and J. K. Tsotsos, "Intriguing Properties of Randomly Weighted
       Networks: Generalizing While Learning Next to Nothing", arXiv:1802.00844, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import PartialCNNClassifier
    >>> from sklearn_halfnet import SharedBackboneEnsembleClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> member = PartialCNNClassifier(
    ...     depth=10, width=1, image_shape=(8, 8), max_iter=3
    ... )
    >>> ensemble = SharedBackboneEnsembleClassifier(member, 3, random_state=0)
    >>> ensemble = ensemble.fit(X, y)
    >>> bool(ensemble.ensemble_score_ > 0.8)
    True
    """

    estimator: PartialCNNClassifier | None = None
    n_estimators: int = 5
    _: KW_ONLY
    shared_fraction: float = 0.9
    shared_max_iter: int = 1
    validation_fraction: float | None = 0.1
    n_jobs: int | None = None
    random_state: RandomState = None

    estimators_: list[PartialCNNClassifier] = field(init=False)
    classes_: NDArray[Any] = field(init=False)
    feature_names_in_: NDArray[Any] = field(init=False)
    member_scores_: NDArray[np.float64] = field(init=False)
    mean_member_score_: float = field(init=False)
    ensemble_score_: float = field(init=False)

    _parameter_constraints = {
        "estimator": [PartialCNNClassifier, None],
        "n_estimators": [whole(1)],
        "shared_fraction": [real(0, 1, closed="both")],
        "shared_max_iter": [whole(0)],
        "validation_fraction": [real(0, 1, closed="neither"), None],
        "n_jobs": [int, None],
        "random_state": ["random_state"],
    }

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        member = get_tags(self._member())
        tags.input_tags = member.input_tags
        tags.classifier_tags = member.classifier_tags
        return tags

    @with_callbacks
    # `estimator` is validated when its own fit is called.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Train all members.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative; None means one for each row.

        Returns
        -------
        self : object
            The estimator.
        """
        member = self._member()
        if member.frozen != "random":
            raise ValueError(
                "Members share what is fixed, so it cannot be zero: the estimator's "
                f"frozen must be 'random', got {member.frozen!r}."
            )
        trial = clone(member)
        sample_weight = _checked_weight(trial, X, y, sample_weight)
        self._check_memory(trial, X)
        with keep_state_on_error(self):
            shares = self.shared_max_iter > 0
            context = self._init_callback_context(
                max_subtasks=shares + self.n_estimators
            )
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            rng, seeds = child_generators(self.random_state, 2)
            seeds = seeds.integers(2**31, size=self.n_estimators).tolist()
            train, held_out = self._split(X, y, sample_weight, rng)
            start_seed = int(rng.integers(2**31))
            members = self._members(member, train, start_seed, seeds, context)
            # All contexts first: none may be added while another is being pickled.
            tasks = [context.subcontext(task_name="member") for _ in members]
            fitted: Any = Parallel(n_jobs=self.n_jobs)(
                delayed(_fit)(member, train, self, task)
                for member, task in zip(members, tasks, strict=True)
            )
            self.estimators_ = fitted
            self._share_constants()
            self._forget()
            self.classes_ = self.estimators_[0].classes_
            if hasattr(self.estimators_[0], "feature_names_in_"):
                self.feature_names_in_ = self.estimators_[0].feature_names_in_
            if held_out is not None:
                self._score_members(*held_out)
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _check_memory(self, trial, X):
        """Estimate what all members learn by themselves, for one that has seen X."""
        trial._validate_params()
        design = trial._start(X if hasattr(X, "shape") else np.asarray(X), None).design
        weights = sum(map(int, map(np.prod, design.conv_shapes.values())))
        own = (1 - self.shared_fraction) * weights * np.dtype(trial.dtype).itemsize
        check_memory(
            self.n_estimators * own,
            f"n_estimators={self.n_estimators} with "
            f"shared_fraction={self.shared_fraction}",
            "Use fewer members, or let them share more.",
        )

    def _forget(self):
        """Remove what only some fits set."""
        names = "feature_names_in_", "member_scores_", "mean_member_score_"
        for name in (*names, "ensemble_score_"):
            vars(self).pop(name, None)

    def _member(self):
        return PartialCNNClassifier() if self.estimator is None else self.estimator

    def _split(self, X, y, sample_weight, rng):
        """Rows (X, y, sample_weight) for training, and (X, y) held out or None."""
        rows = (X, y) if sample_weight is None else (X, y, sample_weight)
        if self.validation_fraction is None:
            return rows, None
        stratify = y if np.ndim(y) == 1 else None
        try:
            halves = train_test_split(
                *rows,
                test_size=self.validation_fraction,
                stratify=stratify,
                random_state=int(rng.integers(2**31)),
            )
        except ValueError as error:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} cannot hold out rows "
                f"of every class ({error}); None holds out none."
            ) from error
        return halves[::2], halves[1:4:2]

    def _members(self, member, train, start_seed, seeds, context):
        """Return members as they are before their own training."""
        learned: dict[str, Any] = {"n_filters": None}
        if self.shared_fraction in (0, 1):
            everything = self.shared_fraction == 0
            learned["trainable"] = "all" if everything else "classifier"
        else:
            learned |= {"fraction": 1 - self.shared_fraction, "trainable": "filters"}
        if self.shared_max_iter == 0:
            if member.backbone_seed is None:
                learned["backbone_seed"] = start_seed
            return [_copy(member, **learned, random_state=s) for s in seeds]
        start = _copy(
            member,
            trainable="all",
            max_iter=self.shared_max_iter,
            random_state=start_seed,
        )
        start = _fit(start, train, self, context.subcontext(task_name="shared start"))
        return branches(start, seeds, **learned, max_iter=member.max_iter)

    def _share_constants(self):
        """Let members hold one copy, also if they come from other processes."""
        constants = self.estimators_[0].model_.constants
        for member in self.estimators_[1:]:
            member.model_ = member.model_.with_constants(constants)

    def _score_members(self, X, y):
        self.member_scores_ = np.array([m.score(X, y) for m in self.estimators_])
        self.mean_member_score_ = float(self.member_scores_.mean())
        self.ensemble_score_ = float(self.score(X, y))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Average the members' probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self)
        return np.mean([m.predict_proba(X) for m in self.estimators_], axis=0)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Compute the logarithm of the average probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class that is most probable on average.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        probabilities = self.predict_proba(X)
        if self.estimators_[0].model_.targets.kind == "multilabel":
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    @property
    def model_(self) -> EnsembleModel:
        """The members' networks, as one."""
        check_is_fitted(self, "estimators_")
        return EnsembleModel([member.model_ for member in self.estimators_])

    @property
    def n_features_in_(self) -> int:
        """Pixels of an image, times its channels."""
        check_is_fitted(self, "estimators_")
        return self.estimators_[0].n_features_in_

    @property
    def n_trainable_parameters_(self) -> int:
        """Numbers that the members learned by themselves."""
        check_is_fitted(self)
        return sum(member.n_trainable_parameters_ for member in self.estimators_)

    @property
    def n_stored_bytes_(self) -> int:
        """Bytes of the arrays that a pickled ensemble holds."""
        check_is_fitted(self)
        first = self.estimators_[0]
        shared = first.n_constant_bytes_
        own = (member.n_stored_bytes_ - shared for member in self.estimators_)
        return shared + sum(own)


def _copy(member: PartialCNNClassifier, **parameters: Any) -> PartialCNNClassifier:
    """Clone a member, with some parameters changed."""
    copy: Any = clone(member)
    return copy.set_params(**parameters)


def _checked_weight(member, X, y, sample_weight):
    """Raise what a member would raise, before any rows are held out."""
    _, y = validate_training(member, X, y, reset=True)
    make_targets(member, y, None)
    return check_sample_weight(sample_weight, len(y))


def _fit(member, rows, caller, context):
    """Fit a member as a subtask of the ensemble, whose callbacks see it."""
    X, y = rows[:2]
    with context.propagate_callback_context(member):
        context.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        member.fit(*rows)
    context.call_on_fit_task_end(estimator=caller, X=X, y=y)
    return member
