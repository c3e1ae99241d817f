# SPDX-License-Identifier: MIT
# The fuzz targets, built with clang's libFuzzer and under its sanitizers.

FUZZ = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_CC = clang
# All that a target may call. svctl's verbs are in a table, which its command line needs.
FUZZED = $(sort $(TESTED) libsv/clock.c $(filter-out svctl/cli.c svctl/svctl.c,$(wildcard svctl/*.c)))
# -O1: a failure's lines are those of the source.
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# For each target.
SECONDS = 60

fuzz: fuzzers	# the fuzz targets, SECONDS=60 each, from another seed each time
	@FUZZ_SECONDS=$(SECONDS) FUZZ_SEED=$(or $(SEED),0) tests/fuzz/run $(ONLY)

fuzzers: $(FUZZ)

$(BUILD)/fuzz/fuzzed.a: $(addprefix $(BUILD)/fuzz/,$(FUZZED:.c=.o))
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/fuzz/%.o: %.c Makefile config.mk tests/rules.mk tests/fuzz/rules.mk | fuzz-tools
	@mkdir -p $(@D)
	$(call say,compile,$@)
	$(Q)$(FUZZ_CC) $(LANGUAGE) $(WARNINGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(FUZZ): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/fuzzed.a
	$(call say,link,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^

fuzz-tools:
	@image/deps programs fuzz

.PHONY: fuzz fuzzers fuzz-tools
