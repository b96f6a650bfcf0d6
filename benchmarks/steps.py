"""One training step in a subspace against one of all weights with fused Adam: time and memory.

    OMP_NUM_THREADS=1 python benchmarks/steps.py [--threads 1] [--device cpu] [--d 1000] [KIND ...]

The model is a CNN for 28 x 28 images with about 10**6 weights, the batch 32 or 128. A step is forward,
backward and optimiser on random images. All variants take turns in one loop, so that a busy machine slows
all of them; the least time of each counts, and the ratio is one of these least times. On the CPU time is
processor time of all threads (with --threads 1 that is wall time without the neighbours'), on an accelerator
wall time.

Memory is what each variant keeps between steps (weights, start, gradient, optimiser's state, what the
operator stores), in bytes a weight. At the end: what is promised, for the default projection.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from idbounds.projections import attach, set_threads

PROMISED = 1.05
"""Largest ratio to a step of all weights with fused Adam."""
EXTRA_BYTES = 64
"""Largest memory beside the start and the weights, in bytes a coordinate."""


@dataclass(frozen=True)
class Variant:
    """One way to take a step."""

    name: str
    step: Callable[[], None]
    kept: Callable[[], int]


def network() -> nn.Module:
    """A CNN with 958,442 weights, most of them in one linear layer as in LeNets."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 49, 288), nn.ReLU(), nn.Linear(288, 10),
    )  # fmt: skip


def stepper(
    module: nn.Module, x: Tensor, y: Tensor, *, fused: bool = True
) -> tuple[Callable[[], None], torch.optim.Adam]:
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-3, fused=fused)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(module(x), y).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if x.device.type != "cpu":
            torch.cuda.synchronize()

    return step, optimiser


def bytes_of(tensors: Iterator[Tensor | None]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors if t is not None)


def state_of(optimiser: torch.optim.Adam) -> Iterator[Tensor | None]:
    for group in optimiser.param_groups:
        for p in group["params"]:
            yield p
            yield p.grad
            yield from (v for v in optimiser.state[p].values() if isinstance(v, Tensor))


def plain(x: Tensor, y: Tensor, *, fused: bool) -> Variant:
    module = network().to(x.device)
    step, optimiser = stepper(module, x, y, fused=fused)
    return Variant("Adam, fused" if fused else "Adam", step, lambda: bytes_of(state_of(optimiser)))


def subspace(x: Tensor, y: Tensor, kind: str, d: int) -> Variant:
    model = attach(network(), d=d, seed=0, kind=kind, relative=False).to(x.device)
    step, optimiser = stepper(model, x, y)

    def kept() -> int:
        arrays = sum(v.nbytes for v in vars(model.projection).values() if isinstance(v, np.ndarray))
        forms = [t for form in model.operator._forms.values() for t in vars(form).values()]
        own = bytes_of(iter([*model.module.parameters(), model.theta0, *forms]))
        return own + arrays + bytes_of(state_of(optimiser))

    return Variant(kind, step, kept)


def least(variants: list[Variant], repeats: int, clock: Callable[[], float]) -> list[float]:
    """Least seconds of a step of each variant, in turns."""
    for variant in variants:
        for _ in range(3):
            variant.step()
    best = [float("inf")] * len(variants)
    for _ in range(repeats):
        for i, variant in enumerate(variants):
            start = clock()
            variant.step()
            best[i] = min(best[i], clock() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--d", type=int, default=1000)
    parser.add_argument("kinds", nargs="*", default=["blocks"])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    set_threads(given.threads)
    clock = time.process_time if given.device == "cpu" else time.perf_counter
    D = sum(p.numel() for p in network().parameters())
    print(f"D = {D:,}, d = {given.d}, {given.threads} thread(s), {given.device}; torch {torch.__version__}")
    print(f"{'batch':>5}  {'variant':<14}{'ms':>9}{'ratio':>8}{'bytes/weight kept':>20}")
    kept_by_all, promises = 0, []
    for batch in (32, 128):
        x, y = (
            torch.randn(batch, 1, 28, 28, device=given.device),
            torch.arange(batch, device=given.device) % 10,
        )
        variants = [plain(x, y, fused=True), plain(x, y, fused=False)]
        variants += [subspace(x, y, kind, given.d) for kind in given.kinds]
        times = least(variants, given.repeats, clock)
        for variant, seconds in zip(variants, times, strict=True):
            ratio, kept = seconds / times[0], variant.kept()
            print(f"{batch:>5}  {variant.name:<14}{1e3 * seconds:>9.2f}{ratio:>8.3f}{kept / D:>20.2f}")
            if variant.name == "blocks":
                promises.append((f"batch {batch}: ratio {ratio:.3f} <= {PROMISED}", ratio <= PROMISED))
                kept_by_all = kept
    if promises:
        extra = (kept_by_all - 8 * D) / given.d  # beside the module's weights and the start
        promises.append(
            (f"extra memory {extra:.0f} <= {EXTRA_BYTES} bytes a coordinate", extra <= EXTRA_BYTES)
        )
    for said, kept_word in promises:
        print("kept  " if kept_word else "MISSED", said)


if __name__ == "__main__":
    main()
