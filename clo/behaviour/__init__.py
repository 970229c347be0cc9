"""How borrowers behave: default, arrears, recovery, prepayment and changes of terms, and where such assumptions come from."""
