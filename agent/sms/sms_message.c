/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/sms/sms_message.h"
#include <errno.h>
#include <string.h>
#include "agent/coap/message_option.h"
#include "objects/codec.h"

#define COAP_HEADER 4
#define TOKEN_MAX 8
#define PAYLOAD_MARKER 0xff

/* Of a user data header (TS 23.040 9.2.3.24). */
enum element {
	CONCATENATION_8 = 0x00,	/* reference, parts, number of this one */
	PORT_8 = 0x04,		/* of the receiver, of the sender */
	PORT_16 = 0x05,
	CONCATENATION_16 = 0x08,
};
/* Of CoAP (RFC 7252 12.2). */
enum option_number {
	URI_HOST = 3, URI_PORT = 7, URI_PATH = 11, CONTENT_FORMAT = 12,
	URI_QUERY = 15, ACCEPT = 17,
};

static int parts_check(uint8_t parts)
{
	return parts == 1 ? 0 : -ENOTSUP;
}

static int port_take(struct sms_message *message, unsigned port)
{
	message->has_port = true;
	message->port = (uint16_t)port;
	return 0;
}

static int element_take(struct sms_message *message, uint8_t element,
			const uint8_t *value, size_t n)
{
	switch (element) {
	case CONCATENATION_8:
		return n == 3 ? parts_check(value[1]) : -EBADMSG;
	case CONCATENATION_16:
		return n == 4 ? parts_check(value[2]) : -EBADMSG;
	case PORT_8:
		return n == 2 ? port_take(message, value[0]) : -EBADMSG;
	case PORT_16:
		return n == 4 ? port_take(message, (unsigned)value[0] << 8 |
						   value[1]) : -EBADMSG;
	}
	return 0;
}

/* The elements from at to end. */
static int header_take(struct sms_message *message, const uint8_t *at,
		       const uint8_t *end)
{
	while (at < end) {
		int err;

		if (end - at < 2 || at[1] > end - at - 2)
			return -EBADMSG;
		err = element_take(message, at[0], at + 2, at[1]);
		if (err)
			return err;
		at += 2 + at[1];
	}
	return 0;
}

/* A segment takes no more than its option did: its slash is the option's head,
 * so that all of them fit. */
static int segment_take(struct sms_message *message,
			const struct message_option *option)
{
	if (!option->length || memchr(option->value, '/', option->length))
		return -EBADMSG;
	if (message->uri_length)
		message->uri[message->uri_length++] = '/';
	memcpy(message->uri + message->uri_length, option->value,
	       option->length);
	message->uri_length += option->length;
	return 0;
}

static int query_take(struct sms_message *message,
		      const struct message_option *option)
{
	if (message->n_queries == SMS_QUERIES_MAX)
		return -ENOTSUP;
	message->query[message->n_queries++] = (struct sms_text){
		(const char *)option->value, option->length};
	return 0;
}

static int format_take(uint16_t *format, const struct message_option *option)
{
	if (option->length > 2)
		return -EBADMSG;
	*format = 0;
	for (size_t i = 0; i < option->length; i++)
		*format = (uint16_t)(*format << 8 | option->value[i]);
	return 0;
}

static int option_take(struct sms_message *message,
		       const struct message_option *option)
{
	switch (option->number) {
	case URI_PATH:
		return segment_take(message, option);
	case URI_QUERY:
		return query_take(message, option);
	case CONTENT_FORMAT:
		return format_take(&message->format, option);
	case ACCEPT:
		return format_take(&message->accept, option);
	case URI_HOST:
	case URI_PORT:
		return 0;
	}
	return option->number & 1 ? -ENOTSUP : 0;
}

static int payload_take(struct sms_message *message, const uint8_t *at,
			const uint8_t *end)
{
	if (at == end)
		return 0;
	if (*at != PAYLOAD_MARKER || end - at == 1)
		return -EBADMSG;
	message->payload = at + 1;
	message->length = (size_t)(end - at - 1);
	return 0;
}

static int options_take(struct sms_message *message, const uint8_t *at,
			const uint8_t *end)
{
	struct message_option option;
	uint32_t seen = 0;

	for (; message_option_next(at, end, seen, &option); at = option.next) {
		int err = option_take(message, &option);

		if (err)
			return err;
		seen = option.number;
	}
	return payload_take(message, at, end);
}

static int coap_take(struct sms_message *message, const uint8_t *at,
		     const uint8_t *end)
{
	if (end - at < COAP_HEADER || at[0] >> 6 != 1)
		return -EBADMSG;
	message->type = (enum sms_type)(at[0] >> 4 & 3);
	message->code = at[1];
	message->id = (uint16_t)(at[2] << 8 | at[3]);
	message->token = at + COAP_HEADER;
	message->n_token = at[0] & 15;
	if (message->n_token > TOKEN_MAX ||
	    message->n_token > (size_t)(end - message->token))
		return -EBADMSG;
	at = message->token + message->n_token;
	if (!message->code && (message->n_token || at < end))
		return -EBADMSG;	/* empty is empty (RFC 7252 4.1) */
	return options_take(message, at, end);
}

int sms_message_read(const uint8_t *data, size_t n, struct sms_message *message)
{
	const uint8_t *end;

	*message = (struct sms_message){.format = FORMAT_NONE,
					.accept = FORMAT_NONE};
	if (!n)
		return -EBADMSG;
	if (n > SMS_OCTETS_MAX)
		return -EMSGSIZE;
	end = data + n;
	if (data[0] < 0x40) {
		const uint8_t *header = data + 1;
		int err;

		if (data[0] > n - 1)
			return -EBADMSG;
		data = header + data[0];
		err = header_take(message, header, data);
		if (err)
			return err;
	}
	return coap_take(message, data, end);
}

static size_t format_write(uint16_t format, uint8_t *to)
{
	size_t n = format > 255 ? 2 : format > 0 ? 1 : 0;

	to[0] = (uint8_t)(CONTENT_FORMAT << 4 | n);
	if (n == 2)
		to[1] = (uint8_t)(format >> 8);
	if (n)
		to[n] = (uint8_t)format;
	return 1 + n;
}

size_t sms_answer_write(const struct sms_message *request,
			const struct sms_answer *answer,
			uint8_t to[SMS_OCTETS_MAX])
{
	bool confirm = request->type == SMS_CON;
	uint16_t id = confirm ? request->id : answer->id;
	size_t n = COAP_HEADER;

	to[0] = (uint8_t)(1 << 6 | (confirm ? SMS_ACK : SMS_NON) << 4 |
			  request->n_token);
	to[1] = answer->code;
	to[2] = (uint8_t)(id >> 8);
	to[3] = (uint8_t)id;
	if (request->n_token)
		memcpy(to + n, request->token, request->n_token);
	n += request->n_token;
	if (answer->format != FORMAT_NONE)
		n += format_write(answer->format, to + n);
	if (!answer->length)
		return n;
	to[n++] = PAYLOAD_MARKER;
	memcpy(to + n, answer->payload, answer->length);
	return n + answer->length;
}
