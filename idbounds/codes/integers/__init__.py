"""Codes of one integer."""
