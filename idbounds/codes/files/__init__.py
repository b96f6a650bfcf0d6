"""General compressors as codes: upper bounds on Kolmogorov complexity, up to a constant."""
