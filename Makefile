# `make run` and `make test` work on a fresh machine that has Python 3.11 or later with venv and pip, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat requirements.txt deploy/requirements-build.txt pyproject.toml | cksum | cut -d' ' -f1)
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
SECONDS ?= 1200

# The tools of the supply chain, and the environment of the tests of tracing: what `make setup` doesn't need.
SUPPLY := .venv-supply
SUPPLIED := $(SUPPLY)/.installed-$(shell cat .ci/supply/requirements.txt | cksum | cut -d' ' -f1)
TRACING := .venv-tracing
TRACED := $(TRACING)/.installed-$(shell cat requirements.txt deploy/requirements.txt | cksum | cut -d' ' -f1)
PIP := -W ignore -m pip --disable-pip-version-check --quiet
# Each by its digest, and built here is only what there is as source alone: by what is pinned too.
PINNED := --require-hashes --no-deps --no-build-isolation --use-pep517 --only-binary :all: --no-binary nkeys,odfpy
LOCK := $(SUPPLY)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-config --fork-strategy fewest --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
NPM := --silent --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved

# Compiled files are kept, whatever the surroundings say: without them each of the hundreds of processes of the tests compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run cluster cluster-tools test test-long test-browser test-upgrade test-tracing test-cluster test-cluster-short screens check reference lock sbom supply bench soak clean
setup: $(STAMP)

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11+ is needed: make PYTHON=...")'
	@echo "Đang cài đặt vào / installing into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) install $(PINNED) -r deploy/requirements-build.txt
	@$(BIN)/python $(PIP) install --no-compile $(PINNED) -r requirements.txt
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib events projections services || true # on all cores; some of others' files are not for this Python
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
	@$(CLUSTER_VENV)/bin/python $(PIP) install --require-hashes --no-deps -r deploy/cluster/requirements.txt
	@rm -f $(CLUSTER_VENV)/.installed-*; touch $@

# All cores, in an order that is another one each time: `-p no:randomly` keeps to the order of the files, WORKERS=0 to one process.
test: setup
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test-long: setup
	@$(BIN)/python -m pytest -m long --exitfirst --numprocesses $(WORKERS) --dist load --maxschedchunk 1 $(if $(TURN),--turn $(TURN))

# Pages in Debian's Chromium (apt-get install chromium), over a demonstration of their own.
test-browser: setup
	@$(BIN)/python -m pytest -m browser tests/browser --numprocesses $(BROWSERS) --dist worksteal

# Traces, with what the extra `tracing` brings: beside the environment of everything else, which does without.
test-tracing: setup $(TRACED)
	@$(TRACING)/bin/python -m pytest -m tracing tests/tracing tests/attacks/test_tracing.py --numprocesses $(BROWSERS) --dist loadfile

$(TRACED): $(STAMP)
	@$(PYTHON) -m venv --clear --without-pip $(TRACING)
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	    >"$$($(TRACING)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shared.pth"
	@echo '$(CURDIR)' >"$$($(TRACING)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/checkout.pth"
	@$(BIN)/python $(PIP) --python $(TRACING)/bin/python install $(PINNED) -r deploy/requirements.txt
	@touch $@

# The last release (deploy/release) and this version beside each other, under load: in, and back. Prints the longest gaps.
test-upgrade: setup
	@$(BIN)/python -m pytest -m upgrade tests/upgrade -s -p no:randomly

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

# Pin everything anew, with the hashes of all files of a version: requirements.txt for work on the program, deploy/requirements.txt for what
# runs it, what stands beside a requirements.in, and the bench's peer in Node.js. Pins stay as they are; with UPGRADE=1 they become the newest.
lock: $(SUPPLIED)
	@$(LOCK) pyproject.toml --extra one-machine --group dev --output-file requirements.txt
	@$(LOCK) pyproject.toml --extra service --extra tracing --constraint requirements.txt --output-file deploy/requirements.txt
	@for wanted in $$(git ls-files '*requirements*.in'); do \
	    $(LOCK) "$$wanted" --output-file "$${wanted%.in}.txt" || exit 1; \
	done
	@if command -v npm >/dev/null; then npm --prefix tests/bench/peers $(if $(UPGRADE),update,install) --package-lock-only $(NPM); \
	else echo 'NOT PINNED: tests/bench/peers/package.json, as there is no npm here'; fi

# What a container of the service is made of, as CycloneDX has it, into dist/.
sbom: setup $(SUPPLIED) $(TRACED)
	@mkdir -p dist
	@set -e; made="$$($(TRACING)/bin/python -m tests.licences)"; \
	    echo "$$made" | $(SUPPLY)/bin/python .ci/supply/sbom.py dist/tonghop.cdx.json

# What a gate holds the supply chain and deploy/ to; hadolint and systemd-analyze are asked where they are.
supply: $(SUPPLIED)
	@.ci/supply/check

$(SUPPLIED): .ci/supply/requirements.txt
	@$(PYTHON) -m venv --clear $(SUPPLY)
	@$(SUPPLY)/bin/python $(PIP) install $(PINNED) -r .ci/supply/requirements.txt
	@touch $@

bench: setup
	$(BIN)/python -m tests.bench

# Every fault of a cluster (docs/cluster-faults.md), or those that ONLY names; the short form is for each change.
test-cluster: setup cluster-tools
	@$(BIN)/python -m tests.cluster --seconds $(SECONDS) --seed $(SEED) $(if $(ONLY),--only '$(ONLY)')

test-cluster-short: setup cluster-tools
	@$(BIN)/python -m pytest -m cluster tests/cluster

soak: setup
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

clean:
	rm -rf $(VENV) $(CLUSTER_VENV) $(SUPPLY) $(TRACING) $(DATA) $(CLUSTER) dist .peers
