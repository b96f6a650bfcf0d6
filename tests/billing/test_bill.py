import json
import math

import click.testing
import numpy as np
import pytest

from idbounds import bounds
from idbounds.billing import BOUND, CHOICES, MENU, Layers, bill
from idbounds.billing.layers import blocks, layout_of
from idbounds.billing.layout import Layout
from idbounds.cli import main
from idbounds.codes import EliasDelta, EliasGamma, HistogramRun, MixtureVector
from idbounds.errors import InputError
from idbounds.exactly import exact
from tests.billing.test_layers import CODES

CASE = {"errors": 500, "n": 10_000}


def weights(seed=0):
    rng = np.random.default_rng(seed)
    return {
        "second": (rng.standard_normal((20, 30)) * 0.1).astype(np.float32),
        "first": rng.standard_normal((3, 3, 5)),
        "bias": np.zeros(20, np.float32) + 0.3,
        "count": np.array(17),
    }


@pytest.fixture(scope="module")
def found():
    return bill(weights(), **CASE)


def line(found, code):
    return next(x for x in found.lines if x.code == code)


def test_every_length_is_that_of_a_message(found):
    assert [x.code for x in found.lines] == list(MENU)
    for code in CODES:
        message = Layers(code).encode(found.layers)
        assert line(found, code).bits == message.code_bits
        assert Layers(code).decode(message) == found.layers


def test_header_and_payload_add_up(found):
    for x in found.lines:
        if x.bits is None:
            continue
        assert x.bits == x.header + x.payload
        assert found.layout <= x.header < x.bits
        if x.by_tensor:
            assert sum(x.by_tensor) + found.layout == x.bits
            assert sum(x.header_by_tensor) + found.layout == x.header
        else:
            assert MENU[x.code].together


def test_headers_of_each_code():
    # One tensor, symbols -1 .. 2: what is no entry is known by hand.
    values = np.array([0, 1, -1, 2, 0, 0, 1, 0, 0, 0], dtype=np.int8)
    found = bill(values)
    layout = Layout().length((((10,), 1.0),))
    ends = EliasGamma().length(2) + EliasGamma().length(4)
    headers = {
        "uniform": ends,
        "elias-gamma": 0,
        "rice": 5,
        # codeword lengths 3 1 2 3: the longest by gamma(4), then two bits each
        "huffman": ends + EliasGamma().length(4) + 4 * 2,
        "histogram": ends + HistogramRun(4, n=10).header_bits(values.astype(np.int64) + 1),
        "adaptive": EliasGamma().length(3),
        "mixture": 0,
        "context-tree": 2 + EliasDelta().length(11),
    }
    assert {code: line(found, code).header - layout for code in headers} == headers
    assert line(found, "huffman").payload == 6 * 1 + 2 * 2 + 1 * 3 + 1 * 3
    assert line(found, "zlib").payload % 8 == 0
    assert line(found, "mixture").payload == MixtureVector(10).length(values.astype(np.int64))


def test_the_bound_pays_for_the_choice(found):
    for x in found.lines:
        if x.bits is None:
            continue
        value = bounds[BOUND].upper(code_bits=x.bits, choices=CHOICES, delta="0.05", **CASE)
        assert x.bound == value
        paid = bounds["occam-binomial"].upper(code_bits=x.bits + 4, delta="0.05", **CASE)
        assert float(value) == pytest.approx(float(paid), rel=1e-9)  # log2(16) = 4
    assert (
        bill(weights(), codes=["mixture"], **CASE, delta="0.01").lines[0].bound > line(found, "mixture").bound
    )


def test_the_price_of_the_choice_is_that_of_the_whole_menu(found):
    assert len(MENU) <= CHOICES
    (alone,) = bill(weights(), codes=["rice"], **CASE).lines
    assert alone == line(found, "rice")


def test_the_order_of_the_menu():
    assert list(MENU)[:14] == [
        "uniform", "elias-gamma", "rice", "huffman", "histogram", "adaptive", "parametric", "mixture",
        "zlib", "bz2", "lzma", "zstd", "brotli", "context-tree",
    ]  # fmt: skip


def test_the_best_is_the_shortest(found):
    assert found.best.bits == min(x.bits for x in found.lines if x.bits is not None)
    assert found.best.code == "mixture"


def test_tensors_are_sorted_and_their_values_come_back(found):
    assert [t.name for t in found.tensors] == ["bias", "count", "first", "second"]
    assert found.entries == 20 + 1 + 45 + 600
    for tensor in found.tensors:
        before = weights()[tensor.name]
        assert np.abs(tensor.layer.values - before).max() == tensor.largest_error
    assert layout_of(found.layers)[2] == ((3, 3, 5), found.tensors[2].layer.step)


def test_one_step_for_all():
    found = bill(weights(), step=0.1, codes=["adaptive"])
    assert [t.layer.step for t in found.tensors] == [0.1, 1.0, 0.1, 0.1]
    assert all(x.bound is None for x in found.lines)


def test_entries_that_a_code_cannot_write():
    found = bill({"x": np.array([2**21, 1]), "y": np.zeros(3)})
    for code in ("rice", "adaptive", "mixture", "histogram"):
        assert line(found, code).bits is None
        assert "2097152" in line(found, code).problem
        assert line(found, code).bound is None
    assert line(found, "zlib").bits > 0
    assert found.best.code not in {"rice", "adaptive"}
    with pytest.raises(InputError, match="no code can write"):
        _ = bill(np.array([2**21]), codes=["rice"]).best


def test_a_missing_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "brotli", None)
    x = line(bill(weights(), codes=["brotli", "rice"]), "brotli")
    assert x.bits is None
    assert "idbounds[compressors]" in x.problem


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"codes": []}, "codes"),
        ({"codes": ["gzip"]}, "gzip"),
        ({"step": 0}, "step = 0"),
        ({"n": 100}, "needs errors"),
        ({"errors": 3}, "needs n"),
        ({"errors": 300, "n": 100}, "errors"),
        ({"errors": -1, "n": 100}, "errors"),
        ({"errors": 1.5, "n": 100}, "errors"),
        ({"delta": "0.1"}, "n and errors"),
        ({"errors": 1, "n": 10, "delta": 2}, "delta"),
        ({"errors": 1, "n": 10, "train_error": 0.1}, "train_error"),
        ({"errors": 1, "n": 10, "code_bits": 1}, "code_bits"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_the_work(options, words):
    with pytest.raises(InputError, match=words):
        bill(weights(), progress=lambda *_: pytest.fail("began to work"), **options)


def test_progress_ends_with_all_entries():
    told = []
    bill(weights(), codes=["rice", "zlib"], progress=lambda *x: told.append(x))
    assert [x for x in told if x[1] == x[2]] == [("rice", 666, 666), ("zlib", 666, 666)]


def test_blocks_of_a_bill(found):
    assert [index for index, _ in blocks(found.layers, together=True)] == [0]
    assert [index for index, _ in blocks(found.layers, together=False)] == [0, 1, 2, 3]


def call(*args):
    return click.testing.CliRunner().invoke(main, ["code", *map(str, args)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, **weights())
    return path


def test_the_command_prints_every_length(file, found):
    shown = call(file, "--n", 10_000, "--errors", 500)
    assert shown.exit_code == 0
    assert all(f"{x.bits:,}" in shown.stdout for x in found.lines if x.bits)
    assert all(f"{bits:,}" in shown.stdout for x in found.lines for bits in x.by_tensor)
    limits = [
        float(line.split()[-1]) for line in shown.stdout.splitlines() if line.split()[:1] == [found.best.code]
    ]
    assert limits == [math.ceil(exact(found.best.bound) * 10_000) / 10_000]  # never below the bound
    assert "log2(16)" in shown.stdout
    assert "error at most" not in call(file, "--codes", "rice").stdout


def test_a_narrow_terminal(file, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = call(file, "--n", 10_000, "--errors", 500).stdout.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines if not line.startswith("note: "))
    assert sum(line.startswith("bits (header)") for line in lines) > 1  # codes that have no room come below


def test_the_command_prints_json(file, found):
    shown = call(file, "--n", "1e4", "--errors", 500, "--json")
    record = json.loads(shown.stdout, parse_constant=pytest.fail)
    assert record == json.loads(json.dumps(found.record()))
    assert (record["n"], record["errors"], record["choices"], record["bound"]) == (10_000, 500, 16, BOUND)


def test_options_of_the_command(file):
    record = json.loads(call(file, "--step", 0.1, "--codes", "rice, zlib", "--json").stdout)
    assert [x["code"] for x in record["codes"]] == ["rice", "zlib"]
    assert record["tensors"][0]["step"] == 0.1
    wide = json.loads(call(file, "--spacing", 2, "--codes", "rice", "--json").stdout)
    assert wide["tensors"][3]["step"] > record["tensors"][3]["step"]


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--step", "0"],
        ["--codes", "x"],
        ["--n", "10"],
        ["--n", "10", "--errors", "11"],
        ["--delta", "0.1"],
    ],
    ids=str,
)
def test_errors_of_the_command_are_one_line(tmp_path, file, args):
    shown = call(*([file, *args] if args else [tmp_path]))
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert shown.stderr.startswith("idbounds: ")
    assert shown.stderr.count("\n") == 1


def test_no_code_for_the_weights(tmp_path):
    np.save(tmp_path / "x.npy", np.array([2**21]))
    shown = call(tmp_path / "x.npy", "--codes", "rice")
    assert shown.exit_code == 1
    assert "2097152" in shown.stdout
