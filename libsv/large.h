/* SPDX-License-Identifier: MIT */
/* Where large buffers lie. Between small variables they would spread those over
 * many pages, each of which costs 4 KiB once it is written to; so they all come
 * last (the linker sorts sections by name, see the Makefile). */
#ifndef LIBSV_LARGE_H
#define LIBSV_LARGE_H

/* For a static, zeroed variable that is seldom touched, or never. */
#define LARGE __attribute__((section(".bss.zz_large")))

#endif
