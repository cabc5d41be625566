/* SPDX-License-Identifier: GPL-2.0-or-later
 * A line is: name{label="value",...} number. Quotes, backslashes and line ends
 * of a value have a backslash before them. */
#include "agent/ctl/ctl_metrics.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Over itself, up to its quote. Returns what follows that, or NULL. */
static char *value_take(char *at)
{
	char *to = at;

	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			*to++ = *++at == 'n' ? '\n' : *at;
		else
			*to++ = *at;
	}
	if (!*at)
		return NULL;
	*to = '\0';
	return at + 1;
}

/* at: behind the brace. Returns what follows the other one, or NULL. */
static char *labels_take(char *at, struct json_object *labels)
{
	while (*at && *at != '}') {
		char *name = at, *value = strstr(at, "=\"");

		if (!value)
			return NULL;
		*value = '\0';
		value += 2;
		at = value_take(value);
		if (!at)
			return NULL;
		json_object_object_add(labels, name,
				       json_object_new_string(value));
		at += *at == ',';
	}
	return *at ? at + 1 : NULL;
}

static struct json_object *number_of(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*end && *end != ' ')
		return json_object_new_double(strtod(text, NULL));
	return json_object_new_int64(n);
}

/* NULL: it is a comment, or no line of ours. */
static struct json_object *line_take(char *line)
{
	size_t n = strcspn(line, "{ ");
	struct json_object *labels = NULL, *metric;
	char *at = line + n;
	bool labelled = *at == '{';

	if (!n || *line == '#' || !*at)
		return NULL;
	*at++ = '\0';
	if (labelled) {
		labels = json_object_new_object();
		at = labels_take(at, labels);
		if (!at || *at++ != ' ') {
			json_object_put(labels);
			return NULL;
		}
	}
	metric = json_object_new_object();
	json_object_object_add(metric, "metric", json_object_new_string(line));
	if (labels)
		json_object_object_add(metric, "labels", labels);
	json_object_object_add(metric, "value", number_of(at));
	return metric;
}

struct json_object *ctl_metrics(const char *text)
{
	struct json_object *list = json_object_new_array();
	char *copy = strdup(text), *rest = copy, *line;

	if (!copy)
		abort();
	while ((line = strsep(&rest, "\n"))) {
		struct json_object *metric = line_take(line);

		if (metric)
			json_object_array_add(list, metric);
	}
	free(copy);
	return list;
}
