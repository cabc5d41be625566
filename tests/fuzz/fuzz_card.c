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

/* With keys that it does not have. */
static const uint8_t keys[2 * 16] = {1};
static const struct scp03_keys channel_keys = {keys, keys + 16, 16};

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

/* Of whatever session: one that never began has keys of zeros. */
static void answer_unwrap(const uint8_t *data, size_t size)
{
	struct scp03 channel = {.n_key = 16};
	uint8_t bytes[CARD_ANSWER_MAX], challenge[SCP03_CHALLENGE] = {0};
	size_t n = size < sizeof(bytes) ? size : sizeof(bytes);
	int got;

	memcpy(bytes, data, n);
	got = scp03_unwrap(&channel, bytes, n);
	if (got > (int)n || (got >= 0 && got < 2))
		abort();
	scp03_start(&channel, &channel_keys, challenge, data, n);
	got = scp03_wrap(&channel, data, n, (uint8_t[SCP03_COMMAND_MAX]){0});
	if (got > SCP03_COMMAND_MAX)
		abort();
}

static void card_try(const uint8_t *data, size_t size,
		     const struct scp03_keys *with)
{
	static uint8_t bytes[CARD_FILE_MAX];
	struct left left = {data, size};
	struct card card = {.transmit = transmit, .owner = &left,
			    .pin = "1234", .keys = *with};
	char why[100];

	if (card_load(&card, bytes, why, sizeof(why)) > CARD_FILE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	accounts_read(data, size);
	directories_read(data, size);
	answer_unwrap(data, size);
	card_try(data, size, &(struct scp03_keys){.n = 0});
	card_try(data, size, &channel_keys);
	return 0;
}
