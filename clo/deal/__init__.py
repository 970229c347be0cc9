"""What was agreed: the terms of a deal and the structures that produce them."""
