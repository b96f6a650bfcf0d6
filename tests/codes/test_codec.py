import dataclasses

import numpy as np
import pytest

from idbounds.codes import (
    AdaptiveVector,
    BitReader,
    Bits,
    EliasDelta,
    EliasGamma,
    Message,
    MessageBuilder,
    Part,
    StaticRun,
    Uniform,
)
from idbounds.errors import DecodeError, InputError


def test_parts_of_several_codecs_add_up_and_read_back():
    vector = np.array([0, -3, 1, 0, 0, 2])
    symbols = np.array([2, 0, 1, 1])
    items = [
        ("step", Uniform(10), 7),
        ("vector", AdaptiveVector(6), vector),
        ("seed", EliasDelta(), 1234),
        ("symbols", StaticRun([1, 2, 1], n=4), symbols),
        ("rank", EliasGamma(), 5),
    ]
    builder = MessageBuilder()
    for name, codec, value in items:
        builder.add(name, codec, value)
    message = builder.build("whole")
    assert message.decoder == "whole"
    assert [part.name for part in message.parts] == [name for name, _, _ in items]
    assert [part.bits for part in message.parts] == [codec.length(value) for _, codec, value in items]
    assert message.code_bits == sum(part.bits for part in message.parts) == len(message.bits)
    assert message.ideal_bits == pytest.approx(sum(codec.ideal_length(value) for _, codec, value in items))
    source = BitReader(message.bits)
    for _, codec, value in items:
        assert np.array_equal(codec.read(source), value)
    source.finish()


def test_message_of_another_codec_is_refused():
    message = EliasGamma().encode(5)
    assert EliasGamma().decode(message) == EliasGamma().decode(message.bits) == 5
    with pytest.raises(DecodeError, match="elias-gamma"):
        EliasDelta().decode(message)


def test_a_bill_that_differs_from_the_message_is_refused():
    with pytest.raises(InputError, match="add up"):
        Message(Bits.from_string("101"), (Part("x", 2, 2.0),), "x")


def test_leftover_bits_are_refused():
    with pytest.raises(DecodeError, match="left over"):
        EliasGamma().decode(Bits.from_string("11"))


def test_messages_are_frozen():
    message = EliasGamma().encode(5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.decoder = "y"
