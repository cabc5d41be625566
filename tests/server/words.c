/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words of a command line, and hex. */
#include "tests/server/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>

int words_split(char *line, char **word, int max)
{
	int n = 0;

	for (;;) {
		bool quoted = false;
		char *to;

		while (*line == ' ')
			line++;
		if (!*line || n == max)
			return n;
		word[n++] = to = line;
		for (; *line && (quoted || *line != ' '); line++) {
			if (*line == '"')
				quoted = !quoted;
			else
				*to++ = *line;
		}
		if (*line)
			line++;
		*to = '\0';
	}
}

static int digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long hex_parse(const char *text, uint8_t *to, size_t size)
{
	size_t n = 0;

	for (; *text; text += 2) {
		int high = digit(text[0]), low = high < 0 ? -1
							  : digit(text[1]);

		if (low < 0 || n == size)
			return -EINVAL;
		to[n++] = (uint8_t)(high << 4 | low);
	}
	return (long)n;
}
