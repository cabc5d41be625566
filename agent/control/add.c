/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/control/add.h"
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

#define SECOND 1e9

void add_text(struct json_object *to, const char *key, const char *text)
{
	if (text)
		json_object_object_add(to, key, json_object_new_string(text));
}

void add_int(struct json_object *to, const char *key, int64_t n)
{
	json_object_object_add(to, key, json_object_new_int64(n));
}

void add_bool(struct json_object *to, const char *key, bool is)
{
	json_object_object_add(to, key, json_object_new_boolean(is));
}

void add_tenths(struct json_object *to, const char *key, double number)
{
	char text[32];

	number = round(number * 10) / 10;
	snprintf(text, sizeof(text), "%.1f", number);
	json_object_object_add(to, key,
			       json_object_new_double_s(number, text));
}

void add_seconds(struct json_object *to, const char *key, int64_t ns)
{
	add_tenths(to, key, (double)ns / SECOND);
}
