/* SPDX-License-Identifier: GPL-2.0-or-later
 * The pure part of reading a command. */
#ifndef SERVER_WORDS_H
#define SERVER_WORDS_H
#include <stddef.h>
#include <stdint.h>

/* Splits at spaces, in place; quotation marks anywhere in a word keep spaces
 * inside it. Returns the number of words, at most max. */
int words_split(char *line, char **word, int max);

/* Bytes written, -EINVAL for what is not hex or does not fit. */
long hex_parse(const char *text, uint8_t *to, size_t size);
#endif
