# `make run` and `make test` work on a fresh machine that has Python 3.11 or later with venv and pip, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat requirements.txt pyproject.toml | cksum | cut -d' ' -f1)
DATA ?= data
HTTP ?= 127.0.0.1:8080
NATS ?= 127.0.0.1:4222
MINUTES ?= 20
SEED ?= 1
WORKERS ?= auto
CLUSTER ?= data-cluster
CLUSTER_VENV := .venv-cluster
CLUSTER_STAMP := $(CLUSTER_VENV)/.installed-$(shell cat deploy/cluster/requirements.txt | cksum | cut -d' ' -f1)
BROWSERS ?= 2

.PHONY: setup run cluster cluster-tools test test-long test-browser screens check reference bench soak clean
setup: $(STAMP)

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11+ is needed: make PYTHON=...")'
	@echo "Đang cài đặt vào / installing into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.installed-*; touch $@

run: setup
	@exec $(BIN)/tonghop up --data-dir $(DATA) --http $(HTTP) --nats $(NATS) --demo

# A whole cluster on this machine (deploy/cluster/README.md), until Ctrl-C; OPTIONS=--demo loads the demonstration.
cluster: setup cluster-tools
	@exec $(BIN)/python -m deploy.cluster.loopback up --data-dir $(CLUSTER) $(OPTIONS)

# Patroni, in a folder of its own: nothing else needs it.
cluster-tools: $(CLUSTER_STAMP)

$(CLUSTER_STAMP):
	@echo "Đang cài đặt vào / installing into $(CLUSTER_VENV)"
	@test -x $(CLUSTER_VENV)/bin/python || $(PYTHON) -m venv $(CLUSTER_VENV)
	@$(CLUSTER_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r deploy/cluster/requirements.txt
	@rm -f $(CLUSTER_VENV)/.installed-*; touch $@

# All cores, in an order that is another one each time: `-p no:randomly` keeps to the order of the files, WORKERS=0 to one process.
test: setup
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test-long: setup
	@$(BIN)/python -m pytest -m long --exitfirst --numprocesses $(WORKERS) --dist load --maxschedchunk 1 $(if $(TURN),--turn $(TURN))

# Pages in Debian's Chromium (apt-get install chromium), over a demonstration of their own.
test-browser: setup
	@$(BIN)/python -m pytest -m browser tests/browser --numprocesses $(BROWSERS) --dist worksteal

# Pictures of the screens, to be looked at, into docs/screens/.
screens: setup
	@$(BIN)/python -m tests.screens $(ONLY)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The lists in docs/reference/ that are made from the code.
reference: setup
	@$(BIN)/python -m tests.reference

bench: setup
	$(BIN)/python -m tests.bench

soak: setup
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

clean:
	rm -rf $(VENV) $(CLUSTER_VENV) $(DATA) $(CLUSTER) .peers
