/* SPDX-License-Identifier: GPL-2.0-or-later
 * The object tree: order, ownership of texts, walks, removal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "objects/tree.h"

static const struct resource_def things[] = {
	{1, LWM2M_FLOAT, OP_READ, false, true, "single", 0, 0},
	{2, LWM2M_STRING, OP_RW, true, false, "multiple", 0, 0},
	{7, LWM2M_STRING, OP_RW, false, false, "text", 0, 0},
};
static const struct object_def ten = {
	10, 1, true, false, "Ten", "1.0", things, 3, NULL,
};
static const struct object_def twenty = {
	20, 1, true, false, "Twenty", "1.0", things, 3, NULL,
};

static struct lwm2m_path path(const char *text)
{
	struct lwm2m_path parsed;

	assert_int_equal(path_parse(text, strlen(text), &parsed), 0);
	return parsed;
}

static struct lwm2m_value text(const char *content)
{
	return lwm2m_string(content, (uint32_t)strlen(content));
}

static void set(struct tree *tree, const char *where, struct lwm2m_value value)
{
	struct lwm2m_path at = path(where);

	assert_int_equal(tree_set(tree, &at, &value, 5), 0);
}

static const struct tree_slot *find(const struct tree *tree, const char *where)
{
	struct lwm2m_path at = path(where);

	return tree_find(tree, &at);
}

static void assert_text(const struct tree *tree, const char *where,
			const char *content)
{
	const struct tree_slot *slot = find(tree, where);

	assert_non_null(slot);
	assert_int_equal(slot->value.length, strlen(content));
	assert_memory_equal(slot->value.as.text, content, strlen(content));
}

/* Filled in another order than that of the walk. */
static void tree_fill(struct tree *tree)
{
	tree_init(tree);
	tree_add(tree, &twenty, 0);
	tree_add(tree, &ten, 3);
	tree_add(tree, &ten, 1);
	set(tree, "/20/0/1", lwm2m_float(1));
	set(tree, "/10/3/7", text("seven"));
	set(tree, "/10/3/2/9", text("nine"));
	set(tree, "/10/3/2/4", text("four"));
	set(tree, "/10/3/1", lwm2m_float(2));
	set(tree, "/10/1/1", lwm2m_float(3));
}

static const struct walk {
	const char *scope, *found;
} walks[] = {
	{"/", "/10/1/1 /10/3/1 /10/3/2/4 /10/3/2/9 /10/3/7 /20/0/1 "},
	{"/10", "/10/1/1 /10/3/1 /10/3/2/4 /10/3/2/9 /10/3/7 "},
	{"/20", "/20/0/1 "},
	{"/15", ""},
	{"/10/0", ""},
	{"/10/1", "/10/1/1 "},
	{"/10/3", "/10/3/1 /10/3/2/4 /10/3/2/9 /10/3/7 "},
	{"/10/3/2", "/10/3/2/4 /10/3/2/9 "},
	{"/10/3/2/9", "/10/3/2/9 "},
	{"/10/3/2/5", ""},
	{"/10/3/7", "/10/3/7 "},
	{"/10/3/7/0", ""},		/* a single one has no elements */
	{"/10/3/5", ""},
};

static void walks_in_path_order(void **state)
{
	struct tree tree;

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		struct lwm2m_path scope = path(walks[i].scope), at;
		struct tree_cursor cursor = {0, 0};
		char found[256] = "", one[PATH_TEXT_MAX];

		while (tree_next(&tree, &scope, &cursor, &at)) {
			path_format(&at, one);
			strcat(strcat(found, one), " ");
		}
		assert_string_equal(found, walks[i].found);
	}
	tree_finish(&tree);
	assert_null(tree.instances);
}

static void says_what_exists(void **state)
{
	static const struct { const char *at; bool there; } cases[] = {
		{"/", true}, {"/10", true}, {"/11", false}, {"/9", false},
		{"/10/3", true}, {"/10/2", false}, {"/10/3/2", true},
		{"/10/3/2/4", true}, {"/10/3/2/5", false}, {"/10/3/3", false},
		{"/10/3/7/0", false}, {"/30/0/1", false},
	};
	struct tree tree;

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lwm2m_path at = path(cases[i].at);

		assert_int_equal(tree_exists(&tree, &at), cases[i].there);
	}
	assert_true(tree_has_object(&tree, 20));
	assert_false(tree_has_object(&tree, 19));
	tree_finish(&tree);
}

static void owns_its_texts(void **state)
{
	char content[] = "first";
	struct tree tree;
	struct tree_slot *slot;
	struct lwm2m_path at = path("/10/0/7");
	struct lwm2m_value inner;

	(void)state;
	tree_init(&tree);
	tree_add(&tree, &ten, 0);
	set(&tree, "/10/0/7", text(content));
	memset(content, 'x', sizeof(content) - 1);
	assert_text(&tree, "/10/0/7", "first");
	set(&tree, "/10/0/7", text("again"));		/* same length */
	assert_text(&tree, "/10/0/7", "again");
	slot = tree_edit(&tree, &at);
	inner = slot->value;				/* a part of itself */
	inner.as.text += 1;
	inner.length = 3;
	assert_int_equal(tree_set(&tree, &at, &inner, 9), 0);
	assert_text(&tree, "/10/0/7", "gai");
	set(&tree, "/10/0/7", text(""));
	assert_false(find(&tree, "/10/0/7")->owned);
	tree_finish(&tree);
}

static void sets_quality_and_time(void **state)
{
	struct lwm2m_path at = path("/10/0/1"), away = path("/10/1/1");
	struct lwm2m_value one = lwm2m_float(1);
	struct tree tree;
	struct tree_slot *slot;

	(void)state;
	tree_init(&tree);
	tree_add(&tree, &ten, 0);
	slot = tree_slot_add(&tree, &at);
	assert_int_equal(slot->quality, TREE_GOOD);
	assert_int_equal(slot->value.type, LWM2M_NONE);
	slot->flags = TREE_BOUND;
	assert_int_equal(tree_set(&tree, &at, &one, 77), 0);
	slot = tree_edit(&tree, &at);
	assert_int_equal(slot->quality, TREE_GOOD);
	assert_int_equal(slot->time, 77);
	assert_int_equal(slot->flags, TREE_BOUND);
	assert_int_equal(tree_set(&tree, &away, &one, 1), -ENOENT);
	assert_null(tree_slot_add(&tree, &away));
	at = path("/10/0/1/0");
	assert_null(tree_slot_add(&tree, &at));
	tree_finish(&tree);
}

static void removes(void **state)
{
	static const struct {
		const char *at;
		bool was;
		uint16_t left;
	} cases[] = {
		{"/10/3/5", false, 4}, {"/10/3/2/5", false, 4},
		{"/10/3/2/4", true, 3}, {"/10/3/1", true, 2},
		{"/10/3/2", true, 1}, {"/10/3/2", false, 1},
		{"/10/3/7", true, 0}, {"/10/4", false, 0}, {"/10", false, 0},
	};
	struct lwm2m_path at;
	struct tree tree;

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		at = path(cases[i].at);
		assert_int_equal(tree_remove(&tree, &at), cases[i].was);
		assert_int_equal(tree_instance_find(&tree, 10, 3)->n_slots,
				 cases[i].left);
	}
	at = path("/10/3");
	assert_true(tree_remove(&tree, &at));
	assert_null(tree_instance_find(&tree, 10, 3));
	assert_non_null(tree_instance_find(&tree, 10, 1));
	assert_int_equal(tree.n_instances, 2);
	tree_finish(&tree);
}

static void removes_all_elements(void **state)
{
	struct lwm2m_path at = path("/10/3/2");
	struct tree tree;

	(void)state;
	tree_fill(&tree);
	assert_int_equal(find(&tree, "/10/3/2")->element, 4);
	assert_true(tree_remove(&tree, &at));
	assert_null(find(&tree, "/10/3/2"));
	assert_text(&tree, "/10/3/7", "seven");
	tree_finish(&tree);
}

static void adds_an_instance_once(void **state)
{
	struct tree tree;

	(void)state;
	tree_init(&tree);
	for (uint16_t i = 200; i-- > 0;)
		tree_add(&tree, &ten, i);
	assert_int_equal(tree.n_instances, 200);
	assert_ptr_equal(tree_add(&tree, &ten, 7),
			 tree_instance_find(&tree, 10, 7));
	assert_int_equal(tree.n_instances, 200);
	for (uint16_t i = 0; i < 200; i++)
		assert_int_equal(tree.instances[i].id, i);
	tree_finish(&tree);
}

static void an_instance_is_shared_until_its_first_change(void **state)
{
	struct lwm2m_path here = path("/10/7/7"), there = path("/10/0/7");
	struct tree common, tree;

	(void)state;
	tree_init(&common);
	tree_init(&tree);
	tree_add(&common, &ten, 0);
	set(&common, "/10/0/7", text("alike"));
	assert_true(tree_share(&tree, tree_instance_find(&common, 10, 0), 7));
	assert_false(tree_share(&tree, tree_instance_find(&common, 10, 0), 7));
	assert_ptr_equal(tree_find(&tree, &here), tree_find(&common, &there));
	set(&tree, "/10/7/7", text("other"));
	assert_text(&common, "/10/0/7", "alike");
	assert_text(&tree, "/10/7/7", "other");
	tree_finish(&tree);
	tree_finish(&common);
}

static void what_is_shared_is_left_to_its_owner(void **state)
{
	struct lwm2m_path at = path("/10/0/7");
	struct tree common, tree;

	(void)state;
	tree_init(&common);
	tree_init(&tree);
	tree_add(&common, &ten, 0);
	set(&common, "/10/0/7", text("alike"));
	tree_share(&tree, tree_instance_find(&common, 10, 0), 0);
	tree_finish(&tree);
	tree_share(&tree, tree_instance_find(&common, 10, 0), 0);
	assert_true(tree_remove(&tree, &at));
	assert_null(tree_find(&tree, &at));
	assert_text(&common, "/10/0/7", "alike");
	tree_finish(&tree);
	tree_finish(&common);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instance_is_shared_until_its_first_change),
		cmocka_unit_test(what_is_shared_is_left_to_its_owner),
		cmocka_unit_test(walks_in_path_order),
		cmocka_unit_test(says_what_exists),
		cmocka_unit_test(owns_its_texts),
		cmocka_unit_test(sets_quality_and_time),
		cmocka_unit_test(removes),
		cmocka_unit_test(removes_all_elements),
		cmocka_unit_test(adds_an_instance_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
