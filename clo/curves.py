"""Index curves: the fixings that floating rates follow."""
