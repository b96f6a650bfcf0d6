"""The job: trained weights through a pipeline into a message, decoded again, counted and bounded."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds import data, replay
from idbounds.certificate import Factory, canonical_delta
from idbounds.certifying import DELTA, Certified, write_certificate
from idbounds.checkpoints import read_tensors
from idbounds.codes import Message
from idbounds.comparing import Evaluation, compare
from idbounds.compress.drafts import Draft, drafts
from idbounds.compress.pipeline import Bench, Pipeline, Step
from idbounds.compress.report import Row, dense_bits, rows
from idbounds.decoders import CUSTOM, DECODERS, Network, layers
from idbounds.decoders.decoder import wide
from idbounds.errors import InputError
from idbounds.jobs import target_file
from idbounds.recipes import Progress, Silent

if TYPE_CHECKING:
    from torch import nn

Weights = "nn.Module | Mapping[str, Any] | str | os.PathLike[str]"
"""A trained module, its state dict, or a safetensors or npz file; nothing is ever unpickled."""


@dataclass(frozen=True)
class Errors:
    """What a network gets wrong, by the reference evaluator.

    Attributes:
        train: errors on the training part.
        test: errors on the test part.
    """

    train: int
    test: int


@dataclass(frozen=True, eq=False)
class Compressed:
    """A compressed model: its message, what that costs, and what it buys.

    Attributes:
        pipeline: how it was made.
        hypothesis: the model as decoder "layers-1" knows it.
        message: its bits.
        network: the module with the weights that were decoded from the message.
        rows: what became of each tensor.
        dense_bits: of all weights as float32, without a header.
        before: errors of the weights as given.
        after: errors of the decoded network.
        sample: the data.
        evaluations: every bound that applies to the decoded network, tightest first; each holds singly.
        delta: decimal string.
        model: factory of a user's own architecture, or None.
        seconds: what it took.
    """

    pipeline: Pipeline
    hypothesis: layers.Model
    message: Message
    network: Network = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)
    dense_bits: int
    before: Errors
    after: Errors
    sample: data.Dataset = field(repr=False)
    evaluations: list[Evaluation] = field(repr=False)
    delta: str
    model: Factory | None = field(repr=False)
    seconds: float

    @property
    def code_bits(self) -> int:
        """Exact length of the message in bits: what a bound is charged."""
        return self.message.code_bits

    @property
    def parts(self) -> dict[str, int]:
        """Bits by part: recipe, architecture, and forms, patterns and values of all tensors."""
        found: dict[str, int] = {}
        for part in self.message.parts:
            name = part.name.rpartition(", ")[2].split(" ")[0]
            found[name] = found.get(name, 0) + part.bits
        return found

    def certify(self, path: str | os.PathLike[str]) -> Certified:
        """Write a certificate that `idbounds verify` replays.

        Args:
            path: the file.

        Returns:
            Its figures.
        """
        target = target_file(path, self.sample.name)
        return write_certificate(
            self.hypothesis, self.sample, target, delta=self.delta, decoder=DECODERS[layers.DECODER],
            model=self.model, report=Silent(), started=time.monotonic(), device="cpu",
        )  # fmt: skip

    def record(self) -> dict[str, Any]:
        """JSON-ready figures."""
        n, test_n = len(self.sample.train_y), len(self.sample.test_y)
        return {
            "pipeline": str(self.pipeline), "architecture": self.hypothesis.architecture,
            "dataset": self.sample.name, "dataset_sha256": self.sample.sha256,
            "decoder": self.message.decoder, "code_bits": self.code_bits,
            "ideal_bits": self.message.ideal_bits, "dense_bits": self.dense_bits,
            "parts": self.parts, "tensors": [row.record() for row in self.rows],
            "n": n, "errors_before": self.before.train, "errors": self.after.train,
            "test_n": test_n, "test_errors_before": self.before.test, "test_errors": self.after.test,
            "delta": self.delta, "majority_error": self.sample.majority_error,
            "bounds": [e.record() for e in self.evaluations], "seconds": self.seconds,
        }  # fmt: skip


def compress(
    weights: nn.Module | Mapping[str, Any] | str | os.PathLike[str],
    steps: Pipeline | Step,
    *,
    dataset: str | data.Dataset,
    architecture: str | None = None,
    model: Factory | None = None,
    delta: str | float = DELTA,
    before: Errors | None = None,
    progress: Progress | None = None,
) -> Compressed:
    """Compress a trained model into a message, decode the message, and state what it costs and buys.

    Args:
        weights: the trained module, its tensors by name, or a safetensors or npz file.
        steps: the pipeline.
        dataset: name of a data set, or one of your own: it counts the errors, and its training part serves
            the steps that look at data.
        architecture: entry of the decoder's menu; or
        model: your own factory (shape of an example, classes) -> nn.Module. One of the two is needed: a
            message is read by who has the architecture.
        delta: allowed failure probability.
        before: errors of the weights as given, where they are known (of many pipelines for the same weights);
            None counts them. No bound looks at them.
        progress: where to report; None for silence.

    Returns:
        The compressed model.

    Raises:
        InputError: for weights that do not fit the architecture, before any work.
    """  # noqa: DOC502 - raised further down
    started = time.monotonic()
    level, report = canonical_delta(delta), progress or Silent()
    pipeline = steps if isinstance(steps, Pipeline) else Pipeline((steps,))
    name = _name(architecture, model)
    tensors = _tensors(weights)
    sample = data.load(dataset, report.say) if isinstance(dataset, str) else replay.checked_sample(dataset)
    make = replay.module_maker(sample.examples(), model)
    module = make(name)
    first = drafts(module, tensors)

    if before is None:
        before = _count(_network(module, first), sample, report, "errors before")
    last = pipeline.run(first, Bench(module, sample, _advance(pipeline, report)))
    hypothesis = layers.Model(name, tuple(draft.coded for draft in last))
    message = layers.encode(hypothesis)
    _, network, _ = layers.decode(message.bits.data, make)
    after = _count(network, sample, report, "errors after")
    known: dict[str, Any] = {
        "errors": after.train, "n": len(sample.train_y), "code_bits": message.code_bits,
        "test_errors": after.test, "test_n": len(sample.test_y),
    }  # fmt: skip
    return Compressed(
        pipeline, hypothesis, message, network, rows(last, message),
        dense_bits(first), before, after, sample,
        compare(**known, delta=level, majority_error=sample.majority_error), level, model,
        time.monotonic() - started,
    )  # fmt: skip


def _name(architecture: str | None, model: Factory | None) -> str:
    menu = [entry for entry in layers.MENU if entry != CUSTOM]
    if (architecture is None) == (model is None) or (model is None and architecture not in menu):
        raise InputError(
            f"architecture = {architecture!r}: give one of {', '.join(menu)}, or your own with model=factory"
        )
    return architecture or CUSTOM


def _tensors(weights: Any) -> dict[str, Any]:
    """Arrays by name, out of whatever was given."""
    if isinstance(weights, (str, os.PathLike)):
        return {t.name: np.concatenate(list(t.blocks())).reshape(t.shape) for t in read_tensors(weights)}
    state = weights if isinstance(weights, Mapping) else getattr(weights, "state_dict", dict)()
    if not state:
        raise InputError(
            f"weights: {type(weights).__name__} given; a module, tensors by name, or a file is allowed"
        )
    return {name: _array(name, value) for name, value in state.items()}


def _array(name: str, value: Any) -> Any:
    """A tensor or array as numpy has it; torch's narrow floats are widened."""
    if hasattr(value, "detach"):
        return wide(value).numpy()
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise InputError(f"{name}: {type(value).__name__} given; a tensor or an array of numbers is allowed")
    return value


def _network(module: nn.Module, given: list[Draft]) -> Network:
    """The network with the weights as given, not as written."""
    import torch

    # By these names a tied tensor comes once: `functional_call` refuses it twice.
    fixed = (*module.named_parameters(), *module.named_buffers())
    state = {name: wide(value) for name, value in fixed}
    state |= {d.slot.name: torch.from_numpy(d.original.reshape(d.slot.shape).copy()) for d in given}
    return Network(module, state, {})


def _count(network: Network, sample: data.Dataset, report: Progress, stage: str) -> Errors:
    move = report.stage(stage, len(sample.train_y) + len(sample.test_y))
    return Errors(*replay.recount(network, sample, advance=lambda done, total: move(done, "")))


def _advance(pipeline: Pipeline, report: Progress) -> Any:
    """Progress of the steps that look at data: one bar each."""
    if not pipeline.needs_data:
        return None
    bar: list[Any] = []

    def advance(done: int, total: int) -> None:
        if not bar:
            bar.append(report.stage("a step on the training part", total))
        bar[0](done, "")
        if done == total:  # the next step has a bar of its own
            bar.clear()

    return advance
