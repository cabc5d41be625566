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

/* NULL: refused. */
static const char *word_find(const char *name, size_t n,
			     const struct template_words *words,
			     const struct yaml_node *node,
			     struct config_scope *scope)
{
	const struct { const char *name, *text; } known[] = {
		{"endpoint", words->endpoint}, {"gateway", words->gateway},
		{"unit", words->unit},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strlen(known[i].name) != n ||
		    memcmp(known[i].name, name, n))
			continue;
		if (!known[i].text)
			config_scope_add(scope, node->place, "${%s} has no "
					 "value here: %s", known[i].name,
					 i == 0 ? "the endpoint's name cannot "
						  "hold itself" :
					 i == 1 ? "gateway: has no name" :
						  "the device has no unit");
		return known[i].text;
	}
	config_scope_add(scope, node->place, "${%.*s} is not known: there are "
			 "${endpoint}, ${gateway} and ${unit}", (int)n, name);
	return NULL;
}

static const char *text_fill(const struct yaml_node *node,
			     const struct template_words *words,
			     struct arena *arena, struct config_scope *scope)
{
	const char *text = arena_text(arena, ""), *at = node->text, *from;

	while ((from = strstr(at, "${"))) {
		size_t n = strcspn(from + 2, "}");
		const char *word;

		if (!from[2 + n]) {
			config_scope_add(scope, node->place,
					 "'${' without its '}'");
			return node->text;
		}
		word = word_find(from + 2, n, words, node, scope);
		if (!word)
			return node->text;
		text = arena_print(arena, "%s%.*s%s", text, (int)(from - at),
				   at, word);
		at = from + 2 + n + 1;
	}
	return arena_print(arena, "%s%s", text, at);
}

const struct yaml_node *template_fill(const struct yaml_node *node,
				      const struct template_words *words,
				      struct arena *arena,
				      struct config_scope *scope)
{
	struct yaml_node *filled, **items;

	if (!template_in(node))
		return node;
	filled = arena_take(arena, sizeof(*filled));
	*filled = *node;
	if (node->kind == YAML_TEXT) {
		filled->text = text_fill(node, words, arena, scope);
		return filled;
	}
	items = arena_take(arena, node->n * sizeof(*items));
	for (size_t i = 0; i < node->n; i++)
		items[i] = (struct yaml_node *)(uintptr_t)
			template_fill(node->items[i], words, arena, scope);
	filled->items = items;
	return filled;
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
