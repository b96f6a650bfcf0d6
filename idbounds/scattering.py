r"""A fixed front end for images: moduli of Morlet wavelets, averaged. It has no weights, so it costs no bits.

For each wavelet :math:`\psi_{s\theta}` of scale s and angle :math:`\theta` the channel is
:math:`\sqrt{g_s\, (|x * \psi_{s\theta}| * \phi) + \epsilon}`, :math:`\phi` the mean over 2 x 2 pixels; over
the angles of a scale it is turned by an orthonormal Fourier transform, whose first channel is the mean over
all angles. A mean of the image itself goes beside them. All constants were fixed while Fashion-MNIST was
looked at, which the decoder says wherever it is used there.

Source: Bruna and Mallat (2013), Invariant Scattering Convolution Networks, the first layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError, MissingExtra

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("models need torch: pip install 'idbounds[torch]'") from error

ANGLES: Final = 8
SCALES: Final = ((0.9, 2.2, 7, 25.0), (1.8, 1.1, 13, 15.0))
"""Of each scale: width of the envelope and frequency (pixels), side of the filter, gain g."""

EPSILON: Final = 0.02
OFFSET: Final = 1.9
"""Taken from the mean over all angles, so that what follows is centred."""

POOL: Final = 2
CHANNELS: Final = 1 + len(SCALES) * ANGLES
FREQUENCIES: Final = (0, 1, 1, 2, 2, 3, 3, 4)
"""Of each channel of a scale: how often it turns over the angles."""

_MIRROR = (1,) + len(SCALES) * (1, 1, -1, 1, -1, 1, -1, 1)
"""Of each channel of a plane: a mirror takes angle a to -a, so sines over the angles change their sign."""

_OPPONENT = ((1 / 3, 1 / 3, 1 / 3), (0.5, 0.0, -0.5), (-0.25, 0.5, -0.25))


class Scattering(nn.Module):
    """(batch, *shape) with entries in [-1, 1] to (batch, planes * 17, height / 2, width / 2).

    Colour images are turned into the mean of red, green and blue, and two differences of them.

    Args:
        shape: of one example, (height, width) or (1 or 3, height, width), even sides of at least 8.

    Raises:
        InputError: for another shape.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """Build the filters."""
        super().__init__()
        if not fits(shape):
            raise InputError(
                f"scattering takes images of even sides from 8 x 8 on, grey or of 3 colours; an example has "
                f"shape {tuple(shape)}: use mlp"
            )
        self.shape, self.planes = tuple(shape), shape[0] if len(shape) == 3 else 1
        self.side = (shape[-2] // POOL, shape[-1] // POOL)
        for index, (width, frequency, size, _) in enumerate(SCALES):
            waves = np.stack([morlet(width, frequency, math.pi * a / ANGLES, size) for a in range(ANGLES)])
            both = np.concatenate([waves.real, waves.imag])[:, None]
            self.register_buffer(f"waves{index}", _steady(both))
        self.register_buffer("turn", _steady(fourier(ANGLES)))
        self.register_buffer("opponent", torch.tensor(_OPPONENT, dtype=torch.float64))

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return self.planes * CHANNELS

    def forward(self, x: Tensor) -> Tensor:
        """The features.

        Args:
            x: (batch, *shape), float32 or float64, in [-1, 1].

        Returns:
            (batch, channels, height / 2, width / 2), of the same dtype.
        """
        x = (x + 1) / 2
        if self.planes == 1:
            x = x.reshape(len(x), 1, *self.shape[-2:])
        else:
            x = torch.einsum("pc,bchw->bphw", self.opponent.to(x.dtype), x)
        batch, planes = x.shape[:2]
        flat = x.reshape(batch * planes, 1, *x.shape[2:])
        out = [2 * nn.functional.avg_pool2d(flat, POOL) - 0.5]
        for index, (_, _, size, gain) in enumerate(SCALES):
            waves = self.get_buffer(f"waves{index}").to(x.dtype)
            parts = _convolved(flat, waves, size)
            modulus = (parts[:, :ANGLES] ** 2 + parts[:, ANGLES:] ** 2).sqrt()
            level = (gain * nn.functional.avg_pool2d(modulus, POOL) + EPSILON).sqrt()
            turned = torch.einsum("kj,bjhw->bkhw", self.turn.to(x.dtype), level)
            out.append(torch.cat([turned[:, :1] - OFFSET, turned[:, 1:]], 1))
        return torch.cat(out, 1).reshape(batch, planes * CHANNELS, *self.side)


_TOGETHER = 25  # images whose transforms stay in the cache


def _convolved(x: Tensor, waves: Tensor, size: int) -> Tensor:
    """Correlate (batch, 1, height, width), padded by zeros, with real and then imaginary parts of waves."""
    if x.dtype != torch.float64:
        return nn.functional.conv2d(x, waves, padding=size // 2)
    # torch's convolution is slow in float64; by the Fourier transform it is equal to about 1e-15.
    height, width = x.shape[2:]
    grid, half = (height + size - 1, width + size - 1), size // 2
    spectrum = torch.fft.fft2(torch.complex(*waves[:, 0].flip(1, 2).chunk(2)), s=grid)
    out = x.new_empty(len(x), len(waves), height, width)
    for first in range(0, len(x), _TOGETHER):
        some = slice(first, first + _TOGETHER)
        product = torch.fft.fft2(x[some].to(torch.complex128), s=grid) * spectrum
        found = torch.fft.ifft2(product)[:, :, half : half + height, half : half + width]
        out[some] = torch.cat([found.real, found.imag], 1)
    return out


def fits(shape: Sequence[int]) -> bool:
    """Whether `Scattering` takes examples of a shape: grey or of 3 colours, with even sides of at least 8."""
    sizes = len(shape) == 2 or (len(shape) == 3 and shape[0] in {1, 3})
    return sizes and min(shape[-2:]) >= 8 and not any(side % 2 for side in shape[-2:])


def _steady(values: NDArray[np.float64]) -> Tensor:
    """Rounded to 32 binary places: sines and exponentials differ in their last bits between machines."""
    return torch.from_numpy(np.round(values * 2.0**32) / 2.0**32)


def morlet(width: float, frequency: float, angle: float, size: int) -> NDArray[np.complex128]:
    """A Morlet wavelet: a wave under a Gaussian envelope of sum 1, less what gives it mean 0.

    Args:
        width: standard deviation of the envelope, pixels.
        frequency: radians a pixel.
        angle: direction of the wave, radians.
        size: side, odd.

    Returns:
        Complex array (size, size).
    """
    y, x = np.mgrid[:size, :size] - float(size // 2)
    envelope = np.exp(-(x**2 + y**2) / (2 * width**2))
    wave = np.exp(1j * frequency * (x * math.cos(angle) + y * math.sin(angle)))
    weights = envelope / envelope.sum()
    centred: NDArray[np.complex128] = weights * (wave - (weights * wave).sum())
    return centred


def fourier(points: int) -> NDArray[np.float64]:
    """The orthonormal real Fourier transform over an even number of points.

    Args:
        points: even.

    Returns:
        Rows: the mean, cosine and sine of each frequency, the alternating row; (points, points).
    """
    j = np.arange(points)
    rows = [np.full(points, 1 / math.sqrt(points))]
    for k in range(1, points // 2):
        turn = 2 * np.pi * k * j / points
        rows += [np.cos(turn) * math.sqrt(2 / points), np.sin(turn) * math.sqrt(2 / points)]
    return np.stack([*rows, (-1.0) ** j / math.sqrt(points)])


def cosines(side: tuple[int, int], below: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The products of cosines (two-dimensional DCT-II) whose two frequencies add up to less than a number.

    Args:
        side: height and width.
        below: the number.

    Returns:
        Orthonormal rows, (rows, height * width), and the sum of frequencies of each.
    """
    bases = []
    for n in side:
        k = np.arange(n)
        base = np.cos(np.pi * np.outer(k, k + 0.5) / n) * math.sqrt(2 / n)
        base[0] /= math.sqrt(2)
        bases.append(base)
    pairs = [(u, v) for u in range(side[0]) for v in range(side[1]) if u + v < below]
    rows = np.stack([np.outer(bases[0][u], bases[1][v]).ravel() for u, v in pairs])
    return rows, np.array([u + v for u, v in pairs], dtype=np.int64)


class CosineNet(nn.Module):
    """A 1 x 1 convolution with ReLU beside its own input, both as cosine coefficients, then one linear layer.

    Args:
        channels: of the input.
        side: height and width of the input.
        classes: number of classes.
        hidden: channels of the convolution.
        below: coefficients are kept whose two frequencies add up to less than this.
        kinds: a small integer for each input channel: weights that read channels of one kind share a prior.
        mirror: for each channel the sign it takes on in a mirror; then what enters the last layer is the mean
            for the input and for its mirror image. None for a net that tells left from right.
    """

    def __init__(
        self,
        channels: int,
        side: tuple[int, int],
        classes: int,
        *,
        hidden: int,
        below: int,
        kinds: Sequence[int],
        mirror: Sequence[int] | None = None,
    ) -> None:
        """Build the layers; their weights are whatever torch draws."""
        super().__init__()
        rows, degrees = cosines(side, below)
        self.kinds, self.degrees, self.hidden, self.classes = np.array(kinds), degrees, hidden, classes
        self.register_buffer("cosines", _steady(rows))
        self.mirrored = mirror is not None
        if mirror is not None:
            self.register_buffer("mirror", torch.tensor(mirror, dtype=torch.float64))
        self.mix = nn.Conv2d(channels, hidden, 1)
        self.head = nn.Linear((hidden + channels) * len(rows), classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (batch, classes) of features (batch, channels, height, width)."""
        scores: Tensor = self.head(self.coefficients(x))
        return scores

    def coefficients(self, x: Tensor) -> Tensor:
        """The cosine coefficients of all maps, (batch, maps * rows)."""
        maps = self._maps(x)
        if self.mirrored:
            signs = self.get_buffer("mirror").to(x.dtype)
            maps = (maps + self._maps(x.flip(-1) * signs[:, None, None])) / 2
        return (maps.flatten(2) @ self.get_buffer("cosines").to(x.dtype).T).flatten(1)

    def _maps(self, x: Tensor) -> Tensor:
        return torch.cat([torch.relu(self.mix(x)), x], 1)

    def prior_groups(self) -> dict[str, NDArray[np.int64]]:
        """Which weights share a standard deviation of the prior.

        Returns:
            For each parameter an integer array of its shape, numbered from 0: the convolution by kind of
            channel, the head by degree of the cosines, for hidden and for direct maps apart.
        """
        head = self.coefficient_groups()
        mix = np.broadcast_to(self.kinds[None, :, None, None], (self.hidden, len(self.kinds), 1, 1))
        return {
            "mix.weight": mix.astype(np.int64),
            "mix.bias": np.zeros(self.hidden, dtype=np.int64),
            "head.weight": np.broadcast_to(head, (self.classes, head.size)).astype(np.int64),
        }

    def coefficient_groups(self) -> NDArray[np.int64]:
        """A number for each coefficient: its degree, for hidden and for direct maps apart."""
        maps = np.arange(self.hidden + len(self.kinds))
        direct = np.repeat(maps >= self.hidden, len(self.degrees))
        return np.tile(self.degrees, len(maps)) + (int(self.degrees.max()) + 1) * direct


def mirrornet(shape: Sequence[int], classes: int) -> nn.Sequential:
    """`scatternet` that does not tell left from right: what enters its last layer is a mean over both views.

    It helps where a mirror image has the same class, as in photographs of things; it costs no bits.

    Args:
        shape: of one example, see `Scattering`.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores, with as many weights as `scatternet`.
    """
    return scatternet(shape, classes, mirrored=True)


def scatternet(
    shape: Sequence[int],
    classes: int,
    *,
    hidden: int = 12,
    below: int = 9,
    mirrored: bool = False,
    made: Callable[..., nn.Module] = CosineNet,
) -> nn.Sequential:
    """`Scattering` as ``front``, then a `CosineNet` as ``body``.

    Args:
        shape: of one example, see `Scattering`.
        classes: number of classes.
        hidden: channels of the learned convolution.
        below: limit of the cosine coefficients.
        mirrored: see `mirrornet`.
        made: makes the body of what `CosineNet` takes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores; 13,266 weights for 28 x 28 and 10 classes.
    """
    front = Scattering(shape)
    per_plane = 1 + len(SCALES) * (max(FREQUENCIES) + 1)
    kinds = []
    for plane in range(front.planes):
        kinds.append(plane * per_plane)
        for scale in range(len(SCALES)):
            kinds += [plane * per_plane + 1 + scale * (max(FREQUENCIES) + 1) + f for f in FREQUENCIES]
    body = made(
        front.channels, front.side, classes, hidden=hidden, below=below, kinds=kinds,
        mirror=_MIRROR * front.planes if mirrored else None,
    )  # fmt: skip
    net = nn.Sequential()
    net.add_module("front", front)
    net.add_module("body", body)
    return net
