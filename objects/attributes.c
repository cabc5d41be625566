/* SPDX-License-Identifier: GPL-2.0-or-later
 * Attributes are parsed into a list of changes first and put in force only
 * when all of them can be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "objects/attributes.h"

/* In the order in which they are written out. */
static const struct name {
	const char *text;
	uint16_t bit;			/* enum attribute */
} names[] = {
	{"pmin", ATTRIBUTE_PMIN}, {"pmax", ATTRIBUTE_PMAX},
	{"gt", ATTRIBUTE_GT}, {"lt", ATTRIBUTE_LT}, {"st", ATTRIBUTE_ST},
	{"epmin", ATTRIBUTE_EPMIN}, {"epmax", ATTRIBUTE_EPMAX},
	{"edge", ATTRIBUTE_EDGE}, {"con", ATTRIBUTE_CON},
	{"hqmax", ATTRIBUTE_HQMAX},
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))
#define NUMBER_MAX 64			/* characters of one number */

static uint32_t *integer_of(struct attributes *a, uint16_t bit)
{
	switch ((enum attribute)bit) {
	case ATTRIBUTE_PMIN: return &a->pmin;
	case ATTRIBUTE_PMAX: return &a->pmax;
	case ATTRIBUTE_EPMIN: return &a->epmin;
	case ATTRIBUTE_EPMAX: return &a->epmax;
	case ATTRIBUTE_EDGE: return &a->edge;
	case ATTRIBUTE_CON: return &a->con;
	case ATTRIBUTE_HQMAX: return &a->hqmax;
	case ATTRIBUTE_GT: case ATTRIBUTE_LT: case ATTRIBUTE_ST: break;
	}
	return NULL;
}

static double *limit_of(struct attributes *a, uint16_t bit)
{
	switch ((enum attribute)bit) {
	case ATTRIBUTE_GT: return &a->gt;
	case ATTRIBUTE_LT: return &a->lt;
	case ATTRIBUTE_ST: return &a->st;
	case ATTRIBUTE_PMIN: case ATTRIBUTE_PMAX:
	case ATTRIBUTE_EPMIN: case ATTRIBUTE_EPMAX:
	case ATTRIBUTE_EDGE: case ATTRIBUTE_CON: case ATTRIBUTE_HQMAX: break;
	}
	return NULL;
}

/* What is set in over, of these, replaces what is in *a. */
static void attributes_merge(struct attributes *a,
			     const struct attributes *over, uint16_t which)
{
	struct attributes from = *over;

	for (size_t i = 0; i < N_NAMES; i++) {
		uint16_t bit = names[i].bit;

		if (!(from.set & which & bit))
			continue;
		if (bit & ATTRIBUTE_LIMITS)
			*limit_of(a, bit) = *limit_of(&from, bit);
		else
			*integer_of(a, bit) = *integer_of(&from, bit);
		a->set |= bit;
	}
}

static int integer_parse(const char *text, size_t n, uint32_t max,
			 uint32_t *integer)
{
	uint64_t value = 0;

	if (!n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > max)
			return -EINVAL;
	}
	*integer = (uint32_t)value;
	return 0;
}

static size_t digits_count(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && text[i] >= '0' && text[i] <= '9')
		i++;
	return i;
}

/* ["-"] 1*DIGIT ["." 1*DIGIT]: neither exponents nor "inf", which strtod
 * would take. */
static bool is_decimal(const char *text, size_t n)
{
	size_t i = n && text[0] == '-', whole = digits_count(text + i, n - i),
	       part;

	i += whole;
	if (!whole || i == n)
		return whole;
	if (text[i++] != '.')
		return false;
	part = digits_count(text + i, n - i);
	return part && i + part == n;
}

static int decimal_parse(const char *text, size_t n, double *number)
{
	char copy[NUMBER_MAX];

	if (n >= sizeof(copy) || !is_decimal(text, n))
		return -EINVAL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	*number = strtod(copy, NULL);
	return 0;
}

/* A query taken apart. */
struct change {
	struct attributes set;
	uint16_t unset;
};

static uint16_t name_find(const char *text, size_t n)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (strlen(names[i].text) == n &&
		    !memcmp(names[i].text, text, n))
			return names[i].bit;
	return 0;
}

/* "pmin=5", or "pmin": back to what the level above says. */
static int part_parse(const char *text, size_t n, struct change *change)
{
	const char *equals = memchr(text, '=', n);
	size_t n_name = equals ? (size_t)(equals - text) : n;
	uint16_t bit = name_find(text, n_name);
	uint32_t max = bit & (ATTRIBUTE_EDGE | ATTRIBUTE_CON) ? 1 : UINT32_MAX;
	int error;

	if (!bit || ((change->set.set | change->unset) & bit))
		return -EINVAL;
	if (!equals) {
		change->unset |= bit;
		return 0;
	}
	n -= n_name + 1;
	if (bit & ATTRIBUTE_LIMITS)
		error = decimal_parse(equals + 1, n,
				      limit_of(&change->set, bit));
	else
		error = integer_parse(equals + 1, n, max,
				      integer_of(&change->set, bit));
	change->set.set |= bit;
	return error;
}

static int query_parse(const char *query, size_t n, struct change *change)
{
	const char *end = query + n;

	for (;;) {
		const char *next = memchr(query, '&', (size_t)(end - query));
		size_t length = (size_t)((next ? next : end) - query);
		int error = part_parse(query, length, change);

		if (error)
			return error;
		if (!next)
			return 0;
		query = next + 1;
	}
}

/* Core TS 7.3.2: can the conditions be met at all? */
static bool is_consistent(const struct attributes *a)
{
	const uint16_t both = ATTRIBUTE_GT | ATTRIBUTE_LT,
		       evaluation = ATTRIBUTE_EPMIN | ATTRIBUTE_EPMAX;

	if ((a->set & evaluation) == evaluation && a->epmin >= a->epmax)
		return false;
	if (a->set & ATTRIBUTE_ST && a->st < 0)
		return false;
	if ((a->set & both) != both)
		return true;
	return a->lt < a->gt &&
	       (!(a->set & ATTRIBUTE_ST) || a->lt + 2 * a->st < a->gt);
}

static struct attribute_entry *entry_find(const struct attribute_set *set,
					  const struct lwm2m_path *path)
{
	for (size_t i = 0; i < set->n; i++)
		if (path_equal(&set->entries[i].path, path))
			return &set->entries[i];
	return NULL;
}

static struct attribute_entry *entry_add(struct attribute_set *set,
					 const struct lwm2m_path *path)
{
	struct attribute_entry *bigger;

	if (set->n == UINT16_MAX)
		return NULL;
	bigger = realloc(set->entries, (set->n + 1u) * sizeof(*bigger));
	if (!bigger)
		return NULL;
	set->entries = bigger;
	bigger[set->n] = (struct attribute_entry){.path = *path};
	return &bigger[set->n++];
}

static void entry_remove(struct attribute_set *set,
			 struct attribute_entry *entry)
{
	*entry = set->entries[--set->n];
	if (!set->n)
		attribute_set_finish(set);
}

void attribute_set_finish(struct attribute_set *set)
{
	free(set->entries);
	*set = (struct attribute_set){NULL, 0};
}

/* What is in force at path, from all levels below `depth`; with (or NULL) stands
 * for what is at its path. Conditions come from a resource only. */
static struct attributes attributes_with(const struct attribute_set *set,
					 const struct lwm2m_path *path,
					 uint8_t depth,
					 const struct attribute_entry *with)
{
	struct attributes all = {.set = 0};
	struct lwm2m_path level = *path;

	for (level.depth = (uint8_t)(depth + 1); level.depth <= path->depth;
	     level.depth++) {
		const struct attributes *at =
			with && path_equal(&with->path, &level) ?
			&with->value : attributes_at(set, &level);
		uint16_t which = level.depth < 3 && level.depth < path->depth ?
			(uint16_t)~ATTRIBUTE_CONDITIONS : UINT16_MAX;

		if (at)
			attributes_merge(&all, at, which);
	}
	return all;
}

/* Core TS 7.3.2 judges what is in force, which at the levels below comes from
 * this one, too: none of them may end up with what cannot be met, in whatever
 * order the levels were written. What could not be met before (it was kept by an
 * older release) is in nobody's way. */
static bool is_met_with(const struct attribute_set *set,
			const struct attribute_entry *with)
{
	struct attributes all = attributes_with(set, &with->path, 0, with);

	/* Its own alone, too: those of "/" are in force at no level. */
	if (!is_consistent(&with->value) || !is_consistent(&all))
		return false;
	for (size_t i = 0; i < set->n; i++) {
		const struct lwm2m_path *below = &set->entries[i].path;
		struct attributes before;

		if (!path_covers(&with->path, below))
			continue;
		all = attributes_with(set, below, 0, with);
		before = attributes_with(set, below, 0, NULL);
		if (!is_consistent(&all) && is_consistent(&before))
			return false;
	}
	return true;
}

/* Replaces what is at path; nothing set: nothing is there any more. */
static int entry_put(struct attribute_set *set, const struct lwm2m_path *path,
		     const struct attributes *own)
{
	struct attribute_entry *entry = entry_find(set, path);

	if (!own->set) {
		if (entry)
			entry_remove(set, entry);
		return 0;
	}
	if (!entry)
		entry = entry_add(set, path);
	if (!entry)
		return -ENOMEM;
	entry->value = *own;
	return 0;
}

int attributes_write(struct attribute_set *set, const struct lwm2m_path *path,
		     const char *query, size_t n, uint16_t conditions)
{
	const struct attributes *before = attributes_at(set, path);
	struct attribute_entry entry = {.path = *path};
	struct change change = {.unset = 0};
	int error = query_parse(query, n, &change);

	if (error)
		return error;
	if (change.set.set & ATTRIBUTE_CONDITIONS & ~conditions)
		return -EDOM;
	if (before)
		entry.value = *before;
	entry.value.set &= (uint16_t)~change.unset;
	attributes_merge(&entry.value, &change.set, UINT16_MAX);
	if (!is_met_with(set, &entry))
		return -EDOM;
	return entry_put(set, path, &entry.value);
}

bool attributes_equal(const struct attributes *a, const struct attributes *b)
{
	struct attributes of[] = {*a, *b};

	if (a->set != b->set)
		return false;
	for (size_t i = 0; i < N_NAMES; i++) {
		uint16_t bit = names[i].bit;

		if (!(a->set & bit))
			continue;
		if (integer_of(&of[0], bit) ?
			    *integer_of(&of[0], bit) != *integer_of(&of[1], bit) :
			    *limit_of(&of[0], bit) != *limit_of(&of[1], bit))
			return false;
	}
	return true;
}

void attributes_lay(struct attributes *a, const struct attributes *over)
{
	attributes_merge(a, over, UINT16_MAX);
}

int attributes_read(const char *query, size_t n, uint16_t conditions,
		    struct attributes *own)
{
	struct change change = {.unset = 0};
	int error = query_parse(query, n, &change);

	*own = (struct attributes){.set = 0};
	if (error || change.unset)
		return -EINVAL;
	if (change.set.set & ATTRIBUTE_CONDITIONS & ~conditions ||
	    !is_consistent(&change.set))
		return -EDOM;
	*own = change.set;
	return 0;
}

void attributes_drop(struct attribute_set *set, const struct lwm2m_path *path)
{
	for (size_t i = set->n; i > 0; i--)
		if (path_covers(path, &set->entries[i - 1].path))
			entry_remove(set, &set->entries[i - 1]);
}

const struct attributes *attributes_at(const struct attribute_set *set,
				       const struct lwm2m_path *path)
{
	const struct attribute_entry *entry = entry_find(set, path);

	return entry ? &entry->value : NULL;
}

struct attributes attributes_below(const struct attribute_set *set,
				   const struct lwm2m_path *path,
				   uint8_t depth)
{
	return attributes_with(set, path, depth, NULL);
}

struct attributes attributes_effective(const struct attribute_set *set,
				       const struct lwm2m_path *path)
{
	return attributes_below(set, path, 0);
}

/* The shortest decimal without an exponent that reads back. */
static void decimal_format(double number, struct buf *out)
{
	char text[NUMBER_MAX];
	int precision = 0;

	do {
		snprintf(text, sizeof(text), "%.*f", precision, number);
	} while (strtod(text, NULL) != number && ++precision < 20);
	buf_text(out, text);
}

/* Each behind `first` or, from the second on, `between`. */
static void attributes_format_all(const struct attributes *attributes,
				  char first, char between, struct buf *out)
{
	struct attributes a = *attributes;

	for (size_t i = 0; i < N_NAMES; i++) {
		uint16_t bit = names[i].bit;

		if (!(a.set & bit))
			continue;
		buf_byte(out, (uint8_t)first);
		first = between;
		buf_text(out, names[i].text);
		buf_byte(out, '=');
		if (bit & ATTRIBUTE_LIMITS)
			decimal_format(*limit_of(&a, bit), out);
		else
			buf_print(out, "%u", *integer_of(&a, bit));
	}
}

void attributes_format(const struct attributes *attributes, struct buf *out)
{
	attributes_format_all(attributes, ';', ';', out);
}

/* ---- on disk */

void attributes_save(const struct attribute_set *set, uint32_t server,
		     struct buf *out)
{
	char path[PATH_TEXT_MAX];

	for (size_t i = 0; i < set->n; i++) {
		path_format(&set->entries[i].path, path);
		buf_print(out, "%u %s", server, path);
		attributes_format_all(&set->entries[i].value, ' ', '&', out);
		buf_byte(out, '\n');
	}
}

/* A word of a line and what is behind it; false: there is none. */
static bool word_next(const char **text, size_t *n, const char **word,
		      size_t *length)
{
	const char *space = memchr(*text, ' ', *n);

	if (!space)
		return false;
	*word = *text;
	*length = (size_t)(space - *text);
	*n -= *length + 1;
	*text = space + 1;
	return true;
}

/* They were judged when they were written, in another order than that of the
 * lines maybe: together with those of the levels above they are not again. */
static void line_load(struct attribute_set *set, uint32_t server,
		      const char *line, size_t n)
{
	struct lwm2m_path path;
	uint32_t id;
	const char *word;
	size_t length;
	struct change change = {.unset = 0};

	if (!word_next(&line, &n, &word, &length) ||
	    integer_parse(word, length, UINT32_MAX, &id) || id != server ||
	    !word_next(&line, &n, &word, &length) ||
	    path_parse(word, length, &path) ||
	    query_parse(line, n, &change) || !is_consistent(&change.set))
		return;
	entry_put(set, &path, &change.set);
}

void attributes_load(struct attribute_set *set, uint32_t server,
		     const char *text, size_t n)
{
	const char *end;

	while (n && (end = memchr(text, '\n', n))) {
		line_load(set, server, text, (size_t)(end - text));
		n -= (size_t)(end - text) + 1;
		text = end + 1;
	}
}
