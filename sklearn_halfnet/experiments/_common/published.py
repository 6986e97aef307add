"""Published figures that more than one experiment stands beside."""

__all__ = ["OF_TEN_PASSES", "PUBLISHED", "PUBLISHED_100"]

# Rosenfeld & Tsotsos (2018), top-1 % on CIFAR-10: densenet-BC-100-12 and WRN-28-4 after
# 10 epochs of one part, with which all batch norms are learned, as the paper's counts
# of parameters show; both after full training of a fraction or of one filter a layer.
PUBLISHED = {
    "wrn: batch norm": 30.2,
    "wrn: conv1": 30.93,
    "wrn: block1": 61.19,
    "wrn: block2": 76.32,
    "wrn: block3": 74.31,
    "wrn: fc": 37.03,
    "wrn: one filter": 69.0,
    "wrn: fraction .1": 94.12,
    "wrn: fraction .4": 95.75,
    "wrn: fraction 1": 96.2,
    "wrn: fraction .1, others zero": 91.53,
    "wrn: fraction .4, others zero": 95.49,
    "densenet: batch norm": 60.85,
    "densenet: conv1": 64.76,
    "densenet: block1": 73.02,
    "densenet: block2": 72.95,
    "densenet: block3": 76.33,
    "densenet: fc": 68.63,
    "densenet: one filter": 85.0,
    "densenet: fraction .1": 88.73,
    "densenet: fraction .4": 93.33,
    "densenet: fraction .1, others zero": 82.11,
    "densenet: fraction .4, others zero": 92.46,
}
# On CIFAR-100.
PUBLISHED_100 = {
    "wrn: batch norm": 3.76,
    "wrn: conv1": 3.67,
    "wrn: block1": 12.23,
    "wrn: block2": 25.07,
    "wrn: block3": 32.35,
    "wrn: fc": 10.31,
    "wrn: one filter": 34.85,
}
# What the paper trains for 10 passes only.
OF_TEN_PASSES = ("batch norm", "conv1", "block1", "block2", "block3", "fc")
