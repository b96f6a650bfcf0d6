"""The main job: train, quantise, encode, bound, certify, and compare with the test error."""

from __future__ import annotations

import hashlib
import platform
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from idbounds import data, recipe, replay
from idbounds.catalogue import bounds
from idbounds.certificate import BOUND, Factory, canonical_delta, write
from idbounds.comparing import Evaluation, compare
from idbounds.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from idbounds.training import Settings

D = 1000
"""Default subspace dimension."""

DELTA = "0.05"


class Progress(Protocol):
    """What a long job reports; the terminal's version is in `idbounds.cli`."""

    def say(self, line: str) -> None:
        """One line about a slow step."""

    def stage(self, name: str, total: int) -> Callable[[int, str], None]:
        """Open a stage; the returned function is called with (done, remark)."""


class Silent:
    """Reports nothing."""

    def say(self, line: str) -> None:
        """Drop the line."""

    def stage(self, name: str, total: int) -> Callable[[int, str], None]:
        """Drop the stage."""
        return lambda done, remark: None


@dataclass(frozen=True)
class Certified:
    """A certificate and how it compares.

    Attributes:
        path: the certificate file.
        bound: the certified value, a decimal string rounded up.
        value: the same as a float.
        errors: training errors by the reference evaluator.
        n: training examples.
        code_bits: exact length of the message.
        ideal_bits: -log2 of the probability the codes give to it.
        parts: exact bits by part.
        test_errors: test errors.
        test_n: test examples.
        test_interval: exact 95% (Clopper-Pearson) interval of the test error.
        majority_error: training error of always naming the commonest class.
        evaluations: every applicable bound, tightest first.
        seconds: wall time.
        delta: decimal string.
        dataset: name of the data set.
        dataset_sha256: its digest.
        architecture: name.
        d: subspace dimension.
        D: number of weights.
        seed: of theta0 and P.
        device: where it was trained.
    """

    path: Path
    bound: str
    value: float
    errors: int
    n: int
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
    architecture: str
    d: int
    D: int
    seed: int
    device: str

    @property
    def train_error(self) -> float:
        """Training errors / n."""
        return self.errors / self.n

    @property
    def test_error(self) -> float:
        """Test errors / test_n."""
        return self.test_errors / self.test_n


def certify(
    dataset: str | data.Dataset = "fashion-mnist",
    *,
    architecture: str = "convnet",
    model: Factory | None = None,
    d: int = D,
    seed: int = 0,
    projection: str = "blocks",
    delta: str | float = DELTA,
    output: str | Path | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | bool | None = None,
    **training: Any,
) -> Certified:
    """Train a model in a random subspace, compress it, and write a certificate of its error.

    Args:
        dataset: name of a data set, or one of your own.
        architecture: entry of the menu.
        model: your own factory (shape of an example, classes) -> nn.Module instead; `verify` needs it, too.
        d: subspace dimension.
        seed: of the start and the projection; it is part of the message and paid for.
        projection: family of the subspace.
        delta: allowed failure probability.
        output: certificate file; default `<data set>.idb` in the working directory.
        resume: go on from the checkpoint beside the output.
        device: "auto" takes a GPU where there is one.
        progress: where to report; None or False for silence.
        **training: fields of `idbounds.training.Settings` (steps, batch, learning_rate, ...).

    Returns:
        The certificate's figures.

    Raises:
        InputError: for bad settings, before anything is trained.
        Interrupted: on Ctrl-C, with the checkpoint to resume from.
    """  # noqa: DOC502 - raised further down
    started = time.monotonic()
    report: Progress = Silent() if progress is None or isinstance(progress, bool) else progress
    _need_torch()
    level = canonical_delta(delta)
    settings = _settings(training)
    place = _device(device)
    name = recipe.CUSTOM if model is not None else _known(architecture)
    target = _target(output, dataset if isinstance(dataset, str) else dataset.name)
    sample = data.load(dataset, report.say) if isinstance(dataset, str) else replay.checked_sample(dataset)
    network = _network(name, sample, model, kind=projection, d=d, seed=seed)
    from idbounds.training import Interrupted, Trainer

    trainer = Trainer(network, sample, settings, place)
    checkpoint = target.with_suffix(".checkpoint.npz")
    if resume:
        trainer.load(checkpoint)
    advance = report.stage("training", settings.steps)
    try:
        trainer.run(
            checkpoint, advance=lambda done, loss: advance(done, f"loss {loss:.3g}" if done % 20 == 0 else "")
        )
        assert trainer.grid is not None
        hypothesis = recipe.Model(name, projection, d, seed, trainer.grid, trainer.symbols())
        certified = write_certificate(
            hypothesis, sample, target, delta=level, model=model, report=report, started=started, device=place
        )
    except KeyboardInterrupt:  # while counting errors: the checkpoint holds the trained model
        raise Interrupted(checkpoint, trainer.done) from None
    checkpoint.unlink(missing_ok=True)
    return certified


def write_certificate(
    hypothesis: recipe.Model,
    sample: data.Dataset,
    target: Path,
    *,
    delta: str,
    model: Factory | None,
    report: Progress,
    started: float,
    device: str,
) -> Certified:
    """Encode a hypothesis, decode it again, count its errors and write the certificate.

    Args:
        hypothesis: as integers.
        sample: the data.
        target: certificate file.
        delta: decimal string.
        model: factory of a user's own architecture, or None.
        report: progress.
        started: monotonic time at which the job began.
        device: where it was trained, for the record.

    Returns:
        The certificate's figures.
    """
    message = recipe.encode(hypothesis)
    payload = message.bits.data
    decoded, network, parts = recipe.decode(payload, replay.module_maker(sample, model))
    advance = report.stage("counting errors", len(sample.train_y) + len(sample.test_y))
    errors, test_errors = replay.recount(network, decoded, sample, lambda done, total: advance(done, ""))
    n, test_n = len(sample.train_y), len(sample.test_y)
    value = bounds[BOUND].upper(errors=errors, n=n, code_bits=message.code_bits, delta=delta)
    header = {
        "format": replay.FORMAT,
        "decoder": message.decoder,
        "bound": BOUND,
        "claim": {"errors": errors, "n": n, "code_bits": message.code_bits, "delta": delta, "value": value},
        "data": replay.describe_data(sample),
        "model": replay.describe_model(decoded, network, model),
        "parts": parts,
        "test": {"errors": test_errors, "n": test_n},
        "declared": replay.declared_by_author(recipe.DEVELOPED_ON, sample.name),
        "made": _made(device),
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
    }
    write(target, header, payload)
    known: dict[str, Any] = {
        "errors": errors,
        "n": n,
        "code_bits": message.code_bits,
        "test_errors": test_errors,
        "test_n": test_n,
    }
    compared = compare(**known, delta=delta, majority_error=sample.majority_error)
    return Certified(
        path=target, bound=value, value=float(value), errors=errors, n=n, code_bits=message.code_bits,
        ideal_bits=message.ideal_bits, parts=parts, test_errors=test_errors, test_n=test_n,
        test_interval=test_interval(test_errors, test_n), majority_error=sample.majority_error,
        evaluations=[e for e in compared if e.certifies],
        seconds=time.monotonic() - started, delta=delta, dataset=sample.name, dataset_sha256=sample.sha256,
        architecture=decoded.architecture, d=decoded.d, D=network.parameter_count, seed=decoded.seed,
        device=device,
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


def _known(architecture: str) -> str:
    if architecture not in recipe.MENU[1:]:
        menu = ", ".join(recipe.MENU[1:])
        raise InputError(
            f"no architecture {architecture!r}; give one of {menu}, or your own with model=factory"
        )
    return architecture


def _target(output: str | Path | None, name: str) -> Path:
    """The certificate's path, if a file can be made there: found out before the training, not after."""
    target = Path(output if output is not None else f"{name}.idb")
    try:
        if target.suffix in {".svg", ".png", ".npz"} or target.is_dir() or not target.name:
            raise InputError(f"output {str(target)!r}: give the name of a certificate, such as {name}.idb")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.name):
            return target
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"output {str(target)!r} cannot be written: {reason}; give another file") from None


def _settings(training: dict[str, Any]) -> Settings:
    from idbounds.training import Settings

    known = list(Settings.__dataclass_fields__)
    for name in training:
        if name not in known:
            raise InputError(f"certify has no setting {name!r}; training settings: {', '.join(known)}")
    return Settings(**{k: v for k, v in training.items() if v is not None})


def _network(name: str, sample: data.Dataset, model: Factory | None, *, kind: str, d: int, seed: int) -> Any:
    """The module in its subspace, after the evaluator has tried it on one example."""
    from idbounds.evaluator import count_errors

    make = replay.module_maker(sample, model)
    network = recipe.subspace(make(name), kind=kind, d=d, seed=seed)
    if model is not None:
        again = recipe.subspace(make(name), kind=kind, d=d, seed=seed)
        if again.start_digest != network.start_digest:
            raise InputError(
                "the factory gives a different module each time, by random buffers or parameters with "
                "requires_grad=False, so nobody could replay it; seed them inside the factory"
            )
    count_errors(network, np.zeros(d), sample.train_x[:1], sample.train_y[:1], levels=sample.levels)
    return network


def _device(device: str) -> str:
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if not re.fullmatch(r"cpu|cuda(:[0-9]{1,3})?", device):
            raise RuntimeError("not a device that idbounds knows")
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {device!r}: {str(error).splitlines()[0]}; give auto, cpu or cuda") from None
    return device


def _made(device: str) -> dict[str, str]:
    import torch

    from idbounds import __version__

    return {
        "idbounds": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "torch": str(torch.__version__), "machine": platform.machine(), "device": device,
    }  # fmt: skip
