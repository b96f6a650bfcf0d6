"""The file: what is refused before anything is decoded, and how fast."""

import hashlib
import json
import os
import random
import time
import tracemalloc

import pytest

import idbounds
from idbounds import certificate
from idbounds.certificate import MAGIC, canonical, canonical_delta, parse, read, write, write_whole
from idbounds.errors import CertificateError, InputError
from idbounds.replay import verify


def sealed(body):
    return body + hashlib.sha256(body).digest()


def with_header(text, payload=b""):
    return sealed(MAGIC + len(text).to_bytes(4, "big") + text + payload)


def refused(tmp_path, content):
    path = tmp_path / "x.idb"
    path.write_bytes(content)
    found = verify(path)
    assert not found.ok
    assert found.difference
    assert "\n" not in found.difference
    return found.difference


def test_round_trip(tmp_path):
    header, payload = {"a": [1, "x"], "b": {"c": 2**70}}, b"\x00\xff"
    assert read(write(tmp_path / "deep" / "x.idb", header, payload)) == (header, payload)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["x.idb"]


def test_files_are_readable_by_others(tmp_path):
    # Cause: mkstemp gave certificates that only their author could read.
    path, plain = write_whole(tmp_path / "x", b"1"), tmp_path / "y"
    plain.write_bytes(b"")
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "x"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(target, b"1")
    assert list(tmp_path.iterdir()) == [target]


def test_any_changed_header_byte_is_found(made, tmp_path):
    data = made.path.read_bytes()
    start = len(MAGIC) + 4
    end = start + int.from_bytes(data[len(MAGIC) : start], "big")
    places = [*range(end), *random.Random(0).sample(range(end, len(data)), min(40, len(data) - end))]
    path = tmp_path / "x.idb"
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(CertificateError):
            read(path)


def test_any_truncation_and_any_extra_byte_is_found(made, tmp_path):
    data = made.path.read_bytes()
    path = tmp_path / "x.idb"
    for content in [data[:i] for i in range(0, len(data), 7)] + [data + b"\0", data + data, b"\0" + data]:
        path.write_bytes(content)
        with pytest.raises(CertificateError):
            read(path)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":"\xc3\xa9"}',
        b"[1]",
        b"null",
        b"",
        b"{",
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":-0}',
        b'{"a":"\\u0041"}',
        b'{"a":1}\n',
        b'{"a":01}',
    ],
    ids=range(19),
)
def test_headers_that_are_not_one_canonical_object(tmp_path, text):
    with pytest.raises(CertificateError):
        parse(text)
    refused(tmp_path, with_header(text))


def test_header_lengths_that_lie(tmp_path):
    text = canonical({"a": 1})
    for length in (0, 1, len(text) - 1, len(text) + 1, 2**20 + 1, 2**32 - 1):
        refused(tmp_path, sealed(MAGIC + length.to_bytes(4, "big") + text))


def test_empty_foreign_and_oversized_files(tmp_path):
    assert "first 8 bytes" in refused(tmp_path, b"")
    assert "first 8 bytes" in refused(tmp_path, b"\x80\x04\x95" + b"pickle" * 20)
    assert "truncated" in refused(tmp_path, MAGIC)
    path = tmp_path / "huge.idb"
    with path.open("wb") as file:
        file.write(MAGIC)
        file.truncate(2**40)
    tracemalloc.start()
    start = time.process_time()
    assert "too large" in verify(path).difference
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()
    assert time.process_time() - start < 5


@pytest.mark.parametrize("kind", ["missing", "directory", "loop", "fifo", "null", "device"])
def test_paths_that_are_no_plain_file_neither_hang_nor_crash(tmp_path, kind):
    path = tmp_path / kind
    if kind == "directory":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "null":
        path = "a\0b"
    elif kind == "device":
        path = "/dev/zero"
    with pytest.raises(InputError, match="give the path"):
        verify(path)


def test_a_file_replaced_while_it_is_read_is_whole(tmp_path, made):
    data = made.path.read_bytes()
    path = tmp_path / "x.idb"
    write_whole(path, data)
    for _ in range(50):
        write_whole(path, data)
        assert read(path)


@pytest.mark.parametrize("given", ["0.05", " 0.05 ", "5e-2", "+0.05", ".05", "0.0500", 0.05, "٠.٠٥", "0.0_5"])
def test_delta_has_one_spelling(given):
    assert canonical_delta(given) == "0.05"


@pytest.mark.parametrize(
    "given",
    [
        0,
        1,
        5,
        -0.1,
        "nan",
        "inf",
        "",
        "x",
        "1/20",
        "1e-40",
        "1e999999999999",
        "1e-999999999999",
        True,
        None,
        "0.050000000000000000000000000000001",
        "0." + "1" * 100_000,
        [0.05],
    ],
)
def test_delta_outside_the_domain_is_refused_at_once(given):
    start = time.process_time()
    with pytest.raises(InputError, match="give a decimal in"):
        canonical_delta(given)
    assert time.process_time() - start < 1


def test_record_says_what_was_asked_for(made):
    found = idbounds.verify(made.path)
    keys = {"ok", "bound", "value", "errors", "n", "code_bits", "delta", "checked", "declared"}
    assert set(found.record()) == keys
    assert json.loads(json.dumps(found.record())) == found.record()
    assert found.bound == certificate.BOUND
    assert (found.value, found.errors, found.code_bits) == (made.bound, made.errors, made.code_bits)
    failed = certificate.Verification(ok=False, difference="why").record()
    assert set(failed) == keys | {"difference"}


@pytest.mark.parametrize("limit", ["_LARGEST_HEADER", "_LARGEST_FILE"])
def test_what_could_not_be_read_again_is_not_written(limit, tmp_path, monkeypatch):
    path = write(tmp_path / "x.idb", {"a": "b" * 50}, b"c" * 50)
    monkeypatch.setattr(certificate, limit, 60 if limit == "_LARGEST_HEADER" else path.stat().st_size)
    assert read(path)[1] == b"c" * 50
    with pytest.raises(InputError, match="shorten the message"):
        write(tmp_path / "y.idb", {"a": "b" * 60}, b"c" * 50)
    assert not (tmp_path / "y.idb").exists()
