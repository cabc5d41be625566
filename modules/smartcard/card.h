/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reads the accounts from a card, by commands of ISO 7816-4 and ETSI TS 102 221
 * that somebody sends. */
#ifndef MODULES_SMARTCARD_CARD_H
#define MODULES_SMARTCARD_CARD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "modules/smartcard/scp03.h"

#define CARD_FILE_MAX 32768	/* of EF LwM2M_Bootstrap (Core TS G.3.3) */
#define CARD_ANSWER_MAX 258	/* of one command: data and status */

struct card {
	/* Sends n bytes; what comes, its status last, goes to answer. Its
	 * length, or negative: the card is gone or mute. */
	int (*transmit)(void *owner, const uint8_t *command, size_t n,
			uint8_t answer[CARD_ANSWER_MAX]);
	void *owner;
	const char *pin;		/* digits, or NULL */
	bool pin_is_wrong;		/* found so: it is not tried again, for
					 * the third time locks the card */
	/* Where there are keys, what is on the card is read through the secure
	 * channel alone. */
	struct scp03_keys keys;
	uint8_t challenge[SCP03_CHALLENGE];	/* new for each load */
	bool channel_is_refused;	/* by either side: it is not tried
					 * again, for a card may lock, too */
};

/* The file, into bytes; its length, or -errno and why, for people: -EACCES it
 * wants a PIN, or another one, or the secure channel was refused; -ENOENT it has
 * no accounts; -EBADMSG its files are malformed, or refused; -EIO it is gone or
 * mute. */
int card_load(struct card *card, uint8_t bytes[CARD_FILE_MAX], char *why,
	      size_t size);
#endif
