/* SPDX-License-Identifier: MIT */
/* What a service directory has of the files that it need not have, by one look: to look
 * for one that is not there costs nearly as much as to list a directory of the usual
 * size, and most are not there. */
#ifndef SUPERVISE_LISTING_H
#define SUPERVISE_LISTING_H

#include "setting.h"

/* A bit for each: 1 << an enum setting for the option files, and these. */
enum {
	LISTING_CONTROL = 1 << SETTING_COUNT,
	LISTING_LOG = LISTING_CONTROL << 1,
	LISTING_ALL = (LISTING_LOG << 1) - 1,
};

/* Which of them DIRECTORY has, a descriptor that has not been read from. LISTING_ALL,
 * which means that any may be there, where it is longer than usual or cannot be listed.
 * What is replaced just now, by rename(2), may be missing (btrfs, some tmpfs): what has
 * been there before is looked for all the same. */
unsigned listing_read(int directory);

/* The same of a descriptor that may have been. */
unsigned listing_read_again(int directory);

#endif
