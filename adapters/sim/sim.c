/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulating adapter: devices that need no hardware, for trials, tests
 * and load. All is polled, so that a device costs nothing between its polls;
 * ten thousand of them fit on one bus. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/adapter.h"
#include "adapters/sim/signal.h"

#define FILE_MAX (16 << 20)
#define PERIOD_USUAL INT64_C(60000000000)	/* ns, the fallback below */

struct sim_replay {		/* one for all points that play this file */
	struct sim_replay *next;
	struct signal_row *rows;
	size_t n, users;
	char path[];
};

struct sim_bus {
	struct sim_replay *replays;
};

struct sim_device {
	int64_t quiet_every, quiet_for;		/* keys */
	int64_t image_max;
	int64_t start;
};

struct sim_point {
	/* keys */
	uint32_t signal;
	uint32_t random;		/* ours */
	double value, min, max;
	int64_t period;
	const char *file;
	struct sim_replay *replay;	/* ours */
};

static const struct adapter_key device_keys[] = {
	ADAPTER_KEY(ADAPTER_TIME, struct sim_device, quiet_every,
		    .fallback = "0s", .min = 0, .max = INT64_MAX,
		    .help = "the device plays dead at the end of each such "
			    "time"),
	ADAPTER_KEY(ADAPTER_TIME, struct sim_device, quiet_for,
		    .fallback = "0s", .min = 0, .max = INT64_MAX,
		    .help = "for how long it plays dead"),
	ADAPTER_KEY(ADAPTER_INT, struct sim_device, image_max,
		    .fallback = "0", .min = 0, .max = 1 << 24,
		    .help = "bytes of an image that it takes (object 5); 0: "
			    "none"),
	{.type = ADAPTER_END}
};
static const struct adapter_key point_keys[] = {
	ADAPTER_KEY(ADAPTER_CHOICE, struct sim_point, signal,
		    .fallback = "constant", .choices = SIGNAL_NAMES,
		    .help = "the shape of its values in time"),
	ADAPTER_KEY(ADAPTER_REAL, struct sim_point, value, .fallback = "0",
		    .help = "of a constant, which can be written"),
	ADAPTER_KEY(ADAPTER_REAL, struct sim_point, min, .fallback = "0",
		    .help = "lowest value of the signal"),
	ADAPTER_KEY(ADAPTER_REAL, struct sim_point, max, .fallback = "1",
		    .help = "highest value of the signal"),
	ADAPTER_KEY(ADAPTER_TIME, struct sim_point, period,
		    .fallback = "60s", .min = 1, .max = INT64_MAX,
		    .help = "of ramp, sine and step"),
	ADAPTER_KEY(ADAPTER_TEXT, struct sim_point, file,
		    .help = "of csv: lines \"seconds,value\", over and over"),
	{.type = ADAPTER_END}
};

/* A pipe or a device could hold up whoever reads it for ever. NULL and errno. */
static FILE *file_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat is;
	FILE *file;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &is) || !S_ISREG(is.st_mode)) {
		close(fd);
		errno = EINVAL;
		return NULL;
	}
	file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

/* The whole file as text, to be freed; or NULL and errno. */
static char *file_read(const char *path)
{
	FILE *file = file_open(path);
	char *text = NULL;
	size_t n = 0, got;

	if (!file)
		return NULL;
	do {
		char *more = realloc(text, n + 4097);

		if (!more)
			break;
		text = more;
		got = fread(text + n, 1, 4096, file);
		n += got;
		text[n] = '\0';
	} while (got > 0 && n < FILE_MAX);
	if (ferror(file) || n >= FILE_MAX || !text) {
		errno = n >= FILE_MAX ? EFBIG : ferror(file) ? errno : ENOMEM;
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* Number of rows, or -errno; -EINVAL with *wrong set says where. */
static int rows_read(const char *path, struct signal_row **rows,
		     unsigned *line, const char **wrong)
{
	char *text = file_read(path);
	int n;

	*wrong = NULL;
	if (!text)
		return -errno;
	n = signal_rows_parse(text, rows, line, wrong);
	free(text);
	return n;
}

static int file_check(const struct adapter_point *point,
		      struct adapter_error *error)
{
	const struct adapter_bus *bus = point->device->bus;
	const struct sim_point *p = point->data;
	struct signal_row *rows = NULL;
	const char *wrong;
	unsigned line;
	int n;

	if (!p->file)
		return adapter_refuse(bus, error, "file",
				      "signal csv needs a file");
	n = rows_read(p->file, &rows, &line, &wrong);
	if (n < 0 && wrong)
		return adapter_refuse(bus, error, "file", "%s:%u: the line %s",
				      p->file, line, wrong);
	if (n < 0)
		return adapter_refuse(bus, error, "file", "%s: %s", p->file,
				      n == -EINVAL ? "not a regular file" :
				      strerror(-n));
	free(rows);
	return 0;
}

/* Keys that can stand there and do nothing. */
static void effect_check(const struct adapter_point *point,
			 struct adapter_error *error)
{
	const struct sim_point *p = point->data;
	bool constant = p->signal == SIGNAL_CONSTANT;
	bool csv = p->signal == SIGNAL_CSV, random = p->signal == SIGNAL_RANDOM;
	const struct {
		bool none;
		const char *key, *why;
	} effects[] = {
		{p->value != 0 && !constant, "value", "is of signal constant"},
		{p->min != 0 && (constant || csv), "min",
		 "is of ramp, sine, step and random"},
		{p->max != 1 && (constant || csv), "max",
		 "is of ramp, sine, step and random"},
		{p->period != PERIOD_USUAL && (constant || csv || random),
		 "period", "is of ramp, sine and step"},
		{p->file && !csv, "file", "is of signal csv"},
	};

	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (effects[i].none)
			adapter_warn(point->device->bus, error, effects[i].key,
				     "%s; it does nothing here",
				     effects[i].why);
}

static int sim_check_device(const struct adapter_device *device,
			    struct adapter_error *error)
{
	const struct sim_device *d = device->data;

	if (d->quiet_for > d->quiet_every)
		return adapter_refuse(device->bus, error, "quiet_for",
				      "is longer than quiet_every");
	if (d->quiet_every > 0 && d->quiet_for == 0)
		adapter_warn(device->bus, error, "quiet_every", "does nothing "
			     "without quiet_for: for how long");
	return 0;
}

static int sim_check_point(const struct adapter_point *point,
			   struct adapter_facts *facts,
			   struct adapter_error *error)
{
	const struct adapter_bus *bus = point->device->bus;
	const struct sim_point *p = point->data;

	facts->polled = true;
	facts->type = LWM2M_FLOAT;
	facts->writable = p->signal == SIGNAL_CONSTANT;
	if (point->writable && !facts->writable)
		return adapter_refuse(bus, error, "writable",
				      "only a constant signal is");
	if (p->min > p->max)
		return adapter_refuse(bus, error, "min",
				      "is more than max");
	if (p->period <= 0)
		return adapter_refuse(bus, error, "period",
				      "must be more than nothing");
	effect_check(point, error);
	return p->signal == SIGNAL_CSV ? file_check(point, error) : 0;
}

static int sim_open(struct adapter_bus *bus)
{
	struct sim_bus *b = bus->data;

	b->replays = NULL;
	return 0;
}

static void sim_close(struct adapter_bus *bus)
{
	(void)bus;	/* the last detach freed all */
}

static struct sim_replay *replay_create(const char *path)
{
	struct sim_replay *replay = calloc(1, sizeof(*replay) + strlen(path) +
					      1);
	const char *wrong;
	unsigned line;
	int n;

	if (!replay)
		return NULL;
	memcpy(replay->path, path, strlen(path) + 1);
	n = rows_read(path, &replay->rows, &line, &wrong);
	if (n < 0) {
		free(replay);
		errno = -n;
		return NULL;
	}
	replay->n = (size_t)n;
	return replay;
}

static struct sim_replay *replay_take(struct sim_bus *bus, const char *path)
{
	struct sim_replay *replay = bus->replays;

	while (replay && strcmp(replay->path, path) != 0)
		replay = replay->next;
	if (!replay) {
		replay = replay_create(path);
		if (!replay)
			return NULL;
		replay->next = bus->replays;
		bus->replays = replay;
	}
	replay->users++;
	return replay;
}

static void replay_release(struct sim_bus *bus, struct sim_replay *replay)
{
	struct sim_replay **at = &bus->replays;

	if (!replay || --replay->users > 0)
		return;
	while (*at != replay)
		at = &(*at)->next;
	*at = replay->next;
	free(replay->rows);
	free(replay);
}

static void sim_detach(struct adapter_device *device)
{
	for (size_t i = 0; i < device->n_points; i++) {
		struct sim_point *p = device->points[i]->data;

		replay_release(device->bus->data, p->replay);
		p->replay = NULL;
	}
}

static int sim_attach(struct adapter_device *device)
{
	struct sim_device *d = device->data;

	d->start = adapter_now(device->bus);
	for (size_t i = 0; i < device->n_points; i++) {
		struct sim_point *p = device->points[i]->data;
		int rc;

		p->random = signal_seed(device->name, device->points[i]->name);
		if (p->signal != SIGNAL_CSV)
			continue;
		p->replay = replay_take(device->bus->data, p->file);
		if (p->replay)
			continue;
		rc = -errno;
		sim_detach(device);
		return rc;
	}
	return 0;
}

static bool is_quiet(const struct sim_device *d, int64_t elapsed)
{
	return d->quiet_for > 0 &&
	       elapsed % d->quiet_every >= d->quiet_every - d->quiet_for;
}

static double level_of(struct sim_point *p, int64_t elapsed)
{
	switch ((enum signal_shape)p->signal) {
	case SIGNAL_CONSTANT:
		return p->value;
	case SIGNAL_RANDOM:
		return p->min + (p->max - p->min) * signal_random(&p->random);
	case SIGNAL_CSV:
		return signal_rows_level(p->replay->rows, p->replay->n,
					 elapsed);
	case SIGNAL_RAMP:
	case SIGNAL_SINE:
	case SIGNAL_STEP:
		break;
	}
	return signal_level((enum signal_shape)p->signal, p->min, p->max,
			    p->period, elapsed);
}

static int sim_read(struct adapter_device *device, struct adapter_point **due,
		    size_t n)
{
	const struct sim_device *d = device->data;
	int64_t elapsed = adapter_now(device->bus) - d->start;

	if (is_quiet(d, elapsed))
		return -ETIMEDOUT;
	for (size_t i = 0; i < n; i++)
		adapter_report(due[i], lwm2m_float(level_of(due[i]->data,
							    elapsed)), 0);
	return 0;
}

static int sim_command(struct adapter_command *command)
{
	struct adapter_device *device = command->point->device;
	const struct sim_device *d = device->data;
	struct sim_point *p = command->point->data;
	double number = lwm2m_number(&command->value);

	if (command->kind != ADAPTER_WRITE || p->signal != SIGNAL_CONSTANT)
		return -ENOTSUP;
	if (is_quiet(d, adapter_now(device->bus) - d->start))
		return -ETIMEDOUT;
	if (isnan(number))
		return -EINVAL;
	p->value = number;
	return 0;
}

/* ---- images: "SIMIMAGE", the FNV-1a of the rest (4 bytes, highest first),
 * the rest; one whose rest begins with "FAIL" the device will not run */

#define IMAGE_HEAD 12
#define IMAGE_PIECE 4096		/* bytes of an exchange ... */
#define IMAGE_PAUSE (10 * INT64_C(1000000))	/* ... and what it takes */
#define LEVEL_NOTE 5			/* of adapter_log() */

static size_t sim_image_room(const struct adapter_device *device)
{
	const struct sim_device *d = device->data;

	return (size_t)d->image_max;
}

static uint32_t image_sum(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 2166136261u;

	while (n--)
		sum = (sum ^ *bytes++) * 16777619u;
	return sum;
}

static int sim_image_check(struct adapter_device *device, const uint8_t *bytes,
			   size_t n)
{
	const struct sim_device *d = device->data;

	if (n < IMAGE_HEAD || memcmp(bytes, "SIMIMAGE", 8) != 0)
		return -ENOTSUP;
	if (n > (size_t)d->image_max)
		return -ENOSPC;
	return image_sum(bytes + IMAGE_HEAD, n - IMAGE_HEAD) ==
	       ((uint32_t)bytes[8] << 24 | (uint32_t)bytes[9] << 16 |
		(uint32_t)bytes[10] << 8 | bytes[11]) ? 0 : -EBADMSG;
}

static int64_t sim_image_install(struct adapter_image *image, int64_t now)
{
	struct adapter_device *device = image->device;
	const struct sim_device *d = device->data;

	if (is_quiet(d, adapter_now(device->bus) - d->start))
		return -ETIMEDOUT;
	image->done += IMAGE_PIECE;
	if (image->done < image->n)
		return now + IMAGE_PAUSE;
	if (image->n >= IMAGE_HEAD + 4 &&
	    memcmp(image->bytes + IMAGE_HEAD, "FAIL", 4) == 0)
		return -EIO;
	adapter_log(device->bus, device, LEVEL_NOTE, "runs an image of %zu "
		    "bytes", image->n);
	adapter_count(device->bus, device, "images", 1);
	return 0;
}

static void sim_image_cancel(struct adapter_image *image)
{
	(void)image;	/* nothing is kept */
}

ADAPTER_EXPORT(.name = "sim", .version = "1",
	       .device_keys = device_keys, .point_keys = point_keys,
	       .bus_size = sizeof(struct sim_bus),
	       .device_size = sizeof(struct sim_device),
	       .point_size = sizeof(struct sim_point),
	       .check_device = sim_check_device,
	       .check_point = sim_check_point,
	       .open = sim_open, .close = sim_close,
	       .attach = sim_attach, .detach = sim_detach,
	       .read = sim_read, .command = sim_command,
	       .image_room = sim_image_room, .image_check = sim_image_check,
	       .image_install = sim_image_install,
	       .image_cancel = sim_image_cancel);
