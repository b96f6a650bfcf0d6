"""Train a module in its subspace, then on the grid of a quantiser. What the decoder does not need is free here.

Phase one trains the coordinates z as real numbers. Phase two rounds them to a grid whose step comes from the
menu and goes on with a straight-through gradient: the forward pass sees step * round(z / step), the update moves
z. Batches come from the integer stream, so that a run that was interrupted ends like one that was not.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from idbounds.data import Dataset
from idbounds.errors import InputError
from idbounds.projections.stream import Stream, permutation
from idbounds.projections.subspace import SubspaceModule
from idbounds.recipe import nearest_step, scaled, step_size


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

    @property
    def real_steps(self) -> int:
        """Steps of phase one."""
        return max(1, min(self.steps - 1, round(self.steps * (1 - self.quantised))))


class Interrupted(Exception):  # noqa: N818 - not an error: the user pressed Ctrl-C and a checkpoint was kept
    """Training was stopped by the user; `checkpoint` is where it goes on."""

    def __init__(self, checkpoint: Path, step: int) -> None:
        """Keep where and when."""
        super().__init__(f"stopped at step {step}; the checkpoint is {checkpoint}")
        self.checkpoint, self.step = checkpoint, step


class Trainer:
    """One training run that can be stopped and resumed at any step.

    Attributes:
        done: steps taken.
        grid: index of the quantiser's step in the menu, None during phase one.
    """

    def __init__(self, network: SubspaceModule, sample: Dataset, settings: Settings, device: str = "cpu") -> None:
        """Move everything to the device and start at step 0.

        Args:
            network: the module in its subspace.
            sample: only its training part is used.
            settings: how to train.
            device: torch device.
        """
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
            f"{sample.train_sha256} {network.start_digest} {network.projection.digest()} {asdict(settings)}".encode()
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
            Interrupted: on Ctrl-C, after the checkpoint is written.
        """
        try:
            while self.done < self.settings.steps:
                loss = self.step()
                if advance is not None:
                    advance(self.done, loss)
                if self.done % every == 0:
                    self.save(checkpoint)
        except KeyboardInterrupt:
            self.save(checkpoint)
            raise Interrupted(checkpoint, self.done) from None
        self.save(checkpoint)

    def step(self) -> float:
        """One gradient step.

        Returns:
            The cross-entropy of the batch, nats.
        """
        if self.done == self.settings.real_steps and self.grid is None:
            self.grid = nearest_step(max(self.settings.spacing * float(self.latent.detach().std()), 1e-4))
            self.optimiser = torch.optim.Adam([self.latent])
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        rows = self._batch()
        with torch.no_grad():
            self.network.z.copy_(self._on_grid())
        loss = torch.nn.functional.cross_entropy(self.network(self.images[rows]), self.labels[rows])
        self.network.z.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        self.latent.grad = self.network.z.grad
        self.optimiser.step()
        self.done += 1
        return float(loss.detach())

    def symbols(self) -> NDArray[np.int64]:
        """The trained coordinates in steps of the grid, int64, shape (d,)."""
        assert self.grid is not None
        return torch.round(self.latent.detach() / step_size(self.grid)).cpu().numpy().astype(np.int64)

    def save(self, path: Path) -> None:
        """Write the state, all or nothing.

        Args:
            path: file.
        """
        state = self.optimiser.state_dict()["state"].get(0, {})
        arrays = {k: v.detach().cpu().numpy() for k, v in state.items()}
        buffer = io.BytesIO()
        np.savez(
            buffer, identity=np.array(self._identity), done=self.done, grid=-1 if self.grid is None else self.grid,
            latent=self.latent.detach().cpu().numpy(), **arrays,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as out:
            out.write(buffer.getvalue())
        Path(name).replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Args:
            path: file that `save` wrote.

        Raises:
            InputError: when there is none, or it belongs to another run.
        """
        if not path.is_file():
            raise InputError(f"{path}: no checkpoint there; start without --resume")
        try:
            with np.load(path, allow_pickle=False) as file:
                state: dict[str, Any] = {k: file[k] for k in file.files}
            identity, done, grid, latent = (state.pop(k) for k in ("identity", "done", "grid", "latent"))
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise InputError(f"{path}: not a checkpoint ({error}); start without --resume") from None
        if str(identity) != self._identity:
            raise InputError(f"{path} is of a run with other settings or data; give those, or start without --resume")
        self.done, self.grid = int(done), None if grid < 0 else int(grid)
        with torch.no_grad():
            self.latent.copy_(torch.from_numpy(latent))
        self.optimiser = torch.optim.Adam([self.latent])
        if state:
            restored = {0: {k: torch.from_numpy(v) for k, v in state.items()}}
            groups = self.optimiser.state_dict()["param_groups"]
            self.optimiser.load_state_dict({"state": restored, "param_groups": groups})

    def _on_grid(self) -> torch.Tensor:
        if self.grid is None:
            return self.latent
        size = step_size(self.grid)
        return torch.round(self.latent / size) * size

    def _rate(self) -> float:
        """Cosine from the full rate to a tenth of it; on the grid from half of it to nothing."""
        first, total = self.settings.real_steps, self.settings.steps
        if self.done < first:
            return self.settings.learning_rate * (0.55 + 0.45 * math.cos(math.pi * self.done / first))
        turn = (self.done - first) / (total - first)
        return self.settings.learning_rate * (0.25 + 0.25 * math.cos(math.pi * turn))

    def _batch(self) -> torch.Tensor:
        """Rows of the next batch: a fresh permutation an epoch, the incomplete last batch left out."""
        size = min(self.settings.batch, len(self.labels))
        per_epoch = len(self.labels) // size
        epoch, position = divmod(self.done, per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            order = permutation(epoch, Stream.ORDER, len(self.labels))
            self._epoch = (epoch, torch.from_numpy(order).to(self.labels.device))
        return self._epoch[1][position * size : (position + 1) * size]
