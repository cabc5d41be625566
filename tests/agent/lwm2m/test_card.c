/* SPDX-License-Identifier: GPL-2.0-or-later
 * EF LwM2M_Bootstrap of a smart card (Core TS G.3.3), byte by byte. */
#include "account_case.h"
#include "agent/lwm2m/card.h"

#define SECURITY \
	"\x00\x00" "\x00" "\x00\x34"	/* object 0, version, 52 bytes */ \
		"\x08\x01\x31"			/* instance 1 */ \
			"\xc8\x00\x09" "coaps://h" \
			"\xc1\x01\x00" \
			"\xc1\x02\x00"		/* PSK */ \
			"\xc5\x03" "sim-1" \
			"\xc0\x04" \
			"\xc8\x05\x10" "0123456789abcdef" \
			"\xc1\x0a\x07"		/* short id 7 */
#define SERVER_7 \
	"\x00\x01" "\x00" "\x00\x10"	/* object 1 */ \
		"\x08\x01\x0d" \
			"\xc1\x00\x07" \
			"\xc2\x01\x02\x58"	/* 600 s */ \
			"\xc1\x06\x00" \
			"\xc1\x07" "U"
#define WHOLE "\x00\x02" "\x00\x4e" SECURITY SERVER_7
#define BOOTSTRAP_ONLY \
	"\x00\x01" "\x00\x22" \
	"\x00\x00" "\x01\x01" "\x00\x1c" \
		"\x08\x00\x19" \
			"\xc8\x00\x08" "coap://b" \
			"\xc1\x01\x01" \
			"\xc1\x02\x03" \
			"\xc0\x03" "\xc0\x04" "\xc0\x05" \
			"\xc0\x08"
#define N(text) text, sizeof(text) - 1

static struct request_room room;

static const char *read_it(const char *bytes, size_t n, struct tree *tree)
{
	uint8_t *own = malloc(n ? n : 1);	/* reads beyond are seen */
	const char *why;

	assert_non_null(own);
	memcpy(own, bytes, n);
	why = card_read(own, n, agent_model(), &room, tree);
	free(own);
	return why;
}

static void accounts_of_a_card(void **state)
{
	struct account list[2];
	struct lwm2m_value v;
	struct tree tree;

	(void)state;
	assert_null(read_it(N(WHOLE "\xff\xff\xff"), &tree));
	assert_int_equal(account_list(&tree, list, 2), 1);
	assert_int_equal(list[0].id, 7);
	assert_int_equal(list[0].server, 1);
	assert_int_equal(list[0].mode, ACCOUNT_PSK);
	assert_int_equal(account_number(&tree, path_resource(1, 1, 1), 0),
			 600);
	v = account_bytes(&tree, path_resource(0, 1, 5));
	assert_int_equal(v.length, 16);
	assert_memory_equal(v.as.bytes, "0123456789abcdef", 16);
	account_tree_finish(&tree);
}

static const struct {
	const char *bytes;
	size_t n;
	const char *wrong;		/* a word of it; NULL: good */
} cases[] = {
	{N(WHOLE), NULL},
	/* of an object that is no account, in version 2.5 */
	{N("\x00\x03" "\x00\x56" "\x0c\xe7" "\x02\x05" "\x00\x02" "\xc0\x00"
	   SECURITY SERVER_7), NULL},
	{N(BOOTSTRAP_ONLY), NULL},
	{N(""), "head"},
	{N("\x00\x02\x00"), "head"},
	{N("\x00\x00\x00\x00"), "no server"},
	{N("\xff\xff\xff\xff"), "cut short"},
	{N("\x00\x02" "\x00\x4f" SECURITY SERVER_7), "cut short"},
	{N("\x00\x03" "\x00\x4e" SECURITY SERVER_7), "cut short"},
	{N("\x00\x01" "\x00\x39" SECURITY), "object 1"},
	{N("\x00\x01" "\x00\x15" SERVER_7), "no server"},
	{N("\x00\x01" "\x00\x07" "\x00\x00\x00\x00\x02\x08\x00"), "malformed"},
	{N("\x00\x01" "\x00\x04" "\x00\x00\x00\x00"), "cut short"},
};

static void which_may_be_used(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tree tree;
		const char *why = read_it(cases[i].bytes, cases[i].n, &tree);

		if (!why != !cases[i].wrong ||
		    (why && !strstr(why, cases[i].wrong)))
			fail_msg("case %zu: %s", i, why ? why : "good");
		account_tree_finish(&tree);
	}
}

/* Cut anywhere, it is not used. */
static void cut_short(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(WHOLE) - 1; n++) {
		struct tree tree;

		assert_non_null(read_it(WHOLE, n, &tree));
		account_tree_finish(&tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_of_a_card),
		cmocka_unit_test(which_may_be_used),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
