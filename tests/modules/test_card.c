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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
