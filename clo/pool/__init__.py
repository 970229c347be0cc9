"""What the borrowers pay: loans, assumptions about them, and their cash flows month by month."""
