"""What one kind of claim is: its bound, its numbers, and how a replay reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from idbounds.catalogue import bounds
from idbounds.certificate import canonical_delta
from idbounds.data import Dataset
from idbounds.decoders import Network
from idbounds.errors import CertificateError, InputError

MOST_DRAWS = 1 << 12

_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,30})?")

Numbers = Mapping[str, Any]
"""A header's claim, or what was counted, by key."""


def _examples(sample: Dataset, _claim: Numbers) -> tuple[int, int]:
    return len(sample.train_y), len(sample.test_y)


def _errors(found: Numbers, sample: Dataset) -> str:
    return f"it makes {found['errors']} errors on the {len(sample.test_y)} test examples"


@dataclass(frozen=True)
class Kind:
    """One kind of claim.

    Attributes:
        bound: id of the bound, named before any data: choosing the smallest of several is not free.
        types: keys of the header's claim and their types.
        trials: the largest count possible, by key of what is counted, from a claim.
        inputs: what the bound is given, from a claim: quantities by name.
        found: what of the claim a message says, from its network and its bits by part.
        bill: what is paid for, in bits by part.
        says: what a replay has checked, in words, from a claim and what was counted.
        sizes: n of the claim and of the test, from a data set and a claim.
        test: keys of the header's test and their types.
        tells: what was counted on the test set, in words.
        menus: settings named by a number: key of the claim and how many there are, from 1.
    """

    bound: str
    types: Mapping[str, type]
    trials: Mapping[str, Callable[[Numbers], int]]
    inputs: Callable[[Numbers], dict[str, Any]]
    found: Callable[[Network, Mapping[str, int]], dict[str, Any]]
    bill: Callable[[Network, Mapping[str, int]], dict[str, int]]
    says: Callable[[Numbers, Numbers], tuple[str, ...]]
    sizes: Callable[[Dataset, Numbers], tuple[int, int]] = _examples
    test: Mapping[str, type] = field(default_factory=lambda: {"errors": int, "n": int})
    tells: Callable[[Numbers, Dataset], str] = _errors
    menus: Mapping[str, int] = field(default_factory=dict)

    def check(self, claim: Numbers) -> None:
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
        if not 1 <= claim.get("drawn", 1) <= max(1, claim["n"]):
            raise CertificateError(
                f"the claim is impossible: {claim['drawn']} documents drawn of {claim['n']}"
            )
        for name, most in self.menus.items():
            if not 1 <= claim[name] <= most:
                raise CertificateError(f"the claim is impossible: {name} = {claim[name]} (1 to {most})")
        for name, trials in self.trials.items():
            if not 0 <= claim[name] <= trials(claim):
                raise CertificateError(f"the claim is impossible: {claim[name]} {name} of {trials(claim)}")

    def upper(self, claim: Numbers) -> str:
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
