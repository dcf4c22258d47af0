# One command sets up; each target says what it does. Nothing but Python 3.11+ and make is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
BI := .venv-bi
# every command starts seconds sooner from compiled packages
export UV_COMPILE_BYTECODE := 1
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := yes

.DEFAULT_GOAL := help
.PHONY: help setup setup-ui setup-dev demo test check format written berka answer-key raw-extracts hostile campaign docs clients bi test-bi bench prospects similarity lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock

$(VENV)/.runtime: requirements.lock pyproject.toml | $(UV)
	$(UV) pip sync --quiet --require-hashes requirements.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.dev $(VENV)/.ui
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(UV)
	$(UV) pip sync --quiet --require-hashes requirements-dev.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ui
	@touch $@ $(VENV)/.runtime

$(VENV)/.ui: requirements-ui.lock pyproject.toml | $(UV)
	$(UV) pip sync --quiet --require-hashes requirements-ui.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.dev
	@touch $@ $(VENV)/.runtime

setup: ## install what the warehouse needs to run
	@test -e $(VENV)/.dev || $(MAKE) --no-print-directory $(VENV)/$$(test -e $(VENV)/.ui && echo .ui || echo .runtime)

setup-ui: ## install that and Dagster's pages, for `acrm serve`
	@test -e $(VENV)/.dev || $(MAKE) --no-print-directory $(VENV)/.ui

setup-dev: $(VENV)/.dev ## install that and what tests, checks and pages need

demo: setup ## generate a small bank, run its nights, show what came out
	$(BIN)/acrm demo

test: check ## lint, type-check and run every test but the slow suites
	$(BIN)/python -m pytest -n 2 --dist loadfile --max-worker-restart 0 --durations=40

check: setup-dev ## lint Python and SQL, type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy benchmarks bi contract orchestration expectations sample_bank
	PYTHONWARNINGS=ignore::UserWarning $(BIN)/sqlfluff lint --processes 2 models
	# once more as the first night sees them, where that is another text
	PYTHONWARNINGS=ignore::UserWarning ACRM_LINTED_NIGHT=first $(BIN)/sqlfluff lint --processes 2 $$(grep -rlE '\{%-? *if ' --include='*.sql' models)

format: setup-dev ## format the Python code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

written: setup-dev ## write everything anew that is generated and kept in the project
	$(BIN)/python -m tests.support.written

berka: setup-dev ## run all nights of the Berka bank and compare every customer-month with the raw data
	ACRM_BERKA_FROM=1994-01-01 ACRM_BERKA_TO=1994-03-30 $(BIN)/python -m pytest tests/berka/test_berka_pipeline.py

answer-key: setup-dev ## compare 50,000 customers × 18 months × 40 nights with what the generator knows
	ACRM_ANSWER_KEY=50000,18,40 $(BIN)/python -m pytest tests/stories/test_answer_key*.py

raw-extracts: setup-dev ## recompute chapter 5 from the raw extracts of ten long, hostile banks
	ACRM_RAW_EXTRACTS=10 $(BIN)/python -m pytest tests/reference/test_raw_extracts.py

hostile: setup-dev ## recompute the marts of other hostile banks, in plain Python: make hostile SEEDS=5,6,7
	ACRM_HOSTILE_SEEDS=$(or $(SEEDS),1,2,3) $(BIN)/python -m pytest -n 2 --dist loadfile tests/reference/test_hostile_bank.py tests/reference/test_hostile_events.py tests/reference/test_hostile_plans.py tests/reference/test_merges_put_right.py

campaign: setup-dev ## kill, fill, collide, damage: make campaign ROUNDS=40 SEED=1; one round again: ONLY=17
	$(BIN)/python -m tests.campaign --rounds $(or $(ROUNDS),40) --seed $(or $(SEED),1) $(if $(KILLS),--kills $(KILLS)) $(if $(WORKERS),--workers $(WORKERS)) $(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--keep $(KEEP)) $(if $(WRITE),--write) $(if $(DBT),--by-dbt)

docs: setup ## write dbt's own documentation site of a warehouse that has run: ACRM_HOME or var
	$(BIN)/acrm docs

clients: setup-dev ## open a release with the newest clients of the registry, in an environment of their own
	$(PYTHON) -m venv .venv-clients
	.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check duckdb duckdb-cli polars pandas pyarrow pyspark sqlalchemy duckdb-sqlalchemy
	ACRM_CLIENTS=$(CURDIR)/.venv-clients/bin/python $(BIN)/python -m pytest tests/published/test_clients.py

$(BI)/.installed: requirements-bi.lock | $(UV)
	$(PYTHON) -m venv --without-pip $(BI)
	$(UV) pip sync --quiet --require-hashes --python $(BI)/bin/python requirements-bi.lock
	@touch $@

bi: $(BI)/.installed ## serve dashboards of a warehouse that has run (Apache Superset): make bi PORT=8088
	$(BI)/bin/python -m bi.serve --port $(or $(PORT),8088)

test-bi: setup-dev $(BI)/.installed ## compare every chart of the real server with SQL, in Chromium
	ACRM_BI=$(CURDIR)/$(BI)/bin/python $(BIN)/python -m pytest tests/bi

bench: setup-dev ## measure a night: make bench SIZE=small|large|million|city
	$(BIN)/python -m benchmarks.run --size $(or $(SIZE),small)

prospects: setup-dev ## compare prospects and supply chains with what the generated bank knows: benchmarks/PLANTED.md
	$(BIN)/python -m benchmarks.prospects --write

similarity: setup-dev ## compare similarity with popularity on the generated bank: benchmarks/PLANTED.md
	$(BIN)/python -m benchmarks.recommendations --write

lock: setup-dev ## resolve the lock files anew
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra ui -c requirements.lock pyproject.toml -o requirements-ui.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev --extra ui -c requirements-ui.lock pyproject.toml -o requirements-dev.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header bi/requirements.in -o requirements-bi.lock

clean: ## remove what runs have made
	rm -rf var
