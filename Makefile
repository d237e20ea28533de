# Builds, installs and checks the extension with PGXS. Targets: all (default), install, installcheck, check-core, format,
# clean.
# Variables: PG_CONFIG (which PostgreSQL), WERROR=1 (warnings are errors), OPTIMIZE (more flags for the compiler, such as -O1).

EXTENSION   = eryxon_sync
MODULE_big  = $(EXTENSION)
EXT_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(EXTENSION).control)

PG_CONFIG  ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)

SOURCES    := $(sort $(wildcard src/module.cpp src/entry/*.cpp src/core/*/*.cpp src/pg/*/*.cpp))
OBJS        = $(SOURCES:.cpp=.o)

# The install script is the fragments of sql/install in the order of their numbers.
INSTALL_SQL := sql/$(EXTENSION)--$(EXT_VERSION).sql
FRAGMENTS   := $(sort $(wildcard sql/install/*.sql))
# An update script is its file of sql/updates, with functions and such from the fragments: sql/updates/assemble.awk.
UPDATE_SQL  := $(patsubst sql/updates/%,sql/%,$(sort $(wildcard sql/updates/*.sql)))
DATA_built   = $(INSTALL_SQL) $(UPDATE_SQL)

# Questions in test/sql and test/isolation/specs; answers in test/expected and test/isolation/expected. The specs point-*
# stop calls at debug points.
REGRESS         = $(sort $(basename $(notdir $(wildcard test/sql/*.sql))))
REGRESS_OPTS    = --inputdir=test --encoding=UTF8 --no-locale
ISOLATION       = $(filter-out $(if $(ASSERTIONS),,point-%),$(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec)))))
ISOLATION_OPTS  = --inputdir=test/isolation --encoding=UTF8 --no-locale

PG_CPPFLAGS   = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) -DERYXON_VERSION='"$(EXT_VERSION)"'
PG_CXXFLAGS   = -std=c++20 -fvisibility=hidden -fvisibility-inlines-hidden -fno-semantic-interposition -Wall -Wextra -MMD -MP
# Preconditions are checked, and debug points can stop calls, where the server has assertions.
ASSERTIONS   := $(findstring --enable-cassert,$(shell $(PG_CONFIG) --configure))
ifneq ($(ASSERTIONS),)
PG_CPPFLAGS  += -DERYXON_ASSERTIONS
endif
ifdef WERROR
PG_CXXFLAGS  += -Werror
endif
SHLIB_LINK    = -lstdc++ -lcrypto -lsimdjson -lcsv
SHLIB_EXPORTS = exports.txt

EXTRA_CLEAN   = build $(FLAGS) $(OBJS:.o=.d)

# No LLVM bitcode: nothing here is worth inlining into JIT-compiled queries.
override with_llvm := no

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
override CXXFLAGS += $(OPTIMIZE)

$(INSTALL_SQL): $(FRAGMENTS) $(EXTENSION).control
	@mkdir -p sql
	@printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit' > $@
	cat /dev/null $(FRAGMENTS) >> $@

$(UPDATE_SQL): sql/%: sql/updates/% sql/updates/assemble.awk $(FRAGMENTS)
	awk -f sql/updates/assemble.awk $(FRAGMENTS) $< > $@.new && mv $@.new $@

# A change of compiler, flags or PostgreSQL rebuilds every object.
FLAGS := .build-flags
BUILT_WITH = $(subst ','\'',$(filter-out -Werror,$(COMPILE.cc)))
$(OBJS): $(FLAGS)
$(FLAGS): FORCE
	@printf '%s\n' '$(BUILT_WITH)' | cmp -s - $@ || printf '%s\n' '$(BUILT_WITH)' > $@
.PHONY: FORCE
FORCE:

# Builds core without a server and runs its unit tests.
BUILD_DIR ?= build
.PHONY: check-core
check-core:
	cmake -S . -B $(BUILD_DIR) $(CMAKE_OPTS)
	cmake --build $(BUILD_DIR)
	ctest --test-dir $(BUILD_DIR) --output-on-failure

# Formats the C++ sources as script/lint wants them.
.PHONY: format
format:
	clang-format-14 -i $(shell git ls-files '*.cpp' '*.hpp')

-include $(OBJS:.o=.d)
