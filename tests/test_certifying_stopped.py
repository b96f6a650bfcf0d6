"""Ctrl-C in the main job, at any moment: the checkpoint is kept and --resume ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from conftest import MAIN, environment

from idbounds.cli import main

ARGUMENTS = [
    "certify",
    "digits",
    "--recipe",
    "subspace",
    "--architecture",
    "mlp",
    "--d",
    "60",
    "--steps",
    "120",
    "--batch",
    "64",
    "--device",
    "cpu",
    "--json",
]
# Presses Ctrl-C on itself when the trainer reaches the step named first.
PRESS = """
import os, signal, sys
at = int(sys.argv.pop(1))
from idbounds.training import Trainer
step = Trainer.step
def pressed(self):
    if self.done == at:
        os.kill(os.getpid(), signal.SIGINT)
    return step(self)
Trainer.step = pressed
"""


def certified(path, *options):
    """The command in this process; a process of its own costs seconds, and is taken where it is what is tested."""
    done = CliRunner().invoke(main, [*ARGUMENTS, "-o", str(path), *options])
    assert done.exit_code == 0, done.output
    return path.read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return certified(tmp_path_factory.mktemp("whole") / "x.idb")


def check_stopped(done, step, folder):
    assert done.returncode == 130, done.stderr
    assert f"stopped at step {step}" in done.stderr
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in folder.iterdir()] == ["x.checkpoint.npz"]


def test_ctrl_c_and_resume_give_the_same_file(program, uninterrupted, tmp_path):
    stopped = program(90, *ARGUMENTS, "-o", "x.idb", code=PRESS + MAIN, cwd=tmp_path)
    check_stopped(stopped, 91, tmp_path)
    ended = program(*ARGUMENTS, "-o", "x.idb", "--resume", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "x.idb").read_bytes() == uninterrupted
    assert not (tmp_path / "x.checkpoint.npz").exists()


# Stopped at the first step, in phase one, on the grid and at the last step; resumed in the same process.
AGAIN = """
from idbounds.cli import main
try:
    main()
except SystemExit as stopped:
    assert stopped.code == 130, stopped.code
for at in (40, 72, 119, -1):
    try:
        main([*sys.argv[1:], "--resume"])
    except SystemExit as stopped:
        assert stopped.code == (0 if at < 0 else 130), (at, stopped.code)
"""


def test_ctrl_c_five_times(program, uninterrupted, tmp_path):
    done = program(0, *ARGUMENTS, "-o", "x.idb", code=PRESS + AGAIN, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("stopped at step") == 4
    assert (tmp_path / "x.idb").read_bytes() == uninterrupted
    assert not (tmp_path / "x.checkpoint.npz").exists()


# Says that it is at that step, and waits there until the signal was sent.
WAIT = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
signals = Path(sys.argv.pop(1))
from idbounds.training import Trainer
step = Trainer.step
def waiting(self):
    if self.done == 40:
        (signals / "there").touch()
        while not (signals / "sent").exists():
            time.sleep(0.02)
    return step(self)
Trainer.step = waiting
"""


def test_a_real_signal_from_outside(program, uninterrupted, tmp_path, tmp_path_factory):
    signals = tmp_path_factory.mktemp("signals")
    job = subprocess.Popen(
        [sys.executable, "-c", WAIT + MAIN, str(signals), *ARGUMENTS, "-o", "x.idb"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        while job.poll() is None and not (signals / "there").exists():
            time.sleep(0.02)
        os.kill(job.pid, signal.SIGINT)
        (signals / "sent").touch()
        _, said = job.communicate(timeout=60)
    finally:
        job.kill()
    check_stopped(subprocess.CompletedProcess(job.args, job.returncode, "", said), 41, tmp_path)
    assert certified(tmp_path / "x.idb", "--resume") == uninterrupted


# Ctrl-C from within a callback, where Python drops the exception, as in those of the kernels' compiler.
INSIDE = """
import ctypes, os, signal, sys
from idbounds.decoders.subspace import SUBSPACE
encode = SUBSPACE.encode
@ctypes.CFUNCTYPE(None)
def callback():
    os.kill(os.getpid(), signal.SIGINT)
def pressed(hypothesis):
    callback()
    return encode(hypothesis)
object.__setattr__(SUBSPACE, "encode", pressed)
"""


def test_ctrl_c_in_a_callback_of_the_compiler(program, uninterrupted, tmp_path):
    stopped = program(*ARGUMENTS, "-o", "x.idb", code=INSIDE + MAIN, cwd=tmp_path)
    check_stopped(stopped, 120, tmp_path)
    assert certified(tmp_path / "x.idb", "--resume") == uninterrupted
