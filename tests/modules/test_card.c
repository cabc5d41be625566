/* SPDX-License-Identifier: GPL-2.0-or-later
 * Commands to a card, and what it says: a script of both. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "modules/smartcard/card.h"

struct line { const char *command; size_t n; const char *answer;
	      size_t n_answer; };
#define LINE(command, answer) {command, sizeof(command) - 1, answer, \
			       sizeof(answer) - 1}
#define GOOD "\x90\x00"
#define AID "\xa0\x00\x00\x00\x63PKCS-15"
#define ODF "\xa7\x06\x30\x04\x04\x02\x64\x30"
#define DODF "\x30\x12\x30\x00\x30\x06\x06\x04\x67\x2b\x09\x01" \
	     "\xa1\x06\x30\x04\x04\x02\x64\x32"

/* As far as the file, on channel 1. */
#define WAY \
	LINE("\x00\x70\x00\x00\x01", "\x01" GOOD), \
	LINE("\x01\xa4\x04\x04\x0c" AID "\x00", "\x61\x04"), \
	LINE("\x01\xc0\x00\x00\x04", "\x62\x02\x80\x00" GOOD), \
	LINE("\x01\xa4\x00\x04\x02\x50\x31\x00", GOOD), \
	LINE("\x01\xb0\x00\x00\x00", "\x6c\x08"), \
	LINE("\x01\xb0\x00\x00\x08", ODF GOOD), \
	LINE("\x01\xb0\x00\x08\x00", "\x6b\x00"), \
	LINE("\x01\xa4\x00\x04\x02\x64\x30\x00", GOOD), \
	LINE("\x01\xb0\x00\x00\x00", DODF "\x62\x82"), \
	LINE("\x01\xa4\x00\x04\x02\x64\x32\x00", GOOD)
#define CLOSE LINE("\x00\x70\x80\x01\x00", GOOD)
#define PIN "\x01\x20\x00\x01\x08" "1234\xff\xff\xff\xff"

struct script { const struct line *lines; size_t n, at; };

static int transmit(void *owner, const uint8_t *command, size_t n,
		    uint8_t answer[CARD_ANSWER_MAX])
{
	struct script *s = owner;
	const struct line *line = &s->lines[s->at++];

	if (s->at > s->n || n != line->n || memcmp(command, line->command, n))
		fail_msg("command %zu: %02x %02x of %zu bytes", s->at,
			 command[0], command[1], n);
	memcpy(answer, line->answer, line->n_answer);
	return line->n_answer ? (int)line->n_answer : -EIO;
}

static int load(const struct line *lines, size_t n, const char *pin,
		bool *wrong, char why[200], uint8_t bytes[CARD_FILE_MAX])
{
	struct script script = {lines, n, 0};
	struct card card = {.transmit = transmit, .owner = &script, .pin = pin,
			    .pin_is_wrong = wrong && *wrong};
	int rc;

	why[0] = '\0';
	rc = card_load(&card, bytes, why, 200);
	assert_int_equal(script.at, n);
	if (wrong)
		*wrong = card.pin_is_wrong;
	return rc;
}

static uint8_t bytes[CARD_FILE_MAX];
static char why[200];
#define LOAD(lines, pin, wrong) \
	load(lines, sizeof(lines) / sizeof(*(lines)), pin, wrong, why, bytes)

static void an_open_card(void **state)
{
	static const struct line lines[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "abc" GOOD),
		LINE("\x01\xb0\x00\x03\x00", "de" "\x62\x82"),
		CLOSE,
	};

	(void)state;
	assert_int_equal(LOAD(lines, NULL, NULL), 5);
	assert_memory_equal(bytes, "abcde", 5);
}

static void without_a_channel(void **state)
{
	static const struct line lines[] = {
		LINE("\x00\x70\x00\x00\x01", "\x68\x81"),
		LINE("\x00\xa4\x04\x04\x0c" AID "\x00", "\x6a\x82"),
		LINE("\x00\xa4\x08\x04\x02\x2f\x00\x00", "\x6a\x82"),
	};

	(void)state;
	assert_int_equal(LOAD(lines, NULL, NULL), -ENOENT);
	assert_non_null(strstr(why, "PKCS #15"));
}

#define FOREIGN "\x61\x09\x4f\x07\xa0\x00\x00\x00\x87\x10\x02"
#define LONG_AID AID "\x4c\x57\x4d\x32"
/* From the application on, in channel 0. */
#define REST \
	LINE("\x00\xa4\x00\x04\x02\x50\x31\x00", GOOD), \
	LINE("\x00\xb0\x00\x00\x00", ODF "\x62\x82"), \
	LINE("\x00\xa4\x00\x04\x02\x64\x30\x00", GOOD), \
	LINE("\x00\xb0\x00\x00\x00", DODF "\x62\x82"), \
	LINE("\x00\xa4\x00\x04\x02\x64\x32\x00", GOOD), \
	LINE("\x00\xb0\x00\x00\x00", "ab" "\x62\x82")

/* Which the card does not find by its identifier, but names in EF(DIR). */
static void an_application_of_the_directory(void **state)
{
	static const struct line records[] = {
		LINE("\x00\x70\x00\x00\x01", "\x68\x81"),
		LINE("\x00\xa4\x04\x04\x0c" AID "\x00", "\x6a\x82"),
		LINE("\x00\xa4\x08\x04\x02\x2f\x00\x00", GOOD),
		LINE("\x00\xb2\x01\x04\x00", FOREIGN "\xff\xff" GOOD),
		LINE("\x00\xb2\x02\x04\x00", "\x61\x14\x4f\x0c" AID
		     "\x51\x04\x3f\x00\x7f\x50" "\xff" GOOD),
		LINE("\x00\xa4\x08\x04\x02\x7f\x50\x00", GOOD),
		REST,
	}, whole[] = {
		LINE("\x00\x70\x00\x00\x01", "\x68\x81"),
		LINE("\x00\xa4\x04\x04\x0c" AID "\x00", "\x6a\x82"),
		LINE("\x00\xa4\x08\x04\x02\x2f\x00\x00", GOOD),
		LINE("\x00\xb2\x01\x04\x00", "\x69\x81"),
		LINE("\x00\xb0\x00\x00\x00", FOREIGN "\x61\x12\x4f\x10"
		     LONG_AID "\x62\x82"),
		LINE("\x00\xa4\x04\x04\x10" LONG_AID "\x00", GOOD),
		REST,
	}, none[] = {
		LINE("\x00\x70\x00\x00\x01", "\x68\x81"),
		LINE("\x00\xa4\x04\x04\x0c" AID "\x00", "\x6a\x82"),
		LINE("\x00\xa4\x08\x04\x02\x2f\x00\x00", GOOD),
		LINE("\x00\xb2\x01\x04\x00", FOREIGN GOOD),
		LINE("\x00\xb2\x02\x04\x00", "\x6a\x83"),
	};

	(void)state;
	assert_int_equal(LOAD(records, NULL, NULL), 2);
	assert_int_equal(LOAD(whole, NULL, NULL), 2);
	assert_int_equal(LOAD(none, NULL, NULL), -ENOENT);
	assert_non_null(strstr(why, "PKCS #15 (6A82)"));
}

static void a_pin_that_is_right(void **state)
{
	static const struct line lines[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x82"),
		LINE("\x01\x20\x00\x01\x00", "\x63\xc3"),
		LINE(PIN, GOOD),
		LINE("\x01\xb0\x00\x00\x00", "ab" "\x62\x82"),
		CLOSE,
	};

	(void)state;
	assert_int_equal(LOAD(lines, "1234", NULL), 2);
}

static void a_pin_that_is_wrong_is_tried_once(void **state)
{
	static const struct line first[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x82"),
		LINE("\x01\x20\x00\x01\x00", "\x63\xc3"),
		LINE(PIN, "\x63\xc2"),
		CLOSE,
	}, again[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x82"),
		CLOSE,
	}, last[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x82"),
		LINE("\x01\x20\x00\x01\x00", "\x63\xc1"),
		CLOSE,
	};
	bool wrong = false;

	(void)state;
	assert_int_equal(LOAD(first, "1234", &wrong), -EACCES);
	assert_true(wrong);
	assert_int_equal(LOAD(again, "1234", &wrong), -EACCES);
	wrong = false;
	assert_int_equal(LOAD(last, "1234", &wrong), -EACCES);
	assert_non_null(strstr(why, "one try"));
	assert_int_equal(LOAD(again, NULL, NULL), -EACCES);
	assert_non_null(strstr(why, "smartcard_pin_file"));
}

/* The card may have counted it: a card that is asked again every few seconds
 * would be blocked by and by. */
static void a_pin_that_is_not_answered_is_tried_once(void **state)
{
	static const struct line mute[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x82"),
		LINE("\x01\x20\x00\x01\x00", "\x67\x00"),
		LINE(PIN, ""),
		LINE("\x00\x70\x80\x01\x00", ""),
	}, again[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x82"),
		CLOSE,
	};
	bool wrong = false;

	(void)state;
	assert_int_equal(LOAD(mute, "1234", &wrong), -EIO);
	assert_non_null(strstr(why, "does not answer"));
	assert_int_equal(LOAD(again, "1234", &wrong), -EACCES);
	assert_non_null(strstr(why, "put in anew"));
}

static void a_card_that_is_pulled(void **state)
{
	static const struct line lines[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "abc" GOOD),
		LINE("\x01\xb0\x00\x03\x00", ""),
		LINE("\x00\x70\x80\x01\x00", ""),
	};

	(void)state;
	assert_int_equal(LOAD(lines, NULL, NULL), -EIO);
	assert_non_null(strstr(why, "does not answer"));
}

/* It is there and has said no: it is not asked again every few seconds. */
static void a_file_that_the_card_refuses(void **state)
{
	static const struct line lines[] = {
		WAY,
		LINE("\x01\xb0\x00\x00\x00", "\x69\x85"),
		CLOSE,
	};

	(void)state;
	assert_int_equal(LOAD(lines, NULL, NULL), -EBADMSG);
	assert_non_null(strstr(why, "cannot be read (6985)"));
}

/* ---- the secure channel ---- */

struct pair { const char *command, *answer; };	/* hex */
#define PAIRS_MAX 16
#define BYTES_MAX 300

#define HEAD \
	{"0070000001", "019000"}, \
	{"01a404040ca000000063504b43532d313500", "9000"}
#define TAIL {"0070800100", "9000"}

/* Keys 00 to 0f and 10 to 1f; what it says was computed by the card's end that
 * tests/e2e/scp03.py has of its own. */
#define CHALLENGE "\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7"
static const struct pair secure[] = {
	HEAD,
	{"8150000008a0a1a2a3a4a5a6a700",
	 "00000000000000000000300360c0c1c2c3c4c5c6c7555bef19c5cf15"
	 "4f9000"},
	{"8582330010b0ca990c9c2d213251c377d177c25c6d",
	 "9000"},
	{"05a4000418451658dc6e14706b337f08b28273b051811355eb45fcab"
	 "2e00",
	 "c97974b4395969659000"},
	{"05b0000008e0cea56c1083dcc4ef",
	 "a7c949d2b9111247ef012d48102cd0cc35398d4cfe0566df6282"},
	{"05a4000418da5a70ecc51415c3b6fe849a80b5131e92b16c50ea3cea"
	 "a300",
	 "06c0b66ff503a1e09000"},
	{"05b00000080844ba3fa0bed3aaef",
	 "223a5f71e5a84816c9f8fc5a8fede466f8d81f18264a5ed561d315c6"
	 "7ee2b28b1e6b614a3d3b5e576282"},
	{"05a400041881f00fecdcf2bf973c80b50b75f9c09e621bbc3e5008d8"
	 "d000",
	 "2f1b7a48b60c42389000"},
	{"05b00000089c5e0a3ac391c5e7ef",
	 "6982"},
	{"052000010858befd00c1c96d6d00",
	 "c695851a07ae169563c3"},
	{"0520000118f8cdaad6cd49444f372e217c17ab627a1f9acd7dcb1e38"
	 "3500",
	 "bc2a461a821aefe59000"},
	{"05b00000081181e8b611c71530ef",
	 "dec1d9c776f055e4cb4af956754f3c96fe01973e3ca9c2b29000"},
	{"05b0000308653661538139ea31ef",
	 "6b00"},
	TAIL,
};
#define UPDATE 2		/* the place of INITIALIZE UPDATE */
#define SECURE (sizeof(secure) / sizeof(secure[0]))

static size_t hex(const char *text, char *to)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		to[i] = (char)byte;
	}
	return n;
}

/* With the keys; an answer is changed at `bad`, if not -1. */
static int load_secure(const struct pair *pairs, size_t n, int bad,
		       bool *refused)
{
	static char text[PAIRS_MAX][2][BYTES_MAX];
	struct line lines[PAIRS_MAX];
	struct script script = {lines, n, 0};
	uint8_t enc[16], mac[16];
	struct card card = {.transmit = transmit, .owner = &script,
			    .pin = "1234", .keys = {enc, mac, 16},
			    .challenge = CHALLENGE,
			    .channel_is_refused = *refused};
	int rc;

	for (size_t i = 0; i < n; i++)
		lines[i] = (struct line){
			text[i][0], hex(pairs[i].command, text[i][0]),
			text[i][1], hex(pairs[i].answer, text[i][1])};
	if (bad >= 0)
		text[bad][1][lines[bad].n_answer - 3] ^= 1;
	for (uint8_t i = 0; i < 16; i++) {
		enc[i] = i;
		mac[i] = i + 0x10;
	}
	why[0] = '\0';
	rc = card_load(&card, bytes, why, sizeof(why));
	assert_int_equal(script.at, n);
	*refused = card.channel_is_refused;
	return rc;
}

static void a_secure_channel(void **state)
{
	bool refused = false;

	(void)state;
	assert_int_equal(load_secure(secure, SECURE, -1, &refused), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_false(refused);
}

/* As far as one line, whose answer is this one, NULL: its own, touched. */
static void assert_refused(size_t at, const char *answer, const char *says)
{
	struct pair pairs[SECURE], again[] = {HEAD, TAIL};
	bool refused = false;

	memcpy(pairs, secure, sizeof(pairs));
	if (answer)
		pairs[at].answer = answer;
	pairs[at + 1] = secure[SECURE - 1];
	assert_int_equal(load_secure(pairs, at + 2, answer ? -1 : (int)at,
				     &refused), -EACCES);
	assert_non_null(strstr(why, says));
	assert_true(refused);
	assert_int_equal(load_secure(again, 3, -1, &refused), -EACCES);
	assert_non_null(strstr(why, "not tried again"));
	assert_true(refused);
}

static void secure_channels_that_are_refused(void **state)
{
	(void)state;
	assert_refused(UPDATE, "6d00", "opens no secure channel (SCP03), and "
		       "is not read without the one of smartcard_key_file "
		       "(6D00)");
	assert_refused(UPDATE, "9000", "another secure channel");
	assert_refused(UPDATE, NULL, "other keys");
	assert_refused(UPDATE + 1, "6300", "refuses the keys");
	for (size_t at = UPDATE + 2; at < SECURE - 2; at++)
		if (strlen(secure[at].answer) > 4)
			assert_refused(at, NULL, "MAC is wrong");
	/* In the clear, as if there were no channel. */
	assert_refused(SECURE - 3, "6162639000", "MAC is wrong");
	assert_refused(SECURE - 3, "9000", "MAC is wrong");
}

/* Which is no refusal: it is read when it answers. */
static void a_card_that_is_mute_before_the_channel(void **state)
{
	struct pair pairs[] = {HEAD, secure[UPDATE], TAIL};
	bool refused = false;

	(void)state;
	pairs[UPDATE].answer = "";
	assert_int_equal(load_secure(pairs, 4, -1, &refused), -EIO);
	assert_false(refused);
}

/* As full as a file may be, and it goes on. */
static int endless(void *owner, const uint8_t *command, size_t n,
		   uint8_t answer[CARD_ANSWER_MAX])
{
	(void)owner;
	(void)n;
	if (command[1] == 0xb0) {
		memset(answer, 0xa7, 256);
		memcpy(answer + 256, GOOD, 2);
		return 258;
	}
	memcpy(answer, GOOD, 2);
	return 2;
}

static void a_file_without_an_end(void **state)
{
	struct card card = {.transmit = endless};

	(void)state;
	assert_true(card_load(&card, bytes, why, sizeof(why)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_card),
		cmocka_unit_test(without_a_channel),
		cmocka_unit_test(an_application_of_the_directory),
		cmocka_unit_test(a_pin_that_is_right),
		cmocka_unit_test(a_pin_that_is_wrong_is_tried_once),
		cmocka_unit_test(a_pin_that_is_not_answered_is_tried_once),
		cmocka_unit_test(a_card_that_is_pulled),
		cmocka_unit_test(a_file_that_the_card_refuses),
		cmocka_unit_test(a_file_without_an_end),
		cmocka_unit_test(a_secure_channel),
		cmocka_unit_test(secure_channels_that_are_refused),
		cmocka_unit_test(a_card_that_is_mute_before_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
