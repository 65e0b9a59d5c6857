# Everything happens in .venv, from requirements.lock, every file checked against its hash.
# ARGS goes to the program behind a target: make run ARGS=--demo, make test ARGS="-k sandbox".

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

ifneq ($(words $(VENV)),1)
$(error VENV is "$(VENV)", and make cannot name a folder with blanks: choose another)
endif

# A proxy that inspects TLS signs with a certificate that is in the system's store; pip and uv look into their own.
CERTIFICATES := $(or $(SSL_CERT_FILE),$(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt \
  /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem)))
ifneq ($(CERTIFICATES),)
export PIP_CERT ?= $(CERTIFICATES)
export UV_SYSTEM_CERTS ?= true
endif

.DEFAULT_GOAL := help
.PHONY: help setup run down test test-unit lint fmt docs bench fuzz attack drill faults faults-mutations faults-table lock clean profile \
  wheel image images kubernetes-check compose-test audit-deps classify-report browser bench-history analysts scan

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with everything in it (PYTHON=... chooses the interpreter, 3.11 or later)

# uv comes first, by pip and with its hashes from the lock; then it installs the rest, and Hookline itself in place.
# A .venv that was made without pip gets it from Python's own ensurepip, which Debian ships as a package of its own.
$(READY): requirements.lock deploy/build.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Hookline needs Python 3.11 or later, and $(PYTHON) is `"$(PYTHON)" -V 2>&1`." \
	       "Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 78; }
	@echo "setting up $(VENV) (a minute when nothing is cached)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv --without-pip $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip --version >/dev/null 2>&1 || \
	  $(BIN)/python -m ensurepip >/dev/null 2>&1 || { \
	  echo "$(VENV) has no pip, and $(PYTHON) has no ensurepip to bring it. On Debian and Ubuntu:" \
	       "apt install python3-venv. Or name another Python: rm -rf $(VENV); make PYTHON=/path/to/python3 setup"; \
	  exit 78; }
	@sed -n '/^uv==/,/[^\]$$/p' requirements.lock > $(VENV)/uv.lock
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock -r deploy/build.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## everything on this machine, until Ctrl-C
	@$(BIN)/hookline up $(ARGS)

down: $(READY) ## stop what `hookline up --detach` started
	@$(BIN)/hookline down $(ARGS)

# A file stays in one process, which has servers of its own; in the order collected the long files come first.
test: $(READY) ## every test that this machine can run (ARGS="-n 0": one after the other)
	@$(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-unit: $(READY) ## the tests that need no server
	@$(BIN)/pytest tests/unit $(ARGS)

browser: $(READY) ## the console in a real Chromium, wide, on a phone, light, dark; pictures go to build/screenshots
	@HOOKLINE_SCREENSHOTS=build/screenshots $(BIN)/pytest -n 0 tests/browser $(ARGS)

lint: $(READY) ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fmt: $(READY) ## format, and mend what can be mended by itself
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: $(READY) ## write the reference pages in docs/ from the code
	@$(BIN)/python -m tests.reference

profile: $(READY) ## what a webhook and an event take of the processor, stage by stage (ARGS="--against DIR")
	@$(BIN)/python -m tests.bench.profile --record docs/benchmarks/profile.md $(ARGS)

bench: $(READY) ## the benchmark table
	@$(BIN)/python -m tests.bench $(ARGS)

attack: $(READY) ## 128 attackers of each kind at an ingest and a gate, and what genuine requests come to (docs/attacks.md)
	@$(BIN)/python -m tests.security $(ARGS)

bench-history: $(READY) ## the console, trace and retention with 5,000,000 events (ARGS="--events 100000")
	@$(BIN)/python -m tests.bench.history --record docs/benchmarks/history.md $(ARGS)

# ROW=K5 SEED=7 REPEAT=20: one row (or several, with commas), from one seed on. Without SEED: so many green runs with
# seeds by chance; what has been green for this very code is not run again. docs/faults.md is written as it goes.
fuzz: $(READY) ## 100,000 odd requests against a running ingest, 5,000 odd batches on the processors' topics
	@HOOKLINE_FUZZ_COUNT=100000 HOOKLINE_JUNK_COUNT=5000 \
	  $(BIN)/pytest -n 0 tests/integration/test_fuzz.py tests/integration/test_junk.py $(ARGS)

faults: $(READY) ## what happens when things break (ROW=, SEED=, REPEAT=)
	@$(BIN)/python -m tests.faults $(if $(ROW),--row $(ROW)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(REPEAT),--repeat $(REPEAT)) $(ARGS)

drill: $(READY) ## the incident drill: who notices what, how soon, and whether what they say mends it (docs/drill.md)
	@$(BIN)/python -m tests.drill $(ARGS)

faults-mutations: $(READY) ## safeguards taken away, which the fault suite must see
	@$(BIN)/python -m tests.faults.mutations $(ARGS)

faults-table: $(READY) ## docs/faults.md from the results so far
	@$(BIN)/python -m tests.faults.table

classify-report: $(READY) ## how well texts are understood (TEXTS=path, EVERYDAY=path)
	@$(BIN)/python -m tests.classify_report "$(TEXTS)" "$(EVERYDAY)"

lock: $(READY) ## bring the locks up to date: the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --extra local --extra analysis --extra tracing --extra librdkafka --extra dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --constraint requirements.lock pyproject.toml -o deploy/requirements.lock
	echo 'setuptools>=77' | $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header \
	  --no-emit-index-url --python-version 3.11 - -o deploy/build.lock
	printf '%s\n' 'trytond~=8.2.0' 'trytond-party[phonenumbers]~=8.2.0' | $(BIN)/uv pip compile --quiet --upgrade \
	  --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 - -o tests/servers/tryton.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 deploy/analytics/requirements.in -o deploy/analytics/requirements.lock
	$(BIN)/python -m deploy.local.relock

wheel: $(READY) ## Hookline's own wheel in dist/, by the pinned setuptools, for machines without containers
	@rm -rf build
	@$(BIN)/python -m pip --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation --no-index --wheel-dir dist .
	@ls -1 dist/*.whl

# COMPOSE: podman-compose or "docker compose". BUILD: further options of the image's build, such as certificates.
COMPOSE ?= $(if $(shell command -v docker),docker compose,podman-compose)
BUILD ?=
ENGINE := $(if $(filter podman%,$(COMPOSE)),podman,docker)

compose-test: $(READY) ## deploy/compose.yaml for real: webhooks through TLS, rolling restarts, rotation (COMPOSE=, BUILD=)
	@command -v $(ENGINE) >/dev/null || { echo "compose-test needs docker or podman: neither is installed"; exit 69; }
	@HOOKLINE_TEST_COMPOSE="$(COMPOSE)" HOOKLINE_TEST_BUILD="$(BUILD)" $(BIN)/pytest -n 0 tests/compose $(ARGS)

# An environment of its own, 1 GB with Spark; what runs on Java comes through Maven (mvn), the rest by pip.
ANALYSTS := $(VENV)/analysts
COPY := mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime
analysts: $(READY) $(ANALYSTS)/.ready ## docs/analysts.md with dbt, a notebook, Spark, Connect, kcat: tool, version, records, result
	@HOOKLINE_TEST_ANALYSTS=$(ANALYSTS)/bin $(BIN)/pytest -n 0 tests/analysts $(ARGS)

$(ANALYSTS)/.ready: deploy/analytics/requirements.lock deploy/analytics/pom.xml deploy/analytics/connect.xml | $(READY)
	@echo "setting up $(ANALYSTS) (some minutes when nothing is cached)"
	@test -x $(ANALYSTS)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(ANALYSTS)
	@$(BIN)/uv pip sync --quiet --python $(ANALYSTS)/bin/python --require-hashes deploy/analytics/requirements.lock
	@command -v mvn >/dev/null || echo "no mvn (Maven): Spark and Connect will have no packages, and their tests are skipped"
	@! command -v mvn >/dev/null || $(COPY) --file deploy/analytics/pom.xml -DoutputDirectory="$(CURDIR)/$(ANALYSTS)/jars" \
	  -DexcludeGroupIds=org.scala-lang,org.scala-lang.modules,org.apache.hadoop,org.slf4j,com.google.code.findbugs
	@! command -v mvn >/dev/null || $(COPY) --file deploy/analytics/connect.xml -DoutputDirectory="$(CURDIR)/$(ANALYSTS)/connect"
	@touch $@

scan: $(READY) ## the console before wapiti, a web vulnerability scanner, as nobody, viewer and operator (asks the package index)
	@HOOKLINE_TEST_WAPITI="$(BIN)/uv tool run --from wapiti3==3.2.3 wapiti" $(BIN)/pytest -n 0 tests/scan $(ARGS)

audit-deps: $(READY) ## known vulnerabilities in the locks, by pip-audit (1: there are; 69: its data could not be had)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python .ci/audit_deps.py

# By its own, pinned: the schemas of nine versions take 108 MB. What operators define themselves it does not know.
kubernetes-check: $(READY) ## the manifests against Kubernetes' own schemas, 1.29 to 1.37 (asks the package index)
	@for version in 29 30 31 32 33 34 35 36 37; do \
	  $(BIN)/uv tool run kubernetes-validate==1.37.0 --strict --quiet --no-warn --kubernetes-version 1.$$version \
	    $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml)) deploy/kubernetes-strimzi/disruption.yaml || exit 1; \
	done

image: ## build the container image, hookline:local
	$(ENGINE) build $(BUILD) -f deploy/Dockerfile -t hookline:local .

images: ## base images for a machine that cannot pull any (deploy/images/README.md)
	sudo deploy/images/build.sh

clean: ## remove .venv and what tools left; the local stack's state stays in .hookline
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
