"""`idbounds compress CHECKPOINT --with ...`: reading its options loads no torch."""

from __future__ import annotations

import sys
from typing import Any

import click

from idbounds.cli_options import JSON


@click.command()
@click.argument("checkpoint", type=click.Path())
@click.option("--with", "steps", required=True, metavar="STEPS", help="Pipeline, as it is written in Python.")
@click.option(
    "--architecture",
    required=True,
    help="Of the checkpoint: an entry of the menu, such as convnet, mlp or lenet.",
)
@click.option("--dataset", default="fashion-mnist", show_default=True, help="Name of a data set.")
@click.option("--delta", default="0.05", show_default=True, help="Failure probability of each bound.")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write a certificate of the result.")
@JSON
def compress(checkpoint: str, **options: Any) -> None:
    """Compress a CHECKPOINT (safetensors or npz) and state its bits, its errors and every bound.

    \b
    idbounds compress net.safetensors --architecture mlp --dataset digits \\
        --with "Sparsify(0.9) | Quantise(levels=4) | Encode()"

    Steps: Downsize, Sparsify, Scatter, Factorise, Share, Quantise, Encode, FineTune, gradual,
    Predict, Regrow, regrown, TensorTrain, Project.
    """  # noqa: D301 - click wants the control character
    from idbounds.terminal_compress import run_compress

    sys.exit(run_compress(checkpoint, **options))
