/* SPDX-License-Identifier: GPL-2.0-or-later
 * Configurations from texts in memory, and their findings as a user sees them.*/
#ifndef TESTS_AGENT_CONFIG_CASE_H
#define TESTS_AGENT_CONFIG_CASE_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/arena.h"
#include "agent/config/config.h"
#include "agent/config/model.h"
#include "agent/config/yaml.h"

#define MAIN_USUAL "servers: [{id: 1, uri: coap://h}]\n"

struct config_case {
	const char *main;		/* NULL: MAIN_USUAL */
	const char *conf, *more;	/* conf.d/a.yaml, b.yaml; NULL: none */
	const char *profile;		/* v/m; NULL: none */
	/* What comes of it: */
	struct arena *arena;
	struct config_errors errors;
	struct config *config;
	struct config_profiles profiles;
	struct config_file profile_file;
};

static inline struct config_case *case_of(struct config_profiles *profiles)
{
	return (void *)((char *)profiles -
			offsetof(struct config_case, profiles));
}

static inline struct config_file case_file(struct config_case *c,
					   const char *name, const char *text)
{
	return (struct config_file){name, yaml_parse(name, text, strlen(text),
						     c->arena, &c->errors)};
}

static inline const struct config_file *
case_profile(struct config_profiles *profiles, const char *name,
	     struct config_errors *errors)
{
	struct config_case *c = case_of(profiles);

	(void)errors;
	if (!c->profile || strcmp(name, "v/m"))
		return NULL;
	if (!c->profile_file.name)
		c->profile_file = case_file(c, "profiles/v/m.yaml",
					    c->profile);
	return &c->profile_file;
}

static inline const char *case_profile_name(struct config_profiles *profiles,
					    size_t i)
{
	(void)profiles;
	return i ? NULL : "v/m";
}

static inline void case_build(struct config_case *c)
{
	struct config_file files[3];
	size_t n = 1;

	c->arena = arena_create();
	c->profiles = (struct config_profiles){case_profile,
					       case_profile_name, NULL};
	config_errors_init(&c->errors);
	c->errors.fatal = true;
	files[0] = case_file(c, "lwmux.yaml", c->main ? c->main : MAIN_USUAL);
	c->errors.fatal = false;
	if (c->conf)
		files[n++] = case_file(c, "conf.d/a.yaml", c->conf);
	if (c->more)
		files[n++] = case_file(c, "conf.d/b.yaml", c->more);
	c->config = config_build(files, n, &c->profiles, agent_model(),
				 &c->errors);
}

static inline void case_finish(struct config_case *c)
{
	config_free(c->config);
	config_errors_finish(&c->errors);
	arena_destroy(c->arena);
}

/* What config_errors_print() says; free() it. */
static inline char *findings_text(const struct config_errors *errors)
{
	FILE *file = tmpfile();
	char *text = calloc(1, 65536);

	if (!file || !text)
		abort();
	config_errors_print(errors, fileno(file));
	rewind(file);
	text[fread(text, 1, 65535, file)] = '\0';
	fclose(file);
	return text;
}
#endif
