# Linux, Swift 6.3. `make` alone lists what there is.

SWIFT_BUILD_FLAGS := --explicit-target-dependency-import-check error
# Swift's static library asks the linker to export every public symbol of an executable, and what is exported is kept
# though nobody calls it. Nothing is loaded into these, so nothing has to find symbols in them: without the table a host
# needs a megabyte less.
SWIFT_RELEASE_FLAGS := -c release --static-swift-stdlib -Xlinker --no-export-dynamic
# Each integration test runs a host, workers and a command of its own: more of them at once than the machine has room
# for only wait for each other.
SWIFT_TEST_FLAGS := --experimental-maximum-parallelization-width 4
# A test that hangs in spite of its own limit must not hold up whoever waits for all of them.
TEST_LIMIT := timeout --foreground --signal=INT --kill-after=1m 45m
SWIFT_SOURCES := Sources Tests functions Package.swift
PRODUCTS := warren orders audit hello

.DEFAULT_GOAL := help
.PHONY: help deps test-deps build release run demo test bench docs preview format lint

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Installing must not start the system's broker: Debian asks policy-rc.d first.
define INSTALL
policy=/usr/sbin/policy-rc.d
if [ ! -e $$policy ]; then
    trap "rm -f $$policy" EXIT
    printf '#!/bin/sh\nexit 101\n' > $$policy
    chmod 755 $$policy
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$$@"
endef
export INSTALL

define INSTALL_MISSING
[ $$# -gt 0 ] || exit 0; \
	[ "$$(id -u)" -eq 0 ] || sudo=sudo; \
	echo "missing: $$*; installing with $${sudo:+sudo }apt-get"; \
	$$sudo sh -ec "$$INSTALL" install "$$@"
endef

deps: ## Install the system packages that are missing (Debian, Ubuntu)
	@set --; \
	[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null \
	    || set -- "$$@" rabbitmq-server; \
	command -v pkg-config >/dev/null || set -- "$$@" pkg-config; \
	command -v openssl >/dev/null || set -- "$$@" openssl; \
	pkg-config --exists librabbitmq 2>/dev/null || set -- "$$@" librabbitmq-dev; \
	pkg-config --exists libcurl 2>/dev/null || set -- "$$@" libcurl4-openssl-dev; \
	$(INSTALL_MISSING)

# nginx is the HTTPS server that tests deliver to, and the fast one that the benchmark does.
test-deps: deps
	@set --; \
	[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || set -- "$$@" nginx-light; \
	$(INSTALL_MISSING)

build: deps ## Build everything for debugging
	swift build $(SWIFT_BUILD_FLAGS)

release: deps ## Build the products as they ship: optimised, Swift linked statically
	@for product in $(PRODUCTS); do \
	    swift build $(SWIFT_BUILD_FLAGS) $(SWIFT_RELEASE_FLAGS) --product $$product || exit; \
	done

run: release ## Start a host with a private broker and the example manifests
	.build/release/warren dev

demo: PRODUCTS += warren-demo
demo: release ## Show what it does, on a private broker, and end
	.build/release/warren-demo

bench: PRODUCTS += warren-bench bench-functions bare-consumer bare-publisher bare-webhook
bench: test-deps release ## Measure against bare librabbitmq and libcurl
	.build/release/warren-bench

test: test-deps ## Run all tests; those that need a broker start a private one
	swift build $(SWIFT_BUILD_FLAGS) --build-tests
	$(TEST_LIMIT) swift test $(SWIFT_BUILD_FLAGS) --skip-build --disable-xctest $(SWIFT_TEST_FLAGS)

# This calls docc itself, because a plugin would be a dependency of every package that uses Warren. The C modules are
# those that the two libraries import; the reader of modules does not find them by itself.
define SYMBOLS
set -e; \
	build=$$(swift build --show-bin-path); \
	triple=$$(swiftc -print-target-info | sed -n 's/.*"triple": "\(.*\)".*/\1/p'); \
	rm -rf .build/symbols; mkdir -p .build/symbols; \
	for module in Warren WarrenTesting; do \
	    swift-symbolgraph-extract -module-name $$module -target $$triple -minimum-access-level public \
	        -I $$build/Modules -I Sources/CLinux -I .build/checkouts/Yams/Sources/CYaml/include \
	        -Xcc -fmodule-map-file=$$build/CCompression.build/module.modulemap -output-dir .build/symbols; \
	done
endef
DOCC_INPUT := Sources/Warren/Warren.docc --additional-symbol-graph-dir .build/symbols \
    --fallback-display-name Warren --fallback-bundle-identifier warren --fallback-default-module-kind Library

docs: ## Render articles and API into .build/docs, and fail on broken links; `make preview` shows them
	swift build $(SWIFT_BUILD_FLAGS) --target WarrenTesting
	@$(SYMBOLS)
	docc convert $(DOCC_INPUT) --warnings-as-errors --output-dir .build/docs

preview: docs ## Show them at http://localhost:8080/documentation/warren until Ctrl-C
	docc preview $(DOCC_INPUT) --port 8080 --output-dir .build/docs

format: ## Format all Swift code in place
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

# The compiler ignores an upcoming feature whose name it does not know, so the names are checked here.
lint: ## Check format and house rules
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	@! find $(SWIFT_SOURCES) -name '*.swift' -exec awk 'FNR == 501 { print FILENAME }' {} + | grep . \
	    || { echo 'lint: more than 500 lines' >&2; exit 1; }
	@! grep -rnE --include='*.swift' '^.{121,}$$' $(SWIFT_SOURCES) | grep -E '^[^:]*:[0-9]*: *//' | grep -vE '/// \|' \
	    || { echo 'lint: a comment line of more than 120 columns' >&2; exit 1; }
	@! find $(SWIFT_SOURCES) -name '*Utils*' -o -name '*Helpers*' -o -name '*Common*' | grep . \
	    || { echo 'lint: a name that says nothing' >&2; exit 1; }
	@! grep -rnE 'TODO|FIXME' $(SWIFT_SOURCES) manifests \
	    || { echo 'lint: unfinished' >&2; exit 1; }
	@known=$$(swiftc -print-supported-features | sed -n '/"upcoming"/,/^ *]/s/.*"name": "\([^"]*\)".*/\1/p'); \
	! sed -n 's/.*enableUpcomingFeature("\([^"]*\)").*/\1/p' Package.swift | grep -vxF "$$known" \
	    || { echo 'lint: the compiler knows no such upcoming feature' >&2; exit 1; }
	bash -n .ci/run
