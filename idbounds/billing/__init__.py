"""From bits to bounds: what the weights in a file cost under each code, and what each length buys."""

from idbounds.billing.bill import BOUND, Bill, Line, bill
from idbounds.billing.layers import Layer, Layers
from idbounds.billing.menu import CHOICES, MENU
from idbounds.billing.quantising import Rounded, round_tensor

__all__ = ["BOUND", "CHOICES", "MENU", "Bill", "Layer", "Layers", "Line", "Rounded", "bill", "round_tensor"]
