/* SPDX-License-Identifier: GPL-2.0-or-later
 * Create and Delete (Core TS 6.3.6, 6.3.7) of objects that no table of ours
 * has: those of XML files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/request.h"
#include "objects/table.h"

/* Limits, that a site's servers agree on; a door, which only is there where
 * a device has one; a room, of which there is one. */
enum { LIMITS = 26252, DOOR, ROOM, SCRATCHPAD, LABELS };

static const struct resource_def limits[] = {
	{1, LWM2M_FLOAT, OP_RW, SINGLE, MANDATORY, "High", -40, 60},
	{2, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Text", ANY},
	{3, LWM2M_FLOAT, OP_READ, SINGLE, OPTIONAL, "Now", ANY},
	{4, LWM2M_NONE, OP_EXECUTE, SINGLE, OPTIONAL, "Reset", ANY},
	{5, LWM2M_OBJLINK, OP_RW, SINGLE, OPTIONAL, "Of", ANY},
};
static const struct resource_def door[] = {
	{1, LWM2M_BOOLEAN, OP_READ, SINGLE, MANDATORY, "Open", ANY},
	{2, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Text", ANY},
};
static const struct resource_def reset[] = {
	{1, LWM2M_NONE, OP_EXECUTE, SINGLE, MANDATORY, "Reset", ANY},
	{2, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Text", ANY},
};
static const struct resource_def labels[] = {
	{2, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Text", ANY},
};
static const struct object_def defs[] = {
	{LIMITS, 0, MULTIPLE, OPTIONAL, "Limits", "1.0", TABLE(limits)},
	{DOOR, 0, MULTIPLE, OPTIONAL, "Door", "1.0", TABLE(door)},
	{ROOM, 0, SINGLE, OPTIONAL, "Room", "1.0", TABLE(limits)},
	{SCRATCHPAD, 0, MULTIPLE, OPTIONAL, "Pad", "1.0", TABLE(reset)},
	{LABELS, 0, MULTIPLE, OPTIONAL, "Labels", "1.0", TABLE(labels)},
};
#define N_DEFS (sizeof(defs) / sizeof(defs[0]))

static const struct object_def *object(const struct object_model *model,
				       uint16_t id)
{
	(void)model;
	for (size_t i = 0; i < N_DEFS; i++)
		if (defs[i].id == id)
			return &defs[i];
	return core_object(id);
}
static const struct object_model model = {object};

static struct request_room room;

/* A step: what is asked, the code, and the instance that was made. */
struct step {
	uint8_t method;
	const char *uri, *payload;
	uint8_t code;
	int made;
};

static void step_check(const struct request_scope *scope,
		       const struct step *step)
{
	uint8_t bytes[1024];
	struct buf out = buf_over(bytes, sizeof(bytes));
	struct request request = {
		.method = step->method, .uri = step->uri,
		.uri_length = strlen(step->uri), .accept = FORMAT_NONE,
		.format = step->payload ? FORMAT_SENML_JSON : FORMAT_NONE,
		.observe = -1, .payload = (const uint8_t *)step->payload,
		.length = step->payload ? strlen(step->payload) : 0,
	};
	struct request_outcome outcome = request_handle(scope, &request, &room,
							&out);

	if (outcome.code != step->code)
		fail_msg("%s %s: %d.%02d, not %d.%02d (%s)", step->uri,
			 step->payload ? step->payload : "", outcome.code >> 5,
			 outcome.code & 31, step->code >> 5, step->code & 31,
			 outcome.reason ? outcome.reason : "");
	if (outcome.kind == REQUEST_CREATED)
		assert_int_equal(outcome.path.id[1], step->made);
}

static void steps_check(struct tree *tree, const struct request_bound *bound,
			const struct step *steps, size_t n)
{
	const struct request_scope scope = {
		.tree = tree, .model = &model, .bound = bound,
		.fallback = FORMAT_SENML_JSON,
	};

	for (size_t i = 0; i < n; i++)
		step_check(&scope, &steps[i]);
}
#define STEPS(tree, bound, steps) \
	steps_check(tree, bound, steps, sizeof(steps) / sizeof((steps)[0]))

/* The device has one instance of each, of number 0. */
static void device_put(struct tree *tree)
{
	tree_init(tree);
	for (size_t i = 0; i < N_DEFS; i++) {
		struct lwm2m_path at = path_resource(defs[i].id, 0,
			defs[i].resources[0].id);

		assert_non_null(tree_add(tree, &defs[i], 0));
		tree_slot_add(tree, &at)->flags |= TREE_BOUND;
	}
}

#define HIGH(id, value) "[{\"n\":\"/26252/" id "/1\",\"v\":" value "}]"

static void servers_make_what_they_can_fill(void **state)
{
	static const struct step steps[] = {
		{REQUEST_POST, "26252", HIGH("7", "8"), CODE(2, 1), 7},
		{REQUEST_POST, "26252", HIGH("7", "8"), CODE(4, 0), 0},
		{REQUEST_POST, "26252", HIGH("0", "8"), CODE(4, 0), 0},
		{REQUEST_POST, "26252", HIGH("8", "61"), CODE(4, 0), 0},
		/* the mandatory one is missing; one that only is executed */
		{REQUEST_POST, "26252",
		 "[{\"n\":\"/26252/8/2\",\"vs\":\"x\"}]", CODE(4, 0), 0},
		{REQUEST_POST, "26252", "[{\"n\":\"/26252/8/1\",\"v\":1},"
		 "{\"n\":\"/26252/8/4\",\"v\":1}]", CODE(4, 5), 0},
		/* one that only is read is passed over */
		{REQUEST_POST, "26252", "[{\"n\":\"/26252/9/1\",\"v\":1},"
		 "{\"n\":\"/26252/9/3\",\"v\":1}]", CODE(2, 1), 9},
		{REQUEST_GET, "26252/9/1", NULL, CODE(2, 5), 0},
		{REQUEST_GET, "26252/9/3", NULL, CODE(4, 4), 0},
		/* it is a server's in whole: what is not there may come */
		{REQUEST_PUT, "26252/7/1", "[{\"n\":\"/26252/7/1\",\"v\":9}]",
		 CODE(2, 4), 0},
		{REQUEST_POST, "26252/7",
		 "[{\"n\":\"/26252/7/2\",\"vs\":\"x\"}]", CODE(2, 4), 0},
		{REQUEST_GET, "26252/7/2", NULL, CODE(2, 5), 0},
		/* and the device's is the device's */
		{REQUEST_POST, "26252/0",
		 "[{\"n\":\"/26252/0/2\",\"vs\":\"x\"}]", CODE(2, 4), 0},
		{REQUEST_GET, "26252/0/2", NULL, CODE(4, 4), 0},
		{REQUEST_DELETE, "26252/0", NULL, CODE(4, 5), 0},
		{REQUEST_DELETE, "26252/7", NULL, CODE(2, 2), 0},
		{REQUEST_GET, "26252/7", NULL, CODE(4, 4), 0},
	};
	struct tree tree;

	(void)state;
	device_put(&tree);
	STEPS(&tree, NULL, steps);
	tree_finish(&tree);
}

static void what_a_device_alone_can_fill_is_not_made(void **state)
{
	static const struct step steps[] = {
		{REQUEST_POST, "26253", "[{\"n\":\"/26253/1/2\",\"vs\":\"x\"}]",
		 CODE(4, 5), 0},
		{REQUEST_POST, "26254", "[{\"n\":\"/26254/1/1\",\"v\":1}]",
		 CODE(4, 5), 0},
		{REQUEST_POST, "26255", "[{\"n\":\"/26255/1/2\",\"vs\":\"x\"}]",
		 CODE(4, 5), 0},
	};
	struct tree tree;

	(void)state;
	device_put(&tree);
	STEPS(&tree, NULL, steps);
	tree_finish(&tree);
}

/* Nothing of it would be kept. */
static void an_instance_without_values_is_not_made(void **state)
{
	static const struct step steps[] = {
		{REQUEST_POST, "26256", "[]", CODE(4, 0), 0},
		{REQUEST_POST, "26256", "[{\"n\":\"/26256/1/9\",\"vs\":\"x\"}]",
		 CODE(4, 0), 0},
		{REQUEST_POST, "26256", "[{\"n\":\"/26256/1/2\",\"vs\":\"x\"}]",
		 CODE(2, 1), 1},
	};
	struct tree tree;

	(void)state;
	device_put(&tree);
	STEPS(&tree, NULL, steps);
	tree_finish(&tree);
}

#define LINK(method, to, code) {method, method == REQUEST_POST ? "26252" : \
	"26252/7", method == REQUEST_POST ? "[{\"n\":\"/26252/8/1\",\"v\":1}," \
	"{\"n\":\"/26252/8/5\",\"vlo\":\"" to "\"}]" : \
	"[{\"n\":\"/26252/7/5\",\"vlo\":\"" to "\"}]", code, 8}

/* Core TS 6.3.3: to an object or an instance that is there, or to nothing. */
static void links_lead_somewhere(void **state)
{
	static const struct step steps[] = {
		{REQUEST_POST, "26252", HIGH("7", "8"), CODE(2, 1), 7},
		LINK(REQUEST_PUT, "26252:7", CODE(2, 4)),
		LINK(REQUEST_PUT, "26253:0", CODE(2, 4)),
		LINK(REQUEST_PUT, "26253:65535", CODE(2, 4)),
		LINK(REQUEST_PUT, "65535:65535", CODE(2, 4)),
		LINK(REQUEST_PUT, "26253:1", CODE(4, 0)),
		LINK(REQUEST_PUT, "4711:0", CODE(4, 0)),
		LINK(REQUEST_PUT, "4711:65535", CODE(4, 0)),
		LINK(REQUEST_PUT, "65535:0", CODE(4, 0)),
		LINK(REQUEST_POST, "26253:1", CODE(4, 0)),
		LINK(REQUEST_POST, "26253:0", CODE(2, 1)),
	};
	struct tree tree;

	(void)state;
	device_put(&tree);
	STEPS(&tree, NULL, steps);
	tree_finish(&tree);
}

static void an_object_that_the_device_has_not_is_not_there(void **state)
{
	static const struct step steps[] = {
		{REQUEST_POST, "26252", HIGH("7", "8"), CODE(4, 4), 0},
	};
	struct tree tree;

	(void)state;
	tree_init(&tree);
	STEPS(&tree, NULL, steps);
	tree_finish(&tree);
}

static bool expects_all(void *owner, uint16_t id)
{
	(void)owner;
	(void)id;
	return true;
}

/* A server's would stand where the device's is to come; what was made before
 * can go. */
static void where_more_may_come_of_the_device_none_is_made(void **state)
{
	static const struct request_bound bound = {.expects = expects_all};
	static const struct step before[] = {
		{REQUEST_POST, "26252", HIGH("7", "8"), CODE(2, 1), 7},
	};
	static const struct step after[] = {
		{REQUEST_POST, "26252", HIGH("8", "8"), CODE(4, 5), 0},
		{REQUEST_DELETE, "26252/7", NULL, CODE(2, 2), 0},
	};
	struct tree tree;

	(void)state;
	device_put(&tree);
	STEPS(&tree, NULL, before);
	STEPS(&tree, &bound, after);
	tree_finish(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_make_what_they_can_fill),
		cmocka_unit_test(what_a_device_alone_can_fill_is_not_made),
		cmocka_unit_test(an_instance_without_values_is_not_made),
		cmocka_unit_test(links_lead_somewhere),
		cmocka_unit_test(an_object_that_the_device_has_not_is_not_there),
		cmocka_unit_test(where_more_may_come_of_the_device_none_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
