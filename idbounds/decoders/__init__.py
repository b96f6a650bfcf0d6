"""What the bits of a message mean. A certificate names its decoder; `DECODERS` finds it by that name."""

from __future__ import annotations

from idbounds.decoders import draws, gibbs, layers, subspace, texts
from idbounds.decoders.decoder import CUSTOM, RECIPE_BITS, Decoder, Network, Spread, scaled

DECODERS: dict[str, Decoder] = {
    d.name: d
    for d in (
        subspace.SUBSPACE,
        draws.DRAWS,
        layers.LAYERS,
        gibbs.GIBBS,
        texts.DOCUMENTS,
        texts.TOKENS,
    )
}
"""By name; an entry never changes meaning."""

__all__ = ["CUSTOM", "DECODERS", "RECIPE_BITS", "Decoder", "Network", "Spread", "scaled"]
