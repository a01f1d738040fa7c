# Two commands are all a fresh machine needs: make run · make test. The others are for those who work on the product.
# Registries of packages are those that pip and npm are configured for on this machine.
.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test lint types unit integration browser bench soak lock doctor clean
SETUP := @sh scripts/python.sh scripts/bootstrap.py
BIN := .venv/bin
PYTEST := $(BIN)/pytest -p no:cacheprovider
UV_LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup: ## install everything the product needs
	$(SETUP) run

setup-test: ## install everything the tests need, Chromium included
	$(SETUP) test

run: setup ## set up, start everything, print the address (Ctrl-C stops it)
	@exec $(BIN)/premium run

test: setup-test ## set up, then lint, types, unit, integration and browser tests
	@exec $(BIN)/python scripts/check.py

lint: setup-test ## ruff and the import laws
	@$(BIN)/python scripts/check.py lint

types: setup-test ## pyright
	@$(BIN)/python scripts/check.py types

unit: setup-test ## unit tests
	@$(BIN)/python scripts/check.py unit

integration: setup-test ## tests with real PostgreSQL, Redis and chain
	@$(BIN)/python scripts/check.py integration

browser: setup-test ## tests of the running product in Chromium
	@$(BIN)/python scripts/check.py browser

bench: setup-test ## measure: make bench NAME=alerts (without NAME: all)
	@$(BIN)/python -m benchmarks $(NAME)

soak: setup-test ## kill every process at random under load for ten minutes, then count (SOAK_SECONDS=600)
	SOAK_SECONDS=$${SOAK_SECONDS:-600} $(BIN)/pytest -p no:cacheprovider tests/integration/test_soak.py

lock: setup-test ## pin requirements*.in again (make lock UPGRADE=--upgrade takes new versions)
	$(UV_LOCK) $(UPGRADE) requirements.in -o requirements.txt
	$(UV_LOCK) $(UPGRADE) -c requirements.txt requirements-dev.in -o requirements-dev.txt

doctor: setup ## say what is configured, reached and missing
	@$(BIN)/premium doctor

clean: ## remove what was installed and built (data in var/ stay)
	rm -rf .venv .web backend/demo/contracts/node_modules .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
