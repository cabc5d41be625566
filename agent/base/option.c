/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/option.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "agent/base/nearest.h"

/* "--name" or "--name=value", which is unknown, or begins several. */
static void refuse_long(const char *const names[], const char *word,
			char text[OPTION_TEXT_MAX])
{
	char name[NEAREST_WORD_MAX + 1];
	struct nearest nearest;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="),
		 word + 2);
	nearest_init(&nearest, name);
	for (; *names; names++)
		nearest_offer(&nearest, *names);
	if (nearest.best)
		snprintf(text, OPTION_TEXT_MAX, "unknown option '--%s'; did "
			 "you mean '--%s'?", name, nearest.best);
	else
		snprintf(text, OPTION_TEXT_MAX, "unknown option '--%s'", name);
}

void option_trouble(const char *const names[], const char *word, int optopt_,
		    int code, char text[OPTION_TEXT_MAX])
{
	/* Of "-xw", which is not done with yet, word is the one before. */
	bool is_long = !strncmp(word, "--", 2) &&
		       (!optopt_ || code == ':' || strchr(word, '='));

	if (code == ':' && is_long)
		snprintf(text, OPTION_TEXT_MAX, "%.60s needs a value", word);
	else if (code == ':')
		snprintf(text, OPTION_TEXT_MAX, "-%c needs a value", optopt_);
	else if (is_long && optopt_)
		snprintf(text, OPTION_TEXT_MAX, "%.*s takes no value",
			 (int)strcspn(word, "="), word);
	else if (is_long)
		refuse_long(names, word, text);
	else
		snprintf(text, OPTION_TEXT_MAX, "unknown option '-%c'", optopt_);
}
