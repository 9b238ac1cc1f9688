# Short-cuts. Everything they do is in local/; `eval "$(make -s env)"` gives plain pulumi, kubectl and the tools.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STACK ?= dev
NAME ?= default
# A statement goes to its program by the environment: it may have quotes of any kind.
export RUN_TEXT = $(RUN)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

NODE_MODULES := node_modules/.package-lock.json
LOCAL = node local/main.ts
AT = --stack '$(STACK)' --name '$(NAME)'
JEST = NODE_OPTIONS='--experimental-vm-modules --disable-warning=ExperimentalWarning' jest

$(NODE_MODULES): package-lock.json
	@command -v npm >/dev/null || { echo 'error: npm is missing'; echo '  remedy: install Node.js 20 or later with npm, from nodejs.org'; exit 2; }
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || { echo "error: Node $$(node -v) is too old to install the packages"; echo '  remedy: install Node.js 20 or later; the project brings the Node 24 that it runs on'; exit 2; }
	@npm ci --no-progress --loglevel=error >&2
	@touch $(NODE_MODULES)

CACHE = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/media-platform
# Programs that the toolchain builds.
TOOLS_BIN = $(CACHE)/bin
# What Node.js has compiled, for the many processes that the tests start.
COMPILED = $(CACHE)/node

# Every verb with a help text.
.PHONY: $(shell awk -F: '/^[a-z0-9-]+:.*## / {print $$1}' Makefile)
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  Variables: STACK=$(STACK) (base dev staging perf prod dr), NAME=$(NAME) (of the embedded cluster), PURGE=1, JSON=1'

up: $(NODE_MODULES) ## Bring the stack up, with the embedded cluster under it, and send a request through it
	@$(LOCAL) up $(AT)

preview: $(NODE_MODULES) ## Show what `make up` would change
	@$(LOCAL) preview $(AT)

preview-report: $(NODE_MODULES) ## What this branch would change in all stacks, for a pull request (BASE=main STATE=folder OUT=report.md JSON=1)
	@NODE_COMPILE_CACHE='$(COMPILED)' node infra/preview/main.ts $(if $(BASE),--base '$(BASE)') $(if $(STATE),--state '$(STATE)') $(if $(PICTURES),--pictures '$(PICTURES)') $(if $(OUT),--out '$(OUT)') $(if $(JSON),--json)

down: $(NODE_MODULES) ## Stop the embedded cluster and keep its data (PURGE=1 removes data and caches)
	@$(LOCAL) down $(AT) $(if $(PURGE),--purge)

upgrade: $(NODE_MODULES) ## Bring the embedded cluster to the Kubernetes that this checkout pins; its data stays
	@$(LOCAL) upgrade $(AT)

status: $(NODE_MODULES) ## At a glance: components, addresses, availability, backup, drill, alerts, what is pending (JSON=1)
	@$(LOCAL) status $(AT) $(if $(JSON),--json)

open: $(NODE_MODULES) ## Open a page of the stack: WHAT=web, dashboards, alerts, incidents or jaeger
	@$(LOCAL) open $(AT) --what '$(WHAT)'

trace: $(NODE_MODULES) ## Spans and log lines of one trace: ID=<trace id> (JSON=1)
	@$(LOCAL) trace $(AT) --id '$(ID)' $(if $(JSON),--json)

psql: $(NODE_MODULES) ## A prompt at the database's primary (RUN="select 1")
	@$(LOCAL) psql $(AT) $(if $(RUN),--run "$$RUN_TEXT")

redis: $(NODE_MODULES) ## A prompt at Redis: WHAT=state or cache (RUN="INFO memory")
	@$(LOCAL) redis $(AT) --what '$(or $(WHAT),state)' $(if $(RUN),--run "$$RUN_TEXT")

completion: $(NODE_MODULES) ## Print bash lines that complete verbs and variables: source <(make -s completion)
	@$(LOCAL) completion

outputs: $(NODE_MODULES) ## Print the stack's addresses and credentials as JSON
	@$(LOCAL) outputs $(AT)

restore-state: $(NODE_MODULES) ## Bring a lost Pulumi state back from its copy in the backup store (RECOVERY=file that `make up` wrote)
	@$(LOCAL) restore-state $(AT) $(if $(RECOVERY),--recovery '$(RECOVERY)')

env: $(NODE_MODULES) ## Print shell lines for eval "$$(make -s env)"
	@$(LOCAL) env $(AT)

rotate: $(NODE_MODULES) ## Replace generated credentials of the running stack, with no failed request: WHAT=all, or names (DRY=1 shows the steps)
	@$(LOCAL) rotate $(AT) --what '$(WHAT)' $(if $(DRY),--dry)

drill: $(NODE_MODULES) ## Run a drill: KIND=failover, pitr, proof, tabletop … (COUNT TARGET); KIND=recreate needs CONFIRM=dev; KIND=report: RTO, RPO, MTTR, MTBF (JSON=1)
	@$(LOCAL) drill $(AT) $(if $(JSON),--json) --kind '$(KIND)' --confirm '$(CONFIRM)' $(if $(COUNT),--count '$(COUNT)') $(if $(TARGET),--target '$(TARGET)') $(if $(WHAT),--what '$(WHAT)')

dashboards: $(NODE_MODULES) ## Draw the dashboards of the running stack: a page, SVG and PNG with SNAPSHOT=folder, or CHECK=1 (OTHER=staging to compare with)
	@$(LOCAL) outputs $(AT) $(if $(OTHER),--other '$(OTHER)') | node dashboards/main.ts $(if $(SNAPSHOT),snapshot '$(SNAPSHOT)',$(if $(CHECK),check,serve))

mutation: $(NODE_MODULES) ## Change every number, window, operator and label of the alert rules: do their tests notice? (ONLY=QueueDelayed)
	@node dashboards/main.ts mutate $(ONLY)

catalogue: $(NODE_MODULES) ## Record which metrics and labels the running stack has: dashboards/catalogue.json
	@$(LOCAL) outputs $(AT) | node dashboards/main.ts catalogue

LOAD_OPTIONS = --stack '$(STACK)' $(foreach option,tool shape level rate seconds journey seed title-offset runs keep against from where,$(call given,$(option)))
# Load tools that are brought when they are first used; the custom one is this repository's own.
LOAD_TOOLS = k6 artillery locust jmeter playwright
# TITLE_OFFSET=5 becomes --title-offset '5'; what is not given is left to the program.
given = $(if $($(shell echo $(1) | tr a-z- A-Z_)),--$(1) '$($(shell echo $(1) | tr a-z- A-Z_))')
load: $(NODE_MODULES) ## Load a stack and judge it: TOOL=k6 SHAPE=smoke LEVEL=normal STACK=dev (RATE SECONDS JOURNEY SEED ALLOW RUNS KEEP AGAINST FROM=store WHERE=cluster JSON=1)
	@$(if $(filter $(LOAD_TOOLS),$(TOOL)),$(LOCAL) tools --only '$(TOOL)' >/dev/null)
	@outputs="$$($(LOCAL) outputs $(AT))" && variables="$$($(LOCAL) env $(AT))" && eval "$$variables" && PATH="$$PATH:$(TOOLS_BIN)" exec node loadtests/main.ts run $(LOAD_OPTIONS) $(foreach host,$(ALLOW),--allow '$(host)') $(if $(JSON),--json) --outputs <(printf '%s' "$$outputs")

tune: $(NODE_MODULES) ## Find a stack's bottleneck under load and try what may help: STACK=dev (RATE SECONDS RUNS ROUNDS SHAPE, BACK=1)
	@$(LOCAL) tune $(AT) $(foreach option,shape rate seconds runs rounds,$(call given,$(option))) $(if $(BACK),--back)

profile: $(NODE_MODULES) ## Profile a pod of the running stack: KIND=cpu TARGET=api (memory io network native stacks; sql redis; SECONDS)
	@$(LOCAL) profile $(AT) $(foreach option,kind target seconds command,$(call given,$(option)))

test: $(NODE_MODULES) ## Rings 1 to 3: plans, all stacks under mocks, the service on real PostgreSQL and Redis
	@$(LOCAL) prepare-tests $(AT)
	@NODE_COMPILE_CACHE='$(COMPILED)' $(JEST) $(if $(RESULTS),--json --outputFile='$(RESULTS)')

fuzz: $(NODE_MODULES) ## Attack the api: by its own OpenAPI document, and by a storm of POSTs (ONLY=storm EXAMPLES=40 SEED=1)
	@$(LOCAL) prepare-tests $(AT)
	@node service/fuzz/main.ts $(if $(ONLY),--only '$(ONLY)') $(if $(EXAMPLES),--examples '$(EXAMPLES)') $(if $(SEED),--seed '$(SEED)')

e2e: $(NODE_MODULES) ## Ring 4: the real stack on a cluster of its own: up, faults, drill, down
	@$(JEST) --runInBand --verbose --reporters default --reporters ./local/e2e/reporter.mjs --testPathIgnorePatterns /node_modules/ /e2e/long --testTimeout 60000 $(if $(RESULTS),--json --outputFile='$(RESULTS)') local/e2e

soak: $(NODE_MODULES) ## What takes longer than ring 4, on a cluster of its own (ONLY="kills load-tools load-in-cluster scaling bottlenecks tuning rotation promotion web-faults web-restarts incidents injections guide" COUNT=20 SEED=1)
	@$(LOCAL) soak $(if $(ONLY),--only '$(ONLY)') $(if $(COUNT),--count '$(COUNT)') $(if $(SEED),--seed '$(SEED)')

check: $(NODE_MODULES) ## Types, format and lint, of the workflows too
	@tsc --noEmit -p tsconfig.json
	@biome check --error-on-warnings .
	@$(LOCAL) tools --only actionlint
	@'$(TOOLS_BIN)/actionlint' -shellcheck= -pyflakes=

format: $(NODE_MODULES) ## Format and sort imports
	@biome check --write .

tools: $(NODE_MODULES) ## Build tools that `make up` does not need itself too (ONLY="k6 kubeconform actionlint")
	@$(LOCAL) tools $(if $(ONLY),--only '$(ONLY)')

sbom: $(NODE_MODULES) ## Write what each image of the cluster holds, as CycloneDX JSON: build/sbom
	@$(LOCAL) sbom $(AT)

vulnerabilities: $(NODE_MODULES) ## Look up the Go programs that we build in Go's vulnerability database, offline; fail on one without an answer (ONLY="loki" JSON=1)
	@$(LOCAL) vulnerabilities $(if $(ONLY),--only '$(ONLY)') $(if $(JSON),--json)

manifests: $(NODE_MODULES) ## Have kubeconform and kube-score judge the objects of all stacks, without a cluster; fail on what has no argued reason (JSON=1)
	@$(LOCAL) manifests $(if $(JSON),--json)

SEED_OPTIONS = --stack '$(STACK)' $(foreach option,rows seed,$(call given,$(option))) $(if $(REMOVE),--remove)
seed: $(NODE_MODULES) ## Fill a stack's database with a data set: ROWS=1000000 SEED=1 STACK=perf, or empty it again with REMOVE=1
	@outputs="$$($(LOCAL) outputs $(AT))" && variables="$$($(LOCAL) env $(AT))" && eval "$$variables" && exec node loadtests/data/main.ts $(SEED_OPTIONS) --outputs <(printf '%s' "$$outputs")

logs: $(NODE_MODULES) ## Show where the logs of the cluster are, and their last lines
	@$(LOCAL) logs $(AT)

bench: $(NODE_MODULES) ## Measure the figures of docs/figures.md on a cluster of its own (ONLY="up preview")
	@$(LOCAL) bench $(if $(ONLY),--only '$(ONLY)')

doctor: ## Check this machine: found against wanted, and the command that mends (JSON=1)
	@test -e $(NODE_MODULES) || { echo 'error: the npm packages are not installed'; echo '  remedy: npm ci'; exit 1; }
	@$(LOCAL) doctor $(AT) $(if $(JSON),--json)
