/* SPDX-License-Identifier: GPL-2.0-or-later
 * A bootstrap session of bytes: method, path, format, payload, again and
 * again; then what is left is checked, saved, and must load as it was. */
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/account.h"
#include "agent/lwm2m/bootstrap_request.h"
#include "ipso/ipso.h"

static const struct object_def *find(const struct object_model *model,
				     uint16_t id)
{
	const struct object_def *object = core_object(id);

	(void)model;
	return object ? object : ipso_object(id);
}
static const struct object_model model = {find};

static const uint16_t formats[] = {
	FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_SENML_JSON, FORMAT_TEXT,
	FORMAT_OPAQUE, FORMAT_LINK, FORMAT_JSON, FORMAT_NONE,
};
static const uint8_t methods[] = {
	REQUEST_PUT, REQUEST_PUT, REQUEST_DELETE, REQUEST_GET,
};
static const char *const uris[] = {
	"0/0", "0/1", "1/0", "1/1", "2/0", "21/0", "0", "1", "2", "", "0/1/0",
	"0/0/1", "1/0/1", "2/0/2", "3", "3303/0",
};

static struct request_room room;
static uint8_t answer[70000];

static void must(bool it)
{
	if (!it)
		abort();
}

static void step(const struct bootstrap_scope *scope, uint8_t what,
		 uint8_t where, const uint8_t *payload, size_t n)
{
	struct buf out = buf_over(answer, sizeof(answer));
	const char *uri = uris[where % 16];
	struct request request = {
		.method = methods[what & 3], .uri = uri,
		.uri_length = strlen(uri), .accept = formats[what >> 2 & 7],
		.format = formats[what >> 2 & 7], .observe = -1,
		.payload = payload, .length = n,
	};

	if (what & 0x80)
		bootstrap_unpack(scope, request.format, payload, n, &room);
	else
		bootstrap_handle(scope, &request, &room, &out);
}

/* Into a malloc of its own: reads beyond it are seen. */
static void save_and_load(const struct tree *tree)
{
	struct buf out = buf_over(answer, sizeof(answer));
	struct buf scratch = buf_over(room.scratch, sizeof(room.scratch));
	uint64_t print;
	int64_t when;
	struct tree back;
	uint8_t *copy;

	/* Only what has passed the check is ever stored. */
	if (account_check(tree) || account_save(tree, 1, 2, room.records,
					   REQUEST_RECORDS, &out) < 0)
		return;
	copy = malloc(out.used);
	must(copy);
	memcpy(copy, answer, out.used);
	if (!account_load(copy, out.used, &model, room.records,
			  REQUEST_RECORDS, &scratch, &back, &print, &when)) {
		must(print == 1 && when == 2);
		must(!account_check(&back));
	} else {
		must(scratch.full);
	}
	account_tree_finish(&back);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree copy, tree;
	struct bootstrap_scope scope = {&copy, &tree, &model, FORMAT_TLV,
					"1.1"};

	tree_init(&copy);
	tree_init(&tree);
	while (size >= 4) {
		size_t n = (size_t)data[2] | (size_t)data[3] << 8;

		n = n < size - 4 ? n : size - 4;
		step(&scope, data[0], data[1], data + 4, n);
		data += 4 + n;
		size -= 4 + n;
	}
	account_check(&copy);
	save_and_load(&copy);
	account_tree_finish(&copy);
	return 0;
}
