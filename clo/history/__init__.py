"""Tapes of one pool at successive dates: what moved between them, and what they teach about arrears, default and prepayment."""
