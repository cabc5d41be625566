/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text in columns as wide as what stands in them. */
#include "agent/ctl/ctl_table.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t ctl_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void put_blanks(FILE *to, size_t n)
{
	fprintf(to, "%*s", (int)n, "");
}

void ctl_pad(FILE *to, const char *text, size_t width)
{
	size_t n = ctl_width(text);

	fputs(text, to);
	put_blanks(to, n < width ? width - n : 0);
}

void ctl_table_add(struct ctl_table *t, const char *const *cells)
{
	if (t->n_rows == t->room) {
		t->room = 2 * t->room + 16;
		t->cells = reallocarray(t->cells, t->room * t->n_columns,
					sizeof(*t->cells));
		if (!t->cells)
			abort();
	}
	for (size_t i = 0; i < t->n_columns; i++) {
		char *cell = strdup(cells[i] ? cells[i] : "");

		if (!cell)
			abort();
		t->cells[t->n_rows * t->n_columns + i] = cell;
	}
	t->n_rows++;
}

static size_t column_width(const struct ctl_table *t, size_t column)
{
	size_t widest = 0;

	for (size_t i = 0; i < t->n_rows; i++) {
		size_t n = ctl_width(t->cells[i * t->n_columns + column]);

		if (n > widest && n <= CTL_TABLE_WIDEST)
			widest = n;
	}
	return widest;
}

const char *ctl_colour(const char *state)
{
	static const struct { const char *state, *colour; } colours[] = {
		{"online", "\033[32m"}, {"healthy", "\033[32m"},
		{"asleep", "\033[36m"}, {"unknown", "\033[33m"},
		{"leaving", "\033[33m"}, {"degraded", "\033[33m"},
		{"silent", "\033[31m"}, {"refused", "\033[31m"},
		{"down", "\033[31m"},
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
		if (!strcmp(colours[i].state, state))
			return colours[i].colour;
	return NULL;
}

bool ctl_may_colour(FILE *to)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(to)) && (!none || !*none) && term &&
	       strcmp(term, "dumb");
}

static void put_cell(const char *cell, bool coloured, FILE *to)
{
	const char *colour = coloured ? ctl_colour(cell) : NULL;

	fprintf(to, "%s%s%s", colour ? colour : "", cell,
		colour ? CTL_PLAIN : "");
}

/* Blanks wait until something follows them. */
static void print_row(const struct ctl_table *t, char *const *cells,
		      const size_t *widths, FILE *to)
{
	size_t blanks = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		size_t n = ctl_width(cells[i]);
		size_t rest = n < widths[i] ? widths[i] - n : 0;
		size_t before = t->right >> i & 1 ? rest : 0;

		if (n) {
			put_blanks(to, blanks + before);
			put_cell(cells[i], t->coloured >> i & 1, to);
			blanks = rest - before;
		} else {
			blanks += rest;
		}
		blanks += 2;
	}
	putc('\n', to);
}

void ctl_table_print(const struct ctl_table *t, FILE *to)
{
	size_t widths[CTL_TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = column_width(t, i);
	for (size_t i = 0; i < t->n_rows; i++)
		print_row(t, t->cells + i * t->n_columns, widths, to);
}

void ctl_table_finish(struct ctl_table *t)
{
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
		free(t->cells[i]);
	free(t->cells);
}
