# Every target needs only Go and git, unless its comment says more.
GO      ?= go
BIN     := bin/syncgate
VERSION ?=
LDFLAGS := -s -w $(if $(VERSION),-X main.release=$(VERSION))
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
OPENAPI_VERSION := 23.0.2
FUZZTIME ?= 5s
CORPUS  ?=

PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
DIST    ?= dist

.PHONY: build release demo test race lint bench conformance fixrate e2e redis fuzz nightly clean

build: ## the binary, in bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/syncgate

# With one version of Go every machine and directory gives the same bytes: a released binary can be built again and compared.
release: ## binaries for PLATFORMS and SHA256SUMS of them in DIST, as a release has them: make release VERSION=v1.2.3
	@echo "$(VERSION)" | grep -Eq '^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$$' || { echo "say which version: make release VERSION=v1.2.3"; exit 2; }
	@rm -rf $(DIST) && mkdir -p $(DIST)
	@for p in $(PLATFORMS); do \
	  CGO_ENABLED=0 GOFLAGS= GOWORK=off GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS) -buildid=' \
	    -o $(DIST)/syncgate-$(VERSION)-$${p%/*}-$${p#*/} ./cmd/syncgate || exit 1; \
	done
	cd $(DIST) && { if command -v sha256sum >/dev/null; then sha256sum syncgate-*; else shasum -a 256 syncgate-*; fi; } | tee SHA256SUMS

demo: build ## check fails, fix, check passes: on a copy of testdata/demo
	@sh testdata/demo.sh $(abspath $(BIN))

test: ## unit tests and the end-to-end scripts of testdata/script
	$(GO) test -timeout 30m ./...

# Left out: what measures time and memory, and servers of tests whose contents change between runs of the binary, which
# orders the accesses where the detector cannot see it.
race: ## the same under the race detector
	$(GO) test -race -timeout 30m -skip '^(TestHostile|TestUpstreamFixtures|TestRemote.*)$$' ./...

lint: ## gofmt, vet (also for macOS and Windows), staticcheck
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not gofmt'ed:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags bench,conformance,corpus,fixrate,nightly,openapi ./...
	GOOS=windows $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

bench: build ## syncgate beside helm and kustomize on CORPUS, in one run; needs both on PATH
	@test -n "$(CORPUS)" || { echo "say where charts and kustomizations are: make bench CORPUS=DIR"; exit 2; }
	SYNCGATE_CORPUS=$(abspath $(CORPUS)) SYNCGATE_BIN=$(abspath $(BIN)) $(GO) test -tags bench -run '^TestBench' -count=1 -timeout 60m -v ./cmd/syncgate

conformance: ## what we render and find against the helm and kustomize commands and upstream on CORPUS; needs both on PATH
	@test -n "$(CORPUS)" || { echo "say where charts and kustomizations are: make conformance CORPUS=DIR"; exit 2; }
	SYNCGATE_CORPUS=$(abspath $(CORPUS)) $(GO) test -tags conformance -run Conformance -count=1 -timeout 60m -v ./render
	SYNCGATE_CORPUS=$(abspath $(CORPUS)) $(GO) test -tags conformance -run Conformance -count=1 -timeout 60m -v ./cmd/syncgate
	SYNCGATE_CORPUS=$(abspath $(CORPUS)) $(GO) test -tags corpus -run Corpus -count=1 -timeout 60m -v ./fix/yamledit

fixrate: build ## what fix mends on CORPUS, rendered by the kustomize and helm commands, judged by upstream; needs both on PATH
	@test -n "$(CORPUS)" || { echo "say where repositories are: make fixrate CORPUS=DIR"; exit 2; }
	SYNCGATE_CORPUS=$(abspath $(CORPUS)) SYNCGATE_BIN=$(abspath $(BIN)) $(GO) test -tags fixrate -run "^TestFixrate" -count=1 -timeout 60m -v ./cmd/syncgate ./fix

# GitHub's description of its API, which the stand-in for GitHub is held against.
OPENAPI := bin/openapi-$(OPENAPI_VERSION)/package/generated/api.github.com.json
$(OPENAPI):
	@command -v npm >/dev/null || { echo "npm is missing: it fetches GitHub's description of its API"; exit 2; }
	@echo "fetching @octokit/openapi@$(OPENAPI_VERSION) with npm"
	@mkdir -p bin/openapi-$(OPENAPI_VERSION) && cd bin/openapi-$(OPENAPI_VERSION) && npm pack --silent @octokit/openapi@$(OPENAPI_VERSION) >/dev/null && tar xzf *.tgz

e2e: build redis $(OPENAPI) ## the real binary beside helm 3 and 4, kustomize, act, Chromium, GitHub's description of its API, Argo CD and a real API server (npm and Chromium must be installed; the first build takes minutes)
	SYNCGATE_OPENAPI=$(abspath $(OPENAPI)) $(GO) test -tags openapi -count=1 ./gitops/github
	cd e2e && SYNCGATE_OPENAPI=$(abspath $(OPENAPI)) $(GO) test -timeout 30m -count=1 ./...
	cd e2e/helm4 && $(GO) test -timeout 30m -count=1 ./...
	cd e2e/act && SYNCGATE_OPENAPI=$(abspath $(OPENAPI)) $(GO) test -timeout 30m -count=1 ./...
	cd e2e/argocd && $(GO) test -count=1 -timeout 30m ./...
	cd e2e/apiserver && $(GO) test -count=1 -timeout 30m -v .

redis: # Argo CD keeps its cache there
	@command -v redis-server >/dev/null || { echo "installing Debian's redis-server for Argo CD"; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server; }

# A run is tried twice: go test can end a run that found nothing with "context deadline exceeded".
# A real failure stays in testdata/fuzz and fails again.
fuzz: ## each fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  dir=$$($(GO) list -f '{{.Dir}}' $$pkg); \
	  for f in $$(grep -hos '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
	    run="$(GO) test -run ^$$f\$$ -fuzz ^$$f\$$ -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$pkg"; \
	    $$run || $$run || exit 1; \
	  done; \
	done

nightly: ## what takes long, or mounts a small disk
	$(GO) test -tags nightly -run '^TestWriteFull$$' -count=1 ./fix
	$(GO) test -race -timeout 60m -skip '^TestRemote' ./...
	$(MAKE) fuzz FUZZTIME=5m

clean:
	rm -rf bin $(DIST)
