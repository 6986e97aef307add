"""CIFAR-10 or CIFAR-100 from one npz file: JPEG streams that share their header."""

import io
from itertools import pairwise

import numpy as np

from sklearn_halfnet.exceptions import DatasetError

__all__ = ["decode_jpeg_parts", "is_jpeg_archive", "jpeg_title"]


def is_jpeg_archive(names):
    """Whether an npz file with these array names holds JPEG streams."""
    return {"head", "train_data", "train_offsets", "y_train"} <= set(names)


def jpeg_title(spec):
    """Name a set of lossy images: accuracies do not compare with published ones."""
    return f"JPEG-recompressed {spec.title}"


def decode_jpeg_parts(arrays, path, spec):
    """Pixels and labels of the train and the test part.

    Parameters
    ----------
    arrays : dict of ndarray
        ``head`` (the bytes every image begins with), and for ``s`` in train and
        test: ``s_data`` (the rest of all images, one after another),
        ``s_offsets`` (where they begin and end) and ``y_s``.
    path : path-like
        The file, for messages.
    spec : ImageSet
        The image set.

    Returns
    -------
    dict
        ``X_train, y_train, X_test, y_test``: uint8 pixels, one flat row an
        image, channels last.

    Raises
    ------
    DatasetError
        If an image cannot be decoded or one is missing.
    ImportError
        Without Pillow (the extra ``images``).
    """
    head = arrays["head"].tobytes()
    parts = {}
    for part, n_rows in (("train", spec.n_train), ("test", spec.n_test)):
        data, offsets = arrays[f"{part}_data"].tobytes(), arrays[f"{part}_offsets"]
        labels = arrays[f"y_{part}"].astype(np.int64)
        if len(labels) != n_rows or len(offsets) != n_rows + 1:
            raise DatasetError(
                f"{path} holds {len(labels):,} labels and {len(offsets) - 1:,} "
                f"{part} images, expected {n_rows:,} of both. Get the file again."
            )
        pixels = np.empty((n_rows, spec.n_features), np.uint8)
        for i, (begin, end) in enumerate(pairwise(offsets)):
            pixels[i] = _decode(head + data[begin:end], spec, path, part, i)
        parts[f"X_{part}"], parts[f"y_{part}"] = pixels, labels
    return parts


def _decode(stream, spec, path, part, i):
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            f"Decoding the JPEG images of {path} needs Pillow: "
            "pip install 'sklearn-halfnet[images]'."
        ) from error
    try:
        image = Image.open(io.BytesIO(stream))
        # Sizes first: a few bytes can announce gigabytes of pixels.
        shape = (*image.size[::-1], len(image.getbands()))
        if shape == spec.image_shape:
            return np.asarray(image).reshape(-1)
    except Exception as error:
        raise DatasetError(
            f"{path}: {part} image {i} cannot be decoded ({error}); the file is "
            "damaged. Get it again."
        ) from error
    raise DatasetError(
        f"{path}: {part} image {i} has shape {shape}, expected {spec.image_shape}. "
        "Get the file again."
    )
