"""Search for the graph of a network whose connections share one weight.

Pure functions of arrays and a numpy Generator; no torch, no scikit-learn estimator.
"""
