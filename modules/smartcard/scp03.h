/* SPDX-License-Identifier: GPL-2.0-or-later
 * The secure channel to a card, SCP03 of GlobalPlatform (Card Specification
 * Amendment D 1.1: MACs and challenges of 8 bytes), at the level that LwM2M asks
 * for (Core TS Appendix H, note 2): commands and answers are enciphered and have
 * a MAC. Bytes in, bytes out; AES by GnuTLS. */
#ifndef MODULES_SMARTCARD_SCP03_H
#define MODULES_SMARTCARD_SCP03_H
#include <stddef.h>
#include <stdint.h>

#define SCP03_KEY_MAX 32
#define SCP03_CHALLENGE 8
#define SCP03_MAC 8
#define SCP03_LEVEL 0x33	/* C-DECRYPTION, C-MAC, R-ENCRYPTION, R-MAC */
/* With its padding and MAC, as much as a command or an answer can hold. */
#define SCP03_DATA_MAX 239
#define SCP03_COMMAND_MAX (5 + 255 + 1)

/* Static keys, which the card has, too; 16, 24 or 32 bytes each. KEY_DEK is for
 * who writes keys to a card. */
struct scp03_keys {
	const uint8_t *enc, *mac;
	size_t n;			/* 0: there are none */
};

/* Zero before and after: scp03_end(). */
struct scp03 {
	size_t n_key;
	uint8_t s_enc[SCP03_KEY_MAX], s_mac[SCP03_KEY_MAX],
		s_rmac[SCP03_KEY_MAX];
	uint8_t host_cryptogram[SCP03_MAC];
	uint8_t chaining[16];		/* the MAC of the last command */
	uint32_t counter;		/* commands since the start */
};

/* Takes the card's answer to INITIALIZE UPDATE, without its status, with the
 * challenge that was in the command. 0; -EBADMSG: it is none of SCP03; -ENOTSUP:
 * of a card that cannot encipher its answers, or has MACs of 16 bytes; -EACCES:
 * the card has other keys; -EIO: GnuTLS has no AES. */
int scp03_start(struct scp03 *channel, const struct scp03_keys *keys,
		const uint8_t challenge[SCP03_CHALLENGE],
		const uint8_t *answer, size_t n);
/* EXTERNAL AUTHENTICATE, on a logical channel (0 to 3) and with a level. Its
 * length, or -EIO. */
int scp03_authenticate(struct scp03 *channel, uint8_t logical, uint8_t level,
		       uint8_t command[SCP03_COMMAND_MAX]);
/* A command of ISO 7816-3 with short lengths, of any case, as it goes through the
 * channel. Its length; -EINVAL: it is none, or longer than SCP03_DATA_MAX; -EIO. */
int scp03_wrap(struct scp03 *channel, const uint8_t *plain, size_t n,
	       uint8_t command[SCP03_COMMAND_MAX]);
/* What the card has answered to the last command, its status last, as it was
 * meant, in place; a status that is an error has no MAC and says nothing else. Its
 * length; -EBADMSG: it is not of this card, or not to this command; -EIO. */
int scp03_unwrap(const struct scp03 *channel, uint8_t *answer, size_t n);
void scp03_end(struct scp03 *channel);
#endif
