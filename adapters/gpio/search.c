/* SPDX-License-Identifier: GPL-2.0-or-later
 * scan: the lines that there are, how to name each in the configuration, and
 * who holds it. One chip a call. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/gpio/gpio.h"

#define KEYS_MAX (2 * (LINE_TEXT_MAX + CHIP_WHERE_MAX) + 60)
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	      "0123456789_./+-"

/* As it would stand in the YAML: names come from boards and are not ours. */
static void yaml_text(const char *text, char *to, size_t size)
{
	size_t n = 0;

	if (strspn(text, PLAIN) == strlen(text) && text[0] != '-' && text[0]) {
		snprintf(to, size, "%s", text);
		return;
	}
	to[n++] = '"';
	for (; *text && n + 4 < size; text++) {
		if (*text == '"' || *text == '\\')
			to[n++] = '\\';
		to[n++] = (unsigned char)*text < ' ' ? '?' : *text;
	}
	to[n++] = '"';
	to[n] = '\0';
}

/* Is it what a point with these keys would take, and nothing else? */
static bool is_unique(const struct place_wanted *wanted)
{
	static const struct home any;
	char why[PLACE_WHY_MAX];
	struct place place;

	return place_find(wanted, &any, &place, why) != -ENOTUNIQ;
}

/* Of a long one the end, in whole names: that is enough for `path`. */
static const char *path_end(const char *where)
{
	while (strlen(where) > GPIO_PATH_MAX && strchr(where, '/'))
		where = strchr(where, '/') + 1;
	return where;
}

/* The shortest that names this line alone. */
static void keys_print(const struct chip *chip, const char *where,
		       unsigned offset, const struct line_info *info,
		       char keys[KEYS_MAX])
{
	struct place_wanted by_name = {.line = info->name};
	struct place_wanted by_number = {.chip = chip_label(chip),
					 .number = offset};
	char name[2 * LINE_TEXT_MAX + 4], path[2 * CHIP_WHERE_MAX + 4];

	if (info->name[0] && is_unique(&by_name)) {
		yaml_text(info->name, name, sizeof(name));
		snprintf(keys, KEYS_MAX, "line: %s", name);
		return;
	}
	yaml_text(chip_label(chip), name, sizeof(name));
	yaml_text(path_end(where), path, sizeof(path));
	if (!*where || is_unique(&by_number))
		snprintf(keys, KEYS_MAX, "chip: %s, number: %u", name, offset);
	else
		snprintf(keys, KEYS_MAX, "chip: %s, path: %s, number: %u",
			 name, path, offset);
}

static void line_tell(struct adapter_search *search, const struct chip *chip,
		      const char *where, unsigned offset, const struct line_info *info)
{
	char keys[KEYS_MAX], note[400];
	char held[LINE_TEXT_MAX + 16] = "free";

	keys_print(chip, where, offset, info, keys);
	if (info->used && info->consumer[0])
		snprintf(held, sizeof(held), "held by \"%s\"",
			 info->consumer);
	else if (info->used)
		strcpy(held, "in use");
	snprintf(note, sizeof(note), "%s (%.40s at %.120s) line %u, %s, %s",
		 chip_name(chip), chip_label(chip), where, offset,
		 info->output ? "output" : "input", held);
	adapter_found(search, .keys = keys, .note = note);
}

static void chip_tell(struct adapter_search *search, const char *path)
{
	char note[100], where[CHIP_WHERE_MAX];
	struct line_info info;
	struct chip *chip;
	int rc = chip_open(path, &chip);

	if (rc < 0) {
		snprintf(note, sizeof(note), "%s cannot be opened: %s", path,
			 strerror(-rc));
		adapter_found(search, .keys = "", .note = note);
		return;
	}
	chip_where(path, where);
	for (unsigned i = 0; i < chip_lines(chip); i++)
		if (chip_line(chip, i, &info) == 0)
			line_tell(search, chip, where, i, &info);
	chip_close(chip);
}

int64_t gpio_search_step(struct adapter_search *search, int64_t now)
{
	char paths[CHIPS_MAX][CHIP_PATH_MAX];
	struct gpio_search *s = search->data;
	size_t n = chips_list(paths);

	if (search->kind != ADAPTER_SCAN)
		return -ENOTSUP;
	if (n == 0)
		adapter_found(search, .keys = "", .note = "there is no GPIO "
			      "chip here: no /dev/gpiochip*");
	if (s->next < n)
		chip_tell(search, paths[s->next++]);
	return s->next < n ? now : 0;
}
