"""What a certificate may claim: the error of a network, or of a Gibbs predictor; never one for the other."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from idbounds.catalogue import bounds
from idbounds.certificate import BOUND, canonical_delta
from idbounds.decoders import Decoder, Network
from idbounds.errors import CertificateError, InputError

LN2_UP = Fraction(6931471805599453094172321214581766, 10**34)
"""ln 2, rounded up in its 34th place."""

SHARE = 5
"""One part in so many of delta is for the estimate from draws, the others for the sample."""

DRAWS = 8
"""Draws of each training example in a certificate that is made; a replay makes as many as are stated."""

MOST_DRAWS = 1 << 12

_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,30})?")


@dataclass(frozen=True)
class Kind:
    """One kind of claim.

    Attributes:
        bound: id of the bound, named before any data: choosing the smallest of several is not free.
        types: keys of the header's claim and their types.
        trials: of the counted errors, from a claim.
        inputs: what the bound is given, from a claim: quantities by name.
        found: what of the claim a message says, from its network and its bits by part.
        bill: what is paid for, in bits by part.
        says: what a replay has checked, in words, from a claim and the errors counted.
    """

    bound: str
    types: Mapping[str, type]
    trials: Callable[[Mapping[str, Any]], int]
    inputs: Callable[[Mapping[str, Any]], dict[str, Any]]
    found: Callable[[Network, Mapping[str, int]], dict[str, Any]]
    bill: Callable[[Network, Mapping[str, int]], dict[str, int]]
    says: Callable[[Mapping[str, Any], int], tuple[str, ...]]

    def check(self, claim: Mapping[str, Any]) -> None:
        """Refuse what no certificate states, before anything is decoded.

        Args:
            claim: of the right keys and types.

        Raises:
            CertificateError: when its numbers are impossible.
        """
        if claim["n"] < 0 or not 1 <= claim.get("draws", 1) <= MOST_DRAWS:
            raise CertificateError(
                f"the claim is impossible: n = {claim['n']}, draws = {claim.get('draws', 1)} "
                f"(1 to {MOST_DRAWS})"
            )
        if not _PLAIN.fullmatch(claim.get("kl_nats", "0")):  # a far exponent would fill the memory
            raise CertificateError(f"kl_nats: {claim['kl_nats'][:40]!r} is no plain decimal")
        if not 0 <= claim["errors"] <= self.trials(claim):
            raise CertificateError(
                f"the claim is impossible: {claim['errors']} errors of {self.trials(claim)}"
            )

    def upper(self, claim: Mapping[str, Any]) -> str:
        """The bound's value, by ball arithmetic.

        Args:
            claim: without its value, or with it.

        Returns:
            Decimal string, rounded up.

        Raises:
            InputError: for numbers that the bound refuses, or a delta that certificates spell otherwise.
        """
        if (delta := canonical_delta(claim["delta"])) != claim["delta"]:
            raise InputError(f"delta = {claim['delta']!r} is spelled {delta} in a certificate")
        return bounds[self.bound].upper(**self.inputs(claim))


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


def _gibbs_says(claim: Mapping[str, Any], errors: int) -> tuple[str, ...]:
    bits = float(claim["kl_nats"]) / math.log(2)
    return (
        f"the payload decodes to a posterior; {claim['code_bits']} bits of it name its prior, from which it "
        f"diverges by at most {claim['kl_nats']} nats ({bits:.1f} bits)",
        f"{claim['draws']} draws for each training example make {errors} errors (stated: {claim['errors']})",
    )


def _network_says(claim: Mapping[str, Any], errors: int) -> tuple[str, ...]:
    return (
        f"the payload decodes to the model and has exactly {claim['code_bits']} bits, part by part",
        f"the decoded model makes {errors} errors on the training sample (stated: {claim['errors']})",
    )


NETWORK = Kind(
    bound=BOUND,
    types={"errors": int, "n": int, "code_bits": int, "delta": str, "value": str},
    trials=lambda claim: int(claim["n"]),
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
    trials=lambda claim: int(claim["draws"] * claim["n"]),
    inputs=_gibbs_inputs,
    found=_gibbs_found,
    bill=_gibbs_bill,
    says=_gibbs_says,
)  # fmt: skip
"""A posterior: its divergence is paid for, and the bits that name its prior; its training error is estimated
from independent draws; a PAC-Bayes bound."""


def kind_of(decoder: Decoder) -> Kind:
    """The kind of claim that a decoder's messages back."""
    return GIBBS if decoder.gibbs else NETWORK
