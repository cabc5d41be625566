/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modules/smartcard/card.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "modules/smartcard/pkcs15.h"

enum { INS_VERIFY = 0x20, INS_INITIALIZE_UPDATE = 0x50,
       INS_MANAGE_CHANNEL = 0x70, INS_SELECT = 0xa4,
       INS_READ_BINARY = 0xb0, INS_READ_RECORD = 0xb2, INS_GET_RESPONSE = 0xc0 };
enum { SW_GOOD = 0x9000, SW_END_OF_FILE = 0x6282, SW_CLOSED = 0x6982,
       SW_BLOCKED = 0x6983, SW_BEYOND = 0x6b00, SW_NOT_FOUND = 0x6a82,
       SW_TRIES = 0x63c0 };
#define SELECT_BY_AID 0x04
#define SELECT_BY_ID 0x00
#define SELECT_FROM_MF 0x08
#define SELECT_FROM_HERE 0x09
#define ANSWER_FCP 0x04
#define RECORD_ABSOLUTE 0x04
#define EF_ODF 0x5031
#define RECORDS_MAX 32		/* of EF(DIR) */
#define CLASS_GLOBALPLATFORM 0x80
#define PIN_BYTES 8
#define TRIES_LEAST 2		/* the last one is for people */
#define DIRECTORY_MAX 4096

static const uint8_t ef_dir[] = {0x2f, 0x00};	/* of the master file */

/* A card in use. */
struct session {
	struct card *card;
	uint8_t class;			/* with the logical channel */
	uint8_t answer[CARD_ANSWER_MAX];
	size_t n;			/* of its data */
	struct scp03 channel;
	bool is_secure;			/* all goes through the channel */
	uint8_t pin_reference;
	char *why;
	size_t size;
};

struct command { uint8_t ins, p1, p2; const uint8_t *data; uint8_t n;
		 bool wants; uint8_t le; };

/* The status of an answer whose length is got; as raw_send(). */
static int status_take(struct session *s, int got)
{
	if (got < 2 || got > CARD_ANSWER_MAX)
		return -EIO;
	s->n = (size_t)got - 2;
	return s->answer[got - 2] << 8 | s->answer[got - 1];
}

/* The status, or -EIO: it does not answer. */
static int raw_send(struct session *s, const uint8_t *bytes, size_t n)
{
	return status_take(s, s->card->transmit(s->card->owner, bytes, n,
						s->answer));
}

/* With T=0 a card says that there is an answer (61xx), which is fetched outside
 * of the secure channel. */
static int raw_exchange(struct session *s, const uint8_t *bytes, size_t n)
{
	int sw = raw_send(s, bytes, n);

	if (sw >> 8 != 0x61)
		return sw;
	return raw_send(s, (const uint8_t[]){s->class, INS_GET_RESPONSE, 0, 0,
					     (uint8_t)sw}, 5);
}

/* Nothing of a channel is believed, nor said in it, once something in it was
 * wrong. */
static int channel_break(struct session *s)
{
	s->card->channel_is_refused = true;
	s->n = 0;
	return -EPROTO;
}

static int secure_exchange(struct session *s, const uint8_t *plain, size_t n)
{
	uint8_t bytes[SCP03_COMMAND_MAX];
	int sw, got;

	if (s->card->channel_is_refused)
		return -EPROTO;
	got = scp03_wrap(&s->channel, plain, n, bytes);
	if (got < 0)
		return channel_break(s);
	sw = raw_exchange(s, bytes, (size_t)got);
	if (sw < 0)
		return sw;
	got = scp03_unwrap(&s->channel, s->answer, s->n + 2);
	return got < 0 ? channel_break(s) : status_take(s, got);
}

/* Its status; -EIO: it does not answer; -EPROTO: the secure channel broke. */
static int command_try(struct session *s, const struct command *c, uint8_t le)
{
	uint8_t bytes[5 + 255 + 1] = {s->class, c->ins, c->p1, c->p2};
	size_t n = 4;
	int sw;

	if (c->n) {
		bytes[n++] = c->n;
		memcpy(bytes + n, c->data, c->n);
		n += c->n;
	}
	/* In the channel each answer has data, its MAC. */
	if (c->wants || !c->n || s->is_secure)
		bytes[n++] = le;
	sw = s->is_secure ? secure_exchange(s, bytes, n) :
			    raw_exchange(s, bytes, n);
	explicit_bzero(bytes, sizeof(bytes));
	return sw;
}

/* As command_try(); where the card says how long its answer is (6Cxx), once
 * more. */
static int command_send(struct session *s, const struct command *c)
{
	int sw = command_try(s, c, c->le);

	return sw >> 8 == 0x6c ? command_try(s, c, (uint8_t)sw) : sw;
}

static int session_fail(struct session *s, int error, const char *what, int sw)
{
	if (sw == -EPROTO)
		snprintf(s->why, s->size, "an answer in the secure channel is "
			 "not the card's own (its MAC is wrong), which is not "
			 "tried again");
	else if (sw < 0)
		snprintf(s->why, s->size, "the card does not answer");
	else if (sw)
		snprintf(s->why, s->size, "%s (%04X)", what, (unsigned)sw);
	else
		snprintf(s->why, s->size, "%s", what);
	return sw == -EPROTO ? -EACCES : sw < 0 ? -EIO : error;
}

/* ---- PIN ---- */

static int pin_verify(struct session *s)
{
	uint8_t pin[PIN_BYTES];
	int sw;

	memset(pin, 0xff, sizeof(pin));
	memcpy(pin, s->card->pin, strnlen(s->card->pin, sizeof(pin)));
	sw = command_send(s, &(struct command){.ins = INS_VERIFY,
		.p2 = s->pin_reference, .data = pin, .n = PIN_BYTES});
	explicit_bzero(pin, sizeof(pin));
	if (sw == SW_GOOD)
		return 0;
	/* A try that is not answered may have been counted, too. */
	s->card->pin_is_wrong = true;
	return session_fail(s, -EACCES,
			    "the card refuses the PIN of "
			    "smartcard_pin_file, which is not tried again",
			    sw);
}

/* How many tries are left, the card says where none is made. */
static int pin_enter(struct session *s)
{
	int sw;

	if (!s->card->pin)
		return session_fail(s, -EACCES,
				    "the card wants a PIN: "
				    "smartcard_pin_file (or a secure channel: "
				    "smartcard_key_file)",
				    0);
	if (s->card->pin_is_wrong)
		return session_fail(
			s, -EACCES,
			"the card refuses the PIN of "
			"smartcard_pin_file, or was mute to it: it is not "
			"tried again before the card is put in anew",
			0);
	sw = command_send(s, &(struct command){.ins = INS_VERIFY,
					       .p2 = s->pin_reference});
	if (sw == SW_GOOD)
		return 0;
	if (sw == SW_BLOCKED || sw == SW_TRIES)
		return session_fail(s, -EACCES,
				    "the PIN of the card is blocked", sw);
	if ((sw & 0xfff0) == SW_TRIES && (sw & 15) < TRIES_LEAST)
		return session_fail(s, -EACCES,
				    "one try is left for the PIN of the "
				    "card, which is not made",
				    sw);
	return pin_verify(s);
}

/* ---- files ---- */

static int select_send(struct session *s, uint8_t how, const uint8_t *data,
		       size_t n)
{
	return command_send(s, &(struct command){.ins = INS_SELECT, .p1 = how,
		.p2 = ANSWER_FCP, .data = data, .n = (uint8_t)n,
		.wants = true});
}

static int file_select(struct session *s, const struct pkcs15_path *path)
{
	bool absolute = path->n > 2 && path->at[0] == 0x3f && !path->at[1];
	int sw = absolute ? select_send(s, SELECT_FROM_MF, path->at + 2,
					path->n - 2) :
		 select_send(s, path->n == 2 ? SELECT_BY_ID : SELECT_FROM_HERE,
			     path->at, path->n);

	return sw == SW_GOOD ? 0
			     : session_fail(s, -ENOENT,
					    "a file that the card "
					    "names is not there",
					    sw);
}

static int part_read(struct session *s, size_t at)
{
	const struct command read = {.ins = INS_READ_BINARY,
		.p1 = (uint8_t)(at >> 8), .p2 = (uint8_t)at, .wants = true,
		.le = s->is_secure ? SCP03_DATA_MAX : 0};
	int sw = command_send(s, &read), rc;

	if (sw != SW_CLOSED)
		return sw;
	rc = pin_enter(s);
	return rc ? rc : command_send(s, &read);
}

/* All of the file that was selected. Its length, or -errno. A status that says
 * that it ends has no MAC: who feigns one cuts the file short, which has its
 * length in it. */
static int file_read(struct session *s, uint8_t *bytes, size_t size)
{
	size_t n = 0;

	for (;;) {
		int sw = part_read(s, n);

		if (sw == -EACCES)
			return sw;
		if (n && (sw == SW_BEYOND || sw >> 8 == 0x6a))
			return (int)n;
		if (sw != SW_GOOD && sw != SW_END_OF_FILE)
			return session_fail(s, -EBADMSG,
					    "a file cannot be read", sw);
		if (s->n > size - n)
			return session_fail(s, -EBADMSG, "a file is too long",
					    0);
		memcpy(bytes + n, s->answer, s->n);
		n += s->n;
		if (sw == SW_END_OF_FILE || !s->n || n == size)
			return (int)n;
	}
}

static int path_read(struct session *s, const struct pkcs15_path *path,
		     uint8_t *bytes, size_t size)
{
	int rc = file_select(s, path);

	return rc ? rc : file_read(s, bytes, size);
}

/* ---- the way to the accounts ---- */

/* EF(DIR) of a UICC has records (ETSI TS 102 221 13.1), of another card it may be
 * one run of bytes, of which the first 256 are looked at. */
static bool application_find(struct session *s,
			     struct pkcs15_application *found)
{
	static const struct command binary = {.ins = INS_READ_BINARY,
					      .wants = true};
	struct command record = {.ins = INS_READ_RECORD, .p1 = 1,
				 .p2 = RECORD_ABSOLUTE, .wants = true};

	if (select_send(s, SELECT_FROM_MF, ef_dir, sizeof(ef_dir)) != SW_GOOD)
		return false;
	for (; record.p1 <= RECORDS_MAX &&
	     command_send(s, &record) == SW_GOOD; record.p1++)
		if (pkcs15_application_find(s->answer, s->n, found))
			return true;
	if (record.p1 > 1)
		return false;
	switch (command_send(s, &binary)) {
	case SW_GOOD:
	case SW_END_OF_FILE:
		return pkcs15_application_find(s->answer, s->n, found);
	}
	return false;
}

/* Where EF(DIR) says; -EIO: it says nothing. */
static int application_follow(struct session *s)
{
	struct pkcs15_application found;

	if (!application_find(s, &found))
		return -EIO;
	if (!found.path.n)
		return select_send(s, SELECT_BY_AID, found.aid, found.n_aid);
	return file_select(s, &found.path) ? -EIO : SW_GOOD;
}

/* By its identifier, or where the card has it. */
static int application_select(struct session *s)
{
	int sw = select_send(s, SELECT_BY_AID, pkcs15_aid, sizeof(pkcs15_aid));

	if (sw > 0 && sw != SW_GOOD && application_follow(s) == SW_GOOD)
		sw = SW_GOOD;
	if (sw != SW_GOOD)
		return session_fail(s, -ENOENT,
				    "it has no accounts of LwM2M: no "
				    "application of PKCS #15",
				    sw);
	s->pin_reference = pkcs15_pin_reference(s->answer, s->n);
	return 0;
}

/* The first directory that names it (G.1: in order of priority). */
static int bootstrap_find(struct session *s, struct pkcs15_path *path)
{
	static const struct pkcs15_path odf = {{EF_ODF >> 8, EF_ODF & 0xff},
					       2};
	uint8_t objects[DIRECTORY_MAX], directory[DIRECTORY_MAX];
	int n = path_read(s, &odf, objects, sizeof(objects)), rc;
	size_t at = 0;

	if (n < 0)
		return n;
	while (pkcs15_directory_next(objects, (size_t)n, &at, path)) {
		rc = path_read(s, path, directory, sizeof(directory));
		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (rc > 0 && pkcs15_bootstrap_find(directory, (size_t)rc,
						    path))
			return 0;
	}
	return session_fail(s, -ENOENT,
			    "it has no accounts of LwM2M: no directory "
			    "names them",
			    0);
}

/* ---- the secure channel (Appendix H) ---- */

static int channel_refuse(struct session *s, const char *what, int sw)
{
	s->card->channel_is_refused = true;
	return session_fail(s, -EACCES, what, sw);
}

/* The card shows that it has the keys. */
static int update_initialize(struct session *s)
{
	uint8_t bytes[5 + SCP03_CHALLENGE + 1] = {
		CLASS_GLOBALPLATFORM | s->class, INS_INITIALIZE_UPDATE,
		[4] = SCP03_CHALLENGE};
	int sw;

	memcpy(bytes + 5, s->card->challenge, SCP03_CHALLENGE);
	sw = raw_exchange(s, bytes, sizeof(bytes));
	if (sw < 0)
		return session_fail(s, -EIO, "", sw);
	if (sw != SW_GOOD)
		return channel_refuse(s, "the card opens no secure channel "
				      "(SCP03), and is not read without the "
				      "one of smartcard_key_file", sw);
	switch (scp03_start(&s->channel, &s->card->keys, s->card->challenge,
			    s->answer, s->n)) {
	case 0:
		return 0;
	case -EACCES:
		return channel_refuse(s, "the card has other keys than "
				      "smartcard_key_file, which is not tried "
				      "again", 0);
	case -ENOTSUP:
		return channel_refuse(s, "the card's secure channel does not "
				      "encipher what it answers "
				      "(R-ENCRYPTION), or has MACs of 16 bytes: "
				      "it is not read", 0);
	case -EBADMSG:
		return channel_refuse(s, "the card has another secure channel "
				      "than SCP03, and is not read", 0);
	}
	return channel_refuse(s, "there is no AES for the secure channel", 0);
}

/* Then we do. */
static int channel_authenticate(struct session *s)
{
	uint8_t bytes[SCP03_COMMAND_MAX];
	int n = scp03_authenticate(&s->channel, s->class, SCP03_LEVEL, bytes);
	int sw;

	if (n < 0)
		return channel_refuse(s, "there is no AES for the secure "
				      "channel", 0);
	s->card->channel_is_refused = true;
	sw = raw_exchange(s, bytes, (size_t)n);
	if (sw != SW_GOOD)
		return session_fail(s, -EACCES, "the card refuses the keys of "
				    "smartcard_key_file, which are not tried "
				    "again", sw);
	s->card->channel_is_refused = false;
	s->is_secure = true;
	return 0;
}

/* To the application that was selected. */
static int channel_secure(struct session *s)
{
	int rc;

	if (!s->card->keys.n)
		return 0;
	if (s->card->channel_is_refused)
		return session_fail(s, -EACCES, "the card and "
				    "smartcard_key_file do not agree, which is "
				    "not tried again", 0);
	rc = update_initialize(s);
	return rc ? rc : channel_authenticate(s);
}

static int bootstrap_read(struct session *s, uint8_t bytes[CARD_FILE_MAX])
{
	struct pkcs15_path path;
	int rc = application_select(s);

	if (!rc)
		rc = channel_secure(s);
	if (!rc)
		rc = bootstrap_find(s, &path);
	return rc ? rc : path_read(s, &path, bytes, CARD_FILE_MAX);
}

/* A channel of its own (G.2.1), so that who else uses the card finds it as it
 * was; where there is none, the one that always is. */
static bool channel_open(struct session *s)
{
	int sw = command_send(s, &(struct command){.ins = INS_MANAGE_CHANNEL,
					.wants = true, .le = 1});

	if (sw != SW_GOOD || s->n != 1 || !s->answer[0] || s->answer[0] > 3)
		return false;
	s->class = s->answer[0];
	return true;
}

static void channel_close(struct session *s)
{
	uint8_t channel = s->class;

	s->class = 0;
	s->is_secure = false;		/* it ends with its channel */
	command_send(s, &(struct command){.ins = INS_MANAGE_CHANNEL,
					  .p1 = 0x80, .p2 = channel});
}

int card_load(struct card *card, uint8_t bytes[CARD_FILE_MAX], char *why,
	      size_t size)
{
	struct session s = {.card = card, .why = why, .size = size};
	bool channel = channel_open(&s);
	int rc = bootstrap_read(&s, bytes);

	if (channel)
		channel_close(&s);
	scp03_end(&s.channel);
	explicit_bzero(s.answer, sizeof(s.answer));
	return rc;
}
