"""Data sets for benchmarks: scikit-learn's, OpenML's, or files of your own.

No file comes with the package. :func:`load_dataset` takes image sets from
OpenML (kept in scikit-learn's cache) or from a folder, where their checksums
are verified, and tables from ``.csv`` and ``.npz`` files. :func:`make_multi_index`
makes data whose target depends on few directions of many features,
:func:`make_distorted_prototypes` categories whose members differ more and more.
"""

from sklearn_halfnet.datasets._load import load_dataset
from sklearn_halfnet.datasets._multi_index import make_multi_index
from sklearn_halfnet.datasets._parquet import parquet_blocks
from sklearn_halfnet.datasets._prototypes import make_distorted_prototypes
from sklearn_halfnet.datasets.images import IMAGES

__all__ = [
    "IMAGES",
    "load_dataset",
    "make_distorted_prototypes",
    "make_multi_index",
    "parquet_blocks",
]
