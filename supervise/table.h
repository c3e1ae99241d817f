/* SPDX-License-Identifier: MIT */
/* A hash table of things that carry their own link, found by a number: children
 * by pid, directories by inode. It allocates only in table_reserve. Pure, but
 * for that. */
#ifndef SUPERVISE_TABLE_H
#define SUPERVISE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
	uint64_t key;
	struct table_link *next;
};

struct table {
	struct table_link **buckets;
	size_t size;		/* of buckets, a power of two; 0: nothing reserved */
};

/* Makes room for COUNT links at about one a bucket; false: no memory, and the
 * table is as it was, slower but right, unless it never had any. */
bool table_reserve(struct table *table, size_t count);

/* Links LINK in under KEY; it must not be in a table. Needs one reserve before. */
void table_add(struct table *table, struct table_link *link, uint64_t key);

/* Takes LINK out; nothing happens if it is not in. */
void table_remove(struct table *table, struct table_link *link);

/* The first link of KEY, NULL if there is none; then those after it. */
struct table_link *table_find(const struct table *table, uint64_t key);
struct table_link *table_find_next(const struct table_link *link);

/* All of them: LINK NULL gives the first, any other the one after it; NULL: there is
 * no more. One that has been taken out leads on to what stood behind it, until it is
 * put in again. */
struct table_link *table_next(const struct table *table, const struct table_link *link);

void table_free(struct table *table);

#endif
