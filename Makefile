# Everything a developer needs, one target each: `make` alone lists them.
# Needs make and Python 3.11 or later; what else is needed is installed into .venv from the
# hashed lock file.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed

# For whoever runs make to set: `make report SCENARIO=quick`, `make install PYTHON=python3.13`.
PYTHON ?=
SCENARIO ?= default
TESTS ?= tests
RUNS ?= 200000
JUPYTER_FLAGS ?=

# That of .venv, where there is one.
UV := $(or $(wildcard $(BIN)/uv),uv)
LOCK = mkdir -p build && $(UV) pip compile pyproject.toml --group dev --universal \
  --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-header --quiet

# pip neither asks nor looks for a newer pip.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

##@ Use

.PHONY: help
help: ## list what there is to do (this list)
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(INSTALLED) ## set up .venv with dauexp in it, from the hashed lock file

.PHONY: report
report: $(INSTALLED) ## run the comparison (SCENARIO=default) into runs/ and say where its page is
	@$(BIN)/dauexp run $(SCENARIO)

.PHONY: lab
lab: $(INSTALLED) ## open JupyterLab on the notebooks, with the packages of .venv
	@JUPYTER_PREFER_ENV_PATH=1 $(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks $(JUPYTER_FLAGS)

.PHONY: services
services: $(INSTALLED) ## start InfluxDB, Telegraf and the statsd daemon (needs Go and Node.js)
	@$(BIN)/dauexp services up

##@ Work on it

.PHONY: test
test: lint ## lint, then the fast tests on two processes (TESTS=tests/traffic for a part)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not heavy" $(TESTS)

.PHONY: test-rust
test-rust: $(INSTALLED) ## the tests of what is in Rust (needs cargo; minutes the first time)
	@$(BIN)/python -m pytest -m heavy tests/options/glean tests/ingest

.PHONY: test-heavy
test-heavy: $(INSTALLED) ## all tests that take minutes (cargo, Go, Node.js): Rust, servers, notebooks, many scenarios
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m heavy $(TESTS)

.PHONY: lint
lint: $(INSTALLED) ## ruff (rules and format) and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: bench
bench: $(INSTALLED) ## measure the speed of our code and of its peers, side by side
	@$(BIN)/python -m benchmarks.peers
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

.PHONY: fuzz
fuzz: $(INSTALLED) ## fuzz the parsers of outside input with RUNS=200000 inputs in all
	@$(BIN)/python -m tests.fuzz --runs $(RUNS)

##@ Keep it

.PHONY: lock
lock: ## renew the locks, requirements*.lock, from pyproject.toml (needs uv, which .venv has)
	@$(LOCK) --output-file build/newest
	@{ \
	  echo "# Every package dauexp needs to run and to be worked on, at one version, with its hashes,"; \
	  echo "# for Python 3.11 and later on Linux and macOS. Made by 'make lock' from pyproject.toml."; \
	  cat build/newest; } > requirements.lock
	@$(LOCK) --resolution lowest-direct --output-file build/oldest
	@{ \
	  echo "# The same, each package that pyproject.toml names at the oldest version that it allows:"; \
	  echo "# 'make package' tests dauexp with these too. Made by 'make lock'."; \
	  cat build/oldest; } > requirements-oldest.lock
	@rm build/newest build/oldest

.PHONY: audit
audit: $(INSTALLED) ## ask an advisory service for known vulnerabilities of what is locked (fetches pip-audit)
	@$(UV) tool run pip-audit --strict --disable-pip --require-hashes -r requirements.lock

.PHONY: registry
registry: $(INSTALLED) ## check metrics.yaml and pings.yaml by glinter; renew docs/data-review.md
	@$(BIN)/glean_parser glinter dauexp/options/glean/metrics.yaml dauexp/options/glean/pings.yaml
	@$(BIN)/python -m dauexp.options.glean.review docs/data-review.md

.PHONY: docs
docs: $(INSTALLED) ## build the site of the documentation into site/
	@$(BIN)/python -m properdocs build --strict --quiet
	@echo "site/index.html"

.PHONY: wheel
wheel: $(INSTALLED) ## build the wheel and the sdist into dist/
	@$(BIN)/python -m hatchling build -d dist

.PHONY: package
package: wheel ## test what was built: installed on each Python there is, with the oldest packages, by uv and pipx
	@$(BIN)/python -m pytest -m heavy tests/package

.PHONY: clean
clean: ## remove .venv, caches and built files; runs/ stays
	@rm -rf $(VENV) dist build site .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A candidate counts when it runs, is new enough and can make an environment: the name alone
# proves nothing (version managers put names on the PATH that only print an error).
$(BIN)/python:
	@for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making $(VENV) with $$("$$candidate" --version)"; \
	    exec "$$candidate" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "make: none of $(or $(PYTHON),python3.13 python3.12 python3.11 python3) is a working Python 3.11 or later with its venv module; install one, or name it: make install PYTHON=/path/to/python3" >&2; \
	exit 1

$(LOCKED): requirements.lock | $(BIN)/python
	@echo "installing the packages of requirements.lock (a minute or so the first time)"
	@$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements.lock
	@# Compiled here on all cores, even where PYTHONDONTWRITEBYTECODE is set: every start is then
	@# five times as fast. Files that are templates, no modules, do not compile.
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || :
	@touch $@

$(INSTALLED): pyproject.toml $(LOCKED)
	@$(BIN)/python -m pip install --quiet --no-compile --no-deps --no-build-isolation -e .
	@touch $@
