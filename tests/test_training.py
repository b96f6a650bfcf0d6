"""Training that can be stopped anywhere and ends as if it had not been."""

import os
import signal
import threading

import numpy as np
import pytest
import torch
from torch import nn

from idbounds import data
from idbounds.errors import InputError
from idbounds.projections.subspace import attach
from idbounds.resuming import Interrupted
from idbounds.training import Settings, Trainer


def settings(**changes):
    return Settings(
        **{"steps": 24, "quantised": 0.5, "batch": 32, "learning_rate": 0.05, "spacing": 1.0, **changes}
    )


def module(activation=nn.ReLU):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), activation(), nn.Dropout(0.2), nn.Linear(12, 10))


def trainer(d=10, body=None, **changes):
    return Trainer(
        attach(body or module(), d=d, seed=1, relative=True), data.load("digits"), settings(**changes)
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = trainer()
    run.run(tmp_path_factory.mktemp("t") / "c.npz")
    return run.grid, run.symbols()


def same(run, whole):
    return run.grid == whole[0] and np.array_equal(run.symbols(), whole[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 1},
        {"steps": 0},
        {"steps": -5},
        {"batch": 0},
        {"quantised": 0.0},
        {"quantised": 1.0},
        {"quantised": float("nan")},
        {"learning_rate": 0.0},
        {"learning_rate": -1.0},
        {"learning_rate": float("nan")},
        {"learning_rate": 1e9},
        {"spacing": 0.0},
        {"spacing": float("nan")},
    ],
    ids=str,
)
def test_settings_that_cannot_train(changes):
    with pytest.raises(InputError, match="give"):
        settings(**changes)


def test_a_batch_larger_than_the_sample():
    with pytest.raises(InputError, match="batch = 1298: digits has n = 1297"):
        trainer(batch=1298)
    trainer(batch=1297)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_both_phases_get_a_step(share, tmp_path):
    run = trainer(steps=2, quantised=share)
    run.run(tmp_path / "c.npz")
    assert run.grid is not None
    assert run.done == 2


def test_training_lowers_the_loss(tmp_path):
    losses = []
    trainer(d=40, steps=120).run(tmp_path / "c.npz", advance=lambda _, loss: losses.append(loss))
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:10])


def test_the_global_generator_neither_matters_nor_moves(whole, tmp_path):
    # Cause: dropout drew from it, so two runs of one command differed and a resumed run did too.
    torch.manual_seed(123)
    before = torch.get_rng_state()
    run = trainer()
    torch.set_rng_state(before)
    run.run(tmp_path / "c.npz")
    assert same(run, whole)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("stop", [0, 1, 11, 12, 13, 23, 24])
def test_saved_at_any_step_it_ends_the_same(whole, stop, tmp_path):
    first, path = trainer(), tmp_path / "c.npz"
    for _ in range(stop):
        torch.manual_seed(stop)
        first.step()
    first.save(path)
    second = trainer()
    second.load(path)
    assert second.done == stop
    second.run(path)
    assert same(second, whole)


@pytest.mark.parametrize("place", ["forward", "backward", "optimiser", "callback"])
def test_ctrl_c_inside_a_step_loses_nothing(whole, place, tmp_path):
    # Cause: a signal between the update and the counter saved a step that was then done twice.
    run, path = trainer(), tmp_path / "c.npz"

    def press(*_):
        if run.done == 5:
            os.kill(os.getpid(), signal.SIGINT)

    if place == "forward":
        run.network.register_forward_hook(press)
    elif place == "backward":
        run.network.z.register_hook(press)
    elif place == "optimiser":
        run.optimiser.register_step_post_hook(press)
    with pytest.raises(Interrupted) as caught:
        run.run(path, advance=press if place == "callback" else None)
    assert caught.value.step == (5 if place == "callback" else 6)
    assert isinstance(caught.value.__context__, KeyboardInterrupt)  # the validation runner looks for it
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = trainer()
    again.load(path)
    again.run(path)
    assert same(again, whole)


def test_a_callback_may_stop_the_run(whole, tmp_path):
    path = tmp_path / "c.npz"

    def stop(done, _loss):
        if done == 24:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        trainer().run(path, advance=stop)
    again = trainer()
    again.load(path)
    again.run(path)
    assert same(again, whole)


def test_it_runs_in_another_thread(whole, tmp_path):
    run = trainer()
    thread = threading.Thread(target=run.run, args=(tmp_path / "c.npz",))
    thread.start()
    thread.join()
    assert same(run, whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 25},
        {"batch": 31},
        {"learning_rate": 0.04},
        {"d": 11},
        {"spacing": 1.1},
        {"body": module(nn.Tanh)},
    ],
    ids=str,
)
def test_a_checkpoint_of_other_settings_is_refused(changes, tmp_path):
    path = tmp_path / "c.npz"
    trainer().save(path)
    with pytest.raises(InputError, match="other settings"):
        trainer(**changes).load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"x" * 99, b"\x80\x04N.", "npy", "cut", "flip"],
)
def test_a_file_that_is_no_checkpoint(content, tmp_path):
    path = tmp_path / "c.npz"
    trainer().save(path)
    good = path.read_bytes()
    if content == "npy":
        np.save(tmp_path / "c.npy", np.zeros(3))
        content = (tmp_path / "c.npy").read_bytes()
    elif content == "cut":
        content = good[: len(good) // 2]
    elif content == "flip":
        content = good.replace(b"latent.npy", b"talent.npy")
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a checkpoint"):
        trainer().load(path)


def test_no_checkpoint(tmp_path):
    for path in (tmp_path / "no.npz", tmp_path):
        with pytest.raises(InputError, match="no checkpoint there"):
            trainer().load(path)


@pytest.mark.parametrize("rate", [1e9, 1e20, 1e30])
def test_a_run_that_diverges_says_so(rate, tmp_path):
    run = trainer()
    object.__setattr__(run.settings, "learning_rate", rate)  # beyond what the settings allow

    def train():
        run.run(tmp_path / "c.npz")
        return run.symbols()

    with pytest.raises(InputError, match="smaller learning_rate"):
        train()


def test_one_coordinate(tmp_path):
    # Cause: one number has no standard deviation, and its NaN became a step of the grid.
    run = trainer(d=1)
    run.run(tmp_path / "c.npz")
    assert run.symbols().shape == (1,)
