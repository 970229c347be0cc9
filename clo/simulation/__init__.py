"""A deal under many scenarios of correlated defaults, with its whole waterfall."""
