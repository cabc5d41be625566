/* SPDX-License-Identifier: GPL-2.0-or-later
 * A number is compared with a limit as people do it: by the count of its
 * digits, then by the first one that differs. Each way to be beyond the limit
 * is an alternative. */
#include "agent/config/key_range.h"
#include <inttypes.h>
#include <string.h>

#define DIGITS "[0-9]*"
#define PLACES 9

/* A limit in one unit. */
struct decimal {
	char whole[21], fraction[PLACES + 1];
	bool cut;			/* there are further places */
};

static struct decimal decimal_of(int64_t limit, int64_t unit)
{
	struct decimal d = {.cut = false};
	int64_t rest = limit % unit;
	size_t n = 0;

	snprintf(d.whole, sizeof(d.whole), "%" PRId64, limit / unit);
	for (; rest && n < PLACES; n++) {
		rest *= 10;
		d.fraction[n] = (char)('0' + rest / unit);
		rest %= unit;
	}
	d.cut = rest;
	return d;
}

/* `n` digits as they are and one that is larger, or smaller. false: none is. */
static bool differing_print(FILE *to, const char *digits, size_t n, bool larger,
			    const char *comma)
{
	char c = digits[n];

	if (c == (larger ? '9' : '0'))
		return false;
	fprintf(to, "%s%.*s[%c-%c]", comma, (int)n, digits,
		larger ? c + 1 : '0', larger ? '9' : c - 1);
	return true;
}

/* Another whole part: the fraction may be any. The limit's own is the last
 * alternative, which is left open. */
static void whole_print(FILE *to, const struct decimal *d, bool larger)
{
	size_t n = strlen(d->whole);
	const char *comma = "";

	fputs("0*(", to);
	if (!larger && !strcmp(d->whole, "0")) {
		putc('0', to);
		return;
	}
	if (larger || n > 1) {
		fprintf(to, larger ? "([1-9][0-9]{%zu,}" : "([0-9]{1,%zu}",
			larger ? n : n - 1);
		comma = "|";
	} else {
		putc('(', to);
	}
	for (size_t i = 0; i < n; i++) {
		if (!differing_print(to, d->whole, i, larger, comma))
			continue;
		if (i + 1 < n)
			fprintf(to, "[0-9]{%zu}", n - i - 1);
		comma = "|";
	}
	fprintf(to, ")([.]" DIGITS ")?|%s", d->whole);
}

static void least_print(FILE *to, const struct decimal *d)
{
	whole_print(to, d, true);
	if (!*d->fraction) {
		fputs("([.]" DIGITS ")?)", to);
		return;
	}
	fputs("[.](", to);
	for (size_t i = 0; d->fraction[i]; i++)
		if (differing_print(to, d->fraction, i, true, ""))
			fputs(DIGITS "|", to);
	fprintf(to, "%s" DIGITS "))", d->fraction);
}

/* What breaks off before the limit's last place is smaller, too. */
static void most_print(FILE *to, const struct decimal *d)
{
	whole_print(to, d, false);
	fputs("([.](", to);
	for (size_t i = 0; d->fraction[i]; i++) {
		fprintf(to, "%.*s|", (int)i, d->fraction);
		if (differing_print(to, d->fraction, i, false, ""))
			fputs(DIGITS "|", to);
	}
	fprintf(to, "%s%s))?)", d->fraction, d->cut ? DIGITS : "0*");
}

void range_print(FILE *to, enum range_end end, const struct config_unit *units,
		 int64_t limit)
{
	fputs("^(", to);
	for (const struct config_unit *unit = units; unit->name; unit++) {
		struct decimal d = decimal_of(limit, unit->of);

		if (end == RANGE_LEAST)
			least_print(to, &d);
		else
			most_print(to, &d);
		fprintf(to, " ?%s%s", unit->name, unit[1].name ? "|" : ")$");
	}
}
