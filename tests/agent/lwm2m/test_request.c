/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests against a tree, one line each: code, payload, what it changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/request.h"
#include "ipso/ipso.h"

#define SECOND 1000000000LL
#define NOW (1700000000 * SECOND)

static const struct object_def *object(const struct object_model *model,
				       uint16_t id)
{
	const struct object_def *def = core_object(id);

	(void)model;
	return def ? def : ipso_object(id);
}
static const struct object_model model = {object};

static struct lwm2m_path path(const char *text)
{
	struct lwm2m_path parsed;

	assert_int_equal(path_parse(text, strlen(text), &parsed), 0);
	return parsed;
}

static struct tree_slot *find(struct tree *tree, const char *where)
{
	struct lwm2m_path at = path(where);

	return tree_edit(tree, &at);
}

/* What the tree of every test holds; ! is bound, x executable, - closed
 * to writes here, ? without a value, ~ of a device that does not answer. */
static const struct content {
	const char *at, *value, *marks;
} contents[] = {
	{"/0/0/0", "coap://127.0.0.1", ""},
	{"/1/0/0", "101", ""}, {"/1/0/1", "300", ""}, {"/1/0/2", "1", ""},
	{"/1/0/3", "10", ""}, {"/1/0/5", "86400", ""}, {"/1/0/6", "0", ""},
	{"/1/0/7", "U", ""}, {"/1/0/22", "U", ""}, {"/1/0/8", NULL, "x"},
	{"/1/1/7", "UTS", ""}, {"/1/1/22", "U", ""},
	{"/1/2/7", "UTQS", ""},
	{"/3/0/0", "Eastron", ""}, {"/3/0/4", NULL, "!x"},
	{"/3/0/7/0", "3800", ""}, {"/3/0/7/1", "5000", ""},
	{"/3/0/11/0", "0", ""}, {"/3/0/13", "1000", ""},
	{"/3303/0/5700", "21.5", "!"}, {"/3303/0/5701", "Cel", ""},
	{"/3303/0/5601", "20.5", ""}, {"/3303/0/5602", "22.5", ""},
	{"/3303/0/5605", NULL, "x"}, {"/3303/0/5750", "flow", ""},
	{"/3303/1/5700", NULL, "!?"}, {"/3303/1/5701", "Cel", ""},
	{"/3303/1/5605", NULL, "x"},
	{"/3303/2/5700", "7", "!~"}, {"/3303/2/5701", "Cel", ""},
	{"/3304/0/5700", "50", "!~"}, {"/3304/0/5701", "%RH", ""},
	{"/3315/0/5700", NULL, "!~"},
	{"/3308/0/5900", "20", "!"}, {"/3308/0/5750", "set", ""},
	{"/3308/1/5900", "20", "!-"},
	{"/3203/0/5650", "5", "!"}, {"/3203/0/5603", "0", ""},
	{"/3203/0/5604", "10", ""},
	{"/3305/0/5800", "1", "!"}, {"/3305/0/5806", NULL, "!?"},
	{"/3306/0/5850", "1", "!"}, {"/3306/0/5851", "50", "!"},
	{"/3339/0/5522", "AQID", ""}, {"/3302/0/5500", "1", "!?"},
	{"/3349/0/5910", "9", "!"}, {"/3349/0/5911", NULL, "!x"},
	{"/3349/0/5912/0", "a", ""}, {"/3349/0/5912/1", "b", ""},
	{"/3349/1/5912/0", "c", "!"},
};

static void value_fill(struct tree *tree, const struct lwm2m_path *at,
		       const char *text)
{
	const struct resource_def *def =
		model_resource(&model, at->id[0], at->id[2]);
	uint8_t bytes[64];
	struct buf scratch = buf_over(bytes, sizeof(bytes));
	struct lwm2m_value value;

	assert_int_equal(value_parse(def->type, text, strlen(text), &value,
				     &scratch), 0);
	assert_int_equal(tree_set(tree, at, &value, 1650000000 * SECOND), 0);
}

static void tree_fill(struct tree *tree)
{
	tree_init(tree);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		const struct content *c = &contents[i];
		struct lwm2m_path at = path(c->at);
		struct tree_slot *slot;

		tree_add(tree, object(&model, at.id[0]), at.id[1]);
		slot = tree_slot_add(tree, &at);
		if (c->value)
			value_fill(tree, &at, c->value);
		slot = tree_edit(tree, &at);
		if (strchr(c->marks, '?'))
			slot->quality = TREE_EMPTY;
		if (strchr(c->marks, '!'))
			slot->flags |= TREE_BOUND;
		if (strchr(c->marks, '-'))
			slot->flags |= TREE_READ_ONLY;
		if (strchr(c->marks, '~'))
			slot->quality = TREE_BAD;
	}
}

/* Options as in the table: 0 is absent, IS(x) is x. */
#define IS(number) ((number) + 1)
#define TEXT IS(FORMAT_TEXT)
#define TLV IS(FORMAT_TLV)
#define JSON IS(FORMAT_SENML_JSON)
#define LINK IS(FORMAT_LINK)
#define PAYLOAD(literal) .payload = (const uint8_t *)(literal), \
	.length = sizeof(literal) - 1

struct exchange {
	uint8_t method;
	const char *uri, *query;
	int accept, format, observe;
	const uint8_t *payload;
	size_t length;
	uint8_t code;
	enum request_kind kind;
	int answer_format;
	const uint8_t *answer;
	size_t answer_length;
	/* "w/3308/0/5900=21 " goes to the bus, "t/1/0/1=20 " was set */
	const char *effects;
	const char *reason;		/* or NULL: any */
	bool lwm2m_1_0, serve_stale, asleep;
};

static void effect_print(struct buf *out, char kind,
			 const struct lwm2m_path *at,
			 const struct lwm2m_value *value)
{
	char text[PATH_TEXT_MAX];

	path_format(at, text);
	buf_print(out, "%c%s=", kind, text);
	if (value)
		value_format(value, out);
	buf_byte(out, ' ');
}

static const char *effects(const struct tree *tree,
			   const struct request_outcome *outcome)
{
	static char text[512];
	struct buf out = buf_over(text, sizeof(text) - 1);

	for (size_t i = 0; i < outcome->n_writes; i++)
		effect_print(&out, 'w', &outcome->writes[i].path,
			     &outcome->writes[i].value);
	for (size_t i = 0; i < outcome->n_touched; i++) {
		const struct tree_slot *slot =
			tree_find(tree, &outcome->touched[i]);

		effect_print(&out, 't', &outcome->touched[i],
			     slot ? &slot->value : NULL);
	}
	text[out.used] = '\0';
	return text;
}

static struct request_room room;
static uint8_t answer[2048];

static struct request request_of(const struct exchange *e)
{
	return (struct request){
		.method = e->method,
		.uri = e->uri, .uri_length = strlen(e->uri),
		.query = e->query, .query_length = e->query ?
			strlen(e->query) : 0,
		.accept = e->accept ? (uint16_t)(e->accept - 1) : FORMAT_NONE,
		.format = e->format ? (uint16_t)(e->format - 1) : FORMAT_NONE,
		.observe = e->observe - 1,
		.payload = e->payload, .length = e->length,
	};
}

static void answer_check(const struct exchange *e, const struct buf *out,
			 const struct request_outcome *outcome)
{
	uint16_t format = e->answer_format ?
		(uint16_t)(e->answer_format - 1) : FORMAT_NONE;

	if (outcome->code != e->code)
		fail_msg("%d %s: %d.%02d %s, not %d.%02d", e->method, e->uri,
			 outcome->code >> 5, outcome->code & 31,
			 outcome->reason ? outcome->reason : "",
			 e->code >> 5, e->code & 31);
	if (outcome->kind != e->kind)
		fail_msg("%d %s: kind %d", e->method, e->uri, outcome->kind);
	if (outcome->format != format)
		fail_msg("%d %s: format %d", e->method, e->uri,
			 outcome->format);
	if (out->used != e->answer_length ||
	    (out->used && memcmp(answer, e->answer, out->used)))
		fail_msg("%d %s: %.*s", e->method, e->uri, (int)out->used,
			 (const char *)answer);
	if (e->code >> 5 == 4)
		assert_non_null(outcome->reason);
	if (e->reason)
		assert_string_equal(outcome->reason, e->reason);
}

static void exchange_run(const struct exchange *e)
{
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.server = 101, .serve_stale = e->serve_stale,
		.asleep = e->asleep,
		.fallback = e->lwm2m_1_0 ? FORMAT_TLV : FORMAT_SENML_JSON,
		.now = NOW,
	};
	struct buf out = buf_over(answer, sizeof(answer));
	struct request request = request_of(e);
	struct request_outcome outcome;

	tree_fill(&tree);
	outcome = request_handle(&scope, &request, &room, &out);
	answer_check(e, &out, &outcome);
	if (strcmp(effects(&tree, &outcome), e->effects ? e->effects : ""))
		fail_msg("%d %s: did %s", e->method, e->uri,
			 effects(&tree, &outcome));
	attribute_set_finish(&attributes);
	tree_finish(&tree);
}

static void exchanges_run(const struct exchange *exchanges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		exchange_run(&exchanges[i]);
}
#define RUN(table) exchanges_run(table, sizeof(table) / sizeof((table)[0]))

/* An answer with a payload. */
#define GIVES(f, literal) .code = CODE(2, 05), .answer_format = (f), \
	.answer = (const uint8_t *)(literal), \
	.answer_length = sizeof(literal) - 1
#define REFUSED(class_, detail) .code = CODE(class_, detail)
#define GET REQUEST_GET
#define PUT REQUEST_PUT
#define POST REQUEST_POST

static void reads(void **state)
{
	static const struct exchange table[] = {
		{GET, "3303/0/5700", .accept = TEXT, GIVES(TEXT, "21.5")},
		{GET, "/3303/0/5700", .accept = TEXT, GIVES(TEXT, "21.5")},
		{GET, "3303/0/5700", .lwm2m_1_0 = true, GIVES(TEXT, "21.5")},
		{GET, "3303/0/5700", GIVES(JSON,
			"[{\"bn\":\"/3303/0/5700\",\"v\":21.5}]")},
		{GET, "3/0/7/1", .accept = TEXT, GIVES(TEXT, "5000")},
		{GET, "3/0/7/1", .lwm2m_1_0 = true, GIVES(TEXT, "5000")},
		{GET, "3/0/7", .lwm2m_1_0 = true, GIVES(TLV,
			"\x88\x07\x08\x42\x00\x0e\xd8\x42\x01\x13\x88")},
		{GET, "3/0/7", .accept = TEXT, REFUSED(4, 06)},
		/* one element is no single resource */
		{GET, "3/0/11", .accept = TEXT, REFUSED(4, 06)},
		{GET, "3339/0/5522", .accept = IS(FORMAT_OPAQUE),
			GIVES(IS(FORMAT_OPAQUE), "\1\2\3")},
		{GET, "3339/0", .accept = IS(FORMAT_OPAQUE), REFUSED(4, 06)},
		{GET, "3303/0/5700", .accept = IS(FORMAT_OPAQUE),
			REFUSED(4, 06)},
		{GET, "3303/0/5700", .accept = IS(FORMAT_CBOR),
			GIVES(IS(FORMAT_CBOR), "\xfa\x41\xac\x00\x00")},
		{GET, "3/0/7", .accept = IS(FORMAT_CBOR), REFUSED(4, 06)},
		{GET, "3303/0/5700", .accept = IS(FORMAT_JSON),
			GIVES(IS(FORMAT_JSON), "{\"bn\":\"/3303/0/\","
			"\"e\":[{\"n\":\"5700\",\"v\":21.5}]}")},
		{GET, "3/0/7", .accept = IS(FORMAT_LWM2M_CBOR),
			GIVES(IS(FORMAT_LWM2M_CBOR),
			"\xa1\x03\xa1\x00\xa1\x07\xa2"
			"\x00\x19\x0e\xd8\x01\x19\x13\x88")},
		/* by old numbers */
		{GET, "3303/0/5700", .accept = IS(FORMAT_OLD_TEXT),
			GIVES(IS(FORMAT_OLD_TEXT), "21.5")},
		{GET, "3303/0", .accept = IS(FORMAT_OLD_TEXT), REFUSED(4, 06)},
		{GET, "3303/0/5700", .accept = IS(50), REFUSED(4, 06)},
		/* executables are left out of an instance */
		{GET, "3303/0", .accept = JSON, GIVES(JSON,
			"[{\"bn\":\"/3303/0/\",\"n\":\"5601\",\"v\":20.5},"
			"{\"n\":\"5602\",\"v\":22.5},"
			"{\"n\":\"5700\",\"v\":21.5},"
			"{\"n\":\"5701\",\"vs\":\"Cel\"},"
			"{\"n\":\"5750\",\"vs\":\"flow\"}]")},
		/* closed resources and executables of a server account too */
		{GET, "1/0", .accept = TLV, GIVES(TLV,
			"\xc1\x00\x65" "\xc2\x01\x01\x2c" "\xc1\x02\x01"
			"\xc1\x03\x0a" "\xc4\x05\x00\x01\x51\x80"
			"\xc1\x06\x00" "\xc1\x07U" "\xc1\x16U")},
		{GET, "3303/0/5605", .accept = TEXT, REFUSED(4, 05)},
		{GET, "1/0/8", .accept = TEXT, REFUSED(4, 05)},
		{GET, "3305/0/5806", .accept = TEXT, REFUSED(4, 05)},
		{GET, "", REFUSED(4, 05)},
		{GET, "0", REFUSED(4, 01)},
		{GET, "0/0/0", .accept = TEXT, REFUSED(4, 01)},
		{GET, "0/7", REFUSED(4, 01)},
		{GET, "21", REFUSED(4, 01)},
		{GET, "4", REFUSED(4, 04)},
		{GET, "3303/9", REFUSED(4, 04)},
		{GET, "3303/0/5603", REFUSED(4, 04)},
		{GET, "3303/0/9999", REFUSED(4, 04)},
		{GET, "3/0/7/2", REFUSED(4, 04)},
		{GET, "3303/0/5700/0", REFUSED(4, 04)},
		{GET, "rd", REFUSED(4, 04)},
		{GET, "3303/x", REFUSED(4, 04)},
		{GET, "3303/0/5700/0/0", REFUSED(4, 04)},
		{GET, "70000", REFUSED(4, 04)},
		{GET, "03", REFUSED(4, 04)},
	};

	(void)state;
	RUN(table);
}

/* A clock that runs, a text of the moment, and one that has no value now. */
static bool computed_now(void *owner, const struct lwm2m_path *at,
			 const struct tree_slot *slot, int64_t now,
			 struct buf *texts, struct lwm2m_value *value)
{
	assert_ptr_equal(owner, &room);
	if (at->id[2] == 13) {
		*value = slot->value;
		value->as.integer += (now - slot->time) / SECOND;
		return true;
	}
	buf_text(texts, at->id[2] == 14 ? "+01:00" : "Z");
	*value = lwm2m_string((const char *)texts->at, (uint32_t)texts->used);
	return at->id[2] != 15;
}

static void computed_read(struct request_scope *scope, const char *uri,
			  const char *expected)
{
	struct buf out = buf_over(answer, sizeof(answer) - 1);
	struct request request = {
		.method = GET, .uri = uri, .uri_length = strlen(uri),
		.accept = FORMAT_SENML_JSON, .format = FORMAT_NONE,
		.observe = -1};
	struct request_outcome outcome = request_handle(scope, &request,
							&room, &out);

	answer[out.used] = 0;
	assert_int_equal(outcome.code, *expected == '[' ? CODE(2, 05) :
			 CODE(5, 03));
	if (*expected == '[')
		assert_string_equal((char *)answer, expected);
}

static void computed(void **state)
{
	static const struct request_bound bound = {.compute = computed_now};
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.fallback = FORMAT_SENML_JSON, .bound = &bound,
		.owner = &room, .now = NOW};

	(void)state;
	tree_init(&tree);
	tree_add(&tree, object(&model, 3), 0);
	for (uint16_t id = 13; id <= 16; id++) {
		struct lwm2m_path at = path_resource(3, 0, id);
		struct tree_slot *slot = tree_slot_add(&tree, &at);

		slot->flags = TREE_COMPUTED;
		slot->value.type = id == 13 ? LWM2M_TIME : LWM2M_STRING;
	}
	computed_read(&scope, "3/0/13",
		      "[{\"bn\":\"/3/0/13\",\"v\":1700000000}]");
	computed_read(&scope, "3/0/15", "");
	computed_read(&scope, "3/0", "[{\"bn\":\"/3/0/\",\"n\":\"13\",\"v\":"
		      "1700000000},{\"n\":\"14\",\"vs\":\"+01:00\"},"
		      "{\"n\":\"16\",\"vs\":\"Z\"}]");
	find(&tree, "3/0/13")->value.as.integer = 1000;
	find(&tree, "3/0/13")->time = NOW - 7 * SECOND;
	computed_read(&scope, "3/0/13",
		      "[{\"bn\":\"/3/0/13\",\"v\":1007}]");
	tree_finish(&tree);
}

static void reads_by_quality(void **state)
{
	static const struct exchange table[] = {
		{GET, "3303/1/5700", REFUSED(5, 03)},
		{GET, "3302/0/5500", REFUSED(5, 03)},	/* one of long ago */
		{GET, "3303/2/5700", REFUSED(5, 04)},
		{GET, "3315/0/5700", REFUSED(5, 04)},
		/* left out where others are there */
		{GET, "3303/1", .accept = JSON, GIVES(JSON,
			"[{\"bn\":\"/3303/1/\",\"n\":\"5701\","
			"\"vs\":\"Cel\"}]")},
		/* the only bound one is bad: units say nothing of a device */
		{GET, "3303/2", .accept = JSON, REFUSED(5, 04)},
		{GET, "3304", .accept = JSON, REFUSED(5, 04)},
		{GET, "3315/0", .accept = JSON, REFUSED(5, 04)},
		/* one good among empty and bad: 0/5700 and the held ones */
		{GET, "3303", .accept = JSON, GIVES(JSON,
			"[{\"bn\":\"/3303/\",\"n\":\"0/5601\",\"v\":20.5},"
			"{\"n\":\"0/5602\",\"v\":22.5},"
			"{\"n\":\"0/5700\",\"v\":21.5},"
			"{\"n\":\"0/5701\",\"vs\":\"Cel\"},"
			"{\"n\":\"0/5750\",\"vs\":\"flow\"},"
			"{\"n\":\"1/5701\",\"vs\":\"Cel\"},"
			"{\"n\":\"2/5701\",\"vs\":\"Cel\"}]")},
		/* the format is judged first */
		{GET, "3303/2/5700", .accept = IS(50), REFUSED(4, 06)},
		{GET, "3303/2/5700", .accept = TEXT, .serve_stale = true,
			GIVES(TEXT, "7")},
		{GET, "3304/0", .accept = TLV, .serve_stale = true, GIVES(TLV,
			"\xe4\x16\x44\x42\x48\x00\x00" "\xe3\x16\x45%RH")},
		{GET, "3315/0/5700", .serve_stale = true, REFUSED(5, 04)},
		{GET, "3303/1/5700", .serve_stale = true, REFUSED(5, 03)},
	};

	(void)state;
	RUN(table);
}

/* A stale value says how old it is where the format can. */
static void stale_values_carry_their_time(void **state)
{
	struct attribute_set attributes = {NULL, 0};
	struct lwm2m_path at = path("/3303/2/5700");
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.serve_stale = true, .fallback = FORMAT_SENML_JSON,
	};
	struct buf out = buf_over(answer, sizeof(answer) - 1);
	uint16_t format;

	(void)state;
	tree_fill(&tree);
	find(&tree, "/3303/2/5700")->time = 1600000000 * SECOND;
	assert_int_equal(request_read(&scope, &at, FORMAT_SENML_JSON, &room,
				      &out, &format), CODE(2, 05));
	answer[out.used] = '\0';
	assert_non_null(strstr((char *)answer, "1600000000"));
	assert_non_null(strstr((char *)answer, "\"v\":7"));
	find(&tree, "/3303/2/5700")->quality = TREE_GOOD;
	out.used = 0;
	assert_int_equal(request_read(&scope, &at, FORMAT_SENML_JSON, &room,
				      &out, &format), CODE(2, 05));
	answer[out.used] = '\0';
	assert_null(strstr((char *)answer, "1600000000"));
	tree_finish(&tree);
}

static void observes(void **state)
{
	static const struct exchange table[] = {
		{GET, "3303/0/5700", .accept = TEXT, .observe = IS(0),
			.kind = REQUEST_OBSERVE, GIVES(TEXT, "21.5")},
		{GET, "3303/0/5700", .accept = TEXT, .observe = IS(1),
			.kind = REQUEST_CANCEL, GIVES(TEXT, "21.5")},
		{GET, "3303/0/5700", .accept = TEXT, .observe = IS(7),
			GIVES(TEXT, "21.5")},
		{GET, "1/0/2", .accept = TEXT, .observe = IS(0),
			.kind = REQUEST_OBSERVE, GIVES(TEXT, "1")},
		{GET, "3303/1", .accept = JSON, .observe = IS(0),
			.kind = REQUEST_OBSERVE, GIVES(JSON,
			"[{\"bn\":\"/3303/1/\",\"n\":\"5701\","
			"\"vs\":\"Cel\"}]")},
		/* nothing is kept of what could not be answered */
		{GET, "3303/1/5700", .observe = IS(0), REFUSED(5, 03)},
		{GET, "3303/2/5700", .observe = IS(0), REFUSED(5, 04)},
		{GET, "3303/9", .observe = IS(0), REFUSED(4, 04)},
		{GET, "3303/0", .accept = TEXT, .observe = IS(0),
			REFUSED(4, 06)},
		{GET, "0", .observe = IS(0), REFUSED(4, 01)},
		/* forgetting works whatever became of the path */
		{GET, "3303/2/5700", .observe = IS(1),
			.kind = REQUEST_CANCEL, REFUSED(5, 04)},
		{GET, "3303/9", .observe = IS(1), .kind = REQUEST_CANCEL,
			REFUSED(4, 04)},
	};

	(void)state;
	RUN(table);
}

static void discovers(void **state)
{
	static const struct exchange table[] = {
		{GET, "3308", .accept = LINK, GIVES(LINK,
			"</3308>;ver=1.1,</3308/0>,</3308/0/5750>,"
			"</3308/0/5900>,</3308/1>,</3308/1/5900>")},
		{GET, "3308/1", .accept = LINK, GIVES(LINK,
			"</3308/1>,</3308/1/5900>")},
		{GET, "3/0/7", .accept = LINK, GIVES(LINK,
			"</3/0/7>;dim=2,</3/0/7/0>,</3/0/7/1>")},
		{GET, "3/0/7/0", .accept = LINK, REFUSED(4, 05)},
		{GET, "", .accept = LINK, REFUSED(4, 05)},
		{GET, "0", .accept = LINK, REFUSED(4, 01)},
		{GET, "5", .accept = LINK, REFUSED(4, 04)},
		/* values do not matter to it */
		{GET, "3315/0", .accept = LINK, GIVES(LINK,
			"</3315/0>,</3315/0/5700>")},
	};

	(void)state;
	RUN(table);
}

#define FETCH REQUEST_FETCH
#define IPATCH REQUEST_IPATCH
#define CBOR IS(FORMAT_SENML_CBOR)

static void reads_composites(void **state)
{
	static const struct exchange table[] = {
		{FETCH, "", .format = JSON, .accept = JSON, PAYLOAD(
			"[{\"n\":\"/3303/0/5700\"},{\"n\":\"/3/0/0\"},"
			"{\"n\":\"/1/0/1\"}]"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"1/0/1\",\"v\":300},"
			"{\"n\":\"3/0/0\",\"vs\":\"Eastron\"},"
			"{\"n\":\"3303/0/5700\",\"v\":21.5}]")},
		/* without Accept as the paths came */
		{FETCH, "", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/3/0/\",\"n\":\"7/1\"}]"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"3/0/7/1\",\"v\":5000}]")},
		{FETCH, "", .format = CBOR, .lwm2m_1_0 = true, PAYLOAD(
			"\x81\xa1\x00\x66/3/0/0"), GIVES(CBOR,
			"\x81\xa3\x21\x61/\x00\x65" "3/0/0\x03\x67" "Eastron")},
		{FETCH, "", .format = CBOR, .accept = JSON, PAYLOAD(
			"\x81\xa1\x00\x66/1/0/2"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"1/0/2\",\"v\":1}]")},
		/* {1: {0: {2: 1}}, 3303: {0: {5700: 21.5}}} */
		{FETCH, "", .format = JSON, .accept = IS(FORMAT_LWM2M_CBOR),
			PAYLOAD("[{\"n\":\"/3303/0/5700\"},{\"n\":\"/1/0/2\"}]"),
			GIVES(IS(FORMAT_LWM2M_CBOR),
			"\xa2\x01\xa1\x00\xa1\x02\x01"
			"\x19\x0c\xe7\xa1\x00\xa1\x19\x16\x44"
			"\xfa\x41\xac\x00\x00")},
		/* 1.2 writes other numbers for the same lists */
		{FETCH, "", .format = IS(320), .accept = IS(320), PAYLOAD(
			"[{\"n\":\"/1/0/2\"}]"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"1/0/2\",\"v\":1}]")},
		/* each once, whatever is named twice */
		{FETCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/3308/0/5900\"},{\"n\":\"/3308/0\"},"
			"{\"n\":\"/3308/0\"}]"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"3308/0/5750\",\"vs\":\"set\"},"
			"{\"n\":\"3308/0/5900\",\"v\":20}]")},
		/* interoperability cases 236, 281: missing, executable,
		 * closed, empty and stale ones are left out */
		{FETCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/3303/9\"},{\"n\":\"/4\"},"
			"{\"n\":\"/3303/0/5605\"},{\"n\":\"/0/0/0\"},"
			"{\"n\":\"/3303/1/5700\"},{\"n\":\"/3304/0/5700\"},"
			"{\"n\":\"/1/0/8\"},{\"n\":\"/1/0/3\"}]"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"1/0/3\",\"v\":10}]")},
		{FETCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/3303/9\"}]"), GIVES(JSON, "[]")},
		{FETCH, "", .format = JSON, .serve_stale = true, PAYLOAD(
			"[{\"n\":\"/3304/0/5700\"}]"), GIVES(JSON,
			"[{\"bn\":\"/\",\"n\":\"3304/0/5700\",\"t\":1650000000,"
			"\"v\":50}]")},
		{FETCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/0/0\"},{\"n\":\"/21\"}]"),
			REFUSED(4, 01)},
		{FETCH, "", .format = JSON, PAYLOAD("[]"), REFUSED(4, 00)},
		{FETCH, "", .format = JSON, PAYLOAD("[{"), REFUSED(4, 00)},
		{FETCH, "", .format = JSON, PAYLOAD("[{\"n\":\"/x\"}]"),
			REFUSED(4, 00)},
		{FETCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":1}]"), REFUSED(4, 00)},
		{FETCH, "", REFUSED(4, 15)},
		{FETCH, "", .format = TLV, PAYLOAD("\xc1\x02\x65"),
			REFUSED(4, 15)},
		{FETCH, "", .format = JSON, .accept = TLV, PAYLOAD(
			"[{\"n\":\"/1/0/2\"}]"), REFUSED(4, 06)},
	};

	(void)state;
	RUN(table);
}

/* Interoperability case 235: all that is readable, and no keys. */
static void a_composite_of_the_root_leaves_keys_out(void **state)
{
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .fallback = FORMAT_TLV,
	};
	struct exchange fetch = {
		FETCH, "", .format = JSON, PAYLOAD("[{\"n\":\"/\"}]"),
	};
	struct request request = request_of(&fetch);
	struct buf out = buf_over(answer, sizeof(answer) - 1);
	struct request_outcome outcome;

	(void)state;
	tree_fill(&tree);
	outcome = request_handle(&scope, &request, &room, &out);
	assert_int_equal(outcome.code, CODE(2, 05));
	answer[out.used] = '\0';
	assert_null(strstr((char *)answer, "127.0.0.1"));
	assert_null(strstr((char *)answer, "5605"));
	assert_non_null(strstr((char *)answer, "Eastron"));
	assert_non_null(strstr((char *)answer, "\"n\":\"3303/0/5700\""));
	tree_finish(&tree);
}

static void observes_composites(void **state)
{
	static const char *const paths[] = {"/1/0/3", "/3303/0", "/3303/9"};
	struct exchange fetch = {
		FETCH, "", .format = JSON, .observe = IS(0), PAYLOAD(
		"[{\"n\":\"/3303/9\"},{\"n\":\"/3303/0\"},"
		"{\"n\":\"/3303/0/5700\"},{\"n\":\"/1/0/3\"}]"),
	};
	struct request request = request_of(&fetch);
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .fallback = FORMAT_TLV,
	};

	(void)state;
	tree_fill(&tree);
	for (int observe = 0; observe < 2; observe++) {
		struct buf out = buf_over(answer, sizeof(answer));
		struct request_outcome outcome;

		request.observe = observe;
		outcome = request_handle(&scope, &request, &room, &out);
		assert_int_equal(outcome.code, CODE(2, 05));
		assert_int_equal(outcome.kind, observe ? REQUEST_CANCEL :
				 REQUEST_OBSERVE);
		assert_int_equal(outcome.n_paths, 3);
		for (size_t i = 0; i < 3; i++) {
			struct lwm2m_path at = path(paths[i]);

			assert_true(path_equal(&at, &outcome.paths[i]));
		}
	}
	tree_finish(&tree);
}

#define CHANGED .code = CODE(2, 04), .kind = REQUEST_WRITE

static void writes_held_ones(void **state)
{
	static const struct exchange table[] = {
		{PUT, "1/0/1", .format = TEXT, PAYLOAD("60"), CHANGED,
			.effects = "t/1/0/1=60 "},
		{PUT, "1/0/1", PAYLOAD("60"), CHANGED,
			.effects = "t/1/0/1=60 "},
		{PUT, "1/0/1", .format = IS(FORMAT_OLD_TEXT),
			PAYLOAD("60"), CHANGED,
			.effects = "t/1/0/1=60 "},
		{PUT, "1/0/1", .format = IS(FORMAT_OLD_JSON),
			PAYLOAD("{\"e\":[{\"n\":\"1\",\"v\":60}]}"), CHANGED,
			.effects = "t/1/0/1=60 "},
		{PUT, "1/0/1", .format = IS(FORMAT_JSON),
			PAYLOAD("{\"bn\":\"/1/0/1\",\"e\":[{\"v\":60}]}"),
			CHANGED, .effects = "t/1/0/1=60 "},
		{PUT, "1/0/1", .format = IS(FORMAT_CBOR),
			PAYLOAD("\x18\x3c"), CHANGED,
			.effects = "t/1/0/1=60 "},
		{POST, "1/0", .format = IS(FORMAT_LWM2M_CBOR),
			PAYLOAD("\xa1\x82\1\0\xa2\1\x18\x3c\2\5"), CHANGED,
			.effects = "t/1/0/1=60 t/1/0/2=5 "},
		{PUT, "1/0/2", .format = TEXT, PAYLOAD("0"), CHANGED,
			.effects = "t/1/0/2=0 "},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("U"), CHANGED,
			.effects = "t/1/0/7=U "},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("UQ"), CHANGED,
			.effects = "t/1/0/7=UQ "},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("UQ"), CHANGED,
			.effects = "t/1/0/7=UQ ", .asleep = true},
		{PUT, "1/0/22", .format = TEXT, PAYLOAD("U"), CHANGED,
			.effects = "t/1/0/22=U "},
		/* two transports: queue mode is of both */
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UTS"), CHANGED,
			.effects = "t/1/1/7=UTS "},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UTQS"), CHANGED,
			.effects = "t/1/1/7=UTQS "},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UQTS"), CHANGED,
			.effects = "t/1/1/7=UQTS "},
		{PUT, "1/2/7", .format = TEXT, PAYLOAD("UTQS"), CHANGED,
			.effects = "t/1/2/7=UTQS ", .asleep = true},
		{PUT, "1/2/7", .format = TEXT, PAYLOAD("UTS"), CHANGED,
			.effects = "t/1/2/7=UTS "},
		{PUT, "1/1/22", .format = TEXT, PAYLOAD("T"), CHANGED,
			.effects = "t/1/1/22=T "},
		{PUT, "3303/0/5750", .format = TEXT, CHANGED,
			.effects = "t/3303/0/5750= "},
		{PUT, "1/0/3", .format = TLV, PAYLOAD("\xc2\x03\x03\xf2"),
			CHANGED, .effects = "t/1/0/3=1010 "},
		{PUT, "3339/0/5522", .format = IS(FORMAT_OPAQUE),
			PAYLOAD("\xff\0"), CHANGED,
			.effects = "t/3339/0/5522=/wA= "},
		/* interoperability case 215: partial, in TLV */
		{POST, "1/0", .format = TLV, PAYLOAD(
			"\xc1\x02\x65" "\xc2\x03\x03\xf2" "\xc2\x05\x07\xd0"
			"\xc1\x06\x01" "\xc1\x07\x55"), CHANGED,
			.effects = "t/1/0/2=101 t/1/0/3=1010 t/1/0/5=2000 "
				   "t/1/0/6=1 t/1/0/7=U "},
		/* what is not named stays as it is in a replace, too */
		{PUT, "1/0", PAYLOAD("\xc1\x02\x65"), CHANGED,
			.effects = "t/1/0/2=101 "},
		{POST, "1/0", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":20}]"), CHANGED,
			.effects = "t/1/0/1=20 "},
		{POST, "1/0", CHANGED},
		{PUT, "3303/0/5750", .format = TEXT, PAYLOAD("hall"),
			CHANGED, .effects = "t/3303/0/5750=hall "},
	};

	(void)state;
	RUN(table);
}

static void writes_bound_ones_to_the_bus(void **state)
{
	static const struct exchange table[] = {
		{PUT, "3308/0/5900", .format = TEXT, PAYLOAD("21.5"),
			CHANGED, .effects = "w/3308/0/5900=21.5 "},
		{PUT, "3306/0/5850", .format = TEXT, PAYLOAD("0"),
			CHANGED, .effects = "w/3306/0/5850=0 "},
		{POST, "3306/0", .format = TLV, PAYLOAD(
			"\xe1\x16\xda\x00" "\xe1\x16\xdb\x64"), CHANGED,
			.effects = "w/3306/0/5850=0 w/3306/0/5851=100 "},
		{PUT, "3306/0/5851", .format = TEXT, PAYLOAD("0"), CHANGED,
			.effects = "w/3306/0/5851=0 "},
		/* both kinds in one request */
		{POST, "3308/0", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/3308/0/\",\"n\":\"5750\",\"vs\":\"x\"},"
			"{\"n\":\"5900\",\"v\":4.5}]"), CHANGED,
			.effects = "w/3308/0/5900=4.5 t/3308/0/5750=x "},
		{PUT, "3305/0/5806", .format = TEXT, PAYLOAD("1.5"),
			CHANGED, .effects = "w/3305/0/5806=1.5 "},
	};

	(void)state;
	RUN(table);
}

static void refuses_writes(void **state)
{
	static const struct exchange table[] = {
		/* 4.05 comes before any look at the payload */
		{PUT, "1/0/0", .format = TEXT, PAYLOAD("102"),
			REFUSED(4, 05)},
		{PUT, "1/0/0", .format = IS(50), PAYLOAD("?"),
			REFUSED(4, 05)},
		{PUT, "3303/0/5700", .format = TEXT, PAYLOAD("1"),
			REFUSED(4, 05), .reason = "the resource is read-only"},
		{PUT, "3308/1/5900", .format = TEXT, PAYLOAD("1"),
			REFUSED(4, 05), .reason = "the resource is read-only "
			"here: its point is not 'writable: true'"},
		{PUT, "1/0/8", .format = TEXT, PAYLOAD("1"), REFUSED(4, 05),
			.reason = "the resource is executed, not written"},
		{PUT, "3303", .format = TLV, PAYLOAD("\xc1\x02\x65"),
			REFUSED(4, 05)},
		{PUT, "", PAYLOAD("1"), REFUSED(4, 05)},
		{PUT, "0/0/0", .format = TEXT, PAYLOAD("x"),
			REFUSED(4, 01)},
		{PUT, "0", .query = "pmin=1", REFUSED(4, 01)},
		{PUT, "3303/0/5603", .format = TEXT, PAYLOAD("1"),
			REFUSED(4, 04)},
		{PUT, "3303/7", .format = TLV, PAYLOAD("\xc1\x02\x65"),
			REFUSED(4, 04)},
		{PUT, "1/0/1", .format = IS(50), PAYLOAD("60"),
			REFUSED(4, 15)},
		{PUT, "1/0/1", .format = LINK, PAYLOAD("60"),
			REFUSED(4, 15)},
		{PUT, "1/0/1", .format = IS(9999),
			PAYLOAD("{}"), REFUSED(4, 15)},
		{PUT, "1/0/1", .format = IS(FORMAT_JSON),
			PAYLOAD("{}"), REFUSED(4, 00)},
		{PUT, "1/0/1", .format = IS(FORMAT_CBOR),
			PAYLOAD("\x19"), REFUSED(4, 00)},
		{PUT, "1/0", .format = IS(FORMAT_CBOR),
			PAYLOAD("\x05"), REFUSED(4, 15)},
		{PUT, "1/0", .format = IS(FORMAT_LWM2M_CBOR),
			PAYLOAD("\xa1\x03\xa0"), REFUSED(4, 00)},
		{PUT, "1/0", .format = TEXT, PAYLOAD("60"),
			REFUSED(4, 15)},
		{PUT, "1/0/1", .format = TEXT, PAYLOAD("soon"),
			REFUSED(4, 00),
			.reason = "wanted is a whole number, not 'soon'"},
		{PUT, "1/0/1", .format = TEXT, PAYLOAD("so\non"),
			REFUSED(4, 00), .reason = "wanted is a whole number"},
		{PUT, "1/0/1", .format = TEXT, REFUSED(4, 00)},
		{PUT, "1/0/7", .format = TEXT, REFUSED(4, 00)},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("Q"), REFUSED(4, 00)},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("TQ"), REFUSED(4, 00)},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("UQQ"), REFUSED(4, 00)},
		{PUT, "1/0/7", .format = TEXT, PAYLOAD("U"), REFUSED(4, 00),
			.asleep = true},
		{PUT, "1/0/22", .format = TEXT, REFUSED(4, 00)},
		{PUT, "1/0/22", .format = TEXT, PAYLOAD("T"), REFUSED(4, 00),
			.reason = "not a transport of this account's binding"},
		{PUT, "1/0/22", .format = TEXT, PAYLOAD("UQ"), REFUSED(4, 00)},
		{PUT, "1/0/22", .format = TEXT, PAYLOAD("Q"), REFUSED(4, 00)},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UTSQ"), REFUSED(4, 00)},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UQTQS"), REFUSED(4, 00)},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("TUS"), REFUSED(4, 00)},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UT"), REFUSED(4, 00)},
		{PUT, "1/1/7", .format = TEXT, PAYLOAD("UTQ"), REFUSED(4, 00)},
		{PUT, "1/2/7", .format = TEXT, PAYLOAD("UTS"), REFUSED(4, 00),
			.asleep = true},
		/* nobody registers by SMS */
		{PUT, "1/1/22", .format = TEXT, PAYLOAD("S"), REFUSED(4, 00)},
		{PUT, "1/0/1", .format = TEXT, PAYLOAD("-60"),
			REFUSED(4, 00),
			.reason = "the value is out of range: 0 to 4294967295"},
		{PUT, "1/0/1", .format = TLV, PAYLOAD("\xc2\x01\x03"),
			REFUSED(4, 00)},
		{PUT, "1/0/1", .format = TLV, REFUSED(4, 00)},
		{PUT, "1/0/1", .format = TLV, PAYLOAD("\xc1\x02\x03"),
			REFUSED(4, 00)},
		{PUT, "1/0/1", .format = TLV,
			PAYLOAD("\xc3\x01\x03\x03\x03"),
			REFUSED(4, 00)},
		{PUT, "1/0/1", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/1/0/1\",\"vs\":\"60\"}]"),
			REFUSED(4, 00),
			.reason = "wanted is a whole number"},
		{PUT, "1/0/1", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/1/0/2\",\"v\":60}]"), REFUSED(4, 00)},
		{PUT, "1/0/1", .format = JSON, PAYLOAD("[{"),
			REFUSED(4, 00)},
		{PUT, "1/0/1", .format = JSON, PAYLOAD("[{\"n\":\"/1/0/1\"}]"),
			REFUSED(4, 00)},
		/* not a number */
		{PUT, "3308/0/5900", .format = TLV,
			PAYLOAD("\xe4\x17\x0c\x7f\xc0\0\0"),
			REFUSED(4, 00)},
		{PUT, "3306/0/5851", .format = TEXT, PAYLOAD("101"),
			REFUSED(4, 00),
			.reason = "the value is out of range: 0 to 100"},
		{PUT, "3306/0/5851", .format = TEXT, PAYLOAD("-1"),
			REFUSED(4, 00),
			.reason = "the value is out of range: 0 to 100"},
		{PUT, "3306/0/5850", .format = TEXT, PAYLOAD("2"),
			REFUSED(4, 00),
			.reason = "wanted is a boolean (0 or 1), not '2'"},
		{PUT, "1/0/1", .query = "pmin=1", PAYLOAD("60"),
			REFUSED(4, 00)},
		/* all is checked before anything is done */
		{POST, "1/0", .format = TLV, PAYLOAD(
			"\xc1\x02\x65" "\xc1\x00\x65"), REFUSED(4, 05)},
		{POST, "1/0", .format = TLV, PAYLOAD(
			"\xc1\x02\x65" "\xc1\x0a\x65"), REFUSED(4, 00)},
		{POST, "3306/0", .format = TLV, PAYLOAD(
			"\xe1\x16\xda\x00" "\xe1\x16\xdb\x65"),
			REFUSED(4, 00)},
	};

	(void)state;
	RUN(table);
}

static void writes_composites(void **state)
{
	static const struct exchange table[] = {
		/* interoperability cases 230, 257: several objects */
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":5},"
			"{\"n\":\"/3308/0/5900\",\"v\":22.5},"
			"{\"n\":\"/3306/0/5850\",\"vb\":false},"
			"{\"n\":\"/3/0/13\",\"v\":1700000000}]"), CHANGED,
			.effects = "w/3308/0/5900=22.5 w/3306/0/5850=0 "
				   "t/1/0/2=5 t/3/0/13=1700000000 "},
		/* to the bus in the order of the request */
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/3308/0/5900\",\"v\":2},"
			"{\"n\":\"/3306/0/5850\",\"vb\":true},"
			"{\"n\":\"/3308/0/5900\",\"v\":1}]"), CHANGED,
			.effects = "w/3308/0/5900=2 w/3306/0/5850=1 "
				   "w/3308/0/5900=1 "},
		{IPATCH, "", .format = CBOR, PAYLOAD(
			"\x81\xa2\x00\x66/1/0/2\x02\x07"), CHANGED,
			.effects = "t/1/0/2=7 "},
		{IPATCH, "", .format = IS(322), PAYLOAD(
			"\x81\xa2\x00\x66/1/0/2\x02\x07"), CHANGED,
			.effects = "t/1/0/2=7 "},
		{IPATCH, "", .format = IS(FORMAT_LWM2M_CBOR), PAYLOAD(
			"\xa2\x01\xa1\x00\xa1\x02\x07"
			"\x19\x0c\xec\xa1\x00\xa1\x19\x17\x0c\x16"), CHANGED,
			.effects = "w/3308/0/5900=22 t/1/0/2=7 "},
		/* elements that are not named stay */
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/3349/0/5912/4\",\"vs\":\"q\"}]"), CHANGED,
			.effects = "t/3349/0/5912/4=q "},
		/* the last of several is wrong: nothing is done */
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":5},"
			"{\"n\":\"/3/0/0\",\"vs\":\"x\"}]"), REFUSED(4, 05)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/3308/0/5900\",\"v\":5},"
			"{\"n\":\"/3308/9/5900\",\"v\":5}]"), REFUSED(4, 04)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":5},"
			"{\"n\":\"/0/0/1\",\"vb\":false}]"), REFUSED(4, 01)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":5},"
			"{\"n\":\"/1/0/3\"}]"), REFUSED(4, 00)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":5},"
			"{\"n\":\"/3306/0/5851\",\"v\":101}]"),
			REFUSED(4, 00)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/2\",\"v\":5},"
			"{\"n\":\"/1/0/6\",\"v\":5}]"), REFUSED(4, 00)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0/8\",\"v\":5}]"), REFUSED(4, 05)},
		{IPATCH, "", .format = JSON, PAYLOAD(
			"[{\"n\":\"/1/0\",\"v\":5}]"), REFUSED(4, 00)},
		{IPATCH, "", .format = JSON, PAYLOAD("[]"), REFUSED(4, 00)},
		{IPATCH, "", .format = JSON, PAYLOAD("[{"), REFUSED(4, 00)},
		{IPATCH, "", .format = TLV, PAYLOAD("\xc1\x02\x65"),
			REFUSED(4, 15)},
		{IPATCH, "", PAYLOAD("5"), REFUSED(4, 15)},
	};

	(void)state;
	RUN(table);
}

/* The instance's own range counts before the registry's 0..1 of 5650. */
/* Core TS 6.3.3: they are no error in what is written to an instance. */
static void optional_resources_that_are_not_there(void **state)
{
	static const struct exchange table[] = {
		{POST, "1/0", .format = TLV, PAYLOAD(	/* 2, and 99 */
			"\xc1\x02\x65" "\xc1\x63\x65"), CHANGED,
			.effects = "t/1/0/2=101 "},
		{PUT, "1/0", .format = TLV, PAYLOAD(	/* 99, and 2 */
			"\xc1\x63\x65" "\xc1\x02\x64"), CHANGED,
			.effects = "t/1/0/2=100 "},
		{POST, "1/0", .format = TLV, PAYLOAD("\xc1\x63\x65"),
			CHANGED},
		/* alone it is asked for by name */
		{PUT, "1/0/99", .format = TEXT, PAYLOAD("1"), REFUSED(4, 04)},
	};

	(void)state;
	RUN(table);
}

static void an_instance_has_its_own_range(void **state)
{
	static const struct exchange table[] = {
		{PUT, "3203/0/5650", .format = TEXT, PAYLOAD("10"),
			CHANGED, .effects = "w/3203/0/5650=10 "},
		{PUT, "3203/0/5650", .format = TEXT, PAYLOAD("10.5"),
			REFUSED(4, 00)},
		{PUT, "3203/0/5650", .format = TEXT, PAYLOAD("-0.5"),
			REFUSED(4, 00)},
	};

	(void)state;
	RUN(table);
}

static void writes_multiple_resources(void **state)
{
	static const struct exchange table[] = {
		{PUT, "3349/0/5912/1", .format = TEXT, PAYLOAD("z"),
			CHANGED, .effects = "t/3349/0/5912/1=z "},
		{PUT, "3349/0/5912/2", .format = TEXT, PAYLOAD("z"),
			REFUSED(4, 04)},
		{PUT, "3349/0/5912", .format = TEXT, PAYLOAD("z"),
			REFUSED(4, 00)},
		/* replaced: 0 stays, 1 goes, 4 comes */
		{PUT, "3349/0/5912", .format = TLV, PAYLOAD(
			"\xa6\x17\x18" "\x41\x00p" "\x41\x04q"), CHANGED,
			.effects = "t/3349/0/5912/1= t/3349/0/5912/0=p "
				   "t/3349/0/5912/4=q "},
		{PUT, "3349/0", .format = TLV, PAYLOAD(
			"\xa3\x17\x18" "\x41\x04q"), CHANGED,
			.effects = "t/3349/0/5912/0= t/3349/0/5912/1= "
				   "t/3349/0/5912/4=q "},
		/* partial: added to what is there */
		{POST, "3349/0", .format = TLV, PAYLOAD(
			"\xa3\x17\x18" "\x41\x04q"), CHANGED,
			.effects = "t/3349/0/5912/4=q "},
		{PUT, "3349/0/5912", .format = TLV, PAYLOAD(
			"\xa0\x17\x18"), REFUSED(4, 00)},
		/* a device has the elements that it has */
		{POST, "3349/1", .format = TLV, PAYLOAD(
			"\xa3\x17\x18" "\x41\x04q"), REFUSED(4, 04)},
		{PUT, "3349/1/5912", .format = TLV, PAYLOAD(
			"\xa3\x17\x18" "\x41\x00q"), CHANGED,
			.effects = "w/3349/1/5912/0=q "},
		/* a single one in the clothes of a multiple one */
		{POST, "1/0", .format = TLV, PAYLOAD(
			"\x83\x02\x41\x00\x07"), REFUSED(4, 00)},
		{POST, "3349/0", .format = TLV, PAYLOAD(
			"\xe1\x17\x18z"), REFUSED(4, 00)},
	};

	(void)state;
	RUN(table);
}

static void what_is_written_is_kept(void **state)
{
	static const struct exchange write = {
		PUT, "3303/0/5750", .format = TEXT, PAYLOAD("hall"),
	};
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.fallback = FORMAT_TLV, .now = NOW,
	};
	struct buf out = buf_over(answer, sizeof(answer));
	struct request request = request_of(&write);

	(void)state;
	tree_fill(&tree);
	request_handle(&scope, &request, &room, &out);
	assert_int_equal(find(&tree, "/3303/0/5750")->flags, TREE_PERSISTENT);
	assert_int_equal(find(&tree, "/3303/0/5750")->time, NOW);
	assert_memory_equal(find(&tree, "/3303/0/5750")->value.as.text,
			    "hall", 4);
	tree_finish(&tree);
}

#define EXECUTED .code = CODE(2, 04), .kind = REQUEST_EXECUTE

static void executes(void **state)
{
	static const struct exchange table[] = {
		{POST, "3/0/4", EXECUTED},
		{POST, "1/0/8", .format = TEXT, EXECUTED},
		{POST, "3349/0/5911", .format = TEXT, PAYLOAD("0"),
			EXECUTED},
		{POST, "3/0/4", PAYLOAD("0='a',1"), EXECUTED},
		{POST, "3/0/4", .format = IS(FORMAT_OLD_TEXT),
			PAYLOAD("9=''"), EXECUTED},
		{POST, "3/0/4", PAYLOAD("2='10.3',7,0='http://x'"),
			EXECUTED},
		/* IPSO's own: done here */
		{POST, "3303/0/5605", CHANGED, .effects =
			"t/3303/0/5601=21.5 t/3303/0/5602=21.5 "},
		{POST, "3303/1/5605", CHANGED},	/* no value: nothing moves */
		{POST, "3/0/4", PAYLOAD("a"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0="), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0='"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0='a"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0=a"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0,"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD(",0"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("10"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0='a b'"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0='\\'"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0='a'1"), REFUSED(4, 00)},
		{POST, "3/0/4", PAYLOAD("0='\x7f'"), REFUSED(4, 00)},
		{POST, "3/0/4", .format = TLV, PAYLOAD("0"),
			REFUSED(4, 15)},
		{POST, "3303/0/5700", REFUSED(4, 05)},
		{POST, "1/0/1", REFUSED(4, 05)},
		{POST, "3/0/5", REFUSED(4, 04)},
		{POST, "3/0/7/0", REFUSED(4, 05)},
	};

	(void)state;
	RUN(table);
}

#define ATTACHED .code = CODE(2, 04), .kind = REQUEST_ATTRIBUTES

static void writes_attributes(void **state)
{
	static const struct exchange table[] = {
		{PUT, "3303", .query = "pmin=5", ATTACHED},
		{PUT, "3303/0", .query = "pmin=5&pmax=10", ATTACHED},
		{PUT, "3303/0/5700", .query = "gt=5&lt=1&st=1", ATTACHED},
		{PUT, "3/0/7/1", .query = "gt=5", ATTACHED},
		{PUT, "3/0/0", .query = "pmin=5", ATTACHED},
		{PUT, "3303/0/5700", .query = "pmin", ATTACHED},
		{PUT, "3303/0/5700", .query = "gt=1&lt=5", REFUSED(4, 00)},
		{PUT, "3306/0/5850", .query = "edge=1&con=1", ATTACHED},
		{PUT, "3303/0", .query = "hqmax=5", ATTACHED},
		{PUT, "3303/0/5700", .query = "edge=1", REFUSED(4, 00)},
		{PUT, "3303/0/5700", .query = "depth=1", REFUSED(4, 00)},
		{PUT, "3303/0/5700", .query = "pmin=x", REFUSED(4, 00)},
		{PUT, "3303/0/5701", .query = "gt=1", REFUSED(4, 00)},
		{PUT, "3306/0/5850", .query = "st=1", REFUSED(4, 00)},
		{PUT, "3303/0", .query = "gt=1", REFUSED(4, 00)},
		{PUT, "3303/0/5605", .query = "pmin=1", REFUSED(4, 05)},
		{PUT, "1/0/8", .query = "pmin=1", REFUSED(4, 05)},
		{PUT, "", .query = "pmin=1", REFUSED(4, 05)},
		{PUT, "3303/9", .query = "pmin=1", REFUSED(4, 04)},
	};

	(void)state;
	RUN(table);
}

#define CREATED .code = CODE(2, 01), .kind = REQUEST_CREATED
#define DELETED .code = CODE(2, 02), .kind = REQUEST_DELETED

static void creates(void **state)
{
	static const struct exchange table[] = {
		/* interoperability case 1630; the lowest free id is ours */
		{POST, "16", .format = TLV, PAYLOAD("\x83\x00\x41\x00h"),
			CREATED, .effects = "t/16/0/0/0=h "},
		{POST, "16", PAYLOAD("\x83\x00\x41\x00h"), CREATED,
			.effects = "t/16/0/0/0=h "},
		{POST, "16", .format = TLV, PAYLOAD(
			"\x05\x03\x83\x00\x41\x00h"), CREATED,
			.effects = "t/16/3/0/0=h "},
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/16/4/0/\",\"n\":\"0\",\"vs\":\"h\"},"
			"{\"n\":\"3\",\"vs\":\"t\"}]"), CREATED,
			.effects = "t/16/4/0/0=h t/16/4/0/3=t "},
		{POST, "19", .format = JSON, PAYLOAD(
			"[{\"bn\":\"/19/0/\",\"n\":\"0/0\",\"vd\":\"AQI\"}]"),
			CREATED, .effects = "t/19/0/0/0=AQI= "},
		/* one that the object has not (Core TS 6.3.6) */
		{POST, "19", .format = TLV, PAYLOAD(
			"\x83\x00\x41\x00h" "\xc1\xd5\x01"),
			CREATED, .effects = "t/19/0/0/0=aA== "},
		/* mandatory ones are missing */
		{POST, "16", .format = TLV, REFUSED(4, 00)},
		{POST, "16", .format = TLV, PAYLOAD("\x00\x03"),
			REFUSED(4, 00)},
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/16/4/0/0\",\"vs\":\"h\"},"
			"{\"n\":\"/16/5/0/0\",\"vs\":\"h\"}]"), REFUSED(4, 00)},
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/16/4/0/0\",\"v\":1}]"), REFUSED(4, 00)},
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/16/4/0\",\"vs\":\"h\"}]"), REFUSED(4, 00)},
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/16/4/9\",\"vs\":\"h\"}]"), REFUSED(4, 00)},
		/* its status is read-only: passed over (Core TS 6.3.6) */
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/16/4/0/0\",\"vs\":\"h\"},"
			"{\"n\":\"/16/4/3/0\",\"v\":1}]"), CREATED,
			.effects = "t/16/4/0/0=h "},
		/* an executable is no value */
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/16/4/0/0\",\"vs\":\"h\"},"
			"{\"n\":\"/16/4/1\",\"v\":1}]"), REFUSED(4, 05)},
		{POST, "16", .format = JSON, PAYLOAD(
			"[{\"n\":\"/19/4/0/0\",\"vd\":\"AA\"}]"),
			REFUSED(4, 00)},
		{POST, "16", .format = TEXT, PAYLOAD("h"), REFUSED(4, 15)},
		{POST, "16", .format = IS(50), PAYLOAD("h"), REFUSED(4, 15)},
		{POST, "1", .format = TLV, PAYLOAD("\xc1\x00\x05"),
			REFUSED(4, 05)},
	};

	(void)state;
	RUN(table);
}

/* One after the other, on one tree. */
static void instances_come_and_go(void **state)
{
	static const struct exchange table[] = {
		{POST, "16", PAYLOAD("\x83\x00\x41\x00h"), CREATED},
		{POST, "16", PAYLOAD("\x83\x00\x41\x00i"), CREATED},
		{POST, "16", PAYLOAD("\x05\x01\x83\x00\x41\x00j"),
			REFUSED(4, 00)},
		{GET, "16/1/0/0", .accept = TEXT, GIVES(TEXT, "i")},
		{POST, "16/1", PAYLOAD("\x83\x00\x41\x05k"), CHANGED},
		{REQUEST_DELETE, "16/1/0/0", DELETED},
		{REQUEST_DELETE, "16/1/0/0", REFUSED(4, 04)},
		{REQUEST_DELETE, "16/1/0/5", REFUSED(4, 05)},	/* the last */
		{REQUEST_DELETE, "16/0", DELETED},
		{GET, "16/0", .accept = JSON, REFUSED(4, 04)},
		{GET, "16/1", .accept = JSON, GIVES(JSON,
			"[{\"bn\":\"/16/1/\",\"n\":\"0/5\",\"vs\":\"k\"}]")},
		{POST, "16", PAYLOAD("\x83\x00\x41\x00l"), CREATED},
		{GET, "16/0/0/0", .accept = TEXT, GIVES(TEXT, "l")},
		/* what a site has mapped a point to */
		{REQUEST_DELETE, "19/3", REFUSED(4, 05)},
	};
	const struct lwm2m_path bound = path_element(19, 3, 0, 0);
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model,
		.fallback = FORMAT_SENML_JSON, .now = NOW,
	};

	(void)state;
	tree_init(&tree);
	tree_add(&tree, object(&model, 19), 3);
	tree_slot_add(&tree, &bound)->flags |= TREE_BOUND;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf out = buf_over(answer, sizeof(answer));
		struct request request = request_of(&table[i]);
		struct request_outcome outcome =
			request_handle(&scope, &request, &room, &out);

		answer_check(&table[i], &out, &outcome);
		if (outcome.kind == REQUEST_CREATED)
			assert_true(outcome.chosen);
	}
	tree_finish(&tree);
}

static void instances_are_bounded(void **state)
{
	static const struct exchange post = {
		POST, "16", PAYLOAD("\x83\x00\x41\x00h"),
	};
	struct tree tree;
	struct request_scope scope = {.tree = &tree, .model = &model};
	struct request request = request_of(&post);
	struct buf out = buf_over(answer, sizeof(answer));

	(void)state;
	tree_init(&tree);
	for (int i = 0; i < 64; i++)
		assert_int_equal(request_handle(&scope, &request, &room,
						&out).code, CODE(2, 01));
	assert_int_equal(request_handle(&scope, &request, &room, &out).code,
			 CODE(5, 00));
	assert_int_equal(tree.n_instances, 64);
	tree_finish(&tree);
}

static void refuses_what_it_does_not_do(void **state)
{
	static const struct exchange table[] = {
		{POST, "3303", .format = TLV, REFUSED(4, 05)},	/* Create */
		{POST, "3", .format = TLV, REFUSED(4, 05)},
		{POST, "5", .format = TLV, REFUSED(4, 04)},
		{POST, "", REFUSED(4, 05)},
		{REQUEST_DELETE, "", REFUSED(4, 05)},
		{REQUEST_DELETE, "3303", REFUSED(4, 05)},
		{REQUEST_DELETE, "3/0/13", REFUSED(4, 05)},
		{REQUEST_DELETE, "3/0/7/0", REFUSED(4, 05)},
		{REQUEST_DELETE, "3349/1/5912/0", REFUSED(4, 05)},
		{REQUEST_DELETE, "3/0", REFUSED(4, 05)},
		{REQUEST_DELETE, "3303/0", REFUSED(4, 05)},
		{REQUEST_DELETE, "3303/9", REFUSED(4, 04)},
		{REQUEST_DELETE, "0/0", REFUSED(4, 01)},
		{REQUEST_FETCH, "3303/0", .format = JSON,
			PAYLOAD("[{\"n\":\"/3/0/0\"}]"), REFUSED(4, 05)},
		{REQUEST_IPATCH, "3303/0", .format = JSON,
			PAYLOAD("[{\"n\":\"/1/0/2\",\"v\":1}]"),
			REFUSED(4, 05)},
		{REQUEST_PATCH, "3303/0", REFUSED(4, 05)},
		{0, "3303/0", REFUSED(4, 05)},
		{31, "3303/0", REFUSED(4, 05)},
	};

	(void)state;
	RUN(table);
}

static void says_when_an_answer_does_not_fit(void **state)
{
	static const char *const uris[] = {"3303/0", "3303"};
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.fallback = FORMAT_TLV,
	};

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < 2; i++) {
		struct buf out = buf_over(answer, 10);
		struct exchange get = {
			GET, uris[i], .accept = i ? LINK : TLV,
		};
		struct request request = request_of(&get);
		struct request_outcome outcome =
			request_handle(&scope, &request, &room, &out);

		assert_int_equal(outcome.code, CODE(5, 00));
		assert_int_equal(outcome.format, FORMAT_NONE);
		assert_int_equal(out.used, 0);
	}
	tree_finish(&tree);
}

/* A notification asks without a request's checks before it. */
static void a_read_judges_its_path(void **state)
{
	static const struct { const char *at; uint8_t code; } cases[] = {
		{"/3303/0/5700", CODE(2, 05)}, {"/0/0/0", CODE(4, 01)},
		{"/3303/9", CODE(4, 04)}, {"/3303/0/5605", CODE(4, 05)},
	};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .fallback = FORMAT_TLV,
	};

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = buf_over(answer, sizeof(answer));
		struct lwm2m_path at = path(cases[i].at);
		uint16_t format;

		assert_int_equal(request_read(&scope, &at, FORMAT_NONE, &room,
					      &out, &format), cases[i].code);
		assert_int_equal(format, cases[i].code == CODE(2, 05) ?
				 FORMAT_TEXT : FORMAT_NONE);
	}
	tree_finish(&tree);
}

static bool expects(void *owner, uint16_t object)
{
	(void)owner;
	return object == 3330;
}

/* Objects that may get instances are there without any. */
static void empty_objects_are_there(void **state)
{
	static const struct request_bound bound = {.expects = expects};
	static const struct { struct exchange e; const char *text; }
	cases[] = {
		{{GET, "16", .accept = LINK, .code = CODE(2, 05)}, "</16>"},
		{{GET, "16", .accept = JSON, .code = CODE(2, 05)}, "[]"},
		{{GET, "19", .accept = TLV, .code = CODE(2, 05)}, ""},
		{{GET, "3330", .accept = LINK, .code = CODE(2, 05)},
		 "</3330>;ver=1.1"},
		{{PUT, "16", .query = "pmin=1", .code = CODE(2, 04)}, ""},
		{{GET, "16/0", .code = CODE(4, 04)}, ""},
		{{GET, "17", .code = CODE(4, 04)}, ""},
		{{GET, "3323", .code = CODE(4, 04)}, ""},
	};
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.fallback = FORMAT_TLV, .bound = &bound,
	};

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = request_of(&cases[i].e);
		struct buf out = buf_over(answer, sizeof(answer) - 1);

		assert_int_equal(request_handle(&scope, &request, &room,
						&out).code, cases[i].e.code);
		answer[out.used] = '\0';
		assert_string_equal((char *)answer, cases[i].text);
		attribute_set_finish(&attributes);
	}
	tree_finish(&tree);
}

/* LwM2M 1.2: the query of an Observe is of that observation alone. */
static void observations_have_attributes(void **state)
{
	static const struct { struct exchange e; uint16_t set; } cases[] = {
		{{GET, "3303/0/5700", "pmin=1&st=2", .observe = IS(0),
		  .code = CODE(2, 05)}, ATTRIBUTE_PMIN | ATTRIBUTE_ST},
		{{GET, "3303/0", "pmax=5", .observe = IS(0),
		  .code = CODE(2, 05)}, ATTRIBUTE_PMAX},
		{{GET, "3303/0", "gt=5", .observe = IS(0),
		  .code = CODE(4, 00)}, 0},
		{{GET, "3303/0/5700", "gt=5&lt=6", .observe = IS(0),
		  .code = CODE(4, 00)}, 0},
		{{GET, "3303/0/5700", "pmin", .observe = IS(0),
		  .code = CODE(4, 00)}, 0},
		{{GET, "3303/0/5700", "depth=1", .code = CODE(2, 05)}, 0},
		{{GET, "3303/0/5700", "x=1", .observe = IS(1),
		  .code = CODE(2, 05)}, 0},
	};
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.fallback = FORMAT_TLV,
	};

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = request_of(&cases[i].e);
		struct buf out = buf_over(answer, sizeof(answer));
		struct request_outcome outcome =
			request_handle(&scope, &request, &room, &out);

		assert_int_equal(outcome.code, cases[i].e.code);
		assert_int_equal(outcome.attributes.set, cases[i].set);
		assert_int_equal(attributes.n, 0);
	}
	tree_finish(&tree);
}

/* The whole tree for a composite: without what is closed. */
static void the_root_leaves_keys_out(void **state)
{
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .fallback = FORMAT_SENML_JSON,
	};
	struct buf out = buf_over(answer, sizeof(answer) - 1);
	struct lwm2m_path root = path_root();
	uint16_t format;

	(void)state;
	tree_fill(&tree);
	assert_int_equal(request_read(&scope, &root, FORMAT_NONE, &room, &out,
				      &format), CODE(2, 05));
	answer[out.used] = '\0';
	assert_null(strstr((char *)answer, "127.0.0.1"));
	assert_non_null(strstr((char *)answer, "Eastron"));
	tree_finish(&tree);
}

static void too_much_is_refused(void **state)
{
	static uint8_t payload[3 * (REQUEST_RECORDS + 1)];
	static uint8_t large[65536];
	struct exchange write = {
		POST, "1/0", .format = TLV, .payload = payload,
		.length = sizeof(payload), REFUSED(4, 13),
	};
	struct exchange get = {GET, "3303", .accept = TLV};
	struct request request = request_of(&get);
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .fallback = FORMAT_TLV,
	};
	struct buf out = buf_over(large, sizeof(large));

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i += 3)
		memcpy(&payload[i], "\xc1\x02\x05", 3);
	exchange_run(&write);
	tree_init(&tree);
	for (uint16_t i = 0; i < REQUEST_RECORDS + 1; i++) {
		struct lwm2m_path at = path_resource(3303, i, 5701);

		tree_add(&tree, ipso_object(3303), i);
		value_fill(&tree, &at, "Cel");
	}
	assert_int_equal(request_handle(&scope, &request, &room, &out).code,
			 CODE(5, 00));
	tree_finish(&tree);
}

static void attributes_show_in_a_discover(void **state)
{
	static const char expected[] =
		"</3303/0/5700>;pmin=5;gt=30.5";
	struct attribute_set attributes = {NULL, 0};
	struct tree tree;
	struct request_scope scope = {
		.tree = &tree, .model = &model, .attributes = &attributes,
		.fallback = FORMAT_TLV,
	};
	struct exchange steps[] = {
		{PUT, "3303/0", .query = "pmin=5"},
		{PUT, "3303/0/5700", .query = "gt=30.5"},
		{GET, "3303/0/5700", .accept = LINK},
	};
	struct buf out = buf_over(answer, sizeof(answer));

	(void)state;
	tree_fill(&tree);
	for (size_t i = 0; i < 3; i++) {
		struct request request = request_of(&steps[i]);

		request_handle(&scope, &request, &room, &out);
	}
	assert_int_equal(out.used, sizeof(expected) - 1);
	assert_memory_equal(answer, expected, out.used);
	attribute_set_finish(&attributes);
	tree_finish(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(computed),
		cmocka_unit_test(reads_by_quality),
		cmocka_unit_test(stale_values_carry_their_time),
		cmocka_unit_test(observes),
		cmocka_unit_test(reads_composites),
		cmocka_unit_test(a_composite_of_the_root_leaves_keys_out),
		cmocka_unit_test(observes_composites),
		cmocka_unit_test(discovers),
		cmocka_unit_test(writes_held_ones),
		cmocka_unit_test(writes_bound_ones_to_the_bus),
		cmocka_unit_test(writes_composites),
		cmocka_unit_test(refuses_writes),
		cmocka_unit_test(optional_resources_that_are_not_there),
		cmocka_unit_test(an_instance_has_its_own_range),
		cmocka_unit_test(writes_multiple_resources),
		cmocka_unit_test(what_is_written_is_kept),
		cmocka_unit_test(executes),
		cmocka_unit_test(writes_attributes),
		cmocka_unit_test(creates),
		cmocka_unit_test(instances_come_and_go),
		cmocka_unit_test(instances_are_bounded),
		cmocka_unit_test(refuses_what_it_does_not_do),
		cmocka_unit_test(says_when_an_answer_does_not_fit),
		cmocka_unit_test(a_read_judges_its_path),
		cmocka_unit_test(the_root_leaves_keys_out),
		cmocka_unit_test(empty_objects_are_there),
		cmocka_unit_test(observations_have_attributes),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(attributes_show_in_a_discover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
