/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of a smart card's secure channel: smartcard_key_file of bootstrap. */
#ifndef AGENT_CONFIG_CARD_KEY_H
#define AGENT_CONFIG_CARD_KEY_H
#include <stddef.h>
#include <stdint.h>

struct config;
struct config_errors;

#define CONFIG_CARD_KEY_MAX 32

/* KEY_ENC and KEY_MAC of SCP03 (GlobalPlatform Amendment D); KEY_DEK is for who
 * writes keys to a card. */
struct config_card_key {
	size_t n;			/* of each: 16, 24 or 32; 0: none */
	uint8_t enc[CONFIG_CARD_KEY_MAX], mac[CONFIG_CARD_KEY_MAX];
};

/* From the file, which only its owner and our group may read: KEY_ENC, KEY_MAC
 * and KEY_DEK in hex, each in a line, or one for all. Relative paths start in
 * directory. 0; -errno, and why says so, to stand behind its name; the keys are
 * the caller's to be wiped. */
int config_card_key_read(const char *directory, const char *path,
			 struct config_card_key *key, char *why, size_t size);
/* For a check: an error where there should be some and are none. */
void config_card_key_find(const struct config *config, const char *directory,
			  struct config_errors *errors);
#endif
