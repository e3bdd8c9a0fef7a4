# tare: every target with a "##" is explained by a bare `make`.
SHELL := bash
.DEFAULT_GOAL := help
export CGO_ENABLED := 0

VERSION ?= $(shell scripts/version.sh)
LDFLAGS := -s -w -X tare/internal/buildinfo.Version=$(VERSION)
FUZZTIME ?= 2m
# Debian packages that the tests use; each test says so where one is missing.
TEST_PACKAGES := runc uidmap docker-registry python3 skopeo umoci docker.io podman openssh-server chromium bzip2 rpm mandoc man-db zsh fish ruby strace gcc libc6-dev jq curl tmux

.PHONY: mutants packages-dist image imports cover vuln release check-release packages help demo build test unit cross fmt-check check-docker-sizes test-buildkitd test-cuda test-serve test-slurm conformance fuzz lint torture bench bench-check bench-engine bench-fleet bench-hook bench-looks bench-pull bench-trace bench-trim bench-update bench-view bench-weigh test-corpus install clean bench-compare

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## set up what is missing and run the whole exercise: the first thing to try
	@scripts/demo.sh

build: ## build bin/tare, one static binary
	@go build -trimpath -ldflags '$(LDFLAGS)' -o bin/tare ./cmd/tare

install: build ## put tare into $(DESTDIR)/usr/local/bin
	@install -D -m 0755 bin/tare $(DESTDIR)/usr/local/bin/tare

test: packages fmt-check cross unit check-docker-sizes ## all tests; installs the Debian packages they need

unit:
	go vet ./...
	@go run ./scripts/gotest -timeout 45m ./...

imports: ## draw which package imports which, and count their lines: docs/imports.svg, docs/architecture.md
	@go run ./scripts/imports

cover: ## print how much of each package its own tests run
	@go test -timeout 45m -cover ./internal/... | awk '$$1 == "ok" || /coverage:/ { p = $$1 == "ok" ? $$2 : $$1; match($$0, /coverage: [0-9.]+%/); \
	  if (RSTART) printf "%6s  %s\n", substr($$0, RSTART + 10, RLENGTH - 10), p } /^(FAIL|---)/ { print; bad = 1 } END { exit bad }' | sort -k2

MUTANTS ?= ./internal/tree ./internal/weigh ./internal/compare ./internal/explain ./internal/profile
mutants: ## plant faults in MUTANTS (default: what counts and what is said), and name those that no test notices
	@go run ./scripts/mutants $(MUTANTS)

# Not fatal: who cannot install still gets the tests that need nothing.
packages:
	@scripts/apt.sh $(TEST_PACKAGES) || echo "make test: without these packages some tests will skip, and say so"
	@scripts/axe.sh >/dev/null || echo "make test: without axe-core from npm TestAccessible will skip, and say so"
	@scripts/duckdb.sh >/dev/null || echo "make test: without DuckDB from npm TestQueriesOfTheReference will skip, and say so"

fmt-check:
	@out=$$(gofmt -l ci cmd internal *.go); if [ -n "$$out" ]; then echo "not gofmt'd:"; echo "$$out"; exit 1; fi

cross: ## compile for macOS and Windows, where the embedded engine is left out
	GOOS=darwin go build -o /dev/null ./cmd/tare
	GOOS=windows go build -o /dev/null ./cmd/tare

check-docker-sizes: build ## compare images and history with a real Docker daemon, byte for byte
	@scripts/bench/docker-sizes.sh

test-buildkitd: ## test --builder against a real buildkitd, compiled from its module
	TARE_TEST_BUILDKITD=1 go test -tags buildkitd -timeout 20m -run Buildkitd ./cmd/tare

test-corpus: ## test all projects of testdata/trim, of which make test takes a part; the first time it makes their bases
	@hosts=$$(scripts/hub.sh corpus) && eval "$$hosts" && TARE_TEST_CORPUS=all TARE_TEST_CORPUS_HOSTS=$$TARE_HOSTS_DIR go test -count=1 -timeout 90m -run '^TestCorpus' ./cmd/tare

test-cuda: ## hold what tare says of a real CUDA library against readelf (fetches it with npm)
	@scripts/cuda.sh

test-serve: ## test tare serve, and docker's hooks, with docker buildx and buildctl, compiled from their modules into bin/
	@mkdir -p bin
	TARE_TEST_CLIENTS=$(CURDIR)/bin go test -count=1 -tags buildx -timeout 30m -run '^Test(Buildx|HooksBuildx)$$' ./cmd/tare

test-slurm: ## run the shards of a scan as an array of Debian's Slurm, on this machine
	@scripts/apt.sh slurm-wlm munge || echo "make test-slurm: without these packages the test will skip, and say so"
	go test -count=1 -tags slurm -timeout 5m -run '^TestSlurm$$' -v ./cmd/tare

# CONFORMANCE=copy builds only what has "copy" in its name, and leaves the page as it is.
conformance: build ## build the Dockerfiles of buildah's and BuildKit's tests, compare with buildkitd; writes docs/conformance.md
	@scripts/apt.sh runc || true
	@go run ./scripts/conformance -o docs/conformance.md -run '$(CONFORMANCE)'

fuzz: ## run every fuzz target for FUZZTIME (default 2m) each
	@scripts/fuzz.sh $(FUZZTIME)

# The numbers of docs/reliability.md: set them for a shorter run.
TARE_TORTURE ?= 1000
TARE_TORTURE_REPEAT ?= 1000
torture: export TARE_TORTURE := $(TARE_TORTURE)
torture: export TARE_TORTURE_REPEAT := $(TARE_TORTURE_REPEAT)
torture: export TARE_TORTURE_IMAGES ?= 200
torture: export TARE_TORTURE_PARALLEL ?= 50
torture: export TARE_TORTURE_DISK ?= 20
torture: export TARE_TORTURE_REPORT ?= $(CURDIR)/docs/reliability.md
torture: ## kill, repeat, crowd and rot; writes the table of docs/reliability.md
	go test -count=1 -timeout 180m -run '^TestTorture' -v ./cmd/tare
	@set -e; begin=$$SECONDS; cases=$$(go test -count=1 -v ./internal/hostile | sed -n 's/^hostile cases: //p'); \
	  scripts/table.sh "$$TARE_TORTURE_REPORT" "hostile input, each within its bounds of time and memory" "$${cases%% *}" "all refused or handled: $$(sed 's/^[0-9]* map\[//; s/\]$$//; s/:\([0-9]*\)/ \1,/g; s/,$$//' <<<"$$cases")" "$$((SECONDS - begin))s"

vuln: ## known vulnerabilities in what the program really calls (needs the Go vulnerability database)
	@go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./... || { echo "make vuln: govulncheck found something, or could not reach its database (see above)" >&2; exit 1; }

release: ## programs for all platforms, packages, bills of materials, checksums, in dist/ (BASE_URL=… for Homebrew)
	@VERSION='$(VERSION)' scripts/release.sh dist

packages-dist: ## .deb, .rpm and .apk for amd64 and arm64, in dist/
	@VERSION='$(VERSION)' TARGETS='linux/amd64 linux/arm64' scripts/release.sh dist

# With TARGETS='linux/amd64 linux/arm64' for both platforms in one image.
image: build ## build the image of tare with tare, weigh it, correct README's figures of it
	@scripts/apt.sh runc ca-certificates || true
	@VERSION='$(VERSION)' TARGETS="$${TARGETS:-linux/amd64}" PACKAGES=no scripts/release.sh dist
	@scripts/image.sh dist '$(VERSION)' write

check-release: ## build the release twice, in different places, and compare the bytes
	@scripts/check-release.sh

lint: ## golangci-lint, at the version that .golangci.yml was written for
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run

bench: bench-engine bench-pull bench-weigh ## all benchmarks against peers

bench-fleet: ## scan generated images by 1, 2 and 4 shards of one processor each; report 2,500 to 10,000 images of 12 layers: memory and processor time
	TARE_BENCH_FLEET=1 go test -count=1 -timeout 20m -run '^TestBenchFleet$$' -v ./cmd/tare
	@set -e; for n in 2500 5000 10000; do TARE_TEST_FLEET_IMAGES=$$n TARE_TEST_FLEET_FILES=100 go test ./internal/fleetreport -count=1 -timeout 60m -run '^TestMemory$$' -v | grep peak; done
	@TARE_TEST_FLEET_FILES=10 TARE_TEST_FLEET_WEIGH=1 go test ./internal/fleetreport -count=1 -timeout 60m -run '^TestMemory$$' -v | grep peak

bench-compare: build ## is this tare slower or larger in memory than the one of docs/bench-table.md? In turn, with intervals
	@scripts/bench/versus.sh

bench-engine: build ## build and run, in turn with Docker and buildah
	@scripts/bench/engine.sh

bench-check: build ## 200 pull requests made up from a seed: false alarms, regressions missed, wrong blame
	@scripts/apt.sh runc git || true
	@go run ./scripts/bench/check -tare bin/tare
	TARE_TEST_CHECKS=all go test -count=1 -timeout 60m -run TestAttempts ./scripts/bench/check

bench-hook: build ## how long docker waits for the line of tare after a build
	@scripts/bench/hook.sh

bench-looks: build ## first and second look at an image in Docker, Podman, a registry, an archive
	@scripts/bench/looks.sh

bench-pull: build ## pull of a 1.6 GB image, in turn with crane, regctl and skopeo
	@scripts/bench/pull.sh

bench-update: ## what tare update tells, held against Docker, containerd and Podman over 100 pairs of images (400 pulls each)
	@scripts/apt.sh docker.io podman runc || true
	TARE_BENCH_UPDATE=$${PAIRS:-100} go test -count=1 -timeout 30m -v -run '^Test(Docker|Containerd|Podman)$$' ./internal/update

bench-trace: build ## what tare trace costs, in turn with untraced runs and strace
	@scripts/bench/trace.sh

bench-trim: build ## run tare trim over testdata/trim, and prove its patches
	@scripts/bench/trim.sh

bench-view: build ## first screen and keys of tare view with 500,000 files; first screen and memory beside dive
	go test ./internal/tui -run '^$$' -bench . -benchtime 10x
	@scripts/bench/view.sh

bench-weigh: build ## weigh and compare large images, in turn with a bare pipeline, dive, syft and container-diff
	@scripts/bench/weigh.sh

clean: ## remove what was built, and what make demo and bench-trim left (stores, hubs)
	rm -rf bin dist
	@scripts/hub.sh clean
	@scripts/hub.sh clean "$${XDG_CACHE_HOME:-$$HOME/.cache}/tare-corpus-hub"
