"""idbounds: how well a model compresses, turned into a guarantee on data it has never seen."""
