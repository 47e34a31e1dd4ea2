# Two commands do everything on a fresh machine: `make run` and `make test`.
#
# WORKERS tell the stories of `make test` at the same time: most of each is waiting for telephones.
# PYTHON names the interpreter that .venv is made with; ARGS goes to pytest, to the bench or to chaos; PACE and SEED to the
# demo; N to `make fuzz`; N and SEED to `make chaos`.

PYTHON ?= python3
ARGS ?=
PACE ?= 1
SEED ?=
N ?= 200
WORKERS ?= 2
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test test-images coverage lint types contracts lock bench chaos fuzz pictures snapshot clean dev equipped

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

run: ## set everything up and run the line in the foreground; Ctrl-C stops it
	@tools/bootstrap.sh run
	@exec .venv/bin/siaga112 run

demo: ## run, with a simulated town that calls (PACE=5: five times as fast); Ctrl-C stops it
	@tools/bootstrap.sh demo
	@exec .venv/bin/python -m demo --pace $(PACE) $(if $(SEED),--seed $(SEED)) $(ARGS)

test: equipped lint types contracts ## set everything up and run every check and test
	@if [ "$$(id -u)" = 0 ] && command -v buildah >/dev/null; then marks=; else marks='not images'; \
	    echo 'siaga112: the images of docker/ are not tested here: that needs root and buildah (make test-images)'; fi; \
	exec .venv/bin/python -m pytest -m "$$marks" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: equipped ## the tests that need no telephone, and what of the code they reach; slower by half than without
	@exec .venv/bin/python -m pytest --cov -n $(WORKERS) --dist loadfile tests/ticketing tests/gateway $(ARGS)

test-images: ## build the images of docker/ and call through them; needs root
	@tools/bootstrap.sh images
	@exec .venv/bin/python -m pytest -m '' tests/images $(ARGS)

lint: dev ## style: ruff's rules and its formatting
	.venv/bin/ruff check
	.venv/bin/ruff format --check

types: dev ## types: mypy, strict
	.venv/bin/mypy --config-file setup.cfg

contracts: dev ## imports: who may import whom
	.venv/bin/lint-imports --config setup.cfg

lock: dev ## write requirements/*.txt anew from setup.cfg; ARGS=--upgrade takes newer versions
	@tools/lock.sh $(ARGS)

bench: equipped ## measure against a bare listener and print a table
	@exec .venv/bin/python -m bench $(ARGS)

chaos: equipped ## N faults drawn from SEED, under calls, on a line of its own; 0: no call and no ticket was lost
	@exec .venv/bin/python -m chaos --faults $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz: equipped ## ask the API for whatever it takes and does not take, deeper than `make test` does; N examples a call
	@FUZZ_EXAMPLES=$(N) exec .venv/bin/python -m pytest tests/telephony/test_fuzz.py --timeout 7200 $(ARGS)

pictures: equipped ## every page, light and dark, wide and narrow, into docs/pictures/console
	@exec .venv/bin/python -m tests.console.pictures

snapshot: equipped ## the README's picture of the demo's board, into docs/pictures/demo.png
	@exec .venv/bin/python -m tests.demo.snapshot

clean: ## remove .venv and caches; the line's data (var/) stays
	rm -rf .venv build *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find gateway ticketing tests bench demo chaos -name __pycache__ -prune -exec rm -rf {} +

dev:
	@tools/bootstrap.sh dev

equipped:
	@tools/bootstrap.sh test
