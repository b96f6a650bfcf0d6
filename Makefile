# `make` alone lists the targets. Each one that needs .venv makes it first; later runs start at once.
DATASET ?= fashion-mnist
ARGS ?=
PY := .venv/bin/python
STAMP := $(shell sh tools/setup.sh --stamp)
# Two workers with half of the files each, so that what tests of a file share is made once; who is done helps.
SIDE := -n 2 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup certify test quick audit check pages docs figures browser explorer clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: DATASET=fashion-mnist|mnist|digits, ARGS="more arguments", PYTHON=python3.12'

setup: $(STAMP) ## make .venv with everything in it (about a minute, once)

$(STAMP):
	@sh tools/setup.sh

certify: $(STAMP) ## train, compress and certify on DATASET
	@.venv/bin/idbounds certify $(DATASET) --fallback $(ARGS)

test: $(STAMP) ## run all tests (ARGS are passed on)
	@$(PY) -m pytest $(SIDE) -m "not audit" $(ARGS)

quick: $(STAMP) ## run the tests that are not slow
	@$(PY) -m pytest $(SIDE) -m "not slow and not audit" $(ARGS)

audit: $(STAMP) ## run the full forms of the reduced tests (long)
	@$(PY) -m pytest -m audit $(ARGS)

check: $(STAMP) ## lint, formatting, types, import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo

pages: $(STAMP) ## write docs/bounds/ and docs/reference/ from the objects
	@$(PY) tools/pages.py

docs: $(STAMP) ## build the site of the documentation into docs/_build/html, lessons executed
	@$(PY) -c 'import furo, myst_nb, sphinx_copybutton' 2>/dev/null || $(PY) -m pip install -q -c constraints.txt -e '.[docs]'
	@$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html $(ARGS)
	@echo open docs/_build/html/index.html

figures: $(STAMP) ## build all figures and tables of papers into build/figures (ARGS are passed on)
	@$(PY) -m paper_figures $(ARGS)

browser: $(STAMP) ## run the tests of the explorer in chromium, which must be on PATH
	@$(PY) -m pytest tests/explorer $(ARGS)

explorer: $(STAMP) ## write the explorer's measured part and its pictures from committed results
	@$(PY) tools/explorer.py
	@$(PY) tools/pictures.py

clean: ## remove .venv and all caches in this checkout (not the data cache)
	@rm -rf .venv .tools build docs/_build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
