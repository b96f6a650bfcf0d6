"""Codes of sequences of symbols and of integer vectors."""
