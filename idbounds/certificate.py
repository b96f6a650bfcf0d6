"""A claim, the message that backs it, and the replay that anyone can run.

File layout (`*.idb`): 8 bytes magic, 4 bytes length of the header (big-endian), the header (canonical JSON,
ASCII, no floats), the payload (the message, zero-padded to a byte), 32 bytes SHA-256 of all before. Nothing
in it is executed, and nothing in the header reaches the decoder: it is compared with what was decoded.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idbounds.errors import CertificateError, InputError

if TYPE_CHECKING:
    from torch import nn


MAGIC = b"IDBOUND1"
BOUND = "occam-binomial"
"""The bound of a certificate, named before any data: choosing the smallest of several is not free."""

_DIGEST = 32
_DELTA = re.compile(r"0\.[0-9]{0,27}[1-9]")
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

    Raises:
        InputError: when it would be too large to be read again.
    """
    text = canonical(header)
    body = MAGIC + len(text).to_bytes(4, "big") + text + payload
    if len(text) > _LARGEST_HEADER or len(body) + _DIGEST > _LARGEST_FILE:
        raise InputError(
            f"certificate: {len(text)} bytes of header and {len(payload)} of message; {_LARGEST_HEADER} and "
            f"{_LARGEST_FILE} for the whole file are allowed: shorten the message"
        )
    return write_whole(path, body + hashlib.sha256(body).digest())


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file so that readers see all of it or what was there before.

    Args:
        path: the file to make or replace; missing folders are made.
        content: its bytes.

    Returns:
        The path.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], bytes]:
    """Header and payload of a certificate file whose bytes are intact.

    Args:
        path: the file.

    Returns:
        Header and payload.

    Raises:
        CertificateError: when it is no certificate, truncated, altered or oversized.
    """
    data = _content(path)
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
        raise CertificateError(
            f"the header claims {length} bytes; {len(body) - start} are there, {_LARGEST_HEADER} allowed"
        )
    return parse(body[start : start + length]), body[start + length :]


def is_certificate(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a certificate does, or is empty: whether another one may replace it."""
    with Path(path).open("rb") as file:
        return file.read(len(MAGIC)) in (b"", MAGIC)


def _content(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a plain file: one open, so that nothing can be put in its place; a pipe never blocks."""
    advice = "give the path of a *.idb certificate"
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}; {advice}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{path}: not a plain file; {advice}")
    with os.fdopen(handle, "rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise CertificateError(f"more than {_LARGEST_FILE} bytes: too large for a certificate")
    return data


def canonical_delta(delta: str | float) -> str:
    """The one spelling of a failure probability in a certificate: 0.05 for "5e-2", " 0.050 " and 0.05.

    Args:
        delta: decimal string, or a number, read by its shortest decimal form.

    Returns:
        Plain ASCII decimal with no zero at its end, at most 28 places.

    Raises:
        InputError: for anything but a decimal in (0, 1) of at most 28 places.
    """
    try:
        number = Decimal(str(delta))
        text = f"{number.normalize():f}" if number.is_finite() and -28 <= number.adjusted() < 0 else ""
    except InvalidOperation:
        text = ""
    if not _DELTA.fullmatch(text) or Decimal(text) != number:
        raise InputError(
            f"delta = {str(delta)[:60]!r}: give a decimal in (0, 1) of at most 28 places, such as 0.05"
        )
    return text


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
        raise CertificateError(
            f"the header has the float {number[:40]}; numbers are integers or decimal strings"
        )

    try:
        header = json.loads(text.decode("ascii"), parse_float=no_float, parse_constant=no_float)
        spelling = canonical(header)
    except CertificateError:
        raise
    except (ValueError, RecursionError):
        raise CertificateError("the header is not JSON in ASCII") from None
    if not isinstance(header, dict) or spelling != text:
        raise CertificateError("the header is not one JSON object in canonical form")
    return header
