# SPDX-License-Identifier: MIT
# The figures that the programs are held to, each printed by a command, side by
# side with others. Not a test: it takes minutes and wants a quiet machine.

BENCH = $(patsubst bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard bench/*.c)))

bench: programs image $(BENCH) $(BUILD)/bench/busybox	# the figures, side by side with runit, s6, busybox, tini, into docs/BENCHMARKS.md
	@image/deps bench
	@rm -f $(BUILD)/bench/*.json
	@for figures in init supervise svctl image; do bench/$${figures}_figures.py || exit 1; done
	@bench/report.py

# The README shows it: make docs/boot.svg
timeline: programs image $(BENCH) $(BUILD)/bench/busybox	# boot the image, and draw how that went: build/boot.svg, build/down.svg
	@bench/timeline.py

docs/boot.svg docs/down.svg: timeline
	$(Q)cp $(BUILD)/$(@F) $@

$(BUILD)/bench/busybox: bench/busybox image/busybox.fragment $(BUILD)/bzImage
	@bench/busybox

$(BUILD)/bench/%: bench/%.c bench/rules.mk config.mk | toolchain
	@mkdir -p $(@D)
	$(call say,build,$@)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) -Os $(CODE) $(LINK) -s -o $@ $<

.PHONY: bench timeline
