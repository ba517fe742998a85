# One verb a target; `make help` lists them. Needs a POSIX shell and Python 3.11 to 3.14 with venv and pip.
# Everything is installed below this folder: Python packages in .venv, npm packages in node_modules.

.NOTPARALLEL:
.PHONY: help setup setup-test setup-witnesses derive build site test test-deep witnesses bench lint types lock clean

# Which Python makes .venv: empty means the first suitable one on PATH, or the .venv that is there.
PYTHON ?=
# Where `make site` listens; the next free port is taken if this one is in use.
PORT ?= 8000
# Handed to pytest by `make test`, for example PYTEST_ARGS="tests/lstmref -x".
PYTEST_ARGS ?=
# Handed to the benchmarks by `make bench`: --quick takes a minute and writes nothing.
BENCH_ARGS ?=
# Handed to uv by `make lock`: --upgrade moves every pin that may move.
LOCK_ARGS ?=

VENV = .venv/bin
UV = ../$(VENV)/uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes
PIP_INSTALL = $(VENV)/python -m pip install -qq --disable-pip-version-check --only-binary=:all:
# torch and what only its CUDA build asks for: which build pip finds depends on the index, so no hash fits all of them.
BY_INDEX = ^(torch==|cuda-|nvidia-|triton==)
# Two builds of one commit are byte-identical: every date in the site is the commit's. Without git, the release's.
EPOCH = if [ -e .git ]; then git log -1 --format=%ct 2>/dev/null; fi
WITH_EPOCH = epoch=$${SOURCE_DATE_EPOCH:-$$($(EPOCH))}; SOURCE_DATE_EPOCH=$${epoch:-1795219200}; export SOURCE_DATE_EPOCH;
SETUP = python=$$(sh tools/find-python.sh "$(PYTHON)") && "$$python" tools/setup.py --named "$(PYTHON)"

help: ## list the verbs (the default)
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1 :: \2/p' Makefile | awk -F ' :: ' '{printf "%-23s %s\n", $$1, $$2}'

setup: ## install what the site needs into .venv and node_modules (quick when nothing changed)
	@$(SETUP)

setup-test: ## the same, and what the tests need
	@$(SETUP) --tests

setup-witnesses: setup-test ## the same, and PyTorch, Keras and Flax
	@cat requirements/witnesses.txt requirements/torch.txt | cmp -s - .venv/witnesses.txt || { \
	  echo 'installing PyTorch, Keras and Flax, about 0.9 GB' && rm -f .venv/witnesses.txt && \
	  $(PIP_INSTALL) --no-deps --require-hashes --requirement requirements/witnesses.txt && \
	  $(PIP_INSTALL) --requirement requirements/torch.txt && $(VENV)/python -m pip --quiet check && \
	  cat requirements/witnesses.txt requirements/torch.txt >.venv/witnesses.new && mv .venv/witnesses.new .venv/witnesses.txt; }

derive: setup ## derive every formula, prove it, break it; quick when nothing changed
	$(VENV)/python -m derivations verify --reuse

build: setup derive ## build the site, both languages, into site/
	@$(WITH_EPOCH) $(VENV)/python -m docs.hooks.build

site: setup build ## derive, prove, build, and serve the site on this machine
	@$(VENV)/python -m docs.hooks.serve --port $(PORT)

test: setup-test ## everything that must hold: lint, types, proofs, site build, tests
	@failed=; \
	for part in lint types derive build; do \
	  printf '== %s\n' $$part; \
	  $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	for part in lint types derive build; do \
	  case " $$failed " in *" $$part "*) printf '%s: FAILED\n' $$part;; *) printf '%s: passed\n' $$part;; esac; \
	done; \
	printf '== pytest\n'; \
	$(WITH_EPOCH) $(VENV)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS) && [ -z "$$failed" ]

test-deep: setup-test ## what `make test` tries on two cells, with every cell; takes long
	@$(VENV)/python -m pytest -n auto --dist worksteal tests/deep $(PYTEST_ARGS)

witnesses: setup-witnesses ## compare the formulas, and networks of cells, with every witness
	@LSTMREF_REQUIRE_WITNESSES=1 $(VENV)/python -m pytest -m witness

bench: setup-witnesses ## measure speed and memory beside PyTorch; prints the tables, writes benchmarks/latest.json
	@$(VENV)/python -m benchmarks $(BENCH_ARGS)

lint: setup-test ## ruff: rules and format
	@$(VENV)/ruff check . && $(VENV)/ruff format --check .

types: setup-test ## mypy, strict
	@$(VENV)/mypy

lock: setup ## recompile requirements/*.txt and package-lock.json after an edit of requirements/*.in or package.json
	@$(PIP_INSTALL) --no-deps --require-hashes --requirement requirements/lock.txt
	@cd requirements && for name in bootstrap lock site test witnesses; do \
	  cp $$name.txt $$name.new && $(COMPILE) $(LOCK_ARGS) $$name.in --output-file $$name.new >/dev/null && \
	  { [ $$name != witnesses ] || sed -n 's/^\(torch==[^ ]*\).*/\1/p' $$name.new >torch.cut; } && \
	  awk '/^[^ ]/ { keep = ! /$(BY_INDEX)/ } keep' $$name.new >$$name.cut && mv $$name.cut $$name.txt && rm $$name.new \
	    || { rm -f $$name.new *.cut; exit 1; }; \
	done && mv torch.cut torch.txt
	@fresh=$$(mktemp -d) && cp package.json package-lock.json .npmrc "$$fresh" && \
	  (export PATH="$$PWD/$(VENV):$$PATH" && cd "$$fresh" && npm install --package-lock-only --silent) && \
	  cp "$$fresh/package-lock.json" package-lock.json.new && mv package-lock.json.new package-lock.json && rm -r "$$fresh"
	@git diff --stat -- requirements package-lock.json 2>/dev/null || true

clean: ## forget everything built or installed: site, build, caches, node_modules, .venv
	rm -rf .venv node_modules site build dist .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
