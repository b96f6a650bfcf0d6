"""Decoder "draws-1" is frozen: these bits and this text mean these weights for ever."""

import hashlib
import time
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.codes import Bits, EliasGamma, MessageBuilder, Shifted, Uniform, check_codec, step_size
from idbounds.codes.reals.drawn import Drawing, DrawingCode
from idbounds.decoders import DECODERS, draws
from idbounds.decoders.decoder import recipe_number
from idbounds.errors import DecodeError, InputError
from idbounds.models import build


class Tiny(nn.Module):
    """Two layers whose weights say which of them share a scale, a fixed one and running statistics."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False)
        self.fixed = nn.Parameter(torch.full((2,), 0.5), requires_grad=False)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x)))) + self.fixed

    def prior_groups(self):
        return {"last.weight": np.tile([5, 9, 9, 5], (2, 1))}


def maker(name):
    assert name == "custom"
    return Tiny()


SIZES = (12, 4, 4, 4, 8)


def model(**changes):
    drawing = Drawing(SIZES, (3, 0, 1, 0, 2), 7, 5)
    scales = np.array([40, 44, 36, 62, 0, 38])
    fields = {"architecture": "custom", "drawing": drawing, "scales": scales}
    return draws.Model(**{**fields, "indices": np.array([0, 127, 64, 3, 99, 1]), **changes})


def test_the_message_is_frozen():
    message = draws.encode(model())
    assert message.bits.data.hex() == FROZEN
    assert sum(part.bits for part in message.parts) == message.code_bits
    assert -(-message.code_bits // 8) == len(message.bits.data)


def test_the_weights_are_frozen():
    _, network, _ = draws.decode(bytes.fromhex(FROZEN), maker)
    state = hashlib.sha256()
    for name in sorted(network.state):
        state.update(name.encode() + network.state[name].numpy().tobytes())
    assert state.hexdigest() == FROZEN_WEIGHTS


FROZEN = "1b93c4a499c4ab214406c1f02701fe003c6040"
FROZEN_WEIGHTS = "7ea85d55f3883d92c75e87da113e065ab3f60bfdc3fa0e98cc1360baa0484ee0"


def test_menus_keep_their_order():
    assert draws.MENU[:5] == ("custom", "scatternet", "mlp", "convnet", "lenet")
    assert DECODERS["draws-1"] is draws.DRAWS
    assert int.from_bytes(hashlib.sha256(b"draws-1").digest()[:4], "big") == recipe_number("draws-1")
    assert draws.FIRST_SCALE == 44


def test_weights_are_draws_times_scales():
    given = model()
    _, network, _ = draws.decode(draws.encode(given).bits.data, maker)
    z = given.drawing.made(given.indices)
    groups = np.repeat([0, 1, 2, 3], [12, 4, 4, 4]).tolist() + [4, 5, 5, 4] * 2
    weights = z * np.array([step_size(int(s)) for s in given.scales])[groups]
    names = ["first.weight", "first.bias", "norm.weight", "norm.bias", "last.weight"]
    assert np.array_equal(np.concatenate([network.state[n].numpy().ravel() for n in names]), weights)
    assert not network.state["first.bias"].any()
    assert network.state["fixed"].tolist() == [0.5, 0.5]
    assert all(t.dtype == torch.float64 for t in network.state.values() if t.is_floating_point())
    assert network.states == {
        "architecture": "custom", "seed": 5, "bits": 7, "blocks": [3, 0, 1, 0, 2], "parameters": 32,
    }  # fmt: skip


def test_running_statistics_are_those_before_any_batch():
    module = Tiny()
    module.norm.running_mean.fill_(7.0)
    _, network, _ = draws.decode(bytes.fromhex(FROZEN), lambda name: module)
    assert not network.state["norm.running_mean"].any()


def same(found, given):
    return (
        found.architecture == given.architecture
        and found.drawing == given.drawing
        and np.array_equal(found.scales, given.scales)
        and np.array_equal(found.indices, given.indices)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"drawing": Drawing(SIZES, (0,) * 5, 24, 2**63 - 1), "indices": np.zeros(0, np.int64)},
        {"drawing": Drawing(SIZES, SIZES, 1, 0), "indices": np.arange(32) % 2},
        {"drawing": Drawing(SIZES, (1,) * 5, 24, 1), "indices": np.full(5, 2**24 - 1)},
        {"scales": np.full(6, 62)},
        {"scales": np.zeros(6, np.int64)},
    ],
    ids=range(6),
)
def test_round_trip(changes):
    given = model(**changes)
    message = draws.encode(given)
    found, _, parts = draws.decode(message.bits.data, maker)
    assert same(found, given)
    assert parts == {part.name: part.bits for part in message.parts}
    assert sum(parts.values()) == message.code_bits == message.ideal_bits


@pytest.mark.parametrize("name", draws.MENU[1:])
def test_every_architecture_goes_round(name):
    module = build(name, (8, 8), 3)
    sizes, groups = draws.layout(module)
    counts = tuple(min(1, size) for size in sizes)
    drawing = Drawing(sizes, counts, 9, 1)
    given = draws.Model(name, drawing, np.full(groups.max() + 1, 40), np.arange(len(sizes)))
    found, network, _ = draws.decode(draws.encode(given).bits.data, lambda n: build(n, (8, 8), 3))
    assert same(found, given)
    x = torch.zeros(2, 8, 8, dtype=torch.float64)
    assert torch.func.functional_call(network.module.eval(), network.state, (x,)).shape == (2, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "x"},
        {"scales": np.full(6, 41)},
        {"scales": np.full(6, 64)},
        {"scales": np.full(6, -2)},
        {"scales": np.full(6, 40.0)},
        {"indices": np.zeros(5, np.int64)},
        {"indices": np.full(6, 128)},
        {"indices": np.full(6, -1)},
        {"indices": np.zeros(6)},
    ],
    ids=str,
)
def test_what_a_message_cannot_say(changes):
    with pytest.raises(InputError):
        draws.encode(model(**changes))


def test_laws_of_scales():
    values = [np.array([a, b]) for a in range(0, 64, 2) for b in range(0, 64, 2)]
    check_codec(draws.Scales(2), values)
    assert draws.Scales(2).length(np.array([44, 44])) == 2
    with pytest.raises(InputError):
        draws.Scales(2).encode(np.array([44]))


def test_every_spelling_that_decodes_is_the_only_one_of_its_model():
    message = draws.encode(model())
    bits = str(message.bits)
    for length in range(len(bits)):
        shorter = Bits.from_string(bits[:length]).data  # its padding may pass for the last bits
        try:
            decoded, _, _ = draws.decode(shorter, maker)
        except DecodeError:
            continue
        assert length > len(bits) - 8
        assert draws.encode(decoded).bits.data == shorter
    for extra in (b"\0", b"\1", b"\0" * 9, message.bits.data):
        with pytest.raises(DecodeError):
            draws.decode(message.bits.data + extra, maker)


def any_network(name):
    return Tiny() if name == "custom" else build(name, (8, 8), 2)


def test_a_changed_bit_gives_another_model_or_an_error():
    message = draws.encode(model())
    for bit in range(8 * len(message.bits.data)):
        flipped = bytearray(message.bits.data)
        flipped[bit // 8] ^= 128 >> bit % 8
        try:
            decoded, _, parts = draws.decode(bytes(flipped), any_network)
        except DecodeError:
            continue
        assert draws.encode(decoded).bits.data == bytes(flipped), "a second spelling of one model"
        assert bit < message.code_bits
        assert sum(parts.values()) <= 8 * len(flipped)


def test_a_payload_of_another_decoder():
    message = draws.encode(model()).bits.data
    with pytest.raises(DecodeError, match="another recipe than subspace-1"):
        DECODERS["subspace-1"].decode(message, maker)
    builder = MessageBuilder().add("recipe", Uniform(2**32), recipe_number("draws-1"))
    builder.add("architecture", Shifted(EliasGamma(), by=1), len(draws.MENU))
    with pytest.raises(DecodeError, match="menu of draws-1"):
        draws.decode(builder.build("x").bits.data, maker)


def test_short_payloads_with_huge_numbers_cost_little():
    big = build("mlp", (28, 28), 10)
    sizes, _ = draws.layout(big)
    for drawing in (Drawing(sizes, sizes, 24, 0), Drawing(sizes, tuple(s // 2 for s in sizes), 1, 2**63 - 1)):
        builder = MessageBuilder().add("recipe", Uniform(2**32), recipe_number("draws-1"))
        builder.add("architecture", Shifted(EliasGamma(), by=1), 2)
        builder.add("drawing", DrawingCode(sizes), drawing)
        builder.add("scales", draws.Scales(len(sizes)), np.full(len(sizes), 40))
        tracemalloc.start()
        start = time.process_time()
        with pytest.raises(DecodeError, match="truncated"):
            draws.decode(builder.build("x").bits.data + bytes(1000), lambda name: big)
        assert time.process_time() - start < 2
        assert tracemalloc.get_traced_memory()[1] < 2**24
        tracemalloc.stop()


class Wrong(Tiny):
    def prior_groups(self):
        return {"last.weight": np.zeros(8)}


def batch_statistics():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 2))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.ReLU(), "has 0 parameters"),
        (nn.Linear(2, 2).to(torch.complex64), "floating point"),
        (Wrong(), "one integer a weight"),
        (batch_statistics(), "batch statistics"),
    ],
    ids=range(4),
)
def test_modules_that_cannot_be_drawn(module, words):
    with pytest.raises(InputError, match=words):
        draws.layout(module)


def fuzz(count, seed):
    rng = np.random.default_rng(seed)
    base = draws.encode(model())
    text = str(base.bits)
    read = 0
    for _ in range(count):
        keep = 32 + int(rng.integers(1, len(text) - 32))
        noise = "".join(rng.choice(["0", "1"], rng.integers(0, 80)))
        payload = Bits.from_string(text[:keep] + noise).data
        try:
            found, _, parts = draws.decode(payload, maker)
        except DecodeError:
            continue
        except AssertionError:  # the architecture became another one
            continue
        read += 1
        assert sum(parts.values()) <= 8 * len(payload)
        assert draws.encode(found).bits.data == payload
    return read


def test_any_bits():
    assert fuzz(300, 0) >= 1


@pytest.mark.audit
def test_a_hundred_thousand_strings_of_any_bits():
    assert sum(fuzz(10_000, seed) for seed in range(10)) > 100
