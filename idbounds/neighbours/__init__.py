"""Other numbers that are called a dimension, each over a well-kept library; none of them is d90.

They count directions of data, of curvature, of a trajectory, of word vectors. What each measures, what it
takes for granted and how it differs from d90 is told in docs/explain/other-dimensions.md. Every module loads
on its own, since each needs another package.
"""
