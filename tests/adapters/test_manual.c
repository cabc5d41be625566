/* SPDX-License-Identifier: GPL-2.0-or-later
 * test_manual ADAPTER.so MANUAL: each key of the adapter's tables stands in
 * its manual page, with the default that it has where nothing is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/host.h"

static char manual[65536];

/* "in bold": behind .B or .BR, or in "a, b" of .BR */
static bool is_told(const char *name)
{
	size_t n = strlen(name);

	for (const char *at = manual; (at = strstr(at, name)); at += n) {
		const char *line = at;

		while (line > manual && line[-1] != '\n')
			line--;
		if (strncmp(line, ".B", 2) == 0 && strchr(" ", at[-1]) &&
		    strchr(" \n,:\"", at[n]))
			return true;
	}
	fprintf(stderr, "the manual does not tell the key %s\n", name);
	return false;
}

static bool has_fallback(const struct adapter_key *key)
{
	if (!key->fallback || key->type == ADAPTER_BOOL ||
	    strstr(manual, key->fallback))
		return true;
	fprintf(stderr, "the manual does not tell %s, the default of %s\n",
		key->fallback, key->name);
	return false;
}

static bool table_is_told(const struct adapter_key *key)
{
	bool good = true;

	for (; key && key->type != ADAPTER_END; key++) {
		good &= is_told(key->name);
		good &= has_fallback(key);
		if (!key->help) {
			fprintf(stderr, "%s has no help\n", key->name);
			good = false;
		}
	}
	return good;
}

int main(int argc, char **argv)
{
	const struct adapter_ops *ops;
	FILE *file;
	bool good;

	if (argc != 3 || !(file = fopen(argv[2], "re"))) {
		fputs("usage: test_manual ADAPTER.so MANUAL\n", stderr);
		return 2;
	}
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	ops = fake_plugin_load(argv[1]);
	good = table_is_told(ops->bus_keys);
	good &= table_is_told(ops->device_keys);
	good &= table_is_told(ops->point_keys);
	good &= table_is_told(ops->search_keys);
	return good ? 0 : 1;
}
