/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which GPIO chips the machine has. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/gpio/lines.h"

static int is_chip(const struct dirent *entry)
{
	const char *number = entry->d_name + 8;

	return strncmp(entry->d_name, "gpiochip", 8) == 0 && *number &&
	       strlen(number) < 10 &&
	       number[strspn(number, "0123456789")] == '\0';
}

size_t chips_list(char paths[CHIPS_MAX][CHIP_PATH_MAX])
{
	struct dirent **entries;
	int n = scandir("/dev", &entries, is_chip, versionsort);
	size_t listed = 0;

	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		if (listed < CHIPS_MAX)
			snprintf(paths[listed++], CHIP_PATH_MAX, "/dev/%.20s",
				 entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return listed;
}

/* The directory of a chip's device; "": there is none. */
static void device_find(const char *name, char device[PATH_MAX])
{
	char link[64], *slash;

	snprintf(link, sizeof(link), "/sys/bus/gpio/devices/%.30s", name);
	if (!realpath(link, device)) {
		device[0] = '\0';
		return;
	}
	slash = strrchr(device, '/');
	if (slash)
		*slash = '\0';
}

/* How many chips of the same device have a lower number. */
static unsigned siblings_count(const char *path, const char *device)
{
	char paths[CHIPS_MAX][CHIP_PATH_MAX], other[PATH_MAX];
	size_t n = chips_list(paths);
	unsigned before = 0;

	for (size_t i = 0; i < n && strcmp(paths[i], path) != 0; i++) {
		device_find(paths[i] + 5, other);
		before += strcmp(other, device) == 0;
	}
	return before;
}

void chip_where(const char *path, char where[CHIP_WHERE_MAX])
{
	static const char root[] = "/sys/devices/";
	char device[PATH_MAX];
	const char *below = device;
	unsigned before;
	int n;

	device_find(path + 5, device);
	if (strncmp(device, root, sizeof(root) - 1) == 0)
		below += sizeof(root) - 1;
	n = snprintf(where, CHIP_WHERE_MAX, "%.180s", below);
	before = *device ? siblings_count(path, device) : 0;
	if (before)
		snprintf(where + n, CHIP_WHERE_MAX - (size_t)n, "+%u", before);
}
