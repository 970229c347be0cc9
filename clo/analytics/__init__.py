"""What it means: measures of a tranche's cash flows."""
