/* SPDX-License-Identifier: GPL-2.0-or-later
 * The seam to the kernel's GPIO: chips, and lines one at a time. lines_v1.c is
 * it with libgpiod 1.6, lines_v2.c with 2.x; tests put a fake in its place.
 * Levels are those of the wire: nothing here knows active_low. No call waits.
 * Errors are negative errno; -ENODEV: the chip is gone. */
#ifndef ADAPTERS_GPIO_LINES_H
#define ADAPTERS_GPIO_LINES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHIPS_MAX 64
#define CHIP_PATH_MAX 32
#define CHIP_WHERE_MAX 200
#define LINE_TEXT_MAX 33		/* names and consumers, with the 0 */

struct chip;
struct line;

/* What this build's library and its kernel interface can do. */
struct lines_facts {
	const char *library;
	bool debounces;			/* the kernel does */
	bool numbers;			/* events carry a sequence */
	unsigned buffer;		/* events that the kernel holds a line */
};
extern const struct lines_facts lines_facts;

struct line_info {
	char name[LINE_TEXT_MAX];	/* "": none */
	char consumer[LINE_TEXT_MAX];	/* "": none, or not told */
	bool used, output;
};

#define LINE_BIAS_NAMES "keep|disabled|pull-up|pull-down"
enum line_bias {
	LINE_BIAS_KEEP, LINE_BIAS_DISABLED, LINE_BIAS_UP, LINE_BIAS_DOWN
};
#define LINE_DRIVE_NAMES "push-pull|open-drain|open-source"
enum line_drive {
	LINE_PUSH_PULL, LINE_OPEN_DRAIN, LINE_OPEN_SOURCE
};
#define LINE_EDGE_NAMES "rising|falling|both"
enum line_edge { LINE_RISING, LINE_FALLING, LINE_BOTH };
enum line_initial { LINE_KEEP, LINE_LOW, LINE_HIGH };

struct line_settings {
	const char *consumer;
	bool output;
	enum line_initial initial;	/* of an output */
	enum line_bias bias;		/* of an input */
	enum line_drive drive;		/* of an output */
	enum line_edge edge;		/* of an input: which are events */
	int64_t debounce;		/* ns, 0: none; where facts.debounces */
};

struct line_event {
	int64_t when;			/* monotonic ns, by the kernel */
	uint32_t sequence;		/* 0: not known */
	bool rising;
};

/* chips.c: paths of the chips that there are, sorted; how many, at most
 * CHIPS_MAX. */
size_t chips_list(char paths[CHIPS_MAX][CHIP_PATH_MAX]);
/* chips.c: on which device the chip at this path sits, below /sys/devices, as
 * platform/soc/fe804000.i2c/i2c-1/1-0020; the second chip of one device has
 * "+1" behind it. "": the kernel does not say. */
void chip_where(const char *path, char where[CHIP_WHERE_MAX]);

int chip_open(const char *path, struct chip **chip);
void chip_close(struct chip *chip);
const char *chip_name(const struct chip *chip);		/* "gpiochip0" */
const char *chip_label(const struct chip *chip);
unsigned chip_lines(const struct chip *chip);
int chip_line(struct chip *chip, unsigned offset, struct line_info *info);

/* -EBUSY: another holds it. */
int line_request(const char *path, unsigned offset,
		 const struct line_settings *settings, struct line **line);
void line_release(struct line *line);
/* 0 or 1. Of an output: what the pin carries, as far as the chip can tell. */
int line_get(struct line *line);
int line_set(struct line *line, bool high);
/* -ENOTSUP where the kernel does not. */
int line_debounce(struct line *line, int64_t ns);
/* Readable when there are events; -1 of an output. */
int line_fd(const struct line *line);
/* How many were read, 0: none left. */
int line_events(struct line *line, struct line_event *events, size_t max);
#endif
