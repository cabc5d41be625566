/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which GPIO chips the machine has. */
#include <dirent.h>
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
