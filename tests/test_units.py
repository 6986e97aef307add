"""Units with a gradient by hand: torch's own gradient, whatever the memory held."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklearn_halfnet.networks.dropout import Dropout
from sklearn_halfnet.networks.units import Units
from sklearn_halfnet.solvers.losses import Objective

# Shapes of projections, of what each has of its own, and of the matrix behind.
CASES = {
    "one network": ((7, 5), (5,), (5, 3), (3,)),
    "members, one matrix": ((2, 7, 5), (2, 5), (5, 3), None),
    "members, own matrices": ((2, 7, 5), (2, 5), (2, 5, 3), (2, 3)),
}


def operands(case, dtype=torch.float64, seed=0):
    projection, own, behind, offset = CASES[case]
    draw = torch.Generator().manual_seed(seed)
    shapes = [projection, own, own, behind, offset]
    return [
        None
        if shape is None
        else torch.randn(shape, generator=draw, dtype=dtype).requires_grad_()
        for shape in shapes
    ]


def result(units, given, rate):
    """Output and gradients of its sum of squares, as arrays."""
    dropout = Dropout(rate, np.random.default_rng(0)) if rate else None
    out = units(*given, dropout)
    wanted = [each for each in given if each is not None]
    gradients = torch.autograd.grad(out.square().sum(), wanted)
    return [out.detach().numpy(), *(each.numpy() for each in gradients)]


def plain():
    units = Units("relu")
    units.by_hand = False
    return units


@pytest.mark.parametrize("rate", [0, 0.25])
@pytest.mark.parametrize("case", CASES)
def test_gradient_is_that_of_autograd(case, rate):
    units = Units("relu")
    for seed in range(3):  # the second step finds what the first has left
        given = operands(case, seed=seed)
        ours, torchs = result(units, given, rate), result(plain(), given, rate)
        for one, other in zip(ours, torchs, strict=True):
            assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_a_graph_goes_back_once():
    given = operands("one network")
    loss = Units("relu")(*given).square().sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="go back once"):
        loss.backward()


def test_batches_of_another_size_or_type():
    units = Units("relu")
    for case, dtype in (
        ("members, one matrix", torch.float64),
        ("one network", torch.float64),
        ("members, own matrices", torch.float64),
        ("members, one matrix", torch.float32),
    ):
        given = operands(case, dtype)
        ours, torchs = result(units, given, 0), result(plain(), given, 0)
        for one, other in zip(ours, torchs, strict=True):
            assert_allclose(one, other, rtol=1e-5)


def test_two_graphs_at_once_do_not_disturb_each_other():
    units, both = Units("relu"), [operands("one network", seed=s) for s in (1, 2)]
    outs = [units(*given) for given in both]
    for given, out in zip(both, outs, strict=True):
        gradients = torch.autograd.grad(out.square().sum(), given)
        _, *expected = result(plain(), given, 0)
        for one, other in zip(gradients, expected, strict=True):
            assert_allclose(one.numpy(), other, rtol=1e-12)


def test_what_is_frozen_gets_no_gradient():
    projection, scales, shifts, behind, _ = operands("one network")
    frozen = [each.detach() for each in (projection, scales, behind)]
    out = Units("relu")(frozen[0], frozen[1], shifts, frozen[2])
    (found,) = torch.autograd.grad(out.square().sum(), [shifts])
    out = plain()(frozen[0], frozen[1], shifts, frozen[2])
    (expected,) = torch.autograd.grad(out.square().sum(), [shifts])
    assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_penalty_is_the_weighted_sum_of_squared_norms():
    tensors = [
        torch.randn(shape, dtype=torch.float64, requires_grad=True)
        for shape in ((3, 4), (5,))
    ]

    class Network:
        def penalised(self):
            return list(zip((0.5, 3), tensors, strict=True))

    penalty = Objective(Network(), "softmax", alpha=0.2).penalty()
    squares = [each.detach().square().sum().item() for each in tensors]
    assert_allclose(penalty.detach().item(), 0.1 * (0.5 * squares[0] + 3 * squares[1]))
    gradients = torch.autograd.grad(2 * penalty, tensors)
    assert_allclose(gradients[0].numpy(), 2 * 0.1 * tensors[0].detach().numpy())
    assert_allclose(gradients[1].numpy(), 2 * 0.6 * tensors[1].detach().numpy())
