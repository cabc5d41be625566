/* SPDX-License-Identifier: GPL-2.0-or-later
 * Chips and lines in memory. */
#include "tests/adapters/gpio_fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct chip gpio_chips[FAKE_CHIPS];

#ifdef GPIO_FAKE_V2
#define BUFFER FAKE_QUEUE
const struct lines_facts lines_facts = {
	.library = "fake 2", .debounces = true, .numbers = true,
	.buffer = BUFFER,
};
#else
#define BUFFER 16
const struct lines_facts lines_facts = {
	.library = "fake 1", .buffer = BUFFER,
};
#endif

void gpio_fake_start(void)
{
	static const char *const names[FAKE_CHIPS][FAKE_LINES] = {
		{"door", "meter", "relay", ""}, {"lamp", "", "", "door2"},
		{"", "", "", ""},
	};
	static const char *const labels[] = {"first", "second", "third"};

	memset(gpio_chips, 0, sizeof(gpio_chips));
	for (size_t i = 0; i < FAKE_CHIPS; i++) {
		struct chip *chip = &gpio_chips[i];

		snprintf(chip->path, sizeof(chip->path), "/dev/gpiochip%zu", i);
		snprintf(chip->label, sizeof(chip->label), "%s", labels[i]);
		snprintf(chip->where, sizeof(chip->where), "bus/dev-%zu", i);
		chip->there = i < 2;
		for (size_t k = 0; k < FAKE_LINES; k++) {
			struct line *line = &chip->lines[k];

			strcpy(line->name, names[i][k]);
			line->chip = chip;
			line->stuck = -1;
			line->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		}
	}
}

void gpio_fake_stop(void)
{
	for (size_t i = 0; i < FAKE_CHIPS; i++)
		for (size_t k = 0; k < FAKE_LINES; k++)
			close(gpio_chips[i].lines[k].fd);
}

struct line *gpio_line_named(const char *name)
{
	for (size_t i = 0; i < FAKE_CHIPS; i++)
		for (size_t k = 0; k < FAKE_LINES; k++)
			if (!strcmp(gpio_chips[i].lines[k].name, name))
				return &gpio_chips[i].lines[k];
	return NULL;
}

static bool is_wanted(const struct line *line, bool rising)
{
	return line->used && !line->as.output &&
	       (line->as.edge == LINE_BOTH ||
		(line->as.edge == LINE_RISING) == rising);
}

/* A full buffer loses the newest in the first interface, and the oldest in
 * the second. */
void gpio_move(struct line *line, bool level, int64_t when)
{
	struct line_event event = {.when = when, .rising = level};

	if (level == line->level)
		return;
	line->level = level;
	if (!is_wanted(line, level))
		return;
	line->sequence++;
	if (lines_facts.numbers)
		event.sequence = line->sequence;
	if (line->n == BUFFER) {
		line->dropped++;
		if (!lines_facts.numbers)
			return;
		memmove(line->queue, line->queue + 1,
			(BUFFER - 1) * sizeof(event));
		line->n--;
	}
	line->queue[line->n++] = event;
	eventfd_write(line->fd, 1);
}

void gpio_unplug(struct chip *chip)
{
	chip->there = false;
	for (size_t k = 0; k < FAKE_LINES; k++)
		if (chip->lines[k].used)
			eventfd_write(chip->lines[k].fd, 1);
}

/* ---- the seam ---- */

size_t chips_list(char paths[CHIPS_MAX][CHIP_PATH_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < FAKE_CHIPS; i++)
		if (gpio_chips[i].there)
			memcpy(paths[n++], gpio_chips[i].path, CHIP_PATH_MAX);
	return n;
}

void chip_where(const char *path, char where[CHIP_WHERE_MAX])
{
	struct chip *chip;

	where[0] = '\0';
	if (chip_open(path, &chip) == 0)
		memcpy(where, chip->where, CHIP_WHERE_MAX);
}

int chip_open(const char *path, struct chip **chip)
{
	for (size_t i = 0; i < FAKE_CHIPS; i++) {
		*chip = &gpio_chips[i];
		if (strcmp((*chip)->path, path) == 0 && (*chip)->there)
			return (*chip)->open_error;
	}
	return -ENOENT;
}

void chip_close(struct chip *chip)
{
	(void)chip;
}

const char *chip_name(const struct chip *chip)
{
	return chip->path + 5;
}

const char *chip_label(const struct chip *chip)
{
	return chip->label;
}

unsigned chip_lines(const struct chip *chip)
{
	(void)chip;
	return FAKE_LINES;
}

int chip_line(struct chip *chip, unsigned offset, struct line_info *info)
{
	const struct line *line = &chip->lines[offset];

	strcpy(info->name, line->name);
	strcpy(info->consumer, line->consumer);
	info->used = line->used;
	info->output = line->output;
	return 0;
}

int line_request(const char *path, unsigned offset,
		 const struct line_settings *settings, struct line **line)
{
	struct chip *chip;
	struct line *l;
	int rc = chip_open(path, &chip);

	if (rc < 0)
		return rc;
	l = &chip->lines[offset];
	if (l->request_error || l->used)
		return l->used ? -EBUSY : l->request_error;
	l->used = true;
	l->output = settings->output;
	l->as = *settings;
	snprintf(l->consumer, LINE_TEXT_MAX, "%s", settings->consumer);
	if (settings->output && settings->initial != LINE_KEEP)
		l->level = settings->initial == LINE_HIGH;
	l->n = l->sequence = 0;
	*line = l;
	return 0;
}

void line_release(struct line *line)
{
	line->used = false;
	line->consumer[0] = '\0';
}

int line_get(struct line *line)
{
	if (!line->chip->there)
		return -ENODEV;
	if (line->get_error)
		return line->get_error;
	return line->stuck >= 0 ? line->stuck : line->level;
}

int line_set(struct line *line, bool high)
{
	if (!line->chip->there)
		return -ENODEV;
	if (line->set_error)
		return line->set_error;
	line->level = high;
	return 0;
}

int line_debounce(struct line *line, int64_t ns)
{
	line->as.debounce = ns;
	return lines_facts.debounces ? 0 : -ENOTSUP;
}

int line_fd(const struct line *line)
{
	return line->as.output ? -1 : line->fd;
}

int line_events(struct line *line, struct line_event *events, size_t max)
{
	size_t n = line->n < max ? line->n : max;
	eventfd_t count;

	if (!line->chip->there)
		return -ENODEV;
	if (line->events_error)
		return line->events_error;
	memcpy(events, line->queue, n * sizeof(*events));
	memmove(line->queue, line->queue + n, (line->n - n) * sizeof(*events));
	line->n -= n;
	if (!line->n)
		eventfd_read(line->fd, &count);
	return (int)n;
}
