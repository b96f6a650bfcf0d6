"""Codes of subsets and sparsity patterns: which positions are set."""
