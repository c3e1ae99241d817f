/* SPDX-License-Identifier: MIT */
/* Where large variables lie. Between small ones they would spread those over
 * many pages, each of which costs 4 KiB once it is written to; so they come
 * last (the linker sorts sections by name, see the Makefile). Those of which the
 * beginning is always used come before those that are not: beginnings share
 * pages, as long as no hole lies between them. */
#ifndef LIBSV_LARGE_H
#define LIBSV_LARGE_H

/* For a static, zeroed variable whose beginning is used. */
#define LARGE __attribute__((section(".bss.zx_large")))

/* ... and for one that is seldom touched, or never. */
#define SELDOM __attribute__((section(".bss.zz_seldom")))

#endif
