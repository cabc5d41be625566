/* SPDX-License-Identifier: GPL-2.0-or-later
 * A smart card that says what it likes: its file of accounts, its directories,
 * and its answers to commands. */
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/card.h"
#include "ipso/ipso.h"
#include "modules/smartcard/card.h"
#include "modules/smartcard/pkcs15.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct object_def *find(const struct object_model *of,
				     uint16_t id)
{
	(void)of;
	return core_object(id);
}
static const struct object_model model = {find};

/* What is left of its answers: a length before each. */
struct left { const uint8_t *at; size_t n; };

static int transmit(void *owner, const uint8_t *command, size_t n,
		    uint8_t answer[CARD_ANSWER_MAX])
{
	struct left *left = owner;
	size_t length = left->n ? left->at[0] : 0;

	if (!command[1] || n < 4)
		abort();
	if (!left->n || length >= left->n)
		return -1;
	memcpy(answer, left->at + 1, length);
	left->at += length + 1;
	left->n -= length + 1;
	return (int)length;
}

static void accounts_read(const uint8_t *data, size_t size)
{
	static struct request_room room;
	struct tree tree;
	const char *why = card_read(data, size, &model, &room, &tree);

	if (!why && !tree.n_instances)
		abort();
	account_tree_finish(&tree);
}

static void directories_read(const uint8_t *data, size_t size)
{
	struct pkcs15_application application;
	struct pkcs15_path path;
	size_t at = 0, before;

	if (pkcs15_application_find(data, size, &application) &&
	    (application.n_aid > PKCS15_AID_MAX ||
	     application.path.n > PKCS15_PATH_MAX))
		abort();
	do {
		before = at;
		if (!pkcs15_directory_next(data, size, &at, &path))
			break;
		if (!path.n || path.n > PKCS15_PATH_MAX || at <= before)
			abort();
	} while (at < size);
	if (pkcs15_bootstrap_find(data, size, &path) &&
	    (!path.n || path.n > PKCS15_PATH_MAX))
		abort();
	pkcs15_pin_reference(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[CARD_FILE_MAX];
	struct left left = {data, size};
	struct card card = {.transmit = transmit, .owner = &left,
			    .pin = "1234"};
	char why[100];

	accounts_read(data, size);
	directories_read(data, size);
	if (card_load(&card, bytes, why, sizeof(why)) > CARD_FILE_MAX)
		abort();
	return 0;
}
