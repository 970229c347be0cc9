"""What is known of the loans: the validated columns of a tape, its rules, and tables of what it holds."""
