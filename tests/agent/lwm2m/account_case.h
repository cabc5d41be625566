/* SPDX-License-Identifier: GPL-2.0-or-later
 * Accounts for tests, as lines of path and value. */
#ifndef TESTS_AGENT_ACCOUNT_CASE_H
#define TESTS_AGENT_ACCOUNT_CASE_H
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/account.h"
#include "agent/config/model.h"
#include "agent/lwm2m/request.h"
#include "objects/codec.h"

static inline struct lwm2m_path at(const char *text)
{
	struct lwm2m_path path;

	assert_int_equal(path_parse(text, strlen(text), &path), 0);
	return path;
}

static inline void put(struct tree *tree, const char *where, const char *value)
{
	struct lwm2m_path path = at(where);
	const struct object_def *object =
		agent_model()->object(agent_model(), path.id[0]);
	const struct resource_def *def = object_resource(object, path.id[2]);
	struct lwm2m_value v;
	uint8_t room[256];
	struct buf scratch = buf_over(room, sizeof(room));
	enum lwm2m_type type = def ? (enum lwm2m_type)def->type :
				     LWM2M_INTEGER;

	assert_int_equal(value_parse(type, value, strlen(value), &v, &scratch),
			 0);
	assert_non_null(tree_add(tree, object, path.id[1]));
	assert_int_equal(tree_set(tree, &path, &v, 0), 0);
}

/* "/0/0/0=coap://a /0/0/1=1 ...": blanks between. */
static inline void put_all(struct tree *tree, const char *lines)
{
	char *copy = strdup(lines), *save = NULL;

	for (char *one = strtok_r(copy, " ", &save); one;
	     one = strtok_r(NULL, " ", &save)) {
		char *value = strchr(one, '=');

		*value++ = '\0';
		put(tree, one, value);
	}
	free(copy);
}

/* All of a tree in one text, opaque ones as their length. */
static inline const char *show(const struct tree *tree)
{
	static char text[8192];
	struct buf out = buf_over(text, sizeof(text) - 1);
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor cursor = {0, 0};
	const struct tree_slot *slot;
	char where[PATH_TEXT_MAX];

	while ((slot = tree_next(tree, &root, &cursor, &path))) {
		path_format(&path, where);
		buf_print(&out, "%s%s=", out.used ? " " : "", where);
		if (slot->value.type == LWM2M_OPAQUE)
			buf_print(&out, "#%u", (unsigned)slot->value.length);
		else
			value_format(&slot->value, &out);
	}
	text[out.used] = '\0';
	return text;
}

#define BOOTSTRAP "/0/0/0=coap://127.0.0.1:5783 /0/0/1=1 /0/0/2=3 "
#define SERVER "/0/1/0=coap://127.0.0.1:5683 /0/1/1=0 /0/1/2=3 /0/1/10=101 " \
	       "/1/0/0=101 /1/0/1=300 /1/0/6=0 /1/0/7=U "
#endif
