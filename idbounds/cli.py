"""The command line, generated from the registry: `idbounds certify | verify | list | show | eval | ...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import click

from idbounds import __version__
from idbounds.cli_compress import compress
from idbounds.cli_explore import explore
from idbounds.cli_measure import measure
from idbounds.cli_options import JSON, LateDefault, Number, read_table
from idbounds.cli_plot import plot
from idbounds.errors import IdboundsError, InputError
from idbounds.quantities import FAMILIES, QUANTITIES


class _Errors(click.Group):
    """A group that reports every expected error on one line and exits with 2; after Ctrl-C with 130."""

    def main(self, args: Any = None, *rest: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        extra["standalone_mode"] = False
        if not standalone_mode:
            return super().main(args, *rest, **extra)
        try:
            sys.exit(super().main(args, *rest, **extra))
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(2)
        except (IdboundsError, click.ClickException) as error:
            text = error.format_message() if isinstance(error, click.ClickException) else str(error)
            path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
            click.echo(f"idbounds: {_line(text)}" + (f" (see {path} --help)" if path else ""), err=True)
            sys.exit(2)
        except click.Abort:
            click.echo("idbounds: stopped", err=True)
            sys.exit(130)


def _line(text: str) -> str:
    """One line for a terminal: no line breaks, no control characters."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def _of_certify(name: str) -> Any:
    """The defaults of an option of `certify`, by recipe."""
    from idbounds.recipes import RECIPES

    found = {r.name: getattr(r.settings, name) for r in RECIPES.values() if hasattr(r.settings, name)}
    return ", ".join(f"{value} ({recipe})" for recipe, value in found.items())


_late = partial(click.option, cls=LateDefault, look_up=_of_certify, show_default=True)


@click.group(cls=_Errors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="idbounds")
def main() -> None:
    """How well a model compresses, turned into a guarantee on data it has never seen.

    \b
    idbounds certify fashion-mnist       train, compress, certify, compare with the test error
    idbounds verify FILE.idb             replay a certificate
    idbounds compare --train-error 0.12 --n 60000 --code-bits 1800
    idbounds measure d90 --model lenet   the dimension that a task needs
    """  # noqa: D301 - click wants the control character


main.add_command(measure)
main.add_command(compress)
main.add_command(plot)
main.add_command(explore)


class _ByFamily(click.Command):
    """A command whose options for quantities are listed under the family that brings them in."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {p.name: p.get_help_record(ctx) for p in self.get_params(ctx)}
        seen: set[str] = set()
        for family, nouns in FAMILIES.items():
            mine = [q.name for q in nouns if q.name not in seen and records.get(q.name)]
            seen |= set(mine)
            if mine:
                with formatter.section(family.replace("_", " ").capitalize()):
                    formatter.write_dl([r for name in mine if (r := records[name])])
        with formatter.section("Options"):
            formatter.write_dl([r for name, r in records.items() if r and name not in seen])


def _quantities(function: Callable[..., None]) -> Callable[..., None]:
    """One option for each quantity, from its own words."""
    for quantity in reversed(QUANTITIES.values()):
        option = click.option(
            f"--{quantity.name.replace('_', '-')}", quantity.name, type=Number(quantity), metavar="NUMBER",
            help=f"{quantity.says[0].upper()}{quantity.says[1:]}; {quantity.allowed}"
            + (f" (default {quantity.default})." if quantity.default else "."),
        )  # fmt: skip
        function = option(function)
    return function


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in QUANTITIES and value is not None}


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _table(columns: list[str], rows: list[list[str]], *, whole: int) -> None:
    """A table whose first columns stay whole in a narrow window, where the others wrap."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(table.columns):
        column.overflow, column.no_wrap = "fold", place < whole
        if place < whole:
            column.min_width = max((len(row[place]) for row in rows), default=0)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)


@main.command("list")
@JSON
def list_bounds(as_json: bool) -> None:
    """List every bound: id, what it needs, title."""
    from idbounds.catalogue import bounds

    if as_json:
        _print_json([
            {
                "id": b.id, "title": b.title, "family": b.family, "standing": b.standing,
                "takes": [q.name for q in b.takes],
            }
            for b in bounds.values()
        ])  # fmt: skip
        return
    _table(
        ["id", "family", "standing", "takes"],
        [[b.id, b.family, b.standing, ", ".join(q.name for q in b.takes)] for b in bounds.values()],
        whole=1,
    )


@main.command()
@click.argument("id")
@JSON
def show(id: str, as_json: bool) -> None:  # noqa: A002
    """Show one bound: statement, quantities, assumptions, source."""
    from idbounds.catalogue import bounds

    b = bounds[id]
    if as_json:
        _print_json({
            "id": b.id, "title": b.title, "family": b.family, "latex": b.latex, "mathml": b.mathml,
            "js": b.js,
            "takes": [{"name": q.name, "symbol": q.symbol, "unit": q.unit, "says": q.says} for q in b.takes],
            "assumes": [{"name": a.name, "says": a.says, "vouched": a.vouched} for a in b.assumes],
            "source": str(b.source), "holds": b.holds, "weaker": list(b.weaker), "bibtex": b.bibtex,
            "standing": b.standing, "because": b.because,
        })  # fmt: skip
        return
    lines = [f"{b.id}: {b.title}", *([] if b.certifies else [f"  {b.standing}: {b.because}"])]
    lines += ["", f"  {b.left} <= {b.expression}", f"  {b.latex}", "", f"  holds {b.holds}", ""]
    lines += [f"  {q.name:<18} {q.says} ({q.unit}, {q.allowed})" for q in b.takes]
    lines += ["", *(f"  assumes ({a.vouched}): {a.says}" for a in b.assumes)]
    lines += [f"  implies: {', '.join(b.weaker)} (the smallest of them costs nothing)"] if b.weaker else []
    click.echo("\n".join([*lines, f"  source: {b.source}"]))


@main.command("eval", cls=_ByFamily)
@click.argument("id")
@_quantities
@JSON
def evaluate_bound(id: str, as_json: bool, **values: Any) -> None:  # noqa: A002
    """Evaluate one bound: its value, and the proven upper value."""
    from idbounds.catalogue import bounds
    from idbounds.comparing import evaluate

    result = evaluate(bounds[id], **_known(values))
    if as_json:
        _print_json(result.record())
    else:
        click.echo(bounds[id].explain(**_known(values)))


@main.command(cls=_ByFamily)
@_quantities
@click.option(
    "--without", multiple=True, metavar="ASSUMPTION",
    help="Leave out bounds that assume this (iid, zero_one_loss, ...); may be repeated.",
)  # fmt: skip
@JSON
def compare(as_json: bool, without: tuple[str, ...], **values: Any) -> None:
    """Evaluate every bound that applies, tightest first. Each holds singly at delta."""
    from idbounds.comparing import compare as run

    found = run(without=without, **_known(values))
    if as_json:
        _print_json([e.record() for e in found])
        return
    _table(
        ["bound", "upper", "", "assumes more than the others", "a step that would tighten it"],
        [[e.id, e.upper, _verdict(e), " ".join(e.adds), _step(e)] for e in found],
        whole=2,  # half a number would be a smaller number
    )
    for note in dict.fromkeys(note for e in found for note in e.notes):
        click.echo(f"note: {note}")
    click.echo(_free(found))


@main.command("dominates", cls=_ByFamily)
@click.argument("a")
@click.argument("b")
@_quantities
@click.option("--csv", "csv", type=click.Path(dir_okay=False), help="Write the map as a table.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Draw the map as SVG and PNG.")
def dominates_command(a: str, b: str, csv: str | None, figure: str | None, **values: Any) -> None:
    """Where bound A beats bound B, over error rate and complexity per example."""
    from idbounds.combining import dominates

    table = dominates(a, b, known=_known(values))
    live = table[table[["a", "b"]].min(axis=1) < 1]
    for name, wins in ((a, live.difference < -1e-9), (b, live.difference > 1e-9)):
        best = live.difference[wins].abs().max() if wins.any() else 0.0
        click.echo(
            f"{name} is tighter on {wins.mean():.1%} of the map where one says something, by up to {best:.4g}"
        )
    if csv:
        table.to_csv(csv, index=False)
        click.echo(f"wrote {csv}")
    if figure:
        from idbounds.plot import dominance_figure, save

        click.echo("wrote " + ", ".join(str(path) for path in save(dominance_figure(table, (a, b)), figure)))


def _step(evaluation: Any) -> str:
    name, gain = next(iter(evaluation.buys), ("", 0.0))
    return f"{name}: -{gain:.4f}" if gain else ""


def _free(found: Any) -> str:
    """What may be minimised at no cost, and what the rest costs."""
    from idbounds.catalogue import bounds

    listed = {e.id for e in found}
    free = [f"{i} <= {', '.join(w for w in bounds[i].weaker if w in listed)}" for i in listed if i in bounds]
    chains = sorted(text for text in free if not text.endswith("<= "))
    text = (
        "each value holds singly at delta; the smallest of k holds if each is taken at delta / k (minimum_of)"
    )
    return text + (f", but one event implies {'; '.join(chains)}" if chains else "")


def _verdict(evaluation: Any) -> str:
    if not evaluation.certifies:
        return str(evaluation.standing)
    if evaluation.vacuous:
        return "vacuous"
    return "no better than the majority class" if evaluation.no_better_than_majority else ""


@main.command(cls=_ByFamily)
@click.argument("id")
@click.argument("quantity")
@click.option("--at", required=True, help="The value that the bound must not exceed.")
@_quantities
@JSON
def solve(id: str, quantity: str, at: str, as_json: bool, **values: Any) -> None:  # noqa: A002
    """Ask the inverse question: the extreme QUANTITY at which the bound still meets --at."""
    from idbounds.catalogue import bounds

    name = quantity.replace("-", "_")
    answer = bounds[id].solve(name, at=at, **_known(values))
    if as_json:
        _print_json({"id": id, "quantity": name, "at": at, "inputs": _known(values), "value": answer})
        return
    extreme = "largest" if QUANTITIES[name].sense > 0 else "smallest"
    click.echo(f"{answer!r}  the {extreme} {name} with {id} <= {at} (rounded to the safe side)")


@main.command()
@click.argument("id")
@JSON
def cite(id: str, as_json: bool) -> None:  # noqa: A002
    """Print the BibTeX entry of a bound's source."""
    from idbounds.catalogue import bounds

    b = bounds[id]
    if as_json:
        _print_json({"id": b.id, "key": b.source.key, "source": str(b.source), "bibtex": b.bibtex})
    else:
        click.echo(b.bibtex)


@main.command()
@click.argument("file", type=click.Path())
@click.option("--output", "-o", type=click.Path(), help="CSV file to write; default: print.")
@_quantities
@JSON
def table(file: str, output: str | None, as_json: bool, **values: Any) -> None:
    """Add bound columns to a CSV FILE of measured dimensions, code lengths and errors. Every row is kept."""
    from idbounds.comparing import compare as run

    frame = read_table(file)
    result = run(frame, **_known(values))
    if output is not None:
        try:
            result.to_csv(output, index=False)
        except OSError as error:
            raise InputError(f"{output} cannot be written ({error}); give another file") from None
        bad = int((result["problem"] != "").sum())
        click.echo(f"{len(result)} rows, {bad} with a problem, written to {output}")
    elif as_json:
        _print_json(json.loads(result.to_json(orient="records", double_precision=15)))
    else:
        click.echo(result.to_csv(index=False), nl=False)


@main.command("code")
@click.argument("file", type=click.Path())
@click.option("--step", type=float, help="Step of the grid for all tensors [default: each has its own].")
@click.option("--spacing", type=float, help="Own step of a tensor, in standard deviations [default: 0.5].")
@click.option("--codes", help="Some codes only, as in mixture,zlib [default: all].")
@click.option("--n", type=Number(QUANTITIES["n"]), metavar="NUMBER", help="Number of training examples.")
@click.option(
    "--errors", type=Number(QUANTITIES["errors"]), metavar="NUMBER",
    help="Errors on them, counted with the rounded weights.",
)  # fmt: skip
@click.option("--delta", type=Number(QUANTITIES["delta"]), metavar="NUMBER", help="Failure probability.")
@JSON
def code_command(file: str, as_json: bool, codes: str | None, **options: Any) -> None:
    """Show how long the weights in FILE are under each code, and the bound that this buys.

    FILE is a safetensors, npy or npz file; a pickle is refused.
    """
    from idbounds.billing.show import run_code

    given = {name: value for name, value in options.items() if value is not None}
    chosen = {} if codes is None else {"codes": [code.strip() for code in codes.split(",")]}
    sys.exit(run_code(file, as_json=as_json, **given, **chosen))


@main.command()
@click.argument("dataset", default="fashion-mnist")
@click.option(
    "--recipe",
    help="How to train and encode: draws, gibbs or subspace; documents or tokens for a language model "
    "[default: the first that fits the data].",
)
@click.option(
    "--architecture",
    help="scatternet, uprightnet, mirrornet, sketchnet, uprightsketch, mirrorsketch, widesketch, linear, "
    "vectornet, mlp, convnet or lenet [default (draws, gibbs): what a short fit likes best, of scatternet "
    "and uprightnet for grey images, of scatternet and mirrornet for colours, of linear and vectornet for "
    "vectors; else mlp; (subspace): convnet; (documents, tokens): bytegpt].",
)
@_late("--budget", type=float, help="Minutes for the whole job, which shorten the last stage.")
@_late("--bits", type=int, help="Of a block of weights: the draw is one of 2^bits.")
@_late("--nats", type=float, help="Cross-entropy that stands for one error: fewer make bits cheaper.")
@_late("--power", type=float, help="Of the loss at the end: 0 for cross-entropy, to 1 for the error.")
@_late("--starts", type=int, help="Random starts of a fit; the best one goes on.")
@_late("--d", type=int, help="Dimension of the random subspace.")
@_late("--projection", help="Family of the random subspace.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random draws; paid for.")
@click.option("--delta", default="0.05", show_default=True, help="Allowed failure probability.")
@_late("--steps", type=int, help="Gradient steps; of the first stage for draws.")
@_late("--batch", type=int, help="Examples a step, at most n.")
@_late("--learning-rate", type=float, help="Adam's.")
@_late("--spacing", type=float, help="Step of the grid, in standard deviations of the coordinates.")
@click.option("--output", "-o", type=click.Path(), help="Certificate file [default: DATASET.idb].")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of an interrupted run.")
@click.option("--fallback", is_flag=True, help="If the data set cannot be had, take the next one and say so.")
@JSON
def certify(dataset: str, as_json: bool, fallback: bool, **options: Any) -> None:
    """Train on DATASET, compress, certify, and compare with the test error.

    Of kjv and imdb-documents it is a language model: its loss in bits a byte.
    """
    from idbounds.terminal import run_certify

    given = {name: value for name, value in options.items() if value is not None}
    sys.exit(run_certify(dataset, as_json=as_json, fallback=fallback, **given))


@main.command()
@click.argument("file", type=click.Path())
@JSON
def verify(file: str, as_json: bool) -> None:
    """Replay a certificate FILE. Exit 0 when it holds, 1 when it does not."""
    from idbounds.terminal import run_verify

    sys.exit(run_verify(file, as_json=as_json))


if __name__ == "__main__":
    main(prog_name="idbounds")
