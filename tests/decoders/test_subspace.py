"""Decoder "subspace-1" is frozen: these bits and this text mean these weights for ever."""

import hashlib

import numpy as np
import pytest

from idbounds import data, replay
from idbounds.codes import Bits, step_size
from idbounds.decoders import decoder, subspace
from idbounds.errors import DecodeError, InputError
from idbounds.projections import projections


@pytest.fixture(scope="module")
def maker():
    return replay.module_maker(data.load("digits"), None)


def model(**changes):
    symbols = np.array([0, 1, -1, 2, 0, -3, 0, 1])
    fields = {"architecture": "mlp", "kind": "blocks", "d": 8, "seed": 5, "step": 40, "symbols": symbols}
    return subspace.Model(**{**fields, **changes})


def test_the_message_is_frozen():
    message = subspace.encode(model())
    assert message.bits.data.hex() == FROZEN
    assert sum(part.bits for part in message.parts) == message.code_bits
    assert -(-message.code_bits // 8) == len(message.bits.data)


FROZEN = "c12424487207504274b450"


def test_the_weights_are_frozen(maker):
    _, network, _ = subspace.decode(bytes.fromhex(FROZEN), maker)
    state = hashlib.sha256()
    for name, weight in network.state.items():
        state.update(name.encode() + weight.numpy().tobytes())
    assert state.hexdigest() == "8ba9d8fdaf65beced6b66650d71e551e0512349c50224ad1aa452a5e21cdfea0"


def test_menus_keep_their_order():
    assert subspace.MENU[:3] == ("custom", "convnet", "mlp")
    assert list(projections)[:2] == ["blocks", "dense"]
    assert [step_size(i) for i in (0, 40, 44, 63)] == [2.0**-10, 1.0, 2.0, 2.0**5 * 1.681792830507429]
    assert int.from_bytes(hashlib.sha256(b"subspace-1").digest()[:4], "big") == decoder.recipe_number(
        "subspace-1"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"architecture": "convnet"},
        {"kind": "dense"},
        {"seed": 0},
        {"seed": 2**63 - 1},
        {"step": 0},
        {"step": 63},
        {"d": 1, "symbols": np.array([-1])},
        {"d": 1, "symbols": np.array([0])},
        {"symbols": np.zeros(8, np.int64)},
        {"symbols": np.full(8, 2**20)},
        {"symbols": np.full(8, -(2**20))},
        {"symbols": np.arange(8)},
    ],
    ids=str,
)
def test_round_trip(maker, changes):
    given = model(**changes)
    message = subspace.encode(given)
    decoded, network, parts = subspace.decode(message.bits.data, maker)
    for name in ("architecture", "kind", "d", "seed", "step"):
        assert getattr(decoded, name) == getattr(given, name)
    assert np.array_equal(decoded.symbols, given.symbols)
    assert parts == {part.name: part.bits for part in message.parts}
    assert sum(parts.values()) == message.code_bits < message.ideal_bits + 2
    assert network.states["d"] == given.d


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "x"},
        {"kind": "x"},
        {"d": 7},
        {"d": 0, "symbols": np.zeros(0, np.int64)},
        {"seed": -1},
        {"step": 64},
        {"step": -1},
        {"symbols": np.full(8, 2**20 + 1)},
        {"symbols": np.zeros(8)},
    ],
    ids=str,
)
def test_what_a_message_cannot_say(changes):
    with pytest.raises(InputError):
        subspace.encode(model(**changes))


def test_every_spelling_that_decodes_is_the_only_one_of_its_model(maker):
    message = subspace.encode(model())
    bits = str(message.bits)
    for length in range(len(bits)):
        shorter = Bits.from_string(bits[:length]).data  # its padding may pass for the last bits
        try:
            decoded, _, _ = subspace.decode(shorter, maker)
        except DecodeError:
            continue
        assert length > len(bits) - 8
        assert subspace.encode(decoded).bits.data == shorter
    for extra in (b"\0", b"\1", b"\0" * 9, message.bits.data):
        with pytest.raises(DecodeError):
            subspace.decode(message.bits.data + extra, maker)


def test_a_changed_bit_gives_another_model_or_an_error(maker):
    given = model()
    message = subspace.encode(given)
    for bit in range(8 * len(message.bits.data)):
        flipped = bytearray(message.bits.data)
        flipped[bit // 8] ^= 128 >> bit % 8
        try:
            decoded, _, parts = subspace.decode(bytes(flipped), maker)
        except (DecodeError, InputError):
            continue
        assert subspace.encode(decoded).bits.data == bytes(flipped), "a second spelling of one model"
        assert bit < message.code_bits
        assert sum(parts.values()) <= 8 * len(flipped)


def test_scaling_is_fixed_and_fills_the_interval():
    x = np.array([0, 8, 16], np.uint8)
    assert decoder.scaled(x, 17).tolist() == [-1, 0, 1]
    assert decoder.scaled(np.array([0, 255], np.uint8), 256).tolist() == [-1, 1]
