/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looks for a line on all chips that there are. */
#include "adapters/gpio/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct finding {
	const struct place_wanted *wanted;
	const struct home *home;	/* NULL: any chip will do */
	struct place *place;
	unsigned found;			/* lines, or chips of that label */
	unsigned at_home;		/* of them */
	bool label_seen;
	int error;			/* of a chip that was not opened */
	char closed[CHIP_PATH_MAX];
};

static bool is_same_home(const struct home *a, const struct home *b)
{
	return strcmp(a->label, b->label) == 0 &&
	       strcmp(a->where, b->where) == 0;
}

/* The first, or the first at home. */
static void line_found(struct finding *f, const struct home *home,
		       const char path[CHIP_PATH_MAX], unsigned offset)
{
	bool at_home = f->home && is_same_home(f->home, home);

	if (!f->found++ || (at_home && !f->at_home)) {
		memcpy(f->place->path, path, CHIP_PATH_MAX);
		f->place->offset = offset;
		f->place->home = *home;
	}
	f->at_home += at_home;
}

/* The end of it will do: 1-0020 of platform/soc/fe804000.i2c/i2c-1/1-0020. */
static bool is_path(const char *where, const char *wanted)
{
	size_t n = strlen(where), m = strlen(wanted);

	return n >= m && strcmp(where + n - m, wanted) == 0 &&
	       (n == m || where[n - m - 1] == '/');
}

static bool is_wanted_chip(const struct place_wanted *w,
			   const struct home *home)
{
	return (!w->chip || strcmp(w->chip, home->label) == 0) &&
	       (!w->path || is_path(home->where, w->path));
}

static void chip_look(struct finding *f, struct chip *chip,
		      const char path[CHIP_PATH_MAX])
{
	const struct place_wanted *w = f->wanted;
	struct line_info info;
	struct home home;

	snprintf(home.label, sizeof(home.label), "%s", chip_label(chip));
	chip_where(path, home.where);
	if (!is_wanted_chip(w, &home))
		return;
	f->label_seen = true;
	if (!w->line) {
		if (w->number < chip_lines(chip))
			line_found(f, &home, path, w->number);
		return;
	}
	for (unsigned i = 0; i < chip_lines(chip); i++)
		if (chip_line(chip, i, &info) == 0 &&
		    strcmp(info.name, w->line) == 0)
			line_found(f, &home, path, i);
}

/* "17" is meant as the 17 of some tool, where no name is. */
static bool is_digits(const char *line)
{
	return *line && line[strspn(line, "0123456789")] == '\0';
}

static int not_found(const struct finding *f, char why[PLACE_WHY_MAX])
{
	const struct place_wanted *w = f->wanted;

	if (f->error) {
		snprintf(why, PLACE_WHY_MAX, "not found; but %s cannot be "
			 "opened: %s", f->closed, strerror(-f->error));
		return f->error;
	}
	if (w->chip && !f->label_seen)
		snprintf(why, PLACE_WHY_MAX, "there is no chip with the label "
			 "%.60s%s%.60s", w->chip, w->path ? " at " : "",
			 w->path ? w->path : "");
	else if (w->path && !f->label_seen)
		snprintf(why, PLACE_WHY_MAX, "there is no chip at %.60s",
			 w->path);
	else if (w->line && is_digits(w->line))
		snprintf(why, PLACE_WHY_MAX, "no line has the name %.20s: one "
			 "without a name is given by chip: LABEL and number: "
			 "%.20s (lwmuxctl scan gpio lists them)", w->line,
			 w->line);
	else if (w->line)
		snprintf(why, PLACE_WHY_MAX, "no line has the name %.60s",
			 w->line);
	else
		snprintf(why, PLACE_WHY_MAX, "the chip %.60s has no line %u",
			 w->chip, w->number);
	return -ENOENT;
}

static int not_home(const struct finding *f, char why[PLACE_WHY_MAX])
{
	const struct home *other = &f->place->home;

	snprintf(why, PLACE_WHY_MAX, "its chip (%s at %s) is not there; "
		 "another one, %s (%s at %s), has such a line: if that is "
		 "the one, say so by path: %s", f->home->label,
		 f->home->where, f->place->path + 5, other->label,
		 other->where, other->where);
	return -ENOENT;
}

static int not_unique(const struct finding *f, char why[PLACE_WHY_MAX])
{
	const struct home *one = &f->place->home;

	snprintf(why, PLACE_WHY_MAX, "there are %u of them, one at %s "
		 "(%s at %s): give the %s", f->found, f->place->path + 5,
		 one->label, one->where, f->wanted->line && !f->wanted->chip ?
		 "chip's label too, or its path" : "chip's path too");
	return -ENOTUNIQ;
}

int place_find(const struct place_wanted *wanted, const struct home *home,
	       struct place *place, char why[PLACE_WHY_MAX])
{
	char paths[CHIPS_MAX][CHIP_PATH_MAX];
	size_t n = chips_list(paths);
	struct finding f = {.wanted = wanted, .place = place};

	if (home->label[0] && is_wanted_chip(wanted, home))
		f.home = home;

	for (size_t i = 0; i < n; i++) {
		struct chip *chip;
		int rc = chip_open(paths[i], &chip);

		if (rc < 0) {
			f.error = rc;
			memcpy(f.closed, paths[i], sizeof(f.closed));
			continue;
		}
		chip_look(&f, chip, paths[i]);
		chip_close(chip);
	}
	if (!f.found)
		return not_found(&f, why);
	if (f.home && !f.at_home && !wanted->path)
		return not_home(&f, why);
	return f.found == 1 || f.at_home == 1 ? 0 : not_unique(&f, why);
}

void place_holder(const struct place *place, char holder[LINE_TEXT_MAX + 2])
{
	struct line_info info = {.used = false};
	struct chip *chip;

	snprintf(holder, LINE_TEXT_MAX + 2, "another program");
	if (chip_open(place->path, &chip) < 0)
		return;
	if (chip_line(chip, place->offset, &info) == 0 && info.consumer[0])
		snprintf(holder, LINE_TEXT_MAX + 2, "\"%s\"", info.consumer);
	chip_close(chip);
}

bool place_is_number(const char *chip)
{
	if (strncmp(chip, "/dev/", 5) == 0)
		chip += 5;
	if (strncmp(chip, "gpiochip", 8) == 0)
		chip += 8;
	return *chip && chip[strspn(chip, "0123456789")] == '\0';
}
