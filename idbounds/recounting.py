"""What a decoded message is worth on the data: errors by the reference evaluator, losses by that of texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from idbounds import data
from idbounds.claim import Numbers
from idbounds.decoders import Network
from idbounds.projections.stream import Stream, permutation


def recount(
    network: Network,
    sample: data.Dataset,
    draws: int = 1,
    advance: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Errors on the training sample and on the test set, by the reference evaluator.

    Args:
        network: as decoded.
        sample: the data.
        draws: of a posterior: trials of each training example. A test example has one always.
        advance: called with (examples done, total).

    Returns:
        Training errors, test errors.
    """
    total, done = len(sample.train_y) + len(sample.test_y), 0

    def forward(examples: int) -> None:
        nonlocal done
        done += examples
        if advance is not None:
            advance(done, total)

    parts = ((sample.train_x, sample.train_y, draws, 0), (sample.test_x, sample.test_y, 1, draws))
    errors = []
    for x, y, trials, passes in parts:
        if network.spread is None:
            from idbounds import evaluator

            known: dict[str, Any] = {"levels": sample.levels, "advance": forward}
            errors.append(evaluator.count_errors(network.module, network.state, x, y, **known))
        else:
            from idbounds import gibbs

            known = {"levels": sample.levels, "advance": forward, "draws": trials}
            first = passes * len(sample.train_y)
            errors.append(gibbs.count_errors(network, x, y, first=first, **known))
    return errors[0], errors[1]


def recount_text(
    network: Network,
    sample: data.Dataset,
    claim: Numbers,
    advance: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, int], dict[str, int]]:
    """Losses of a language model on what its certificate reads, and on the test set.

    Args:
        network: as decoded; it knows which documents are drawn.
        sample: documents or a text.
        claim: its settings: `smoothing`, and `share` for a text or `drawn` for documents.
        advance: called with (rows done, total).

    Returns:
        Sums by key of the claim, and by key of the header's test.
    """
    from idbounds import text_evaluator

    parts, done, counts = read_rows(network, sample, claim), 0, []
    total = sum(len(part) for part in parts)

    def forward(rows: int) -> None:
        nonlocal done
        done += rows
        if advance is not None:
            advance(done, total)

    known = {"smoothing": claim["smoothing"], "share": claim.get("share")}
    for part in parts:
        counts.append(text_evaluator.count(network.module, network.state, part, **known, advance=forward))
    train, test = counts
    if sample.form == "text":
        return (
            {"loss": train.loss, "psi": train.psi, "errors": train.errors},
            {"loss": test.loss, "errors": test.errors, "n": test.size},
        )
    return {"loss": train.loss}, {"loss": test.loss, "n": len(parts[1])}


def read_rows(network: Network, sample: data.Dataset, claim: Numbers) -> tuple[Any, Any]:
    """The rows that are read: all of a text; of documents those that the message's own digest draws.

    Args:
        network: as decoded.
        sample: documents or a text.
        claim: with `drawn` for documents.

    Returns:
        uint8, (rows, length), of the training part and of the test part.
    """
    if sample.form == "text":
        return sample.train_x, sample.test_x
    assert network.draw is not None
    drawn = permutation(network.draw, Stream.SPLIT, len(sample.train_x))[: claim["drawn"]]
    return sample.train_x[drawn], sample.test_x[: claim["drawn"]]
