"""A head on the mean over the word pieces, and layers below that are computed once."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from idbounds.errors import InputError  # noqa: E402
from idbounds.finetuning import Prepared, upper_layers  # noqa: E402
from idbounds.finetuning.pooled import SentenceClassifier  # noqa: E402


@pytest.fixture(scope="module")
def made():
    config = transformers.BertConfig(
        vocab_size=12, hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=24
    )
    torch.manual_seed(0)
    model = SentenceClassifier(transformers.BertModel(config, add_pooling_layer=False), 3).eval()
    parts = []
    for n in (9, 4):
        lengths = torch.arange(n) % 4 + 2
        mask = (torch.arange(6) < lengths[:, None]).long()
        ids = torch.randint(1, 12, (n, 6)) * mask
        parts.append({"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "labels": np.arange(n) % 3})
    return Prepared(model, *parts)


def scores(model, arrays):
    with torch.no_grad():
        return model(**{name: torch.as_tensor(x) for name, x in arrays.items() if name != "labels"})


def test_a_sentence_is_the_mean_over_its_own_word_pieces(made):
    found = scores(made.model, made.data)
    assert found.shape == (9, 3)
    for row in range(9):
        length = int(made.data["attention_mask"][row].sum())
        alone = torch.as_tensor(made.data["input_ids"][row : row + 1, :length])
        with torch.no_grad():
            state = made.model.encoder(alone).last_hidden_state
            assert torch.allclose(found[row], made.model.head(state[0].mean(0)), atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
def test_upper_layers_say_what_the_whole_says(made, layers):
    found = upper_layers(made, layers)
    for whole, part in ((made.data, found.data), (made.test, found.test)):
        assert torch.allclose(scores(made.model, whole), scores(found.model, part), atol=1e-5)
        assert part["states"].shape == (len(whole["labels"]), 6, 16)
        np.testing.assert_array_equal(part["labels"], whole["labels"])
    assert len(found.model.encoder.layer) == layers
    below = sum(p.numel() for p in made.model.encoder.encoder.layer[:-layers].parameters())
    tables = sum(p.numel() for p in made.model.encoder.embeddings.parameters())
    whole = sum(p.numel() for p in made.model.parameters())
    assert sum(p.numel() for p in found.model.parameters()) == whole - below - tables
    before = scores(made.model, made.data)
    with torch.no_grad():
        for p in found.model.parameters():
            p.add_(1)
    assert torch.equal(scores(made.model, made.data), before)  # the whole is not changed


def test_a_missing_mask_means_no_padding(made):
    bare = {name: x for name, x in made.data.items() if name != "attention_mask"}
    assert upper_layers(made._replace(data=bare), 1).data["attention_mask"].all()


@pytest.mark.parametrize("layers", [0, 3])
def test_other_models_and_numbers_of_layers_are_refused(made, layers):
    with pytest.raises(InputError, match=f"layers = {layers}: 3 are there; give 1 or more, and leave one"):
        upper_layers(made, layers)
    with pytest.raises(InputError, match="upper layers of a Linear: give minilm-l3"):
        upper_layers(made._replace(model=torch.nn.Linear(2, 2)), 1)
