/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is right by itself and wrong together: two buses on one line, two
 * devices at one address, more devices on a line than it can carry. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/settings_private.h"

#define TEXT_MAX 320

/* A bus, or a device of a bus, and where that is. */
struct placed {
	size_t bus, index;
	char *text;
};

static int placed_compare(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;
	int order;

	if (a->bus != b->bus)
		return a->bus < b->bus ? -1 : 1;
	order = strcmp(a->text, b->text);
	return order ? order : a->index < b->index ? -1 : 1;
}

static void placed_add(struct placed *list, size_t *n, struct placed one)
{
	one.text = strdup(one.text);
	if (!one.text)
		abort();
	list[(*n)++] = one;
}

static struct placed *placed_create(size_t n)
{
	struct placed *list = calloc(n + 1, sizeof(*list));

	if (!list)
		abort();
	return list;
}

static void placed_free(struct placed *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].text);
	free(list);
}

/* ---- buses */

/* A port has many names: they lead to one file. */
static void file_resolve(char text[TEXT_MAX])
{
	char path[PATH_MAX];

	if (*text == '/' && realpath(text, path) && strlen(path) < TEXT_MAX)
		strcpy(text, path);
}

static bool line_of(const struct config_bus *bus, char text[TEXT_MAX])
{
	if (!bus->ops || !bus_place(bus, text, TEXT_MAX))
		return false;
	file_resolve(text);
	return true;
}

bool buses_share_line(const struct config_bus *a, const struct config_bus *b)
{
	char line[TEXT_MAX], other[TEXT_MAX];

	return a->ops == b->ops && line_of(a, line) && line_of(b, other) &&
	       !strcmp(line, other);
}

static void bus_refuse(const struct config_bus *first, struct config_bus *bus,
		       struct verdict *verdict, struct config_errors *errors)
{
	struct place at = first->source->place, here = bus->source->place;
	char text[256];

	snprintf(text, sizeof(text), "the bus '%s' is on the same line as '%s' "
		 "(%s:%u:%u): declare it once under 'buses', and name it in "
		 "each of its devices", bus->name, first->name, at.file,
		 at.line, at.column);
	config_error_add(errors, here, NULL, "%s", text);
	snprintf(verdict->why, sizeof(verdict->why), "%s:%u:%u: %s", here.file,
		 here.line, here.column, text);
	bus->refused = true;
}

void buses_refuse_twice(struct config *config, struct verdict *verdicts,
			struct config_errors *errors)
{
	struct placed *list = placed_create(config->n_buses);
	size_t n = 0, first = 0;
	char text[TEXT_MAX];

	for (size_t i = 0; i < config->n_buses; i++) {
		struct config_bus *bus = config->buses[i];

		if (bus->refused || !bus->enabled || !line_of(bus, text))
			continue;
		placed_add(list, &n, (struct placed){0, i, text});
	}
	qsort(list, n, sizeof(*list), placed_compare);
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i].text, list[first].text))
			first = i;
		else
			bus_refuse(config->buses[list[first].index],
				   config->buses[list[i].index],
				   &verdicts[list[i].index], errors);
	placed_free(list, n);
}

/* ---- devices */

static const struct config_bus *bus_of(const struct config *config,
				       const struct config_device *device,
				       size_t *at)
{
	for (size_t i = 0; i < config->n_buses; i++)
		if (!strcmp(config->buses[i]->name, device->bus)) {
			*at = i;
			return config->buses[i];
		}
	return NULL;
}

static bool is_running(const struct config_device *d)
{
	return !d->refused && d->enabled && d->bus;
}

static void device_refuse(const struct config_device *first,
			  struct config_device *device, const char *why,
			  struct config_errors *errors)
{
	struct place at = first->source->place, here = device->source->place;
	char text[TEXT_MAX + 256];

	snprintf(text, sizeof(text), "cannot be beside %s (%s:%u:%u): %s",
		 first->endpoint, at.file, at.line, at.column, why);
	config_error_add(errors, here, device->endpoint, "%s", text);
	device->refused = arena_text(device->arena, text);
}

/* On one bus, or on any two of an adapter whose buses are no places: the lines of
 * GPIO are the machine's, whatever bus they are of. */
static bool are_together(const struct config *config,
			 const struct config_device *first,
			 const struct config_device *device,
			 const struct config_bus *bus)
{
	const struct config_bus *other;
	size_t at;

	if (!strcmp(first->bus, device->bus))
		return true;
	other = bus->ops->bus_place ? NULL : bus_of(config, first, &at);
	return other && other->ops == bus->ops;
}

static void clash_refuse(struct config *config, const struct config_bus *bus,
			 struct config_device *device, size_t before,
			 struct config_errors *errors)
{
	char text[TEXT_MAX];

	for (size_t i = 0; i < before; i++) {
		const struct config_device *first = config->devices[i];

		if (!is_running(first) ||
		    !are_together(config, first, device, bus) ||
		    !devices_clash(bus, first, device, text, sizeof(text)))
			continue;
		device_refuse(first, device, text, errors);
		return;
	}
}

void devices_refuse_clashes(struct config *config,
			    struct config_errors *errors)
{
	size_t at;

	for (size_t i = 1; i < config->n_devices; i++) {
		struct config_device *d = config->devices[i];
		const struct config_bus *bus = !is_running(d) ? NULL :
					       bus_of(config, d, &at);

		if (bus && bus->ops && bus->ops->devices_clash)
			clash_refuse(config, bus, d, i, errors);
	}
}

static void device_warn(const struct config_device *first,
			const struct config_device *device, const char *place,
			struct config_errors *errors)
{
	struct place at = first->source->place;

	config_warning_add(errors, device->source->place, device->endpoint,
			   "%s of the bus '%s' is '%s' already: %s:%u:%u",
			   place, device->bus, first->endpoint, at.file,
			   at.line, at.column);
}

static void load_warn(const struct config_bus *bus, double load,
		      struct config_errors *errors)
{
	if (load > 1)
		config_warning_add(errors, bus->source->place, NULL,
				   "the line of the bus '%s' cannot carry its "
				   "devices: their polls take at least %.0f %% "
				   "of its time, and will come %.1f times as "
				   "late as they should; longer polls, fewer "
				   "points or a faster line help", bus->name,
				   load * 100, load);
}

void lines_warn(const struct config *config, struct config_errors *errors)
{
	struct placed *list = placed_create(config->n_devices);
	double *loads = calloc(config->n_buses + 1, sizeof(*loads));
	size_t n = 0, first = 0, at;
	char text[TEXT_MAX];

	if (!loads)
		abort();
	for (size_t i = 0; i < config->n_devices; i++) {
		const struct config_device *d = config->devices[i];
		const struct config_bus *bus;

		if (d->refused || !d->enabled || !d->bus ||
		    !(bus = bus_of(config, d, &at)))
			continue;
		loads[at] += device_load(bus, d);
		if (device_place(bus, d, text, sizeof(text)))
			placed_add(list, &n, (struct placed){at, i, text});
	}
	qsort(list, n, sizeof(*list), placed_compare);
	for (size_t i = 1; i < n; i++)
		if (list[i].bus != list[first].bus ||
		    strcmp(list[i].text, list[first].text))
			first = i;
		else
			device_warn(config->devices[list[first].index],
				    config->devices[list[i].index],
				    list[i].text, errors);
	for (size_t i = 0; i < config->n_buses; i++)
		load_warn(config->buses[i], loads[i], errors);
	placed_free(list, n);
	free(loads);
}
