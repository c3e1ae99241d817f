/* SPDX-License-Identifier: MIT */
/* The random seed, kept from one boot to the next. */
#ifndef INIT_SEED_H
#define INIT_SEED_H

#include <stdbool.h>

#define SEED_PATH "/var/lib/random-seed"

/* Stirs the seed into the kernel's pool, without counting it as random (an image
 * may have been copied), and replaces it, so that it is never used twice. False
 * with errno. */
bool seed_restore(void);

/* Saves a new seed. False with errno; EAGAIN: the pool is not ready yet. */
bool seed_save(void);

#endif
