"""Networks that share the weights of their hidden layers, as one torch module."""

from types import SimpleNamespace

import torch
from torch import nn

from sklearn_halfnet.networks.low_rank import behind_embedding

__all__ = ["MembersNetwork"]

# Rate of the signs, in units of that of all else that is trained. A power of two: what
# is divided by it comes back to the last bit.
SIGNS_RATE = 8.0


class MembersNetwork(nn.Module):
    """Several ``LowRankNetwork`` that share A and Z, computed side by side.

        u_1 = A_1^T (s_m * x)                               m = 1, ..., n_members

    and from there on each as by itself, with the scales, shifts, V and c of member m.
    The signs s_m are trained, as real numbers (Gorishniy, Kotelnikov, Babenko 2025,
    "TabM", arXiv 2410.24210). What is trained is an eighth of them. Adam's steps are
    as long whatever the size of the gradients, so signs have eight times the rate of
    the rest; factors of the inputs have six times in RealMLP (Holzmueller, Grinsztajn,
    Steinwart 2024, "Better by default", NeurIPS).

    Parameters
    ----------
    members : list of LowRankNetwork
        Start values; A and Z are the first one's.
    signs : tensor of shape (n_members, n_inputs)
        Start value of s.
    """

    def __init__(self, members, signs):
        super().__init__()
        first = members[0]
        self.short_signs = nn.Parameter(signs / SIGNS_RATE)
        self.factors, self.directions = first.factors, first.directions
        self.scales = _stacked([member.scales for member in members])
        self.shifts = _stacked([member.shifts for member in members])
        self.coef = _stack([member.coef for member in members])
        self.intercept = _stack([member.intercept for member in members])
        self.units, self.balances = first.units, first.balances
        self.dropout = None

    @property
    def signs(self):
        """The signs s_m, (n_members, n_inputs)."""
        return SIGNS_RATE * self.short_signs

    def forward(self, inputs):
        """Compute scores from inputs (n_rows, n_features).

        Returns
        -------
        scores : tensor of shape (n_members, n_rows, n_outputs)
            In training, where each member has a loss; else their mean over the members,
            (n_rows, n_outputs).
        """
        scores = behind_embedding(self, self._embedded(inputs))
        return scores if self.training else scores.mean(dim=0)

    def _embedded(self, inputs):
        """Compute u_1 (n_members, n_rows, rank).

        Signs go to A, which has fewer rows than a minibatch of all members, and one
        product takes the inputs to all of them.
        """
        factors = self._signed_factors().transpose(0, 1)
        embedded = inputs @ factors.flatten(1)
        return embedded.unflatten(1, factors.shape[1:]).transpose(0, 1)

    def _signed_factors(self):
        """Put signs into A of the first layer, (n_members, n_inputs, rank)."""
        return self.signs[:, :, None] * self.factors[0]

    def penalised(self):
        """Pairs of a factor and a tensor, for the mean of the members' penalties."""
        share = 1 / len(self.short_signs)
        penalised = [(share, self.coef)]
        if self.balances:
            of_first, *of_later = (balance * balance for balance in self.balances)
            penalised.append((share * of_first, self._signed_factors()))
            penalised += zip(of_later, self.factors[1:], strict=True)
        return penalised

    def values_of(self, number):
        """Values of one member under a ``LowRankNetwork``'s names; A has no signs."""
        return SimpleNamespace(
            factors=self.factors,
            directions=self.directions,
            scales=[scales[number] for scales in self.scales],
            shifts=[shifts[number] for shifts in self.shifts],
            coef=self.coef[number],
            intercept=self.intercept[number],
        )


def _stacked(lists):
    """Stack the members' values of each layer."""
    return nn.ParameterList(_stack(values) for values in zip(*lists, strict=True))


def _stack(values):
    """Stack the members' values of one parameter, trained if theirs are."""
    stacked = torch.stack([value.detach() for value in values])
    return nn.Parameter(stacked, requires_grad=values[0].requires_grad)
