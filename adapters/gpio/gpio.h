/* SPDX-License-Identifier: GPL-2.0-or-later
 * The adapter's own structs. A line is what the kernel lends us, points are
 * what is told of it and done to it; several points may share a line. */
#ifndef ADAPTERS_GPIO_GPIO_H
#define ADAPTERS_GPIO_GPIO_H
#include "adapters/adapter.h"
#include "adapters/gpio/counter.h"
#include "adapters/gpio/lines.h"
#include "adapters/gpio/place.h"

#define GPIO_LOG_WARNING 4
#define GPIO_NAME_MAX 200
#define GPIO_PATH_MAX 120	/* of a chip, in the configuration */
#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

struct gpio_bus {
	int epoll;			/* of the lines' events */
};

struct gpio_device {
	struct gpio_line *lines;
	size_t n_lines;
};

/* The first three are of enum line_initial. */
#define GPIO_INITIAL_NAMES "keep|off|on|last"
#define GPIO_LAST 3
#define GPIO_COUNT_NAMES "no|total|rate|quadrature"
enum gpio_count { COUNT_NO, COUNT_TOTAL, COUNT_RATE, COUNT_QUADRATURE };
#define GPIO_PART_NAMES \
	"value|polarity|debounce|edge|reset|on_time|off_time"
enum gpio_part {
	PART_VALUE, PART_POLARITY, PART_DEBOUNCE, PART_EDGE, PART_RESET,
	PART_ON_TIME, PART_OFF_TIME
};

struct gpio_point {
	/* keys */
	const char *line, *chip, *path;
	const char *set_line, *reset_line, *line_b;
	int32_t number;
	bool active_low;
	const char *interlock;
	uint32_t bias, edge, count, part, drive, initial;
	int64_t debounce, pulse, idle, save, reading;
	/* ours */
	struct gpio_line *of;
};

struct gpio_line {
	struct adapter_device *device;
	char name[GPIO_NAME_MAX];	/* for people, and to keep by */
	struct place_wanted wanted;	/* how it is found */
	struct gpio_line *other, *master;	/* of a pair, or NULL */
	struct home home;		/* its chip */
	/* What its points want of it together. */
	bool output, both_edges;
	bool lasting;			/* has totals to keep */
	uint32_t bias, drive, initial;
	uint32_t conf_initial;
	const char *interlock;
	int64_t idle, save;
	uint8_t also;			/* bits: edges that others count */
	bool conf_active_low;		/* by the configuration ... */
	uint32_t conf_edge;
	int64_t conf_debounce;
	bool active_low;		/* ... and as it is now */
	uint32_t edge;
	int64_t debounce;

	struct line *handle;		/* NULL: closed */
	bool level;			/* of the wire, as believed */
	bool warned;			/* of lost edges */
	uint32_t sequence;
	int64_t moved;			/* when level changed */
	struct debounce filter;
	struct counter counter;		/* of `edge` ... */
	struct counter others[LINE_BOTH + 1];	/* ... and of those in also */
	struct stopwatch watch;
	struct stopwatch_kept { int64_t kept[2], sure[2]; } ahead;
	struct saving saving;
	uint64_t mark;			/* adapter_keeps() of what is written */
	bool waits;			/* ... and is not on the disk yet */
	bool commanded, known;		/* what an output was last told to be,
					 * if it ever was */
	int64_t pulse;			/* of a latching relay's coils */
	int64_t position;		/* of an encoder */
	struct gpio_quadrature *quadrature;	/* NULL: is none */
	struct pace pace;		/* of totals ... */
	struct pace state_pace;		/* ... and of states */
	uint32_t rises;			/* to on, not told yet ... */
	int64_t rose;			/* ... the last of them */
	int64_t pulse_end;		/* 0: none under way */
};

/* effect.c: warns of keys that do nothing where they stand */
void gpio_effect_check(const struct adapter_point *point,
		       struct adapter_error *error);
/* line.c: lines of a device */
/* The names of the lines that a point has, one or two; NULL: by its number. */
size_t gpio_names(const struct gpio_point *point, const char *names[2]);
bool gpio_is_same_line(const struct gpio_point *a, const struct gpio_point *b);
int gpio_lines_make(struct adapter_device *device);
void gpio_lines_free(struct adapter_device *device);
/* Found, requested, read for the first time; otherwise all its points are
 * faulted. */
int gpio_line_open(struct gpio_line *line);
/* It failed, or its chip is gone. The last one takes the device with it. */
void gpio_line_fail(struct gpio_line *line, int error);
/* Takes the events that wait: how many, or -errno. */
int gpio_line_drain(struct gpio_line *line);
/* Looks at what the line carries: -errno, or not. */
int gpio_line_sample(struct gpio_line *line);
/* What time has done; returns when to call again. */
int64_t gpio_line_tick(struct gpio_line *line, int64_t now);
int gpio_line_drive(struct gpio_line *line, bool on, int64_t pulse);
bool gpio_line_is_on(const struct gpio_line *line);
/* By a command: for `initial: last`. */
int gpio_line_command(struct gpio_line *line, bool on, int64_t pulse);
/* Does it matter of which edge the point is? */
bool gpio_names_edge(const struct gpio_point *point);
/* The one that a point counts. */
struct counter *gpio_counter(const struct gpio_point *point);
bool gpio_device_lives(const struct adapter_device *device);

void gpio_line_tell_totals_soon(struct gpio_line *line);
struct line_event;
void gpio_sequence_check(struct gpio_line *line,
			 const struct line_event *event);
#define GPIO_READS_MAX 64		/* before others have their turn */

/* pair.c: either of its lines will do */
/* Are all lines there that it needs? */
bool gpio_is_whole(const struct gpio_line *line);
/* One of its lines is there now. */
int gpio_pair_start(struct gpio_line *line);
int gpio_latch_set(struct gpio_line *line, bool on, int64_t pulse);
int gpio_quadrature_make(struct gpio_line *line);
int gpio_quadrature_drain(struct gpio_line *line);
int gpio_quadrature_sample(struct gpio_line *line);

/* totals.c: what lasts of a line */
void gpio_kept_read(struct gpio_line *line);
void gpio_home_keep(struct gpio_line *line, const struct home *home);
/* last: as they are, for nothing more is counted. */
void gpio_totals_keep(struct gpio_line *line, bool last, int64_t now);
/* Something waits to be told until it is written. */
bool gpio_totals_held(const struct gpio_line *line);
/* Is what was written on the disk now? true: more may be told. */
bool gpio_totals_sure(struct gpio_line *line);
/* Of a time in s that may be told. */
int64_t gpio_seconds(const struct gpio_line *line, bool on);
void gpio_reading_take(struct gpio_line *line, const struct gpio_point *point);
void gpio_settings_keep(struct gpio_line *line);
void gpio_command_keep(const struct gpio_line *line);

/* points.c: what the points tell, and what is written to them */
/* when 0: it is so now. */
void gpio_point_tell(struct adapter_point *point, int64_t when);
void gpio_line_tell(struct gpio_line *line);		/* all of it */
/* The line has moved: each time by itself, and what its edges come to. */
void gpio_line_tell_state(struct gpio_line *line);
void gpio_line_tell_totals(struct gpio_line *line);
int gpio_point_write(struct adapter_point *point,
		     const struct lwm2m_value *value);

/* search.c */
struct gpio_search {
	uint32_t next;			/* chip */
};
int64_t gpio_search_step(struct adapter_search *search, int64_t now);
#endif
