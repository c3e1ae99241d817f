/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>

#define BUCKETS_LEAST 64

static size_t bucket_of(uint64_t key, size_t size)
{
	/* Fibonacci hashing: neighbouring pids and inodes spread out */
	return (size_t)(key * 0x9e3779b97f4a7c15U >> 32) & (size - 1);
}

static void put(struct table_link **buckets, size_t size, struct table_link *link)
{
	struct table_link **bucket = &buckets[bucket_of(link->key, size)];

	link->next = *bucket;
	*bucket = link;
}

bool table_reserve(struct table *table, size_t count)
{
	size_t size = table->size > 0 ? table->size : BUCKETS_LEAST;
	struct table_link **buckets;

	while (size < count)
		size *= 2;
	if (size == table->size)
		return true;
	buckets = calloc(size, sizeof *buckets);
	if (buckets == NULL)
		return false;
	for (size_t i = 0; i < table->size; i++)
		while (table->buckets[i] != NULL) {
			struct table_link *link = table->buckets[i];

			table->buckets[i] = link->next;
			put(buckets, size, link);
		}
	free(table->buckets);
	table->buckets = buckets;
	table->size = size;
	return true;
}

void table_add(struct table *table, struct table_link *link, uint64_t key)
{
	link->key = key;
	put(table->buckets, table->size, link);
}

void table_remove(struct table *table, struct table_link *link)
{
	struct table_link **place;

	if (table->size == 0)
		return;
	place = &table->buckets[bucket_of(link->key, table->size)];
	while (*place != NULL && *place != link)
		place = &(*place)->next;
	if (*place == link)
		*place = link->next;
}

static struct table_link *first_of(struct table_link *link, uint64_t key)
{
	while (link != NULL && link->key != key)
		link = link->next;
	return link;
}

struct table_link *table_find(const struct table *table, uint64_t key)
{
	return table->size == 0 ? NULL :
		first_of(table->buckets[bucket_of(key, table->size)], key);
}

struct table_link *table_find_next(const struct table_link *link)
{
	return first_of(link->next, link->key);
}

struct table_link *table_next(const struct table *table, const struct table_link *link)
{
	size_t bucket = 0;

	if (link != NULL && link->next != NULL)
		return link->next;
	if (link != NULL)
		bucket = bucket_of(link->key, table->size) + 1;
	while (bucket < table->size && table->buckets[bucket] == NULL)
		bucket++;
	return bucket < table->size ? table->buckets[bucket] : NULL;
}

void table_free(struct table *table)
{
	free(table->buckets);
	*table = (struct table){ 0 };
}
