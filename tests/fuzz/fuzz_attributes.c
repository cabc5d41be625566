/* SPDX-License-Identifier: GPL-2.0-or-later
 * Write-Attributes of a server and what comes of its observations: lines of
 * "PATH QUERY", each written, kept as in a file, read back the same, and put in
 * force; "PATH =NUMBER" is a value. */
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/observe.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())
#define SECOND INT64_C(1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void file_check(const struct attribute_set *set)
{
	static char first[65536], second[65536];
	struct buf a = buf_over(first, sizeof(first));
	struct buf b = buf_over(second, sizeof(second));
	struct attribute_set again = {0};

	attributes_save(set, 101, &a);
	if (a.full)
		return;
	attributes_load(&again, 101, first, a.used);
	attributes_save(&again, 101, &b);
	EXPECT(again.n == set->n);
	EXPECT(a.used == b.used && !memcmp(first, second, a.used));
	attribute_set_finish(&again);
}

static void line_take(struct attribute_set *set, struct observation *o,
		      const char *line, size_t n, int64_t now)
{
	const char *blank = memchr(line, ' ', n);
	size_t n_path = blank ? (size_t)(blank - line) : n;
	struct lwm2m_path path;
	struct lwm2m_value value;
	char number[32] = "";

	if (!blank || path_parse(line, n_path, &path) < 0)
		return;
	n -= n_path + 1;
	if (n && blank[1] == '=') {
		memcpy(number, blank + 2, n - 1 < 31 ? n - 1 : 31);
		value = lwm2m_float(strtod(number, NULL));
		if (path.depth >= 3 && observe_covers(o, &path))
			EXPECT(observe_changed(o, set, &path, &value, now) >=
			       0);
		return;
	}
	attributes_write(set, &path, blank + 1, n, ATTRIBUTE_CONDITIONS);
	observe_configure(o, set, 0, 0, now);
	if (o->pmax)
		EXPECT(o->pmax >= o->pmin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lwm2m_path root = path_instance(3303, 0);
	struct observation *o = observe_create(&root, NULL, 0, 0);
	struct attribute_set set = {0};
	int64_t now = SECOND;

	EXPECT(o);
	observe_configure(o, &set, 0, 0, now);
	for (size_t n; size; data += n, size -= n) {
		const uint8_t *end = memchr(data, '\n', size);

		n = end ? (size_t)(end - data) : size;
		now += SECOND;
		line_take(&set, o, (const char *)data, n, now);
		if (observe_due(o, now))
			observe_sent(o, now);
		n += end != NULL;
	}
	file_check(&set);
	observe_destroy(o);
	attribute_set_finish(&set);
	return 0;
}
