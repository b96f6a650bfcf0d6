"""`idbounds plot` on the command line."""

import pandas as pd
from click.testing import CliRunner

from idbounds import plot
from idbounds.cli import main


def run(*arguments):
    result = CliRunner().invoke(main, ["plot", *map(str, arguments)])
    return result.exit_code, result.output


def test_without_arguments_it_lists_the_kinds_and_their_columns():
    code, said = run()
    assert code == 0
    for kind in plot.KINDS.values():
        assert f"{kind.name}: {kind.says}" in said
        assert all(column in said for column in kind.needs)


def test_a_table_becomes_files(tmp_path):
    table = tmp_path / "runs.csv"
    pd.DataFrame({"d": [10, 20], "bound": [0.4, 0.3]}).to_csv(table, index=False)
    code, said = run("bound", table)
    assert (code, sorted(p.name for p in tmp_path.iterdir())) == (0, ["runs.csv", "runs.png", "runs.svg"])
    assert "runs.svg" in said
    assert run("bound", table, "--over", "d", "-o", tmp_path / "x.pdf")[0] == 0
    assert (tmp_path / "x.pdf").read_bytes()[:4] == b"%PDF"


def test_a_mistake_is_one_line(tmp_path):
    table = tmp_path / "runs.csv"
    table.write_text("d,bound\n1,0.5\n")
    for arguments, says in [
        (("bound",), "no table given"),
        (("bound", tmp_path / "none.csv"), "not a readable CSV table"),
        (("bound", table, "-o", tmp_path / "x.gif"), "figures are written as .pdf, .svg, .png"),
        (("bound", table, "-o", tmp_path / "no" / "x.pdf"), "cannot be written"),
        (("pie", table), "no kind of figure is called 'pie'"),
    ]:
        code, said = run(*arguments)
        assert code == 2, arguments
        assert says in said
        assert len(said.strip().splitlines()) == 1
