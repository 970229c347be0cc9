"""What can be wrong with a simulation: every code once, with its rule and fix."""

from __future__ import annotations

from clo.catalogue import Catalogue

SIMULATION_CODES = Catalogue({
    "E-M010": ("a simulation needs a probability of default, a correlation and a loss given default",
               "add simulation: {{pd:, correlation:, lgd:}} to the deal, or give simulation="),
    "E-M011": ("a default of the simulation has one month in which a loan stops paying", "leave it out of the scenario"),
    "E-M012": ("the loans of a simulation are those of the tape", "simulate a deal that buys no loans"),
    "E-M013": ("a simulation has at least one scenario", "give scenarios= a whole number from 1 on"),
    "E-M014": ("a seed is a whole number from 0 to 2^64 - 1", "give seed= such a number"),
    "E-M015": ("the simulation says who defaults, and what is recovered", "give it in simulation="),
    "E-M016": ("what is assumed of a simulation fits its fields", "see docs/simulation.md"),
    "E-M017": ("a scenario of a simulation has a number from 0 to the last", "give one of them"),
    "E-M018": ("draws come by one method: plain, sobol, stratified or importance", "name one of them, or give draws= alone"),
    "E-M019": ("the expected loss of the pool is known where recoveries do not vary", "leave recovery: out of the simulation"),
    "E-M020": ("every amount of a scenario is a number, 0 or more, and cash is conserved",
               "replay the scenario: its checks say where"),
    "E-M022": ("who bears the loss is told by 10 runs or more, at most one a scenario, and by a tail level from 0 to below 1",
               "give runs= and level= so"),
    "E-M023": ("a sample is 1 scenario or more, at most as many as were simulated, each once",
               "give scenarios= such a number, or the numbers of some as of="),
    "E-M024": ("a quantile has a level from 0 to 1", "give levels= such numbers"),
    "E-M050": ("a tail begins at a level from 0 to below 1", "correct it; 99.9 % is 0.999"),
    "E-M052": ("a control variate fits a slope, which takes 100 scenarios, and two in each stratum",
               "simulate more, or take sim.tranches"),
    "E-M053": ("of the worst scenarios 1 or more are named", "give such a whole number"),
    "E-M054": ("what is replayed is a frame of a run, of one scenario or more", "name one, such as summary, tranches or ledger"),
    "W-M051": ("a tranche loses in 30 scenarios or more, so that its loss is known to about a fifth",
               "simulate by importance sampling, or more scenarios"),
    "W-M035": ("a simulation takes all of its scenario but who defaults and what is recovered",
               "give them in simulation=, such as {{'pd': 0.05}}, or under simulation: of the deal"),
    "W-M036": ("what is recovered and what is lost of a default add up to 100%", "make recovery: and lgd: agree"),
    "E-M037": ("an argument of a simulation is of its kind", "correct it"),
    "E-M038": ("the losses of all scenarios fit in memory", "simulate fewer"),
    "W-M021": ("a quantile has enough scenarios beyond it", "simulate as many as it needs, or by importance sampling"),
}, subject="scenario")  # fmt: skip
problem = SIMULATION_CODES.finding
