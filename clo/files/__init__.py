"""The edge: the only code that reads or writes files."""
