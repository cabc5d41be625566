/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/coap/message_option.h"

/* A nibble and what extends it. false: none, or cut short. */
static bool number_extend(const uint8_t **at, const uint8_t *end,
			  unsigned nibble, uint32_t *number)
{
	size_t more = nibble < 13 ? 0 : nibble - 12u;

	if (nibble == 15 || (size_t)(end - *at) < more)
		return false;
	*number = nibble < 13 ? nibble : nibble == 13 ? **at + 13u :
		  ((uint32_t)(*at)[0] << 8 | (*at)[1]) + 269u;
	*at += more;
	return true;
}

bool message_option_next(const uint8_t *at, const uint8_t *end, uint32_t before,
			 struct message_option *option)
{
	uint32_t delta, length;
	uint8_t head;

	if (at == end || *at == 0xff)
		return false;
	head = *at++;
	if (!number_extend(&at, end, head >> 4, &delta) ||
	    !number_extend(&at, end, head & 15, &length) ||
	    length > (size_t)(end - at))
		return false;
	*option = (struct message_option){before + delta, at, length,
					  at + length};
	return true;
}
