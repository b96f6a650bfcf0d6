"""The job behind every certificate: check what is asked for, load, train, and hand over to what writes it."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from idbounds import data, replay
from idbounds.certificate import Factory, canonical_delta, is_certificate
from idbounds.claims import kind_of
from idbounds.codes import Message
from idbounds.decoders import CUSTOM, DECODERS, Decoder, Network
from idbounds.errors import InputError, MissingExtra
from idbounds.recipes import RECIPES, Job, Progress, Recipe, Silent

T = TypeVar("T")


def run(
    form: data.Form,
    finish: Callable[..., T],
    dataset: str | data.Dataset,
    *,
    recipe: str | None,
    architecture: str | None,
    model: Factory | None,
    seed: int,
    delta: str | float,
    output: str | Path | None,
    resume: bool,
    device: str,
    progress: Progress | bool | None,
    settings: dict[str, Any],
) -> T:
    """The job behind every kind of certificate: check, load, train, and write.

    Args:
        form: "examples", or any other for a language model.
        finish: writes the certificate, as `write_certificate` does.
        dataset: as `certify` takes it, and so on for the others.
        recipe: its name; by default the first one for the data set's form.
        architecture: entry of the recipe's menu.
        model: a user's own factory.
        seed: part of the message.
        delta: failure probability.
        output: certificate file.
        resume: whether to go on from a checkpoint.
        device: torch device, or "auto".
        progress: where to report.
        settings: of the recipe.

    Returns:
        What `finish` returns.

    Raises:
        InputError: for bad settings, before anything is trained.
        Interrupted: on Ctrl-C, with the checkpoint to resume from.
        KeyboardInterrupt: on Ctrl-C before the first step, when there is none.
    """  # noqa: DOC502 - raised further down
    started = time.monotonic()
    report: Progress = Silent() if progress is None or isinstance(progress, bool) else progress
    _need_torch()
    level = canonical_delta(delta)
    way = _way(recipe, data.form(dataset) if isinstance(dataset, str) else dataset.form, form)
    chosen = way.chosen(settings)
    place = _device(device, way)
    if architecture is not None and model is None:
        _check_known(architecture, way)
    target = target_file(output, dataset if isinstance(dataset, str) else dataset.name)
    sample = data.load(dataset, report.say) if isinstance(dataset, str) else replay.checked_sample(dataset)
    if model is not None:
        names: tuple[str, ...] = (CUSTOM,)
    else:
        names = (architecture,) if architecture else way.architectures(sample.train_x.shape[1:])
    from idbounds.resuming import Interrupted

    checkpoint = target.with_suffix(".checkpoint.npz")
    make = replay.module_maker(sample, model)
    learner = way.prepare(Job(sample, names, make, seed, level, place, checkpoint, report, started), chosen)
    try:
        certified = finish(
            learner.run(resume=resume), sample, target, delta=level, decoder=way.decoder, model=model,
            report=report, started=started, device=place,
        )  # fmt: skip
    except KeyboardInterrupt:
        if not (resume or learner.done):  # before the first step: a checkpoint there is of another run
            raise
        raise Interrupted(checkpoint, learner.done) from None  # while counting errors, say: it has the model
    checkpoint.unlink(missing_ok=True)
    return certified


def encoded(
    hypothesis: Any, sample: data.Dataset, decoder: Decoder, model: Factory | None
) -> tuple[Message, Network, dict[str, int]]:
    """Encode a hypothesis, and decode it again: what is certified is what the message says.

    Args:
        hypothesis: as integers, of that decoder.
        sample: the data.
        decoder: how it is said.
        model: factory of a user's own architecture, or None.

    Returns:
        The message; the network that was decoded from it, and the bits of its parts.

    Raises:
        KeyboardInterrupt: at the end, when Ctrl-C was pressed meanwhile.
    """  # noqa: DOC502 - raised by undivided
    from idbounds.resuming import undivided

    with undivided():
        message = decoder.encode(hypothesis)
        _, network, parts = decoder.decode(message.bits.data, replay.module_maker(sample, model))
    return message, network, parts


def header_of(
    message: Message,
    payload: bytes,
    claim: dict[str, Any],
    sample: data.Dataset,
    network: Network,
    model: Factory | None,
    parts: dict[str, int],
    test: dict[str, int],
    device: str,
) -> dict[str, Any]:
    """All that a certificate states.

    Args:
        message: the hypothesis in bits.
        payload: the same as bytes.
        claim: with its value.
        sample: the data.
        network: as decoded.
        model: factory of a user's own architecture, or None.
        parts: bits by part.
        test: what was counted on the test set.
        device: where it was trained, for the record.

    Returns:
        The header.
    """
    decoder = DECODERS[message.decoder]
    return {
        "format": replay.FORMAT,
        "decoder": decoder.name,
        "bound": kind_of(decoder).bound,
        "claim": claim,
        "data": replay.describe_data(sample),
        "model": replay.describe_model(network, model),
        "parts": parts,
        "test": test,
        "declared": replay.declared_by_author(decoder, sample.name),
        "made": _made(device),
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
    }


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtra("certify needs torch: pip install 'idbounds[torch]'") from None


def _way(recipe: str | None, found: data.Form, form: data.Form) -> Recipe:
    """The recipe, if it is one for the rows at hand and they are what the caller certifies."""
    fitting = [name for name, way in RECIPES.items() if way.decoder.form == found]
    if (found == "examples") != (form == "examples"):
        raise InputError(
            f"the data set holds {found}: "
            + ("use certify, not certify_text" if found == "examples" else "use certify_text, not certify")
        )
    name = recipe if recipe is not None else fitting[0]
    if name not in RECIPES:
        raise InputError(f"no recipe {name!r}; give one of {', '.join(RECIPES)}")
    if name not in fitting:
        raise InputError(f"recipe {name!r} is not for {found}; give one of {', '.join(fitting)}")
    return RECIPES[name]


def _check_known(architecture: str, way: Recipe) -> None:
    menu = [name for name in way.decoder.menu if name != CUSTOM]
    if architecture not in menu:
        raise InputError(
            f"no architecture {architecture!r}; give one of {', '.join(menu)}, or your own with model=factory"
        )


def target_file(output: str | os.PathLike[str] | None, name: str) -> Path:
    """The certificate's path, if a file can be made there: found out before the training, not after.

    Args:
        output: as given; None for the data set's name.
        name: of the data set.

    Returns:
        The path; its folder is made.

    Raises:
        InputError: when nothing can be written there, or what is there is no certificate.
    """  # noqa: DOC501 - an OSError does not leave it
    target = Path(output if output is not None else f"{name}.idb")
    try:
        if target.suffix in {".svg", ".png", ".npz"} or target.is_dir() or not target.name:
            raise InputError(f"output {str(target)!r}: give the name of a certificate, such as {name}.idb")
        if target.exists() and not is_certificate(target):
            raise InputError(f"output {str(target)!r} is there and is no certificate; give another file")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.name):
            return target
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"output {str(target)!r} cannot be written: {reason}; give another file") from None


def _device(device: str, way: Recipe) -> str:
    import torch

    if device == "auto":
        return "cuda" if "cuda" in way.devices and torch.cuda.is_available() else "cpu"
    allowed = ", ".join(["auto", *way.devices[:-1]]) + f" or {way.devices[-1]}"
    try:
        if not re.fullmatch(r"cpu|cuda(:[0-9]{1,3})?", device) or device.partition(":")[0] not in way.devices:
            raise RuntimeError(f"not a device that recipe {way.name!r} trains on")
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {device!r}: {str(error).splitlines()[0]}; give {allowed}") from None
    return device


def _made(device: str) -> dict[str, str]:
    import torch

    from idbounds import __version__

    return {
        "idbounds": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "torch": str(torch.__version__), "machine": platform.machine(), "device": device,
    }  # fmt: skip
