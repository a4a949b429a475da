# make demo   sets everything up and shows the whole way from the street to a ticket
# make test   sets everything up and runs every test
# make eval   measures how good it is with what is at hand: make eval DATA=/path/to/data
VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3
UV     := uv==0.13.9
ONCE   ?=
DATA   ?=
# Three files of tests at a time: on two cores a quarter of the time of two goes into waiting for streams and brokers.
TESTERS ?= 3

.PHONY: setup assets demo test fuzz eval lint lock clean
.DEFAULT_GOAL := demo

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kerbwatch needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made: on Debian, 'apt-get install python3-venv' (or set PYTHON= to another Python)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(UV)'

# What the pages load in the browser; npm from the machine, or from a Python package where it has none.
VENDORED := central/pages/static/vendor/stamp.txt

# The lock file names every package with its version and SHA-256.
$(VENV)/.ready: requirements/dev.lock pyproject.toml | $(BIN)/uv
	@echo "Installing the locked dependencies"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/dev.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

assets: $(VENDORED)

$(VENDORED): package.json package-lock.json .npmrc central/pages/assets.py requirements/assets.lock | $(VENV)/.ready
	@command -v npm >/dev/null || { echo "Installing Node.js from its Python package"; VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements/assets.lock; }
	@$(BIN)/python -m central.pages.assets
	@touch $@

setup: $(VENV)/.ready assets

demo: setup
	@$(BIN)/kerbwatch demo $(if $(ONCE),--once)

# In the order of the folders: what waits for browsers and streams first, the short ones last, so that none is left
# alone at the end. Tests start programs of ours hundreds of times: they are compiled once.
test: export PYTHONDONTWRITEBYTECODE =
test: setup lint
	@$(BIN)/python -m compileall -q -j 2 kerbwatch models edge central evaluation tests
	@$(BIN)/kerbwatch models pull box plates
	@$(BIN)/pytest -q -n $(TESTERS) --dist loadfile --no-loadscope-reorder

# Hostile messages and requests, far more than 'make test' has time for.
fuzz: $(VENV)/.ready
	@$(BIN)/kerbwatch bench fuzz
	@KERBWATCH_OPENAPI_EXAMPLES=100 $(BIN)/pytest -q tests/integration/central/test_openapi.py

eval: $(VENV)/.ready
	@$(BIN)/kerbwatch models pull box $(if $(DATA),plates)
	@$(BIN)/kerbwatch eval all $(DATA) --document docs/accuracy.md --json var/eval/figures.json

lint: $(VENV)/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: | $(BIN)/uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra edge --extra central --extra demo --extra dev pyproject.toml requirements/build.in -o requirements/dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/assets.in -o requirements/assets.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra edge --extra export pyproject.toml -o requirements/export.lock

clean:
	rm -rf $(VENV) var node_modules
