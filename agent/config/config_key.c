/* SPDX-License-Identifier: GPL-2.0-or-later
 * Typing by table. Nothing is guessed from the text: a key says what its value
 * is, and the text either is that or it is an error. */
#include "agent/config/config_key.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "agent/base/nearest.h"
#include "agent/base/text.h"

void config_scope_init(struct config_scope *scope, struct config_errors *errors,
		       const char *device, const char *what)
{
	*scope = (struct config_scope){.errors = errors, .device = device,
				       .what = what};
}

void config_scope_add(struct config_scope *scope, struct place place,
		      const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	if (!scope->wrong++)
		snprintf(scope->first, sizeof(scope->first), "%s:%u:%u: %s",
			 place.file ? place.file : "", place.line,
			 place.column, text);
	config_error_add(scope->errors, place, scope->device, "%s", text);
	free(text);
}

const struct config_key *config_key_find(const struct config_key *keys,
					 const char *name)
{
	for (; keys->type != KEY_END; keys++)
		if (text_is(keys->name, name))
			return keys;
	return NULL;
}

/* ---- one value each ---- */

static const char *kind_name(const struct yaml_node *value)
{
	switch (value->kind) {
	case YAML_TEXT:
		return *value->text ? "a text" : "empty";
	case YAML_LIST:
		return "a list";
	case YAML_MAP:
		return "a map";
	}
	return "";
}

bool config_text(const struct yaml_node *value, const char *name,
		 struct config_scope *scope)
{
	if (value->kind == YAML_TEXT && *value->text)
		return true;
	config_scope_add(scope, value->place,
			 "'%s' must be one value, this is %s", name,
			 kind_name(value));
	return false;
}

#define KEY_DIGITS_LEAST 16

bool config_key_file(const struct yaml_node *value, const char *name,
		     struct config_scope *scope)
{
	if (!config_text(value, name, scope))
		return false;
	if (strlen(value->text) < KEY_DIGITS_LEAST ||
	    value->text[strspn(value->text, "0123456789abcdefABCDEF: ")])
		return true;
	config_scope_add(scope, value->place, "'%s' names a file, and this looks "
			 "like the key: write it into a file (root:lwmux 0640), "
			 "as keys/NAME, and that name here", name);
	return false;
}

bool config_real(const struct yaml_node *value, const char *name,
		 double *number, struct config_scope *scope)
{
	char *end;

	if (!config_text(value, name, scope))
		return false;
	if (strspn(value->text, "+-.0123456789eE") == strlen(value->text)) {
		*number = strtod(value->text, &end);
		if (end != value->text && !*end && isfinite(*number))
			return true;
	}
	config_scope_add(scope, value->place,
			 "'%s' must be a number, '%s' is none", name,
			 value->text);
	return false;
}

static bool set_bool(const struct config_key *key,
		     const struct yaml_node *value, void *at,
		     struct config_scope *scope)
{
	static const char *const yes[] = {"true", "yes", "on"};
	static const char *const no[] = {"false", "no", "off"};

	for (size_t i = 0; i < 3; i++) {
		if (!strcasecmp(value->text, yes[i]))
			return *(bool *)at = true;
		if (!strcasecmp(value->text, no[i])) {
			*(bool *)at = false;
			return true;
		}
	}
	config_scope_add(scope, value->place,
			 "'%s' must be true or false, not '%s'", key->name,
			 value->text);
	return false;
}

static void number_store(void *at, uint32_t size, int64_t number)
{
	switch (size) {
	case 1:
		*(uint8_t *)at = (uint8_t)number;
		break;
	case 2:
		*(uint16_t *)at = (uint16_t)number;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)number;
		break;
	default:
		*(uint64_t *)at = (uint64_t)number;
	}
}

/* A table does not say whether its member has a sign: without a range, all
 * that either could hold. */
static void number_limits(const struct config_key *key, int64_t *min,
			  int64_t *max)
{
	unsigned bits = key->size * 8;

	*min = key->min;
	*max = key->max;
	if (*min != *max)
		return;
	*min = bits < 64 ? -(1LL << (bits - 1)) : INT64_MIN;
	*max = bits < 64 ? (1LL << bits) - 1 : INT64_MAX;
}

static bool is_none(const struct config_key *key, const char *text)
{
	if (key->flags & KEY_AUTO && !strcmp(text, "auto"))
		return true;
	return key->flags & KEY_NONE &&
	       (!strcmp(text, "none") || !strcmp(text, "off"));
}

static bool set_int(const struct config_key *key, const struct yaml_node *value,
		    void *at, struct config_scope *scope)
{
	int64_t number, min, max;
	int rc;

	if (is_none(key, value->text)) {
		number_store(at, key->size, -1);
		return true;
	}
	number_limits(key, &min, &max);
	rc = config_integer(value->text, &number);
	if (rc == -EINVAL) {
		config_scope_add(scope, value->place,
				 "'%s' must be a whole number%s, '%s' is none",
				 key->name, key->flags & KEY_AUTO ?
				 " or auto" : "", value->text);
		return false;
	}
	if (rc || number < min || number > max) {
		config_scope_add(scope, value->place,
				 "'%s' must be %" PRId64 " to %" PRId64
				 ", not %s", key->name, min, max, value->text);
		return false;
	}
	number_store(at, key->size, number);
	return true;
}

static bool set_real(const struct config_key *key,
		     const struct yaml_node *value, void *at,
		     struct config_scope *scope)
{
	double number;

	if (!config_real(value, key->name, &number, scope))
		return false;
	if (key->min != key->max &&
	    (number < (double)key->min || number > (double)key->max)) {
		config_scope_add(scope, value->place,
				 "'%s' must be %" PRId64 " to %" PRId64
				 ", not %s", key->name, key->min, key->max,
				 value->text);
		return false;
	}
	*(double *)at = number;
	return true;
}

static bool is_short_minutes(const char *text)
{
	size_t n = strspn(text, "0123456789. ");

	return n && !strcmp(text + n, "m");
}

static bool refuse_time(const struct config_key *key,
			const struct yaml_node *value, int rc,
			struct config_scope *scope)
{
	if (rc == -EDOM)
		config_scope_add(scope, value->place,
				 "'%s' is a time and needs a unit: %ss, %smin "
				 "or %sh?", key->name, value->text,
				 value->text, value->text);
	else if (rc == -ERANGE)
		config_scope_add(scope, value->place,
				 "'%s' is too long a time: %s", key->name,
				 value->text);
	else
		config_scope_add(scope, value->place,
				 "'%s' must be a time, as 500ms, 10s, 5min or "
				 "2h, not '%s'%s", key->name, value->text,
				 is_short_minutes(value->text) ?
				 " (m is metres: min)" : "");
	return false;
}

static bool time_read(const struct config_key *key,
		      const struct yaml_node *value, int64_t *ns,
		      struct config_scope *scope)
{
	char least[TIMESPAN_TEXT_MAX], most[TIMESPAN_TEXT_MAX];
	int rc;

	if (is_none(key, value->text)) {
		*ns = strcmp(value->text, "auto") ? 0 : -1;
		return true;
	}
	if (key->flags & KEY_NEVER && !strcmp(value->text, "never")) {
		*ns = INT64_MAX;
		return true;
	}
	rc = config_timespan(value->text, ns);
	if (rc)
		return refuse_time(key, value, rc, scope);
	if (key->min == key->max || (*ns >= key->min && *ns <= key->max))
		return true;
	config_scope_add(scope, value->place, "'%s' must be %s to %s, not %s",
			 key->name, timespan_text(key->min, least),
			 timespan_text(key->max, most), value->text);
	return false;
}

#define SIZE_BARE_LEAST 65536	/* fewer bytes: nobody means bytes */

static bool set_size(const struct config_key *key,
		     const struct yaml_node *value, void *at,
		     struct config_scope *scope)
{
	char least[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];
	int64_t bytes;
	int rc = config_size(value->text, &bytes);

	if (rc == -EINVAL) {
		config_scope_add(scope, value->place, "'%s' must be a size, as "
				 "512KiB or 64MiB, not '%s'", key->name,
				 value->text);
		return false;
	}
	if (!rc && bytes > 0 && bytes < SIZE_BARE_LEAST &&
	    strspn(value->text, "0123456789") == strlen(value->text)) {
		config_scope_add(scope, value->place, "'%s' is a size and "
				 "needs a unit: %sKiB or %sMiB?", key->name,
				 value->text, value->text);
		return false;
	}
	if (rc || bytes < key->min || bytes > key->max) {
		config_scope_add(scope, value->place,
				 "'%s' must be %s to %s, not %s", key->name,
				 size_text(key->min, least),
				 size_text(key->max, most), value->text);
		return false;
	}
	*(int64_t *)at = bytes;
	return true;
}

static bool set_seconds(const struct config_key *key,
			const struct yaml_node *value, void *at,
			struct config_scope *scope)
{
	int64_t ns;

	if (!time_read(key, value, &ns, scope))
		return false;
	if (ns % 1000000000) {
		config_scope_add(scope, value->place,
				 "'%s' counts whole seconds, %s is none",
				 key->name, value->text);
		return false;
	}
	*(uint32_t *)at = (uint32_t)(ns / 1000000000);
	return true;
}

/* "a|b|c" as "a, b or c". */
static void choices_print(const char *choices, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	while (*choices && used < size) {
		size_t n = strcspn(choices, "|");
		const char *rest = choices + n + (choices[n] == '|');
		const char *glue = !*rest ? "" :
				   strchr(rest, '|') ? ", " : " or ";

		used += (size_t)snprintf(text + used, size - used, "%.*s%s",
					 (int)n, choices, glue);
		choices = rest;
	}
}

static bool set_choice(const struct config_key *key,
		       const struct yaml_node *value, void *at,
		       struct config_scope *scope)
{
	const char *choice = key->choices ? key->choices : "";
	struct nearest nearest;
	char all[256];
	int64_t i = 0;

	for (const char *c = choice; *c; i++) {
		size_t n = strcspn(c, "|");

		if (strlen(value->text) == n && !memcmp(value->text, c, n)) {
			number_store(at, key->size, i);
			return true;
		}
		c += n + (c[n] == '|');
	}
	choices_print(choice, all, sizeof(all));
	nearest_init(&nearest, value->text);
	config_choices_offer(&nearest, key->name, choice);
	config_scope_add(scope, value->place, "'%s' must be %s, not '%s'%s",
			 key->name, all, value->text, nearest_text(&nearest));
	return false;
}

static bool set_text(const struct config_key *key,
		     const struct yaml_node *value, void *at,
		     struct arena *arena, struct config_scope *scope)
{
	size_t n = strlen(value->text);

	if (key->min != key->max &&
	    ((int64_t)n < key->min || (int64_t)n > key->max)) {
		config_scope_add(scope, value->place,
				 "'%s' must have %" PRId64 " to %" PRId64
				 " characters, this has %zu", key->name,
				 key->min, key->max, n);
		return false;
	}
	*(const char **)at = arena_text(arena, value->text);
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool set_bytes(const struct config_key *key,
		      const struct yaml_node *value, void *at,
		      struct config_scope *scope)
{
	const char *text = value->text;
	uint8_t *bytes = at;
	uint32_t n = 0;

	while (*text && n < key->size) {
		int high = hex_digit(text[0]), low;

		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			break;
		bytes[n++] = (uint8_t)(high << 4 | low);
		text += 2;
		text += *text == ':' && text[1];
	}
	if (n == key->size && !*text)
		return true;
	memset(bytes, 0, key->size);
	config_scope_add(scope, value->place,
			 "'%s' must be %u bytes in hex, as A4:C1:38..., not "
			 "'%s'", key->name, key->size, value->text);
	return false;
}

/* A list, or one item that stands for a list of it. */
static bool set_list(const struct config_key *key,
		     const struct yaml_node *value, void *at,
		     struct arena *arena, struct config_scope *scope)
{
	struct yaml_node *const one[] = {(struct yaml_node *)(uintptr_t)value};
	bool is_list = value->kind == YAML_LIST;
	struct yaml_node *const *items = is_list ? value->items : one;
	size_t n = is_list ? value->n : 1;
	bool numbers = key->type == KEY_INTS;
	struct config_key item = *key;
	struct key_list *list = at;
	char *to;

	item.size = numbers ? sizeof(int64_t) : sizeof(const char *);
	to = n ? arena_take(arena, n * item.size) : NULL;
	for (size_t i = 0; i < n; i++) {
		void *place = to + i * item.size;

		if (!config_text(items[i], key->name, scope) ||
		    !(numbers ? set_int(&item, items[i], place, scope) :
				set_text(&item, items[i], place, arena,
					 scope)))
			return false;
	}
	*list = (struct key_list){to, n};
	return true;
}

bool config_key_set(const struct config_key *key, const struct yaml_node *value,
		    void *base, struct arena *arena,
		    struct config_scope *scope)
{
	void *at = (char *)base + key->offset;

	if ((key->type == KEY_INTS || key->type == KEY_TEXTS) &&
	    value->kind != YAML_MAP)
		return set_list(key, value, at, arena, scope);
	if (!config_text(value, key->name, scope))
		return false;
	switch ((enum key_type)key->type) {
	case KEY_BOOL:
		return set_bool(key, value, at, scope);
	case KEY_INT:
		return set_int(key, value, at, scope);
	case KEY_REAL:
		return set_real(key, value, at, scope);
	case KEY_SIZE:
		return set_size(key, value, at, scope);
	case KEY_TIME:
		return time_read(key, value, at, scope);
	case KEY_SECONDS:
		return set_seconds(key, value, at, scope);
	case KEY_CHOICE:
		return set_choice(key, value, at, scope);
	case KEY_TEXT:
		return set_text(key, value, at, arena, scope);
	case KEY_BYTES:
		return set_bytes(key, value, at, scope);
	case KEY_INTS:
	case KEY_TEXTS:
	case KEY_OTHER:
	case KEY_END:
		break;
	}
	return true;
}

void config_keys_fall_back(const struct config_key *keys, void *base,
			   struct arena *arena)
{
	struct config_errors errors;
	struct config_scope scope;

	config_errors_init(&errors);
	config_scope_init(&scope, &errors, NULL, "");
	for (; keys->type != KEY_END; keys++) {
		struct yaml_node node = {.kind = YAML_TEXT,
					 .text = keys->fallback};

		if (keys->fallback && keys->type != KEY_OTHER)
			config_key_set(keys, &node, base, arena, &scope);
	}
	config_errors_finish(&errors);
}
