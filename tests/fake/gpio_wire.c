/* SPDX-License-Identifier: GPL-2.0-or-later
 * Stands in for the seam of the GPIO adapter (adapters/gpio/lines.h) in the
 * whole-program tests: one chip "wires" of lines w0 to w7, each with two files
 * in $LWMUX_WIRES. `levelN` is what the wire carries, 0 or 1; into the pipe
 * `edgeN` the test writes a byte for each edge, 0 or 1. */
#include "adapters/gpio/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WIRES 8
#define PATH "/dev/gpiochip9"

struct chip { int unused; };
struct line {
	unsigned offset;
	struct line_settings as;
	uint32_t sequence;
	int fd;				/* of the pipe; -1: an output */
	bool level;
};

const struct lines_facts lines_facts = {
	.library = "wires", .debounces = true, .numbers = true, .buffer = 1024,
};

size_t chips_list(char paths[CHIPS_MAX][CHIP_PATH_MAX])
{
	strcpy(paths[0], PATH);
	return 1;
}

void chip_where(const char *path, char where[CHIP_WHERE_MAX])
{
	(void)path;
	strcpy(where, "test/wires");
}

int chip_open(const char *path, struct chip **chip)
{
	static struct chip only;

	*chip = &only;
	return strcmp(path, PATH) == 0 ? 0 : -ENOENT;
}

void chip_close(struct chip *chip)
{
	(void)chip;
}

const char *chip_name(const struct chip *chip)
{
	(void)chip;
	return &PATH[5];
}

const char *chip_label(const struct chip *chip)
{
	(void)chip;
	return "wires";
}

unsigned chip_lines(const struct chip *chip)
{
	(void)chip;
	return WIRES;
}

int chip_line(struct chip *chip, unsigned offset, struct line_info *info)
{
	(void)chip;
	*info = (struct line_info){.used = false};
	snprintf(info->name, sizeof(info->name), "w%u", offset);
	return 0;
}

static int file_open(const struct line *line, const char *what, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s%u", getenv("LWMUX_WIRES"), what,
		 line->offset);
	return open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
}

static int level_read(const struct line *line)
{
	int fd = file_open(line, "level", O_RDONLY);
	char digit = '0';

	if (fd < 0)
		return 0;
	if (read(fd, &digit, 1) < 0)
		digit = '0';
	close(fd);
	return digit == '1';
}

int line_request(const char *path, unsigned offset,
		 const struct line_settings *settings, struct line **line)
{
	struct line *l = calloc(1, sizeof(*l));

	(void)path;
	if (!l)
		return -ENOMEM;
	l->offset = offset;
	l->as = *settings;
	l->fd = settings->output ? -1 : file_open(l, "edge", O_RDWR);
	if (!settings->output && l->fd < 0) {
		free(l);
		return -EIO;
	}
	l->level = level_read(l);
	*line = l;
	if (settings->output && settings->initial != LINE_KEEP)
		return line_set(l, settings->initial == LINE_HIGH);
	return 0;
}

void line_release(struct line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	free(line);
}

int line_get(struct line *line)
{
	return line->as.output ? level_read(line) : line->level;
}

int line_set(struct line *line, bool high)
{
	int fd = file_open(line, "level", O_WRONLY | O_CREAT);
	bool done = fd >= 0 && pwrite(fd, high ? "1" : "0", 1, 0) == 1;

	if (fd >= 0)
		close(fd);
	return done ? 0 : -EIO;
}

int line_debounce(struct line *line, int64_t ns)
{
	line->as.debounce = ns;
	return 0;
}

int line_fd(const struct line *line)
{
	return line->fd;
}

static bool is_wanted(const struct line *line, bool rising)
{
	return line->as.edge == LINE_BOTH ||
	       (line->as.edge == LINE_RISING) == rising;
}

int line_events(struct line *line, struct line_event *events, size_t max)
{
	char digits[64];
	ssize_t got = read(line->fd, digits,
			   max < sizeof(digits) ? max : sizeof(digits));
	struct timespec now;
	int n = 0;

	clock_gettime(CLOCK_MONOTONIC, &now);
	for (ssize_t i = 0; i < got; i++) {
		line->level = digits[i] == '1';
		if (!is_wanted(line, line->level))
			continue;
		events[n++] = (struct line_event){
			now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
			++line->sequence, line->level};
	}
	return n;
}
