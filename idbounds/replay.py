"""The replay behind `verify`: every statement of the header against what the payload and the data say."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds import data
from idbounds.catalogue import bounds
from idbounds.certificate import Factory, Verification, read
from idbounds.claim import Kind, Numbers
from idbounds.claims import kind_of
from idbounds.decoders import CUSTOM, DECODERS, RECIPE_BITS, Decoder, Network
from idbounds.errors import CertificateError, DecodeError, InputError
from idbounds.recounting import read_rows as read_rows
from idbounds.recounting import recount as recount
from idbounds.recounting import recount_text as recount_text

if TYPE_CHECKING:
    from torch import nn

FORMAT = "idbounds-certificate-1"

_TYPES = {
    "format": str, "decoder": str, "bound": str, "claim": dict, "data": dict, "model": dict, "parts": dict,
    "test": dict, "declared": dict, "made": dict, "payload_sha256": str,
}  # fmt: skip
_DATA = {"name": str, "sha256": str, "train_sha256": str, "classes": int, "levels": int, "shape": list}
_FAR = 2**48


def verify(
    path: str | os.PathLike[str],
    *,
    model: Factory | None = None,
    dataset: data.Dataset | None = None,
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
    try:
        header, payload = read(path)
    except CertificateError as error:
        return Verification(ok=False, difference=str(error))
    try:
        return replay(header, payload, model=model, dataset=dataset, say=say, advance=advance)
    except (CertificateError, DecodeError) as error:
        return Verification(ok=False, difference=str(error), header=header)


def replay(
    header: dict[str, Any],
    payload: bytes,
    *,
    model: Factory | None,
    dataset: data.Dataset | None,
    say: Callable[[str], None] | None,
    advance: Callable[[int, int], None] | None,
) -> Verification:
    """Check a certificate's statements, the cheap ones first.

    Args:
        header: parsed header.
        payload: the message's bytes.
        model: factory of a user's own architecture.
        dataset: a user's own data set.
        say: receives one line a slow step.
        advance: progress of the recount.

    Returns:
        A verification that is ok.

    Raises:
        CertificateError: at the first difference.
        InputError: when a user's own model is not what the message is about.
    """
    claim, stated_data, decoder = _checked_form(header, len(payload))
    kind = kind_of(decoder)
    _same("format", header["format"], FORMAT)
    _same("bound", header["bound"], kind.bound)
    _same("SHA-256 of the payload", header["payload_sha256"], hashlib.sha256(payload).hexdigest())
    sample = checked_sample(dataset) if dataset is not None else _load(stated_data["name"], say)
    for key, value in describe_data(sample).items():
        _same(f"data {key}", stated_data[key], value)
    if sample.form != decoder.form:
        raise CertificateError(f"decoder {decoder.name} is for {decoder.form}, the data are {sample.form}")
    n, test_n = kind.sizes(sample, claim)
    _same("n", claim["n"], n)
    _same("test n", header["test"]["n"], test_n)
    _check_value(kind, claim)  # with the true n: a forged one could make the arithmetic slow

    try:
        _, network, parts = decoder.decode(payload, module_maker(sample, model))
    except InputError as error:
        if header["model"]["architecture"] == CUSTOM:
            raise  # the factory is missing, or is not the right one
        raise CertificateError(f"the message does not fit the data: {error}") from None
    for key, value in kind.found(network, parts).items():
        _same(key, claim[key], value)
    _same("bits by part", header["parts"], parts)
    described = describe_model(network, model)
    stated_source = header["model"].get("source_sha256")
    _same("keys of model", sorted(header["model"]), sorted(described))
    for key in decoder.states:
        _same(f"model {key}", header["model"][key], described[key])

    if decoder.form == "examples":
        errors, test_errors = recount(network, sample, claim.get("draws", 1), advance)
        found, tested = {"errors": errors}, {"errors": test_errors, "n": test_n}
    else:
        found, tested = recount_text(network, sample, claim, advance)
    for name in found:
        _at_most(f"training {name}", found[name], claim[name])
    for name in tested:
        _at_most(f"test {name}", tested[name], header["test"][name])
    return Verification(
        ok=True, difference="", bound=header["bound"], value=claim["value"], errors=found.get("errors"),
        n=claim["n"],
        code_bits=claim["code_bits"], delta=claim["delta"], header=header,
        checked=_checked(kind, claim, sample, found, tested),
        declared=_declared(header, decoder, kind, stated_source, described.get("source_sha256")),
    )  # fmt: skip


def module_maker(sample: data.Dataset, model: Factory | None) -> Callable[[str], nn.Module]:
    """Maker of the network an architecture name means for a data set's inputs.

    Args:
        sample: gives the shape of an example and the number of classes.
        model: factory of a user's own architecture, or None.

    Returns:
        Function from architecture name to module.
    """

    def make(architecture: str) -> nn.Module:
        shape = sample.train_x.shape[1:]
        if architecture != CUSTOM:
            from idbounds.models import build

            return build(architecture, shape, sample.classes)
        if model is None:
            raise InputError(
                "a user's own model: replay it with its factory, idbounds.verify(path, model=factory)"
            )
        return model(shape, sample.classes)

    return make


def describe_data(sample: data.Dataset) -> dict[str, Any]:
    """What a certificate states of its data."""
    return {
        "name": sample.name, "sha256": sample.sha256, "train_sha256": sample.train_sha256,
        "classes": sample.classes, "levels": sample.levels, "shape": list(sample.train_x.shape[1:]),
    }  # fmt: skip


def describe_model(network: Network, factory: Factory | None) -> dict[str, Any]:
    """What a certificate states of its model, all of it found again in the payload."""
    out = dict(network.states)
    if factory is not None and out["architecture"] == CUSTOM:
        out["source_sha256"] = source_digest(factory)
    return out


def source_digest(factory: Any) -> str:
    """SHA-256 of a factory's source text (of its name where there is none), with what a partial binds."""
    bound = ""
    while isinstance(factory, functools.partial):
        bound += f" {factory.args!r} {sorted(factory.keywords.items())!r}"
        factory = factory.func
    if not hasattr(factory, "__qualname__"):
        factory = type(factory)  # an object with __call__
    try:
        text = inspect.getsource(factory)
    except (OSError, TypeError):
        text = f"{factory.__module__}.{factory.__qualname__}"
    return hashlib.sha256((text + bound).encode()).hexdigest()


def checked_sample(sample: data.Dataset) -> data.Dataset:
    """A user's own data set, its digests made anew and its arrays looked at.

    Args:
        sample: the data set.

    Returns:
        The same.

    Raises:
        InputError: when it is not what a `Dataset` promises.
    """
    arrays = data.Arrays(sample.train_x, sample.train_y, sample.test_x, sample.test_y)
    for part, x, y in (("train", *arrays[:2]), ("test", *arrays[2:])):
        if x.dtype != np.uint8 or y.dtype != np.int64 or y.shape != x.shape[:1] or not len(x):
            raise InputError(
                f"data set {sample.name!r}, {part}: x is {x.dtype} {x.shape}, y is {y.dtype} {y.shape}; "
                "give uint8 (n, ...) and int64 (n,), n >= 1"
            )
        if (
            y.min() < 0
            or y.max() >= sample.classes
            or not 2 <= sample.levels <= 256
            or x.max() >= sample.levels
        ):
            raise InputError(
                f"data set {sample.name!r}, {part}: labels {y.min()} to {y.max()}, pixels up to {x.max()}; "
                f"with classes = {sample.classes}, levels = {sample.levels} they must be below those"
            )
    if data.digests(arrays) != (sample.sha256, sample.train_sha256, sample.test_sha256):
        raise InputError(
            f"data set {sample.name!r}: its digests are not those of its arrays; use idbounds.data.digests"
        )
    return sample


def _checked_form(
    header: Mapping[str, Any], payload_bytes: int
) -> tuple[dict[str, Any], dict[str, Any], Decoder]:
    """Every key of the right type, none besides, and numbers of a size that can be computed with."""
    _require(header, _TYPES, "header")
    decoder = DECODERS.get(header["decoder"])
    if decoder is None:
        raise CertificateError(
            f"decoder: the certificate states {_short(header['decoder'])}, this version knows "
            f"{', '.join(DECODERS)}"
        )
    kind = kind_of(decoder)
    _require(header["claim"], kind.types, "claim")
    _require(header["data"], _DATA, "data")
    _require(header["test"], kind.test, "test")
    _require(header["model"], decoder.states, "model", {"source_sha256": str})
    for name in ("declared", "made"):
        _require(header[name], dict.fromkeys(header[name], str), name)
    claim = header["claim"]
    for name in ("n", *kind.trials):
        if claim[name] >= _FAR:
            raise CertificateError(f"the claim is impossible: {name} = {_short(claim[name])}")
    kind.check(claim)
    if not decoder.gibbs and -(-claim["code_bits"] // 8) != payload_bytes:
        raise CertificateError(
            f"code_bits: {_short(claim['code_bits'])} stated, the payload has {payload_bytes} bytes"
        )
    return claim, header["data"], decoder


def _require(
    where: Mapping[str, Any], types: Mapping[str, type], name: str, optional: Mapping[str, type] | None = None
) -> None:
    for key, kind in types.items():
        if type(where.get(key)) is not kind:
            raise CertificateError(f"the {name} lacks {_short(key)} ({kind.__name__})")
    allowed = {**types, **(optional or {})}
    for key, value in where.items():
        if key not in allowed or type(value) is not allowed[key]:
            raise CertificateError(f"the {name} has {_short(key)}, which {FORMAT} does not know")


def _check_value(kind: Kind, claim: Mapping[str, Any]) -> None:
    """The stated value is what ball arithmetic gives for the stated inputs, to the last digit."""
    try:
        value = kind.upper(claim)
    except (InputError, ArithmeticError) as error:
        raise CertificateError(f"the claim is impossible: {error}") from None
    _same("value of the bound", claim["value"], value)


def _load(name: str, say: Callable[[str], None] | None) -> data.Dataset:
    if name not in data.names():
        known = ", ".join(data.names())
        raise InputError(
            f"data set {_short(name)} is not one of {known}; replay it with verify(path, dataset=...)"
        )
    return data.load(name, say)


def _same(what: str, stated: Any, found: Any) -> None:
    if json.dumps(stated, sort_keys=True) != json.dumps(found, sort_keys=True):  # true is not 1 here
        raise CertificateError(
            f"{what}: the certificate states {_short(stated)}, the replay finds {_short(found)}"
        )


def _at_most(what: str, found: int, stated: int) -> None:
    if found > stated:
        raise CertificateError(f"{what}: the certificate states {_short(stated)}, the replay counts {found}")


def _short(value: Any) -> str:
    """A value of a header for a terminal: escaped, so that it cannot write there, and not too long."""
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:197] + "..."


def _checked(
    kind: Kind, claim: Numbers, sample: data.Dataset, found: Numbers, tested: Numbers
) -> tuple[str, ...]:
    return (
        "the file is intact and its header is in canonical form",
        f"the data are {sample.name}, SHA-256 {sample.sha256[:16]}..., n = {claim['n']}",
        *kind.says(claim, found),
        kind.tells(tested, sample),
        f"{kind.bound} at these numbers is at most {claim['value']} in ball arithmetic",
    )


def _declared(
    header: Mapping[str, Any],
    decoder: Decoder,
    kind: Kind,
    stated_source: str | None,
    found_source: str | None,
) -> tuple[str, ...]:
    lines = [a.says for a in bounds[kind.bound].assumes if a.vouched == "declared"]
    lines.append(f"delta = {header['claim']['delta']} and the bound were chosen before the sample was seen")
    known = list(declared_by_author(decoder, header["data"]["name"]).values())
    lines += known  # made here, so that a header cannot leave them out
    lines += [f"the author says: {_short(text)}" for text in header["declared"].values() if text not in known]
    if stated_source is not None:
        same = "the same as" if stated_source == found_source else "NOT the same as"
        lines.append(
            f"the model's factory was fixed before the sample was seen; its source is {same} the stated one"
        )
    return tuple(lines)


def declared_by_author(decoder: Decoder, name: str) -> dict[str, str]:
    """Statements of the author that no replay can check.

    Args:
        decoder: it knows which data sets were looked at while it was developed.
        name: the data set certified.

    Returns:
        Statement by key.
    """
    seen = name in decoder.developed_on
    return {
        "recipe": (
            f"decoder {decoder.name} was developed while looking at {name}; "
            f"{RECIPE_BITS} bits are charged for it"
            if seen
            else f"decoder {decoder.name} was developed without looking at {name}"
        )
    }
