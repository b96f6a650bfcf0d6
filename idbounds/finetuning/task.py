"""A fine-tuned task as a file: d small integers, a seed, and the digest of the pretrained weights they move.

The file is JSON; `payload` holds a prefix-free message, bit by bit: how the subspace is made (method, layers,
space, rank, family of the projection), d, the seed, the step of the grid, and the d integers k. The weights
are theta0 + sigma * P(seed)(step * k), as `attach(..., start="module", relative=True)` has it, with theta0
the pretrained weights. The reader needs those, and the bits are the length that a bound asks for.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import (
    AdaptiveVector,
    Bits,
    EliasDelta,
    Message,
    MessageBuilder,
    Shifted,
    Uniform,
    step_size,
)
from idbounds.codes.bits import BitReader
from idbounds.codes.reals.steps import STEPS
from idbounds.errors import DecodeError, InputError
from idbounds.projections import projections
from idbounds.projections.said import LAYERS, METHODS
from idbounds.projections.spaces import SPACES

if TYPE_CHECKING:
    from torch import nn

    from idbounds.projections.subspace import SubspaceModule

FORMAT: Final = "idbounds-task-1"
LARGEST_FILE: Final = 1 << 26
_ENTRY: Final = Uniform(16)
_COUNT: Final = Shifted(EliasDelta(), by=1)
_MENUS: Final = {"method": METHODS, "layers": LAYERS, "space": SPACES, "kind": tuple(projections)}


@dataclass(frozen=True, eq=False)
class Task:
    """What fine-tuning has learnt.

    Attributes:
        base: SHA-256 of the pretrained weights, `SubspaceModule.start_digest`.
        seed: of the projection.
        step: index into the menu of steps (`step_size`).
        symbols: int64 (d,), the coordinates in steps.
        method: "direct", "did" or "said".
        layers: what has a factor of its own with "said".
        space: which numbers move.
        rank: of the space "low-rank", else None.
        kind: family of the projection.
    """

    base: str
    seed: int
    step: int
    symbols: NDArray[np.int64]
    method: str = "direct"
    layers: str = "tensor"
    space: str = "all"
    rank: int | None = None
    kind: str = "blocks"

    @property
    def d(self) -> int:
        """Number of coordinates."""
        return len(self.symbols)

    @cached_property
    def message(self) -> Message:
        """The prefix-free message; its length is what a bound charges."""
        builder = MessageBuilder()
        for name, menu in _MENUS.items():
            builder.add(name, _ENTRY, menu.index(getattr(self, name)))
        builder.add("rank", _COUNT, self.rank or 0)
        builder.add("d", EliasDelta(), self.d)
        builder.add("seed", _COUNT, self.seed)
        builder.add("step", Uniform(STEPS), self.step)
        builder.add("symbols", AdaptiveVector(self.d), self.symbols)
        return builder.build(FORMAT)

    @property
    def code_bits(self) -> int:
        """Length of the message, bits."""
        return len(self.message.bits)

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all.

        Args:
            path: of the file.

        Raises:
            InputError: if it cannot be written.
        """
        payload = base64.b64encode(self.message.bits.data).decode("ascii")
        said = {"format": FORMAT, "base_sha256": self.base, "code_bits": self.code_bits, "payload": payload}
        part = Path(f"{path}.part")
        try:
            part.write_text(json.dumps(said, indent=1) + "\n", encoding="ascii")
            part.replace(path)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}; give another file") from None

    def attach(self, module: nn.Module) -> SubspaceModule:
        """The pretrained model with what was learnt.

        Args:
            module: with the pretrained weights; it is kept, not copied.

        Returns:
            The module in its subspace, at the coordinates of the file, in eval mode.

        Raises:
            InputError: if the module has other weights than those that were fine-tuned.
        """
        import torch

        from idbounds.projections.subspace import attach

        made = attach(
            module, d=self.d, seed=self.seed, kind=self.kind, start="module", relative=True,
            space=self.space, rank=self.rank, method=self.method, layers=self.layers,  # type: ignore[arg-type]
        )  # fmt: skip
        if made.start_digest != self.base:
            raise InputError(
                f"the model has the weights {made.start_digest[:12]}..., the task was learnt from "
                f"{self.base[:12]}...: give the pretrained model that it was learnt from"
            )
        with torch.no_grad():
            made.z.copy_(torch.from_numpy(self.symbols * step_size(self.step)))
        return made.eval()


def load_task(path: str | Path) -> Task:
    """Read a file that `Task.save` wrote.

    Args:
        path: of the file.

    Returns:
        The task.

    Raises:
        InputError: if the file cannot be read or is none.
    """
    try:
        if Path(path).stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} has more than {LARGEST_FILE >> 20} MB: no task")
        said = json.loads(Path(path).read_text(encoding="ascii"))
        if said["format"] != FORMAT:
            raise InputError(f"{path} is of format {said['format']!r}: this version reads {FORMAT}")
        bits = Bits(base64.b64decode(said["payload"], validate=True), int(said["code_bits"]))
        return _task(str(said["base_sha256"]), BitReader(bits))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, binascii.Error, DecodeError) as error:
        raise InputError(
            f"{path} is no task that this package wrote ({type(error).__name__}: {error})"
        ) from None


def _task(base: str, source: BitReader) -> Task:
    words = {}
    for name, menu in _MENUS.items():
        index = _ENTRY.read(source)
        if index >= len(menu):
            raise DecodeError(f"{name} {index}: the menu has {len(menu)} entries")
        words[name] = menu[index]
    rank, d, seed = _COUNT.read(source), EliasDelta().read(source), _COUNT.read(source)
    step = Uniform(STEPS).read(source)
    symbols = AdaptiveVector(d).read(source)
    source.finish()
    return Task(base, seed, step, symbols, rank=rank or None, **words)
