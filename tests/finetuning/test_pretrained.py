"""Checkpoints from a folder: what fits is read, what does not is refused with what to do."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from idbounds import finetuning  # noqa: E402
from idbounds.data import Texts  # noqa: E402
from idbounds.errors import InputError  # noqa: E402
from idbounds.finetuning import token_arrays  # noqa: E402
from idbounds.finetuning.pretrained import TABLES  # noqa: E402

from .nets import saved, texts  # noqa: E402


@pytest.mark.parametrize("kind", ["encoder", "masked", "classifier"])
def test_the_pretrained_weights_are_there_and_the_head_is_drawn(tmp_path, kind):
    made = saved(tmp_path, kind)
    first, second = (finetuning.load_pretrained(tmp_path) for _ in range(2))
    base = getattr(made, "bert", made).state_dict()
    found = first.module.bert.state_dict()
    shared = [name for name in base if "pooler" not in name]
    assert len(shared) > 30
    assert all(torch.equal(base[name], found[name]) for name in shared)
    assert ("classifier.weight" in first.drawn) == (kind != "classifier")
    for a, b in zip(first.module.parameters(), second.module.parameters(), strict=True):
        assert torch.equal(a, b)
    if kind != "classifier":  # drawn from the stream, on every machine and in every version of the library
        weight = first.module.classifier.weight.detach().numpy()
        assert abs(weight.std() - np.sqrt(2 / 16)) < 0.1
        assert first.module.classifier.bias.abs().max() == 0


def test_a_pair_is_one_example_with_token_types(tmp_path):
    saved(tmp_path)
    model = finetuning.load_pretrained(tmp_path)
    arrays = finetuning.token_arrays(model, Texts(["good film", "bad"], ["a film", "a"], np.array([1, 0])))
    assert arrays["input_ids"].tolist() == [[2, 5, 10, 3, 11, 10, 3], [2, 8, 3, 11, 3, 0, 0]]
    assert arrays["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0]]
    assert arrays["attention_mask"].sum(1).tolist() == [7, 5]


def test_padding_costs_nothing_and_changes_nothing(tmp_path):
    saved(tmp_path)
    model = finetuning.load_pretrained(tmp_path)
    arrays = finetuning.token_arrays(model, texts(6))
    given = {k: torch.from_numpy(v) for k, v in arrays.items() if k != "labels"}
    padded = {k: torch.nn.functional.pad(v, (0, 5)) for k, v in given.items()}
    widths = []
    model.module.bert.embeddings.register_forward_pre_hook(
        lambda _m, _a, kwargs: widths.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    with torch.no_grad():
        assert torch.equal(model.module(**given).logits, model.module(**padded).logits)
    assert len(set(widths)) == 1


def test_what_is_held_stays_still(tmp_path):
    saved(tmp_path)
    model = finetuning.load_pretrained(tmp_path, hold=TABLES)
    still = {name for name, p in model.module.named_parameters() if not p.requires_grad}
    assert still == {f"bert.embeddings.{name}.weight" for name in TABLES}
    found = finetuning.fine_tune(model.module, token_arrays(model, texts(60)), d=5, steps=3, batch=16)
    assert found.task.attach(model.module).left_alone.keys() == still
    with pytest.raises(InputError, match="give the pretrained model"):
        found.task.attach(finetuning.load_pretrained(tmp_path).module)
    with pytest.raises(InputError, match=r"hold = 'tables': .* no parameter of that name; it has bert\."):
        finetuning.load_pretrained(tmp_path, hold=["tables"])


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no such folder.*minilm-l3"):
        finetuning.load_pretrained(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no config\.json"):
        finetuning.load_pretrained(tmp_path)
    saved(tmp_path)
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(InputError, match=r"pytorch_model\.bin and no safetensors; a pickle"):
        finetuning.load_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(weights)
    for name in ("tokenizer.json", "vocab.txt"):
        (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match="no tokenizer"):
        finetuning.load_pretrained(tmp_path)
    with pytest.raises(InputError, match="predicts no next token"):
        finetuning.load_pretrained("minilm-l3", kind="language-model")


@pytest.mark.parametrize(
    ("change", "says"),
    [({"num_hidden_layers": 3}, "lacks"), ({"num_hidden_layers": 1}, "also has"), ({"hidden_size": 12}, "")],
    ids=str,
)
def test_a_checkpoint_that_does_not_match_its_config_is_refused(tmp_path, change, says):
    saved(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=f"does not match its config.*{says}"):
        finetuning.load_pretrained(tmp_path)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    saved(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"model\.safetensors"):
        finetuning.load_pretrained(tmp_path)


def test_texts_longer_than_the_model_are_refused_or_cut(tmp_path):
    saved(tmp_path)
    model = finetuning.load_pretrained(tmp_path)
    long = Texts(["a " * 40, "good"], None, np.array([0, 1]))
    with pytest.raises(InputError, match=r"example 0 has 42 tokens .* at most 16: give longest"):
        finetuning.token_arrays(model, long)
    assert finetuning.token_arrays(model, long, longest=10)["input_ids"].shape == (2, 10)
    for longest in (17, 2):
        with pytest.raises(InputError, match="takes 8 to 16"):
            finetuning.token_arrays(model, long, longest=longest)
    with pytest.raises(InputError, match="0 texts"):
        finetuning.token_arrays(model, Texts([], None, np.array([], dtype=np.int64)))


def test_a_language_model_learns_the_next_token(tmp_path):
    from idbounds.dimension.many import train
    from idbounds.dimension.protocol import Run
    from idbounds.dimension.trial import Training, Trial

    saved(tmp_path, "language-model")
    model = finetuning.load_pretrained(tmp_path, kind="language-model")
    ids = np.tile(np.array([[5, 10, 11, 8, 9, 10]]), (60, 1))
    ids[:, 3] = np.random.default_rng(0).integers(5, 9, 60)
    data = {"input_ids": ids, "attention_mask": np.ones_like(ids), "labels": np.where(ids == 11, -100, ids)}
    trial = Trial(
        model.module, data, start="module", loss=finetuning.next_token_loss,
        score=finetuning.next_token_accuracy, training=Training(steps=40, batch=16, learning_rate=0.1),
    )  # fmt: skip
    (found,) = train(trial, [Run(64, 0)])
    assert found.score >= 0.7  # three of four predicted tokens are always the same
