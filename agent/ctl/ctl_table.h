/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text in columns as wide as what stands in them. */
#ifndef AGENT_CTL_TABLE_H
#define AGENT_CTL_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CTL_TABLE_COLUMNS 6
#define CTL_TABLE_WIDEST 40	/* a wider cell moves its own row alone */

/* Zeroed, but for these. */
struct ctl_table {
	size_t n_columns;
	unsigned int right;	/* bit n: column n ends where it is wide */
	unsigned int coloured;	/* bit n: ... by what it says: ctl_colour() */
	size_t n_rows, room;
	char **cells;
};
/* cells: n_columns, copied; NULL is as "". */
void ctl_table_add(struct ctl_table *table, const char *const *cells);
/* Two blanks between the columns, none at the end of a line. */
void ctl_table_print(const struct ctl_table *table, FILE *to);
void ctl_table_finish(struct ctl_table *table);

/* What turns a terminal to the colour of a state (online, silent, degraded),
 * until CTL_PLAIN; NULL: it has none. */
#define CTL_PLAIN "\033[0m"
const char *ctl_colour(const char *state);
/* Is it a terminal that shows colours, and wants them (no-color.org)? */
bool ctl_may_colour(FILE *to);

/* Characters of UTF-8, which is what a terminal counts. */
size_t ctl_width(const char *text);
/* With blanks up to width. */
void ctl_pad(FILE *to, const char *text, size_t width);
#endif
