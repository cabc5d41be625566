/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every operation against every right (Core TS 8.2): what a server may not do
 * is 4.01 and has changed nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/request.h"
#include "ipso/ipso.h"

#define ME 7
#define OTHER 8
#define PAYLOAD(text) .payload = text, .n = sizeof(text) - 1

static const struct object_def *object(const struct object_model *model,
				       uint16_t id)
{
	const struct object_def *def = core_object(id);

	(void)model;
	return def ? def : ipso_object(id);
}
static const struct object_model model = {object};
static struct request_room room;
static uint8_t answer[4096];

static struct lwm2m_path path(const char *text)
{
	struct lwm2m_path parsed;

	assert_int_equal(path_parse(text, strlen(text), &parsed), 0);
	return parsed;
}

static void put(struct tree *tree, const char *at, struct lwm2m_value value)
{
	struct lwm2m_path where = path(at);

	assert_non_null(tree_add(tree, object(&model, where.id[0]),
				 where.id[1]));
	if (value.type == LWM2M_NONE)
		assert_non_null(tree_slot_add(tree, &where));
	else
		assert_int_equal(tree_set(tree, &where, &value, 0), 0);
}

static void allow(struct tree *tree, uint16_t object_id, uint16_t instance,
		  uint8_t rights)
{
	const struct access_entry entry = {ME, rights};
	const struct access_rule rule = {object_id, instance, ACCESS_NOBODY,
					 &entry, 1};

	assert_true(access_add(tree, core_object(2), access_id_free(tree),
			       &rule));
}

/* /3308/0, /3203/0 and /16 as `rights` say; /3308/1 and /1/1 are closed. The
 * rule of /3203/0 is 2/1, owned by ME where `own`. */
static void fill(struct tree *tree, uint8_t rights, bool own)
{
	const struct access_rule mine = {3203, 0, own ? ME : OTHER, NULL, 0};

	tree_init(tree);
	put(tree, "1/1/0", lwm2m_integer(OTHER));
	put(tree, "1/1/1", lwm2m_integer(60));
	put(tree, "3/0/4", (struct lwm2m_value){0});
	put(tree, "3308/0/5900", lwm2m_float(20));
	put(tree, "3308/1/5900", lwm2m_float(30));
	put(tree, "3203/0/5650", lwm2m_float(1));
	put(tree, "16/0/0/0", lwm2m_string("x", 1));
	put(tree, "16/0/0/1", lwm2m_string("y", 1));
	allow(tree, 3308, 0, rights);
	assert_true(access_add(tree, core_object(2), 1, &mine));
	allow(tree, 3308, 1, 0);
	allow(tree, 1, 1, 0);
	allow(tree, 3, 0, rights);
	allow(tree, 16, 0, rights);
	allow(tree, 16, ACCESS_NOBODY, rights);
}

struct try {
	const char *name, *uri, *query;
	uint8_t method;
	uint16_t accept, format;
	int observe;			/* 1: Observe 0 */
	const char *payload;
	size_t n;
	uint8_t right;			/* that it takes */
	uint8_t code;			/* with it */
};

static struct request_outcome run(struct tree *tree, const struct try *t,
				  uint8_t rights, struct buf *out)
{
	struct attribute_set attributes = {NULL, 0};
	const struct request_scope scope = {
		.tree = tree, .model = &model, .attributes = &attributes,
		.server = ME, .enforced = true, .rights = rights,
		.fallback = FORMAT_TLV,
	};
	const struct request request = {
		.method = t->method, .uri = t->uri,
		.uri_length = strlen(t->uri), .query = t->query,
		.query_length = t->query ? strlen(t->query) : 0,
		.accept = t->accept ? t->accept : FORMAT_NONE,
		.format = t->format ? t->format : FORMAT_NONE,
		.observe = t->observe ? 0 : -1,
		.payload = (const uint8_t *)t->payload, .length = t->n,
	};
	struct request_outcome outcome;

	*out = buf_over(answer, sizeof(answer) - 1);
	outcome = request_handle(&scope, &request, &room, out);
	answer[out->used] = '\0';
	attribute_set_finish(&attributes);
	return outcome;
}

#define JSON FORMAT_SENML_JSON
#define PORTFOLIO "[{\"bn\":\"/16/3/\",\"n\":\"0/0\",\"vs\":\"z\"}]"

static const struct try tries[] = {
	{"read a resource", "3308/0/5900", .method = REQUEST_GET,
	 .right = ACCESS_READ, .code = CODE(2, 05)},
	{"read an instance", "3308/0", .method = REQUEST_GET,
	 .right = ACCESS_READ, .code = CODE(2, 05)},
	{"read an object", "3308", .method = REQUEST_GET,
	 .right = ACCESS_READ, .code = CODE(2, 05)},
	{"observe", "3308/0/5900", .method = REQUEST_GET, .observe = 1,
	 .right = ACCESS_READ, .code = CODE(2, 05)},
	{"attributes", "3308/0/5900", "pmin=1", .method = REQUEST_PUT,
	 .right = ACCESS_READ, .code = CODE(2, 04)},
	{"attributes of an instance", "3308/0", "pmin=1",
	 .method = REQUEST_PUT, .right = ACCESS_READ, .code = CODE(2, 04)},
	{"attributes of an object", "3308", "pmin=1", .method = REQUEST_PUT,
	 .code = CODE(2, 04)},		/* Core TS 8.2.4 */
	{"discover an object", "3308", .method = REQUEST_GET,
	 .accept = FORMAT_LINK, .code = CODE(2, 05)},
	{"discover a resource", "3308/0/5900", .method = REQUEST_GET,
	 .accept = FORMAT_LINK, .code = CODE(2, 05)},
	{"discover", "3308/0", .method = REQUEST_GET, .accept = FORMAT_LINK,
	 .code = CODE(2, 05)},
	{"write a resource", "3308/0/5900", .method = REQUEST_PUT,
	 PAYLOAD("25"), .right = ACCESS_WRITE, .code = CODE(2, 04)},
	{"write an instance", "3308/0", .method = REQUEST_PUT, .format = JSON,
	 PAYLOAD("[{\"n\":\"/3308/0/5900\",\"v\":25}]"),
	 .right = ACCESS_WRITE, .code = CODE(2, 04)},
	{"update an instance", "3308/0", .method = REQUEST_POST,
	 .format = JSON, PAYLOAD("[{\"n\":\"/3308/0/5900\",\"v\":25}]"),
	 .right = ACCESS_WRITE, .code = CODE(2, 04)},
	{"write a composite", "", .method = REQUEST_IPATCH, .format = JSON,
	 PAYLOAD("[{\"n\":\"/3308/0/5900\",\"v\":25}]"),
	 .right = ACCESS_WRITE, .code = CODE(2, 04)},
	{"execute", "3/0/4", .method = REQUEST_POST, .right = ACCESS_EXECUTE,
	 .code = CODE(2, 04)},
	{"create", "16", .method = REQUEST_POST, .format = JSON,
	 PAYLOAD(PORTFOLIO), .right = ACCESS_CREATE, .code = CODE(2, 01)},
	{"delete an instance", "16/0", .method = REQUEST_DELETE,
	 .right = ACCESS_DELETE, .code = CODE(2, 02)},
	{"delete an element", "16/0/0/1", .method = REQUEST_DELETE,
	 .right = ACCESS_DELETE, .code = CODE(2, 02)},
	{"read a composite", "", .method = REQUEST_FETCH, .format = JSON,
	 PAYLOAD("[{\"n\":\"/3308/0\"},{\"n\":\"/1/1\"}]"),
	 .right = ACCESS_READ, .code = CODE(2, 05)},
	/* What no server can do, is not a matter of rights. */
	{"create a device", "3", .method = REQUEST_POST, .code = CODE(4, 05)},
	{"delete the device", "3/0", .method = REQUEST_DELETE,
	 .code = CODE(4, 05)},
	{"read what is not there", "3308/9", .method = REQUEST_GET,
	 .code = CODE(4, 04)},
};

static void each_operation_takes_its_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		for (uint8_t rights = 0; rights <= ACCESS_ALL; rights++) {
			const struct try *t = &tries[i];
			bool may = !t->right || t->right & rights;
			struct request_outcome outcome;
			struct tree tree;
			struct buf out;

			fill(&tree, rights, false);
			outcome = run(&tree, t, 0, &out);
			if (outcome.code != (may ? t->code : CODE(4, 01)))
				print_error("%s with %u\n", t->name, rights);
			assert_int_equal(outcome.code, may ? t->code :
					 CODE(4, 01));
			if (!may) {
				assert_int_equal(outcome.kind,
						 REQUEST_ANSWERED);
				assert_int_equal(outcome.n_touched, 0);
				assert_int_equal(out.used, 0);
			}
			tree_finish(&tree);
		}
}

/* One record that may not be written, and none is. */
static void a_composite_write_is_all_or_nothing(void **state)
{
	const struct try t = {
		"", "", .method = REQUEST_IPATCH, .format = JSON,
		PAYLOAD("[{\"n\":\"/3308/0/5900\",\"v\":25},"
			"{\"n\":\"/3308/1/5900\",\"v\":25}]"),
	};
	struct lwm2m_path first = path("3308/0/5900");
	struct tree tree;
	struct buf out;

	(void)state;
	fill(&tree, ACCESS_ALL, false);
	assert_int_equal(run(&tree, &t, 0, &out).code, CODE(4, 01));
	assert_true(tree_find(&tree, &first)->value.as.number == 20.0);
	tree_finish(&tree);
}

/* Closed instances are left out where others are open. */
static void reads_leave_out_what_is_closed(void **state)
{
	static const char list[] = "[{\"n\":\"/3308\"},{\"n\":\"/1/1\"}]";
	static const struct try reads[] = {
		{"object", "3308", .method = REQUEST_GET, .accept = JSON},
		{"composite", "", .method = REQUEST_FETCH, .format = JSON,
		 PAYLOAD(list)},
		{"root", "", .method = REQUEST_FETCH, .format = JSON,
		 PAYLOAD("[{\"n\":\"/\"}]")},
	};
	struct tree tree;
	struct buf out;

	(void)state;
	fill(&tree, ACCESS_READ, false);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		assert_int_equal(run(&tree, &reads[i], 0, &out).code,
				 CODE(2, 05));
		assert_non_null(strstr((char *)answer, "20"));
		assert_null(strstr((char *)answer, "\"v\":30"));
		assert_null(strstr((char *)answer, "\"v\":60"));
	}
	tree_finish(&tree);
}

static void rules_are_their_owners(void **state)
{
	static const struct {
		struct try t;
		uint8_t own, other;
	} cases[] = {
		{{"", "2/1", .method = REQUEST_GET}, CODE(2, 05), CODE(2, 05)},
		{{"", "2/1", .method = REQUEST_POST, .format = JSON,
		  PAYLOAD("[{\"n\":\"/2/1/2/9\",\"v\":1}]")},
		 CODE(2, 04), CODE(4, 01)},
		{{"", "2/1", .method = REQUEST_POST, .format = JSON,
		  PAYLOAD("[{\"n\":\"/2/1/2/9\",\"v\":32}]")},
		 CODE(4, 00), CODE(4, 01)},
		{{"", "2/1/3", .method = REQUEST_PUT, PAYLOAD("9")},
		 CODE(4, 00), CODE(4, 01)},	/* no such server */
		{{"", "2/1/3", .method = REQUEST_PUT, PAYLOAD("8")},
		 CODE(2, 04), CODE(4, 01)},
		{{"", "2/1/0", .method = REQUEST_PUT, PAYLOAD("9")},
		 CODE(4, 05), CODE(4, 01)},
		{{"", "2/1", .method = REQUEST_DELETE},
		 CODE(4, 05), CODE(4, 05)},
		{{"", "2", .method = REQUEST_POST}, CODE(4, 05), CODE(4, 05)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int own = 0; own < 2; own++) {
			struct tree tree;
			struct buf out;

			fill(&tree, 0, own);
			assert_int_equal(run(&tree, &cases[i].t, ACCESS_ALL,
					     &out).code,
					 own ? cases[i].own : cases[i].other);
			tree_finish(&tree);
		}
}

/* Of what object 2 does not speak, the configuration does. */
static void the_configuration_speaks_where_object_2_does_not(void **state)
{
	const struct try read = {"", "3303/0", .method = REQUEST_GET};
	struct tree tree;
	struct buf out;

	(void)state;
	fill(&tree, ACCESS_ALL, false);
	put(&tree, "3303/0/5700", lwm2m_float(1));
	assert_int_equal(run(&tree, &read, ACCESS_READ, &out).code,
			 CODE(2, 05));
	assert_int_equal(run(&tree, &read, ACCESS_WRITE, &out).code,
			 CODE(4, 01));
	tree_finish(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_takes_its_right),
		cmocka_unit_test(a_composite_write_is_all_or_nothing),
		cmocka_unit_test(reads_leave_out_what_is_closed),
		cmocka_unit_test(rules_are_their_owners),
		cmocka_unit_test(
			the_configuration_speaks_where_object_2_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
