# Everything that is done with this tree. `make` alone explains it.

FUZZTIME ?= 10m

# The clone may belong to somebody else than whoever builds in it.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

# The toolchain that go.mod names, also where the environment asks for the one at hand: the
# standard library of older ones has known holes that can be reached from our code.
export GOTOOLCHAIN := auto

# What is made from the program, and committed.
GENERATED := docs/config.md docs/errors.md docs/api.md internal/password/common.bin

# Modules of their own, so that what they use does not enter the product's graph.
MODULES := $(patsubst %/go.mod,%,$(wildcard examples/*/go.mod test/*/go.mod bench/go.mod tools/go.mod))

.PHONY: help run check test setup format vet lint vulncheck gen gen-check golden fuzz prove bench bench-server bench-server-long bench-feed

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: ## start the server, a sample app and two users on this machine
	go run ./cmd/handstamp dev

check: setup format vet lint vulncheck gen-check ## everything that CI runs, what it needs included
	@for module in $(MODULES); do echo "go -C $$module test ./..."; go -C $$module test ./... || exit 1; done
	go test -count=1 ./test/prove/simulation # ten thousand schedules; below, under the race detector, a few of them again
	go test -race -shuffle=on -timeout 14m -p 3 ./test/... ./... # first what sleeps

test: ## the quick part of the tests: a minute, nothing to install
	go test $$(go list ./... | grep -vE '/test(/|$$)')

setup: ## bring what the tests need beside Go, or say what is missing
	@.ci/setup

format: ## fail where gofmt would change something
	@changed=$$(gofmt -l .); if [ -n "$$changed" ]; then echo "not formatted, run gofmt -w:"; echo "$$changed"; exit 1; fi

# Tables of routes and of cases go without field names on purpose.
vet: ## look for mistakes with go vet
	@for module in . $(MODULES); do echo "go -C $$module vet -composites=false ./..."; go -C $$module vet -composites=false ./... || exit 1; done

lint: ## look for mistakes with staticcheck
	$$(go -C tools tool -n staticcheck) ./...

vulncheck: ## fail where a function with a known vulnerability is called, in any module, tests included
	go -C tools run ./vulncheck

gen: ## make what is made from the program
	go run ./internal/repo/gen
	go run ./internal/password/gen

gen-check: ## fail where gen would change something
	@before=$$(cksum $(GENERATED)) && $(MAKE) --no-print-directory gen && after=$$(cksum $(GENERATED)) && \
	if [ "$$before" != "$$after" ]; then echo "generated files were out of date; commit them:"; git status --short -- $(GENERATED); exit 1; fi

prove: ## search and simulate for a hole in the promises, for two hours; the simulation is last, and MOST=30m bounds it for each engine
	go test -v -count=1 -timeout 60m -parallel 2 ./test/prove/model -args -deep
	go test -v -count=1 ./test/prove/nodes -args -for 2m
	go test -v -count=1 -timeout 60m ./test/prove/linear -args -deep
	go test -v -count=1 -timeout 6h ./test/prove/simulation -args -deep $(if $(MOST),-most $(MOST))

bench: ## measure verification beside other libraries, four minutes
	go -C bench run ./cmd/verifybench

bench-server: ## measure the server on both engines beside floors, four minutes
	go -C bench run ./cmd/serverbench

bench-server-long: ## measure what grows with the number of sessions, a quarter of an hour
	go -C bench run ./cmd/serverbench -grow

bench-feed: ## measure how soon an ending is known everywhere, undisturbed and with failures, and what a feed takes, three minutes
	go -C bench run ./cmd/feedbench

golden: ## write the golden files anew; read the difference like code
	@for package in $$(grep -rlE --include='*_test.go' 'flag.Bool\("update"|pages/pagestest"' . | xargs -n1 dirname | sort -u); do \
		echo "$$package"; go -C $$package test . -update || exit 1; \
	done

fuzz: ## fuzz every target, each for FUZZTIME (10m)
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(go -C $$package test -list '^Fuzz' . | grep '^Fuzz'); do \
			echo "$$package $$target"; go -C $$package test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) . || exit 1; \
		done; \
	done
