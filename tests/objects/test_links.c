/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object lists and answers to Discover, byte for byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "objects/linkformat.h"

static const struct resource_def sensor[] = {
	{5700, LWM2M_FLOAT, OP_READ, false, true, "Sensor Value", 0, 0},
	{5701, LWM2M_STRING, OP_READ, false, false, "Sensor Units", 0, 0},
};
static const struct object_def temperature = {
	3303, 5700, true, false, "Temperature", "1.1", sensor, 2, NULL,
};
static const struct object_def dimmer = {
	3343, 0, true, false, "Dimmer", "1.0", sensor, 2, NULL,
};
static const struct object_def first_of_ipso = {
	3200, 0, true, false, "Digital Input", "1.1", sensor, 2, NULL,
};
static const struct object_def location = {
	3336, 0, true, false, "Location", "2.0", sensor, 2, NULL,
};

static struct lwm2m_path path(const char *text)
{
	struct lwm2m_path parsed;

	assert_int_equal(path_parse(text, strlen(text), &parsed), 0);
	return parsed;
}

static void slot(struct tree *tree, const char *where)
{
	struct lwm2m_path at = path(where);

	assert_non_null(tree_slot_add(tree, &at));
}

static void core_fill(struct tree *tree)
{
	tree_init(tree);
	tree_add(tree, core_object(0), 0);
	tree_add(tree, core_object(1), 0);
	tree_add(tree, core_object(3), 0);
}

static const struct list {
	const struct object_def *objects[4];
	uint16_t instances[4];
	struct link_options options;
	const char *text;
} lists[] = {
	{{0}, {0}, {.ct = -1, .ver = true}, "</>;rt=\"oma.lwm2m\",</1/0>,</3/0>"},
	{{&temperature}, {0}, {.ct = 110, .ver = true},
	 "</>;rt=\"oma.lwm2m\";ct=110,</1/0>,</3/0>,"
	 "</3303>;ver=1.1,</3303/0>"},
	{{&temperature}, {0}, {.ct = 110},
	 "</>;rt=\"oma.lwm2m\";ct=110,</1/0>,</3/0>,</3303/0>"},
	{{&temperature}, {0}, {.ct = 11543, .versions =
	 (struct link_version[]){{3303, "1.0"}, {3, "1.2"}}, .n_versions = 2},
	 "</>;rt=\"oma.lwm2m\";ct=11543,</1/0>,</3>;ver=1.2,</3/0>,"
	 "</3303>;ver=1.0,</3303/0>"},
	{{&dimmer, &temperature, &temperature, &location}, {4, 9, 2, 0},
	 {.ct = 112, .ver = true},
	 "</>;rt=\"oma.lwm2m\";ct=112,</1/0>,</3/0>,"
	 "</3303>;ver=1.1,</3303/2>,</3303/9>,"
	 "</3336>;ver=2.0,</3336/0>,</3343/4>"},
	{{&first_of_ipso}, {0}, {.ct = 110, .ver = true},
	 "</>;rt=\"oma.lwm2m\";ct=110,</1/0>,</3/0>,"
	 "</3200>;ver=1.1,</3200/0>"},
	{{&dimmer}, {65534}, {.ct = 0, .ver = true},
	 "</>;rt=\"oma.lwm2m\";ct=0,</1/0>,</3/0>,</3343/65534>"},
};

static void lists_objects_for_a_registration(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct buf out = buf_over(text, sizeof(text) - 1);
		struct tree tree;

		core_fill(&tree);
		for (size_t o = 0; o < 4 && lists[i].objects[o]; o++)
			tree_add(&tree, lists[i].objects[o],
				 lists[i].instances[o]);
		links_register(&tree, &lists[i].options, &out);
		text[out.used] = '\0';
		assert_string_equal(text, lists[i].text);
		assert_false(out.full);
		tree_finish(&tree);
	}
}

/* Objects that have no instances yet stand in their places. */
static void lists_empty_objects(void **state)
{
	static const struct object_def *const empty[] = {
		&first_of_ipso, &dimmer,
	};
	const struct object_def *before[2] = {core_object(2), core_object(16)};
	struct link_options options = {.ct = -1, .ver = true, .empty = before,
				       .n_empty = 2};
	char text[256];
	struct buf out = buf_over(text, sizeof(text) - 1);
	struct tree tree;

	(void)state;
	core_fill(&tree);
	tree_add(&tree, &temperature, 0);
	links_register(&tree, &options, &out);
	text[out.used] = '\0';
	assert_string_equal(text, "</>;rt=\"oma.lwm2m\",</1/0>,</2>,</3/0>,"
			    "</16>,</3303>;ver=1.1,</3303/0>");
	options.empty = empty;
	out.used = 0;
	links_register(&tree, &options, &out);
	text[out.used] = '\0';
	assert_string_equal(text, "</>;rt=\"oma.lwm2m\",</1/0>,</3/0>,"
			    "</3200>;ver=1.1,</3303>;ver=1.1,</3303/0>,"
			    "</3343>");
	tree_finish(&tree);
}

static void says_when_a_list_does_not_fit(void **state)
{
	struct link_options options = {.ct = 110, .ver = true};
	char text[20];
	struct buf out = buf_over(text, sizeof(text));
	struct tree tree;

	(void)state;
	core_fill(&tree);
	links_register(&tree, &options, &out);
	assert_true(out.full);
	tree_finish(&tree);
}

/* With attributes: /3 pmin=10, /3/0 pmax=60, /3/0/7 gt lt st,
 * /3/0/7/1 epmin, /3303/0/5700 pmin=5. */
static const struct { const char *at, *text; } discoveries[] = {
	{"/3", "</3>;pmin=10,</3/0>;pmax=60,</3/0/0>,"
	       "</3/0/7>;dim=2;gt=6.5;lt=1;st=0.5,</3/0/11>;dim=1;pmax=320,</3/0/16>"},
	{"/3/0", "</3/0>;pmax=60,</3/0/0>,"
		 "</3/0/7>;dim=2;gt=6.5;lt=1;st=0.5,</3/0/11>;dim=1;pmax=320,</3/0/16>"},
	{"/3/0/0", "</3/0/0>;pmin=10;pmax=60"},
	{"/3/0/7", "</3/0/7>;dim=2;pmin=10;pmax=60;gt=6.5;lt=1;st=0.5,"
		   "</3/0/7/0>,</3/0/7/1>;epmin=2"},
	{"/3/0/7/1", "</3/0/7/1>;pmin=10;pmax=60;gt=6.5;lt=1;st=0.5;epmin=2"},
	/* interoperability case 261 */
	{"/3/0/11", "</3/0/11>;dim=1;pmin=10;pmax=320,"
		    "</3/0/11/0>;pmax=100;epmin=1;epmax=20"},
	{"/1", "</1>,</1/0>;ssid=101;pmin=7,</1/0/0>,</1/1>"},
	{"/1/0", "</1/0>;ssid=101;pmin=7,</1/0/0>"},
	{"/3303", "</3303>;ver=1.1,</3303/0>,</3303/0/5700>;pmin=5,"
		  "</3303/0/5701>,</3303/1>"},
	{"/3303/0", "</3303/0>,</3303/0/5700>;pmin=5,</3303/0/5701>"},
	{"/3303/1", "</3303/1>"},
	{"/3303/0/5700", "</3303/0/5700>;pmin=5"},
	{"/", "</1>,</1/0>;ssid=101;pmin=7,</1/0/0>,</1/1>,</3>;pmin=10,</3/0>;pmax=60,</3/0/0>,"
	      "</3/0/7>;dim=2;gt=6.5;lt=1;st=0.5,</3/0/11>;dim=1;pmax=320,</3/0/16>,"
	      "</3303>;ver=1.1,</3303/0>,</3303/0/5700>;pmin=5,"
	      "</3303/0/5701>,</3303/1>"},
	{"/3304", NULL}, {"/3303/2", NULL}, {"/3303/0/5750", NULL},
	{"/3/0/7/2", NULL}, {"/3303/0/5700/0", NULL},
};

static void attributes_fill(struct attribute_set *set)
{
	static const struct { const char *at, *query; } all[] = {
		{"/3", "pmin=10"}, {"/3/0", "pmax=60"},
		{"/3/0/7", "gt=6.5&lt=1&st=0.5"}, {"/3/0/7/1", "epmin=2"},
		{"/3303/0/5700", "pmin=5"}, {"/1/0", "pmin=7"},
		{"/3/0/11", "pmax=320"},
		{"/3/0/11/0", "pmax=100&epmin=1&epmax=20"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct lwm2m_path at = path(all[i].at);

		assert_int_equal(attributes_write(set, &at, all[i].query,
						  strlen(all[i].query),
						  at.depth > 2 ?
						  ATTRIBUTE_LIMITS : 0), 0);
	}
}

static void tree_fill(struct tree *tree)
{
	const struct lwm2m_path account = path_resource(1, 0, 0);
	const struct lwm2m_value id = lwm2m_integer(101);

	core_fill(tree);
	tree_add(tree, core_object(1), 1);
	assert_int_equal(tree_set(tree, &account, &id, 0), 0);
	tree_add(tree, &temperature, 0);
	tree_add(tree, &temperature, 1);
	slot(tree, "/3303/0/5701");
	slot(tree, "/3303/0/5700");
	slot(tree, "/3/0/16");
	slot(tree, "/3/0/0");
	slot(tree, "/3/0/7/1");
	slot(tree, "/3/0/7/0");
	slot(tree, "/3/0/11/0");
}

static void discovers_each_level(void **state)
{
	struct attribute_set set = {NULL, 0};
	struct tree tree;
	char text[1024];

	(void)state;
	tree_fill(&tree);
	attributes_fill(&set);
	for (size_t i = 0; i < sizeof(discoveries) / sizeof(discoveries[0]);
	     i++) {
		struct lwm2m_path at = path(discoveries[i].at);
		struct buf out = buf_over(text, sizeof(text) - 1);
		int error = links_discover(&tree, &at, -1, &set, &out);

		text[out.used] = '\0';
		assert_int_equal(error, discoveries[i].text ? 0 : -ENOENT);
		assert_string_equal(text, discoveries[i].text ?
					  discoveries[i].text : "");
	}
	attribute_set_finish(&set);
	tree_finish(&tree);
}

/* LwM2M 1.2: how deep below the path. */
static void discovers_to_a_depth(void **state)
{
	static const struct { const char *at; int depth; const char *text; }
	cases[] = {
		{"/3", 0, "</3>;pmin=10"},
		{"/3", 1, "</3>;pmin=10,</3/0>;pmax=60"},
		{"/3", 2, "</3>;pmin=10,</3/0>;pmax=60,</3/0/0>,"
		 "</3/0/7>;dim=2;gt=6.5;lt=1;st=0.5,</3/0/11>;dim=1;pmax=320,"
		 "</3/0/16>"},
		{"/3", 3, "</3>;pmin=10,</3/0>;pmax=60,</3/0/0>,"
		 "</3/0/7>;dim=2;gt=6.5;lt=1;st=0.5,</3/0/7/0>,"
		 "</3/0/7/1>;epmin=2,</3/0/11>;dim=1;pmax=320,"
		 "</3/0/11/0>;pmax=100;epmin=1;epmax=20,</3/0/16>"},
		{"/1/0", 0, "</1/0>;ssid=101;pmin=7"},
		{"/3/0", 1, "</3/0>;pmax=60,</3/0/0>,"
		 "</3/0/7>;dim=2;gt=6.5;lt=1;st=0.5,</3/0/11>;dim=1;pmax=320,"
		 "</3/0/16>"},
		{"/3/0/7", 0, "</3/0/7>;dim=2;pmin=10;pmax=60;gt=6.5;lt=1;"
		 "st=0.5"},
		{"/3/0/7", 3, "</3/0/7>;dim=2;pmin=10;pmax=60;gt=6.5;lt=1;"
		 "st=0.5,</3/0/7/0>,</3/0/7/1>;epmin=2"},
	};
	struct attribute_set set = {NULL, 0};
	struct tree tree;
	char text[1024];

	(void)state;
	tree_fill(&tree);
	attributes_fill(&set);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lwm2m_path at = path(cases[i].at);
		struct buf out = buf_over(text, sizeof(text) - 1);

		assert_int_equal(links_discover(&tree, &at, cases[i].depth,
						&set, &out), 0);
		text[out.used] = '\0';
		assert_string_equal(text, cases[i].text);
	}
	attribute_set_finish(&set);
	tree_finish(&tree);
}

/* What we write, our own reader of links takes. */
static void lists_read_back(void **state)
{
	static const char *const targets[] = {
		"/", "/1/0", "/1/1", "/3/0", "/3303", "/3303/0", "/3303/1",
	};
	struct link_options options = {.ct = 110, .ver = true};
	char text[1024];
	const char *at = text;
	struct buf out = buf_over(text, sizeof(text));
	struct link link;
	struct tree tree;
	size_t n = 0;

	(void)state;
	tree_fill(&tree);
	links_register(&tree, &options, &out);
	while (link_next(&at, &out.used, &link) == 1) {
		assert_true(n < sizeof(targets) / sizeof(targets[0]));
		assert_int_equal(link.n_target, strlen(targets[n]));
		assert_memory_equal(link.target, targets[n], link.n_target);
		n++;
	}
	assert_int_equal(n, sizeof(targets) / sizeof(targets[0]));
	tree_finish(&tree);
}

static void links_as_json(void **state)
{
	static const struct { const char *links, *json; } cases[] = {
		{"", "[]"},
		{"</3/0>", "[{\"href\":\"/3/0\"}]"},
		{"</3>;ver=1.1;pmin=10,</3/0/7>;dim=2",
		 "[{\"href\":\"/3\",\"ver\":\"1.1\",\"pmin\":\"10\"},"
		 "{\"href\":\"/3/0/7\",\"dim\":\"2\"}]"},
		{"</1/0>;con;uri=\"coap://a;b,c\"",
		 "[{\"href\":\"/1/0\",\"con\":true,"
		 "\"uri\":\"coap://a;b,c\"}]"},
		{"</a>;t=\"x\\\"y\\\\\"",
		 "[{\"href\":\"/a\",\"t\":\"x\\\"y\\\\\"}]"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = buf_over(text, sizeof(text) - 1);

		buf_text(&out, "..");		/* what was there before */
		buf_text(&out, cases[i].links);
		assert_int_equal(links_to_json(&out, 2), 0);
		text[out.used] = '\0';
		assert_memory_equal(text, "..", 2);
		assert_string_equal(text + 2, cases[i].json);
	}
}

static void links_that_do_not_become_json(void **state)
{
	char text[32];
	struct buf out = buf_over(text, sizeof(text));

	(void)state;
	buf_text(&out, "</3/0>;");
	assert_int_equal(links_to_json(&out, 0), -EBADMSG);
	out = buf_over(text, 12);
	buf_text(&out, "</3/0>");
	assert_int_equal(links_to_json(&out, 0), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_objects_for_a_registration),
		cmocka_unit_test(says_when_a_list_does_not_fit),
		cmocka_unit_test(discovers_each_level),
		cmocka_unit_test(discovers_to_a_depth),
		cmocka_unit_test(lists_empty_objects),
		cmocka_unit_test(lists_read_back),
		cmocka_unit_test(links_as_json),
		cmocka_unit_test(links_that_do_not_become_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
