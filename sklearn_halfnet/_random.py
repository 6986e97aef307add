"""Random numbers: from scikit-learn's ``random_state`` to numpy Generators.

Everything random is drawn by numpy on the host, so that a seed means the same weights,
the same batches and the same validation rows on every device and thread count, and no
global random state is read or changed.
"""

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["child_generators"]


def child_generators(random_state, n_children):
    """Draw independent Generators from a ``random_state``.

    Parameters
    ----------
    random_state : int, RandomState or None
        As in scikit-learn. An int gives the same children at every call.
    n_children : int
        How many Generators are wanted.

    Returns
    -------
    generators : list of numpy.random.Generator
        One for each purpose (weights, batches, ...), so that drawing more numbers for
        one leaves the others as they were.

    Examples
    --------
    >>> from sklearn_halfnet._random import child_generators
    >>> a, b = child_generators(0, 2)
    >>> again, _ = child_generators(0, 2)
    >>> bool(a.random() == again.random())
    True
    """
    seeds = check_random_state(random_state).randint(
        np.iinfo(np.int32).max, size=n_children
    )
    return [np.random.default_rng(int(seed)) for seed in seeds]
