"""The sketch is what its page says, never changes, and leaves the rest of the nets as they are."""

import hashlib

import numpy as np
import pytest
import torch

from idbounds.sketched import WIDTH, SketchNet, mirrorsketch, shared, sketchnet, uprightsketch
from idbounds.upright import Upright

SHAPES = {(28, 28): sketchnet, (8, 8): sketchnet, (3, 32, 32): mirrorsketch}


def body(shape):
    return SHAPES[shape](shape, 10).body


@pytest.mark.parametrize("shape", SHAPES)
def test_each_coefficient_goes_to_one_entry_of_its_group_with_a_sign(shape):
    net = body(shape)
    sketch, groups = net.sketch.numpy(), net.coefficient_groups()
    assert (np.count_nonzero(sketch, axis=1) == 1).all()
    where = np.abs(sketch).argmax(1)
    labels = np.unique(groups)
    assert (labels[net.entry_groups[where]] == groups).all()
    counts = np.bincount(where, minlength=sketch.shape[1])
    assert np.abs(sketch).max(0) == pytest.approx(counts**-0.5)
    for label in labels:  # balanced within a group
        mine = counts[net.entry_groups == np.searchsorted(labels, label)]
        assert mine.max() - mine.min() <= 1 <= mine.min()
    assert 0.4 < (sketch[sketch != 0] > 0).mean() < 0.6
    assert sketch.T @ sketch == pytest.approx(np.eye(sketch.shape[1]), abs=1e-12)


def test_entries_go_by_the_square_root_of_the_size():
    assert shared(np.array([100, 400, 900]), 60).tolist() == [10, 20, 30]
    assert shared(np.array([1, 1, 10_000]), 51).tolist() == [1, 1, 50]
    assert shared(np.array([4, 4]), 100).tolist() == [4, 4]
    assert abs(body((28, 28)).sketch.shape[1] - WIDTH) <= 10


@pytest.mark.parametrize(
    ("shape", "digest"),
    [
        ((28, 28), "d4ee17eddc21ae6c"),
        ((3, 32, 32), "3325d456f58de953"),
    ],
)
def test_the_sketch_never_changes(shape, digest):
    # Certificates rely on it.
    found = body(shape).sketch
    assert found.dtype == torch.float64
    assert hashlib.sha256(found.numpy().tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize("shape", SHAPES)
def test_scores_are_linear_in_the_sketch_of_the_coefficients(shape):
    net = body(shape).double()
    side = shape[-1] // 2
    x = torch.randn(3, len(net.kinds), side, side, dtype=torch.float64)
    entering = net.coefficients(x).detach().numpy() @ net.sketch.numpy()
    assert net(x).detach().numpy() == pytest.approx(entering @ net.head.weight.detach().numpy().T)
    assert torch.allclose(net(x).float(), net.float()(x.float()), atol=1e-4)
    groups = net.prior_groups()
    assert {name: g.shape for name, g in groups.items()} == {
        name: tuple(p.shape) for name, p in net.named_parameters()
    }
    assert (groups["head.weight"] == net.entry_groups).all()


def test_a_mirror_image_scores_the_same():
    net = mirrorsketch((3, 8, 8), 5).double()
    x = 2 * torch.rand(4, 3, 8, 8, dtype=torch.float64) - 1
    assert torch.allclose(net(x), net(x.flip(-1)), atol=1e-9)
    assert not torch.allclose(sketchnet((3, 8, 8), 5).double()(x), net(x))


def test_the_upright_one_is_the_same_net_behind_it():
    net = uprightsketch((8, 8), 10)
    assert isinstance(net.front[0], Upright)
    assert isinstance(net.body, SketchNet)
    assert torch.equal(net.body.sketch, sketchnet((8, 8), 10).body.sketch)
