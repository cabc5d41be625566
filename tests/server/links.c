/* SPDX-License-Identifier: GPL-2.0-or-later
 * CoRE link format, strictly. */
#include "tests/server/links.h"

#include <ctype.h>
#include <string.h>

struct attribute {
	const char *name, *value;
	size_t name_length, value_length;
	bool quoted;
};

static bool name_is(const struct attribute *a, const char *name)
{
	return a->name_length == strlen(name) &&
	       memcmp(a->name, name, a->name_length) == 0;
}

/* Characters of an unquoted value: RFC 6690's ptoken. */
static bool token_char(char c)
{
	return c && (isalnum((unsigned char)c) ||
		     strchr("!#$%&'()*+-./:<=>?@[]^_`{|}~", c));
}

/* `text` stands behind the ';'. Returns what follows, NULL with *why. */
static const char *attribute_parse(const char *text, const char *end,
				   struct attribute *a, const char **why)
{
	*a = (struct attribute){.name = text};
	while (text < end && (isalnum((unsigned char)*text) ||
			      strchr("-_.*", *text)))
		text++;
	a->name_length = (size_t)(text - a->name);
	if (a->name_length == 0) {
		*why = "attribute without a name";
		return NULL;
	}
	if (text == end || *text != '=')
		return text;
	text++;
	if (text < end && *text == '"') {
		a->quoted = true;
		a->value = ++text;
		while (text < end && *text != '"')
			text += *text == '\\' && text + 1 < end ? 2 : 1;
		if (text >= end) {
			*why = "quotation mark not closed";
			return NULL;
		}
		a->value_length = (size_t)(text - a->value);
		return text + 1;
	}
	a->value = text;
	while (text < end && token_char(*text))
		text++;
	a->value_length = (size_t)(text - a->value);
	if (a->value_length == 0) {
		*why = "attribute with '=' but no value";
		return NULL;
	}
	return text;
}

/* Ids in "/3303/0"; a slash at the end is let pass, as by Leshan. */
static int depth_of(const char *target, size_t length)
{
	int depth = 0;
	size_t i = 0;

	while (i < length) {
		if (target[i++] != '/')
			return -1;
		if (i == length)
			break;
		if (!isdigit((unsigned char)target[i]))
			return -1;
		while (i < length && isdigit((unsigned char)target[i]))
			i++;
		depth++;
	}
	return depth;
}

static const char *target_parse(const char *text, const char *end,
				struct link *out, const char **why)
{
	if (text == end || *text != '<') {
		*why = *text == ' ' ? "space before a link"
				    : "link does not start with '<'";
		return NULL;
	}
	out->target = ++text;
	while (text < end && *text != '>')
		text++;
	if (text == end) {
		*why = "'<' not closed";
		return NULL;
	}
	out->target_length = (size_t)(text - out->target);
	if (out->target_length == 0 || *out->target != '/') {
		*why = "target does not start with '/'";
		return NULL;
	}
	out->depth = depth_of(out->target, out->target_length);
	return text + 1;
}

typedef const char *(*attribute_check)(const struct link *,
				       const struct attribute *);

static int next(const char **at, const char *end, struct link *out,
		attribute_check check, const char **why)
{
	const char *text = *at;
	struct attribute a;

	*out = (struct link){.start = text};
	if (text == end)
		return 0;
	text = target_parse(text, end, out, why);
	while (text && text < end && *text == ';') {
		text = attribute_parse(text + 1, end, &a, why);
		if (!text)
			break;
		if (name_is(&a, "ver")) {
			out->version = a.value;
			out->version_length = a.value_length;
		}
		if (check && (*why = check(out, &a)))
			return -1;
	}
	if (!text)
		return -1;
	out->length = (size_t)(text - out->start);
	if (text < end && *text != ',') {
		*why = *text == ' ' ? "space in the list"
				    : "unexpected character behind a link";
		return -1;
	}
	if (text < end && ++text == end) {
		*why = "comma at the end";
		return -1;
	}
	*at = text;
	return 1;
}

int link_next(const char **at, const char *end, struct link *out,
	      const char **why)
{
	return next(at, end, out, NULL, why);
}

static bool version_good(const struct attribute *a)
{
	return a->value_length == 3 && isdigit((unsigned char)a->value[0]) &&
	       a->value[1] == '.' && isdigit((unsigned char)a->value[2]);
}

static const char *check_registered(const struct link *l,
				    const struct attribute *a)
{
	if (!name_is(a, "ver"))
		return NULL;
	if (l->depth >= 2)
		return "ver on an instance link";
	if (a->quoted)
		return "ver in quotation marks";
	return version_good(a) ? NULL : "ver is not DIGIT.DIGIT";
}

static bool number_good(const struct attribute *a)
{
	size_t i = 0;

	if (a->quoted || a->value_length == 0)
		return false;
	if (a->value[0] == '-')
		i++;
	for (; i < a->value_length; i++)
		if (!isdigit((unsigned char)a->value[i]) && a->value[i] != '.')
			return false;
	return true;
}

static const char *check_discovered(const struct link *l,
				    const struct attribute *a)
{
	static const char *const numbers[] = {
		"dim", "ssid", "pmin", "pmax", "gt", "lt", "st", "epmin",
		"epmax",
	};

	(void)l;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (name_is(a, numbers[i]))
			return number_good(a) ? NULL
					      : "attribute is not a number";
	if (name_is(a, "ver") || name_is(a, "lwm2m"))
		return a->quoted ? "version in quotation marks" : NULL;
	return name_is(a, "uri") ? NULL : "attribute unknown to servers";
}

static const char *list_check(const char *text, size_t length,
			      attribute_check check)
{
	const char *why = NULL, *end = text + length;
	struct link link;
	int got;

	do {
		got = next(&text, end, &link, check, &why);
	} while (got > 0);
	return got < 0 ? why : NULL;
}

const char *links_check_registration(const char *text, size_t length)
{
	if (length == 0)
		return "empty object list";
	return list_check(text, length, check_registered);
}

const char *links_check_discover(const char *text, size_t length)
{
	return list_check(text, length, check_discovered);
}

/* Does `above` lead to `below`, segment by segment? */
static bool leads_to(const char *above, size_t n, const char *below, size_t m)
{
	return m >= n && memcmp(below, above, n) == 0 &&
	       (m == n || below[n] == '/');
}

bool links_cover(const char *text, size_t length, const char *path)
{
	const char *why, *end = text + length;
	size_t n = strlen(path);
	struct link l;

	while (link_next(&text, end, &l, &why) > 0)
		if (leads_to(path, n, l.target, l.target_length) ||
		    (l.depth == 2 &&
		     leads_to(l.target, l.target_length, path, n)))
			return true;
	return false;
}
