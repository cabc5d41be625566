/* SPDX-License-Identifier: GPL-2.0-or-later
 * The seam by libgpiod 1.6, which speaks the kernel's first GPIO interface:
 * it numbers no events, does not debounce, and holds 16 events a line. */
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/gpio/lines.h"

#define BUFFER 16

const struct lines_facts lines_facts = {
	.library = "libgpiod 1", .buffer = BUFFER,
};

struct chip {
	struct gpiod_chip *chip;
};

struct line {
	struct gpiod_chip *chip;	/* its lines live as long as it does */
	struct gpiod_line *line;
	bool output;
};

/* The library says what is wrong by errno, but not always. */
static int error_get(void)
{
	return errno ? -errno : -EIO;
}

int chip_open(const char *path, struct chip **chip)
{
	struct chip *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	errno = 0;
	c->chip = gpiod_chip_open(path);
	if (!c->chip) {
		rc = error_get();
		free(c);
		return rc;
	}
	*chip = c;
	return 0;
}

void chip_close(struct chip *chip)
{
	gpiod_chip_close(chip->chip);
	free(chip);
}

const char *chip_name(const struct chip *chip)
{
	return gpiod_chip_name(chip->chip);
}

const char *chip_label(const struct chip *chip)
{
	return gpiod_chip_label(chip->chip);
}

unsigned chip_lines(const struct chip *chip)
{
	return gpiod_chip_num_lines(chip->chip);
}

static void text_copy(char to[LINE_TEXT_MAX], const char *from)
{
	size_t n = from ? strnlen(from, LINE_TEXT_MAX - 1) : 0;

	if (n > 0)
		memcpy(to, from, n);
	to[n] = '\0';
}

int chip_line(struct chip *chip, unsigned offset, struct line_info *info)
{
	struct gpiod_line *line;

	errno = 0;
	line = gpiod_chip_get_line(chip->chip, offset);
	if (!line)
		return error_get();
	text_copy(info->name, gpiod_line_name(line));
	text_copy(info->consumer, gpiod_line_consumer(line));
	info->used = gpiod_line_is_used(line);
	info->output = gpiod_line_direction(line) ==
		       GPIOD_LINE_DIRECTION_OUTPUT;
	return 0;
}

static int bias_flags(enum line_bias bias)
{
	switch (bias) {
	case LINE_BIAS_KEEP:
		return 0;
	case LINE_BIAS_DISABLED:
		return GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
	case LINE_BIAS_UP:
		return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
	case LINE_BIAS_DOWN:
		return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
	}
	return 0;
}

static int drive_flags(enum line_drive drive)
{
	switch (drive) {
	case LINE_PUSH_PULL:
		return 0;
	case LINE_OPEN_DRAIN:
		return GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
	case LINE_OPEN_SOURCE:
		return GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
	}
	return 0;
}

static int edge_request(enum line_edge edge)
{
	switch (edge) {
	case LINE_RISING:
		return GPIOD_LINE_REQUEST_EVENT_RISING_EDGE;
	case LINE_FALLING:
		return GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE;
	case LINE_BOTH:
		break;
	}
	return GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
}

static int input_request(struct gpiod_line *line, const struct line_settings *s)
{
	struct gpiod_line_request_config config = {
		.consumer = s->consumer, .request_type = edge_request(s->edge),
		.flags = bias_flags(s->bias),
	};
	int fd, flags;

	if (gpiod_line_request(line, &config, 0) < 0)
		return error_get();
	fd = gpiod_line_event_get_fd(line);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_get();
	return 0;
}

/* What the line carries is taken over before it is driven. */
static int output_keep(struct gpiod_line *line, const struct line_settings *s)
{
	struct gpiod_line_request_config config = {
		.consumer = s->consumer,
		.request_type = GPIOD_LINE_REQUEST_DIRECTION_AS_IS,
	};
	int level;

	if (gpiod_line_request(line, &config, 0) < 0)
		return error_get();
	level = gpiod_line_get_value(line);
	if (level < 0 ||
	    gpiod_line_set_config(line, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT,
				  drive_flags(s->drive), level) < 0)
		return error_get();
	return 0;
}

static int output_request(struct gpiod_line *line,
			  const struct line_settings *s)
{
	struct gpiod_line_request_config config = {
		.consumer = s->consumer,
		.request_type = GPIOD_LINE_REQUEST_DIRECTION_OUTPUT,
		.flags = drive_flags(s->drive),
	};

	if (s->initial == LINE_KEEP)
		return output_keep(line, s);
	if (gpiod_line_request(line, &config, s->initial == LINE_HIGH) < 0)
		return error_get();
	return 0;
}

int line_request(const char *path, unsigned offset,
		 const struct line_settings *settings, struct line **line)
{
	struct line *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	errno = 0;
	l->output = settings->output;
	l->chip = gpiod_chip_open(path);
	l->line = l->chip ? gpiod_chip_get_line(l->chip, offset) : NULL;
	if (!l->line)
		rc = error_get();
	else if (settings->output)
		rc = output_request(l->line, settings);
	else
		rc = input_request(l->line, settings);
	if (rc < 0) {
		line_release(l);
		return rc;
	}
	*line = l;
	return 0;
}

void line_release(struct line *line)
{
	if (line->chip)
		gpiod_chip_close(line->chip);	/* and all that it has */
	free(line);
}

int line_get(struct line *line)
{
	int level;

	errno = 0;
	level = gpiod_line_get_value(line->line);
	return level < 0 ? error_get() : level;
}

int line_set(struct line *line, bool high)
{
	errno = 0;
	return gpiod_line_set_value(line->line, high) < 0 ? error_get() : 0;
}

int line_debounce(struct line *line, int64_t ns)
{
	(void)line;
	(void)ns;
	return -ENOTSUP;
}

int line_fd(const struct line *line)
{
	return line->output ? -1 : gpiod_line_event_get_fd(line->line);
}

int line_events(struct line *line, struct line_event *events, size_t max)
{
	struct gpiod_line_event read[BUFFER];
	int n;

	if (max > BUFFER)
		max = BUFFER;
	errno = 0;
	n = gpiod_line_event_read_fd_multiple(line_fd(line), read,
					      (unsigned)max);
	if (n < 0)
		return errno == EAGAIN ? 0 : error_get();
	for (int i = 0; i < n; i++)
		events[i] = (struct line_event){
			.when = read[i].ts.tv_sec * INT64_C(1000000000) +
				read[i].ts.tv_nsec,
			.rising = read[i].event_type ==
				  GPIOD_LINE_EVENT_RISING_EDGE,
		};
	return n;
}
