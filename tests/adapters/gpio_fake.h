/* SPDX-License-Identifier: GPL-2.0-or-later
 * Stands in for the seam of the GPIO adapter (adapters/gpio/lines.h): chips
 * and lines in memory, moved and broken by the test. With GPIO_FAKE_V2 it
 * numbers events and debounces like the kernel's second interface, otherwise
 * it is as poor as the first. */
#ifndef TESTS_ADAPTERS_GPIO_FAKE_H
#define TESTS_ADAPTERS_GPIO_FAKE_H
#include "adapters/gpio/lines.h"

#define FAKE_CHIPS 3
#define FAKE_LINES 4
#define FAKE_QUEUE 1024

struct line {
	char name[LINE_TEXT_MAX], consumer[LINE_TEXT_MAX];
	struct chip *chip;
	bool used, output, level;
	int stuck;			/* reads back so; -1: does not */
	int request_error, get_error, set_error, events_error;
	struct line_settings as;	/* how it was requested */
	struct line_event queue[FAKE_QUEUE];
	size_t n, dropped;
	uint32_t sequence;
	int fd;				/* readable: there are events */
};

struct chip {
	char path[CHIP_PATH_MAX], label[LINE_TEXT_MAX];
	char where[CHIP_WHERE_MAX];
	bool there;
	int open_error;
	struct line lines[FAKE_LINES];
};
extern struct chip gpio_chips[FAKE_CHIPS];

/* Chips "first" (lines door, meter, relay and a nameless one) and "second"
 * (lamp, two nameless ones, door2); the third is not there. */
void gpio_fake_start(void);
void gpio_fake_stop(void);
struct line *gpio_line_named(const char *name);
/* The outside moves a line, at a time. */
void gpio_move(struct line *line, bool level, int64_t when);
/* The chip is pulled out: its requested lines die. */
void gpio_unplug(struct chip *chip);
#endif
