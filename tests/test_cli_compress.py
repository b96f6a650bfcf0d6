"""`idbounds compress`: help without torch, tables, JSON that parses, a certificate that replays."""

import json

import pytest
import torch
from click.testing import CliRunner
from conftest import MAIN

import idbounds
from idbounds.cli import main
from idbounds.cli_compress import compress
from idbounds.models import build

STEPS = "Sparsify(0.9) | Quantise(levels=4) | Encode()"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A network with weights of its start: what it knows does not matter here."""
    from numpy import savez

    path = tmp_path_factory.mktemp("net") / "net.npz"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        savez(path, **{k: v.numpy() for k, v in build("mlp", (8, 8), 10).state_dict().items()})
    return path


def call(*args):
    return CliRunner().invoke(main, ["compress", *map(str, args)])


def test_help_is_quick_and_loads_no_torch(program):
    code = f"import sys, atexit; atexit.register(lambda: print('torch' in sys.modules))\n{MAIN}"
    done = program("compress", "--help", code=code)
    assert done.stdout.endswith("False\n")
    assert STEPS in done.stdout


def test_every_option_has_help_and_every_step_is_named():
    from idbounds.compress.reading import STEPS as KNOWN

    assert all(option.help for option in compress.params if option.name != "checkpoint")
    assert all(step in (compress.help or "") for step in KNOWN)


def test_tables_and_a_certificate_that_replays(checkpoint, tmp_path):
    path = tmp_path / "net.idb"
    done = call(checkpoint, "--with", STEPS, "--architecture", "mlp", "--dataset", "digits", "-o", path)
    assert done.exit_code == 0, done.output
    assert f"digits, mlp: {STEPS}\n" in done.output
    for word in (
        "1.weight",
        "sparse",
        "all tensors",
        "training error",
        "occam-binomial",
        "left alone by Sparsify",
    ):
        assert word in done.output
    assert idbounds.verify(path).ok


def test_json(checkpoint):
    done = call(checkpoint, "--with", STEPS, "--architecture", "mlp", "--dataset", "digits", "--json")
    record = json.loads(done.stdout)
    assert record["pipeline"] == STEPS
    assert sum(record["parts"].values()) == record["code_bits"] < record["dense_bits"]
    assert record["path"] is None


def test_safetensors(checkpoint, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    import numpy as np

    with np.load(checkpoint) as arrays:
        safetensors.save_file(dict(arrays), tmp_path / "net.safetensors")
    args = ("--with", STEPS, "--architecture", "mlp", "--dataset", "digits", "--json")
    one, two = (json.loads(call(path, *args).stdout) for path in (checkpoint, tmp_path / "net.safetensors"))
    assert {**one, "seconds": 0} == {**two, "seconds": 0}


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("--with", "Encode()", "--architecture", "mlp"), "no symbols"),
        (("--with", STEPS, "--architecture", "resnet"), "give one of"),
        (("--with", STEPS, "--architecture", "mlp", "-o", "nowhere/x.idb"), "no such folder"),
        (("--with", "os.getcwd()", "--architecture", "mlp"), "is no step"),
    ],
    ids=range(4),
)
def test_bad_input_is_refused_on_one_line(checkpoint, args, word, tmp_path, monkeypatch, program):
    monkeypatch.chdir(tmp_path)
    done = call(checkpoint, *args, "--dataset", "digits")
    assert done.exit_code == 2
    assert word in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize("name", ["net.npz", "net.safetensors", "notes.txt"])
def test_no_file_but_a_certificate_is_ever_replaced(checkpoint, name, tmp_path):
    # Cause: --output with the checkpoint's own name put the certificate in the place of the trained weights.
    from idbounds import certify
    from idbounds.errors import InputError

    path = tmp_path / name
    path.write_bytes(checkpoint.read_bytes())
    args = ("--architecture", "mlp", "--dataset", "digits", "--with", "Quantise(levels=2)", "-o", path)
    assert call(path if name == "net.npz" else checkpoint, *args).exit_code == 2
    with pytest.raises(InputError):
        certify("digits", output=path, steps=1)
    assert path.read_bytes() == checkpoint.read_bytes()
