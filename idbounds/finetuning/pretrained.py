"""A pretrained model to fine-tune, from a folder of this machine or by the name of an encoder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idbounds.checkpoints import read_tensors
from idbounds.data.minilm import ENCODERS
from idbounds.errors import InputError, MissingExtra
from idbounds.projections import starts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torch import nn

    from idbounds.data.model import Say

HEAD_SEED = 0
"""Draws the weights that a checkpoint does not have: the head, which knows the classes."""

KINDS = ("classifier", "language-model")

TABLES = ("word_embeddings", "position_embeddings")
"""Of encoders like BERT: the vectors of word pieces and of places."""

LONGEST = 1 << 20
"""Tokens of an example for a model that states no limit."""


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A model and what it reads.

    Attributes:
        name: of the folder, or of the encoder.
        module: the model, in eval mode.
        tokenizer: of `transformers`.
        drawn: names of the weights that the checkpoint does not have, drawn from a seed.
        longest: most tokens of an example that the model takes.
    """

    name: str
    module: nn.Module
    tokenizer: Any
    drawn: tuple[str, ...]
    longest: int


def load_pretrained(
    model: str | Path,
    *,
    classes: int = 2,
    kind: str = "classifier",
    hold: Sequence[str] = (),
    say: Say | None = None,
) -> Pretrained:
    """Load a model of `transformers`; nothing is fetched, no code of the folder is run, nothing unpickled.

    Args:
        model: a folder with config.json, safetensors and a tokenizer (tokenizer.json or vocab.txt); or
            "minilm-l3" or "minilm-l6", which `idbounds.data.minilm` finds (classifiers only, of the mean over
            the word pieces).
        classes: of a classifier, at least 2.
        kind: "classifier" (a head is drawn where the checkpoint has none) or "language-model" (next tokens).
        hold: words; a parameter with one of them in its name stays still. `TABLES` are those of which a batch
            needs a few rows, and which take most of the time of a step.
        say: told of each slow step in one line; silent if not given.

    Returns:
        The model.

    Raises:
        InputError: for a folder without one of the files, a checkpoint that does not match its config, or a
            word that no parameter has.
        MissingExtra: without transformers.
    """  # noqa: DOC502 - raised further down
    if kind not in KINDS or classes < 2:
        raise InputError(
            f"kind = {kind!r}, classes = {classes}: allowed are {', '.join(KINDS)}, and 2 or more"
        )
    if str(model) in ENCODERS and not Path(model).is_dir():
        if kind != "classifier":
            raise InputError(f"{model} is an encoder and predicts no next token: give another model")
        found = _encoder(str(model), classes, say)
    else:
        found = _folder(Path(model), classes, kind)
    _hold(found, hold)
    return found


def _encoder(name: str, classes: int, say: Say | None) -> Pretrained:
    _transformers()
    from idbounds.finetuning.pooled import SentenceClassifier

    encoder = ENCODERS[name](say)
    made = SentenceClassifier(encoder.module(), classes)
    return _ready(name, made, encoder.tokenizer(), ["head.weight", "head.bias"])


def _hold(model: Pretrained, words: Sequence[str]) -> None:
    named = dict(model.module.named_parameters())
    for word in words:
        held = [name for name in named if word in name]
        if not held:
            raise InputError(
                f"hold = {word!r}: {model.name} has no parameter of that name; it has {', '.join(named)}"
            )
        for name in held:
            named[name].requires_grad_(False)


def _folder(folder: Path, classes: int, kind: str) -> Pretrained:
    if not folder.is_dir():
        known = ", ".join(ENCODERS)
        raise InputError(f"{folder}: no such folder; give one with config.json and safetensors, or {known}")
    _check_files(folder)
    transformers = _transformers()
    local = {"local_files_only": True, "trust_remote_code": False}
    auto = transformers.AutoModelForSequenceClassification
    options: dict[str, Any] = {"num_labels": classes}
    if kind == "language-model":
        auto, options = transformers.AutoModelForCausalLM, {}
    made, told = _attempt(
        f"{folder.name}: the checkpoint does not match its config",
        lambda: auto.from_pretrained(
            folder, use_safetensors=True, output_loading_info=True, dtype="float32", **local, **options
        ),
    )
    drawn = _missing(folder.name, made, told)
    tokenizer = _attempt(
        f"{folder.name}: the tokenizer cannot be read",
        lambda: transformers.AutoTokenizer.from_pretrained(folder, **local),
    )
    return _ready(folder.name, made, tokenizer, drawn)


def _check_files(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder.name} has no config.json: give the folder that save_pretrained wrote")
    if not list(folder.glob("*.safetensors")):
        pickled = ", ".join(sorted(path.name for path in folder.glob("*.bin"))) or "no weights"
        raise InputError(
            f"{folder.name} has {pickled} and no safetensors; a pickle could execute anything and is never "
            "read: write the weights with save_pretrained(..., safe_serialization=True)"
        )
    for path in folder.glob("*.safetensors"):
        read_tensors(path)  # a damaged file is refused here, in our own words
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt", "vocab.json")):
        raise InputError(
            f"{folder.name} has no tokenizer (tokenizer.json or vocab.txt): put there the one that the "
            "model was trained with, by tokenizer.save_pretrained"
        )


def _missing(name: str, made: Any, told: dict[str, Any]) -> list[str]:
    """What is to be drawn; InputError where a checkpoint lacks a layer, or has one that the model lacks."""
    missing = sorted(told.get("missing_keys", ()))
    base = f"{made.base_model_prefix}."
    lost = [key for key in missing if key.startswith(base) and "pooler" not in key]
    own = {key.split(".")[1] for key in made.state_dict() if key.startswith(base) and "." in key[len(base) :]}
    over = [
        key
        for key in sorted(told.get("unexpected_keys", ()))
        if key.removeprefix(base).split(".")[0] in own - {"pooler"} and not key.endswith("position_ids")
    ]
    wrong = sorted(str(entry[0]) for entry in told.get("mismatched_keys", ()))
    if lost or over or wrong:
        said = {"lacks": lost, "also has": over, "has another shape of": wrong}
        listed = "; ".join(f"it {what} {', '.join(keys[:3])}" for what, keys in said.items() if keys)
        raise InputError(
            f"{name}: the checkpoint does not match its config ({listed}): give the config.json of it"
        )
    return missing


def _ready(name: str, made: Any, tokenizer: Any, drawn: list[str]) -> Pretrained:
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if getattr(made.config, "pad_token_id", None) is None:
        made.config.pad_token_id = tokenizer.pad_token_id
    draw(made, drawn, HEAD_SEED)
    made.register_forward_pre_hook(_trimmed, with_kwargs=True)
    # RoBERTa counts two positions that no token can have; its tokenizer knows.
    longest = min(
        getattr(made.config, "max_position_embeddings", LONGEST), tokenizer.model_max_length, LONGEST
    )
    return Pretrained(name, made.eval(), tokenizer, tuple(drawn), int(longest))


def draw(module: nn.Module, names: Iterable[str], seed: int) -> None:
    """Draw weights anew from the integer stream: what a library draws depends on its version.

    Args:
        module: is changed.
        names: of its parameters.
        seed: of the stream.
    """
    import torch

    wanted = set(names)
    new = {name: p for name, p in module.named_parameters() if name in wanted}
    values = torch.from_numpy(starts.drawn(new, starts.roles(module, new), seed))
    pieces = torch.split(values, [p.numel() for p in new.values()])
    with torch.no_grad():
        for p, piece in zip(new.values(), pieces, strict=True):
            p.copy_(piece.view(p.shape))


def _trimmed(_module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Cut off the columns in which every example of a batch is padded: they cost time and change nothing."""
    mask = kwargs.get("attention_mask")
    if mask is None or args:
        return args, kwargs
    width = int(mask.any(0).nonzero().max()) + 1
    names = ("input_ids", "attention_mask", "token_type_ids")
    return args, {key: value[:, :width] if key in names else value for key, value in kwargs.items()}


def _attempt(what: str, doing: Callable[[], Any]) -> Any:
    """The library raises many kinds of errors for one cause, and reports what is no fault."""
    logging = _transformers().utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return doing()
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(f"{what} ({type(error).__name__}: {said})") from error
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _transformers() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import transformers
    except ImportError as error:
        raise MissingExtra("fine-tuning needs transformers: pip install 'idbounds[hf,measure]'") from error
    return transformers
