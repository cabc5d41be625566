/* SPDX-License-Identifier: GPL-2.0-or-later
 * Accounts: which may be used, and as bytes. */
#include "account_case.h"

static const struct {
	const char *lines, *wrong;	/* a word of the reason, NULL: good */
} checks[] = {
	{SERVER, NULL},
	{BOOTSTRAP SERVER, NULL},
	{BOOTSTRAP SERVER "/2/0/0=3303 /2/0/1=0 /2/0/2/101=15 /2/0/3=101",
	 NULL},
	{BOOTSTRAP, "no server"},
	{"", "no server"},
	{SERVER "/1/1/0=102 /1/1/1=60", "object 1 without"},
	{SERVER "/0/2/0=coap://h /0/2/2=3 /0/2/10=102", "object 0 without"},
	{SERVER "/0/2/0=coap://h /0/2/2=3 /0/2/10=101", "twice"},
	{SERVER "/0/2/0=coap+tcp://h /0/2/2=3 /0/2/10=101", NULL},
	{SERVER "/0/2/0=coap+tcp://h /0/2/2=3 /0/2/10=101 /1/0/7=T", NULL},
	{SERVER "/0/2/0=coap+tcp://h /0/2/2=3 /0/2/10=101 "
	 "/0/3/0=coap+tcp://g /0/3/2=3 /0/3/10=101", "twice"},
	{SERVER "/0/2/0=coap+tcp://h /0/2/2=0 /0/2/10=101", "does not fit"},
	{SERVER "/0/2/0=coap+tcp://h /0/2/2=3 /0/2/10=101 /1/1/0=102",
	 "object 1 without"},
	{SERVER "/0/2/0=coap://h /0/2/2=3", "short server id"},
	{BOOTSTRAP SERVER "/0/2/0=coap://b /0/2/1=1 /0/2/2=3",
	 "more than one"},
	{SERVER "/0/1/0=", "URI"},
	{SERVER "/0/1/0=http://h", "URI"},
	{SERVER "/0/1/0=coaps://h", "does not fit"},
	{SERVER "/0/1/2=0", "does not fit"},
	{SERVER "/0/1/2=4", "does not fit"},
	{SERVER "/0/1/0=coaps://h /0/1/2=4", "does not know"},
	{SERVER "/0/1/0=coap+tcp://h", NULL},
	{SERVER "/0/1/0=coaps://h /0/1/2=0", "without identity"},
	{SERVER "/0/1/0=coaps://h /0/1/2=0 /0/1/3=aWQ= /0/1/5=AAEC", NULL},
	{SERVER "/0/1/0=coaps://h /0/1/2=1 /0/1/5=AAEC", "raw public"},
	{SERVER "/0/1/0=coaps://h /0/1/2=1 /0/1/4=AAEC /0/1/5=AAEC", NULL},
	{SERVER "/0/1/0=coaps://h /0/1/2=2 /0/1/5=AAEC", "certificate"},
	{SERVER "/0/1/0=coaps://h /0/1/2=2 /0/1/3=AAEC /0/1/5=AAEC", NULL},
	{SERVER "/1/0/1=0", NULL},
	{SERVER "/1/0/1=4294967296", "lifetime"},
	{SERVER "/1/0/1=-5", "lifetime"},
	{SERVER "/1/0/7=S", "binding"},
	{SERVER "/0/1/17=21:0", "OSCORE"},
	{SERVER "/0/1/17=65535:65535", NULL},
	{SERVER "/2/0/0=3303 /2/0/1=0", "access control"},
	/* its keys are the configuration's */
	{SERVER "/0/1/0=coaps://h /0/1/2=0 /0/1/65000=101", NULL},
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct tree tree;
		const char *why;

		tree_init(&tree);
		put_all(&tree, checks[i].lines);
		why = account_check(&tree);
		if (!why != !checks[i].wrong ||
		    (why && !strstr(why, checks[i].wrong)))
			fail_msg("%s: %s", checks[i].lines, why);
		account_tree_finish(&tree);
	}
}

static void test_list(void **state)
{
	struct account list[4];
	struct tree tree;

	(void)state;
	tree_init(&tree);
	put_all(&tree, SERVER "/0/3/0=coap://b /0/3/1=1");
	assert_int_equal(account_list(&tree, list, 4), 2);
	assert_true(list[0].bootstrap);
	assert_int_equal(list[0].security, 3);
	assert_int_equal(list[1].id, 101);
	assert_int_equal(list[1].server, 0);
	assert_int_equal(list[1].own, -1);
	assert_memory_equal(list[1].uri, "coap://127.0.0.1:5683",
			    list[1].uri_length);
	account_tree_finish(&tree);
}

/* Core TS E.2: 1/x/22 says which of two transports is used, else the order of
 * 1/x/7 does. */
static void test_two_transports(void **state)
{
	static const struct {
		const char *lines;
		bool tcp;
	} cases[] = {
		{"/1/0/7=U", false}, {"/1/0/7=T", true}, {"/1/0/7=UT", false},
		{"/1/0/7=TU", true}, {"/1/0/7=UQ", false}, {"/1/0/7=TQU", true},
		{"/1/0/7=UT /1/0/22=T", true}, {"/1/0/7=TU /1/0/22=U", false},
		{"/1/0/7=UT /1/0/22=S", false}, {"/1/0/7=UT /1/0/22=", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct account list[4];
		struct tree tree;

		tree_init(&tree);
		put_all(&tree, BOOTSTRAP SERVER
			"/0/2/0=coap+tcp://h /0/2/2=3 /0/2/10=101");
		put_all(&tree, cases[i].lines);
		assert_null(account_check(&tree));
		assert_int_equal(account_list(&tree, list, 4), 3);
		assert_false(list[0].spare);
		assert_int_equal(list[1].spare, cases[i].tcp);
		assert_int_equal(list[2].spare, !cases[i].tcp);
		assert_false(list[0].has_spare);
		assert_int_equal(list[1].has_spare, !cases[i].tcp);
		assert_int_equal(list[2].has_spare, cases[i].tcp);
		account_tree_finish(&tree);
	}
}

static struct lwm2m_record records[REQUEST_RECORDS];
static uint8_t scratch_room[16384];

static int load(const uint8_t *bytes, size_t n, struct tree *tree)
{
	struct buf scratch = buf_over(scratch_room, sizeof(scratch_room));
	uint64_t print;
	int64_t when;
	int rc = account_load(bytes, n, agent_model(), records,
			      REQUEST_RECORDS, &scratch, tree, &print, &when);

	if (!rc) {
		assert_int_equal(print, 0x1122334455667788);
		assert_int_equal(when, 1700000000);
	}
	return rc;
}

#define ALL BOOTSTRAP SERVER "/0/1/3=aWQ= /0/1/5=AAEC /0/1/16/0=49320 " \
	"/1/0/12=1700000000 /1/0/16=1 /1/0/17=3 " \
	"/2/0/0=3303 /2/0/1=0 /2/0/2/101=15 /2/0/3=101 /21/0/0=AAA= /21/0/3=10"

static size_t saved(uint8_t *bytes, size_t size)
{
	struct buf out = buf_over(bytes, size);
	struct tree tree;

	tree_init(&tree);
	put_all(&tree, ALL);
	assert_int_equal(account_save(&tree, 0x1122334455667788, 1700000000,
				      records, REQUEST_RECORDS, &out), 0);
	account_tree_finish(&tree);
	return out.used;
}

static void test_save_and_load(void **state)
{
	uint8_t bytes[2048];
	size_t n = saved(bytes, sizeof(bytes));
	struct tree tree, before;
	char *text;

	(void)state;
	tree_init(&before);
	put_all(&before, ALL);
	text = strdup(show(&before));
	assert_int_equal(load(bytes, n, &tree), 0);
	assert_string_equal(show(&tree), text);
	free(text);
	account_tree_finish(&before);
	account_tree_finish(&tree);
}

/* Torn at any place, or a bit turned over anywhere: nothing is taken of it. */
static void test_torn(void **state)
{
	uint8_t bytes[2048];
	size_t n = saved(bytes, sizeof(bytes));
	struct tree tree;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(load(bytes, i, &tree), -EBADMSG);
		assert_int_equal(tree.n_instances, 0);
		bytes[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(load(bytes, n, &tree), -EBADMSG);
		assert_int_equal(tree.n_instances, 0);
		bytes[i] ^= (uint8_t)(1u << i % 8);
	}
}

static void test_same(void **state)
{
	uint8_t one[2048], other[2048];
	size_t n = saved(one, sizeof(one));
	struct buf out = buf_over(other, sizeof(other));
	struct tree tree;

	(void)state;
	tree_init(&tree);
	put_all(&tree, ALL);
	account_save(&tree, 0x1122334455667788, 1, records, REQUEST_RECORDS,
		     &out);
	assert_true(account_same(one, n, other, out.used));
	assert_false(account_same(one, n, other, out.used - 1));
	out.used = 0;
	account_save(&tree, 2, 1, records, REQUEST_RECORDS, &out);
	assert_false(account_same(one, n, other, out.used));
	out.used = 0;
	put(&tree, "/1/0/1", "301");
	account_save(&tree, 0x1122334455667788, 1, records, REQUEST_RECORDS,
		     &out);
	assert_false(account_same(one, n, other, out.used));
	account_tree_finish(&tree);
}

static void test_no_room(void **state)
{
	uint8_t bytes[64];
	struct buf out = buf_over(bytes, sizeof(bytes));
	struct tree tree;

	(void)state;
	tree_init(&tree);
	put_all(&tree, ALL);
	assert_int_equal(account_save(&tree, 0, 0, records, REQUEST_RECORDS,
				      &out), -EMSGSIZE);
	account_tree_finish(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_two_transports),
		cmocka_unit_test(test_save_and_load),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
