# Every command prepares what it needs first; a second run finds it there. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
STEP ?=
ARGS ?=

# the files that are served, collected anew when one of ours, an npm package or a Python package changed
VAR := $(or $(YINFENG_VAR_DIR),var)
COLLECTED := $(VAR)/static/staticfiles.json
STAMPS := .venv/yinfeng-stamp yinfeng/core/static/vendor/.stamp
OURS := $(shell find yinfeng/*/static -type f -not -path '*/vendor/*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev data run demo test soak lint format bench clauses messages lock audit release

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## make the environment, the front-end assets and the keys of this clone
	@$(PYTHON) -m tools.bootstrap

setup-dev:
	@$(PYTHON) -m tools.bootstrap --dev

$(STAMPS): | setup ;
$(COLLECTED): $(STAMPS) $(OURS) | setup
	@echo "· collecting the files that are served"
	@$(BIN)/yinfeng collectstatic --no-input --verbosity 0 --ignore rest_framework --ignore redoc
	@touch $@

data: setup $(COLLECTED)
	@$(BIN)/yinfeng migrate --no-input --verbosity 0
	@$(BIN)/yinfeng profile load xiamen

run: data ## serve on http://127.0.0.1:8000 with an SQLite database under var/
	@$(BIN)/yinfeng firstrun
	@$(BIN)/yinfeng serve $(ARGS)

demo: data ## fill the database with a marked demonstration and print a sign-in for each role
	@$(BIN)/yinfeng demo $(ARGS)

test: setup-dev ## check everything, as CI does; STEP=unit-sqlite for one step, ARGS="-k word" for pytest
	@$(BIN)/python -m tools.check $(STEP) -- $(ARGS)

soak: setup-dev ## fuzz at length: every payload on every field, thousands of generated requests
	@YINFENG_FUZZ=soak $(BIN)/python -m tools.check unit-sqlite unit-postgres -- tests/machines $(or $(ARGS),-k "fuzz or openapi")

lint: setup-dev ## the checks that run no test
	@$(BIN)/python -m tools.check lint

format: setup-dev ## put the code into its form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: setup-dev ## measure pages, lists and the matching of names against bare views and peers; prints ratios
	@$(BIN)/python -m tools.peers
	@$(BIN)/python -m bench $(ARGS)
	@$(BIN)/python -m bench.matching --library $(or $(FIRMS),200000)
	@$(BIN)/python -m bench.library --enterprises $(or $(FIRMS),200000)
	@$(BIN)/python -m bench.exchange --enterprises $(or $(FIRMS),200000) --lines $(or $(FIRMS),200000)

clauses: setup-dev ## the clauses of the policy and the tests that show each
	@$(BIN)/python -m tools.clauses

messages: setup-dev ## bring the translation catalogues up to date and say what they lack
	@$(BIN)/python -m tools.messages extract
	@$(BIN)/python -m tools.messages check

lock: setup-dev ## pin the dependencies anew; ARGS=--upgrade for their newest releases
	@$(BIN)/python -m tools.lock $(ARGS)

audit: setup-dev ## look the locked dependencies up in the registries' lists of known holes (needs the internet)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements/run-s3.txt
	@npm audit

release: setup-dev ## build the wheel into dist/, with its bill of materials
	@$(BIN)/hatchling build --target wheel
	@$(BIN)/cyclonedx-py requirements requirements/run.txt --output-file dist/yinfeng.cdx.json
