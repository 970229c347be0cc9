"""Laws that every deal and pool obeys, tried on random ones."""
