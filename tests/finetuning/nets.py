"""A tiny classifier of transformers in a folder, as save_pretrained writes it, and texts that it can learn."""

import numpy as np
import pytest

from idbounds.data import Texts

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "fine", "nice", "bad", "poor", "film", "a")


def saved(folder, kind="encoder", **changes):
    """Write a pretrained encoder (or a whole classifier, or a language model) and its vocabulary."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    shape = {
        "vocab_size": len(WORDS), "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "max_position_embeddings": 16,
    } | changes  # fmt: skip
    torch.manual_seed(0)
    if kind == "language-model":
        config = transformers.GPT2Config(
            vocab_size=len(WORDS),
            n_positions=16,
            n_embd=16,
            n_layer=1,
            n_head=2,
            bos_token_id=0,
            eos_token_id=0,
        )
        made = transformers.GPT2LMHeadModel(config)
    else:
        config = transformers.BertConfig(**shape)
        made = {
            "encoder": lambda: transformers.BertModel(config, add_pooling_layer=False),
            "masked": lambda: transformers.BertForMaskedLM(config),
            "classifier": lambda: transformers.BertForSequenceClassification(config),
        }[kind]()
    made.save_pretrained(folder)
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    transformers.BertTokenizerFast(vocab=vocabulary, do_lower_case=True).save_pretrained(folder)
    return made


def texts(n=120, pairs=False, seed=0):
    """The first word tells the class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    first = [f"{WORDS[(5, 8)[y] + rng.integers(2)]} film" + " a" * int(rng.integers(3)) for y in labels]
    return Texts(first, ["a film"] * n if pairs else None, labels.astype(np.int64))
