/* SPDX-License-Identifier: GPL-2.0-or-later
 * What makes a fleet short: ${words} and ranges of units. */
#include "agent/config/config_block.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool template_in(const struct yaml_node *node)
{
	if (node->kind == YAML_TEXT)
		return strstr(node->text, "${");
	for (size_t i = 0; i < node->n; i++)
		if (template_in(node->items[i]))
			return true;
	return false;
}

/* A walk over texts. others_stay: what none of the words is stays as it is. */
struct filling {
	const struct template_word *words;
	bool others_stay;
	struct arena *arena;
	struct config_scope *scope;
};

/* NULL: refused. from: at the '$', n: with its braces. */
static const char *word_find(const struct filling *f, const char *from,
			     size_t n, struct place place)
{
	for (const struct template_word *w = f->words; w->name; w++) {
		if (strlen(w->name) != n - 3 ||
		    memcmp(w->name, from + 2, n - 3))
			continue;
		if (!w->text && f->scope)
			config_scope_add(f->scope, place, "${%s} has no "
					 "value here: %s", w->name, w->why);
		if (w->text || !f->others_stay)
			return w->text;
	}
	if (f->others_stay)
		return arena_print(f->arena, "%.*s", (int)n, from);
	config_scope_add(f->scope, place, "%.*s is not known: there are "
			 "${endpoint}, ${gateway}, ${unit}, ${hostname}, "
			 "${machine_id} and ${serial}", (int)n, from);
	return NULL;
}

static const char *text_fill(const struct filling *f,
			     const struct yaml_node *node)
{
	const char *text = arena_text(f->arena, ""), *at = node->text, *from;

	while ((from = strstr(at, "${"))) {
		size_t n = strcspn(from, "}") + 1;
		const char *word;

		if (!from[n - 1] && f->others_stay)
			break;
		if (!from[n - 1]) {
			config_scope_add(f->scope, node->place,
					 "'${' without its '}'");
			return node->text;
		}
		word = word_find(f, from, n, node->place);
		if (!word)
			return node->text;
		text = arena_print(f->arena, "%s%.*s%s", text,
				   (int)(from - at), at, word);
		at = from + n;
	}
	return arena_print(f->arena, "%s%s", text, at);
}

static const struct yaml_node *node_fill(const struct filling *f,
					 const struct yaml_node *node)
{
	struct yaml_node *filled, **items;

	if (!template_in(node))
		return node;
	filled = arena_take(f->arena, sizeof(*filled));
	*filled = *node;
	if (node->kind == YAML_TEXT) {
		filled->text = text_fill(f, node);
		return filled;
	}
	items = arena_take(f->arena, node->n * sizeof(*items));
	for (size_t i = 0; i < node->n; i++)
		items[i] = (struct yaml_node *)(uintptr_t)
			node_fill(f, node->items[i]);
	filled->items = items;
	return filled;
}

const struct yaml_node *template_fill(const struct yaml_node *node,
				      const struct template_words *words,
				      struct arena *arena,
				      struct config_scope *scope)
{
	const struct template_word list[] = {
		{"endpoint", words->endpoint,
		 "the endpoint's name cannot hold itself"},
		{"gateway", words->gateway, "gateway: has no name"},
		{"unit", words->unit, "the device has no unit"},
		/* The machine's were filled in where they are known. */
		{"hostname", NULL, TEMPLATE_NO_HOSTNAME},
		{"machine_id", NULL, TEMPLATE_NO_MACHINE_ID},
		{"serial", NULL, TEMPLATE_NO_SERIAL},
		{NULL, NULL, NULL},
	};

	return node_fill(&(struct filling){list, false, arena, scope}, node);
}

const struct yaml_node *template_fill_machine(const struct yaml_node *node,
					      const struct template_word *words,
					      struct arena *arena,
					      struct config_scope *scope)
{
	return node_fill(&(struct filling){words, true, arena, scope}, node);
}

/* Not a part of a longer word, and none of ours, which "${" begins. */
static bool has_word(const char *text, const char *word)
{
	const char *at = text;

	while ((at = strstr(at, word))) {
		const char *behind = at + strlen(word);

		if (!isalnum((unsigned char)*behind) &&
		    (at == text || at[-1] != '$'))
			return true;
		at = behind;
	}
	return false;
}

void template_warn(const struct yaml_node *value, const char *key,
		   const struct config_scope *scope)
{
	static const struct { const char *foreign, *own; } words[] = {
		{"$HOSTNAME", "hostname"}, {"$(hostname)", "hostname"},
		{"$hostname", "hostname"}, {"{hostname}", "hostname"},
		{"%h", "hostname"}, {"%H", "hostname"}, {"%m", "machine_id"},
		{"{machine_id}", "machine_id"}, {"$serial", "serial"},
		{"{serial}", "serial"}, {"$unit", "unit"}, {"{unit}", "unit"},
		{"$gateway", "gateway"}, {"{gateway}", "gateway"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!has_word(value->text, words[i].foreign))
			continue;
		config_warning_add(scope->errors, value->place, scope->device,
				   "'%s': '%s' is taken as it stands: what is "
				   "filled in is written ${%s}", key,
				   words[i].foreign, words[i].own);
		return;
	}
}

void block_fill(struct block *block, const struct block *from,
		const struct template_words *words, struct arena *arena,
		struct config_scope *scope)
{
	struct entry **end;

	block_init(block);
	end = &block->first;
	for (const struct entry *e = from->first; e; e = e->next) {
		struct entry *copy = arena_take(arena, sizeof(*copy));

		*copy = *e;
		copy->value = template_fill(e->value, words, arena, scope);
		copy->next = NULL;
		*end = copy;
		end = &copy->next;
	}
	block->end = end;
	block->n = from->n;
}

static int number_parse(const char **text, uint32_t *number)
{
	size_t n = strspn(*text, "0123456789");

	if (!n || n > 6)
		return -EINVAL;
	*number = (uint32_t)strtoul(*text, NULL, 10);
	*text += n;
	return 0;
}

/* "5" or "5-18"; moves *text behind it. */
static int range_parse(const char **text, uint32_t *first, uint32_t *last)
{
	if (number_parse(text, first))
		return -EINVAL;
	*last = *first;
	if (**text != '-')
		return 0;
	++*text;
	return number_parse(text, last) || *last < *first ? -EINVAL : 0;
}

static int units_walk(const char *text, uint32_t *units)
{
	uint32_t first, last;
	size_t n = 0;

	for (;;) {
		if (range_parse(&text, &first, &last))
			return -EINVAL;
		if (last - first >= UNITS_MOST - n)
			return -E2BIG;
		for (uint32_t u = first; ; u++) {
			if (units)
				units[n] = u;
			n++;
			if (u == last)
				break;
		}
		if (!*text)
			return (int)n;
		if (*text != ',')
			return -EINVAL;
		text++;
		text += *text == ' ';
	}
}

int units_parse(const char *text, struct arena *arena, uint32_t **units)
{
	int n;

	if (!isdigit((unsigned char)*text) || !strpbrk(text, "-,"))
		return 0;
	n = units_walk(text, NULL);
	if (n <= 0)
		return n;
	*units = arena_take(arena, (size_t)n * sizeof(**units));
	return units_walk(text, *units);
}
