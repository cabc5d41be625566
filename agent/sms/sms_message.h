/* SPDX-License-Identifier: GPL-2.0-or-later
 * A CoAP message in the user data of one SMS with 8-bit data (LwM2M Transport
 * TS 6.5), in the caller's bytes. Pure. */
#ifndef AGENT_SMS_MESSAGE_H
#define AGENT_SMS_MESSAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMS_OCTETS_MAX 140	/* user data of one SMS (TS 23.040 9.2.3.16) */
#define SMS_QUERIES_MAX 4

/* As on the wire (RFC 7252 3). */
enum sms_type { SMS_CON, SMS_NON, SMS_ACK, SMS_RST };

struct sms_text {
	const char *at;			/* not terminated */
	size_t n;
};

struct sms_message {
	bool has_port;
	uint16_t port;			/* the application's, of its receiver */
	enum sms_type type;
	uint8_t code;			/* CODE() */
	uint16_t id;
	const uint8_t *token;
	size_t n_token;			/* 0 to 8 */
	char uri[SMS_OCTETS_MAX];	/* "1/0/8": Uri-Path joined */
	size_t uri_length;
	struct sms_text query[SMS_QUERIES_MAX];
	size_t n_queries;
	uint16_t format, accept;	/* FORMAT_NONE: not said */
	const uint8_t *payload;
	size_t length;
};

/* Reads n bytes; what it finds points into them.
 *
 * Before the message may stand a user data header (TS 23.040 9.2.3.24), which
 * some modems' software takes off and some leaves there: as CoAP begins with
 * its version, 01, what begins with less than 0x40 is the length of a header.
 * Of its elements, application port addressing (9.2.3.24.3 and .4) is read,
 * concatenation (9.2.3.24.1 and .8) is taken of a message of one part, and
 * others are passed over. Of options, Uri-Path, Uri-Query,
 * Content-Format and Accept are read; Uri-Host, Uri-Port and elective ones are
 * passed over.
 *
 * 0; -EMSGSIZE more than SMS_OCTETS_MAX; -EBADMSG cut short or malformed, or a
 * segment of the path that is empty or has a slash; -ENOTSUP one part of
 * several, a critical option that is not known, more than SMS_QUERIES_MAX
 * queries. */
int sms_message_read(const uint8_t *data, size_t n,
		     struct sms_message *message);

#define SMS_ANSWER_HEAD 16	/* most bytes before its payload */
#define SMS_ANSWER_MAX (SMS_OCTETS_MAX - SMS_ANSWER_HEAD)	/* of payload */

struct sms_answer {
	uint16_t id;			/* of a request that was not confirmable */
	uint8_t code;			/* CODE() */
	uint16_t format;		/* or FORMAT_NONE */
	const uint8_t *payload;
	size_t length;			/* to SMS_ANSWER_MAX */
};
/* The answer to the request, which its acknowledgement carries where it is
 * confirmable (RFC 7252 5.2.1). Returns its length. */
size_t sms_answer_write(const struct sms_message *request,
			const struct sms_answer *answer,
			uint8_t to[SMS_OCTETS_MAX]);
#endif
