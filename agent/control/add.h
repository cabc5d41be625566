/* SPDX-License-Identifier: GPL-2.0-or-later
 * Members of JSON objects. */
#ifndef AGENT_ADD_H
#define AGENT_ADD_H
#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* text NULL: no member. */
void add_text(struct json_object *to, const char *key, const char *text);
void add_int(struct json_object *to, const char *key, int64_t number);
void add_bool(struct json_object *to, const char *key, bool is);
/* With one decimal: nobody wants more of an age. */
void add_tenths(struct json_object *to, const char *key, double number);
/* ns, as seconds with one decimal. */
void add_seconds(struct json_object *to, const char *key, int64_t ns);
#endif
