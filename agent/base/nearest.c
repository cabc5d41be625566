/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which known word was meant: the one with the fewest edits, if they are few. */
#include "agent/base/nearest.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool letter_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t size_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Steps from a to b: letters put in, taken out, replaced, neighbours swapped;
 * upper and lower case are the same. Rows of the usual table; two earlier ones
 * are kept for the swaps. */
static size_t letters_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][NEAREST_WORD_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *up = rows[(i + 2) % 3];
		size_t *upper = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = size_least(up[j], row[j - 1]) + 1;
			row[j] = size_least(
				row[j],
				up[j - 1] + !letter_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && letter_same(a[i - 1], b[j - 2]) &&
			    letter_same(a[i - 2], b[j - 1]))
				row[j] = size_least(row[j], upper[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

/* A third of the letters may be wrong, one always. */
void nearest_init(struct nearest *nearest, const char *word)
{
	size_t n = strlen(word);

	nearest->word = word;
	nearest->best = NULL;
	nearest->distance = (n < 3 ? 1 : n / 3) + 1;
	nearest->text[0] = '\0';
}

static void nearest_take(struct nearest *nearest, const char *known, size_t n,
			 size_t steps)
{
	nearest->distance = steps;
	nearest->best = known;
	snprintf(nearest->text, sizeof(nearest->text),
		 "; did you mean '%.*s'?", (int)n, known);
}

static void part_offer(struct nearest *nearest, const char *known, size_t n)
{
	size_t length = strlen(nearest->word), d;

	if (n > NEAREST_WORD_MAX || length > NEAREST_WORD_MAX)
		return;
	d = letters_distance(nearest->word, length, known, n);
	if (length >= 3 && length < n && !strncmp(nearest->word, known, length))
		d = 1;		/* cut short: "addr" */
	if (n >= 4 && n < length && !strncmp(nearest->word, known, n) &&
	    !isalnum((unsigned char)nearest->word[n]))
		d = 1;		/* too much: "modbus-tcp", "scale_factor" */
	if (d >= nearest->distance || d >= n)
		return;
	nearest_take(nearest, known, n, d);
}

void nearest_choose(struct nearest *nearest, const char *known)
{
	nearest_take(nearest, known, strlen(known), 0);
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	part_offer(nearest, known, strlen(known));
}

void nearest_offer_choices(struct nearest *nearest, const char *choices)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");

		part_offer(nearest, choices, n);
		choices += n + (choices[n] == '|');
	}
}

const char *nearest_text(struct nearest *nearest)
{
	return nearest->text;
}
