# SPDX-License-Identifier: MIT
# Programs here; the image in image/rules.mk, the tests in tests/rules.mk.

all: programs	# (programs) init, runsvdir, runsv, svctl and sv, into build/bin; completions

include config.mk

BUILD = build

# One line a file; V=1 shows the commands.
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' "$(1)" "$(patsubst $(BUILD)/%,%,$(2))")

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wswitch-enum -Wvla -Wundef -Wcast-qual -Wwrite-strings -Wconversion
LANGUAGE = -std=c11 -D_GNU_SOURCE -Ilibsv
DEFINES = -DPIDONE_VERSION='"$(VERSION)"' -DSVDIR_DEFAULT='"$(SVDIR_DEFAULT)"' \
	-DINITDIR_DEFAULT='"$(INITDIR_DEFAULT)"'
# Sections of their own, so that a program carries only what it calls; no path
# of the build, so that two builds are the same to the byte.
CODE = -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	'-ffile-prefix-map=$(CURDIR)=.'
# Sorted by name for libsv/large.h; no room for a read-only part of the data, which
# nothing protects in a static program.
LINK = $(LDFLAGS) -no-pie -Wl,--gc-sections,--build-id=none,--sort-section=name,-z,noseparate-code,-z,norelro

LIBSV = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard libsv/*.c)))
INIT = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard init/*.c)))
SVCTL = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard svctl/*.c)))
SUPERVISE = $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(filter-out supervise/runsv.c supervise/runsvdir.c,$(sort $(wildcard supervise/*.c))))
PROGRAMS = $(addprefix $(BUILD)/bin/,init runsvdir runsv svctl sv)

COMPLETIONS = $(addprefix $(BUILD)/completions/,svctl.bash svctl.zsh svctl.fish)

programs: $(PROGRAMS) $(BUILD)/completions/agreed

$(BUILD)/unstripped/init: $(INIT) $(LIBSV)
$(BUILD)/unstripped/runsvdir: $(BUILD)/obj/supervise/runsvdir.o $(SUPERVISE) $(LIBSV)
$(BUILD)/unstripped/runsv: $(BUILD)/obj/supervise/runsv.o $(SUPERVISE) $(LIBSV)
$(BUILD)/unstripped/svctl: $(SVCTL) $(LIBSV)

# The tool is for people, who wait for it less than it has to say: smaller than -Os,
# where the compiler knows how.
$(SVCTL): CODE += $(shell $(CC) -Oz -E -x c /dev/null >/dev/null 2>&1 && echo -Oz)

$(BUILD)/unstripped/%:
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) $(CODE) $(LINK) -o $@ $^

$(BUILD)/bin/%: $(BUILD)/unstripped/%
	@mkdir -p $(@D)
	$(Q)strip -o $@.new $< && mv -f $@.new $@

$(BUILD)/bin/sv: $(BUILD)/bin/svctl
	$(Q)ln -sf svctl $@

$(BUILD)/completions/svctl.%: $(BUILD)/bin/svctl svctl/completions
	@mkdir -p $(@D)
	$(Q)svctl/completions $* $< $(SVDIR_DEFAULT) $(INITDIR_DEFAULT) >$@.new && mv -f $@.new $@

# The table of verbs, its help, the completions and the pages.
$(BUILD)/completions/agreed: $(BUILD)/bin/svctl man/svctl.1 man/sv.8 $(COMPLETIONS) svctl/agree
	$(call say,agree,$@)
	$(Q)svctl/agree $(filter-out svctl/agree,$^)
	@touch $@

$(BUILD)/obj/%.o: %.c Makefile config.mk | toolchain
	@mkdir -p $(@D)
	$(call say,compile,$<)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(DEFINES) $(CFLAGS) $(CODE) -MMD -MP -c -o $@ $<

toolchain:
	@image/deps programs

install: programs	# into DESTDIR and PREFIX: programs, man pages, completions
	install -d "$(DESTDIR)$(SBINDIR)" "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LICENSEDIR)" \
		"$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(MANDIR)/man5" "$(DESTDIR)$(MANDIR)/man8"
	install -m 755 $(BUILD)/bin/init "$(DESTDIR)$(SBINDIR)/"
	install -m 755 $(BUILD)/bin/runsvdir $(BUILD)/bin/runsv $(BUILD)/bin/svctl "$(DESTDIR)$(BINDIR)/"
	ln -sf svctl "$(DESTDIR)$(BINDIR)/sv"
	install -m 644 LICENSE "$(DESTDIR)$(LICENSEDIR)/"
	install -D -m 644 $(BUILD)/completions/svctl.bash "$(DESTDIR)$(BASHDIR)/svctl"
	install -D -m 644 $(BUILD)/completions/svctl.zsh "$(DESTDIR)$(ZSHDIR)/_svctl"
	install -D -m 644 $(BUILD)/completions/svctl.fish "$(DESTDIR)$(FISHDIR)/svctl.fish"
	for page in man/*.[158]; do \
		install -m 644 "$$page" "$(DESTDIR)$(MANDIR)/man$${page##*.}/" || exit 1; done

clean:	# remove what was built, but for the caches of kernel and busybox
	rm -rf $(BUILD)

help:	# this list
	@sed -n 's/^\([a-z]*\):[^#]*# */\1	/p' Makefile image/rules.mk docs/rules.mk tests/rules.mk \
		tests/fuzz/rules.mk tests/lint/rules.mk tests/coverage/rules.mk bench/rules.mk | \
		expand -t 12

.PHONY: all programs toolchain install clean help

-include image/rules.mk
-include docs/rules.mk
-include tests/rules.mk
-include bench/rules.mk
-include $(LIBSV:.o=.d) $(INIT:.o=.d) $(SVCTL:.o=.d) $(SUPERVISE:.o=.d) \
	$(BUILD)/obj/supervise/runsv.d $(BUILD)/obj/supervise/runsvdir.d
