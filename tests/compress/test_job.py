"""The job: each family's message decodes, in a fresh process too, to the model whose errors were counted."""

import hashlib
import json

import numpy as np
import pytest
import torch

import idbounds
from idbounds.compress import (
    Downsize,
    Encode,
    Factorise,
    FineTune,
    Pipeline,
    Predict,
    Project,
    Quantise,
    Scatter,
    Share,
    Sparsify,
    TensorTrain,
    compress,
    gradual,
    job,
    regrown,
)
from idbounds.decoders import scaled
from idbounds.errors import InputError

TUNE = FineTune(steps=40, learning_rate=2e-3)
FAMILIES = {
    "none": Pipeline(),
    "binary": Quantise(levels=2) | TUNE | Encode(),
    "ternary": Quantise(levels=3) | TUNE | Encode(),
    "uniform": Pipeline((Quantise(levels=8),)),
    "clusters": Quantise(levels=6, kind="kmeans") | Encode(),
    "spaced": Quantise(spacing=0.7) | Encode(),
    "sparse": gradual(0.95, rounds=2, tune=TUNE, layers="erk") | Quantise(levels=4) | TUNE | Encode(),
    "weighed": Sparsify(0.9, saliency="obd", examples=50) | TUNE | Quantise(levels=4) | Encode(),
    "regrown": regrown(0.9, rounds=2, tune=TUNE) | Quantise(levels=4) | TUNE | Encode(),
    "predicted": Predict(0.3) | TUNE | Quantise(levels=16) | TUNE | Encode(),
    "factors": Factorise(energy=0.8) | TUNE | Quantise(levels=16) | Encode(),
    "train": TensorTrain(share=0.1, cores=3) | TUNE | Quantise(levels=16) | TUNE | Encode(),
    "projected": Project(0.005) | TUNE | Quantise(levels=9) | Encode(),
    "narrow": Downsize(0.1) | FineTune(steps=100, teacher=0.9) | Quantise(levels=8) | TUNE | Encode(),
    "scattered": Scatter(0.02)
    | FineTune(steps=150, learning_rate=5e-3)
    | Quantise(levels=4)
    | TUNE
    | Encode(),
    "shared": Share(0.01)
    | FineTune(steps=150, learning_rate=5e-3)
    | Quantise(levels=4, vectors=7)
    | TUNE
    | Encode(),
}

FRESH = """
import sys, hashlib, numpy as np, torch
from idbounds import data
from idbounds.certificate import read
from idbounds.decoders import DECODERS, scaled
from idbounds.models import build
sample = data.load("digits")
x = torch.from_numpy(scaled(np.concatenate([sample.train_x, sample.test_x]), sample.levels))
for path in sys.argv[1:]:
    header, payload = read(path)
    _, network, parts = DECODERS[header["decoder"]].decode(payload, lambda name: build(name, (8, 8), 10))
    with torch.no_grad():
        scores = torch.func.functional_call(network.module.eval(), network.state, (x,))
    print(sum(parts.values()), hashlib.sha256(scores.numpy().tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def made(mlp, digits):
    return {
        name: compress(mlp, steps, dataset=digits, architecture="mlp") for name, steps in FAMILIES.items()
    }


@pytest.fixture(scope="module")
def decoded(made, program, tmp_path_factory):
    """Bits and the digest of the scores of each family, as one process that has only the files sees them."""
    folder = tmp_path_factory.mktemp("families")
    paths = [made[name].certify(folder / f"{name}.idb").path for name in FAMILIES]
    done = program(*paths, code=FRESH)
    assert done.returncode == 0, done.stderr
    return dict(zip(FAMILIES, map(str.split, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_fresh_process_decodes_to_identical_predictions(made, decoded, name, digits):
    compressed = made[name]
    x = torch.from_numpy(scaled(np.concatenate([digits.train_x, digits.test_x]), digits.levels))
    # The compressed model, put together from the hypothesis and not from its message.
    weights = {t.slot.name: torch.from_numpy(t.weights) for t in compressed.hypothesis.tensors}
    with torch.no_grad():
        scores = torch.func.functional_call(compressed.network.module.eval(), weights, (x,))
    assert decoded[name] == [str(compressed.code_bits), hashlib.sha256(scores.numpy().tobytes()).hexdigest()]


@pytest.mark.parametrize("name", ["sparse", "shared"])
def test_the_certificate_replays(made, name, tmp_path, digits):
    certified = made[name].certify(tmp_path / "x.idb")
    assert (certified.errors, certified.test_errors) == (made[name].after.train, made[name].after.test)
    found = idbounds.verify(certified.path, dataset=digits)
    assert found.ok, found.difference
    assert found.code_bits == made[name].code_bits
    assert any("layers-1 was developed while looking at digits" in line for line in found.declared)


def test_known_errors_are_not_counted_again(made, mlp, digits, monkeypatch):
    counted = []
    count = job._count
    monkeypatch.setattr(job, "_count", lambda *given: counted.append(given[-1]) or count(*given))
    known = job.Errors(train=7, test=3)
    again = compress(mlp, FAMILIES["uniform"], dataset=digits, architecture="mlp", before=known)
    assert (again.before, counted) == (known, ["errors after"])
    assert (again.after, again.message.bits) == (made["uniform"].after, made["uniform"].message.bits)


def test_the_dense_message_is_the_network_itself(made, mlp, digits):
    dense = made["none"]
    assert dense.before == dense.after
    assert dense.dense_bits == 32 * sum(p.numel() for p in mlp.parameters())
    assert dense.parts == {"recipe": 32, "architecture": 3, "form": 12, "values": dense.dense_bits}


def test_each_family_is_shorter_and_the_bill_adds_up(made):
    for name, compressed in made.items():
        assert sum(compressed.parts.values()) == compressed.code_bits
        rows = compressed.rows
        by_tensor = sum(sum(row.bits.values()) for row in rows)
        assert (
            by_tensor + compressed.parts["recipe"] + compressed.parts["architecture"] == compressed.code_bits
        )
        if name != "none":
            assert compressed.code_bits < compressed.dense_bits / 3
        for e in compressed.evaluations:
            assert e.inputs.get("code_bits", compressed.code_bits) == compressed.code_bits


def test_a_family_with_training_says_something(made):
    (bound,) = [e for e in made["shared"].evaluations if e.id == "occam-binomial"]
    assert float(bound.upper) < made["shared"].sample.majority_error
    assert made["shared"].after.test / 450 < 0.5


def test_entropy_coding_buys_bits_and_changes_no_prediction(mlp, digits):
    plain = compress(mlp, Quantise(levels=16), dataset=digits, architecture="mlp")
    coded = compress(mlp, Quantise(levels=16) | Encode(), dataset=digits, architecture="mlp")
    assert coded.code_bits < 0.95 * plain.code_bits
    assert coded.after == plain.after
    for a, b in zip(plain.network.state.values(), coded.network.state.values(), strict=True):
        assert torch.equal(a, b)


def test_the_record_is_json(made):
    record = json.loads(json.dumps(made["sparse"].record()))
    assert record["code_bits"] == made["sparse"].code_bits
    assert record["pipeline"].startswith("Sparsify(")
    assert {row["form"] for row in record["tensors"]} == {"sparse", "dense"}
    assert "occam-binomial" in [b["id"] for b in record["bounds"]]


def test_weights_may_come_from_a_state_dict_or_a_file(mlp, digits, tmp_path):
    steps = Quantise(levels=4) | Encode()
    arrays = {name: value.numpy() for name, value in mlp.state_dict().items()}
    np.savez(tmp_path / "net.npz", **arrays)
    wanted = compress(mlp, steps, dataset=digits, architecture="mlp").message.bits
    for given in (mlp.state_dict(), arrays, tmp_path / "net.npz", str(tmp_path / "net.npz")):
        assert compress(given, steps, dataset=digits, architecture="mlp").message.bits == wanted


def test_a_model_of_ones_own(digits):
    def factory(shape, classes):
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(shape[0] * shape[1], classes))

    made = compress(factory((8, 8), 10), Quantise(levels=3), dataset="digits", model=factory)
    assert made.hypothesis.architecture == "custom"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"architecture": "resnet"}, "give one of"),
        ({"architecture": None}, "give one of"),
        ({"model": lambda shape, classes: None}, "give one of"),
        ({"architecture": "lenet"}, "unknown to the architecture"),
        ({"delta": 2}, "delta"),
    ],
    ids=range(5),
)
def test_what_cannot_be_is_refused_before_any_work(mlp, digits, changes, word):
    def never(*_):
        raise AssertionError("training began")

    progress = type("P", (), {"say": lambda *_: None, "stage": never})()
    with pytest.raises(InputError, match=word):
        compress(
            mlp,
            FineTune(steps=1),
            **{"dataset": digits, "architecture": "mlp", "progress": progress, **changes},
        )


@pytest.mark.parametrize("bad", [3, {}, {"a": "text"}, {"a": [1, 2]}, "nowhere.safetensors"], ids=str)
def test_weights_that_are_none_are_refused(bad, digits):
    with pytest.raises(InputError):
        compress(bad, Quantise(levels=2), dataset=digits, architecture="mlp")


def test_a_pickle_is_never_read(mlp, digits, tmp_path):
    torch.save(mlp.state_dict(), tmp_path / "net.pt")
    with pytest.raises(InputError):
        compress(tmp_path / "net.pt", Quantise(levels=2), dataset=digits, architecture="mlp")


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = torch.nn.Linear(64, 64), torch.nn.Linear(64, 64), torch.nn.Linear(64, 10)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.c(torch.relu(self.b(torch.relu(self.a(x.flatten(1))))))


def tied(shape, classes):
    return Tied()


def test_tied_weights_are_paid_for_once(digits, tmp_path):
    # Cause: the errors before were counted with both names, which torch refuses.
    trained = Tied()
    made = compress(trained, Quantise(levels=9) | Encode(), dataset=digits, model=tied)
    assert [row.name for row in made.rows] == [name for name, _ in trained.named_parameters()]
    assert made.dense_bits == 32 * sum(p.numel() for p in trained.parameters())
    path = made.certify(tmp_path / "x.idb").path
    assert idbounds.verify(path, dataset=digits, model=tied).ok
    untied = {name: value.numpy().copy() for name, value in trained.state_dict().items()}
    untied["b.weight"] += 1
    with pytest.raises(InputError, match=r"b\.weight: it is tied to a\.weight"):
        compress(untied, Quantise(levels=9), dataset=digits, model=tied)


def test_a_certificate_of_layers_has_no_seed(made, tmp_path):
    assert made["none"].certify(tmp_path / "x.idb").seed is None
