"""What a user may say of images, and of the head on a convolutional network."""

from sklearn_halfnet._checks import StrOptions
from sklearn_halfnet.estimators._common.documented import numpydoc
from sklearn_halfnet.estimators._common.images import full_image_shape
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fingerprints,
)
from sklearn_halfnet.estimators._trained.fit import start_options

__all__ = ["HEAD_CONSTRAINTS", "IMAGE_ATTRIBUTES", "IMAGE_TEXTS", "head_options"]

HEAD_CONSTRAINTS = {
    "image_shape": [tuple, list, None],
    "head": [StrOptions({"half", "linear", "full"})],
    "weight_kind": LAYER_CONSTRAINTS["weight_kind"],
}

IMAGE_TEXTS = numpydoc("""
    image_shape : tuple of int or None
        (height, width) or (channels, height, width) of the images where X has flat
        rows; one entry may be -1. None takes the shape of X, which then is (n_samples,
        height, width) or (n_samples, channels, height, width).
    device : str
        Where to train and predict; "auto" takes a GPU if torch sees one.
    """)

IMAGE_ATTRIBUTES = numpydoc("""
    image_shape_ : tuple of int
        (channels, height, width) of the images.
    n_features_in_ : int
        Pixels of an image, times its channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if X had any.
    """)


def head_options(estimator, X, network):
    """Check what a network with a head is to be started from.

    Parameters
    ----------
    estimator : estimator
    X : array
        Of images or rows.
    network : TorchNetwork or None
        That goes on.

    Returns
    -------
    options : dict
        Of ``TorchNetworkStart``.
    """
    if network is None:
        image_shape = full_image_shape(X.shape, estimator.image_shape)
    else:
        image_shape = network.image_shape
    sizes, head = check_sizes(estimator.hidden_layer_sizes), estimator.head
    sizes = [] if head == "linear" else sizes
    # Weights of a full head are trained.
    kind = "normal" if head == "full" else estimator.weight_kind
    kinds = check_kinds(kind, len(sizes))
    return {
        **start_options(estimator),
        "sizes": sizes,
        "head": head,
        "kinds": kinds,
        "fingerprints": fingerprints(kinds),
        "image_shape": image_shape,
        "device": estimator.device,
    }
