/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/http/row_set.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHAINS 4096u

struct row {
	struct row *next;
	uint64_t hash;		/* of its text */
	unsigned round;
	char name[];
};

struct row_set {
	struct row *chains[CHAINS];
	unsigned round;
};

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

struct row_set *row_set_create(void)
{
	struct row_set *set = calloc(1, sizeof(*set));

	if (!set)
		abort();
	return set;
}

void row_set_destroy(struct row_set *set)
{
	for (unsigned i = 0; set && i < CHAINS; i++)
		for (struct row *row = set->chains[i], *next; row; row = next) {
			next = row->next;
			free(row);
		}
	free(set);
}

static struct row *row_create(struct row **chain, const char *name)
{
	size_t n = strlen(name) + 1;
	struct row *row = malloc(sizeof(*row) + n);

	if (!row)
		abort();
	memcpy(row->name, name, n);
	row->next = *chain;
	*chain = row;
	return row;
}

bool row_set_put(struct row_set *set, const char *name, const char *text)
{
	struct row **chain = &set->chains[hash_of(name) % CHAINS];
	struct row *row = *chain;
	uint64_t hash = hash_of(text);
	bool news;

	while (row && strcmp(row->name, name))
		row = row->next;
	news = !row || row->hash != hash;
	if (!row)
		row = row_create(chain, name);
	row->hash = hash;
	row->round = set->round;
	return news;
}

void row_set_sweep(struct row_set *set, void (*gone)(void *owner,
						     const char *name),
		   void *owner)
{
	for (unsigned i = 0; i < CHAINS; i++)
		for (struct row **at = &set->chains[i], *row; (row = *at); ) {
			if (row->round == set->round) {
				at = &row->next;
				continue;
			}
			gone(owner, row->name);
			*at = row->next;
			free(row);
		}
	set->round++;
}
