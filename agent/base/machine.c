/* SPDX-License-Identifier: GPL-2.0-or-later
 * Firmware tables of the kernel (DMI on a PC, a device tree on a board) and
 * the system's own files. */
#include "agent/base/machine.h"
#include "agent/base/text.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#define TEXT_MAX 256

/* What makers leave in a field that they do not fill. */
static bool says_nothing(const char *text)
{
	static const char *const empty[] = {
		"", "None", "Default string", "To be filled by O.E.M.",
		"To Be Filled By O.E.M.", "System manufacturer",
		"System Product Name", "System Serial Number",
		"System Version", "Not Specified", "0", "123456789",
	};

	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		if (!strcmp(text, empty[i]))
			return true;
	return false;
}

/* The first line of a file, NULL where it says nothing. */
static char *line_of(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[TEXT_MAX];
	size_t n;

	if (!file)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	for (n = strlen(text); n && text[n - 1] == ' '; )
		text[--n] = '\0';
	return says_nothing(text) ? NULL : text_copy(text);
}

static char *first_of(const char *path, const char *other)
{
	char *text = line_of(path);

	return text ? text : line_of(other);
}

/* KEY=value or KEY="value". */
static char *value_of(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	char line[TEXT_MAX], *value = NULL;
	size_t n = strlen(key);

	while (file && !value && fgets(line, sizeof(line), file)) {
		char *at = line + n + 1;

		if (strncmp(line, key, n) || line[n] != '=')
			continue;
		at += *at == '"';
		at[strcspn(at, "\"\n")] = '\0';
		value = text_copy(at);
	}
	if (file)
		fclose(file);
	return value;
}

static char *timezone_of_link(void)
{
	char target[TEXT_MAX];
	ssize_t n = readlink("/etc/localtime", target, sizeof(target) - 1);
	const char *name;

	if (n < 0)
		return NULL;
	target[n] = '\0';
	name = strstr(target, "/zoneinfo/");
	return name ? text_copy(name + strlen("/zoneinfo/")) : NULL;
}

static char *timezone_find(void)
{
	const char *set = getenv("TZ");
	char *name;

	if (set && *set)
		return text_copy(set + (*set == ':'));
	name = timezone_of_link();
	return name ? name : line_of("/etc/timezone");
}

static char *hostname_find(void)
{
	char name[TEXT_MAX];

	if (gethostname(name, sizeof(name)) < 0 || !*name)
		return NULL;
	name[sizeof(name) - 1] = '\0';
	return text_copy(name);
}

static char *id_find(void)
{
	/* Any number will do, and must never change. */
	static const sd_id128_t lwmux = SD_ID128_MAKE(4b,1d,0e,6a,93,5c,4f,77,
						      9e,02,c8,31,7a,55,d6,20);
	char text[SD_ID128_STRING_MAX];
	sd_id128_t id;

	if (sd_id128_get_machine_app_specific(lwmux, &id) < 0)
		return NULL;
	return text_copy(sd_id128_to_string(id, text));
}

const struct machine *machine_info(void)
{
	static struct machine info;
	static bool read;

	if (read)
		return &info;
	read = true;
	info.vendor = line_of("/sys/class/dmi/id/sys_vendor");
	info.product = first_of("/sys/class/dmi/id/product_name",
				"/sys/firmware/devicetree/base/model");
	info.serial = first_of("/sys/class/dmi/id/product_serial",
			       "/sys/firmware/devicetree/base/serial-number");
	info.version = line_of("/sys/class/dmi/id/product_version");
	info.system = value_of("/etc/os-release", "PRETTY_NAME");
	info.timezone = timezone_find();
	info.hostname = hostname_find();
	info.id = id_find();
	return &info;
}

struct machine_memory machine_memory(void)
{
	struct machine_memory memory = {0, 0};
	FILE *file = fopen("/proc/meminfo", "re");
	char line[TEXT_MAX];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "MemTotal:", 9))
			memory.total_kb = strtoll(line + 9, NULL, 10);
		else if (!strncmp(line, "MemAvailable:", 13))
			memory.free_kb = strtoll(line + 13, NULL, 10);
	if (file)
		fclose(file);
	return memory;
}
