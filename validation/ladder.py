"""Pretrain the rungs of a ladder of small language models, and keep their weights on the way."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from validation import tiny_language as language

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

SEED = 0
"""Of the start, and of which pieces are read and which words are hidden: one for all rungs."""

BATCH, HIDDEN, RATE, WARM = 32, 0.2, 0.3, 100
"""Pieces an update, share of the words that is hidden, Adam's rate times the width, updates until it is
reached; it stays there, so that a checkpoint is what a shorter run would have ended with."""

SCORES = 0.25
"""Factor of what the words' vectors add to the scores of the words, which start at how common a word is."""

SAVED = 500
"""Updates after which a run that was stopped goes on."""

State = dict[str, NDArray[np.float32]]
"""Weights by name, and Adam's moments as first.NAME and second.NAME."""


@functools.cache
def checkpoint(text: str, width: int, updates: int) -> State:
    """The weights of a rung after some updates: out of the cache, or trained from the last ones kept there.

    Args:
        text: as `tiny_language.reading` takes it.
        width: of the rung.
        updates: of masked language modelling, 0 or more.

    Returns:
        Weights by name, without those of a head; "scores" (WORDS,) are the words' own.
    """
    from idbounds.data import cache

    model, scores = _start(text, width)
    tensors = {**_body(model), "scores": scores}
    names = [name for key in tensors for name in (key, f"first.{key}", f"second.{key}")]
    for done in sorted({updates, *range(0, updates, SAVED)}, reverse=True):
        found = cache.read_arrays(_path(text, width, done), names) if done else _zeros(tensors)
        if found is not None:
            break
    while done < updates:
        until = min(updates, done - done % SAVED + SAVED)
        found = _trained(text, model, tensors, found, done, until)
        cache.write_arrays(_path(text, width, until), found)
        done = until
    return {name: found[name] for name in tensors}


def _path(text: str, width: int, updates: int) -> Path:
    """Where weights are kept; all that they depend on is in the name."""
    from idbounds.data import cache

    settings = (BATCH, HIDDEN, RATE, WARM, SCORES, SEED, language.LAYERS, language.HEADS, language.NEAR)
    digest = hashlib.sha256(repr((*settings, language.FAR, language.WORDS)).encode())
    digest.update(language.reading(text).pieces.tobytes())
    return cache.path_of(f"pretraining-{width}-{updates}", digest.hexdigest())


def _start(text: str, width: int) -> tuple[nn.Module, Tensor]:
    """A rung with drawn weights, and how common the words are."""
    import torch

    from idbounds.finetuning.pretrained import draw

    model = language.rung(width, 2)
    draw(model, [name for name, _ in model.named_parameters()], SEED)
    counts = np.bincount(language.reading(text).pieces.ravel(), minlength=language.WORDS) + 1.0
    counts[: language.FIRST] = 1.0
    return model, torch.from_numpy(np.log(counts / counts.sum())).float().requires_grad_()


def _body(model: nn.Module) -> dict[str, Tensor]:
    return {name: p for name, p in model.named_parameters() if not name.startswith("head.")}


def _zeros(tensors: Mapping[str, Tensor]) -> State:
    found = {name: p.detach().numpy().copy() for name, p in tensors.items()}
    moments = {f"{moment}.{name}": np.zeros_like(w) for name, w in found.items() for moment in _MOMENTS}
    return found | moments


_MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}


def _trained(
    text: str, model: Any, tensors: Mapping[str, Tensor], state: State, done: int, until: int
) -> State:
    """Go on from a state; each update's random choices depend on its number alone."""
    import torch

    rate = RATE / model.words.embedding_dim
    optimiser = torch.optim.Adam(tensors.values(), lr=rate)
    for name, p in tensors.items():
        p.data.copy_(torch.from_numpy(state[name]))
        kept = {of: torch.from_numpy(state[f"{moment}.{name}"].copy()) for moment, of in _MOMENTS.items()}
        optimiser.state[p] = {"step": torch.tensor(float(done)), **kept}
    pieces = language.reading(text).pieces
    for update in range(done, until):
        rng = np.random.default_rng([SEED, update])
        for options in optimiser.param_groups:
            options["lr"] = rate * min(1.0, (update + 1) / WARM)
        loss = _surprise(model, tensors["scores"], pieces[rng.integers(0, len(pieces), BATCH)], rng)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    found = {name: p.detach().numpy().copy() for name, p in tensors.items()}
    for name, p in tensors.items():
        found |= {f"{moment}.{name}": optimiser.state[p][of].numpy() for moment, of in _MOMENTS.items()}
    return found


def _surprise(model: Any, scores: Tensor, pieces: language.Numbers, rng: np.random.Generator) -> Tensor:
    """Mean cross-entropy of hidden words, nats; a word outside the vocabulary is never asked for."""
    import torch

    hidden = torch.from_numpy((rng.random(pieces.shape) < HIDDEN) & (pieces >= language.FIRST))
    x = torch.from_numpy(pieces)
    states = model.states(x.masked_fill(hidden, language.MASK))[hidden]
    said = SCORES * (states @ model.words.weight.T) + scores
    return torch.nn.functional.cross_entropy(said, x[hidden])


@functools.cache
def surprise(text: str, width: int, updates: int) -> float:
    """How well a checkpoint knows the language.

    Args:
        text: as `tiny_language.reading` takes it.
        width: of the rung.
        updates: of pretraining.

    Returns:
        Bits a hidden word, on pieces of the text that no model is trained on.
    """
    import torch

    model, scores = _start(text, width)
    for name, p in {**_body(model), "scores": scores}.items():
        p.data.copy_(torch.from_numpy(checkpoint(text, width, updates)[name]))
    rng = np.random.default_rng([SEED, 0])
    with torch.no_grad():
        nats = _surprise(model, scores, language.reading(text).others, rng)
    return float(nats) / float(np.log(2))


def classifier(text: str, width: int, updates: int) -> nn.Module:
    """A rung with a fresh head, drawn from a seed, on the weights of a checkpoint.

    Args:
        text: as `tiny_language.reading` takes it.
        width: of the rung.
        updates: of pretraining.

    Returns:
        The module.
    """
    import torch

    from idbounds.finetuning.pretrained import draw

    model = language.rung(width, int(language.reading(text).train["labels"].max()) + 1)
    draw(model, ["head.weight", "head.bias"], SEED + 1)
    for name, p in _body(model).items():
        p.data.copy_(torch.from_numpy(checkpoint(text, width, updates)[name]))
    return model
