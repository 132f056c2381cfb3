# Everything here needs Python 3.11 or newer, with pip, and installs the rest by itself.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run manage reset test check bench drill lock

PYTHON ?= python3
ARGS ?=
PARALLEL ?= --numprocesses auto --maxprocesses 4 --dist loadgroup --quiet
VENV_PYTHON := .venv/bin/python

# Usage: $(call prepare,local), or test, or dev: each holds the one before
define prepare
@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: $(PYTHON) was not found." >&2; exit 1; }
@$(PYTHON) infra/local/bootstrap.py $(1)
endef

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run:  ## start the whole platform here, until Ctrl-C
	$(call prepare,local)
	@exec $(VENV_PYTHON) -m infra.local.run

manage:  ## a management command of the running platform: ARGS="check_invariants"
	$(call prepare,local)
	@exec $(VENV_PYTHON) -m infra.local.manage $(ARGS)

reset:  ## forget the data of this checkout
	$(call prepare,local)
	@exec $(VENV_PYTHON) -m infra.local.reset

test:  ## run the tests; ARGS="-k word" chooses
	$(call prepare,test)
	@exec $(VENV_PYTHON) -m pytest $(PARALLEL) $(ARGS)

check:  ## run every quality gate, tests included
	$(call prepare,dev)
	@exec $(VENV_PYTHON) -m infra.local.checks $(ARGS)

bench:  ## measure throughput and latency
	$(call prepare,local)
	@exec $(VENV_PYTHON) -m tests.performance $(ARGS)

drill:  ## kill processes and servers under load and count what was lost
	$(call prepare,local)
	@exec $(VENV_PYTHON) -m tests.resilience $(ARGS)

lock:  ## choose and lock the versions of all packages anew
	$(call prepare,local)
	@exec $(VENV_PYTHON) -m infra.local.lock
