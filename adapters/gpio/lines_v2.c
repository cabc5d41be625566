/* SPDX-License-Identifier: GPL-2.0-or-later
 * The seam by libgpiod 2, which speaks the kernel's second GPIO interface:
 * events are numbered, the kernel debounces, and a line has a large buffer. */
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/gpio/lines.h"

#define BUFFER 1024		/* the most that the kernel gives a request */
#define READ_MAX 64

const struct lines_facts lines_facts = {
	.library = "libgpiod 2", .debounces = true, .numbers = true,
	.buffer = BUFFER,
};

struct chip {
	struct gpiod_chip *chip;
	struct gpiod_chip_info *info;
};

struct line {
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *events;	/* NULL: of an output */
	struct line_settings settings;		/* consumer: not ours */
	unsigned offset;
};

static int error_get(void)
{
	return errno ? -errno : -EIO;
}

int chip_open(const char *path, struct chip **chip)
{
	struct chip *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (!c)
		return rc;
	errno = 0;
	c->chip = gpiod_chip_open(path);
	c->info = c->chip ? gpiod_chip_get_info(c->chip) : NULL;
	if (!c->info) {
		rc = error_get();
		chip_close(c);
		return rc;
	}
	*chip = c;
	return 0;
}

void chip_close(struct chip *chip)
{
	if (chip->info)
		gpiod_chip_info_free(chip->info);
	if (chip->chip)
		gpiod_chip_close(chip->chip);
	free(chip);
}

const char *chip_name(const struct chip *chip)
{
	return gpiod_chip_info_get_name(chip->info);
}

const char *chip_label(const struct chip *chip)
{
	return gpiod_chip_info_get_label(chip->info);
}

unsigned chip_lines(const struct chip *chip)
{
	return (unsigned)gpiod_chip_info_get_num_lines(chip->info);
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
	struct gpiod_line_info *line;

	errno = 0;
	line = gpiod_chip_get_line_info(chip->chip, offset);
	if (!line)
		return error_get();
	text_copy(info->name, gpiod_line_info_get_name(line));
	text_copy(info->consumer, gpiod_line_info_get_consumer(line));
	info->used = gpiod_line_info_is_used(line);
	info->output = gpiod_line_info_get_direction(line) ==
		       GPIOD_LINE_DIRECTION_OUTPUT;
	gpiod_line_info_free(line);
	return 0;
}

static enum gpiod_line_bias bias_of(enum line_bias bias)
{
	switch (bias) {
	case LINE_BIAS_KEEP:
		return GPIOD_LINE_BIAS_AS_IS;
	case LINE_BIAS_DISABLED:
		return GPIOD_LINE_BIAS_DISABLED;
	case LINE_BIAS_UP:
		return GPIOD_LINE_BIAS_PULL_UP;
	case LINE_BIAS_DOWN:
		return GPIOD_LINE_BIAS_PULL_DOWN;
	}
	return GPIOD_LINE_BIAS_AS_IS;
}

static enum gpiod_line_drive drive_of(enum line_drive drive)
{
	switch (drive) {
	case LINE_PUSH_PULL:
		return GPIOD_LINE_DRIVE_PUSH_PULL;
	case LINE_OPEN_DRAIN:
		return GPIOD_LINE_DRIVE_OPEN_DRAIN;
	case LINE_OPEN_SOURCE:
		return GPIOD_LINE_DRIVE_OPEN_SOURCE;
	}
	return GPIOD_LINE_DRIVE_PUSH_PULL;
}

static enum gpiod_line_edge edge_of(enum line_edge edge)
{
	switch (edge) {
	case LINE_RISING:
		return GPIOD_LINE_EDGE_RISING;
	case LINE_FALLING:
		return GPIOD_LINE_EDGE_FALLING;
	case LINE_BOTH:
		break;
	}
	return GPIOD_LINE_EDGE_BOTH;
}

static void settings_fill(struct gpiod_line_settings *to,
			  const struct line_settings *s,
			  enum gpiod_line_value level)
{
	gpiod_line_settings_set_direction(to, s->output ?
		GPIOD_LINE_DIRECTION_OUTPUT : GPIOD_LINE_DIRECTION_INPUT);
	if (s->output) {
		gpiod_line_settings_set_drive(to, drive_of(s->drive));
		gpiod_line_settings_set_output_value(to, level);
		return;
	}
	gpiod_line_settings_set_bias(to, bias_of(s->bias));
	gpiod_line_settings_set_edge_detection(to, edge_of(s->edge));
	gpiod_line_settings_set_debounce_period_us(to,
		(unsigned long)(s->debounce / 1000));
}

/* The library's configuration of one line, NULL: out of memory. s NULL: the
 * line is taken as it is. */
static struct gpiod_line_config *config_make(const struct line_settings *s,
					     unsigned offset,
					     enum gpiod_line_value level)
{
	struct gpiod_line_config *config = gpiod_line_config_new();
	struct gpiod_line_settings *settings = gpiod_line_settings_new();

	if (s && settings)
		settings_fill(settings, s, level);
	if (config && (!settings ||
		       gpiod_line_config_add_line_settings(config, &offset, 1,
							   settings) < 0)) {
		gpiod_line_config_free(config);
		config = NULL;
	}
	gpiod_line_settings_free(settings);
	return config;
}

static int request_make(struct line *line, const char *path,
			struct gpiod_line_config *config)
{
	struct gpiod_request_config *request = gpiod_request_config_new();
	struct gpiod_chip *chip = gpiod_chip_open(path);
	int rc = 0;

	if (request) {
		gpiod_request_config_set_consumer(request,
						  line->settings.consumer);
		gpiod_request_config_set_event_buffer_size(request, BUFFER);
	}
	if (chip && request && config)
		line->request = gpiod_chip_request_lines(chip, request,
							 config);
	if (!line->request)
		rc = error_get();
	gpiod_request_config_free(request);
	if (chip)
		gpiod_chip_close(chip);
	return rc;
}

static int line_reconfigure(struct line *line, enum gpiod_line_value level)
{
	struct gpiod_line_config *config =
		config_make(&line->settings, line->offset, level);
	int rc = -ENOMEM;

	if (!config)
		return rc;
	rc = gpiod_line_request_reconfigure_lines(line->request, config) < 0 ?
	     error_get() : 0;
	gpiod_line_config_free(config);
	return rc;
}

static int input_ready(struct line *line)
{
	int fd = gpiod_line_request_get_fd(line->request);
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_get();
	line->events = gpiod_edge_event_buffer_new(READ_MAX);
	return line->events ? 0 : -ENOMEM;
}

static int line_acquire(struct line *line, const char *path)
{
	const struct line_settings *s = &line->settings;
	bool keep = s->output && s->initial == LINE_KEEP;
	struct gpiod_line_config *config =
		config_make(keep ? NULL : s, line->offset,
			    s->initial == LINE_HIGH ? GPIOD_LINE_VALUE_ACTIVE :
			    GPIOD_LINE_VALUE_INACTIVE);
	int level, rc = request_make(line, path, config);

	gpiod_line_config_free(config);
	if (rc < 0 || (s->output && !keep))
		return rc;
	if (!keep)
		return input_ready(line);
	/* What the line carries is taken over before it is driven. */
	level = line_get(line);
	return level < 0 ? level : line_reconfigure(line, level ?
		GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
}

int line_request(const char *path, unsigned offset,
		 const struct line_settings *settings, struct line **line)
{
	struct line *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	errno = 0;
	l->settings = *settings;
	l->offset = offset;
	rc = line_acquire(l, path);
	l->settings.consumer = NULL;
	if (rc < 0) {
		line_release(l);
		return rc;
	}
	*line = l;
	return 0;
}

void line_release(struct line *line)
{
	if (line->request)
		gpiod_line_request_release(line->request);
	gpiod_edge_event_buffer_free(line->events);
	free(line);
}

int line_get(struct line *line)
{
	errno = 0;
	switch (gpiod_line_request_get_value(line->request, line->offset)) {
	case GPIOD_LINE_VALUE_INACTIVE:
		return 0;
	case GPIOD_LINE_VALUE_ACTIVE:
		return 1;
	case GPIOD_LINE_VALUE_ERROR:
		break;
	}
	return error_get();
}

int line_set(struct line *line, bool high)
{
	errno = 0;
	return gpiod_line_request_set_value(line->request, line->offset,
		high ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE) < 0
		? error_get() : 0;
}

int line_debounce(struct line *line, int64_t ns)
{
	errno = 0;
	line->settings.debounce = ns;
	return line_reconfigure(line, GPIOD_LINE_VALUE_INACTIVE);
}

int line_fd(const struct line *line)
{
	return line->events ? gpiod_line_request_get_fd(line->request) : -1;
}

int line_events(struct line *line, struct line_event *events, size_t max)
{
	int n;

	errno = 0;
	n = gpiod_line_request_read_edge_events(line->request, line->events,
						max < READ_MAX ? max :
						READ_MAX);
	if (n < 0)
		return errno == EAGAIN ? 0 : error_get();
	for (int i = 0; i < n; i++) {
		struct gpiod_edge_event *event =
			gpiod_edge_event_buffer_get_event(line->events,
							  (unsigned long)i);

		events[i] = (struct line_event){
			.when = (int64_t)
				gpiod_edge_event_get_timestamp_ns(event),
			.sequence = (uint32_t)
				gpiod_edge_event_get_line_seqno(event),
			.rising = gpiod_edge_event_get_event_type(event) ==
				  GPIOD_EDGE_EVENT_RISING_EDGE,
		};
	}
	return n;
}
