"""Made-up pools: loans drawn from a recipe so that firms, institutions and amount are exactly those that are wanted."""
