"""Fit a posterior against the bound, then put draws from the prior in its place, block by block.

Source: Havasi, Peharz and Hernandez-Lobato (2019), Minimal Random Code Learning: a block for every few bits
of divergence, a price for each block that brings it there, and training of the rest between two draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from idbounds.codes.reals.drawn import Drawing
from idbounds.codes.reals.steps import STEPS, nearest_step, step_size
from idbounds.errors import InputError
from idbounds.projections.stream import Stream, hash32, permutation, stream_key
from idbounds.variational.exchange import estimate, nats_per_bit
from idbounds.variational.losses import power_loss
from idbounds.variational.posterior import Posterior
from idbounds.variational.settings import CHEAPEST, FEWEST, NATS_PER_ERROR, Fit, Settings

CONSTANT = 0.4  # share of the steps at the full learning rate, then a cosine
TURN = (0.3, 0.7)  # shares of the steps between which the power of the loss rises
WARM = 0.1  # share of the steps over which the price of a bit rises from 0
LEAST_RATE = 1e-5
PRICED = 50  # steps between two looks at the price
FORGETS = 0.01  # weight of the batch at hand in the running error
SLOWER = 10  # how many times smaller the learning rate is, once scales are fixed
BETAS = (0.9, 0.99)
_PLAIN = ("start", "step", "price", "error", "nats")
_FITTED = ("mean", "log_std", "log_scale", "log_temperature")
STATE = (*_PLAIN, *_FITTED)  # what each checkpoint holds
CHUNK = 1 << 23  # numbers drawn at a time in a search
ADAPT, ADAPTED, LIMIT = 1.05, 5, 30.0  # prices of blocks: factor, steps between corrections, how far they go
EXAMPLE = 2  # examples that show how the module works


class Fitter:
    """One hypothesis on its way from a posterior to a message.

    Everything random in step s follows from the seed and s: a fit that was stopped ends as if it had not.

    Attributes:
        posterior: means and deviations.
        start: which random start this is; it moves what is random in a fit, and no draw.
        step: batches seen so far.
        nats: of cross-entropy that stand for one error.
        price: of a bit, nats of cross-entropy.
        error: running training error of the noisy network.
        scales: of each group's prior, an index into the menu of steps, int64; empty before `cut`.
        drawing: blocks and their candidates; none before `cut`.
        indices: chosen candidate of each block, int64.
        block_of: block of each weight; their number where there is none.
        prices: of a bit in each block, and in none.
        weights: flat weights; those of chosen blocks are final, float32, shape (D,).
        frozen: which weights are final, bool, shape (D,).

    Args:
        body: the module that learns.
        inputs: of the body, (n, ...), any float dtype.
        labels: int64, (n,).
        settings: how to fit.
        seed: of everything random here; the decoder needs it for the draws.
        delta: failure probability of the bound that sets the price of a bit.
        nats: cross-entropy that stands for one error, at first.

    Raises:
        InputError: when a batch would be larger than the sample.
    """

    def __init__(
        self,
        body: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        settings: Fit,
        *,
        seed: int,
        delta: float,
        nats: float = NATS_PER_ERROR,
    ) -> None:
        """Start at step 0."""
        if settings.batch > len(labels):
            raise InputError(f"batch = {settings.batch}: n = {len(labels)}; give at most that")
        self.inputs, self.labels, self.settings, self.seed, self.delta = inputs, labels, settings, seed, delta
        self.generator = torch.Generator()
        self.nats = nats
        self.begin(body, 0)
        self.scales: NDArray[np.int64] = np.zeros(0, np.int64)
        self.drawing = Drawing((), (), 1, seed)
        self.indices: NDArray[np.int64] = np.zeros(0, np.int64)
        self.frozen = torch.zeros(len(self.posterior.mean), dtype=torch.bool)
        self.weights = torch.zeros_like(self.posterior.mean)
        self.block_of = torch.zeros(len(self.weights), dtype=torch.int64)
        self.prices = torch.zeros(1)

    def begin(self, body: nn.Module, start: int) -> None:
        """Stand at step 0 of a random start."""
        self.start = start
        self.reseed(0)
        self.posterior = Posterior(body, self.inputs[:EXAMPLE].float(), self.generator)
        self.step, self.price, self.error = 0, 0.0, 0.5
        self._epoch: tuple[int, Tensor] | None = None
        self._optimise(self.posterior.trained, self.settings.learning_rate)

    def reseed(self, counter: int) -> torch.Generator:
        """The generator, its state a function of the seed, the start and a counter alone."""
        word = hash32(stream_key(self.seed, Stream.NOISE), counter)
        other = hash32(stream_key(word, Stream.NOISE), self.start)  # the generator takes 32 bits
        return self.generator.manual_seed(other if self.start else word)

    def fit_step(self) -> str:
        """One step on means, deviations, prior scales and temperature: cross-entropy plus price times bits.

        Returns:
            Loss and bits, in words, now and then.

        Raises:
            InputError: when the loss is no longer a number.
        """
        step, settings, posterior = self.step, self.settings, self.posterior
        share = step / settings.steps
        turn = max(0.0, (share - CONSTANT) / (1 - CONSTANT))
        rate = settings.learning_rate * (0.5 + 0.5 * math.cos(math.pi * turn)) + LEAST_RATE
        self._optimiser.param_groups[0]["lr"] = rate
        bits = posterior.kl_bits().sum()
        loss = self._loss(posterior.mean, posterior.log_std.exp())
        nats, held = float(loss.detach()), float(bits.detach())
        if not math.isfinite(nats + held):
            raise InputError(
                f"the loss is {nats}, at {held} bits, at step {step}: give a smaller learning_rate than "
                f"{settings.learning_rate:g}"
            )
        if step % PRICED == 0:
            self.price = nats_per_bit(
                train_error=self.error, code_bits=held, n=len(self.labels), delta=self.delta,
                nats=self.nats,
            )  # fmt: skip
        self._move(loss + self.price * min(1.0, share / WARM) * bits)
        return f"loss {nats:.3f}, {held:.0f} bits" if step % 20 == 0 else ""

    def estimate(self) -> float:
        """The bound at the running error of the noisy network and its divergence: no certificate."""
        bits = float(self.posterior.kl_bits().detach().sum())
        return estimate(train_error=self.error, code_bits=bits, n=len(self.labels), delta=self.delta)

    def begin_again(self) -> bool:
        """Go back to step 0 at half the price, if the fit has ended with fewer than `FEWEST` bits.

        The fewer bits, the dearer is one: where errors fall slowly with bits, a fit may slide to none at all.

        Returns:
            Whether it did; after the `CHEAPEST` price it does not.
        """
        bits = float(self.posterior.kl_bits().detach().sum())
        if bits >= FEWEST or self.nats <= CHEAPEST:
            return False
        self.nats /= 2
        self.begin(self.posterior.body, self.start)
        return True

    def round_scales(self) -> None:
        """Round the prior scales to the menu, and move the others more slowly from here on."""
        posterior = self.posterior
        with torch.no_grad():
            found = posterior.log_scale.exp().tolist()
            half = [round(nearest_step(scale) / 2) for scale in found]
            self.scales = 2 * np.clip(np.array(half, dtype=np.int64), 0, STEPS // 2 - 1)
            rounded = torch.tensor([math.log(step_size(int(s))) for s in self.scales])
            # Most weights are as the prior has them: they follow it, or rounding would cost hundreds of bits.
            posterior.log_std = posterior.log_std + (rounded - posterior.log_scale)[posterior.group]
            posterior.log_scale = rounded
        self._slower()

    def settle_step(self) -> str:
        """One step on means, deviations and temperature under the rounded scales.

        Returns:
            Bits, in words, now and then.
        """
        posterior = self.posterior
        bits = posterior.kl_bits().sum()
        self._move(self._loss(posterior.mean, posterior.log_std.exp()) + self.price * bits)
        return f"{float(bits.detach()):.0f} bits" if self.step % 20 == 0 else ""

    def cut(self) -> None:
        """Round the prior scales and cut the weights into blocks of about `settings.bits` bits.

        A tensor whose whole divergence is below half a block gets none: its weights are zero.
        """
        self.round_scales()
        width = self._settings.bits
        with torch.no_grad():
            bits = torch.split(self.posterior.kl_bits(), self.posterior.sizes)
        counts = [min(round(float(b.sum()) / width), len(b)) for b in bits]
        self.prices = torch.full((sum(counts) + 1,), self.price)
        self.indices = np.zeros(sum(counts), dtype=np.int64)
        self._lay(counts)

    def balance_step(self) -> None:
        """One step on what is not frozen, each block at a price that brings it to `settings.bits` bits."""
        posterior = self.posterior
        mean = torch.where(self.frozen, self.weights, posterior.mean)
        std = torch.where(self.frozen, torch.zeros(()), posterior.log_std.exp())
        bits = posterior.kl_bits()
        self._move(self._loss(mean, std) + (bits * self.prices[self.block_of] * ~self.frozen).sum())
        if self.step % ADAPTED == 0:
            held = torch.zeros_like(self.prices).index_add_(0, self.block_of, bits.detach())
            self.prices *= torch.where(held > self._settings.bits, ADAPT, 1 / ADAPT)
            self.prices.clamp_(self.price / LIMIT, self.price * LIMIT)

    def draw(self, block: int) -> None:
        """Put a draw in the place of a block: the nearest to the mean, in deviations; then train the rest.

        Args:
            block: which; blocks are drawn in order.
        """
        posterior, rows = self.posterior, torch.from_numpy(self.drawing.blocks[block])
        with torch.no_grad():
            scale = posterior.log_scale[posterior.group[rows]].exp()
            precision = (-2 * posterior.log_std[rows]).exp()
            square, linear = precision * scale * scale, precision * scale * posterior.mean[rows]
            best = self.search(block, lambda z: (z * z) @ square - 2 * (z @ linear), keep=1)
            self.choose(block, int(best[0]))
        self.frozen[rows] = True
        if block + 1 < self.drawing.total:
            for _ in range(self._settings.between):
                self.balance_step()

    def choose(self, block: int, index: int) -> None:
        """Set the weights of a block to one of its draws."""
        rows = torch.from_numpy(self.drawing.blocks[block])
        drawn = torch.from_numpy(self.drawing.drawn(block, np.array([index]))[0]).float()
        self.indices[block] = index
        self.weights[rows] = drawn * self.posterior.log_scale[self.posterior.group[rows]].exp()

    def rescale(self, group: int, index: int) -> None:
        """Give a group of drawn weights another scale of the menu."""
        ratio = step_size(index) / step_size(int(self.scales[group]))
        self.scales[group] = index
        with torch.no_grad():
            self.posterior.log_scale[group] = math.log(step_size(index))
            self.weights[self.posterior.group == group] *= ratio

    def search(self, block: int, score: Callable[[Tensor], Tensor], *, keep: int) -> Tensor:
        """The candidates of a block with the smallest scores.

        Args:
            block: which.
            score: from candidates in units of the scale, (m, entries), to (m,).
            keep: how many.

        Returns:
            Indices, best first, int64, shape (min(keep, 2^bits),).
        """
        total, values, places = 1 << self._settings.bits, [], []
        at_once = max(1, CHUNK // len(self.drawing.blocks[block]))
        for first in range(0, total, at_once):
            drawn = torch.from_numpy(self.drawing.all_drawn(block, first, min(at_once, total - first)))
            found = score(drawn)
            top = found.topk(min(keep, len(found)), largest=False)
            values.append(top.values)
            places.append(top.indices + first)
        order = torch.cat(values).argsort(stable=True)[:keep]
        return torch.cat(places)[order]

    def arrays(self) -> dict[str, Any]:
        """The state, for a checkpoint."""
        posterior = self.posterior
        out: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        for name in _FITTED:
            out[name] = getattr(posterior, name).detach().numpy()
        for index, tensor in enumerate(self._moved):
            for key, value in self._optimiser.state.get(tensor, {}).items():
                out[f"adam_{index}_{key}"] = value.numpy()
        if self.scales.size:
            out |= {"scales": self.scales}
        if self.drawing.sizes:
            out |= {"counts": np.array(self.drawing.counts), "indices": self.indices}
            out |= {"prices": self.prices.numpy(), "weights": self.weights.numpy()}
        return out

    def restore(self, arrays: Mapping[str, Any], drawn: int) -> None:
        """Go on from a checkpoint.

        Args:
            arrays: what `arrays` gave.
            drawn: blocks that were drawn by then.
        """
        posterior = self.posterior
        for name in _PLAIN:
            setattr(self, name, arrays[name].item())
        for name in _FITTED:
            setattr(posterior, name, torch.from_numpy(arrays[name].copy()))
        if "scales" in arrays:
            self.scales = arrays["scales"]
        if "counts" in arrays:
            self.indices = arrays["indices"].copy()
            self.prices, self.weights = (torch.from_numpy(arrays[k].copy()) for k in ("prices", "weights"))
            self._lay(arrays["counts"].tolist())
            self.frozen = self.frozen | (self.block_of < drawn)
        elif "scales" in arrays:
            self._slower()
        else:
            self._optimise(posterior.trained, self.settings.learning_rate)
        for index, tensor in enumerate(self._moved):
            start = f"adam_{index}_"
            kept = {
                k.removeprefix(start): torch.from_numpy(v) for k, v in arrays.items() if k.startswith(start)
            }
            self._optimiser.state[tensor] = kept if kept else {}

    def _lay(self, counts: list[int]) -> None:
        """Cut blocks, and move means, deviations and temperature from here on."""
        posterior = self.posterior
        self.drawing = Drawing(tuple(posterior.sizes), tuple(counts), self._settings.bits, self.seed)
        self.block_of = torch.full((len(posterior.mean),), self.drawing.total)
        for index, places in enumerate(self.drawing.blocks):
            self.block_of[torch.from_numpy(places)] = index
        self.frozen = self.block_of == self.drawing.total
        self._slower()

    def _slower(self) -> None:
        posterior = self.posterior
        moved = [posterior.mean, posterior.log_std, posterior.log_temperature]
        self._optimise(moved, self.settings.learning_rate / SLOWER)

    @property
    def _settings(self) -> Settings:
        assert isinstance(self.settings, Settings)  # else nothing is drawn
        return self.settings

    def _optimise(self, tensors: list[Tensor], rate: float) -> None:
        for tensor in self.posterior.trained:
            tensor.requires_grad_(False)
        self._moved = [tensor.requires_grad_() for tensor in tensors]
        self._optimiser = torch.optim.Adam(self._moved, lr=rate, betas=BETAS)

    def _move(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._optimiser.zero_grad()

    def _loss(self, mean: Tensor, std: Tensor) -> Tensor:
        rows = self._batch()
        x, y = self.inputs[rows].float(), self.labels[rows]
        scores = self.posterior.scores(x, mean, std, self.reseed(self.step))
        with torch.no_grad():
            wrong = float((scores.argmax(1) != y).float().mean())
            self.error += (wrong - self.error) * FORGETS
        logits = scores * self.posterior.log_temperature.exp()
        early, late = TURN
        share = (self.step / self.settings.steps - early) / (late - early)
        power = self.settings.power * min(1.0, max(0.0, share))
        # An error costs fewer nats of such a loss than of cross-entropy; the price of a bit stays as it is.
        loss: Tensor = power_loss(logits.T, y, power) * self.nats**power
        return loss

    def _batch(self) -> Tensor:
        """Rows of the next batch: a fresh permutation an epoch, the incomplete last batch left out."""
        size = self.settings.batch
        epoch, position = divmod(self.step, len(self.labels) // size)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, torch.from_numpy(permutation(epoch, Stream.ORDER, len(self.labels))))
        self.step += 1
        return self._epoch[1][position * size : (position + 1) * size]
