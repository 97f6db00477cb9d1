# signet: certificates and key rings, as RACF's RACDCERT manages them, on any machine.
#
#   make build   the program, as bin/signet
#   make demo    the main job, from a script to a checked ring
#   make test    everything short; installs what it needs
#   make race    the tests with the race detector
#   make lint    gofmt, vet, staticcheck
#   make gosec   gosec: no weakness that is not answered (docs/gosec.md)
#   make soak    kills, crowds and failovers, hundreds of times
#   make fuzz    long fuzzing of every reader (FUZZTIME each)
#   make bench   signet against other programs on the same work (docs/benchmarks.md)
#   make golden  writes the golden files anew
#   make clean   removes what was built

GO       ?= go
BIN      := bin/signet
FUZZTIME ?= 2m
SHORTFUZZ := 2000x

.PHONY: build demo test race soak lint gosec fuzz bench golden clean tools demo-tools bench-tools unit shortfuzz

# With cgo, where there is a C compiler, for PKCS #11 tokens; CGO_ENABLED=0 make build does without.
build:
	$(GO) build -trimpath -tags osusergo,netgo -o $(BIN) ./cmd/signet

# The outside witnesses of the tests, from Debian's packages where they are missing: programs, as
# program:package, and packages that bring none.
DEMO_TOOLS := openssl:openssl
TEST_TOOLS := $(DEMO_TOOLS) curl:curl keytool:openjdk-17-jdk-headless javac:openjdk-17-jdk-headless \
	pk12util:libnss3-tools certtool:gnutls-bin \
	softhsm2-util:softhsm2 pkcsslotd:opencryptoki pkcs11-tool:opensc age:age
TEST_PACKAGES := python3-cryptography-vectors ca-certificates ca-certificates-java libnss3 postgresql

BENCH_TOOLS := $(DEMO_TOOLS) keytool:openjdk-17-jdk-headless certutil:libnss3-tools pk12util:libnss3-tools \
	pkcs11-tool:opensc softhsm2-util:softhsm2 hyperfine:hyperfine
BENCH_PACKAGES := time ca-certificates

tools: programs = $(TEST_TOOLS)
tools: packages = $(TEST_PACKAGES)
demo-tools: programs = $(DEMO_TOOLS)
bench-tools: programs = $(BENCH_TOOLS)
bench-tools: packages = $(BENCH_PACKAGES)
tools demo-tools bench-tools:
	@missing=; for need in $(programs); do \
		command -v $${need%%:*} >/dev/null || missing="$$missing $${need#*:}"; \
	done; \
	for package in $(packages); do \
		dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

test: tools lint gosec unit shortfuzz

unit:
	$(GO) test ./...
	CGO_ENABLED=0 $(GO) build ./...
	CGO_ENABLED=0 $(GO) test ./pkcs11 ./backend/token

race: tools
	$(GO) test -race ./...

# The tests that make test runs a few rounds of, for as long as they are meant to go on.
soak: tools
	SIGNET_SOAK=1 $(GO) test -count=1 -timeout 2h -run 'TestKilled|TestServed|TestCrowd|TestServerKilled|TestFailover|Soak' -v ./cmd/signet ./backend/...

lint:
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not gofmt-clean:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# What gosec is not asked, each with its answer in docs/gosec.md, and the packages that serve tests.
GOSEC_OFF := G115,G304,G401,G405,G703
GOSEC_TESTS := signet/internal/oracle signet/backend/backendtest signet/ring/ringtest

gosec:
	$(GO) build -o bin/gosec ./internal/gosec
	$(GO) vet -vettool=$(CURDIR)/bin/gosec -gosec.exclude=$(GOSEC_OFF) $(filter-out $(GOSEC_TESTS),$(shell $(GO) list ./...))

# Every fuzz test of every package, each for the given time.
define fuzzall
	@set -e; for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "fuzz $$pkg $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(1) -fuzzminimizetime 1x $$pkg; \
		done; \
	done
endef

fuzz:
	$(call fuzzall,$(FUZZTIME))

shortfuzz:
	$(call fuzzall,$(SHORTFUZZ))

# The rows of internal/bench/rows.txt; BENCHFLAGS='-run REGEXP -runs N' measures some of them, or faster.
bench: bench-tools bin/cfssl build
	$(GO) build -o bin/bench ./internal/bench
	bin/bench $(BENCHFLAGS)

# A peer of make bench, which Debian's packages do not have in this version.
bin/cfssl:
	GOBIN=$(CURDIR)/bin $(GO) install github.com/cloudflare/cfssl/cmd/cfssl@v1.6.5

golden:
	$(GO) test ./racdcert ./cmd/signet -update

demo: demo-tools build
	@./testdata/demo.sh $(CURDIR)/$(BIN)

clean:
	rm -rf bin
