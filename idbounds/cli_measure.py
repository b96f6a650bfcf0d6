"""`idbounds measure ...`: the commands that measure a dimension; reading their options loads no torch."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import click

from idbounds.cli_options import JSON, LateDefault


def _of_search(name: str) -> Any:
    """The default of an option of the search."""
    import inspect

    from idbounds.dimension import search

    return inspect.signature(search.measure_d90).parameters[name].default


_late = partial(click.option, cls=LateDefault, look_up=_of_search, show_default=True)


@click.group()
def measure() -> None:
    """Measure the dimension that a task needs."""


@measure.command()
@click.option(
    "--dataset", default="fashion-mnist", show_default=True,
    help="Name of a data set; mrpc and sst2-sentences are texts.",
)  # fmt: skip
@click.option(
    "--model", default="lenet", show_default=True,
    help="Architecture: convnet, mlp or lenet; for texts a pretrained one: minilm-l3, minilm-l6, or a folder "
    "of transformers with config.json, safetensors and tokenizer.",
)  # fmt: skip
@_late("--threshold", type=float, help="Share of full training; 0.5 is d50.")
@click.option(
    "--criterion", multiple=True,
    help="fraction (of the score), absolute, or gain (above chance); may be repeated [default: fraction].",
)  # fmt: skip
@click.option("--absolute", type=float, help="Score of the absolute criterion [default: the threshold].")
@_late("--runs", "--budget", "budget", type=int, help="Runs that count.")
@_late("--baselines", type=int, help="Runs of full training among them.")
@click.option("--d-start", type=int, help="First dimension [default: 16].")
@click.option("--d-max", type=int, help="Largest dimension [default: all weights].")
@_late("--seed", type=int, help="The first seed.")
@click.option("--steps", type=int, help="Gradient steps of each run [default: 2000].")
@click.option("--epochs", type=float, help="Passes over the data instead of steps.")
@click.option("--batch", type=int, help="Examples a step [default: 128].")
@click.option(
    "--schedule", type=click.Choice(["cosine", "constant"]), help="Of the learning rate [default: cosine]."
)
@click.option(
    "--learning-rate", "learning_rates", type=float, multiple=True,
    help="Rung of the ladder that is tried for each dimension; may be repeated, increasing.",
)  # fmt: skip
@click.option(
    "--projection", "kind", help="Family of the subspace [default: blocks; with did and said fastfood]."
)
@click.option(
    "--method", type=click.Choice(["direct", "did", "said"]),
    help="One projection, one for each tensor, or with a factor for each layer [default: direct].",
)  # fmt: skip
@click.option(
    "--layers",
    type=click.Choice(["tensor", "module", "block"]),
    help="What said gives a factor [default: tensor].",
)
@click.option(
    "--space", type=click.Choice(["all", "norms", "low-rank"]),
    help="What moves: low-rank with --rank is SubLoRA [default: all].",
)  # fmt: skip
@click.option("--rank", type=int, help="Of --space low-rank.")
@click.option(
    "--start", type=click.Choice(["seed", "module"]),
    help="Drawn, or the pretrained weights [default: seed; for texts module].",
)  # fmt: skip
@click.option("--longest", type=int, help="Tokens of a text at most; longer ones are cut.")
@click.option("--isotropic", is_flag=True, help="Move all weights alike (Li et al. 2018), not in proportion.")
@click.option("--device", help="auto, cpu or cuda [default: auto].")
@click.option("--engine", default="local", show_default=True, help="local, processes, ray or dask.")
@click.option("--workers", type=int, help="Processes of another engine than local.")
@click.option("--address", help="Of a Ray or Dask cluster.")
@click.option("--together", type=int, help="Runs trained together on one device [default: chosen].")
@click.option(
    "--bound", is_flag=True, help="Compress at the measured dimension; state code length and bound."
)
@click.option("--delta", default="0.05", show_default=True, help="Failure probability of each bound.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False),
    help="File of finished runs, gone on with if it is there [default: DATASET-MODEL.jsonl].",
)  # fmt: skip
@JSON
def d90(dataset: str, model: str, **options: Any) -> None:
    """Find the smallest random subspace in which training reaches 90% of full training.

    \b
    idbounds measure d90 --dataset fashion-mnist --model lenet
    idbounds measure d90 --dataset digits --model mlp --steps 300 --bound
    idbounds measure d90 --dataset mrpc --model minilm-l3 --longest 64 --epochs 1

    Each finished run is kept in a file. Ctrl-C stops; the same command goes on.
    """  # noqa: D301 - click wants the control character
    from idbounds.terminal_d90 import run_d90

    given = {name: value for name, value in options.items() if value is not None and value != ()}
    sys.exit(run_d90(dataset, model, **given))
