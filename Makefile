# make run    set everything up in .venv and do the main job on this machine
# make test   set everything up and run every test this machine can run; the rest is named
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test setup setup-dev native clean lint

run: setup
	$(BIN)/profiler demo

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

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

test: setup-dev
	scripts/install-test-tools.sh $(BIN)/python
	scripts/run-tests.sh $(BIN)/python

lint: setup-dev
	$(BIN)/ruff check profiler tests benchmarks

clean:
	rm -rf $(VENV) build dist
