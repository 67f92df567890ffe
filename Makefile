# Set-up steps are targets with real prerequisites, so that a second run does only what has changed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

AUDIO ?= samples/speech-en.wav
LANGUAGES ?= es,fr,ca
OUT ?= out/demo
SERVICE_TIMES ?= none
HTTP_PORT ?= 0
WEBSOCKET_PORT ?= 0
SPEAKER_PORT ?= 0
LISTENER_PORT ?= 0
MINUTES ?= 10
SEED ?= 1
SPEECH ?= natural
RATES ?= 1,1.25,1.5
STAGE ?= dev
YES ?=
CONFIRM ?=
CONTEXT ?=
FUNCTION ?=
SESSION ?=
SINCE ?= 10
EMAIL ?=
UPGRADE ?=
PYTEST ?=

# What whoever runs make has set a variable to; nothing where its value is the default above.
given = $(if $(filter command environment,$(firstword $(origin $(1)))),$($(1)))

BIN := .venv/bin
PYTHON := $(BIN)/python
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 20
export PYTHONPATH := shared_layer/python:lambdas:.

SYNTHESIS_SOURCES := $(shell find infrastructure lambdas shared_layer -name '*.py') cdk.json frontend/content-security-policy.json
LAYER_SOURCES := $(shell find shared_layer -name '*.py') requirements/layer.txt requirements/signal-layer.txt \
  scripts/build_layers.py scripts/function_packages/layers.py scripts/function_packages/binaries.py
FRONTEND_SOURCES := $(shell find frontend -name node_modules -prune -o -name dist -prune -o -type f ! -name '*.tsbuildinfo' -print)
# The CDK's command line is the project's own; the programs that deploy find it in PATH.
DEPLOY := PATH="$(CURDIR)/node_modules/.bin:$$PATH" $(PYTHON) -m scripts.deploy
SETUP := .venv/.installed build/.debian-packages build/assembly/manifest.json

.PHONY: help demo run frontend bench bench-latency bench-window bench-continuity bench-soak bench-chaos bench-load bench-soak-hour bench-quiet bench-signal bench-span bench-capacity bench-units bench-clauses test test-browser screenshots check format setup synth layers requirements audit sbom clean bootstrap deploy deploy-check diff destroy logs speaker FORCE

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: setup  ## Speak a sample (AUDIO) to listeners (LANGUAGES) through the whole system; results in OUT
	@$(PYTHON) -m local.cli demo --audio "$(AUDIO)" --languages "$(LANGUAGES)" --out "$(OUT)" --service-times "$(SERVICE_TIMES)"

run: setup build/.frontend  ## Keep the whole system up on this machine, its apps included, and print its addresses
	@$(PYTHON) -m local.cli run --http-port $(HTTP_PORT) --websocket-port $(WEBSOCKET_PORT) \
	  --speaker-port $(SPEAKER_PORT) --listener-port $(LISTENER_PORT)

bench: setup build/assembly/manifest.json build/stages/prod/manifest.json frontend/node_modules/.installed  ## Every bench below that has a goal, one table, all into benchmarks/results (ONLY=span,units runs parts; SHORT=1 tries it)
	@$(PYTHON) -m benchmarks.board $(if $(ONLY),--only "$(ONLY)") $(if $(SHORT),--short)

bench-latency: setup build/stages/dev/manifest.json build/stages/prod/manifest.json  ## Measure the latency hop by hop (MINUTES, SPEECH=natural|fluent, STAGES=prod,dev); results in out/
	@$(PYTHON) -m benchmarks.latency --minutes $(MINUTES) --speech $(SPEECH) $(if $(STAGES),--stages "$(STAGES)") \
	  --out out/bench-latency-$(SPEECH)

bench-window: setup  ## Measure what the event source's batching costs in latency (8 min); numbers in out/bench-window.json
	@$(PYTHON) -m benchmarks.latency.batch_window --out out/bench-window.json

bench-soak: setup  ## Tone speech (MINUTES) at three batch windows, without faults, then with: no word may be lost, cut, repeated or moved
	@mkdir -p out && $(PYTHON) -m benchmarks.soak --minutes $(MINUTES) --no-faults --out out/bench-soak-clean.json
	@$(PYTHON) -m benchmarks.soak --minutes $(MINUTES) --out out/bench-soak.json

bench-chaos: MINUTES := $(or $(call given,MINUTES),30)
bench-chaos: setup  ## Kill every process and cut every network at random (SEED) while rooms listen (MINUTES, 30): no word may be lost
	@mkdir -p out && $(PYTHON) -m benchmarks.chaos --minutes $(MINUTES) --seed $(SEED) --out out/bench-chaos.json

bench-load: .venv/.installed  ## More and more sessions, then listeners of one (SESSIONS, LISTENERS): how much the stack holds, and what limits it
	@mkdir -p out && $(PYTHON) -m benchmarks.load $(if $(SESSIONS),--sessions "$(SESSIONS)") \
	  $(if $(LISTENERS),--listeners "$(LISTENERS)") --seed $(SEED) --out out/bench-load.json

bench-soak-hour: MINUTES := $(or $(call given,MINUTES),60)
bench-soak-hour: .venv/.installed  ## An hour (MINUTES, 60) of 10 sessions and a hall of 50: no process grows, nothing is left behind
	@mkdir -p out && $(PYTHON) -m benchmarks.load --minutes $(MINUTES) --sessions $(or $(SESSIONS),10) \
	  --listeners $(or $(LISTENERS),50) --seed $(SEED) --out out/bench-soak-hour.json

bench-quiet: setup  ## Silence, noise and music (MINUTES each) to both kinds of recogniser: nothing may be made of them
	@mkdir -p out && $(PYTHON) -m benchmarks.quiet --minutes $(MINUTES) --out out/bench-quiet.json

bench-signal: setup  ## What measuring the speaker's sound costs, how exact it is (MINUTES of clean speech, 10), and when speakers are told
	@mkdir -p out && $(PYTHON) -m benchmarks.signal --minutes $(MINUTES) --out out/bench-signal.json

bench-span: MINUTES := $(or $(call given,MINUTES),60)
bench-span: setup build/stages/prod/manifest.json frontend/node_modules/.installed  ## How late each word is heard, beside the old design: 5 min in real time, then MINUTES (60) simulated, at each speaking rate (RATES); results in out/
	@mkdir -p out && $(PYTHON) -m benchmarks.span --minutes $(MINUTES) --seed $(SEED) --rates "$(RATES)" --out out

bench-capacity: .venv/.installed $(if $(CHECK),build/assembly/manifest.json)  ## A model of a stage: what it holds, what breaks first, what it costs; CHECK=1 holds a local stack beside it (five minutes); results in out/
	@$(PYTHON) -m benchmarks.capacity $(if $(CHECK),--check) --seed $(SEED) --out out/bench-capacity

bench-units: .venv/.installed build/assembly/manifest.json  ## What each unit of work takes of the processor, and ways to post to a hall side by side; numbers in out/bench-units.json
	@mkdir -p out && $(PYTHON) -m benchmarks.unit_costs --seed $(SEED) --out out/bench-units.json

bench-clauses: .venv/.installed build/.debian-packages  ## What shorter clauses cost the translation, by Apertium, beside whole sentences; numbers in out/bench-clauses.json
	@$(PYTHON) -m benchmarks.clauses --seed $(SEED) --out out/bench-clauses.json

bench-continuity: setup  ## Compare word errors: one recogniser stream, Babelcast, a stream of its own for every batch
	@mkdir -p out && $(PYTHON) -m benchmarks.continuity --out out/bench-continuity.json

test: setup build/.frontend build/.chromium node_modules/.installed  ## Run every test
	cd frontend && npm test
	$(PYTHON) -m pytest -n 2 --dist loadgroup $(PYTEST)

test-browser: setup build/.frontend build/.chromium  ## Test the apps in a real browser, which is a part of test
	$(PYTHON) -m pytest tests/browser $(PYTEST)

screenshots: setup build/.frontend build/.chromium  ## Take pictures of every state of the apps into out/screenshots; the best into docs/pictures
	$(PYTHON) scripts/make_screenshots.py --out out/screenshots --pictures docs/pictures

check: .venv/.installed frontend/node_modules/.installed  ## Format, lint, types, import rules and secrets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTHON) -m scripts.find_secrets
	cd frontend && npm run check

format: .venv/.installed  ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd frontend && npm run format

setup: $(SETUP)  ## Install everything that is needed

frontend: build/.frontend  ## Build the speaker's and the listeners' app into frontend/apps/*/dist

synth: build/stages/$(STAGE)/manifest.json  ## Synthesize a stage's CloudFormation templates (STAGE=dev|prod) into build/stages, to be read

deploy: .venv/.installed node_modules/.installed  ## Deploy STAGE=dev|prod to AWS and print its addresses (YES=1 asks nothing; CONTEXT="key=value …")
	@$(DEPLOY) deploy --stage "$(STAGE)" $(if $(filter 1 y yes,$(YES)),--yes) $(foreach each,$(CONTEXT),--context "$(each)")

deploy-check: .venv/.installed node_modules/.installed  ## Check credentials, region, bootstrap, versions and quotas for a deployment of STAGE
	@$(DEPLOY) check --stage "$(STAGE)" $(foreach each,$(CONTEXT),--context "$(each)")

bootstrap: .venv/.installed node_modules/.installed  ## Prepare an AWS account and region for the CDK, once (YES=1)
	@$(DEPLOY) bootstrap $(if $(filter 1 y yes,$(YES)),--yes)

diff: .venv/.installed node_modules/.installed  ## Show what a deployment of STAGE would change
	@$(DEPLOY) diff --stage "$(STAGE)" $(foreach each,$(CONTEXT),--context "$(each)")

destroy: .venv/.installed node_modules/.installed  ## Delete STAGE from AWS; asks (YES=1; for prod its name besides: CONFIRM=prod)
	@$(DEPLOY) destroy --stage "$(STAGE)" $(if $(filter 1 y yes,$(YES)),--yes) $(if $(CONFIRM),--confirm "$(CONFIRM)")

speaker: .venv/.installed  ## Create a speaker's account of STAGE (EMAIL=…); they get an invitation
	@$(PYTHON) -m scripts.deploy speaker --stage "$(STAGE)" --email "$(EMAIL)"

logs: .venv/.installed  ## Follow the logs of STAGE (FUNCTION=audio_processor, SESSION=joyful-hope-911, SINCE=minutes)
	@$(PYTHON) -m scripts.tail_logs --stage "$(STAGE)" --since "$(SINCE)" $(if $(FUNCTION),--function "$(FUNCTION)") \
	  $(if $(SESSION),--session "$(SESSION)")

.PHONY: verify cost package-check bench-cold check-mutants
# STAGE has a default for what deploys; here no STAGE means the local stack, which alone needs the local engines.
GIVEN_STAGE := $(call given,STAGE)
verify: LANGUAGES = es,fr
verify: $(if $(GIVEN_STAGE),.venv/.installed,setup)  ## Speak AUDIO to listeners (LANGUAGES) and check every step, on a deployed STAGE or else on a local stack of its own
	@$(PYTHON) -m scripts.verify_pipeline $(if $(GIVEN_STAGE),--stage "$(GIVEN_STAGE)") \
	  --audio "$(AUDIO)" --languages "$(LANGUAGES)"

cost: LANGUAGES = 3
cost: .venv/.installed  ## Estimate what rooms cost on AWS (SPEAKERS, HOURS, LANGUAGES, OFFERED, LISTENERS, SILENCE=0.2), with the prices of STAGE, else prod
	@$(PYTHON) -m scripts.cost --languages "$(LANGUAGES)" $(if $(SPEAKERS),--speakers "$(SPEAKERS)") $(if $(HOURS),--hours "$(HOURS)") \
	  $(if $(LISTENERS),--listeners "$(LISTENERS)") $(if $(SILENCE),--silence "$(SILENCE)") \
	  $(if $(OFFERED),--offered "$(OFFERED)") $(if $(GIVEN_STAGE),--stage "$(GIVEN_STAGE)")

check-mutants: .venv/.installed  ## Take each security check away in a copy (ONLY="join key") and see its test fail (six minutes)
	@$(PYTHON) -m scripts.check_mutants $(if $(ONLY),--only "$(ONLY)")

package-check: .venv/.installed  ## Build the functions' packages for Lambda and check sizes, processor and every import
	@$(PYTHON) -m scripts.check_packages

bench-cold: .venv/.installed  ## Measure how long each packaged handler takes to load, and what trimmed layers, bytecode and lazy clients give (six minutes); results in out/bench-cold.json
	@$(PYTHON) -m benchmarks.cold_start --out out/bench-cold.json

layers: .venv/.installed  ## Build the Lambda layers for arm64 into build/layers
	$(PYTHON) -m scripts.build_layers

# For the oldest Python supported; the newer ones run the same versions. Hashes are of every platform's files.
UV_COMPILE := build/tools/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --strip-extras --no-annotate \
  --custom-compile-command "make requirements" $(if $(filter 1 y yes,$(UPGRADE)),--upgrade)
requirements: build/tools/.installed  ## Pin the packages of requirements/*.in, with hashes, for Python 3.11 and newer (UPGRADE=1 raises all)
	$(UV_COMPILE) --output-file requirements/layer.txt requirements/layer.in
	$(UV_COMPILE) --constraint requirements/layer.txt --output-file requirements/signal-layer.txt requirements/signal-layer.in
	@# The tests run with the functions' versions.
	$(UV_COMPILE) --constraint requirements/layer.txt --constraint requirements/signal-layer.txt \
	  --output-file requirements/dev.txt requirements/dev.in
	$(UV_COMPILE) --output-file requirements/tools.txt requirements/tools.in

audit: build/tools/.installed  ## Ask the vulnerability databases about every pinned package; fails when they cannot be reached
	@$(PYTHON) -m scripts.audit --pip-audit build/tools/bin/pip-audit

sbom: build/.sbom  ## Write CycloneDX bills of materials of the layers and both apps into build/sbom

clean:  ## Remove everything that was built, but not the virtual environment
	rm -rf build cdk.out out .local

.venv/.installed: requirements/dev.txt scripts/find_python.sh scripts/install_debian_packages.sh
	@command -v node >/dev/null 2>&1 || { echo "Babelcast needs Node.js 20 or newer (the CDK synthesizes with it)." >&2; exit 1; }
	@python=$$(scripts/find_python.sh) && { $$python -m venv --clear .venv >/dev/null 2>&1 \
	  || { scripts/install_debian_packages.sh python3-venv && $$python -m venv --clear .venv; }; }
	@echo "Installing Python packages"
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	@command -v npm >/dev/null 2>&1 || { echo "Babelcast needs npm, which comes with Node.js 20 or newer." >&2; exit 1; }
	@echo "Installing npm packages"
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build/tools/.installed: .venv/.installed requirements/tools.txt
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements/tools.txt
	@touch $@

build/.sbom: .venv/.installed requirements/layer.txt requirements/signal-layer.txt frontend/package.json frontend/package-lock.json scripts/sbom.py scripts/pinned_packages.py
	@$(PYTHON) -m scripts.sbom --output build/sbom
	@touch $@

build/.frontend: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	@echo "Building the apps"
	@cd frontend && npm run build
	@mkdir -p build && touch $@

build/.debian-packages: requirements/debian.txt scripts/install_debian_packages.sh
	@scripts/install_debian_packages.sh --from requirements/debian.txt
	@mkdir -p build && touch $@

build/.chromium: .venv/.installed scripts/find_chromium.sh
	@mkdir -p build && scripts/find_chromium.sh > $@

build/assembly/manifest.json: .venv/.installed $(SYNTHESIS_SOURCES)
	@echo "Synthesizing"
	@rm -rf build/assembly && CDK_OUTDIR=build/assembly $(PYTHON) -m infrastructure.app -c layers=none >/dev/null
	@touch $@

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null 2>&1 || { echo "Babelcast needs npm, which comes with Node.js 20 or newer." >&2; exit 1; }
	@echo "Installing the CDK's command line"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build/.layers: .venv/.installed $(LAYER_SOURCES)
	@echo "Building the layers"
	@$(PYTHON) -m scripts.build_layers
	@touch $@

# What is deployed, with the real layers; each time, because context values are no files (CDK_CONTEXT="-c key=value …").
build/deploy/%/manifest.json: .venv/.installed build/.layers FORCE
	@echo "Synthesizing $*"
	@rm -rf $(@D) && CDK_OUTDIR=$(@D) $(PYTHON) -m infrastructure.app -c layers=build/layers -c stage=$* $(CDK_CONTEXT) >/dev/null

FORCE:

# The templates of each stage, for what compares them.
build/stages/%/manifest.json: .venv/.installed $(SYNTHESIS_SOURCES)
	@echo "Synthesizing $*"
	@rm -rf $(@D) && CDK_OUTDIR=$(@D) $(PYTHON) -m infrastructure.app -c layers=none -c stage=$* >/dev/null
	@touch $@
