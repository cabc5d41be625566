/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/text.h"
#include <stdlib.h>
#include <string.h>

char *text_copy(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

bool text_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}
