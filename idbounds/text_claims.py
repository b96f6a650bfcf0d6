"""Claims about language models: the loss on a new document, and the average conditional risk along a text.

Losses are sums of whole units (`idbounds.text_evaluator`), with one unit a byte added before they are stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from idbounds.catalogue import bounds
from idbounds.claim import Kind, Numbers
from idbounds.data import Dataset
from idbounds.decoders import Network
from idbounds.errors import CertificateError
from idbounds.text_units import BYTES, LOSS_UNIT, PSI_UNIT, SHARES, SMOOTHINGS

DRAWN = 8192
"""Documents of the subsample of a certificate that is made; a replay draws as many as are stated."""

_LARGEST_LOSS = 18 * LOSS_UNIT  # no smoothed loss is above 16 bits, plus rounding
_LARGEST_PSI = 3 * PSI_UNIT  # psi(-15/16) is below 2 nats


def _bits(claim: Numbers, per: int) -> float:
    return float(Fraction(claim["loss"], per * LOSS_UNIT))


def _paid(claim: Numbers) -> dict[str, Any]:
    """What both bounds are given."""
    return {
        "smoothing": Fraction(1, 1 << claim["smoothing"]), "vocabulary": BYTES,
        "code_bits": claim["code_bits"], "delta": claim["delta"],
    }  # fmt: skip


def _tokens_inputs(claim: Numbers) -> dict[str, Any]:
    n = claim["n"]
    return _paid(claim) | {
        "nll_bits": Fraction(claim["loss"], n * LOSS_UNIT),
        "mean_psi": Fraction(claim["psi"], n * PSI_UNIT),
        "freedman_s": Fraction(claim["share"], SHARES + 1), "tokens": n,
        "smoothing_choices": SMOOTHINGS * SHARES,
    }  # fmt: skip


def _documents_inputs(claim: Numbers) -> dict[str, Any]:
    return _paid(claim) | {
        "nll_bits": Fraction(claim["loss"], claim["drawn"] * claim["length"] * LOSS_UNIT),
        "documents": claim["n"], "subsample": claim["drawn"], "smoothing_choices": SMOOTHINGS,
    }  # fmt: skip


def _message(claim: Numbers) -> str:
    return f"the payload decodes to the model and has exactly {claim['code_bits']} bits, part by part"


def _smoothed(claim: Numbers) -> str:
    return f"smoothed by 2^-{claim['smoothing']} (one of {SMOOTHINGS} shares, all paid for)"


def _tokens_says(claim: Numbers, found: Numbers) -> tuple[str, ...]:
    n = claim["n"]
    return (
        _message(claim),
        f"its loss on the {n} bytes of the text, {_smoothed(claim)}, is {_bits(found, n):.4f} bits a byte "
        f"(stated: at most {_bits(claim, n):.4f}); {found['errors']} bytes are not the likeliest "
        f"(stated: {claim['errors']})",
        f"psi at s = {claim['share']}/{SHARES + 1} (one of {SHARES}, all paid for) is at most what is stated",
        "the bound is on the average conditional risk along this text, each byte given those before it in "
        "its row; of other texts it says nothing",
    )


def _documents_says(claim: Numbers, found: Numbers) -> tuple[str, ...]:
    drawn = claim["drawn"] * claim["length"]
    all_read = _documents_inputs(claim) | {"subsample": 10**9}
    cost = float(claim["value"]) - float(bounds[DOCUMENTS.bound](**all_read))
    return (
        _message(claim),
        f"its loss on {claim['drawn']} of the {claim['n']} documents, {_smoothed(claim)}, is "
        f"{_bits(found, drawn):.4f} bits a byte (stated: at most {_bits(claim, drawn):.4f}); they are drawn "
        "by the SHA-256 of the message",
        f"reading so few of them costs {cost:.4f} bits a byte",
        f"the bound is on the mean loss of the first {claim['length']} bytes of a new document",
    )


def _tokens_sizes(sample: Dataset, _claim: Numbers) -> tuple[int, int]:
    return sample.train_x.size, sample.test_x.size


def _documents_sizes(sample: Dataset, claim: Numbers) -> tuple[int, int]:
    length = sample.train_x.shape[1]
    if claim["length"] != length:
        raise CertificateError(f"length: the certificate states {claim['length']}, the data have {length}")
    return len(sample.train_x), min(len(sample.test_x), claim["drawn"])


def _tokens_tells(found: Numbers, sample: Dataset) -> str:
    n = sample.test_x.size
    return (
        f"on the {n} bytes of the other text its loss is {_bits(found, n):.4f} bits a byte, and "
        f"{found['errors']} are not the likeliest"
    )


def _documents_tells(found: Numbers, sample: Dataset) -> str:
    size = found["n"] * sample.test_x.shape[1]
    return f"on {found['n']} test documents its loss is {_bits(found, size):.4f} bits a byte"


def _found(_network: Network, parts: Mapping[str, int]) -> dict[str, Any]:
    return {"code_bits": sum(parts.values())}


def _bill(_network: Network, parts: Mapping[str, int]) -> dict[str, int]:
    return dict(parts)


_COMMON = {"loss": int, "smoothing": int, "n": int, "code_bits": int, "delta": str, "value": str}

TOKENS = Kind(
    bound="language-tokens-freedman",
    types=_COMMON | {"psi": int, "share": int, "errors": int},
    trials={
        "loss": lambda claim: claim["n"] * _LARGEST_LOSS, "psi": lambda claim: claim["n"] * _LARGEST_PSI,
        "errors": lambda claim: int(claim["n"]),
    },
    inputs=_tokens_inputs, found=_found, bill=_bill, says=_tokens_says, sizes=_tokens_sizes,
    test={"loss": int, "errors": int, "n": int}, tells=_tokens_tells,
    menus={"smoothing": SMOOTHINGS, "share": SHARES},
)  # fmt: skip
"""One text, byte by byte: a martingale."""

DOCUMENTS = Kind(
    bound="language-documents-kl",
    types=_COMMON | {"drawn": int, "length": int},
    trials={"loss": lambda claim: claim["drawn"] * claim["length"] * _LARGEST_LOSS},
    inputs=_documents_inputs, found=_found, bill=_bill, says=_documents_says, sizes=_documents_sizes,
    test={"loss": int, "n": int}, tells=_documents_tells, menus={"smoothing": SMOOTHINGS, "length": 1 << 12},
)  # fmt: skip
"""Independent documents, some of which are read."""
