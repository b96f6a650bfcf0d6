"""The explorer: one HTML page, without network, in which the bounds are moved, raced and read."""

from idbounds.explorer.building import PANELS, page, write

__all__ = ["PANELS", "page", "write"]
