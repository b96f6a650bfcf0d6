"""Certificates of language models: how many bits a byte, on new documents or along a text."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from idbounds import data, jobs, replay
from idbounds.catalogue import bounds
from idbounds.certificate import Factory, write
from idbounds.certifying import DELTA
from idbounds.claims import kind_of
from idbounds.comparing import Evaluation, compare
from idbounds.decoders import Decoder, Network
from idbounds.errors import InputError
from idbounds.recipes import Progress
from idbounds.text_claims import DRAWN
from idbounds.text_units import LOSS_UNIT, PSI_UNIT, SHARES, SMOOTHINGS

PILOT = 256
"""Rows on which the smoothing and s are chosen; all choices are paid for, so that any rows will do."""


@dataclass(frozen=True)
class CertifiedText:
    """A certificate of a language model. Losses are bits a byte of the smoothed model.

    Attributes:
        path: the certificate file.
        bound: the certified value in bits a byte, a decimal string rounded up.
        value: the same as a float.
        bound_id: id of the bound that the certificate states.
        form: "documents" or "text".
        loss: on what was read, as the certificate states it.
        error: share of the bytes of the text that are not the likeliest; None for documents.
        n: documents, or bytes of the text.
        drawn: documents that were read; None for a text, which is read whole.
        test_loss: on the test set.
        test_error: the same share there; None for documents.
        test_n: documents, or bytes.
        claim: what the header states, with the settings that were chosen.
        code_bits: length of the message.
        ideal_bits: -log2 of the probability that the codes give to it.
        parts: bits by part.
        evaluations: every applicable bound, tightest first, each holding singly.
        seconds: wall time.
        delta: decimal string.
        dataset: name of the data set.
        dataset_sha256: its digest.
        decoder: name of the decoder that reads the message.
        model: what the certificate states of the model.
        device: where it was trained.
    """

    path: Path
    bound: str
    value: float
    bound_id: str
    form: data.Form
    loss: float
    error: float | None
    n: int
    drawn: int | None
    test_loss: float
    test_error: float | None
    test_n: int
    claim: dict[str, Any] = field(repr=False)
    code_bits: int
    ideal_bits: float
    parts: dict[str, int]
    evaluations: list[Evaluation] = field(repr=False)
    seconds: float
    delta: str
    dataset: str
    dataset_sha256: str
    decoder: str
    model: dict[str, Any] = field(repr=False)
    device: str


def certify_text(
    dataset: str | data.Dataset = "kjv",
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
) -> CertifiedText:
    """Train a language model so that its message is short, and write a certificate of its loss.

    Args:
        dataset: name of a data set of documents or of a text, or one of your own: rows of bytes.
        recipe: "documents" or "tokens", whichever is for the data; there is no other choice yet.
        architecture: "bytegpt".
        model: your own factory instead, of modules with scores (batch, length, 256); `verify` needs it, too.
        seed: part of the message and paid for; it draws the start and the projection.
        delta: allowed failure probability.
        output: certificate file; default `<data set>.idb` in the working directory.
        resume: go on from the checkpoint beside the output.
        device: "auto" takes a GPU where there is one.
        progress: where to report; None or False for silence.
        **settings: fields of `idbounds.recipes.texts.OfDocuments` and `OfTokens` (d, steps, ...).

    Returns:
        The certificate's figures.

    Raises:
        InputError: for bad settings, before anything is trained.
        Interrupted: on Ctrl-C, with the checkpoint to resume from.
        KeyboardInterrupt: on Ctrl-C before the first step, when there is none.
    """  # noqa: DOC502 - raised further down
    return jobs.run(
        "text", write_text_certificate, dataset, recipe=recipe, architecture=architecture, model=model,
        seed=seed, delta=delta, output=output, resume=resume, device=device, progress=progress,
        settings=settings,
    )  # fmt: skip


def write_text_certificate(
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
) -> CertifiedText:
    """Encode a language model, decode it again, count its losses and write the certificate.

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
    kind, length = kind_of(decoder), sample.train_x.shape[1]
    claim: dict[str, Any] = {"delta": delta, **kind.found(network, parts)}
    claim |= (
        {"drawn": min(DRAWN, len(sample.train_x)), "length": length} if decoder.form == "documents" else {}
    )
    claim["n"], test_n = kind.sizes(sample, claim)
    claim |= _settings(network, sample, claim, decoder)
    rows, test_rows = replay.read_rows(network, sample, claim)
    advance = report.stage("counting losses", len(rows) + len(test_rows))
    counted, test = replay.recount_text(network, sample, claim, lambda done, _total: advance(done, ""))
    claim |= _stated(counted, rows.size)
    claim["value"] = value = kind.upper(claim)
    stated_test = _stated(test, test_rows.size)
    write(
        target,
        jobs.header_of(message, payload, claim, sample, network, model, parts, stated_test, device),
        payload,
    )
    known = kind.inputs(claim)
    if "errors" in counted:
        known["token_error"] = counted["errors"] / rows.size
    return CertifiedText(
        path=target, bound=value, value=float(value), bound_id=kind.bound, form=sample.form,
        loss=claim["loss"] / rows.size / LOSS_UNIT, n=claim["n"], drawn=claim.get("drawn"),
        error=known.get("token_error"), test_loss=test["loss"] / test_rows.size / LOSS_UNIT,
        test_error=test["errors"] / test_rows.size if "errors" in test else None, test_n=test_n, claim=claim,
        code_bits=claim["code_bits"], ideal_bits=message.ideal_bits, parts=dict(kind.bill(network, parts)),
        evaluations=[e for e in compare(**known) if e.certifies], seconds=time.monotonic() - started,
        delta=delta, dataset=sample.name, dataset_sha256=sample.sha256, decoder=decoder.name,
        model=network.states, device=device,
    )  # fmt: skip


def _stated(counted: dict[str, int], size: int) -> dict[str, int]:
    """One unit more for each byte: floats of another machine cannot come out higher."""
    return {name: sum_ + (size if name in ("loss", "psi") else 0) for name, sum_ in counted.items()}


def _settings(
    network: Network, sample: data.Dataset, claim: dict[str, Any], decoder: Decoder
) -> dict[str, int]:
    """The smoothing, and for a text s, with the smallest bound on some rows: the choice is paid for."""
    from idbounds import text_evaluator as evaluator

    kind = kind_of(decoder)
    some = np.unique(np.linspace(0, len(sample.train_x) - 1, PILOT).astype(np.int64))
    batches = list(evaluator.likelihoods(network.module, network.state, sample.train_x[some]))
    shares = range(1, SHARES + 1) if decoder.form == "text" else (1,)
    best, chosen = math.inf, {}
    for smoothing in range(1, SMOOTHINGS + 1):
        alpha = evaluator.smoothing_of(smoothing)
        pairs = [
            (
                evaluator.losses(logs.gather(-1, text[..., None])[..., 0], alpha),
                evaluator.entropy(logs, alpha),
            )
            for logs, text in batches
        ]
        bits = np.concatenate([pair[0].numpy().ravel() for pair in pairs])
        for share in shares:
            psi = sum(float(evaluator.psi_of(*pair, alpha, share).sum()) for pair in pairs) / bits.size
            # The mean of the pilot stands for all bytes that will be read.
            read = claim["drawn"] * claim["length"] if decoder.form == "documents" else claim["n"]
            found = {"smoothing": smoothing} | ({"share": share} if decoder.form == "text" else {})
            guess = {"loss": round(bits.mean() * read * LOSS_UNIT)}
            guess |= {"psi": round(psi * read * PSI_UNIT)} if decoder.form == "text" else {}
            value = float(bounds[kind.bound](**kind.inputs(claim | found | guess)))
            if value < best:
                best, chosen = value, found
    if not chosen:
        raise InputError("the bound is infinite at every setting; train longer or with a smaller rate")
    return chosen
