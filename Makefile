# Everything is set up in .venv by the first call of any target; later calls only work.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
FUZZ ?= 10000

.DEFAULT_GOAL := help
.PHONY: help run test fuzz versions lab app lint notebooks bench requirements clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: .venv/ready  ## execute the series into build/run (ARGS="--only 03 -p EPOCHS=1 --continue")
	$(BIN)/python -m mnist_utils run $(ARGS)

test: .venv/ready  ## unit tests, notebook format, and every notebook through nbval
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

fuzz: .venv/ready  ## ten thousand random inputs (FUZZ=…) for each loader and check
	HYPOTHESIS_PROFILE=long FUZZ=$(FUZZ) $(BIN)/python -m pytest -n 2 --dist worksteal --hypothesis-show-statistics \
	    tests/test_fuzz_loaders.py tests/test_fuzz_images.py tests/test_fuzz_checks.py $(ARGS)

lab: .venv/ready  ## open JupyterLab on the series
	$(BIN)/jupyter lab --notebook-dir notebooks $(ARGS)

app: .venv/ready  ## draw a digit and have it read, in the browser (ARGS="--open --port 8000")
	$(BIN)/python -m mnist_utils app $(ARGS)

lint: .venv/ready  ## check the code and the notebooks' form
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python tools/normalise.py

notebooks: .venv/ready  ## run everything from scratch and store its outputs in the repository
	rm -rf build/stored
	$(BIN)/python tools/restamp.py
	$(BIN)/python -m mnist_utils run --fresh-cache --output build/stored
	$(BIN)/python -m mnist_utils run --fresh-cache --output build/stored/solutions --notebooks notebooks/solutions
	$(BIN)/python tools/store.py build/stored

bench: .venv/ready  ## time the published recipes against ours (ARGS="--quick" for 5 minutes)
	$(BIN)/python benchmarks/time_to_accuracy.py $(ARGS)

COMPILE := uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade

versions:  ## the whole test suite on the pinned, Colab's and the lowest versions
	$(PYTHON) tools/versions.py $(ARGS)

requirements:  ## pin the newest versions that pyproject.toml admits, Colab's, and the lowest (needs uv)
	$(COMPILE) -o requirements.txt
	$(COMPILE) --constraint requirements/colab.in -o requirements/colab.txt
	$(COMPILE) --resolution lowest-direct -o requirements/lowest.txt

clean:  ## remove what runs have built; keeps .venv and the cache of trained networks
	rm -rf build .pytest_cache .ruff_cache .hypothesis

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"TensorFlow needs Python 3.11 to 3.13; $(PYTHON) is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --compile --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
