/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of serial ports that last. */
#include "adapters/modbus/serial_name.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_counted(const char *port)
{
	const char *name = strrchr(port, '/');

	name = name ? name + 1 : port;
	return strncmp(name, "ttyUSB", 6) == 0 ||
	       strncmp(name, "ttyACM", 6) == 0;
}

bool serial_name_find(const char *port, const char *directory, char *to,
		      size_t size)
{
	struct stat want, have;
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!is_counted(port) || stat(port, &want))
		return false;
	dir = opendir(directory);
	while (dir && !found && (entry = readdir(dir))) {
		int n = snprintf(to, size, "%s/%s", directory, entry->d_name);

		found = n > 0 && (size_t)n < size && stat(to, &have) == 0 &&
			have.st_dev == want.st_dev &&
			have.st_ino == want.st_ino;
	}
	if (dir)
		closedir(dir);
	return found;
}
