"""The main job: train, quantise, encode, bound, certify, and compare with the test error."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from idbounds import data, replay
from idbounds.catalogue import bounds
from idbounds.certificate import Factory, canonical_delta, is_certificate, write
from idbounds.claims import DRAWS, kind_of
from idbounds.comparing import Evaluation, compare
from idbounds.decoders import CUSTOM, Decoder
from idbounds.errors import InputError, MissingExtra
from idbounds.recipes import RECIPES, Job, Progress, Recipe, Silent

DELTA = "0.05"
RECIPE = next(iter(RECIPES))


@dataclass(frozen=True)
class Certified:
    """A certificate and how it compares.

    Attributes:
        path: the certificate file.
        bound: the certified value, a decimal string rounded up.
        value: the same as a float.
        errors: training errors by the reference evaluator.
        n: training examples.
        draws: of each of them; 1 but for a Gibbs predictor.
        bound_id: id of the bound that the certificate states.
        code_bits: what is paid for: the exact length of the message; of a Gibbs predictor, the bits that name
            its prior and the divergence of its posterior, rounded up to bits.
        ideal_bits: -log2 of the probability the codes give to the message; of a Gibbs predictor, the same.
        parts: those bits by part.
        test_errors: test errors.
        test_n: test examples.
        test_interval: exact 95% (Clopper-Pearson) interval of the test error.
        majority_error: training error of always naming the commonest class.
        evaluations: every applicable bound, tightest first.
        seconds: wall time.
        delta: decimal string.
        dataset: name of the data set.
        dataset_sha256: its digest.
        decoder: name of the decoder that reads the message.
        model: what the certificate states of the model: architecture, parameters, seed and what else the
            decoder has to be told.
        device: where it was trained.
    """

    path: Path
    bound: str
    value: float
    errors: int
    n: int
    draws: int
    bound_id: str
    code_bits: int
    ideal_bits: float
    parts: dict[str, int]
    test_errors: int
    test_n: int
    test_interval: tuple[float, float]
    majority_error: float
    evaluations: list[Evaluation] = field(repr=False)
    seconds: float
    delta: str
    dataset: str
    dataset_sha256: str
    decoder: str
    model: dict[str, Any] = field(repr=False)
    device: str

    @property
    def architecture(self) -> str:
        """Name of the network."""
        return str(self.model["architecture"])

    @property
    def D(self) -> int:  # noqa: N802 - the number of weights is D everywhere
        """Number of weights."""
        return int(self.model["parameters"])

    @property
    def seed(self) -> int | None:
        """Seed in the message; None where the decoder knows none for a whole model, as "layers-1"."""
        return self.model.get("seed")

    @property
    def train_error(self) -> float:
        """Training errors / trials."""
        return self.errors / (self.n * self.draws)

    @property
    def test_error(self) -> float:
        """Test errors / test_n."""
        return self.test_errors / self.test_n


def certify(
    dataset: str | data.Dataset = "fashion-mnist",
    *,
    recipe: str = RECIPE,
    architecture: str | None = None,
    model: Factory | None = None,
    seed: int = 0,
    delta: str | float = DELTA,
    output: str | Path | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | bool | None = None,
    **settings: Any,
) -> Certified:
    """Train a model so that its message is short, and write a certificate of its error.

    Args:
        dataset: name of a data set, or one of your own.
        recipe: "draws" fits a posterior against the bound and names weights by draws from a prior; "subspace"
            trains in a random subspace on a grid.
        architecture: entry of the recipe's menu; by default what suits the shape of an example, and where
            several do the one that a short fit likes best.
        model: your own factory (shape of an example, classes) -> nn.Module instead; `verify` needs it, too.
        seed: part of the message and paid for; it draws the candidates, or the start and the projection.
        delta: allowed failure probability.
        output: certificate file; default `<data set>.idb` in the working directory.
        resume: go on from the checkpoint beside the output.
        device: "auto" takes a GPU where there is one and the recipe has a use for it.
        progress: where to report; None or False for silence.
        **settings: fields of `idbounds.variational.settings.Settings` for "draws" (bits, budget in minutes,
            steps, ...), of `idbounds.recipes.subspace.Settings` for "subspace" (d, projection, steps, ...).

    Returns:
        The certificate's figures.

    Raises:
        InputError: for bad settings, before anything is trained.
        Interrupted: on Ctrl-C, with the checkpoint to resume from.
        KeyboardInterrupt: on Ctrl-C before the first step, when there is none.
    """  # noqa: DOC502 - raised further down
    started = time.monotonic()
    report: Progress = Silent() if progress is None or isinstance(progress, bool) else progress
    _need_torch()
    level = canonical_delta(delta)
    way = _way(recipe)
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
        certified = write_certificate(
            learner.run(resume=resume), sample, target, delta=level, decoder=way.decoder, model=model,
            report=report, started=started, device=place,
        )  # fmt: skip
    except KeyboardInterrupt:
        if not (resume or learner.done):  # before the first step: a checkpoint there is of another run
            raise
        raise Interrupted(checkpoint, learner.done) from None  # while counting errors, say: it has the model
    checkpoint.unlink(missing_ok=True)
    return certified


def write_certificate(
    hypothesis: Any,
    sample: data.Dataset,
    target: Path,
    *,
    delta: str,
    decoder: Decoder,
    model: Factory | None,
    report: Progress,
    started: float,
    device: str,
) -> Certified:
    """Encode a hypothesis, decode it again, count its errors and write the certificate.

    Args:
        hypothesis: as integers, of that decoder.
        sample: the data.
        target: certificate file.
        delta: decimal string.
        decoder: how it is said.
        model: factory of a user's own architecture, or None.
        report: progress.
        started: monotonic time at which the job began.
        device: where it was trained, for the record.

    Returns:
        The certificate's figures.
    """
    from idbounds.resuming import undivided

    with undivided():
        message = decoder.encode(hypothesis)
        payload = message.bits.data
        _, network, parts = decoder.decode(payload, replay.module_maker(sample, model))
    advance = report.stage("counting errors", len(sample.train_y) + len(sample.test_y))
    n, test_n, kind = len(sample.train_y), len(sample.test_y), kind_of(decoder)
    draws = DRAWS if decoder.gibbs else 1
    errors, test_errors = replay.recount(network, sample, draws, lambda done, total: advance(done, ""))
    claim: dict[str, Any] = {"errors": errors, "n": n, "delta": delta, **kind.found(network, parts)}
    claim |= {"draws": draws} if decoder.gibbs else {}
    claim["value"] = value = kind.upper(claim)
    header = {
        "format": replay.FORMAT,
        "decoder": message.decoder,
        "bound": kind.bound,
        "claim": claim,
        "data": replay.describe_data(sample),
        "model": replay.describe_model(network, model),
        "parts": parts,
        "test": {"errors": test_errors, "n": test_n},
        "declared": replay.declared_by_author(decoder, sample.name),
        "made": _made(device),
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
    }
    write(target, header, payload)
    known = kind.inputs(claim) | {"test_errors": test_errors, "test_n": test_n}
    compared = compare(**{"delta": delta, **known}, majority_error=sample.majority_error)
    bill = kind.bill(network, parts)
    paid = sum(bill.values())
    return Certified(
        path=target, bound=value, value=float(value), errors=errors, n=n, draws=draws, bound_id=kind.bound,
        code_bits=paid, ideal_bits=float(paid) if decoder.gibbs else message.ideal_bits,
        parts=bill, test_errors=test_errors, test_n=test_n,
        test_interval=test_interval(test_errors, test_n), majority_error=sample.majority_error,
        evaluations=[e for e in compared if e.certifies],
        seconds=time.monotonic() - started, delta=delta, dataset=sample.name, dataset_sha256=sample.sha256,
        decoder=decoder.name, model=network.states, device=device,
    )  # fmt: skip


def test_interval(errors: int, n: int, level: float = 0.95) -> tuple[float, float]:  # noqa: PT028
    """Two-sided exact (Clopper-Pearson 1934) interval of an error rate.

    Args:
        errors: count.
        n: examples.
        level: coverage.

    Returns:
        Lower and upper end.
    """
    tail = str((1 - level) / 2)
    bound = bounds["test-binomial"]
    upper = bound(test_errors=errors, test_n=n, delta=tail)
    return 1 - bound(test_errors=n - errors, test_n=n, delta=tail), min(upper, 1.0)


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtra("certify needs torch: pip install 'idbounds[torch]'") from None


def _way(recipe: str) -> Recipe:
    if recipe not in RECIPES:
        raise InputError(f"no recipe {recipe!r}; give one of {', '.join(RECIPES)}")
    return RECIPES[recipe]


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
