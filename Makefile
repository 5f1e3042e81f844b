# The two commands of the README are `make demo` and `make test`. Both set up what they
# need, both can be run twice, and both work offline once the packages are installed.

PYTHON ?= python3
VENV ?= .venv
SUPERSET ?= .venv-superset
BIN = $(VENV)/bin
DBT = $(BIN)/dbt
SUPERSET_RUN = SUPERSET_HOME=$(abspath $(SUPERSET))/home FLASK_APP=superset \
    SUPERSET_CONFIG_PATH=$(abspath analyses/superset/superset_config.py) \
    $(SUPERSET)/bin/superset
WORKERS ?= 2
ORDERS ?= 60

export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false

.PHONY: setup demo test test-spark build lint format docs bench bench-spark bench-docs lock spark superset clean

setup: $(VENV)/.runtime  ## The environment alone, for a shop of your own.
	@echo "make setup: done; source $(VENV)/bin/activate, then docs/start.md"

demo: $(VENV)/.runtime  ## Make a shop's exports, load, build, check, publish, report.
	$(BIN)/warehouse demo
	$(BIN)/warehouse run --target demo --docs

test: $(VENV)/.dev lint  ## Everything that CI runs.
	$(BIN)/warehouse docs --check
	$(BIN)/pytest -n $(WORKERS) -q
	@echo "make test: all checks passed"

test-spark: $(VENV)/.dev $(VENV)/.spark  ## A whole demo on DuckDB and on Spark, compared.
	WAREHOUSE_TEST_SPARK=$(ORDERS) $(BIN)/pytest -q tests/python/test_spark.py

build: $(VENV)/.runtime  ## dbt build of what has been loaded.
	$(BIN)/warehouse build

lint: $(VENV)/.dev  ## SQL and Python style.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes $(WORKERS) --disable-progress-bar models tests analyses

format: $(VENV)/.dev  ## Mend what the linters can mend themselves.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes $(WORKERS) --disable-progress-bar models tests analyses

docs: $(VENV)/.runtime  ## Rewrite the documents that are generated from the YAML.
	$(BIN)/warehouse docs

bench: $(VENV)/.dev  ## What everything costs; SIZES="20000 1000000": other shops.
	PYTHONPATH=scripts $(BIN)/python -m benchmarks $(SIZES) $(BENCH)

bench-spark: $(VENV)/.dev $(VENV)/.spark  ## The same models on DuckDB and on Spark, as events grow.
	PYTHONPATH=scripts $(BIN)/python -m benchmarks.spark $(BENCH)

bench-docs: $(VENV)/.runtime  ## Rewrite docs/benchmarks.md and docs/spark.md from what was measured.
	PYTHONPATH=scripts $(BIN)/python -m benchmarks --only-page

lock:  ## Resolve requirements*.in to exact versions with hashes (needs uv).
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -q requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -q requirements-postgres.in \
	    -c requirements.txt -o requirements-postgres.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -q requirements-dev.in \
	    -c requirements.txt -c requirements-postgres.txt -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -q requirements-spark.in \
	    -c requirements.txt -o requirements-spark.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -q requirements-superset.in \
	    --exclude-newer 2026-06-01 --exclude-newer-package duckdb=2026-10-15 \
	    -o requirements-superset.txt

spark: $(VENV)/.spark  ## Apache Spark and its adapter, on top of the environment.
	@echo "make spark: done; warehouse build --target spark, and docs/spark.md"

superset: $(SUPERSET)/.ready  ## Apache Superset, in an environment of its own.
	@echo "make superset: done. To try it, as admin with the password admin:"
	@echo "  $(SUPERSET_RUN) run -p 8088"

clean:  ## Remove the environment, build artefacts and the demo shop; your own data stay.
	rm -rf $(VENV) $(SUPERSET) target logs data/demo data/bench .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "make clean: done (your own exports under data/landing are untouched)"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not:"; $(PYTHON) --version; \
	    echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { \
	    echo "This Python cannot make environments (on Debian: apt-get install python3-venv)."; \
	    rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.spark: requirements-spark.txt $(VENV)/.runtime
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.txt
	@touch $@

# Its own database of users and dashboards is made here, once: tests take a copy.
$(SUPERSET)/.ready: requirements-superset.txt analyses/superset/superset_config.py
	$(PYTHON) -m venv $(SUPERSET)
	$(SUPERSET)/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-superset.txt
	rm -rf $(SUPERSET)/home
	$(SUPERSET_RUN) db upgrade
	$(SUPERSET_RUN) fab create-admin --username admin --password admin --firstname A --lastname D --email admin@localhost
	$(SUPERSET_RUN) init
	@touch $@
