/* SPDX-License-Identifier: GPL-2.0-or-later
 * The strict subset of YAML, on libyaml's events: lists, maps and text with
 * their places, nothing else. The only user of libyaml. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "agent/base/arena.h"
#include "agent/base/text.h"
#include "agent/config/yaml.h"

#define SIZE_MOST (1u << 20)
#define DEPTH_MOST 8u
#define ENTRIES_MOST 16384u	/* of one map or list */
#define SHORT_MAP 16u		/* compared each with each: less than sorting */

struct child {
	const char *key;		/* NULL: of a list */
	struct place place;		/* of the key */
	struct yaml_node *node;
};

struct reading {
	yaml_parser_t parser;
	struct arena *arena;
	struct config_errors *errors;
	const char *file, *text;
	size_t length;
	unsigned depth;
	bool wrong;
	bool blank_told;		/* one that is none: what follows of it
					 * is not told */
	struct child *children;		/* of all groups that are being read, as
					 * their numbers are not known yet: a
					 * group's are the last */
	size_t n, size;
};

static struct place place_at(const struct reading *r, const yaml_mark_t *mark)
{
	return (struct place){r->file, (unsigned)mark->line + 1,
			      (unsigned)mark->column + 1};
}

/* Of an offset in bytes: libyaml's reader gives no line. Columns count
 * characters, so the bytes that continue one do not. */
static struct place place_of(const struct reading *r, size_t offset)
{
	struct place place = {r->file, 1, 1};

	for (size_t i = 0; i < offset && i < r->length; i++) {
		if (r->text[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if ((r->text[i] & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

#define FAIL(r, place, ...) \
	((r)->wrong = true, \
	 config_error_add((r)->errors, place, NULL, __VA_ARGS__))

/* ---- what most often stands behind a syntax error ---- */

struct line {
	const char *at;			/* behind blanks and "- " */
	size_t n, column;		/* of what is left; from 0 */
	size_t number;			/* from 0, as libyaml counts */
};

/* The line as it stands in the text; n: its length. */
static const char *line_find(const struct reading *r, size_t number, size_t *n)
{
	const char *at = r->text, *end = r->text + r->length, *stop;

	while (number-- && at < end) {
		stop = memchr(at, '\n', (size_t)(end - at));
		at = stop ? stop + 1 : end;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	*n = (size_t)((stop ? stop : end) - at);
	return at;
}

static struct line line_read(const struct reading *r, size_t number)
{
	size_t n, i = 0;
	const char *at = line_find(r, number, &n);

	while (i < n && (at[i] == ' ' || (at[i] == '-' && i + 1 < n &&
					  at[i + 1] == ' ')))
		i++;
	while (n > i && (at[n - 1] == ' ' || at[n - 1] == '\r'))
		n--;
	return (struct line){at + i, n - i, i, number};
}

/* The nearest one above that says something. n 0: there is none. */
static struct line line_before(const struct reading *r, size_t number)
{
	struct line line = {.n = 0};

	while (number-- && (!line.n || *line.at == '#'))
		line = line_read(r, number);
	return line.n && *line.at == '#' ? (struct line){.n = 0} : line;
}

/* "endpoint a", "endpoint:a": what should have been a key and its value. */
static const char *colon_hint(const struct line *line)
{
	size_t n = 0;

	while (n < line->n && (islower((unsigned char)line->at[n]) ||
			       isdigit((unsigned char)line->at[n]) ||
			       line->at[n] == '_'))
		n++;
	if (!n || n == line->n)
		return NULL;
	if (line->at[n] == ' ' && !memmem(line->at, line->n, ": ", 2) &&
	    line->at[line->n - 1] != ':')
		return "a colon is missing behind the key";
	if (line->at[n] == ':' && n + 1 < line->n && line->at[n + 1] != ' ')
		return "a blank is missing after the colon";
	return NULL;
}

/* Of one map, in what a level up may be another: where it should begin. */
static char *indent_hint(const struct reading *r, const struct line *before)
{
	return arena_print(r->arena, ": the keys of one map begin in the same "
			   "column: in line %zu that is column %zu",
			   before->number + 1, before->column + 1);
}

static bool problem_says(const struct reading *r, const char *words)
{
	return r->parser.problem && strstr(r->parser.problem, words);
}

/* "endpoint: room 1: left", where the problem is the second of them. */
static bool has_two_colons(const struct reading *r, const struct line *line)
{
	size_t column = r->parser.problem_mark.column;

	return problem_says(r, "mapping values") && column > line->column &&
	       column - line->column <= line->n &&
	       memmem(line->at, column - line->column, ": ", 2);
}

/* The line above, or the one that began, is no "key: value". */
static const char *mapping_hint(const struct reading *r, size_t number)
{
	size_t began = r->parser.context ? r->parser.context_mark.line : number;
	struct line here = line_read(r, number), there = line_read(r, began),
		    before = line_before(r, number);
	const char *colon = colon_hint(&there);

	if (has_two_colons(r, &here))
		return ": a text with ': ' in it needs quotes";
	if (!colon && colon_hint(&before)) {
		colon = colon_hint(&before);
		there = before;
	}
	if (colon)
		return arena_print(r->arena, ": in line %zu %s",
				   there.number + 1, colon);
	if (problem_says(r, "mapping values") && before.n &&
	    here.column > before.column)
		return indent_hint(r, &before);
	if (problem_says(r, "mapping values"))
		return ": a text with ': ' in it needs quotes, and the keys of "
		       "a map stand below each other";
	return before.n ? indent_hint(r, &before) : "";
}

/* Inside { } and [ ] a brace, a bracket or a comma ends an unquoted text. */
static const char *flow_hint(const struct reading *r, size_t number)
{
	size_t n;
	const char *at = line_find(r, number, &n);

	if (memmem(at, n, "${", 2))
		return ": inside { } a text with ${...} needs quotes, "
		       "as \"m-${unit}\"";
	if (memmem(at, n, "://[", 4))
		return ": inside { } an address in brackets needs quotes, "
		       "as \"coap://[2001:db8::1]:5683\"";
	if (memchr(at, '\t', n))
		return ": indent with blanks, not with tabs";
	if (problem_says(r, "',' or '"))
		return ": a comma, the end of { } or [ ], or the quotes of a "
		       "text are missing before it";
	return NULL;
}

/* Of single characters in a line, which are not seen or not known for what
 * they are. */
static const char *character_hint(const struct reading *r, size_t number)
{
	size_t n;
	const char *at = line_find(r, number, &n);

	if (memmem(at, n, "\xc2\xa0", 2))
		return arena_print(r->arena, ": a no-break space (U+00A0) is "
				   "in line %zu, which is no blank",
				   number + 1);
	if (problem_says(r, "cannot start any token") && !memchr(at, '\t', n))
		return ": a text that begins with %, @ or ` needs quotes";
	return NULL;
}

/* What is of another language or program, and is nothing to YAML. */
static const char *foreign_hint(const struct line *line)
{
	static const struct { const char *begins, *hint; } foreign[] = {
		{"//", ": a comment begins with #"},
		{"/*", ": a comment begins with #"},
		{";", ": a comment begins with #"},
		{"```", ": ``` is Markdown's, and no part of the file"},
		{"<<<<<<<", ": marks of a merge (<<<<<<<): keep one side of it"},
		{"=======", ": marks of a merge (=======): keep one side of it"},
		{">>>>>>>", ": marks of a merge (>>>>>>>): keep one side of it"},
	};

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (line->n >= strlen(foreign[i].begins) &&
		    !memcmp(line->at, foreign[i].begins,
			    strlen(foreign[i].begins)))
			return foreign[i].hint;
	return NULL;
}

static const char *problem_hint(const struct reading *r, size_t number)
{
	struct line here = line_read(r, number),
		    before = line_before(r, number);
	const char *flow = flow_hint(r, number);
	const char *character = foreign_hint(&here);

	if (!character)
		character = foreign_hint(&before);
	if (!character)
		character = character_hint(r, number);
	if (!character)
		character = character_hint(r, r->parser.context ?
					   r->parser.context_mark.line :
					   line_before(r, number).number);
	if (character)
		return character;
	if (flow)
		return flow;
	if (problem_says(r, "<document start>"))
		return ": a file is one map, 'key: value' lines that begin in "
		       "the first column";
	if (problem_says(r, "end of stream"))
		return ": the quote that ends it is missing";
	if (problem_says(r, "mapping values") ||
	    problem_says(r, "expected ':'") ||
	    problem_says(r, "expected '-'") || problem_says(r, "expected key"))
		return mapping_hint(r, number);
	return "";
}

static void refuse_syntax(struct reading *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (r->blank_told)
		return;
	switch (p->error) {
	case YAML_MEMORY_ERROR:
		abort();
	case YAML_READER_ERROR:
		FAIL(r, place_of(r, p->problem_offset),
		     "not text in UTF-8: %s", problem);
		return;
	case YAML_SCANNER_ERROR:
	case YAML_PARSER_ERROR:
	case YAML_NO_ERROR:
	case YAML_COMPOSER_ERROR:
	case YAML_WRITER_ERROR:
	case YAML_EMITTER_ERROR:
		break;
	}
	if (p->context)
		FAIL(r, place_at(r, &p->problem_mark), "not valid YAML: %s "
		     "that begins in line %zu, %s%s", p->context,
		     p->context_mark.line + 1, problem,
		     problem_hint(r, p->problem_mark.line));
	else
		FAIL(r, place_at(r, &p->problem_mark), "not valid YAML: %s%s",
		     problem, problem_hint(r, p->problem_mark.line));
}

static bool event_next(struct reading *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;
	refuse_syntax(r);
	return false;
}

static void *memory_grow(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		abort();
	return memory;
}

static void child_add(struct reading *r, const char *key, struct place place,
		      struct yaml_node *node)
{
	if (r->n == r->size) {
		r->size = r->size ? 2 * r->size : 64;
		r->children = memory_grow(r->children, r->size * sizeof(*r->children));
	}
	r->children[r->n++] = (struct child){key, place, node};
}

/* All children from the first on become the node's. */
static void children_settle(struct reading *r, struct yaml_node *node,
			    size_t first)
{
	bool map = node->kind == YAML_MAP;
	const struct child *c;

	node->n = r->n - first;
	r->n = first;
	if (!node->n)
		return;
	c = r->children + first;
	node->items = arena_take(r->arena, node->n * sizeof(*node->items));
	if (map) {
		node->keys = arena_take(r->arena,
					node->n * sizeof(*node->keys));
		node->key_places = arena_take(r->arena, node->n *
					      sizeof(*node->key_places));
	}
	for (size_t i = 0; i < node->n; i++) {
		node->items[i] = c[i].node;
		if (map) {
			node->keys[i] = c[i].key;
			node->key_places[i] = c[i].place;
		}
	}
}

struct named { const char *key; size_t index; };

static int named_compare(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	return order ? order : a->index < b->index ? -1 : 1;
}

static void refuse_second(struct reading *r, const struct child *first,
			  const struct child *second)
{
	FAIL(r, second->place, "the key '%s' stands here twice, first in line "
	     "%u", second->key, first->place.line);
}

/* Of a map that is long, and perhaps written to annoy: by sorting. */
static void refuse_duplicates_sorted(struct reading *r, const struct child *c,
				     size_t n)
{
	struct named *sorted = memory_grow(NULL, n * sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct named){c[i].key, i};
	qsort(sorted, n, sizeof(*sorted), named_compare);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(sorted[i].key, sorted[i - 1].key))
			refuse_second(r, c + sorted[i - 1].index,
				      c + sorted[i].index);
	free(sorted);
}

static void refuse_duplicates(struct reading *r, size_t first)
{
	size_t n = r->n - first;
	const struct child *c;

	if (n < 2)
		return;
	c = r->children + first;
	if (n > SHORT_MAP) {
		refuse_duplicates_sorted(r, c, n);
		return;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t earlier = i; earlier--; )
			if (text_is(c[i].key, c[earlier].key)) {
				refuse_second(r, c + earlier, c + i);
				break;
			}
}

static void refuse_property(struct reading *r, const yaml_event_t *event,
			    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		FAIL(r, place_at(r, &event->start_mark),
		     "anchors (&%s) are not supported: write it out, or quote "
		     "a text that begins with &", (const char *)anchor);
	if (tag)
		FAIL(r, place_at(r, &event->start_mark),
		     "tags (%s) are not supported: the kind of a value "
		     "follows from its key; quote a text that begins with !",
		     (const char *)tag);
}

static struct yaml_node *node_make(struct reading *r, enum yaml_kind kind,
				   const yaml_event_t *event)
{
	struct yaml_node *node = arena_take(r->arena, sizeof(*node));

	node->kind = kind;
	node->place = place_at(r, &event->start_mark);
	return node;
}

/* What word processors and web pages make of a blank is not seen. */
static void refuse_foreign_blank(struct reading *r, struct place place,
				 const char *text)
{
	static const struct { const char *bytes, *name; } blanks[] = {
		{"\u00a0", "a no-break space (U+00A0)"},
		{"\u202f", "a narrow no-break space (U+202F)"},
		{"\u2009", "a thin space (U+2009)"},
		{"\u3000", "a wide space (U+3000)"},
		{"\u200b", "a zero-width space (U+200B)"},
		{"\ufeff", "a zero-width space (U+FEFF)"},
	};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(*blanks); i++) {
		if (!strstr(text, blanks[i].bytes))
			continue;
		FAIL(r, place, "there is %s in it, which is no blank: write a "
		     "usual one", blanks[i].name);
		r->blank_told = true;
	}
}

/* What word processors make of a quote would become a part of the text. */
static void refuse_foreign_quote(struct reading *r, struct place place,
				 const char *text)
{
	static const char *const quotes[] = {"\u201c", "\u201d", "\u201e",
					     "\u2018", "\u2019", "\u201a",
					     "\u00ab", "\u00bb"};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++)
		if (!strncmp(text, quotes[i], strlen(quotes[i])))
			FAIL(r, place, "%s is no quote of YAML: write \" or '",
			     quotes[i]);
}

/* As YAML has it: nothing stands there. */
static bool is_null(const char *text)
{
	return !strcmp(text, "~") || !strcmp(text, "null") ||
	       !strcmp(text, "Null") || !strcmp(text, "NULL");
}

/* None of the signs that are refused is ASCII, as nearly all texts are. */
static bool is_ascii(const char *text)
{
	while ((unsigned char)*text - 1u < 0x7f)
		text++;
	return !*text;
}

static struct yaml_node *text_read(struct reading *r, const yaml_event_t *event)
{
	struct yaml_node *node = node_make(r, YAML_TEXT, event);
	size_t n = event->data.scalar.length;
	const char *text = (const char *)event->data.scalar.value;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	refuse_property(r, event, event->data.scalar.anchor,
			event->data.scalar.tag);
	if (memchr(text, '\0', n))
		FAIL(r, node->place, "a text with a NUL character");
	if (plain && !is_ascii(text)) {
		refuse_foreign_quote(r, node->place, text);
		refuse_foreign_blank(r, node->place, text);
	}
	node->text = plain && is_null(text) ? "" : arena_text(r->arena, text);
	return node;
}

static struct yaml_node *node_read(struct reading *r, yaml_event_t *event);

/* One key and what it stands for; false: nothing more can be read. */
static bool pair_read(struct reading *r, yaml_event_t *event)
{
	const struct yaml_node *key;
	struct yaml_node *value;
	yaml_event_t second;

	if (event->type != YAML_SCALAR_EVENT) {
		FAIL(r, place_at(r, &event->start_mark),
		     event->type == YAML_ALIAS_EVENT
			? "aliases (*) are not supported"
			: "a key must be a plain text; a value with { needs "
			  "quotes");
		return false;
	}
	key = text_read(r, event);
	if (!event_next(r, &second))
		return false;
	value = node_read(r, &second);
	yaml_event_delete(&second);
	if (!value)
		return false;
	child_add(r, key->text, key->place, value);
	return true;
}

static bool item_read(struct reading *r, yaml_event_t *event)
{
	struct yaml_node *item = node_read(r, event);

	if (!item)
		return false;
	child_add(r, NULL, item->place, item);
	return true;
}

static bool children_read(struct reading *r, enum yaml_kind kind)
{
	size_t first = r->n;
	yaml_event_t event;
	bool more = true;

	while (more && event_next(r, &event)) {
		if (event.type == YAML_MAPPING_END_EVENT ||
		    event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		if (r->n - first == ENTRIES_MOST) {
			FAIL(r, place_at(r, &event.start_mark),
			     "more than %u entries", ENTRIES_MOST);
			more = false;
		} else {
			more = kind == YAML_MAP ? pair_read(r, &event)
						: item_read(r, &event);
		}
		yaml_event_delete(&event);
	}
	return false;
}

static struct yaml_node *group_read(struct reading *r, enum yaml_kind kind,
				    const yaml_event_t *event)
{
	struct yaml_node *node = node_make(r, kind, event);
	size_t first = r->n;
	bool whole;

	if (r->depth == DEPTH_MOST) {
		FAIL(r, node->place, "nested more than %u deep", DEPTH_MOST);
		return NULL;
	}
	r->depth++;
	whole = children_read(r, kind);
	r->depth--;
	if (whole) {
		if (kind == YAML_MAP)
			refuse_duplicates(r, first);
		children_settle(r, node, first);
	}
	return whole ? node : NULL;
}

/* NULL: an error was added, and nothing more can be read. */
static struct yaml_node *node_read(struct reading *r, yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return text_read(r, event);
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		refuse_property(r, event, event->data.sequence_start.anchor,
				event->data.sequence_start.tag);
		return group_read(r, YAML_LIST, event);
	}
	if (event->type == YAML_MAPPING_START_EVENT) {
		refuse_property(r, event, event->data.mapping_start.anchor,
				event->data.mapping_start.tag);
		return group_read(r, YAML_MAP, event);
	}
	FAIL(r, place_at(r, &event->start_mark),
	     "aliases (*%s) are not supported: write it out, or quote a text "
	     "that begins with *",
	     event->type == YAML_ALIAS_EVENT
		? (const char *)event->data.alias.anchor : "");
	return NULL;
}

/* The next event that is not the frame of the stream or a document. */
static bool content_next(struct reading *r, yaml_event_t *event)
{
	while (event_next(r, event)) {
		if (event->type != YAML_STREAM_START_EVENT &&
		    event->type != YAML_DOCUMENT_START_EVENT &&
		    event->type != YAML_DOCUMENT_END_EVENT)
			return true;
		yaml_event_delete(event);
	}
	return false;
}

static struct yaml_node *document_read(struct reading *r)
{
	struct yaml_node *root = NULL;
	yaml_event_t event;

	if (!content_next(r, &event))
		return NULL;
	root = event.type == YAML_STREAM_END_EVENT
		? node_make(r, YAML_MAP, &event) : node_read(r, &event);
	yaml_event_delete(&event);
	if (!root || !content_next(r, &event))
		return NULL;
	if (event.type != YAML_STREAM_END_EVENT &&
	    event.type != YAML_NO_EVENT)
		FAIL(r, place_at(r, &event.start_mark),
		     "a second document (after ---): one file, one document");
	yaml_event_delete(&event);
	return root;
}

static void check_root(struct reading *r, struct yaml_node *root)
{
	if (root->kind == YAML_TEXT && !*root->text)
		root->kind = YAML_MAP;
	if (root->kind != YAML_MAP)
		FAIL(r, root->place, "the file must be a map: 'key: value' "
		     "lines");
}

/* Editors of other systems begin a file with a byte order mark; libyaml would
 * count it as a column, and take the second key for another document. */
static size_t mark_length(const char *text, size_t length)
{
	return length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

const struct yaml_node *yaml_parse(const char *file, const char *text,
				   size_t length, struct arena *arena,
				   struct config_errors *errors)
{
	size_t mark = mark_length(text, length);
	struct reading r = {.arena = arena, .errors = errors,
			    .text = text + mark, .length = length - mark};
	struct yaml_node *root;

	r.file = arena_text(arena, file);
	if (length >= 2 && (!memcmp(text, "\xff\xfe", 2) ||
			    !memcmp(text, "\xfe\xff", 2))) {
		FAIL(&r, ((struct place){r.file, 1, 1}),
		     "is in UTF-16: save it as UTF-8");
		return NULL;
	}
	if (length > SIZE_MOST) {
		FAIL(&r, ((struct place){r.file, 0, 0}),
		     "larger than 1 MiB, as no file may be: put some of its "
		     "devices into another file of conf.d");
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.text,
				     r.length);
	root = document_read(&r);
	if (root)
		check_root(&r, root);
	yaml_parser_delete(&r.parser);
	free(r.children);
	return r.wrong ? NULL : root;
}
