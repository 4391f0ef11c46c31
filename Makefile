# Everything runs from the checkout: the packages are imported from src/, the libraries come from
# .venv, which is set up again only when a pyproject.toml changes.

.DEFAULT_GOAL := help
.PHONY: help run test browser screenshots fuzz statespace killpoints packaging check audit format bench wheels clean

PY := .venv/bin/python
JOBS ?= 3
ARGS ?=
PROJECTS := pyproject.toml packaging/service/pyproject.toml

export PYTHONPATH := $(CURDIR)/src

help: ## show this list
	@echo "make COMMAND, where COMMAND is one of"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile | expand -t 14
	@echo "ARGS='...' is handed on to the tool, e.g. make test ARGS='-k slots -x'"

run: .venv/app ## set up and serve on http://HOST:PORT (127.0.0.1:8000)
	@exec bin/booking serve $(ARGS)

test: .venv/dev ## set up and run the tests, PostgreSQL included
	$(PY) -m pytest -n $(JOBS) --dist loadgroup -m "not browser and not fuzz and not packaging and not statespace and not killpoints" $(ARGS)

browser: .venv/dev ## look at every page in headless Chromium (the package chromium)
	$(PY) -m pytest -n $(JOBS) tests/integration/browser $(ARGS)

screenshots: .venv/dev ## take pictures of every page in every state, into var/screenshots
	$(PY) -m pytest -q -n $(JOBS) tests/integration/browser/screenshots.py $(ARGS)
	@echo "The pictures are in var/screenshots."

fuzz: .venv/dev ## send thousands of requests as each role, made from the OpenAPI document (some minutes)
	$(PY) -m pytest -n $(JOBS) tests/integration/web/fuzz -m "fuzz or not fuzz" $(ARGS)

statespace: .venv/dev ## walk every order of events of every configuration (about 20 minutes)
	$(PY) -m pytest -n $(JOBS) tests/unit/state_space -m "statespace or not statespace" $(ARGS)

killpoints: .venv/dev ## kill the worker around every call to a provider (about half an hour)
	$(PY) -m pytest -n $(JOBS) --dist loadgroup tests/integration/test_kill_points.py tests/integration/calendly/test_kill_points.py -m "killpoints or not killpoints" $(ARGS)

packaging: .venv/dev ## build both wheels, install them into clean environments and try them
	$(PY) -m pytest -m packaging $(ARGS)

check: .venv/dev ## format, lint, types, import rules
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) .venv/bin/lint-imports

audit: .venv/dev ## ask whether the installed libraries have known holes
	$(PY) packaging/audit.py

format: .venv/dev ## format the code and put imports in order
	$(PY) -m ruff check --fix-only --select I .
	$(PY) -m ruff format .

bench: .venv/dev ## run the benchmarks
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(PY) $$file $(ARGS) || exit 1; done

wheels: .venv/dev ## build both wheels into dist/
	rm -rf dist
	$(PY) -m build --wheel --no-isolation --outdir dist .
	$(PY) -m build --wheel --no-isolation --outdir dist packaging/service

clean: ## remove what was built and installed here; data under var/ stays
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +

# Both projects are installed in editable mode: it brings the extras, and it makes the adapters'
# entry points visible. The modules themselves still come from src/.
INSTALL = umask 022; $(PY) -m pip install --quiet --disable-pip-version-check

# A .venv whose Python is gone, say after an upgrade of the system, is made anew.
VENV = umask 022; $(PY) -c '' 2>/dev/null || sh packaging/venv.sh .venv
$(shell $(PY) -c '' 2>/dev/null || rm -f .venv/app .venv/dev)

.venv/app: $(PROJECTS)
	@$(VENV)
	@echo "Setting up .venv to run; the first time takes about a minute ..."
	@$(INSTALL) -e '.[app]' -e packaging/service
	@touch $@

.venv/dev: $(PROJECTS)
	@$(VENV)
	@echo "Setting up .venv to run and test; the first time takes about a minute ..."
	@$(INSTALL) -e '.[app,dev]' -e packaging/service
	@touch .venv/app $@
