# The front door of Sanset. `make` says what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules

PYTHON ?= python3
DB ?= sqlite
TESTS ?= tests
# Databases that tests make and throw away live in memory where there is room for them.
SCRATCH := $(shell [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 4000000 ] 2>/dev/null \
  && echo /dev/shm || echo $${TMPDIR:-/tmp})
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
METHODS := clients/python/sanset_client/methods
CODE := server ml clients/python bench proto tests

.PHONY: help install tools run test check lint types contract layers generate languages bench bench-check faults clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv and install the shop into it

# What is imported is compiled then; to compile all of the tools would take half a minute.
tools: $(VENV)/bin/python ## Install what tests, checks and measurements need, at one go
	@echo "Installing Sanset and all of its tools (a minute or two the first time) …"
	@$(PIP) --no-compile --editable clients/python --editable '.[dev,bench]'
	@touch $(VENV)/.installed $(VENV)/.developer $(VENV)/.bench

run: install ## Set up a demo shop and serve it (DB=postgres for a real PostgreSQL)
	@exec $(BIN)/sanset run --db $(DB)

# Hundreds of processes are started, which need not compile the shop anew each time, whatever the environment says.
test: $(VENV)/.developer ## Run every test and tell the twenty slowest (TESTS=path for some)
	@scratch=$$(mktemp -d $(SCRATCH)/sanset-tests.XXXXXX); trap 'rm -rf "$$scratch"' EXIT; \
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 20 \
	  --basetemp="$$scratch/pytest" $(TESTS)

check: lint types contract layers ## Lint, types, protos, generated code, layers

lint: $(VENV)/.developer ## Check style and format with ruff
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE) || { echo "make: run .venv/bin/ruff format on the files above"; exit 1; }

types: $(VENV)/.bench ## Check types with mypy --strict
	@$(BIN)/mypy

contract: $(VENV)/.developer ## Lint the protos, compare them with the last release, and the generated code with them
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; export PATH="$(CURDIR)/$(BIN):$$PATH"; \
	cd proto; buf lint; \
	released=$$(printf '%s\n' releases/*.binpb | sort --version-sort | tail -1); \
	if [ -f "$$released" ]; then buf breaking --path sanset/v1 --against "$$released"; fi; \
	cd ..; \
	python proto/generate.py "$$scratch/generated" "$$scratch/methods"; \
	diff -r --exclude=__pycache__ generated "$$scratch/generated" && diff -r --exclude=__pycache__ $(METHODS) "$$scratch/methods" \
	  || { echo "make: the generated code is out of date; run make generate"; exit 1; }

layers: $(VENV)/.developer ## Check that imports point one way
	@$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache

generate: $(VENV)/.developer ## Generate code and descriptors from the protos
	@PATH="$(CURDIR)/$(BIN):$$PATH" python proto/generate.py generated $(METHODS)

languages: $(VENV)/.developer ## Do docs/clients.md in every language whose compiler is installed
	@$(BIN)/python -m pytest -m compilers -rs tests/languages

bench: $(VENV)/.bench ## Measure against the bare echo and a FastAPI shop; writes bench/results.json
	@$(BIN)/python -m bench

bench-check: $(VENV)/.bench ## Measure the short comparisons again; fails when one is dearer than in bench/results.json
	@$(BIN)/python -m bench.check

# Two at a time, each on a database of its own: most of them wait for processes that are killed and start again.
faults: $(VENV)/.developer ## Run the long fault tests: an hour, hundreds of kills on each database
	@scratch=$$(mktemp -d $(SCRATCH)/sanset-faults.XXXXXX); trap 'rm -rf "$$scratch"' EXIT; \
	export SANSET_FAULT_ROUNDS=200 SANSET_OUTBOX_STEP=1 PYTHONDONTWRITEBYTECODE=; \
	$(BIN)/python -m pytest --verbose --numprocesses 2 --dist loadfile --durations 20 --basetemp="$$scratch/pytest" \
	  tests/faults tests/e2e/test_rolling.py tests/e2e/test_openapi_cases.py tests/unit/pricing/test_pricing_properties.py \
	  tests/unit/crypto/test_strength.py; \
	$(BIN)/python -m pytest --numprocesses 2 --basetemp="$$scratch/either" -m either tests

clean: ## Delete .venv; DATA_DIR stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: Sanset needs Python 3.11 or newer; set PYTHON=path/to/python3.11"; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml clients/python/pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Sanset (a minute or two the first time) …"
	@$(PIP) --editable clients/python --editable '.[pages]'
	@touch $@

$(VENV)/.developer: $(VENV)/.installed
	@echo "Installing the tools for tests and checks …"
	@$(PIP) --editable clients/python --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.developer
	@echo "Installing the peers to measure against …"
	@$(PIP) --editable clients/python --editable '.[bench]'
	@touch $@
