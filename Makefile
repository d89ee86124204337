# What a user or a developer does with this tree. SwiftPM does the building; Package.swift is the
# architecture, packaging/dependencies the list of Debian packages.

SWIFT ?= swift
SHELL := /bin/bash

.PHONY: build demo test test-world fuzz bench deb lint clean prepare help

## build    the release binaries: .build/release/gatepostd and .build/release/gatepost
# Two products, not everything: what only the tests use does not build in release. The flag is for the
# compiler: without it the archives that a static Foundation needs, which only the tool links, are not
# named to the linker.
build: .build/static
	$(SWIFT) build --configuration release --static-swift-stdlib --product gatepostd
	$(SWIFT) build --configuration release --static-swift-stdlib --product gatepost

# Links to the static C++ runtime, which Package.swift lets the linker find first.
.build/static:
	mkdir -p $@
	ln -sf "$$(ls /usr/lib/gcc/*/*/libstdc++.a | sort -V | tail -n 1)" $@/libstdc++.a
	ln -sf "$$(ls /usr/lib/gcc/*/*/libgcc_eh.a | sort -V | tail -n 1)" $@/libgcc_s.a

## demo     the main job before your eyes, in a scratch directory on loopback, without root
demo:
	packaging/prepare build test
	$(MAKE) build
	Tests/Demo/demo.sh

## test     everything that needs this machine alone; says what it skipped and why
test:
	packaging/prepare build test
	SWIFT="$(SWIFT)" Tests/run

## test-world  Debian 12 and 13 booted, Java, power cuts; as root
test-world:
	packaging/prepare build package test appliance world
	SWIFT="$(SWIFT)" Tests/World/run

## fuzz     a minute of libFuzzer for each parser that reads remote bytes
fuzz:
	SWIFT="$(SWIFT)" Tests/Fuzz/run

## bench    memory, speed and size against the budgets
bench: build
	Tests/Benchmarks/bench

## deb      packaging/out/gatepost_VERSION_ARCH.deb
deb:
	packaging/build-deb

## lint     format and static checks
lint:
	SWIFT="$(SWIFT)" Tests/lint

## prepare  install the Debian packages that are missing
prepare:
	packaging/prepare

## clean    remove what the targets above made
clean:
	$(SWIFT) package clean
	rm -rf .build/deb .build/appliance Tests/Fuzz/.build packaging/out

help:
	@sed -nE 's/^## ([a-z-]+  )/make \1/p' Makefile
