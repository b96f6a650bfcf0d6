"""What a set of runs trained together costs beside the same runs one after another.

    OMP_NUM_THREADS=1 python benchmarks/many.py [--runs 8] [--device cpu]

Prints, for each model and batch, milliseconds a step of the whole set (least of several), trained together by
vmap and one run at a time, their ratio, and the size of group that `group_size` takes by default. On the CPU
processor time of one thread, on a GPU wall time. Times include projections and Adam. Half of the runs are in
subspaces of different d, one is full training.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from idbounds.dimension.many import Group, group_size
from idbounds.dimension.protocol import Run
from idbounds.dimension.trial import Training, Trial

STEPS = 10  # timed, after two that are not


def tiny() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


MODELS: dict[str, tuple[str | Callable[[], nn.Module], tuple[int, int]]] = {
    "64-32-10": (tiny, (8, 8)),
    "mlp 8x8": ("mlp", (8, 8)),
    "mlp 28x28": ("mlp", (28, 28)),
    "lenet 28x28": ("lenet", (28, 28)),
    "convnet 28x28": ("convnet", (28, 28)),
}


def milliseconds(groups: list[Group], device: str) -> float:
    """Least time of one step of every group."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    best = float("inf")
    for step in range(STEPS + 2):
        start = clock()
        for group in groups:
            group.step(step)
        if device != "cpu":
            torch.cuda.synchronize()
        if step >= 2:
            best = min(best, clock() - start)
    return 1e3 * best


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    ds = (None, *(100 * 2 ** (i % 3) for i in range(options.runs - 1)))
    runs = [Run(d, seed, 0.01) for seed, d in enumerate(ds)]
    print(f"{'model':<14} {'batch':>5} {'together':>9} {'in turn':>8} {'ratio':>6} {'default':>8}")
    for name, (model, shape) in MODELS.items():
        data = (random.standard_normal((1000, *shape), dtype=np.float32), random.integers(0, 10, 1000))
        for batch in (32, 128):
            trial = Trial(model, data, training=Training(steps=100, batch=batch), device=options.device)
            together = milliseconds([Group(trial, runs)], options.device)
            in_turn = milliseconds([Group(trial, [run]) for run in runs], options.device)
            print(
                f"{name:<14} {batch:>5} {together:>9.2f} {in_turn:>8.2f} {together / in_turn:>6.2f} "
                f"{group_size(trial):>8}"
            )


if __name__ == "__main__":
    main()
