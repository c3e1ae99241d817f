# SPDX-License-Identifier: MIT
# Static checks. The compilers' analyzers take their time, so what they say of a file
# is kept in build/lint/CHECK/FILE until that file or a header changes; all other
# checks look at everything each time. tests/lint/run has them in order.

LINTED = $(sort $(wildcard libsv/*.c init/*.c supervise/*.c svctl/*.c bench/*.c docs/labs/*/*.c \
	tests/unit/*.c tests/fuzz/*.c tests/coverage/*.c))
LINT_NOTES = $(foreach check,gcc clang-tidy,$(patsubst %,$(BUILD)/lint/$(check)/%,$(LINTED)))
HEADERS = $(wildcard libsv/*.h init/*.h supervise/*.h svctl/*.h tests/fuzz/*.h)

# -Wanalyzer-malloc-leak: gcc 12 loses sight of what is put into an element of a list that
# realloc(3) has moved; clang-analyzer-unix.Malloc does not.
ANALYZER = -fanalyzer -fdiagnostics-plain-output -Wno-analyzer-malloc-leak

lint: lint-notes $(PURE_OBJECTS)	# static checks: two analyzers, clang-tidy, cppcheck, shellcheck, mandoc, pyflakes, our own
	@LINT_NOTES='$(LINT_NOTES)' tests/lint/run

# As many at once as there are processors, unless make was told.
lint-notes: | test-tools
	+@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc)) lint-files

lint-files: $(LINT_NOTES)
	@:

$(BUILD)/lint/gcc/%: % $(HEADERS) tests/lint/rules.mk config.mk
	$(call say,analyze,$<)
	$(Q)tests/lint/note $@ $(if $(filter tests/%,$<),$(HOSTCC),$(CC)) $(LANGUAGE) $(WARNINGS) \
		$(DEFINES) -O2 $(ANALYZER) -c -o /dev/null $<

$(BUILD)/lint/clang-tidy/%: % $(HEADERS) tests/lint/rules.mk \
		$(wildcard .clang-tidy */.clang-tidy */*/.clang-tidy)
	$(call say,tidy,$<)
	$(Q)tests/lint/note $@ clang-tidy --quiet $< -- $(LANGUAGE) $(DEFINES)

.PHONY: lint lint-notes lint-files
