"""Any file at all: its tensors are read, or there is an InputError, and memory stays bounded."""

import io
import resource

import numpy as np
import pytest

from idbounds.checkpoints import read_tensors
from idbounds.errors import InputError
from tests.checkpoints.files import entry, framed, safetensors

WORDS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e9",
    b"null",
    b"true",
    b",",
    b"(",
    b"'",
    b"O",
    b"PK",
]


def saved(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


WEIGHTS = {"a.w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.arange(5, dtype=np.int16)}
VALID = {
    "safetensors": [
        safetensors(WEIGHTS, {"format": "pt"}),
        framed({"x": entry(0, 4, [2], "BF16"), "y": entry(4, 6, [], "F16")}, b"\0\0\x80\x3f\0\x3c"),
    ],
    "npy": [
        saved(np.save, WEIGHTS["a.w"]),
        saved(np.save, np.asfortranarray(WEIGHTS["a.w"])),
        saved(np.save, np.array(3.5)),
    ],
    "npz": [saved(np.savez, **WEIGHTS), saved(np.savez_compressed, **WEIGHTS)],
}


def altered(content, rng):
    """A file with one to three bytes, numbers or words changed, cut out, put in or repeated."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(len(data) + 1))
        match int(rng.integers(6)):
            case 0 if place < len(data):
                data[place] ^= 1 << int(rng.integers(8))
            case 1:
                del data[place:]
            case 2:
                data[place : place + int(rng.integers(9))] = WORDS[rng.integers(len(WORDS))]
            case 3:
                data[place : place + 8] = int(rng.integers(2**62)).to_bytes(8, "little")
            case 4:
                start = int(rng.integers(len(data) + 1))
                data[place:place] = data[start : start + 40]
            case _:
                del data[place : place + int(rng.integers(1, 20))]
    return bytes(data)


def fuzz(kind, count, folder, seed=0):
    """Read so many files, half of them valid ones that were altered; how many were read to the end."""
    rng = np.random.default_rng([len(kind), seed])
    path, read = folder / "x", 0
    path.touch()
    for i in range(count):
        valid = VALID[kind][i // 2 % len(VALID[kind])]
        if i % 2:
            content = altered(valid, rng)
        else:  # noise behind a start that leads to the reader
            content = valid[: int(rng.integers(6, 12))] + rng.bytes(int(rng.integers(80)))
        with path.open("r+b") as file:  # much quicker than a new file each time
            file.write(content)
            file.truncate()
        try:
            for tensor in read_tensors(path):
                assert sum(block.size for block in tensor.blocks()) == tensor.size <= 10**6
        except InputError:
            continue
        read += 1
    return read


@pytest.mark.parametrize("kind", VALID)
def test_any_file(kind, tmp_path):
    assert fuzz(kind, 1000, tmp_path) > 0


@pytest.mark.audit
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("kind", VALID)
def test_a_million_files(kind, part, tmp_path):
    fuzz(kind, 1000, tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(kind, 100_000, tmp_path, 1 + part) > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
