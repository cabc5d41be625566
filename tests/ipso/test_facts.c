/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every field of every table against the published facts in facts.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ipso/ipso.h"

enum field {
	OBJECT, OBJECT_NAME, VERSION, INSTANCES, OBJECT_MANDATORY, RESOURCE,
	NAME, OPERATIONS, MULTIPLICITY, RESOURCE_MANDATORY, TYPE, RANGE,
	N_FIELDS,
};

static const struct object_def *object(uint16_t id)
{
	const struct object_def *def = core_object(id);

	return def ? def : ipso_object(id);
}

/* Splits a line in place. */
static void line_split(char *line, char *fields[N_FIELDS])
{
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&line, "\t");
		assert_non_null(fields[i]);
	}
	assert_null(line);
}

static int operations(const char *word)
{
	static const struct { const char *word; int operations; } words[] = {
		{"-", OP_NONE}, {"R", OP_READ}, {"W", OP_WRITE},
		{"RW", OP_RW}, {"E", OP_EXECUTE},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i].word))
			return words[i].operations;
	fail_msg("operations %s", word);
	return -1;
}

static int type(const char *word)
{
	static const struct { const char *word; int type; } words[] = {
		{"none", LWM2M_NONE}, {"Boolean", LWM2M_BOOLEAN},
		{"Integer", LWM2M_INTEGER}, {"Float", LWM2M_FLOAT},
		{"Unsigned Integer", LWM2M_UNSIGNED}, {"Time", LWM2M_TIME},
		{"String", LWM2M_STRING}, {"Opaque", LWM2M_OPAQUE},
		{"Objlnk", LWM2M_OBJLINK}, {"Corelnk", LWM2M_CORELINK},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i].word))
			return words[i].type;
	fail_msg("type %s", word);
	return -1;
}

static bool is_range(const struct resource_def *def, const char *range)
{
	int min = 0, max = 0;

	if (*range)
		assert_int_equal(sscanf(range, "%d..%d", &min, &max), 2);
	return def->min == min && def->max == max;
}

/* One fact: says which, where it does not hold. */
static void hold(char *fields[N_FIELDS], enum field field, bool holds)
{
	if (!holds)
		fail_msg("/%s//%s is not %s", fields[OBJECT], fields[RESOURCE],
			 fields[field]);
}

static const struct object_def *object_compare(char *f[N_FIELDS])
{
	const struct object_def *def = object((uint16_t)atoi(f[OBJECT]));

	hold(f, OBJECT, def);
	hold(f, OBJECT_NAME, !strcmp(def->name, f[OBJECT_NAME]));
	hold(f, VERSION, !strcmp(def->version, f[VERSION]));
	hold(f, INSTANCES, def->multiple == (*f[INSTANCES] == 'M'));
	hold(f, OBJECT_MANDATORY,
	     def->mandatory == (*f[OBJECT_MANDATORY] == 'Y'));
	return def;
}

static void resource_compare(const struct object_def *of, char *f[N_FIELDS])
{
	const struct resource_def *def =
		object_resource(of, (uint16_t)atoi(f[RESOURCE]));

	hold(f, RESOURCE, def);
	hold(f, NAME, !strcmp(def->name, f[NAME]));
	hold(f, OPERATIONS, def->operations == operations(f[OPERATIONS]));
	hold(f, MULTIPLICITY, def->multiple == (*f[MULTIPLICITY] == 'M'));
	hold(f, RESOURCE_MANDATORY,
	     def->mandatory == (*f[RESOURCE_MANDATORY] == 'Y'));
	hold(f, TYPE, def->type == type(f[TYPE]));
	hold(f, RANGE, is_range(def, f[RANGE]));
}

/* Facts seen for each object must be as many as its table has. */
static unsigned int seen[65536];

static void tables_are_the_facts(void **state)
{
	FILE *file = fopen(FACTS_FILE, "r");
	char line[256], *fields[N_FIELDS];
	const struct object_def *def;
	unsigned int rows = 0;

	(void)state;
	assert_non_null(file);
	for (; fgets(line, sizeof(line), file); rows += *line != '#') {
		if (*line == '#')
			continue;
		line_split(line, fields);
		def = object_compare(fields);
		resource_compare(def, fields);
		seen[def->id]++;
	}
	fclose(file);
	assert_true(rows > 500);
	for (unsigned int id = 0; id <= 65535; id++) {
		def = object((uint16_t)id);
		assert_int_equal(def ? def->n_resources : 0, seen[id]);
	}
}

static void resources_ascend(void **state)
{
	(void)state;
	for (unsigned int id = 0; id <= 65535; id++) {
		const struct object_def *def = object((uint16_t)id);

		for (size_t i = 1; def && i < def->n_resources; i++)
			assert_true(def->resources[i - 1].id <
				    def->resources[i].id);
	}
}

/* What `map: O/I` binds is there and is the one mandatory resource. */
static void main_resources_are_mandatory(void **state)
{
	(void)state;
	for (uint16_t id = 3200; id <= 3350; id++) {
		const struct object_def *def = ipso_object(id);
		const struct resource_def *main_resource;

		if (!def || !def->main)
			continue;
		main_resource = object_resource(def, def->main);
		assert_non_null(main_resource);
		assert_true(main_resource->mandatory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_the_facts),
		cmocka_unit_test(resources_ascend),
		cmocka_unit_test(main_resources_are_mandatory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
