# SPDX-License-Identifier: MIT
# Which lines the unit, namespace, conformance and fault tests reach. The programs are built a
# second time, unoptimised, with gcc's counters and what counters.c makes of them.

COVERAGE = $(BUILD)/coverage
COVERED = -O0 -g --coverage -fprofile-update=atomic
# One process at a time, and millions of states.
COVERED_BY_UNIT = -O0 -g --coverage
COVERED_PROGRAMS = $(addprefix $(COVERAGE)/bin/,init runsvdir runsv svctl)
COVERED_UNIT = $(addprefix $(COVERAGE)/unit/,$(UNIT))

# CASES: of each test of faults. Most calls that can fail are among so many.
coverage: coverage-programs	# lines that no test reaches, into docs/COVERAGE.md; takes a quarter of an hour
	@CASES=600 tests/coverage/run $(COVERED_UNIT) \
		$(sort $(wildcard tests/namespace/test_*.py tests/conformance/test_*.py tests/fault/test_*.py))
	@tests/coverage/report docs/COVERAGE.md
	@for program in $(COVERED_PROGRAMS); do COVERAGE_TO= $$program || exit 1; done	# its memory

coverage-programs: $(COVERED_PROGRAMS) $(COVERAGE)/bin/sv $(COVERAGE)/completions \
		$(COVERAGE)/bench $(COVERED_UNIT)

covered = $(patsubst $(BUILD)/obj/%,$(COVERAGE)/obj/%,$(1))
$(COVERAGE)/bin/init: $(call covered,$(INIT) $(LIBSV))
$(COVERAGE)/bin/runsvdir: $(call covered,$(BUILD)/obj/supervise/runsvdir.o $(SUPERVISE) $(LIBSV))
$(COVERAGE)/bin/runsv: $(call covered,$(BUILD)/obj/supervise/runsv.o $(SUPERVISE) $(LIBSV))
$(COVERAGE)/bin/svctl: $(call covered,$(SVCTL) $(LIBSV))

# The key is what a program's shared memory is found by: that of this tree, and of this build.
$(COVERED_PROGRAMS): $(COVERAGE)/counters.o
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)if [ -x $@ ]; then COVERAGE_TO= $@; fi	# lets go of the memory of the one before
	$(Q)$(CC) $(CODE) $(LINK) -o $@ $(filter-out %/counters.o,$^) $< $$($(CC) -print-file-name=libgcov.a) \
		-Wl,--defsym=coverage_key=$$({ pwd; date +%s%N; } | cksum | awk '{ print $$1 % 2^30 + 1 }')

$(COVERAGE)/bin/sv: $(COVERAGE)/bin/svctl
	$(Q)ln -sf svctl $@

# Where tests look for them.
$(COVERAGE)/completions: $(BUILD)/completions/agreed
	$(Q)ln -sfn ../completions $@
$(COVERAGE)/bench: $(BUILD)/bench/busybox
	$(Q)ln -sfn ../bench $@

$(COVERAGE)/obj/%.o: %.c Makefile config.mk tests/coverage/rules.mk | test-tools
	@mkdir -p $(@D)
	$(call say,compile,$@)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(DEFINES) $(CODE) $(COVERED) -MMD -MP -c -o $@ $<

$(COVERAGE)/counters.o: tests/coverage/counters.c config.mk | test-tools
	@mkdir -p $(@D)
	$(call say,compile,$@)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) -Os -c -o $@ $<

$(COVERED_UNIT): $(COVERAGE)/unit/%: $(COVERAGE)/unit/tests/unit/%.o $(COVERAGE)/unit/tested.a
	$(call say,link,$@)
	$(Q)$(HOSTCC) --coverage -o $@ $^ $(UNIT_LIBS)

$(COVERAGE)/unit/tested.a: $(addprefix $(COVERAGE)/unit/,$(TESTED:.c=.o))
$(COVERAGE)/unit/%.o: %.c Makefile config.mk tests/coverage/rules.mk | test-tools
	@mkdir -p $(@D)
	$(call say,compile,$@)
	$(Q)$(HOSTCC) $(LANGUAGE) $(WARNINGS) $(COVERED_BY_UNIT) -MMD -MP -c -o $@ $<

.PHONY: coverage coverage-programs

-include $(shell find $(COVERAGE) -name '*.d' 2>/dev/null)
