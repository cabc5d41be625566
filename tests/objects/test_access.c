/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 2 (Core TS 8.2): instances in, rights of a server out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "objects/access.h"

#define R ACCESS_READ
#define W ACCESS_WRITE
#define E ACCESS_EXECUTE
#define D ACCESS_DELETE
#define C ACCESS_CREATE

static const struct access_entry one_reads[] = {{1, R}};
static const struct access_entry one_nothing[] = {{1, 0}};
static const struct access_entry others_read[] = {{0, R}};
static const struct access_entry all[] = {{0, 31}, {2, R | W}};
static const struct access_entry two_makes[] = {{2, C}};

/* What the tree holds: id in object 2 is the index. */
static const struct access_rule rules[] = {
	{3, 0, ACCESS_NOBODY, one_reads, 1},
	{3303, 0, 1, NULL, 0},
	{3303, 1, 1, one_nothing, 1},
	{3303, 2, 1, others_read, 1},
	{3308, 0, ACCESS_NOBODY, all, 2},
	{16, ACCESS_NOBODY, ACCESS_NOBODY, two_makes, 1},
	{16, 0, 2, all, 2},
	{19, ACCESS_NOBODY, 3, NULL, 0},
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))

static void fill(struct tree *tree)
{
	tree_init(tree);
	for (size_t i = 0; i < N_RULES; i++) {
		assert_int_equal(access_id_free(tree), i);
		assert_true(access_add(tree, core_object(2), (uint16_t)i,
				       &rules[i]));
	}
}

static void rights_of_servers(void **state)
{
	static const struct {
		const char *what;
		uint16_t object, instance, server;
		int rights;
	} cases[] = {
		{"an own entry", 3, 0, 1, R},
		{"no entry, no default, not the owner", 3, 0, 2, 0},
		{"the owner without an entry", 3303, 0, 1, R | W | E | D},
		{"another than the owner", 3303, 0, 2, 0},
		{"the owner's own entry takes from it", 3303, 1, 1, 0},
		{"the default does not bind the owner", 3303, 2, 1,
		 R | W | E | D},
		{"the default of others", 3303, 2, 7, R},
		{"Create does not count for an instance", 3308, 0, 1,
		 R | W | E | D},
		{"an own entry before the default", 3308, 0, 2, R | W},
		{"nothing is said", 3309, 0, 1, -ENOENT},
		{"nothing is said of this instance", 3308, 1, 1, -ENOENT},
		{"who may create", 16, ACCESS_NOBODY, 2, C},
		{"who may not", 16, ACCESS_NOBODY, 1, 0},
		{"an owner does not create without the bit", 19,
		 ACCESS_NOBODY, 3, 0},
		{"the object's is not the instance's", 19, 0, 1, -ENOENT},
		{"object 2 is read by all", 2, 1, 2, R},
		{"and written by its owner", 2, 1, 1, R | W},
		{"and by no server where it has none", 2, 0, 1, R},
		{"one of it that is not there", 2, 99, 1, R},
		{"nobody makes one", 2, ACCESS_NOBODY, 1, 0},
	};
	struct tree tree;

	(void)state;
	fill(&tree);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rights = access_rights(&tree, cases[i].object,
					   cases[i].instance, cases[i].server);

		if (rights != cases[i].rights)
			print_error("%s\n", cases[i].what);
		assert_int_equal(rights, cases[i].rights);
	}
	tree_finish(&tree);
}

static void rules_are_told_apart(void **state)
{
	struct tree tree;

	(void)state;
	fill(&tree);
	for (size_t i = 0; i < N_RULES; i++)
		for (size_t j = 0; j < N_RULES; j++)
			assert_int_equal(access_rule_is(tree_instance_find(
				&tree, 2, (uint16_t)i), &rules[j]), i == j);
	tree_finish(&tree);
}

/* Bits beyond the five are of future versions: they grant nothing. */
static void damaged_instances_say_nothing(void **state)
{
	struct lwm2m_path object = path_resource(2, 0, 0);
	struct lwm2m_path entry = path_element(2, 4, 2, 2);
	struct lwm2m_value text = lwm2m_string("3", 1);
	struct lwm2m_value bits = lwm2m_integer(0xffe0);
	struct lwm2m_value wide = lwm2m_integer(65536 + 3303);
	struct access_rule rule;
	struct tree tree;

	(void)state;
	fill(&tree);
	assert_int_equal(tree_set(&tree, &object, &text, 0), 0);
	assert_false(access_rule_read(tree_instance_find(&tree, 2, 0), &rule));
	assert_int_equal(access_rights(&tree, 3, 0, 1), -ENOENT);
	assert_int_equal(tree_set(&tree, &object, &wide, 0), 0);
	assert_int_equal(access_rights(&tree, 3, 0, 1), -ENOENT);
	assert_int_equal(tree_set(&tree, &entry, &bits, 0), 0);
	assert_int_equal(access_rights(&tree, 3308, 0, 2), 0);
	assert_true(tree_remove(&tree, &object));
	assert_int_equal(access_rights(&tree, 3, 0, 1), -ENOENT);
	tree_finish(&tree);
}

static void the_lowest_id_is_free(void **state)
{
	struct lwm2m_path second = path_instance(2, 1);
	struct tree tree;

	(void)state;
	fill(&tree);
	assert_true(tree_remove(&tree, &second));
	assert_int_equal(access_id_free(&tree), 1);
	tree_finish(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_of_servers),
		cmocka_unit_test(rules_are_told_apart),
		cmocka_unit_test(damaged_instances_say_nothing),
		cmocka_unit_test(the_lowest_id_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
