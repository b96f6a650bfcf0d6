"""Runs together are the runs alone; what a run is does not depend on who trains beside it."""

import math

import pytest
import torch
from torch import nn

from idbounds.dimension.many import Group, group_size, train, why_alone
from idbounds.dimension.protocol import Run
from idbounds.dimension.trial import Training, Trial
from idbounds.errors import InputError

SHORT = Training(steps=30, batch=64)
RUNS = [Run(None, 0), Run(30, 1), Run(100, 2, 0.05), Run(300, 1, 0.1)]


def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))


def normalised():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 10))


@pytest.mark.parametrize(
    "options",
    [
        {}, {"model": normalised}, {"model": "lenet"}, {"relative": False, "kind": "dense"},
        {"space": "low-rank", "rank": 4}, {"method": "said"},
    ],
)  # fmt: skip
def test_a_run_in_a_group_is_the_run_alone(options):
    trial = Trial(**{"model": small, "data": "digits", "training": SHORT} | options)
    together = Group(trial, RUNS)
    alone = [Group(trial, [run]) for run in RUNS]
    for step in range(8):
        losses = together.step(step)
        assert torch.allclose(losses, torch.cat([group.step(step) for group in alone]), rtol=1e-3, atol=1e-4)
    for z, group in zip(together.z, alone, strict=True):
        assert torch.allclose(z, group.z[0], rtol=1e-2, atol=1e-3)
        assert z.abs().max() > 0


def test_scores_of_a_group_are_those_of_the_runs_alone():
    trial = Trial(small, "digits", training=SHORT)
    for a, run in zip(train(trial, RUNS), RUNS, strict=True):
        (b,) = train(trial, [run])
        assert (a.run, a.status) == (b.run, b.status) == (run, "ok")
        assert a.score == pytest.approx(b.score, abs=0.02)  # of 130 examples
        assert a.train_score == pytest.approx(b.train_score, abs=0.02)
        assert a.extra["test_score"] == pytest.approx(b.extra["test_score"], abs=0.01)


def test_full_training_is_plain_adam():
    trial = Trial(small, "digits", training=Training(steps=5, batch=64, schedule="constant"))
    group = Group(trial, [Run(None, 3, 0.01)])
    module = small()
    start = trial.attached(small(), None, 3)
    with torch.no_grad():
        for name, value in start.state(start.z).items():
            module.get_parameter(name).copy_(value)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    orders = {}
    for step in range(5):
        rows = trial.batch_rows(3, step, orders)
        loss = nn.functional.cross_entropy(module(group.inputs[""][rows]), group.labels[rows])
        assert group.step(step).item() == pytest.approx(loss.item(), rel=1e-4)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def test_every_seed_has_its_own_start_projection_and_order():
    trial = Trial(small, "digits", training=SHORT)
    one, other = Group(trial, [Run(20, 0)]), Group(trial, [Run(20, 1)])
    assert not torch.equal(one.network.theta0, other.network.theta0)
    assert one.network.projection.digest() != other.network.projection.digest()
    assert not torch.equal(trial.batch_rows(0, 0, {}), trial.batch_rows(1, 0, {}))


def test_an_epoch_shows_each_example_once():
    trial = Trial(small, "digits", training=Training(epochs=2, batch=100))
    n = len(trial.parts.train)
    assert trial.settings.steps == 2 * (n // 100)
    orders = {}
    epochs = [
        torch.cat([trial.batch_rows(5, e * (n // 100) + i, orders) for i in range(n // 100)]) for e in (0, 1)
    ]
    for rows in epochs:
        assert len(rows.unique()) == 100 * (n // 100)
    assert not torch.equal(*epochs)


def test_a_run_that_diverges_harms_no_other():
    def loss(outputs, labels):
        return outputs.exp().mean() + nn.functional.cross_entropy(outputs, labels)

    trial = Trial(small, "digits", training=SHORT, loss=loss)
    good, bad = train(trial, [Run(20, 0, 1e-3), Run(20, 1, 900.0)])
    assert (good.status, bad.status) == ("ok", "failed")
    assert math.isnan(bad.score)
    assert "900" in bad.reason
    assert train(trial, [Run(20, 1, 900.0)])[0].reason == bad.reason


def test_same_runs_same_scores_even_with_dropout():
    def dropping():
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10))

    trial = Trial(dropping, "digits", training=SHORT)
    assert "random" in why_alone(trial)
    assert group_size(trial) == 1
    state = torch.get_rng_state()
    first = train(trial, [Run(20, 0, 0.1)])[0]
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(99)
    second = train(trial, [Run(20, 0, 0.1)])[0]
    assert (first.score, first.train_score) == (second.score, second.train_score)


def test_the_rule_for_groups_on_a_cpu():
    def size(model):
        return group_size(Trial(model, "digits", training=SHORT, device="cpu"))

    assert (size(small), size("lenet")) == (8, 1)
    assert size(lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 4000), nn.Linear(4000, 10))) == 1


def test_a_pretrained_start_is_the_same_for_every_seed_and_is_kept():
    module = small()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    trial = Trial(module, "digits", training=SHORT, start="module")
    one, other = Group(trial, [Run(20, 0)]), Group(trial, [Run(20, 1)])
    assert torch.equal(one.network.theta0, other.network.theta0)
    assert torch.allclose(one.weights()["1.weight"][0], module[1].weight)
    train(trial, [Run(None, 0)])
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_dict_batches_and_outputs_with_logits():
    class Output(dict):
        @property
        def logits(self):
            return self["logits"]

    class Body(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Embedding(20, 8), nn.Linear(8, 2)

        def forward(self, input_ids, attention_mask):
            mask = attention_mask[..., None].float()
            return Output(logits=self.head((self.embed(input_ids) * mask).sum(1) / mask.sum(1)))

    torch.manual_seed(0)
    ids = torch.randint(0, 20, (200, 6))
    rows = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ((ids > 9).sum(1) > 2).long()}
    trial = Trial(Body, rows, training=Training(steps=60, batch=32))
    scores = train(trial, [Run(None, 0, 0.05), Run(60, 1, 0.1)])
    assert scores[0].score > 0.8
    assert all(score.status == "ok" and not score.extra for score in scores)


def test_a_hugging_face_model():
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(**sizes, intermediate_size=16, max_position_embeddings=8)
    ids = torch.arange(600).reshape(100, 6) * 7 % 20
    rows = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids[:, 0] % 2}
    trial = Trial(
        lambda: transformers.BertForSequenceClassification(config), rows, training=Training(steps=4, batch=16)
    )
    assert group_size(trial) == 1  # its dropout draws
    first, second = (train(trial, [Run(30, 1, 0.1)])[0] for _ in range(2))
    assert (first.status, first.score, first.train_score) == ("ok", second.score, second.train_score)


@pytest.mark.parametrize(
    ("options", "run", "says"),
    [
        ({}, Run(0, 0), "D = "),
        ({}, Run(10**6, 0), "D = "),
        (
            {"loss": lambda o, y: nn.functional.cross_entropy(o, y, reduction="none")},
            Run(5, 0),
            "take the mean",
        ),
        ({"model": lambda: 3}, Run(5, 0), "must make a torch module"),
        ({"model": lambda x: small()}, Run(5, 0), "1 arguments"),
        ({"device": "abacus"}, Run(5, 0), "abacus"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_cannot_be_trained(options, run, says):
    with pytest.raises(InputError, match=says):
        train(Trial(**{"model": small, "data": "digits", "training": SHORT} | options), [run])


@pytest.mark.parametrize(
    "bad", [{"steps": 0}, {"batch": 0}, {"epochs": 0}, {"schedule": "x"}, {"learning_rate": 0}, {"full_learning_rate": -1}]
)  # fmt: skip
def test_settings_are_checked(bad):
    with pytest.raises(InputError):
        Training(**bad)
