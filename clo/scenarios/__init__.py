"""Who defaults when: keyed random numbers, asset values that move together, default months."""
