# `make help` lists the targets. Everything runs in .venv, which scripts/setup makes;
# PYTHON=python3.12 chooses the interpreter, at the first run.

STACK ?= dev
UPGRADE ?=
ARGS ?=

python := .venv/bin/python
lock := uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup sandbox test bench check lint types format lock upgrade clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

setup: ## Install what the tests need into .venv (the other targets do so themselves)
	@scripts/setup dev

sandbox: ## Send mail through the dev stack on this machine; STACK=prod takes another
	@scripts/setup sandbox
	@.venv/bin/ses-feedback sandbox --stack $(STACK)

test: setup ## Run the tests
	@scripts/queue-server || echo "The tests that need it are named at the end." >&2
	@$(python) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

bench: setup ## Measure the figures of the README; ARGS="collector --quick": a part of them
	@scripts/queue-server
	@$(python) -m benchmarks $(ARGS)

check: lint types test ## Run everything that CI runs: lint, types, tests

lint: setup ## Check format and lint (ruff)
	@$(python) -m ruff format --check
	@$(python) -m ruff check

types: setup ## Check types (mypy --strict)
	@$(python) -m mypy

format: setup ## Format the code, and mend what ruff can mend
	@$(python) -m ruff format
	@$(python) -m ruff check --fix

lock: ## Write requirements*.txt anew from both pyproject.toml (needs uv)
	@command -v uv >/dev/null || { \
	  echo "make lock needs uv on the PATH; pip or your system's packages have it" >&2; exit 1; }
	$(lock) pyproject.toml collector/pyproject.toml --extra dev --extra postgresql \
	  --output-file requirements-dev.txt
	$(lock) pyproject.toml collector/pyproject.toml --extra sandbox \
	  --constraints requirements-dev.txt --output-file requirements-sandbox.txt
	$(lock) pyproject.toml --constraints requirements-dev.txt --output-file requirements.txt
	$(lock) collector/pyproject.toml --extra image \
	  --constraints requirements-dev.txt --output-file collector/requirements.txt

upgrade: ## The same, with the newest versions that pyproject.toml allows
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

clean: ## Remove .venv, .tools and every cache
	rm -rf .venv .tools .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
