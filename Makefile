# Two commands for everybody: `make demo` and `make test`. The rest is for those who work on it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench campaign generated clean system-packages

demo: $(STAMP)
	rm -rf demo
	$(BIN)/healthcard demo --out demo

test: $(STAMP) system-packages check
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# What pytest does not see: style, types, layers, generated files, known holes in dependencies.
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/generated.py --check
	$(BIN)/python tools/check_cddl.py
	$(BIN)/python tools/audit.py

# Everything that is made from something else, made again.
generated: $(STAMP)
	$(BIN)/python tools/generated.py

bench: $(STAMP) system-packages
	$(BIN)/python -m benchmarks

# Long runs: a million mutants, all insertions, every vector of damage.
campaign: $(STAMP) system-packages
	$(BIN)/python -m tests.fuzz 1000000
	$(BIN)/python -m benchmarks.damage
	$(BIN)/python -m tests.web_fuzz 1000000
	HEALTHCARD_CAMPAIGN=1 $(BIN)/python -m benchmarks.service
	HEALTHCARD_CAMPAIGN=1 $(BIN)/python -m pytest

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

# What only the system's package manager has: second readers of codes and PDFs.
system-packages:
	@sh tools/system-packages.sh

clean:
	rm -rf $(VENV) .venv-* dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
