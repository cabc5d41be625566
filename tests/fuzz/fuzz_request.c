/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests of a server, on a small tree. An input is a line for each part:
 *
 *	1aa		method (a digit, or from A where access control
 *			counts), Accept, Content-Format (from a)
 *	3303/0/5700	path
 *	pmin=5		query
 *	the payload, to the end */
#include <stdlib.h>
#include <string.h>

#include "agent/lwm2m/request.h"
#include "ipso/ipso.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t formats[] = {
	FORMAT_NONE, FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_TLV,
	FORMAT_SENML_JSON, FORMAT_SENML_CBOR, FORMAT_LINK, FORMAT_CBOR,
	FORMAT_OLD_TEXT, FORMAT_OLD_TLV, FORMAT_OLD_JSON, FORMAT_JSON,
};

static const struct object_def *object(const struct object_model *model,
				       uint16_t id)
{
	const struct object_def *def = core_object(id);

	(void)model;
	return def ? def : ipso_object(id);
}

static const struct object_model model = {object};

static void set(struct tree *tree, struct lwm2m_path path,
		struct lwm2m_value value)
{
	EXPECT(tree_set(tree, &path, &value, INT64_C(1700000000000000000)) ==
	       0);
}

static void tree_fill(struct tree *tree)
{
	static const struct ipso_options options = {.units = "Cel"};
	static const uint16_t core[] = {0, 1, 3};

	for (size_t i = 0; i < 3; i++)
		EXPECT(tree_add(tree, core_object(core[i]), 0));
	EXPECT(!ipso_instance_add(tree, ipso_object(3303), 0, &options));
	EXPECT(!ipso_instance_add(tree, ipso_object(3306), 1, &options));
	EXPECT(!ipso_instance_add(tree, ipso_object(3341), 0, &options));
	set(tree, path_resource(1, 0, 0), lwm2m_integer(101));
	set(tree, path_resource(1, 0, 1), lwm2m_integer(86400));
	set(tree, path_resource(1, 0, 7), lwm2m_string("U", 1));
	set(tree, path_resource(3, 0, 0), lwm2m_string("ACME", 4));
	set(tree, path_element(3, 0, 11, 0), lwm2m_integer(0));
	set(tree, path_resource(3303, 0, 5700), lwm2m_float(21.7));
	set(tree, path_resource(3306, 1, 5850), lwm2m_boolean(true));
}

static void rule(struct tree *tree, uint16_t id, uint16_t about,
		 uint16_t instance, uint16_t owner, uint8_t rights)
{
	const struct access_entry entry = {101, rights};
	const struct access_rule rule = {about, instance, owner, &entry, 1};

	EXPECT(access_add(tree, core_object(2), id, &rule));
}

/* What server 101 may do: all with /3303/0, nothing with /3306/1, which it
 * cannot change since the rule is another's. */
static void rules_fill(struct tree *tree)
{
	rule(tree, 0, 3303, 0, ACCESS_NOBODY, ACCESS_INSTANCE);
	rule(tree, 1, 3306, 1, 102, 0);
	rule(tree, 2, 3341, 0, 101, ACCESS_READ);
	rule(tree, 3, 16, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_CREATE);
}

static void closed_check(const struct tree *tree,
			 const struct request_outcome *outcome)
{
	const struct lwm2m_path closed = path_resource(3306, 1, 5850);
	const struct tree_slot *slot = tree_find(tree, &closed);

	EXPECT(slot && slot->value.as.boolean);
	EXPECT(!access_rights(tree, 3306, 1, 101));
	for (size_t i = 0; i < outcome->n_writes; i++)
		EXPECT(outcome->writes[i].path.id[0] != 3306);
	for (size_t i = 0; i < outcome->n_touched; i++)
		EXPECT(outcome->touched[i].id[0] != 3306);
}

/* The next line of the input; the last part takes all. */
static size_t line(const uint8_t **at, size_t *left, const char **text)
{
	const uint8_t *end = *left ? memchr(*at, '\n', *left) : NULL;
	size_t n = end ? (size_t)(end - *at) : *left;

	*text = (const char *)*at;
	*at += end ? n + 1 : n;
	*left -= end ? n + 1 : n;
	return n;
}

static uint16_t format_of(const char *text, size_t n, size_t at)
{
	return at < n ? formats[(uint8_t)(text[at] - 'a') %
				(sizeof(formats) / sizeof(formats[0]))] :
			FORMAT_NONE;
}

static void request_read_in(const uint8_t *data, size_t size,
			    struct request *request)
{
	const char *head;
	size_t n = line(&data, &size, &head);

	request->method = !n ? 0 : head[0] >= 'A' ?
		(uint8_t)(head[0] - 'A' + 1) : (uint8_t)(head[0] - '0');
	request->accept = format_of(head, n, 1);
	request->format = format_of(head, n, 2);
	request->observe = n > 3 ? head[3] - '0' : -1;
	request->uri_length = line(&data, &size, &request->uri);
	request->query_length = line(&data, &size, &request->query);
	request->payload = data;
	request->length = size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request_room room;
	static uint8_t answer[2048];
	struct attribute_set attributes = {NULL, 0};
	struct buf out = buf_over(answer, sizeof(answer));
	struct request request = {0};
	struct request_outcome outcome;
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.server = 101, .fallback = FORMAT_SENML_CBOR,
		.now = INT64_C(1700000100000000000),
	};

	tree_init(&tree);
	tree_fill(&tree);
	request_read_in(data, size, &request);
	scope.enforced = size && data[0] >= 'A';
	if (scope.enforced)
		rules_fill(&tree);
	/* Twice: a request must leave behind what others can stand on. */
	for (int i = 0; i < 2; i++) {
		out = buf_over(answer, sizeof(answer));
		outcome = request_handle(&scope, &request, &room, &out);
		EXPECT(outcome.code >> 5 >= 2 && outcome.code >> 5 <= 5);
		EXPECT(outcome.n_writes <= REQUEST_RECORDS);
		EXPECT(outcome.n_touched <= REQUEST_RECORDS);
		if (scope.enforced)
			closed_check(&tree, &outcome);
	}
	attribute_set_finish(&attributes);
	tree_finish(&tree);
	return 0;
}
