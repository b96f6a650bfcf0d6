"""Train a module in its subspace, then on the grid of a quantiser. What no decoder needs is free here.

Phase one trains the coordinates z as real numbers. Phase two rounds them to a grid whose step comes from the
menu and goes on with a straight-through gradient: the forward pass sees step * round(z / step), the update
moves z. Batches come from the integer stream, so that a run that was interrupted ends like one that was not.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from idbounds import resuming
from idbounds.codes import nearest_step, step_size
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.data import Dataset
from idbounds.decoders import scaled
from idbounds.errors import InputError
from idbounds.projections.stream import Stream, permutation
from idbounds.resuming import Interrupted, held_interrupts

if TYPE_CHECKING:  # torch is slow to import, and `certify --help` wants the settings only
    import torch

    from idbounds.projections.subspace import SubspaceModule


@dataclass(frozen=True)
class Settings:
    """How to train; none of it is needed to decode, so none of it is paid for.

    Attributes:
        steps: gradient steps in all.
        quantised: share of the steps spent on the grid.
        batch: examples a step.
        learning_rate: Adam's, of the first phase; half of it on the grid.
        spacing: step of the grid in standard deviations of the coordinates at the end of phase one.
    """

    steps: int = 4000
    quantised: float = 0.4
    batch: int = 256
    learning_rate: float = 0.03
    spacing: float = 1.1

    def __post_init__(self) -> None:
        """Refuse settings that cannot train."""
        if self.steps < 2 or self.batch < 1 or not 0 < self.quantised < 1:
            raise InputError(
                f"steps = {self.steps}, batch = {self.batch}, quantised = {self.quantised}: give steps >= 2, "
                "batch >= 1 and a share in (0, 1)"
            )
        if not (0 < self.learning_rate <= 1000 and 0 < self.spacing <= 1000):
            raise InputError(
                f"learning_rate = {self.learning_rate}, spacing = {self.spacing}: give numbers in (0, 1000]"
            )

    @property
    def real_steps(self) -> int:
        """Steps of phase one."""
        return max(1, min(self.steps - 1, round(self.steps * (1 - self.quantised))))


class Trainer:
    """One training run that can be stopped and resumed at any step.

    Attributes:
        done: steps taken.
        grid: index of the quantiser's step in the menu, None during phase one.
    """

    def __init__(
        self, network: SubspaceModule, sample: Dataset, settings: Settings, device: str = "cpu"
    ) -> None:
        """Move everything to the device and start at step 0.

        Args:
            network: the module in its subspace.
            sample: only its training part is used.
            settings: how to train.
            device: torch device.

        Raises:
            InputError: when a batch would be larger than the sample.
        """
        import torch

        if settings.batch > len(sample.train_y):
            raise InputError(
                f"batch = {settings.batch}: {sample.name} has n = {len(sample.train_y)}; give at most that"
            )
        self.settings = settings
        self.network = network.to(device).train()
        self.images = torch.from_numpy(scaled(sample.train_x, sample.levels).astype(np.float32)).to(device)
        self.labels = torch.from_numpy(sample.train_y).to(device)
        self.latent = torch.nn.Parameter(network.z.detach().clone())
        self.optimiser = torch.optim.Adam([self.latent], lr=settings.learning_rate)
        self.done = 0
        self.grid: int | None = None
        self._epoch: tuple[int, torch.Tensor] | None = None
        self._identity = hashlib.sha256(
            f"{sample.train_sha256} {sample.levels} {network.start_digest} {network.projection.digest()} "
            f"{asdict(settings)} {network.module}".encode()
        ).hexdigest()

    def run(
        self,
        checkpoint: Path,
        *,
        every: int = 500,
        advance: Callable[[int, float], None] | None = None,
    ) -> None:
        """Train to the end, keeping a checkpoint.

        Args:
            checkpoint: file to keep.
            every: steps between checkpoints.
            advance: called after each step with (steps done, loss).

        Raises:
            Interrupted: on Ctrl-C, after the step at hand is done and the checkpoint is written.
            InputError: when the loss is no longer a number.
        """  # noqa: DOC501 - KeyboardInterrupt does not leave it
        import torch

        devices = [self.latent.device] if self.latent.device.type == "cuda" else []
        with held_interrupts() as pressed, torch.random.fork_rng(devices):
            try:
                while self.done < self.settings.steps:
                    loss = self.step()
                    if not math.isfinite(loss):
                        raise InputError(
                            f"the loss is {loss} at step {self.done}: give a smaller learning_rate "
                            f"than {self.settings.learning_rate:g}"
                        )
                    if advance is not None:
                        advance(self.done, loss)
                    if pressed:
                        raise KeyboardInterrupt
                    if self.done % every == 0:
                        self.save(checkpoint)
                self.save(checkpoint)
                if pressed:
                    raise KeyboardInterrupt
            except KeyboardInterrupt:
                self.save(checkpoint)
                raise Interrupted(checkpoint, self.done) from None

    def step(self) -> float:
        """One gradient step.

        Returns:
            The cross-entropy of the batch, nats.
        """
        import torch

        torch.manual_seed(self.done)  # for dropout: the same draws in an interrupted and in a whole run
        if self.done == self.settings.real_steps and self.grid is None:
            self.grid = self._chosen_grid()
            self.optimiser = torch.optim.Adam([self.latent])
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        rows = self._batch()
        with torch.no_grad():
            self.network.z.copy_(self._on_grid())
        loss = self.loss(rows)
        self.network.z.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        self.latent.grad = self.network.z.grad
        self.optimiser.step()
        self.done += 1
        return float(loss.detach())

    def loss(self, rows: torch.Tensor) -> torch.Tensor:
        """The cross-entropy of some examples.

        Args:
            rows: their numbers.

        Returns:
            Nats, a scalar.
        """
        import torch

        return torch.nn.functional.cross_entropy(self.network(self.images[rows]), self.labels[rows])

    def symbols(self) -> NDArray[np.int64]:
        """The trained coordinates in steps of the grid, int64, shape (d,); InputError if they ran away."""
        assert self.grid is not None
        found = (self.latent.detach() / step_size(self.grid)).round().cpu().numpy()
        if not np.all(np.abs(found) <= LARGEST_ENTRY):
            raise InputError(
                f"training diverged: a coordinate lies beyond {LARGEST_ENTRY} steps of the grid; "
                f"give a smaller learning_rate than {self.settings.learning_rate:g}"
            )
        return found.astype(np.int64)

    def save(self, path: Path) -> None:
        """Write the state, all or nothing.

        Args:
            path: file.
        """
        state = self.optimiser.state_dict()["state"].get(0, {})
        arrays = {k: v.detach().cpu().numpy() for k, v in state.items()}
        arrays |= {"done": self.done, "grid": -1 if self.grid is None else self.grid}
        resuming.save(path, self._identity, {"latent": self.latent.detach().cpu().numpy(), **arrays})

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Args:
            path: file that `save` wrote.

        Raises:
            InputError: when there is none, or it belongs to another run.
        """  # noqa: DOC502 - raised by resuming.load
        import torch

        names = ("done", "grid", "latent")
        state = resuming.load(path, self._identity, names)
        done, grid, latent = (state.pop(k) for k in names)
        self.done, self.grid = int(done), None if grid < 0 else int(grid)
        with torch.no_grad():
            self.latent.copy_(torch.from_numpy(latent))
        self.optimiser = torch.optim.Adam([self.latent])
        if state:
            restored = {0: {k: torch.from_numpy(v) for k, v in state.items()}}
            groups = self.optimiser.state_dict()["param_groups"]
            self.optimiser.load_state_dict({"state": restored, "param_groups": groups})

    def _chosen_grid(self) -> int:
        z = self.latent.detach()
        spread = float(z.std() if z.numel() > 1 else z.abs().max())  # one coordinate has no deviation
        if not math.isfinite(spread):
            raise InputError(
                f"the coordinates are {spread} after {self.done} steps: give a smaller learning_rate "
                f"than {self.settings.learning_rate:g}"
            )
        return nearest_step(max(self.settings.spacing * spread, 1e-4))

    def _on_grid(self) -> torch.Tensor:
        if self.grid is None:
            return self.latent
        size = step_size(self.grid)
        return (self.latent / size).round() * size

    def _rate(self) -> float:
        """Cosine from the full rate to a tenth of it; on the grid from half of it to nothing."""
        first, total = self.settings.real_steps, self.settings.steps
        if self.done < first:
            return self.settings.learning_rate * (0.55 + 0.45 * math.cos(math.pi * self.done / first))
        turn = (self.done - first) / (total - first)
        return self.settings.learning_rate * (0.25 + 0.25 * math.cos(math.pi * turn))

    def _batch(self) -> torch.Tensor:
        """Rows of the next batch: a fresh permutation an epoch, the incomplete last batch left out."""
        import torch

        size = self.settings.batch
        per_epoch = len(self.labels) // size
        epoch, position = divmod(self.done, per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            order = permutation(epoch, Stream.ORDER, len(self.labels))
            self._epoch = (epoch, torch.from_numpy(order).to(self.labels.device))
        return self._epoch[1][position * size : (position + 1) * size]
