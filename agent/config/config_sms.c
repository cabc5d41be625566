/* SPDX-License-Identifier: GPL-2.0-or-later
 * `sms:` of the main file. */
#include <string.h>
#include "agent/config/config_build.h"

#define DIGITS_MOST 15		/* E.164 */

bool config_is_number(const char *text)
{
	size_t n;

	text += *text == '+';
	n = strspn(text, "0123456789");
	return n > 2 && n <= DIGITS_MOST && !text[n];
}

void config_sms_free(struct config_sms *sms)
{
	if (sms)
		arena_destroy(sms->arena);
}

static struct config_sms *sms_create(void)
{
	struct arena *arena = arena_create();
	struct config_sms *sms = arena_take(arena, sizeof(*sms));

	sms->arena = arena;
	sms->fingerprint = FINGERPRINT_START;
	config_keys_fall_back(config_sms_keys, sms, arena);
	return sms;
}

/* Numbers of servers may come by bootstrap, too. */
static void sms_check(const struct config_builder *b,
		      const struct config_sms *sms,
		      const struct yaml_node *node, struct config_scope *scope)
{
	const struct yaml_node *number = yaml_get(node, "number");
	bool any = b->config->bootstrap != NULL;

	if (number && sms->number && !config_is_number(sms->number))
		config_scope_add(scope, number->place, "'number' must be as "
				 "+491701234567, not '%s'", sms->number);
	for (size_t i = 0; i < b->config->n_servers; i++)
		any |= b->config->servers[i]->sms_number != NULL;
	if (!any)
		config_warning_add(b->errors, node->place, NULL, "sms: no "
				   "server has an 'sms_number', so every SMS "
				   "will be dropped");
}

void config_sms_build(struct config_builder *b, const struct yaml_node *node)
{
	struct config_sms *sms = sms_create();
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "sms");
	b->config->sms = sms;
	if (!config_is_map(node, "sms", &scope))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct config_key *key =
			config_key_find(config_sms_keys, node->keys[i]);

		if (!key)
			config_refuse_key(&scope, node->keys[i],
					  node->key_places[i],
					  config_sms_keys, NULL);
		else
			config_key_set(key, node->items[i], sms, sms->arena,
				       &scope);
		sms->fingerprint += fingerprint_pair(node->keys[i],
						     node->items[i]);
	}
	sms_check(b, sms, node, &scope);
}
