/* SPDX-License-Identifier: MIT
 * An adapter for a start, see doc/adapter.md: each device is a directory, each
 * point a file in it with one number, as the kernel's hwmon and iio have them.
 * No state, so that neither open() nor attach() are needed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "adapters/adapter.h"

struct file_device { const char *directory; };
struct file_point { const char *file; };

static const struct adapter_key device_keys[] = {
	ADAPTER_KEY(ADAPTER_TEXT, struct file_device, directory,
		    .flags = ADAPTER_REQUIRED, .help = "where its files are"),
	{.type = ADAPTER_END}
};
static const struct adapter_key point_keys[] = {
	ADAPTER_KEY(ADAPTER_TEXT, struct file_point, file,
		    .flags = ADAPTER_REQUIRED, .help = "holds one number"),
	{.type = ADAPTER_END}
};

/* Agent thread, pure: whether the file is there is no question of the keys. */
static int file_check_point(const struct adapter_point *point,
			    struct adapter_facts *facts,
			    struct adapter_error *error)
{
	const struct file_point *p = point->data;

	facts->type = LWM2M_FLOAT;
	facts->polled = facts->writable = true;
	if (strchr(p->file, '/'))
		return adapter_refuse(point->device->bus, error, "file",
				      "a name, without '/'");
	return 0;
}

/* A descriptor, or -errno. O_NONBLOCK: a FIFO must not hold the bus up. */
static int file_open(const struct adapter_point *point, int flags)
{
	const struct file_device *d = point->device->data;
	const struct file_point *p = point->data;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", d->directory, p->file);
	fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int number_read(const struct adapter_point *point, double *number)
{
	char text[64] = "", *end;
	int fd = file_open(point, O_RDONLY), error = 0;

	if (fd < 0)
		return fd;
	if (read(fd, text, sizeof(text) - 1) < 0)
		error = -errno;
	close(fd);
	*number = strtod(text, &end);
	return error || end != text ? error : -EBADMSG;
}

/* One exchange is one file; for the rest of what is due the host asks again. */
static int file_read(struct adapter_device *device, struct adapter_point **due,
		     size_t n)
{
	const struct file_device *d = device->data;
	double number;
	int error = number_read(due[0], &number);

	(void)n;
	if (!error) {
		adapter_report(due[0], lwm2m_float(number), 0);
	} else if (access(d->directory, F_OK) != 0) {	/* no answer */
		adapter_missed(due[0]);
		adapter_why(device, "%s is not there", d->directory);
		return -ENODEV;
	} else {			/* it lives, but this value is bad */
		adapter_heard(device, 0);
		adapter_fault(device, due[0], error, "%s", strerror(-error));
	}
	return 0;
}

/* Only of points with `writable: true`, within `range`, scale undone. */
static int file_command(struct adapter_command *command)
{
	int fd, rc;

	if (command->kind != ADAPTER_WRITE)
		return -ENOTSUP;
	fd = file_open(command->point, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	rc = dprintf(fd, "%.15g\n", lwm2m_number(&command->value));
	close(fd);
	return rc < 0 ? -EIO : 0;
}

ADAPTER_EXPORT(.name = "file", .version = "1",
	       .device_keys = device_keys, .point_keys = point_keys,
	       .device_size = sizeof(struct file_device),
	       .point_size = sizeof(struct file_point),
	       .check_point = file_check_point,
	       .read = file_read, .command = file_command);
