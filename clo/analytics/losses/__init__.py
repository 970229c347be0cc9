"""The loss of a pool whose obligors default together more often than by chance: its distribution, and what tranches lose."""

from clo.analytics.losses.binomial import diversity_score
from clo.analytics.losses.distribution import LossDistribution, loss_distribution, loss_distributions
from clo.analytics.losses.tranches import expected_tranche_loss

__all__ = ["LossDistribution", "diversity_score", "expected_tranche_loss", "loss_distribution", "loss_distributions"]
