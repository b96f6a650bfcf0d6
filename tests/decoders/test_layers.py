"""Decoder "layers-1" is frozen: these bits mean these weights for ever, and a hostile stream gets an error."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.codes import Bits, Levels, MessageBuilder, Uniform, check_codec
from idbounds.codes.reals.signs import SCALES
from idbounds.decoders import DECODERS, layers
from idbounds.decoders.decoder import recipe_number
from idbounds.decoders.form import Slot
from idbounds.decoders.forms import (
    FORMS,
    PATTERNS,
    Corner,
    Dense,
    LowRank,
    Predicted,
    Scattered,
    Shared,
    Sparse,
    Zero,
)
from idbounds.decoders.heads import HeadCode
from idbounds.decoders.layers import Coded
from idbounds.decoders.projected import Projected
from idbounds.decoders.trains import Train
from idbounds.decoders.values import (
    CODERS,
    SCHEMES,
    Book,
    Floats,
    FloatVector,
    Grid,
    SchemeCode,
    Values,
    entries_codec,
)
from idbounds.errors import DecodeError, InputError
from idbounds.models import build


class Tiny(nn.Module):
    """A tensor for each form, a parameter without gradient, and running statistics."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)
        self.fixed = nn.Parameter(torch.full((3,), 0.5), requires_grad=False)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x)))) + self.fixed


def maker(name):
    assert name == "custom"
    return Tiny()


SLOTS = layers.layout(Tiny())


def ints(*symbols):
    return np.array(symbols, dtype=np.int64)


def model(**changes):
    """One tensor of each form and scheme; `changes` replace tensors by place."""
    book = Book(46, Levels(40, 5, (-9, -1, 3, 12)), "counted")
    tensors = {
        "first.weight": Coded(SLOTS[0], Sparse(2), (Values(Grid(300, coder="adaptive"), ints(1, -2, 5)),), ints(0, 7, 19)),
        "first.bias": Coded(SLOTS[1], Zero(), ()),
        "norm.weight": Coded(SLOTS[2], Dense(), (Values(Grid(320, half=True), ints(0, -1, -2, 0, 1)),)),
        "norm.bias": Coded(SLOTS[3], Dense(), (Values.floats([0.1, -2.5, 0, 1e-5, 7], 16),)),
        "last.weight": Coded(SLOTS[4], LowRank(2), (
            Values(book, ints(0, 1, -1, 2, 0, 0)), Values.floats(np.linspace(-1, 1, 10)),
        )),
        "last.bias": Coded(SLOTS[5], Shared(2, 7), (Values(Grid(290, coder="mixture"), ints(3, -1)),)),
        "norm.running_mean": Coded(SLOTS[6], Dense(), (Values(Grid(310, coder="histogram"), ints(2, 2, 0, -1, 2)),)),
        "norm.running_var": Coded(SLOTS[7], Dense(), (Values.floats([1, 2, 3, 4, 5]),)),
    }  # fmt: skip
    return layers.Model("custom", tuple((tensors | changes).values()))


FROZEN = (
    "855b45cba6a58c718e6451164a022124b94b99b0400000002a11c01aeea108a0404a235f4dfc000005fa38e395"
    "f871c725f555555def1c71c9ef1c71c9f5555559f871c721fa38e391fc000001120522cb35362a2125c67f0000"
    "0080000000808000008100000081400000"
)
FROZEN_WEIGHTS = "41dad46771ad3f2db9e8cc354a6d8ddc8c2bef13e1dfad195a79c4ba2c82e751"


def test_the_message_is_frozen():
    message = layers.encode(model())
    assert message.bits.data.hex() == FROZEN
    assert -(-message.code_bits // 8) == len(message.bits.data)


def test_the_weights_are_frozen():
    _, network, _ = layers.decode(bytes.fromhex(FROZEN), maker)
    state = hashlib.sha256()
    for name in sorted(network.state):
        state.update(name.encode() + network.state[name].numpy().tobytes())
    assert state.hexdigest() == FROZEN_WEIGHTS


def test_menus_keep_their_order():
    assert layers.MENU[:5] == ("custom", "convnet", "mlp", "lenet", "scatternet")
    assert DECODERS["layers-1"] is layers.LAYERS
    assert SCHEMES[:5] == ("float32", "grid", "codebook", "half-grid", "float16")
    assert list(CODERS)[:5] == ["mixture", "fixed", "adaptive", "counted", "histogram"]
    assert [f.kind for f in FORMS][:5] == ["dense", "sparse", "low rank", "shared", "zero"]
    assert FORMS[5:10] == (Corner, Scattered, Predicted, Train, Projected)
    assert [p.kind for p in PATTERNS][:5] == ["subset", "bitmap", "gaps", "coo", "csr"]


def test_each_form_makes_its_weights():
    given = model()
    found, network, parts = layers.decode(layers.encode(given).bits.data, maker)
    state = {name: tensor.numpy() for name, tensor in network.state.items()}
    first = np.zeros(20)
    first[[0, 7, 19]] = np.array([1, -2, 5]) * SCALES[300]
    assert np.array_equal(state["first.weight"], first.reshape(5, 4))
    assert not state["first.bias"].any()
    assert np.array_equal(state["norm.weight"], (np.array([0, -1, -2, 0, 1]) + 0.5) * SCALES[320])
    assert np.array_equal(state["norm.bias"], np.array([0.1, -2.5, 0, 1e-5, 7], "f2").astype(float))
    levels = (
        np.array([-9, -1, 3, 12]) / 4
    )  # 2^(46 - 48), and step 40 is 1; the level nearest to 0 has symbol 0
    left = levels[np.array([0, 1, -1, 2, 0, 0]) + 1].reshape(3, 2)
    right = np.linspace(-1, 1, 10).astype("f4").astype(float).reshape(2, 5)
    assert np.allclose(state["last.weight"], left @ right, rtol=1e-15)
    assert set(np.abs(state["last.bias"]) / SCALES[290]) <= {1.0, 3.0}
    assert state["norm.running_var"].tolist() == [1, 2, 3, 4, 5]
    assert state["fixed"].tolist() == [0.5] * 3
    assert all(t.dtype == torch.float64 for t in network.state.values() if t.is_floating_point())
    assert network.states["parameters"] == 63
    assert network.states["forms"] == [tensor.form.kind for tensor in given.tensors]
    assert layers.encode(found).bits == layers.encode(given).bits
    assert list(parts)[:5] == [
        "recipe", "architecture", "first.weight, form", "first.weight, pattern", "first.weight, values",
    ]  # fmt: skip


def test_parts_of_encoder_and_decoder_agree():
    message = layers.encode(model())
    _, _, parts = layers.decode(message.bits.data, maker)
    assert parts == {part.name: part.bits for part in message.parts}
    assert sum(parts.values()) == message.code_bits


SLOT = Slot("w", (4, 6), 1000)
SCHEME_VALUES = [
    Floats(32), Floats(16), Grid(0), Grid(511, half=True, coder="mixture"), Grid(7, coder="histogram"),
    Book(0, Levels(0, 1, (-1,)), "counted"), Book(63, Levels(63, 16, (-32768, 0, 32767)), "fixed"),
]  # fmt: skip


def test_schemes_keep_the_laws_of_codes():
    check_codec(SchemeCode(), SCHEME_VALUES)


def test_forms_keep_the_laws_of_codes():
    forms = [
        Dense(),
        Zero(),
        Sparse(0),
        Sparse(4),
        LowRank(1),
        LowRank(4),
        Corner(1, 6),
        Corner(4, 1),
        Scattered(1),
        Scattered(24, 5),
        Predicted(1, 2, 3),
        Predicted(6, 6, 1, 15),
        Shared(1),
        Shared(24, 2**63 - 1),
        Train(1, 1),
        Train(4, 4),
        Projected(24, 2**63 - 1),
    ]
    heads = [(f, tuple(SCHEME_VALUES[: f.vectors])) for f in forms] + [(Dense(), (s,)) for s in SCHEME_VALUES]
    check_codec(HeadCode(SLOT), heads)


@pytest.mark.parametrize("width", [16, 32])
def test_floats_keep_the_laws_of_codes(width):
    check_codec(
        FloatVector(3, width), [np.array(v, float) for v in ([0, 1, -2], [65504, 2**-24, 0.5], [0, 0, 0])]
    )


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("size", [0, 1, 9])
def test_every_coder_takes_symbols(coder, size):
    symbols = np.arange(size) % 3 - 1
    values = Values(Grid(300, coder=coder), symbols)
    codec = entries_codec(values.scheme, size)
    assert np.array_equal(codec.decode(codec.encode(symbols)), symbols)


def test_hashed_weights_are_spread_and_depend_on_place_and_seed():
    slot = Slot("w", (100, 100), 0)
    places, signs = Shared(50, 3).hashed(slot)
    counts = np.bincount(places, minlength=50)
    assert places.max() < 50
    assert counts.min() > 120
    assert counts.max() < 280
    assert abs(signs.mean()) < 0.05
    for other, form in ((Slot("v", (100, 100), 10_000), Shared(50, 3)), (slot, Shared(50, 4))):
        assert (form.hashed(other)[0] == places).mean() < 0.05
    assert Shared(1, 0).hashed(slot)[0].max() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"first.bias": Coded(SLOTS[1], Dense(), ())},
        {"first.bias": Coded(SLOTS[1], Dense(), (Values(Grid(512), ints(0, 0, 0, 0, 0)),))},
        {"first.bias": Coded(SLOTS[1], Dense(), (Values(Grid(1, coder="x"), ints(0, 0, 0, 0, 0)),))},
        {"first.bias": Coded(SLOTS[1], Dense(), (Values(Floats(8), np.zeros(5)),))},
        {"first.bias": Coded(SLOTS[1], Dense(), (Values(Floats(32), np.zeros(4)),))},
        {"first.bias": Coded(SLOTS[1], Dense(), (Values(Floats(32), np.full(5, 0.1)),))},
        {"first.bias": Coded(SLOTS[1], LowRank(2), (Values.floats(np.ones(10)), Values.floats(np.ones(2))))},
        {"first.weight": Coded(SLOTS[0], Sparse(0), (Values.floats([1.0]),), ints(20))},
        {"last.bias": Coded(SLOTS[5], Shared(4, 0), (Values.floats(np.ones(4)),))},
    ],
    ids=range(9),
)
def test_what_no_message_says_is_refused(changes):
    with pytest.raises(InputError):
        layers.encode(model(**changes))


def test_scattered_positions_follow_from_the_seed_alone():
    slot = Slot("w", (100, 100), 0)
    drawn = Scattered(500, 3).drawn(slot)
    assert drawn.size == np.unique(drawn).size == 500
    assert np.array_equal(drawn, np.sort(drawn))
    assert abs(drawn.mean() - 5000) < 500
    assert set(Scattered(100, 3).drawn(slot)) < set(drawn)
    assert hashlib.sha256(drawn.astype("<i8").tobytes()).hexdigest()[:16] == "940a526b6cbaeff5"
    for other in (Scattered(500, 4).drawn(slot), Scattered(500, 3).drawn(Slot("v", (100, 100), 10_000))):
        assert len(set(other) & set(drawn)) < 60
    made = Scattered(2, 3).weights(slot, ints(), [np.array([1.0, -2.0])])
    assert np.array_equal(made[Scattered(2, 3).drawn(slot)], [1, -2])
    assert np.count_nonzero(made) == 2


def test_a_corner_is_a_narrower_matrix():
    corner = Coded(SLOTS[0], Corner(2, 3), (Values.floats(np.arange(6.0)),))
    found, network, _ = layers.decode(layers.encode(model(**{"first.weight": corner})).bits.data, maker)
    wanted = np.zeros((5, 4))
    wanted[:2, :3] = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(network.state["first.weight"].numpy(), wanted)
    assert found.tensors[0].form == Corner(2, 3)


def test_a_predicted_head_is_frozen():
    """Index 7, three of the columns each minus one, the reach, and then the scheme."""
    message = HeadCode(SLOT).encode((Predicted(3, 2, 3, 4), (Floats(32),)))
    assert "".join(map(str, message.bits.to_array())) == "000100001000101001001"


@pytest.mark.parametrize(
    ("form", "bits"),
    [
        # Index 8 and 2 of 4 cores, rank 3 of at most 4; index 9, 5 of 24 numbers, seed 6; then float32.
        (Train(2, 3), "000100101101"),
        (Projected(5, 6), "000101000100011111"),
    ],
    ids=["train", "projected"],
)
def test_the_heads_of_trains_and_projections_are_frozen(form, bits):
    message = HeadCode(SLOT).encode((form, (Floats(32),)))
    assert "".join(map(str, message.bits.to_array())) == bits


def test_an_unknown_architecture_is_refused():
    with pytest.raises(InputError, match="not in the menu"):
        layers.encode(layers.Model("resnet", ()))


def test_numbers_that_are_none_are_refused():
    for bad, width in ((np.nan, 32), (1e39, 32), (1e5, 16)):
        with pytest.raises(InputError, match="finite float"):
            Values.floats([bad], width)
    with pytest.raises(InputError, match="below 2"):
        Book.near([1e6], 8)


@pytest.mark.parametrize("size", [1e-9, 3e-4, 0.04, 1.0, 900.0])
def test_a_codebook_keeps_its_precision_at_every_size(size):
    wanted = np.array([-1.0, -0.3, 0.2, 0.9]) * size
    assert np.abs(Book.near(wanted, 12).numbers - wanted).max() <= size * 2**-10


def payload_with(*parts):
    builder = MessageBuilder().add("recipe", Uniform(2**32), recipe_number("layers-1"))
    for codec, value in parts:
        builder.add("x", codec, value)
    return builder.build("layers-1").bits.data


def test_every_damage_is_a_decode_error_or_another_model():
    """Flipped and cut streams: no other exception, and never the same model from other bits."""
    payload = layers.encode(model()).bits.data
    for cut in range(len(payload)):
        with pytest.raises(DecodeError):
            layers.decode(payload[:cut], maker)
    rng = np.random.default_rng(0)
    for place in rng.permutation(8 * len(payload))[:150]:
        bits = Bits(payload, 8 * len(payload)).to_array().copy()
        bits[place] ^= 1
        try:
            other, _, _ = layers.decode(np.packbits(bits).tobytes(), maker)
        except DecodeError:
            continue
        assert layers.encode(other).bits != layers.encode(model()).bits
    with pytest.raises(DecodeError, match="left over"):
        layers.decode(payload + b"\0", maker)


@pytest.mark.parametrize("name", layers.MENU[1:])
def test_every_architecture_goes_round(name):
    module = build(name, (8, 8), 3)
    tensors = tuple(
        Coded(s, Dense(), (Values(Grid(280), np.arange(s.size) % 5 - 2),)) for s in layers.layout(module)
    )
    message = layers.encode(layers.Model(name, tensors))
    _, network, _ = layers.decode(message.bits.data, lambda n: build(n, (8, 8), 3))
    x = torch.zeros(2, 8, 8, dtype=torch.float64)
    assert torch.func.functional_call(network.module.eval(), network.state, (x,)).shape == (2, 3)


@pytest.mark.parametrize(
    "module",
    [
        nn.Identity(),
        nn.ParameterList([torch.zeros(0, 3)]),
        nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)),
    ],
    ids=["nothing", "empty", "batch statistics"],
)
def test_modules_that_cannot_be_written_are_refused(module):
    with pytest.raises(InputError):
        layers.layout(module)


def test_a_tied_parameter_is_written_once():
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    assert [s.name for s in layers.layout(module)] == ["0.weight", "0.bias", "1.bias"]
    assert [s.start for s in layers.layout(module)] == [0, 9, 12]


def test_the_page_knows_the_menus():
    page = (Path(__file__).parents[2] / "docs/explain/compression.md").read_text("utf-8")
    names = [form.kind for form in FORMS], SCHEMES, list(CODERS)
    for menu in (*names, [p.kind.upper() if len(p.kind) == 3 else p.kind for p in PATTERNS]):
        assert ", ".join(f"{i} {name}" for i, name in enumerate(menu)) in page


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bits", ["7f800001", "ff800000", "7fc00000"])
def test_floats_that_are_no_numbers_are_refused_in_silence(bits):
    with pytest.raises(DecodeError, match="NaN or infinity"):
        FloatVector(1, 32).decode(Bits(bytes.fromhex(bits), 32))
