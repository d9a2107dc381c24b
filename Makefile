# make run    set everything up in .venv and do the main job on this machine
# make test   set everything up and run every test this machine can run within minutes; the rest is named
# make test-long  the tests that take longer: many random traces, notebooks, the commands of the docs
# make lint   check style, types and dead code of Python, C++ and JavaScript
# make docs   build the documentation as a site in site/
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test test-long setup setup-dev setup-lint clean lint docs

run: setup
	$(BIN)/profiler demo

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev
setup-lint: $(VENV)/.installed-lint

# a machine's Python may come without venv or pip: say what to install instead of a traceback
$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); [ "$$(id -u)" = 0 ] && apt-get install -y python3-venv \
	  && $(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); \
	  echo "error: $(PYTHON) cannot make a virtual environment"; \
	  echo "fix: apt-get install python3-venv, or make PYTHON=/path/to/python3.10+"; exit 3; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-lint: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev,lint]'
	@touch $@

test: setup-dev
	scripts/install-test-tools.sh $(BIN)/python
	scripts/run-tests.sh $(BIN)/python

test-long: setup-dev
	scripts/install-test-tools.sh $(BIN)/python
	scripts/run-tests.sh $(BIN)/python long

lint: setup-lint
	scripts/lint.sh $(BIN)/python

docs: $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[docs]'
	$(BIN)/mkdocs build --strict -q

clean:
	rm -rf $(VENV) build dist site node_modules
