/* SPDX-License-Identifier: GPL-2.0-or-later
 * A bootstrap server's requests on a copy of the accounts, one line each. */
#include "account_case.h"
#include "agent/lwm2m/bootstrap_request.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct request_room room;
static uint8_t out_bytes[4096];

struct lab { struct tree copy, device; const char *version; };

static void lab_make(struct lab *lab)
{
	const struct object_def *temperature =
		agent_model()->object(agent_model(), 3303);

	lab->version = "1.1";
	tree_init(&lab->copy);
	tree_init(&lab->device);
	put_all(&lab->copy, BOOTSTRAP SERVER
		"/0/0/17=21:0 /21/0/0=AAA= /21/1/0=AAA= "
		"/2/0/0=3303 /2/0/1=0 /2/0/2/101=15 /2/0/3=101");
	assert_non_null(tree_add(&lab->device, agent_model()->object(
				 agent_model(), 1), 0));
	assert_non_null(tree_add(&lab->device, agent_model()->object(
				 agent_model(), 3), 0));
	assert_non_null(tree_add(&lab->device, temperature, 0));
	assert_non_null(tree_add(&lab->device, temperature, 7));
}

static void lab_finish(struct lab *lab)
{
	account_tree_finish(&lab->copy);
	tree_finish(&lab->device);
}

static size_t hex(const char *text, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;
	int used;

	for (; sscanf(text, "%2x%n", &byte, &used) == 1; text += used)
		bytes[n++] = (uint8_t)byte;
	return n;
}

static struct bootstrap_outcome ask(struct lab *lab, uint8_t method,
				    const char *uri, uint16_t format,
				    const uint8_t *payload, size_t n,
				    struct buf *out)
{
	struct bootstrap_scope scope = {&lab->copy, &lab->device,
					agent_model(), FORMAT_TLV,
					lab->version};
	struct request request = {
		.method = method, .uri = uri, .uri_length = strlen(uri),
		.accept = method == REQUEST_GET ? format : FORMAT_NONE,
		.format = method == REQUEST_GET ? FORMAT_NONE : format,
		.observe = -1, .payload = payload, .length = n,
	};

	*out = buf_over(out_bytes, sizeof(out_bytes));
	return bootstrap_handle(&scope, &request, &room, out);
}

#define DISCOVERED_0 "</>;lwm2m=1.1,</0/0>," \
	"</0/1>;ssid=101;uri=\"coap://127.0.0.1:5683\""
static const struct { const char *uri, *answer; uint8_t code; } discovers[] = {
	{"", DISCOVERED_0 ",</1/0>;ssid=101,</2/0>,</21/0>,</21/1>,</3/0>,"
	 "</3303>;ver=1.1,</3303/0>,</3303/7>", CODE(2, 5)},
	{"0", DISCOVERED_0, CODE(2, 5)},
	{"1", "</>;lwm2m=1.1,</1/0>;ssid=101", CODE(2, 5)},
	{"3303", "</>;lwm2m=1.1,</3303>;ver=1.1,</3303/0>,</3303/7>",
	 CODE(2, 5)},
	{"2048", "", CODE(4, 4)},
	{"0/0", "", CODE(4, 0)},
};

static void test_discover(void **state)
{
	struct lab lab;
	struct buf out;

	(void)state;
	lab_make(&lab);
	for (size_t i = 0; i < N(discovers); i++) {
		struct bootstrap_outcome outcome =
			ask(&lab, REQUEST_GET, discovers[i].uri, FORMAT_LINK,
			    NULL, 0, &out);

		assert_int_equal(outcome.code, discovers[i].code);
		out_bytes[out.used] = 0;
		assert_string_equal((char *)out_bytes, discovers[i].answer);
	}
	lab_finish(&lab);
}

static void test_discover_says_the_version(void **state)
{
	static const struct { const char *version, *answer; } cases[] = {
		{"1.0", "lwm2m=\"1.0\",</1/0>;ssid=101"},
		{"1.2", "</>;lwm2m=1.2,</1/0>;ssid=101"},
	};
	struct lab lab;
	struct buf out;

	(void)state;
	lab_make(&lab);
	for (size_t i = 0; i < N(cases); i++) {
		lab.version = cases[i].version;
		assert_int_equal(ask(&lab, REQUEST_GET, "1", FORMAT_LINK, NULL,
				     0, &out).code, CODE(2, 5));
		out_bytes[out.used] = 0;
		assert_string_equal((char *)out_bytes, cases[i].answer);
	}
	lab_finish(&lab);
}

static const struct { const char *uri; uint16_t accept; uint8_t code;
		      const char *payload; } reads[] = {
	/* C1 00 65: resource 0 is 101; C2 01 012C: 300; C1 06 00; C1 07 'U' */
	{"1/0", FORMAT_TLV, CODE(2, 5), "c10065c201012cc10600c10755"},
	{"1/0", FORMAT_NONE, CODE(2, 5), "c10065c201012cc10600c10755"},
	/* 08 00 n: instance 0 */
	{"1", FORMAT_TLV, CODE(2, 5), "08000dc10065c201012cc10600c10755"},
	{"1/0/1", FORMAT_TEXT, CODE(2, 5), "333030"},
	{"2/0/2", FORMAT_TLV, CODE(2, 5), "830241650f"},
	{"1/0", FORMAT_TEXT, CODE(4, 6), ""},
	{"1/5", FORMAT_TLV, CODE(4, 4), ""},
	{"0", FORMAT_TLV, CODE(4, 5), ""},
	{"0/1/5", FORMAT_TLV, CODE(4, 5), ""},
	{"21/0", FORMAT_TLV, CODE(4, 5), ""},
	{"3/0", FORMAT_TLV, CODE(4, 5), ""},
	{"", FORMAT_TLV, CODE(4, 5), ""},
	{"x", FORMAT_TLV, CODE(4, 0), ""},
};

static void test_read(void **state)
{
	struct lab lab;
	struct buf out;

	(void)state;
	lab_make(&lab);
	for (size_t i = 0; i < N(reads); i++) {
		struct bootstrap_outcome outcome =
			ask(&lab, REQUEST_GET, reads[i].uri, reads[i].accept,
			    NULL, 0, &out);
		uint8_t want[64];
		size_t n = hex(reads[i].payload, want);

		if (outcome.code != reads[i].code || out.used != n ||
		    memcmp(want, out_bytes, n))
			fail_msg("GET /%s: %u.%02u, %zu bytes", reads[i].uri,
				 outcome.code >> 5, outcome.code & 31,
				 out.used);
	}
	lab_finish(&lab);
}

/* has: what the tree shows afterwards; hasnt: what it does not. */
static const struct {
	const char *uri;
	uint16_t format;
	const char *payload;		/* hex, or text behind a " */
	uint8_t code;
	const char *has, *hasnt;
} writes[] = {
	/* an instance, new */
	{"1/4", FORMAT_TLV, "c1007bc1013cc10755", CODE(2, 4),
	 "/1/4/0=123 /1/4/1=60 /1/4/7=U", NULL},
	/* ... and replaced as a whole */
	{"1/0", FORMAT_TLV, "c1007b", CODE(2, 4), "/1/0/0=123", "/1/0/1="},
	{"1/0", FORMAT_NONE, "c1007b", CODE(2, 4), "/1/0/0=123", "/1/0/1="},
	{"1/0/1", FORMAT_TEXT, "\"60", CODE(2, 4), "/1/0/1=60 /1/0/6=0", NULL},
	{"1/0/1", FORMAT_NONE, "\"60", CODE(2, 4), "/1/0/1=60", NULL},
	/* an object: the named instances */
	{"1", FORMAT_TLV, "080003c1007b080403c1007c", CODE(2, 4),
	 "/1/0/0=123 /1/4/0=124", "/1/0/1="},
	{"1/4", FORMAT_SENML_JSON,
	 "\"[{\"bn\":\"/1/4/\",\"n\":\"0\",\"v\":5},{\"n\":\"7\",\"vs\":\"U\"}]",
	 CODE(2, 4), "/1/4/0=5 /1/4/7=U", NULL},
	/* [{-2: "/1/4/", 0: "0", 2: 5}]: base name in the first record only */
	{"1/4", FORMAT_SENML_CBOR,
	 "82a321652f312f342f0061300205a20061311819"
	 "", CODE(4, 0), NULL, "/1/4"},
	{"1/4", FORMAT_SENML_CBOR,
	 "82a321652f312f342f0061300205a2006131021819", CODE(2, 4),
	 "/1/4/0=5 /1/4/1=25", NULL},
	/* ACLs: a multiple resource of id 123; owner */
	{"2/3", FORMAT_SENML_JSON,
	 "\"[{\"bn\":\"/2/3/\",\"n\":\"0\",\"v\":3303},{\"n\":\"1\",\"v\":0},"
	 "{\"n\":\"2/123\",\"v\":15},{\"n\":\"3\",\"v\":123}]", CODE(2, 4),
	 "/2/3/0=3303 /2/3/1=0 /2/3/2/123=15 /2/3/3=123", NULL},
	/* keys */
	{"0/1", FORMAT_TLV,
	 "c80008636f61703a2f2f68c10100c10203c303616263c40500010203c10a65",
	 CODE(2, 4), "/0/1/0=coap://h /0/1/1=0 /0/1/2=3 /0/1/3=#3 /0/1/5=#4 "
	 "/0/1/10=101", NULL},
	/* keys of SMS (7, 8), a private one (31) are passed over */
	{"0/1", FORMAT_TLV, "c10203c10703c0c11f01", CODE(4, 0), NULL, NULL},
	{"0/1", FORMAT_TLV, "c10203c10703c10803c11f01", CODE(2, 4), "/0/1/2=3",
	 "/0/1/7="},
	/* a number of SMS, without security */
	{"0/1", FORMAT_TLV, "c10203c10603c4092b343931", CODE(2, 4),
	 "/0/1/2=3 /0/1/6=3 /0/1/9=+491", NULL},
	/* the bootstrap server moves */
	/* Core TS 6.1.7.5: whether the instance is there or not */
	{"1/9/1", FORMAT_TEXT, "\"60", CODE(2, 4), "/1/9/1=60", "/0/9"},
	{"0/9", FORMAT_TLV, "c10101c10203", CODE(2, 4), "/0/9/1=1", "/0/0/"},
	{"0/0/2", FORMAT_TEXT, "\"x", CODE(4, 0), "/0/0/2=3", NULL},
	{"1/0/1", FORMAT_OPAQUE, "01", CODE(4, 0), "/1/0/1=300", NULL},
	{"1/0", 9999, "01", CODE(4, 15), "/1/0/1=300", NULL},
	{"1/0", FORMAT_TLV, "c1", CODE(4, 0), "/1/0/1=300", NULL},
	{"2/0", FORMAT_TLV, "c1020f", CODE(4, 0), "/2/0/2/101=15", NULL},
	{"3/0/14", FORMAT_TEXT, "\"+01:00", CODE(4, 0), NULL, "/3/0"},
	{"3303/0", FORMAT_TLV, "", CODE(4, 0), NULL, "/3303"},
	{"", FORMAT_SENML_JSON, "\"[]", CODE(4, 0), NULL, NULL},
	{"1/0", FORMAT_SENML_JSON, "\"[{\"n\":\"/1/3/0\",\"v\":5}]", CODE(4, 0),
	 "/1/0/1=300", "/1/3"},
	{"21/2", FORMAT_TLV, "c2000102c10109", CODE(2, 4),
	 "/21/2/0=#2 /21/2/1=#1", NULL},
};

static void write_check(size_t i)
{
	struct lab lab;
	struct buf out;
	uint8_t bytes[512];
	const char *text = writes[i].payload;
	size_t n = *text == '"' ? strlen(text + 1) : hex(text, bytes);
	const uint8_t *payload = *text == '"' ? (const uint8_t *)text + 1 :
						bytes;
	struct bootstrap_outcome outcome;

	lab_make(&lab);
	outcome = ask(&lab, REQUEST_PUT, writes[i].uri, writes[i].format,
		      payload, n, &out);
	if (outcome.code != writes[i].code ||
	    (writes[i].has && !strstr(show(&lab.copy), writes[i].has)) ||
	    (writes[i].hasnt && strstr(show(&lab.copy), writes[i].hasnt)))
		fail_msg("write %zu, /%s: %u.%02u %s: %s", i, writes[i].uri,
			 outcome.code >> 5, outcome.code & 31,
			 outcome.reason ? outcome.reason : "",
			 show(&lab.copy));
	lab_finish(&lab);
}

static void test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(writes); i++)
		write_check(i);
}

/* Whose keys an instance goes by is over with the first write to it. */
/* Which value is wrong and what it should be, never what it was. */
static const struct {
	const char *uri, *payload, *reason;
	uint16_t format;
} refusals[] = {
	{"1/0/1", "\"soon", "/1/0/1 (Lifetime) wants a whole number",
	 FORMAT_TEXT},
	{"0/1", "\"[{\"bn\":\"/0/1/\",\"n\":\"0\",\"vs\":\"coap://h\"},"
	 "{\"n\":\"2\",\"v\":0},{\"n\":\"3\",\"vs\":\"secret\"}]",
	 "the value behind /0/1/2 is not of its resource's type",
	 FORMAT_SENML_JSON},
	{"0/1", "\"[{\"n\":\"/0/1/3\",\"vs\":\"secret\"}]",
	 "its first value is not of its resource's type", FORMAT_SENML_JSON},
	{"1/4", "c1007bc3013c0102", "the value behind /1/4/0 is not of its "
	 "resource's type", FORMAT_TLV},
};

static void test_write_says_which_value_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(refusals); i++) {
		uint8_t bytes[256];
		const char *text = refusals[i].payload;
		bool plain = *text == '"';
		size_t n = plain ? strlen(text + 1) : hex(text, bytes);
		struct bootstrap_outcome outcome;
		struct buf out;
		struct lab lab;

		lab_make(&lab);
		outcome = ask(&lab, REQUEST_PUT, refusals[i].uri,
			      refusals[i].format,
			      plain ? (const uint8_t *)text + 1 : bytes, n,
			      &out);
		assert_int_equal(outcome.code, CODE(4, 0));
		assert_string_equal(outcome.reason, refusals[i].reason);
		lab_finish(&lab);
	}
}

static void test_write_ends_own_keys(void **state)
{
	static const uint8_t secret[] = {1, 2, 3};
	struct lab lab;
	struct buf out;

	(void)state;
	lab_make(&lab);
	put(&lab.copy, "/0/1/65000", "101");
	ask(&lab, REQUEST_PUT, "0/1/5", FORMAT_OPAQUE, secret, 3, &out);
	assert_null(strstr(show(&lab.copy), "/0/1/65000"));
	put(&lab.copy, "/0/1/65000", "101");
	ask(&lab, REQUEST_PUT, "0/1", FORMAT_TLV, secret, 0, &out);
	assert_null(strstr(show(&lab.copy), "/0/1/65000"));
	lab_finish(&lab);
}

static const struct {
	const char *uri;
	uint8_t code;
	const char *left;		/* instances: of what is shown first */
	const char *gone;
} deletes[] = {
	{"", CODE(2, 2), "/0/0/0=", " /1/"},
	{"", CODE(2, 2), "/21/0/0=", "/2/"},
	{"", CODE(2, 2), "/0/0/17=21:0", "/21/1"},
	{"0", CODE(2, 2), "/0/0/0=", "/0/1/"},
	{"0/1", CODE(2, 2), "/0/0/0=", "/0/1/"},
	{"0/0", CODE(4, 0), "/0/0/0=", NULL},
	{"1", CODE(2, 2), "/2/0/0=", " /1/"},
	{"1/0", CODE(2, 2), "/2/0/0=", " /1/"},
	{"1/5", CODE(4, 0), "/1/0/0=", NULL},
	{"2", CODE(2, 2), "/1/0/0=", "/2/"},
	{"21", CODE(2, 2), "/21/0/0=", "/21/1"},
	{"21/0", CODE(4, 0), "/21/0/0=", NULL},
	{"3", CODE(4, 0), "/1/0/0=", NULL},
	{"3/0", CODE(4, 0), "/1/0/0=", NULL},
	{"3303", CODE(4, 0), "/1/0/0=", NULL},
	{"1/0/1", CODE(4, 0), "/1/0/1=", NULL},
};

static void test_delete(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(deletes); i++) {
		struct bootstrap_outcome outcome;
		struct lab lab;
		struct buf out;

		lab_make(&lab);
		outcome = ask(&lab, REQUEST_DELETE, deletes[i].uri,
			      FORMAT_NONE, NULL, 0, &out);
		if (outcome.code != deletes[i].code ||
		    !strstr(show(&lab.copy), deletes[i].left) ||
		    (deletes[i].gone &&
		     strstr(show(&lab.copy), deletes[i].gone)))
			fail_msg("DELETE /%s: %u.%02u: %s", deletes[i].uri,
				 outcome.code >> 5, outcome.code & 31,
				 show(&lab.copy));
		assert_int_equal(lab.device.n_instances, 4);
		lab_finish(&lab);
	}
}

static void test_other_methods(void **state)
{
	struct lab lab;
	struct buf out;

	(void)state;
	lab_make(&lab);
	assert_int_equal(ask(&lab, REQUEST_POST, "1/0", FORMAT_TLV, NULL, 0,
			     &out).code, CODE(4, 5));
	assert_int_equal(ask(&lab, REQUEST_FETCH, "", FORMAT_TLV, NULL, 0,
			     &out).code, CODE(4, 5));
	lab_finish(&lab);
}

static void test_finish(void **state)
{
	const struct request finish = {.method = REQUEST_POST, .uri = "bs",
				       .uri_length = 2};
	const struct request other = {.method = REQUEST_POST, .uri = "rd",
				      .uri_length = 2};

	(void)state;
	assert_true(bootstrap_is_finish(&finish));
	assert_false(bootstrap_is_finish(&other));
}

/* No more than can be stored. */
static void test_bounds(void **state)
{
	static const uint8_t payload[] = {0xc1, 0, 1};
	struct lab lab;
	struct buf out;
	char uri[16];
	int made = 0;

	(void)state;
	lab_make(&lab);
	for (int i = 0; i < 2000; i++) {
		snprintf(uri, sizeof(uri), "1/%d", i + 1);
		made += ask(&lab, REQUEST_PUT, uri, FORMAT_TLV, payload, 3,
			    &out).code == CODE(2, 4);
	}
	assert_in_range(made, 400, 512);
	lab_finish(&lab);
}

static void test_pack(void **state)
{
	static const char pack[] =
		"[{\"n\":\"/0/1/0\",\"vs\":\"coap://h\"},"
		"{\"n\":\"/0/1/2\",\"v\":3},{\"n\":\"/0/1/10\",\"v\":7},"
		"{\"n\":\"/1/2/0\",\"v\":7},{\"n\":\"/1/2/1\",\"v\":60},"
		"{\"n\":\"/1/2/7\",\"vs\":\"U\"}]";
	struct lab lab;
	struct bootstrap_scope scope = {&lab.copy, &lab.device,
					agent_model(), FORMAT_TLV, "1.1"};

	(void)state;
	lab_make(&lab);
	assert_int_equal(bootstrap_unpack(&scope, FORMAT_SENML_JSON,
		(const uint8_t *)pack, sizeof(pack) - 1, &room).code,
		CODE(2, 4));
	put(&lab.copy, "/0/0/17", "65535:65535");
	assert_null(account_check(&lab.copy));
	assert_non_null(strstr(show(&lab.copy), "/1/2/0=7"));
	assert_null(strstr(show(&lab.copy), "/1/0/0"));
	assert_non_null(strstr(show(&lab.copy), "/0/0/1=1"));
	lab_finish(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discover),
		cmocka_unit_test(test_discover_says_the_version),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_says_which_value_is_wrong),
		cmocka_unit_test(test_write_ends_own_keys),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_other_methods),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
