"""The main job: train, quantise, encode, bound, certify, and compare with the test error."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from idbounds import data, jobs, replay
from idbounds.catalogue import bounds
from idbounds.certificate import Factory, write
from idbounds.claims import DRAWS, kind_of
from idbounds.comparing import Evaluation, compare
from idbounds.decoders import Decoder
from idbounds.recipes import Progress

DELTA = "0.05"


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
    recipe: str | None = None,
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
        recipe: "draws", the default, fits a posterior against the bound and names weights by draws from a
            prior; "gibbs" leaves it one; "subspace" trains in a random subspace on a grid.
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
    return jobs.run(
        "examples", write_certificate, dataset, recipe=recipe, architecture=architecture, model=model,
        seed=seed, delta=delta, output=output, resume=resume, device=device, progress=progress,
        settings=settings,
    )  # fmt: skip


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
    message, network, parts = jobs.encoded(hypothesis, sample, decoder, model)
    payload = message.bits.data
    advance = report.stage("counting errors", len(sample.train_y) + len(sample.test_y))
    n, test_n, kind = len(sample.train_y), len(sample.test_y), kind_of(decoder)
    draws = DRAWS if decoder.gibbs else 1
    errors, test_errors = replay.recount(network, sample, draws, lambda done, total: advance(done, ""))
    claim: dict[str, Any] = {"errors": errors, "n": n, "delta": delta, **kind.found(network, parts)}
    claim |= {"draws": draws} if decoder.gibbs else {}
    claim["value"] = value = kind.upper(claim)
    test = {"errors": test_errors, "n": test_n}
    write(
        target, jobs.header_of(message, payload, claim, sample, network, model, parts, test, device), payload
    )
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
