/* SPDX-License-Identifier: GPL-2.0-or-later
 * The PIN of a smart card: smartcard_pin_file of bootstrap. */
#ifndef AGENT_CONFIG_PIN_H
#define AGENT_CONFIG_PIN_H
#include <stddef.h>

struct config;
struct config_errors;

#define CONFIG_PIN_ROOM 9	/* 4 to 8 digits (ETSI TS 102 221 9.5.1) */

/* From the file, which only its owner and our group may read; relative paths
 * start in directory. 0; -errno, and why says so, to stand behind its name. */
int config_pin_read(const char *directory, const char *path,
		    char pin[CONFIG_PIN_ROOM], char *why, size_t size);
/* For a check: an error where there should be one and is none. */
void config_pin_find(const struct config *config, const char *directory,
		     struct config_errors *errors);
#endif
