"""NSGA-II: non-dominated sorting and crowding distance.

References
----------
Deb, Pratap, Agarwal and Meyarivan (2002), "A fast and elitist multiobjective genetic
algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 6(2).
"""

import numpy as np

__all__ = ["crowding_distance", "fronts", "nsga_order"]


def fronts(objectives):
    """Tell each point's front; all objectives are to be large.

    Parameters
    ----------
    objectives : ndarray of shape (n, m)

    Returns
    -------
    front : ndarray of shape (n,) of int
        0 for points that no other dominates, 1 for those that only front 0 dominates,
        and so on.
    """
    no_worse = True
    for values in np.asarray(objectives).T:
        no_worse = no_worse & (values[:, None] >= values)
    dominates = no_worse & ~no_worse.T
    left, front = np.count_nonzero(dominates, axis=0), np.full(len(no_worse), -1)
    number = 0
    while (front < 0).any():
        now = np.flatnonzero((front < 0) & (left == 0))
        front[now] = number
        left -= np.count_nonzero(dominates[now], axis=0)
        number += 1
    return front


def crowding_distance(objectives):
    """Sum over objectives of the normalised gap between a point's two neighbours.

    Parameters
    ----------
    objectives : ndarray of shape (n, m)

    Returns
    -------
    distance : ndarray of shape (n,)
        Infinite at either end of an objective.
    """
    points = np.asarray(objectives, float)
    distance = np.zeros(len(points))
    for values in points.T:
        order = np.argsort(values, kind="stable")
        span = values[order[-1]] - values[order[0]]
        if span > 0:
            distance[order[1:-1]] += (values[order[2:]] - values[order[:-2]]) / span
        distance[order[[0, -1]]] = np.inf
    return distance


def nsga_order(objectives):
    """Order points from best to worst: by front, then the least crowded first."""
    front = fronts(objectives)
    distance = np.empty(len(front))
    for number in range(front.max() + 1):
        members = front == number
        distance[members] = crowding_distance(objectives[members])
    return np.lexsort((-distance, front))
