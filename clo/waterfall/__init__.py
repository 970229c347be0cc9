"""Who gets what: a deal compiled to a small machine, and the machine's run over pool flows."""
