# SPDX-License-Identifier: MIT
# Unit tests run on the machine's C library: as they are, and once more under the
# sanitizers. All else runs the programs of build/bin and the image.

# What decides and does nothing else: no system call, no clock, no global.
PURE = libsv/command.c libsv/monitor.c libsv/process.c libsv/status.c libsv/text.c \
	init/argv.c init/cmdline.c init/inittab.c init/lifecycle.c init/mounttable.c \
	init/record.c \
	svctl/duration.c svctl/goal.c svctl/locks.c svctl/measure.c svctl/nearest.c svctl/pattern.c svctl/quote.c \
	svctl/report.c svctl/script.c svctl/syslogline.c svctl/timeline.c svctl/utf8.c svctl/words.c
# Units that a test runs too, though they allocate or call the C library.
TESTED = $(PURE) libsv/files.c libsv/message.c libsv/setting.c libsv/signals.c libsv/spawn.c \
	supervise/table.c supervise/timers.c \
	svctl/cause.c svctl/drawing.c svctl/facts.c svctl/json.c svctl/known.c svctl/openmetrics.c svctl/output.c \
	svctl/reason.c svctl/service.c

UNIT = $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
UNIT_PLAIN = $(addprefix $(BUILD)/unit/plain/,$(UNIT))
UNIT_SANITIZED = $(addprefix $(BUILD)/unit/sanitized/,$(UNIT))
PLAIN = -O2
SANITIZED = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_LIBS = -lcheck -lsubunit -lm -lrt -lpthread

FAST = tests/lint/run $(UNIT_PLAIN) $(UNIT_SANITIZED) \
	$(sort $(wildcard tests/namespace/test_*.py tests/conformance/test_*.py \
		tests/fault/test_*.py tests/docs/test_*.py tests/lint/test_*.py)) $(NAMESPACE_LABS)
SLOW = $(sort $(wildcard tests/boot/test_*.py tests/image/test_*)) $(MACHINE_LABS)

# What tests have of the bench's.
BENCH_TESTED = $(addprefix $(BUILD)/bench/,busybox crowd floor idle)

check: programs unit $(LAB_PROGRAMS)	# the fast tests: no virtual machine
	@$(WITH_PEERS) tests/run $(FAST)

test: programs unit image fuzzers lint-notes $(BENCH_TESTED) $(LAB_PROGRAMS)	# all tests, in virtual machines too
	@$(WITH_PEERS) FUZZ_SECONDS=$(SECONDS) LINT_NOTES='$(LINT_NOTES)' \
		tests/run $(FAST) $(SLOW) tests/fuzz/run

conformance: programs $(BUILD)/bench/busybox | test-tools	# ours beside runit and busybox, into docs/CONFORMANCE.md
	@$(WITH_PEERS) tests/conformance/test_scenarios.py --write

# Those that say what they do with SOAK=1, and the fuzzers, from another seed each time.
SOAKED = $(sort $(shell grep -l 'SOAK=1' tests/*/test_*.py)) tests/fuzz/run
soak: SECONDS = 600
soak: programs image fuzzers $(BENCH_TESTED) | test-tools	# the tests that have a long form, in it: some hours
	@SOAK=1 FUZZ_SECONDS=$(SECONDS) FUZZ_SEED=0 tests/run $(SOAKED)

# Where it cannot be had, the tests that need it say so.
WITH_PEERS = RUNIT_BIN="$$(tests/peers runit || echo /nonexistent)/usr/bin"

unit: $(UNIT_PLAIN) $(UNIT_SANITIZED)

$(BUILD)/unit/plain/tested.a: $(addprefix $(BUILD)/unit/plain/,$(TESTED:.c=.o))
$(BUILD)/unit/sanitized/tested.a: $(addprefix $(BUILD)/unit/sanitized/,$(TESTED:.c=.o))
%/tested.a:
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/unit/plain/%.o: %.c Makefile config.mk tests/rules.mk | test-tools
	@mkdir -p $(@D)
	$(call say,compile,$@)
	$(Q)$(HOSTCC) $(LANGUAGE) $(WARNINGS) -g $(PLAIN) -MMD -MP -c -o $@ $<
$(BUILD)/unit/sanitized/%.o: %.c Makefile config.mk tests/rules.mk | test-tools
	@mkdir -p $(@D)
	$(call say,compile,$@)
	$(Q)$(HOSTCC) $(LANGUAGE) $(WARNINGS) -g $(SANITIZED) -MMD -MP -c -o $@ $<

$(UNIT_PLAIN): $(BUILD)/unit/plain/%: $(BUILD)/unit/plain/tests/unit/%.o $(BUILD)/unit/plain/tested.a
	$(call say,link,$@)
	$(Q)$(HOSTCC) -o $@ $^ $(UNIT_LIBS)
$(UNIT_SANITIZED): $(BUILD)/unit/sanitized/%: $(BUILD)/unit/sanitized/tests/unit/%.o \
		$(BUILD)/unit/sanitized/tested.a
	$(call say,link,$@)
	$(Q)$(HOSTCC) -fsanitize=address,undefined -o $@ $^ $(UNIT_LIBS)

test-tools:
	@image/deps programs test lint $(if $(filter test soak,$(MAKECMDGOALS)),image run)

export PURE_OBJECTS = $(addprefix $(BUILD)/unit/plain/,$(PURE:.c=.o))

.PHONY: check test conformance soak unit test-tools

include tests/fuzz/rules.mk
include tests/lint/rules.mk
include tests/coverage/rules.mk

-include $(shell find $(BUILD)/unit $(BUILD)/fuzz -name '*.d' 2>/dev/null)
