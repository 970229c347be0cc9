"""What can be wrong with what a loss distribution is asked for: every code once, with its rule and fix."""

from __future__ import annotations

from clo.catalogue import Catalogue

LOSS_CODES = Catalogue({
    "E-Q001": ("{field} is one number for each obligor", "give a list or an array of numbers, one for each obligor"),
    "E-Q002": ("exposure is above 0 and finite", "leave out obligors that owe nothing, and supply what is missing"),
    "E-Q003": ("{field} is a decimal from 0 to 1", "correct it; 2 % is 0.02"),
    "E-Q004": ("an asset correlation is from 0 to below 1", "correct it; 10 % is 0.1"),
    "E-Q005": ("every array has one value for each obligor, in one order", "take them from one table of obligors"),
    "E-Q006": ("attachments are two or more increasing fractions of the exposure, from 0 to 1", "write (0, 0.03, 0.06, 1)"),
    "E-Q007": ("degrees of freedom are a finite number, 1 or more", "correct it, or say None for the Gaussian copula"),
    "E-Q008": ("a unit is an amount above 0 in the currency of the exposures", "correct it, or say None to have it chosen"),
    "E-Q009": ("a method is one of recursion, large_pool, binomial", "correct the word"),
    "E-Q010": ("an accuracy is from 1e-12 to 0.01, a fraction of a tranche", "correct it"),
    "E-Q011": ("a diversity score is 1 or more, and only the binomial expansion has one", "correct it, or leave it out"),
    "E-Q012": ("a large pool has a factor: some correlation above 0", "take method recursion, which needs none"),
    "E-Q013": ("a loss grid has at most 4,000,000 cells", "take a larger unit, or None to have it chosen"),
    "E-Q014": ("a level is a probability from 0 to 1, below 1 for an expected shortfall", "correct it; 99.9 % is 0.999"),
    "E-Q015": ("industry names the industry of each obligor", "supply it for every obligor, in the order of the exposures"),
    "E-Q016": ("groups names the group of each obligor", "supply it for every obligor, in the order of the exposures"),
    "E-Q017": ("correlation and group_correlation leave the obligor a share of its own", "let them add up to less than 1"),
    "E-Q018": ("a group's factor has a share of the variance of each obligor of a group",
               "give groups=, and group_correlation= as a number, one for each obligor, or one for every group by its name"),
    "E-Q019": ("groups and recoveries that vary are what method recursion knows", "take method recursion, or leave them out"),
    "E-Q021": ("the spread of recoveries is a number from 0 to 10", "correct it, or leave it out where recoveries do not vary"),
    "E-Q022": ("the market's share of the spread of recoveries is from 0 to 1", "correct it; 30 % is 0.3"),
    "E-Q023": ("a horizon is a number of years, 100 at most, in whole months; of several, each is after the one before",
               "write 3, or (1, 3, 5)"),
    "E-Q024": ("given the market, the groups of a semi-analytic loss are independent, and each obligor is in one",
               "keep industry: or region:, without between:, in simulation=, or take clo.simulate"),
    "E-Q025": ("the tranches stand on the pool alone", "take clo.simulate, which knows what else backs them"),
    "W-Q020": ("the grid reaches the accuracy that is asked for", "ask for less: the loss of few obligors is jagged"),
}, subject="obligor")  # fmt: skip
loss_finding, obligor_finding = LOSS_CODES.finding, LOSS_CODES.row_finding
