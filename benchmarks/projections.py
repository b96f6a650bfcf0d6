"""Projections against memory itself and against published ones: forward plus adjoint, ns a parameter.

    OMP_NUM_THREADS=1 python benchmarks/projections.py [--largest 1e7] [--repeats 60]

First table: the default (`blocks`) for D = 1e5, 1e6, 1e7 and d = 1e2, 1e3, 1e4 in float32, into an array that
is kept, on one thread, beside the floor: one copy of D numbers (theta0 to theta) and one pass that reads D
numbers (the gradient). The floor is shown twice: the reading pass as the dot product of OpenBLAS, which is as
fast as reading is, and as numpy's sum. Results are compared bit by bit between thread counts, and the last
columns have wall times on one thread and on two. Second table: every family at D = 1e6, d = 1e3 (smaller
where it says so). Third table: published projections at the same size, in torch on one thread, their adjoint
through autograd:

- Fastfood as in the wrapper `FastfoodWrap` of github.com/jgamper/intrinsic-dimensionality, file
  intrinsic/fastfood.py: two transforms of full length, by chunks and concatenations. The package of that name
  on PyPI (0.1) holds no module, so that the operator is stated again here.
- Uni-LoRA's gather as in peft 0.21, folder peft/tuners/unilora: `theta_d[indices] * scales`, with balanced
  indices. Stated again, because the import of peft needs all of transformers and accelerate.

All numbers are the least of interleaved repeats: jobs of a table run in turn, over and over, each twice, of
which the second call is timed. One thread is timed in processor time, which neighbours disturb less. At the
end: what is promised, and whether this run kept it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from idbounds.projections import make_projection, projections, set_threads

SIZES = (10**5, 10**6, 10**7)
DIMENSIONS = (10**2, 10**3, 10**4)
SMALLER = {"dense": 10**5, "orthonormal": 10**4}
"""D of families that cost d a parameter; the orthonormal one has d = 1e2."""

Job = Callable[[], Any]


def least(jobs: dict[str, Job], repeats: int, clock: Callable[[], int]) -> dict[str, float]:
    """Least time of each job in ns, all of them run in turn."""
    best = dict.fromkeys(jobs, float("inf"))
    for job in jobs.values():
        job()  # compiles, fills caches
    for _ in range(repeats):
        for name, job in jobs.items():
            job()  # not timed: what the job before left in the cache counts against nobody
            start = clock()
            job()
            best[name] = min(best[name], clock() - start)
    return best


def there_and_back(projection: Any, z: Any, g: Any, out: Any) -> None:
    projection.apply(z, out=out)
    projection.adjoint(g)


def same_bits(projection: Any, z: Any, g: Any) -> bool:
    results = []
    for threads in (1, 2, 3):
        set_threads(threads)
        results.append(projection.apply(z).tobytes() + projection.adjoint(g).tobytes())
    return len(set(results)) == 1


def vectors(d: int, D: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    return (
        rng.standard_normal(d, np.float32),
        rng.standard_normal(D, np.float32),
        np.empty(D, np.float32),
    )


def of_the_default(D: int, repeats: int) -> dict[str, float]:
    """Print the rows of one D; ns a parameter by name."""
    _, g, out = vectors(1, D)
    start = g.copy()
    floors: dict[str, Job] = {
        "copy": partial(np.copyto, out, start),
        "read": partial(np.dot, g, g),
        "sum": g.sum,
    }
    repeats = max(12, repeats * 10**6 // D if D > 10**6 else 2 * repeats)

    def jobs(threads: int) -> dict[str, Job]:
        made: dict[str, Job] = {}
        for d in DIMENSIONS:
            projection, z = make_projection("blocks", seed=1, d=d, D=D), vectors(d, 1)[0]
            if not same_bits(projection, z, g):
                raise SystemExit(f"d = {d}, D = {D}: bits depend on the number of threads")
            made[f"{d} {threads}"] = partial(there_and_back, projection, z, g, out)
        set_threads(threads)
        return made

    found = least(floors | jobs(1), repeats, time.process_time_ns)
    walls = least(jobs(1), repeats, time.perf_counter_ns) | least(jobs(2), repeats, time.perf_counter_ns)
    found = {name: ns / D for name, ns in found.items()}
    found |= {f"wall {name}": ns / D for name, ns in walls.items()}
    found["floor"], found["sum floor"] = found["copy"] + found["read"], found["copy"] + found["sum"]
    for d in DIMENSIONS:
        one, wall, two = found[f"{d} 1"], found[f"wall {d} 1"], found[f"wall {d} 2"]
        row = (one, one / found["floor"], one / found["sum floor"], wall, two, wall / two)
        print(f"  {D:>8.0e} {d:>7.0e}" + "".join(f" {x:>9.2f}" for x in row), flush=True)
    return found


def of_the_families(repeats: int) -> dict[str, float]:
    """Print a row for each family; ns a parameter, one thread."""
    set_threads(1)
    found = {}
    for kind in projections:
        D = SMALLER.get(kind, 10**6)
        d = 10**2 if kind == "orthonormal" else 10**3
        projection = make_projection(kind, seed=1, d=d, D=D)
        job = partial(there_and_back, projection, *vectors(d, D))
        tries = max(3, repeats // (10 if kind == "dense" else 3))
        found[kind] = least({kind: job}, tries, time.process_time_ns)[kind] / D
        memory = projection.cost().memory / 1e6
        print(f"  {kind:<12} {D:>8.0e} {d:>7.0e} {found[kind]:>9.2f} {memory:>11.2f} MB", flush=True)
    return found


def fastfood_wrapper(d: int, D: int) -> Job:
    """H G Pi H B with both transforms of full length, in torch; its gradient through autograd."""
    stages = (D - 1).bit_length()
    N = 2**stages
    B = torch.randint(0, 2, (N,)) * 2.0 - 1
    order, G = torch.randperm(N), torch.randn(N)
    divisor = torch.sqrt(N * (G**2).sum()) * np.sqrt(D / N)
    z, g = torch.zeros(d, requires_grad=True), torch.randn(D)

    def transform(x: torch.Tensor) -> torch.Tensor:
        x = x.view([1] + [2] * stages + [1])
        for axis in range(1, stages + 1):
            a, b = torch.chunk(x, 2, dim=axis)
            x = torch.cat((a + b, a - b), dim=axis)
        return x.view(N)

    def job() -> None:
        padded = torch.nn.functional.pad(z, (0, N - d))
        (transform(transform(B * padded)[order] * G)[:D] / divisor).backward(g)
        z.grad = None

    return job


def unilora_gather(d: int, D: int) -> Job:
    """theta_d[indices] * scales with balanced indices, in torch; its gradient through autograd."""
    indices = torch.randperm(D) % d
    scales = torch.bincount(indices, minlength=d).float().rsqrt()[indices]
    z, g = torch.zeros(d, requires_grad=True), torch.randn(D)

    def job() -> None:
        (z[indices] * scales).backward(g)
        z.grad = None

    return job


def of_the_peers(repeats: int) -> dict[str, float]:
    """Print published projections beside the default; ns a parameter, one thread, interleaved."""
    set_threads(1)
    d, D = 10**3, 10**6
    z, g, out = vectors(d, D)
    jobs: dict[str, Job] = {
        "blocks": partial(there_and_back, make_projection("blocks", seed=1, d=d, D=D), z, g, out),
        "FastfoodWrap (stated again)": fastfood_wrapper(d, D),
        "Uni-LoRA gather (stated again)": unilora_gather(d, D),
    }
    found = {name: ns / D for name, ns in least(jobs, max(5, repeats // 4), time.process_time_ns).items()}
    for name, ns in found.items():
        print(f"  {name:<32} {ns:>9.2f} {ns / found['blocks']:>9.1f}")
    return found


def promise(what: str, value: float, limit: float, *, least: bool = False) -> None:
    kept = value >= limit if least else value <= limit
    sign = ">=" if least else "<="
    print(f"  {what:<58} {value:>8.2f}   {sign} {limit:<7g} {'kept' if kept else 'MISSED'}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--largest", type=float, default=max(SIZES), help="largest D")
    parser.add_argument("--repeats", type=int, default=60, help="repeats at D = 1e6")
    given = parser.parse_args()
    torch.set_num_threads(1)
    sizes = [D for D in SIZES if given.largest >= D]

    print("\nThe default, forward plus adjoint, ns a parameter")
    columns = ("one", "x floor", "x sum fl.", "wall one", "wall two", "speed-up")
    print(f"  {'D':>8} {'d':>7}" + "".join(f" {c:>9}" for c in columns))
    default = {D: of_the_default(D, given.repeats) for D in sizes}
    print("\nEvery family, one thread, ns a parameter; memory as cost() states it")
    families = of_the_families(given.repeats)
    print("\nPublished projections at D = 1e6, d = 1e3, one thread: ns a parameter, times the default")
    peers = of_the_peers(given.repeats)

    print("\nPromises")
    for D, times in ((10**6, 2.0), (10**7, 1.6)):
        if D in default:
            row = default[D]
            each = [row[f"{d} 1"] for d in DIMENSIONS]
            promise(f"ns a parameter at D = {D:.0e}, slowest d", max(each), 2.0)
            promise(f"times the floor at D = {D:.0e}, slowest d", max(each) / row["floor"], times)
            promise(f"slowest d over fastest d at D = {D:.0e}", max(each) / min(each), 1.2)
            speed = [row[f"wall {d} 1"] / row[f"wall {d} 2"] for d in DIMENSIONS]
            promise(f"speed-up of the second thread at D = {D:.0e}, least d", min(speed), 1.8, least=True)
    promise("global Fastfood, ns a parameter", families["fastfood"], 12)
    ours, fastfood, gather = peers.values()
    promise("FastfoodWrap over the default", fastfood / ours, 100, least=True)
    promise("Uni-LoRA gather over the default", gather / ours, 7, least=True)


if __name__ == "__main__":
    main()
