"""`python -m idbounds` and `python -m idbounds.cli` are the command line."""

import subprocess
import sys

import pytest
from conftest import environment


@pytest.mark.parametrize("module", ["idbounds", "idbounds.cli"])
def test_as_a_module(module):
    def run(*args):
        command = [sys.executable, "-m", module, *args]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=100, check=False
        )

    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: idbounds ")
    bad = run("compare", "--train-error", "2")
    assert bad.returncode == 2
    assert bad.stderr.startswith("idbounds: ")
