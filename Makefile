# `make help` lists the targets. Everything runs in .venv, which scripts/setup makes;
# PYTHON=python3.12 chooses the interpreter, at the first run.

STACK ?= dev
UPGRADE ?=
ARGS ?=

python := .venv/bin/python
lock := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
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
	@$(python) -m pytest

bench: setup ## Measure the figures of the README; ARGS=--quick only sees whether it runs
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

lock: ## Write requirements*.txt anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { \
	  echo "make lock needs uv on the PATH; pip or your system's packages have it" >&2; exit 1; }
	$(lock) --extra dev --output-file requirements-dev.txt
	$(lock) --extra sandbox --constraints requirements-dev.txt --output-file requirements-sandbox.txt
	$(lock) --constraints requirements-dev.txt --output-file requirements.txt

upgrade: ## The same, with the newest versions that pyproject.toml allows
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

clean: ## Remove .venv and every cache
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
