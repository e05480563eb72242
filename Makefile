# `make up` and `make test` are all a fresh machine with Python 3.11+ needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: up test thorough properties kill agree lint format bench lock clean

up: $(STAMP)
	@exec $(BIN)/punctual up

# Much of it waits for real processes, so three at a time on two cores.
test: $(STAMP)
	@$(BIN)/pytest -n 3 --dist worksteal -m "not thorough" $(PYTEST_ARGS)

# The further cases that five minutes have no room for, most of them pages in a browser: about three minutes.
thorough: $(STAMP)
	@$(BIN)/pytest -n 2 --dist worksteal -m thorough $(PYTEST_ARGS)

# The properties of the core over thousands of random lives each, instead of a hundred: about ten minutes.
properties: $(STAMP)
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest -n 2 tests/core

# The long form of the kill test: ten seeds on each database, about five minutes.
kill: $(STAMP)
	@PUNCTUAL_KILL_SEEDS=$${SEEDS:-10} $(BIN)/pytest tests/kill -s

# The long form of the agreement test: two browsers, a client and a socket after a thousand operations.
agree: $(STAMP)
	@PUNCTUAL_OPERATIONS=$${OPERATIONS:-1000} $(BIN)/pytest tests/e2e/pages/test_agreement.py

lint: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

# pip verifies every hash; the project itself is linked in place and fetches nothing.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "punctual: no '$(PYTHON)' found; install Python 3.11 or newer, or set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "punctual: Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into $(VENV) (about a minute, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# The lock holds for Python 3.11 to 3.14 on every platform, and names no registry.
lock: $(STAMP)
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --upgrade --extra simulate --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock

clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
