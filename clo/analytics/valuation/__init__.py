"""What protection is worth: credit default swaps on given curves, and the contracts of a deal that was run."""
