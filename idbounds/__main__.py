"""`python -m idbounds` is the command line."""

from idbounds.cli import main

main(prog_name="idbounds")
