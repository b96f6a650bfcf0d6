"""The fixed front end is the formula on its page, at any precision; the net behind it keeps its size."""

import hashlib

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from idbounds.errors import InputError
from idbounds.scattering import (
    _MIRROR,
    ANGLES,
    CHANNELS,
    EPSILON,
    OFFSET,
    POOL,
    SCALES,
    CosineNet,
    Scattering,
    cosines,
    fits,
    fourier,
    mirrornet,
    morlet,
    scatternet,
)  # fmt: skip


def pooled(x):
    return x.reshape(x.shape[0] // POOL, POOL, x.shape[1] // POOL, POOL).mean((1, 3))


def by_hand(image):
    """The channels of one grey image in [0, 1]."""
    out = [2 * pooled(image) - 0.5]
    for width, frequency, size, gain in SCALES:
        levels = []
        for angle in range(ANGLES):
            wave = morlet(width, frequency, np.pi * angle / ANGLES, size)
            modulus = np.abs(correlate2d(np.pad(image, size // 2), wave.conj(), mode="valid"))
            levels.append(np.sqrt(gain * pooled(modulus) + EPSILON))
        turned = np.einsum("kj,jhw->khw", fourier(ANGLES), np.stack(levels))
        turned[0] -= OFFSET
        out += list(turned)
    return np.stack(out)


@pytest.mark.parametrize("shape", [(8, 8), (10, 14), (28, 28)])
def test_channels_are_the_formula(shape):
    image = np.random.default_rng(0).random(shape)
    found = Scattering(shape)(torch.from_numpy(2 * image - 1)[None])[0].numpy()
    assert found.shape == (CHANNELS, shape[0] // 2, shape[1] // 2)
    assert found == pytest.approx(by_hand(image), abs=1e-7)


def test_colours_are_their_mean_and_two_differences():
    image = np.random.default_rng(1).random((3, 8, 12))
    found = Scattering((3, 8, 12))(torch.from_numpy(2 * image - 1)[None])[0].numpy()
    red, green, blue = image
    wanted = [by_hand(p) for p in (image.mean(0), (red - blue) / 2, green / 2 - (red + blue) / 4)]
    assert found == pytest.approx(np.concatenate(wanted), abs=1e-7)


def test_float32_is_close_to_float64():
    front, x = Scattering((28, 28)), 2 * torch.rand(5, 28, 28, dtype=torch.float64) - 1
    assert front(x.float()).dtype == torch.float32
    assert torch.allclose(front(x.float()).double(), front(x), atol=2e-4)


@pytest.mark.parametrize(("width", "frequency", "size", "gain"), SCALES)
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0])
def test_wavelets_have_mean_0_and_an_envelope_of_sum_1(width, frequency, size, gain, angle):
    wave = morlet(width, frequency, angle, size)
    assert abs(wave.sum()) < 1e-14
    assert wave[::-1, ::-1] == pytest.approx(wave.conj(), abs=1e-15)
    envelope = np.exp(-((np.mgrid[:size, :size] - size // 2) ** 2) / (2 * width**2)).prod(0)
    assert np.abs(wave).max() == pytest.approx(np.abs(wave)[size // 2, size // 2], rel=0.1)
    assert np.abs(wave).sum() == pytest.approx(1, abs=0.3)
    assert envelope.sum() > 0


@pytest.mark.parametrize("points", [2, 4, 8, 10])
def test_the_turn_is_orthonormal(points):
    rows = fourier(points)
    assert rows @ rows.T == pytest.approx(np.eye(points), abs=1e-14)
    assert rows[0] == pytest.approx(np.full(points, points**-0.5))


@pytest.mark.parametrize(
    ("side", "below", "count"), [((4, 4), 9, 16), ((7, 7), 7, 28), ((14, 14), 9, 45), ((3, 5), 3, 6)]
)
def test_cosines(side, below, count):
    rows, degrees = cosines(side, below)
    assert rows.shape == (count, side[0] * side[1])
    assert rows @ rows.T == pytest.approx(np.eye(count), abs=1e-13)
    assert degrees.max() == min(below - 1, sum(side) - 2)
    assert rows[0] == pytest.approx(np.full(side[0] * side[1], (side[0] * side[1]) ** -0.5))


@pytest.mark.parametrize(
    ("shape", "parameters"), [((28, 28), 13_266), ((8, 8), 4_856), ((3, 32, 32), 28_974)]
)
def test_sizes_never_change(shape, parameters):
    net = scatternet(shape, 10)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert net(torch.zeros(2, *shape)).shape == (2, 10)
    assert not list(net.front.parameters())


def test_the_net_is_a_linear_layer_on_cosines():
    net = CosineNet(2, (3, 3), 4, hidden=5, below=9, kinds=[0, 1]).double()
    x = torch.randn(2, 2, 3, 3, dtype=torch.float64)
    hidden = torch.relu(
        torch.einsum("hc,bcij->bhij", net.mix.weight[:, :, 0, 0], x) + net.mix.bias[:, None, None]
    )
    rows = torch.from_numpy(cosines((3, 3), 9)[0]).reshape(9, 3, 3)
    entering = torch.einsum("bcij,kij->bck", torch.cat([hidden, x], 1), rows).flatten(1)
    assert torch.allclose(net(x), entering @ net.head.weight.T, atol=1e-8)


def test_groups_fit_the_weights():
    for shape in ((28, 28), (8, 8), (3, 32, 32)):
        body = scatternet(shape, 10).body
        groups = body.prior_groups()
        assert {n: g.shape for n, g in groups.items()} == {
            n: tuple(p.shape) for n, p in body.named_parameters()
        }
        planes = 3 if len(shape) == 3 else 1
        assert len(np.unique(groups["mix.weight"])) == 11 * planes
        assert len(np.unique(groups["head.weight"])) == 2 * (body.degrees.max() + 1)


def test_constants_are_frozen():
    """Rounded to 32 binary places, they are the same on every machine."""
    digest = hashlib.sha256()
    for name, value in sorted(scatternet((28, 28), 10).named_buffers()):
        assert (value * 2.0**32 == (value * 2.0**32).round()).all() or name == "front.opponent"
        digest.update(name.encode() + value.numpy().tobytes())
    assert digest.hexdigest() == FROZEN


FROZEN = "e6eec692b21ed93a71701fb40249017d35ae2447967934b1b60b815be7d2800d"


@pytest.mark.parametrize("shape", [(28,), (7, 8), (8, 9), (6, 6), (2, 8, 8), (1, 1, 8, 8), ()])
def test_other_shapes_are_refused(shape):
    assert not fits(shape)
    with pytest.raises(InputError, match="use mlp"):
        scatternet(shape, 10)


@pytest.mark.parametrize("shape", [(16, 12), (3, 8, 8)])
def test_a_mirror_image_has_the_features_that_the_signs_say(shape):
    front = Scattering(shape).double()
    x = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    signs = torch.tensor(_MIRROR * front.planes, dtype=torch.float64)[:, None, None]
    assert torch.allclose(front(x.flip(-1)), front(x).flip(-1) * signs, atol=1e-8)
    assert not torch.allclose(front(x.flip(-1)), front(x).flip(-1), atol=1e-3)


def test_a_mirrored_net_does_not_tell_left_from_right():
    net, plain = mirrornet((3, 8, 8), 5).double(), scatternet((3, 8, 8), 5).double()
    plain.load_state_dict({name: value for name, value in net.state_dict().items() if "mirror" not in name})
    x = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1
    assert torch.allclose(net(x), net(x.flip(-1)), atol=1e-7)
    assert not torch.allclose(plain(x), plain(x.flip(-1)), atol=1e-3)
    assert torch.allclose(net(x), (plain(x) + plain(x.flip(-1))) / 2, atol=1e-7)  # the head is linear
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in plain.parameters())
