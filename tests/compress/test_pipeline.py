"""Pipelines: order, refusal before any work, and what a step does not handle."""

import pytest
from torch import nn

from idbounds.compress import (
    Bench,
    Encode,
    Factorise,
    FineTune,
    Pipeline,
    Quantise,
    Scatter,
    Share,
    Sparsify,
    drafts,
    gradual,
)
from idbounds.errors import InputError

Q, E, T = Quantise(levels=4), Encode(), FineTune(steps=5)


def test_steps_compose_and_print_as_they_are_written():
    pipeline = Sparsify(0.9) | Q | E
    assert pipeline == Pipeline((Sparsify(0.9), Q, E)) == Sparsify(0.9) | (Q | E)
    assert str(pipeline) == "Sparsify(0.9) | Quantise(levels=4) | Encode()"
    assert eval(str(pipeline)) == pipeline
    assert str(Pipeline()) == "no steps"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: E | Q, "put Quantise before"),
        (lambda: Q | E | T, "written the symbols already"),
        (lambda: Q | E | Sparsify(0.5), "put it last"),
        (lambda: Q | Q, "quantised already"),
        (lambda: Q | Sparsify(0.5), "put it before"),
        (lambda: Q | Factorise(rank=2), "put it before"),
        (lambda: Q | Share(0.1), "put it before"),
        (lambda: Sparsify(0.5) | Factorise(rank=2), "would be lost"),
        (lambda: Factorise(rank=2) | Sparsify(0.5), "are not pruned"),
        (lambda: Sparsify(0.5) | Share(0.1), "would replace"),
        (lambda: Share(0.1) | Share(0.2), "would replace"),
        (lambda: Sparsify(0.5) | Scatter(0.2), "would be lost"),
        (lambda: Sparsify(0.5) | T | Sparsify(0.5), "pruned as much already"),
        (lambda: Sparsify(0.5) | E, "no symbols"),
        (lambda: Pipeline(("x",)), "steps such as"),
    ],
    ids=range(15),
)
def test_what_would_undo_itself_is_refused_when_it_is_put_together(make, reason):
    with pytest.raises(InputError, match=reason):
        make()


def test_training_may_stand_between():
    assert (T | Sparsify(0.5) | T | Sparsify(0.8) | T | Q | T | E).needs_data
    assert not (Q | E).needs_data


def test_gradual_pruning_follows_the_cubic_schedule():
    pipeline = gradual(0.9, rounds=3, tune=T, layers="erk")
    shares = [step.sparsity for step in pipeline.steps[::2]]
    assert shares == pytest.approx([0.9 * (1 - 8 / 27), 0.9 * (1 - 1 / 27), 0.9])
    assert pipeline.steps[1::2] == (T, T, T)
    assert gradual(0.9, rounds=1, tune=T) == Sparsify(0.9) | T
    with pytest.raises(InputError, match="rounds"):
        gradual(0.9, rounds=0, tune=T)


def test_training_without_data_is_refused(first, bench):
    with pytest.raises(InputError, match="data set"):
        Pipeline((T,)).run(first, Bench(bench.module))


class Strange(nn.Module):
    """Layers of every type that a step may or may not handle."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(6, 4)
        self.conv, self.grouped = nn.Conv1d(4, 4, 3), nn.Conv1d(4, 4, 3, groups=2)
        self.norm, self.bilinear = nn.BatchNorm1d(4), nn.Bilinear(4, 4, 4, bias=False)
        self.attention, self.gru = nn.MultiheadAttention(4, 2), nn.GRU(4, 4, bias=False)


def test_layers_that_a_step_does_not_handle_stay_dense_with_the_reason():
    module = Strange()
    given = drafts(module, {k: v.numpy() for k, v in module.state_dict().items()})
    kinds = {draft.slot.name: draft.kind for draft in given}
    assert {
        "embed.weight": "embedding", "conv.weight": "convolution", "conv.bias": "vector",
        "grouped.weight": "grouped convolution", "norm.weight": "vector", "bilinear.weight": "other",
        "norm.running_var": "running statistic", "attention.in_proj_weight": "attention",
        "attention.out_proj.weight": "linear", "gru.weight_hh_l0": "recurrent",
    }.items() <= kinds.items()  # fmt: skip
    made = {d.slot.name: d for d in (Sparsify(0.5) | Quantise(levels=4) | Encode()).run(given, Bench(module))}
    for name, word in {
        "bilinear.weight": "Bilinear", "grouped.weight": "grouped", "norm.running_var": "statistic",
    }.items():  # fmt: skip
        draft = made[name]
        assert draft.coded.form.kind == "dense"
        assert [note.partition(":")[0] for note in draft.notes] == ["Sparsify", "Quantise", "Encode"]
        assert all(word in note for note in draft.notes)
        assert (draft.coded.weights.ravel() == draft.original.astype("f4")).all()
    assert [n for n, d in made.items() if d.coded.form.kind == "sparse"] == [
        n for n in kinds if kinds[n] in ("embedding", "convolution", "attention", "linear", "recurrent")
    ]
    assert [note.partition(":")[0] for note in made["conv.bias"].notes] == ["Sparsify"]
