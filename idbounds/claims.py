"""What a certificate may claim: of a network, a Gibbs predictor or a language model; never mixed up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from idbounds.certificate import BOUND
from idbounds.claim import Kind, Numbers
from idbounds.decoders import Decoder, Network
from idbounds.text_claims import DOCUMENTS, TOKENS

LN2_UP = Fraction(6931471805599453094172321214581766, 10**34)
"""ln 2, rounded up in its 34th place."""

SHARE = 5
"""One part in so many of delta is for the estimate from draws, the others for the sample."""

DRAWS = 8
"""Draws of each training example in a certificate that is made; a replay makes as many as are stated."""


def _gibbs_inputs(claim: Mapping[str, Any]) -> dict[str, Any]:
    """The prior's bits count as nats, and delta is shared out."""
    trials, delta = claim["draws"] * claim["n"], Fraction(Decimal(claim["delta"]))
    nats = Fraction(Decimal(claim["kl_nats"])) + claim["code_bits"] * LN2_UP
    return {
        "mc_error": Fraction(claim["errors"], trials), "mc_draws": trials, "mc_delta": delta / SHARE,
        "kl_nats": nats, "n": claim["n"], "delta": delta * (SHARE - 1) / SHARE,
    }  # fmt: skip


def _gibbs_found(network: Network, parts: Mapping[str, int]) -> dict[str, Any]:
    spread = network.spread
    assert spread is not None
    return {"code_bits": sum(parts[name] for name in spread.paid), "kl_nats": spread.kl_nats}


def _gibbs_bill(network: Network, parts: Mapping[str, int]) -> dict[str, int]:
    """The divergence as bits, rounded up."""
    spread = network.spread
    assert spread is not None
    divergence = math.ceil(float(spread.kl_nats) / math.log(2))
    return {name: parts[name] for name in spread.paid} | {"divergence": divergence}


def _gibbs_says(claim: Numbers, found: Numbers) -> tuple[str, ...]:
    bits = float(claim["kl_nats"]) / math.log(2)
    return (
        f"the payload decodes to a posterior; {claim['code_bits']} bits of it name its prior, from which it "
        f"diverges by at most {claim['kl_nats']} nats ({bits:.1f} bits)",
        f"{claim['draws']} draws for each training example make {found['errors']} errors "
        f"(stated: {claim['errors']})",
    )


def _network_says(claim: Numbers, found: Numbers) -> tuple[str, ...]:
    return (
        f"the payload decodes to the model and has exactly {claim['code_bits']} bits, part by part",
        f"the decoded model makes {found['errors']} errors on the training sample "
        f"(stated: {claim['errors']})",
    )


NETWORK = Kind(
    bound=BOUND,
    types={"errors": int, "n": int, "code_bits": int, "delta": str, "value": str},
    trials={"errors": lambda claim: int(claim["n"])},
    inputs=lambda claim: {name: claim[name] for name in ("errors", "n", "code_bits", "delta")},
    found=lambda network, parts: {"code_bits": sum(parts.values())},
    bill=lambda _network, parts: dict(parts),
    says=_network_says,
)
"""One network, its message paid for bit by bit: Occam's bound."""

GIBBS = Kind(
    bound="maurer-kl-xi-monte-carlo",
    types={
        "errors": int, "draws": int, "n": int, "kl_nats": str, "code_bits": int, "delta": str, "value": str,
    },
    trials={"errors": lambda claim: int(claim["draws"] * claim["n"])},
    inputs=_gibbs_inputs,
    found=_gibbs_found,
    bill=_gibbs_bill,
    says=_gibbs_says,
)  # fmt: skip
"""A posterior: its divergence is paid for, and the bits that name its prior; its training error is estimated
from independent draws; a PAC-Bayes bound."""


def kind_of(decoder: Decoder) -> Kind:
    """The kind of claim that a decoder's messages back."""
    of_texts = {"documents": DOCUMENTS, "text": TOKENS}
    return of_texts.get(decoder.form) or (GIBBS if decoder.gibbs else NETWORK)
