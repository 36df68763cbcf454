# Everything a developer does here, one word each. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The Python that the virtual environment is made from; found by itself when empty.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help dev servers check format test demo e2e chaos bench docs clean

help: ## Say what each target does.
	@grep -E '^[a-z0-9]+:.* ## ' Makefile | sed -E 's/^([a-z0-9]+):.* ## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

dev: $(READY) ## Install everything into .venv; leaves .venv/bin/orderwire. Does nothing when up to date.

$(READY): requirements/dev.lock pyproject.toml scripts/install-dev.sh scripts/ensure-python.sh
	@PYTHON="$(PYTHON)" scripts/install-dev.sh $(VENV)
	@touch $@

servers: ## Make sure the database servers that the tests start are installed.
	@scripts/ensure-servers.sh

check: dev ## Format, lint, types, import contracts, unit tests, docs tests: under a minute.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/unit tests/docs

format: dev ## Format the code and mend what the linter can mend.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: dev servers ## Run the whole test suite, databases included.
	@$(BIN)/python -m pytest

demo: dev ## Build a shop, sync it into local stand-ins of the platforms, and show what arrived.
	@$(BIN)/python examples/demo.py --dir demo

e2e: dev servers ## Run the end-to-end tests: the program against the stand-ins, real clients and odd calls against it.
	@ORDERWIRE_E2E=1 $(BIN)/python -m pytest tests/e2e
	@$(BIN)/python scripts/clients_table.py

chaos: dev servers ## Run the tests that kill processes and lose replies.
	@$(BIN)/python -m pytest -v --durations=15 tests/chaos

bench: dev ## Measure, and print the figures.
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.ingest
	@$(BIN)/python -m bench live

docs: dev ## Write docs/reference/ anew from the code.
	@$(BIN)/python scripts/generate_reference.py

clean: ## Remove what the other targets made, except the virtual environment.
	@rm -rf build dist demo .cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	@find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
