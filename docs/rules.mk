# SPDX-License-Identifier: MIT
# The picture in DESIGN.md, and the laboratory. Each experiment is a test too: tests/rules.mk.

LABS = $(sort $(wildcard docs/labs/*/experiment.py))
# Those that need a machine of their own.
MACHINE_LABS = $(sort $(shell grep -l '^from computer import' $(LABS)))
NAMESPACE_LABS = $(filter-out $(MACHINE_LABS),$(LABS))
LAB_PROGRAMS = $(patsubst docs/labs/%.c,$(BUILD)/labs/%,$(sort $(wildcard docs/labs/*/*.c)))

lab: programs $(LAB_PROGRAMS) $(if $(filter docs/labs/$(N)/%,$(MACHINE_LABS)),image)	# the laboratory: its list; N=orphans: one experiment
	@docs/labs/run $(N)

$(BUILD)/labs/%: docs/labs/%.c Makefile docs/rules.mk config.mk | toolchain
	@mkdir -p $(@D)
	$(call say,build,$@)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) -Os $(CODE) $(LINK) -s -o $@ $<

house: docs/house.svg	# the picture in docs/DESIGN.md, after a change of docs/house.py

docs/house.svg: docs/house.py
	@docs/house.py >$@.new && mv -f $@.new $@

.PHONY: lab house
