# Each target sets up what it needs from nothing. `make demo` to see it, `make test` to check it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup chromium demo test lint bench uzum-download dump restore clean help

help:
	@echo "make demo | test | lint | bench | uzum-download N=1000 | dump | restore FILE=... | clean"

setup: $(STAMP)

# torch comes first: asked for by another package, the resolver takes a build of several GB.
$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "Python 3.11 to 3.13 is needed; $(PYTHON) is $$($(PYTHON) -V)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

# A browser is wanted for the session fallback only; where the system does not let us install one, the rest runs.
chromium:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
	    || echo "Chromium could not be installed; the browser fallback is off."; \
	else $(BIN)/python -m playwright install chromium >/dev/null 2>&1 \
	    || echo "No Chromium here; the browser fallback is off. Install one and set PRICESCOPE_CHROMIUM_PATH."; fi

demo: setup chromium
	$(BIN)/pricescope demo

test: setup chromium
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/macros

bench: setup
	@set -e; for script in $$(grep -l "^Run: " benchmarks/*.py); do \
	  name=$$(basename "$$script" .py); echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

# The ids 1 to N; goes on where it was left.
uzum-download: setup
	$(BIN)/pricescope scan uzum --from 1 --to $(or $(N),1000)

# To a file of its own under backups; FILE=... for another.
dump: setup
	@mkdir -p $(or $(dir $(FILE)),backups)
	$(BIN)/pricescope backup $(or $(FILE),backups)

restore: setup
	@test -n "$(FILE)" || { echo "say which backup: make restore FILE=backups/..."; exit 1; }
	$(BIN)/pricescope restore $(FILE)

clean:
	-$(BIN)/pricescope stop 2>/dev/null
	rm -rf $(VENV) .pricescope .pricescope-* build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache dbt_project/target dbt_project/logs
