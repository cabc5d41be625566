/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the readers of the page must know: http_token_file of the gateway. */
#ifndef AGENT_CONFIG_TOKEN_H
#define AGENT_CONFIG_TOKEN_H
#include <stddef.h>

#define CONFIG_TOKEN_LEAST 16	/* characters */
#define CONFIG_TOKEN_MOST 256

struct config;
struct config_errors;

/* The token in a file's text: without blanks around it, in place. NULL: too
 * short, too long, or with characters that no header can hold. Pure. */
char *config_token_of(char *text);
/* From the file, which only its owner and our group may read; relative paths
 * start in directory. NULL: why says so, to stand behind its name. Else to be
 * given to config_token_free(). */
char *config_token_read(const char *directory, const char *path, char *why,
			size_t size);
void config_token_free(char *token);	/* wiped; NULL is fine */
/* For a check: an error where there should be a token and is none. */
void config_token_find(const struct config *config, const char *directory,
		       struct config_errors *errors);
#endif
