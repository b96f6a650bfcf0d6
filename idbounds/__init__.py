"""idbounds: how well a model compresses, turned into a guarantee on data it has never seen.

Importing the package loads numpy only; everything else loads on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "bounds": "catalogue",
    "Bound": "statement",
    "Quantity": "quantities",
    "QUANTITIES": "quantities",
    "Source": "sources",
    "compare": "comparing",
    "evaluate": "comparing",
    "minimum_of": "combining",
    "dominates": "combining",
    "kl": "kernels.floats",
    "kl_inverse": "kernels.floats",
    "kl_inverse_lower": "kernels.floats",
    "binomial_tail_inverse": "kernels.floats",
    "log_star": "kernels.floats",
    "certify": "certifying",
    "certify_text": "certifying_text",
    "measure_d90": "dimension.measuring",
    "verify": "replay",
    "attach": "projections.subspace",
    "make_projection": "projections",
    "load": "data",
    "IdboundsError": "errors",
    "InputError": "errors",
    "DecodeError": "errors",
    "CertificateError": "errors",
    "DataError": "errors",
    "MissingExtra": "errors",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from idbounds.catalogue import bounds as bounds
    from idbounds.certifying import certify as certify
    from idbounds.certifying_text import certify_text as certify_text
    from idbounds.combining import dominates as dominates
    from idbounds.combining import minimum_of as minimum_of
    from idbounds.comparing import compare as compare
    from idbounds.comparing import evaluate as evaluate
    from idbounds.data import load as load
    from idbounds.dimension.measuring import measure_d90 as measure_d90
    from idbounds.errors import CertificateError as CertificateError
    from idbounds.errors import DataError as DataError
    from idbounds.errors import DecodeError as DecodeError
    from idbounds.errors import IdboundsError as IdboundsError
    from idbounds.errors import InputError as InputError
    from idbounds.errors import MissingExtra as MissingExtra
    from idbounds.kernels.floats import binomial_tail_inverse as binomial_tail_inverse
    from idbounds.kernels.floats import kl as kl
    from idbounds.kernels.floats import kl_inverse as kl_inverse
    from idbounds.kernels.floats import kl_inverse_lower as kl_inverse_lower
    from idbounds.kernels.floats import log_star as log_star
    from idbounds.projections import make_projection as make_projection
    from idbounds.projections.subspace import attach as attach
    from idbounds.quantities import QUANTITIES as QUANTITIES
    from idbounds.quantities import Quantity as Quantity
    from idbounds.replay import verify as verify
    from idbounds.sources import Source as Source
    from idbounds.statement import Bound as Bound


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'idbounds' has no attribute {name!r}")
    value = getattr(import_module(f"idbounds.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
