"""Codes of real vectors: quantisers, codebooks and random codes; what undoes them is in the message."""
