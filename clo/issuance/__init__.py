"""The deals of the library against what is published of them."""
