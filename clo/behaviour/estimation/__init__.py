"""What a history of tapes says about borrowers: monthly moves between states of arrears, and how long loans survive."""
