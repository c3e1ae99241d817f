# SPDX-License-Identifier: MIT
# From the programs to an image that boots. Each step is a script here; these
# rules say what depends on what. Options (image/options has the list) come from
# the command line, the environment or config.mk.

export LINUX_TARBALL BUSYBOX_TARBALL KERNEL_CONFIG OVERLAY KEYMAP IMAGE_HOSTNAME \
	LABEL SIZE BOOT FIRMWARE DISPLAY_WINDOW MEM APPEND ACCEL KEEP \
	UPDATE_SOURCES PIDONE_CACHE SOURCE_DATE_EPOCH
export PIDONE_VERSION = $(VERSION)
# A password's hash is full of dollars, which make would expand.
ifneq ($(filter command environment,$(origin ROOT_PASSWORD)),)
override ROOT_PASSWORD := $(value ROOT_PASSWORD)
endif
export ROOT_PASSWORD

image: $(BUILD)/disk.img $(BUILD)/initramfs.cpio.gz	# build/disk.img and build/initramfs.cpio.gz

run: image	# boot the image in QEMU; BOOT=disk|kernel|initramfs FIRMWARE=bios|uefi
	@image/run

kernel: $(BUILD)/bzImage	# build/bzImage

busybox: $(BUILD)/busybox	# build/busybox

repro: | image-tools	# build everything twice, elsewhere, and compare; FULL=1: kernel too
	@image/repro

distclean: clean	# clean, and empty the cache that all clones share
	@image/distclean

# All packages are asked for at the start, not after ten minutes of building.
image-tools:
	@image/deps programs image $(if $(filter run,$(MAKECMDGOALS)),run)

# Looked at each time; the notes are touched only when an option has changed.
OPTIONS = $(addprefix $(BUILD)/options/,kernel busybox root disk)
$(OPTIONS): options
	@:
options:
	@image/options

$(BUILD)/bzImage: image/kernel image/kernel.fragment image/lib.sh $(BUILD)/options/kernel \
		$(if $(filter 1,$(UPDATE_SOURCES)),always) | image-tools
	@image/kernel

# UPDATE_SOURCES=1 fetches its source anew too, as it comes after a new bzImage.
$(BUILD)/busybox: image/busybox image/busybox.fragment image/lib.sh $(BUILD)/options/busybox \
		$(BUILD)/bzImage | image-tools
	@image/busybox

$(BUILD)/root/list: image/rootfs image/lib.sh $(BUILD)/options/root LICENSE $(PROGRAMS) \
		$(BUILD)/bzImage $(BUILD)/busybox $(shell find rootfs) | image-tools
	@image/rootfs

$(BUILD)/initramfs.cpio.gz: image/initramfs $(BUILD)/root/list
	@image/initramfs

$(BUILD)/disk.img: image/disk $(BUILD)/root/list $(BUILD)/options/disk
	@image/disk

.PHONY: image run kernel busybox repro distclean image-tools options always
