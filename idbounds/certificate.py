"""A claim, the message that backs it, and the replay that anyone can run.

File layout (`*.idb`): 8 bytes magic, 4 bytes length of the header (big-endian), the header (canonical JSON,
ASCII, no floats), the payload (the message, zero-padded to a byte), 32 bytes SHA-256 of all before. Nothing in
it is executed, and nothing in the header reaches the decoder: it is compared with what was decoded.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idbounds.errors import CertificateError, DecodeError, InputError

if TYPE_CHECKING:
    from torch import nn

    from idbounds.data import Dataset

MAGIC = b"IDBOUND1"
BOUND = "occam-binomial"
"""The bound of a certificate, named before any data: choosing the smallest of several is not free."""

_DIGEST = 32
_LARGEST_HEADER = 1 << 20
_LARGEST_FILE = 1 << 26

Factory = Callable[[Sequence[int], int], "nn.Module"]


@dataclass(frozen=True)
class Verification:
    """What a replay found.

    Attributes:
        ok: whether the claim holds.
        difference: the first thing that does not fit, in words; empty when ok.
        bound: id of the bound.
        value: the stated value, a decimal string rounded up.
        errors: errors recounted on the training sample (None when the replay did not come so far).
        n: number of training examples.
        code_bits: length of the message as decoded.
        delta: decimal string.
        checked: what the replay verified.
        declared: what only the author can vouch for.
    """

    ok: bool
    difference: str
    bound: str | None = None
    value: str | None = None
    errors: int | None = None
    n: int | None = None
    code_bits: int | None = None
    delta: str | None = None
    checked: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """JSON-ready dictionary."""
        out = {k: getattr(self, k) for k in ("ok", "bound", "value", "errors", "n", "code_bits", "delta")}
        out |= {"checked": list(self.checked), "declared": list(self.declared)}
        return out if self.ok else {**out, "difference": self.difference}


def write(path: str | os.PathLike[str], header: dict[str, Any], payload: bytes) -> Path:
    """Write a certificate file, all or nothing.

    Args:
        path: where.
        header: JSON object without floats.
        payload: the message's bytes.

    Returns:
        The path.
    """
    text = canonical(header)
    body = MAGIC + len(text).to_bytes(4, "big") + text + payload
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    with os.fdopen(handle, "wb") as out:
        out.write(body + hashlib.sha256(body).digest())
    Path(name).replace(target)
    return target


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], bytes]:
    """Header and payload of a certificate file whose bytes are intact.

    Args:
        path: the file.

    Returns:
        Header and payload.

    Raises:
        InputError: when there is no such file.
        CertificateError: when it is no certificate, truncated, altered or oversized.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; give the path of a *.idb certificate")
    if file.stat().st_size > _LARGEST_FILE:
        raise CertificateError(f"{file.stat().st_size} bytes: a certificate has at most {_LARGEST_FILE}")
    data = file.read_bytes()
    if data[: len(MAGIC)] != MAGIC:
        raise CertificateError("not an idbounds certificate: the first 8 bytes differ from IDBOUND1")
    start = len(MAGIC) + 4
    if len(data) < start + _DIGEST:
        raise CertificateError(f"truncated: {len(data)} bytes")
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        raise CertificateError("altered or truncated: the SHA-256 at the end does not fit the content")
    length = int.from_bytes(body[len(MAGIC) : start], "big")
    if length > min(_LARGEST_HEADER, len(body) - start):
        raise CertificateError(f"the header claims {length} bytes; there are {len(body) - start}")
    return parse(body[start : start + length]), body[start + length :]


def canonical(header: dict[str, Any]) -> bytes:
    """The one spelling of a header: sorted keys, no spaces, ASCII."""
    return json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def parse(text: bytes) -> dict[str, Any]:
    """Header from its bytes.

    Args:
        text: canonical JSON.

    Returns:
        The header.

    Raises:
        CertificateError: for anything but one canonical JSON object without floats.
    """

    def no_float(number: str) -> Any:
        raise CertificateError(f"the header has the float {number}; numbers are integers or decimal strings")

    try:
        header = json.loads(text.decode("ascii"), parse_float=no_float, parse_constant=no_float)
        if not isinstance(header, dict) or canonical(header) != text:
            raise CertificateError("the header is not one JSON object in canonical form")
    except (ValueError, RecursionError) as error:
        if isinstance(error, CertificateError):
            raise
        raise CertificateError("the header is not JSON") from None
    return header


def verify(
    path: str | os.PathLike[str],
    *,
    model: Factory | None = None,
    dataset: Dataset | None = None,
    say: Callable[[str], None] | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> Verification:
    """Replay a certificate: decode, rebuild the weights, recount the errors, recompute the bound.

    Args:
        path: the file.
        model: for a user's own architecture, the factory (shape of an example, classes) -> nn.Module.
        dataset: for a user's own data; by default the named data set is loaded.
        say: receives one line a slow step.
        advance: called with (examples done, total) while errors are counted.

    Returns:
        What was checked and what was only declared; `ok` is False with the first difference when the claim
        does not hold.

    Raises:
        InputError: when there is no such file.
        DataError: when the data set cannot be had.
    """  # noqa: DOC502 - raised further down
    from idbounds.replay import replay

    try:
        header, payload = read(path)
    except CertificateError as error:
        return Verification(ok=False, difference=str(error))
    try:
        return replay(header, payload, model=model, dataset=dataset, say=say, advance=advance)
    except (CertificateError, DecodeError) as error:
        return Verification(ok=False, difference=str(error), header=header)
