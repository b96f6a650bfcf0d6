"""What the tests of certificates share: one small certificate, and ways to forge it."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

# Tests that run side by side must not fight for the cores; torch reads this when it is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A job in the background of a shell ignores Ctrl-C, and so do its children: the tests that press it would fail.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("house", deadline=None)  # the first call may compile
hypothesis.settings.load_profile("house")

ROOT = Path(__file__).parents[1]
SMALL = {
    "recipe": "subspace", "architecture": "mlp", "d": 60, "steps": 200, "batch": 64, "learning_rate": 0.05,
    "device": "cpu",
}  # fmt: skip
MAIN = "from idbounds.cli import main; main()"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """What `certify` gave for the bundled digits."""
    import idbounds

    path = tmp_path_factory.mktemp("certificate") / "digits.idb"
    return idbounds.certify("digits", **SMALL, output=path)


@pytest.fixture(scope="session")
def parts(made):
    """Header and payload of the shared certificate; tests copy the header before they change it."""
    from idbounds.certificate import read

    return read(made.path)


@pytest.fixture
def forge(tmp_path):
    """Write a header and a payload with all hashes made anew."""
    from idbounds.certificate import write

    def forged(header, payload, *, rehash=True):
        if rehash:
            header = {**header, "payload_sha256": hashlib.sha256(payload).hexdigest()}
        return write(tmp_path / "forged.idb", header, payload)

    return forged


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


@pytest.fixture(scope="session")
def program():
    """Run Python code in a process of its own, by default the command line."""

    def run(*args, code=MAIN, cwd=None, timeout=120):
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, args)],
            capture_output=True, text=True, env=environment(), cwd=cwd, timeout=timeout, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def light(tmp_path_factory, monkeypatch):
    """A folder with a torch for workers that train nothing: it takes a number of threads, and loads at once."""
    pytest.importorskip("torch")  # this process has the true one before the path changes
    folder = tmp_path_factory.mktemp("light")
    (folder / "torch.py").write_text("def set_num_threads(count):\n    assert count >= 1\n")
    monkeypatch.syspath_prepend(folder)  # joblib's and Dask's workers start with the path of this process
    yield folder
    reusable = sys.modules.get("joblib.externals.loky.reusable_executor")
    if reusable is not None:  # no later test may be given one of these workers
        reusable.get_reusable_executor().shutdown(wait=True, kill_workers=True)
