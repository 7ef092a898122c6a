# The interface of this repository: everything a person or a CI does is a target here.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# What Debian 12 needs beside a Swift toolchain: to build, to mount, and for the programs the tests drive.
PACKAGES := libfuse3-dev libsqlite3-dev libmariadb-dev libmd-dev pkg-config fuse3 ca-certificates make git \
	sqlite3 jq attr strace util-linux procps python3 python3-venv findutils grep tar rsync \
	vim nano emacs-nox ed perl moreutils patch unzip zip e2fsprogs xfsprogs \
	mariadb-server-core mariadb-client-core openssl \
	cmark-gfm python3-jsonschema less ripgrep fzf

# What `make bench` measures with beside that.
BENCH_PACKAGES := bindfs

# Programs that read the layout of OpenCode 1.1 and that Debian does not have; the tests let them read ours.
READERS := .build/readers

PREFIX ?= /usr/local
MOUNTPOINT ?= $(HOME)/opencode-history
DEMO ?= $(CURDIR)/demo
ROUNDS ?= 1000
CUTS ?= 50

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# The runtime of Swift goes into the program, so that it runs where there is no toolchain.
RELEASE := swift build -c release --product opencodefs --static-swift-stdlib
PROGRAM := .build/release/opencodefs

# Of some packages those that are missing.
define install_missing
missing=$$(for package in $(1); do \
		dpkg-query -W -f '$${Status}\n' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -n "$$missing" ]; then \
		echo "Installing:" $$missing; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi
endef

.PHONY: help deps build mount demo test harsh fuzz crash soak lint format bench install uninstall clean

help: ## show this help
	@echo "opencodefs: the history of OpenCode as files"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

deps: ## install the packages of Debian that are missing
	@$(call install_missing,$(PACKAGES))
	@cmp -s Tests/readers.txt $(READERS)/readers.txt || { \
		echo "Installing:" $$(sed -n 's/^\(opencode-.*\)/\1/p' Tests/readers.txt) "into $(READERS)"; \
		python3 -m venv $(READERS) && $(READERS)/bin/pip install -q -r Tests/readers.txt \
			&& cp Tests/readers.txt $(READERS)/; }
	@command -v swift >/dev/null || { echo "No Swift toolchain in PATH; see https://www.swift.org/install/linux" >&2; exit 1; }

build: deps ## build the program (release)
	$(RELEASE)

mount: build ## mount your history at MOUNTPOINT (~/opencode-history), a demo where there is none
	@mkdir -p "$(MOUNTPOINT)"
	@$(PROGRAM) where >/dev/null 2>&1; \
	if [ $$? -eq 10 ]; then \
		echo "You have no OpenCode history yet; here is an invented one."; \
		$(MAKE) --no-print-directory demo DEMO="$(MOUNTPOINT).demo" MOUNTPOINT="$(MOUNTPOINT)"; \
	else \
		$(PROGRAM) mount "$(MOUNTPOINT)"; \
	fi

demo: build ## mount an invented history at MOUNTPOINT
	@mkdir -p "$(DEMO)" "$(MOUNTPOINT)"
	@[ -e "$(DEMO)/opencode.db" ] || $(PROGRAM) demo "$(DEMO)/opencode.db"
	@$(PROGRAM) mount --database "$(DEMO)/opencode.db" "$(MOUNTPOINT)"

test: deps ## run all tests: real mounts, real databases
	swift build --build-tests
	@set -o pipefail; swift test --skip-build 2>&1 | tee .build/tests.log || { \
		echo "What failed:" >&2; \
		grep -E 'recorded an issue|failed after|Fatal error|unexpected signal' .build/tests.log | cut -c 1-300 >&2; exit 1; }
	Tests/Fuzz/fuzz.sh 20000 20000 20000 500
	Tests/Crash/soak.py .build/debug/opencodefs 30
	@if grep -q ' fuse.opencodefs .*opencodefs-test' /proc/self/mounts; then \
		echo "A test left a mount behind:" >&2; grep ' fuse.opencodefs ' /proc/self/mounts >&2; exit 1; fi

harsh: deps ## tests that take minutes and gigabytes: messages of 300 MB
	swift build --build-tests
	OPENCODEFS_HARSH=1 swift test --skip-build --filter LargeMessageTests

fuzz: deps ## 13 million inputs for names, JSON, saves and the handlers, half an hour
	Tests/Fuzz/fuzz.sh 5500000 4400000 3000000 100000

crash: deps ## kill the daemon ROUNDS (1000) times for each family, cut its power CUTS (50) times, half an hour
	swift build --product opencodefs
	swift build --product opencodefs-crash
	Tests/Crash/selftest.sh
	.build/debug/opencodefs-crash --rounds $(ROUNDS)
	$(SUDO) .build/debug/opencodefs-crash --rounds $(CUTS) --disk ext4 --disk xfs
	for family in v1 v2 go; do Tests/Crash/conflicts.py .build/debug/opencodefs $$family 10000 || exit 1; done

soak: deps ## 80 programs on 20 mounts of one server, for SECONDS (600)
	swift build --product opencodefs
	Tests/Crash/soak.py .build/debug/opencodefs $(or $(SECONDS),600)

lint: deps ## check formatting and the structure of the house
	swift format lint --strict --recursive Sources Tests Package.swift
	swift build --build-tests --explicit-target-dependency-import-check error
	swift test --skip-build --filter HouseTests

format: ## format all sources
	swift format --in-place --recursive Sources Tests Package.swift

bench: build ## measure; prints the tables of docs/performance.md; more by BENCH="--help"
	@$(call install_missing,$(BENCH_PACKAGES))
	swift build -c release --product opencodefs-bench
	.build/release/opencodefs-bench --program $(PROGRAM) $(BENCH)

install: build ## install below PREFIX (/usr/local)
	$(SUDO) install -D -s -m 755 $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/opencodefs"
	$(SUDO) install -D -m 755 mount/mount.opencodefs "$(DESTDIR)/sbin/mount.opencodefs"
	$(SUDO) install -D -m 644 mount/opencodefs@.service "$(DESTDIR)$(PREFIX)/lib/systemd/user/opencodefs@.service"

uninstall: ## take away what install put there
	$(SUDO) rm -f "$(DESTDIR)$(PREFIX)/bin/opencodefs" "$(DESTDIR)/sbin/mount.opencodefs" \
		"$(DESTDIR)$(PREFIX)/lib/systemd/user/opencodefs@.service"

clean: ## remove what was built
	rm -rf .build
