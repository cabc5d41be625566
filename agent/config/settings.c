/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters' own keys, of all buses and devices: each is typed, checked, and
 * refused alone. */
#include "agent/config/settings.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/nearest.h"
#include "agent/config/plugin.h"
#include "agent/config/settings_private.h"

#define SECOND INT64_C(1000000000)
#define SILENT_RADIO (6 * 3600 * SECOND)	/* heard only, never asked */
#define SILENT_RADIO_POLLED (900 * SECOND)	/* it shows itself between polls */

/* ---- a device ---- */

/* false: its own keys are wrong. */
static bool device_type(struct typing *t)
{
	struct config_device *d = t->device;
	unsigned before = t->scope->wrong;

	level_refuse_unknown(t, DEVICE, d->source->settings);
	d->data = level_type(t, DEVICE, t->bus->ops->device_size);
	return t->scope->wrong == before;
}

static void points_type(struct typing *t, const char *what_point)
{
	const char *what = t->scope->what;

	t->scope->what = what_point;
	for (size_t i = 0; i < t->points->n; i++) {
		unsigned before = t->scope->wrong;

		t->point = &t->points->at[i];
		level_refuse_unknown(t, POINT, t->point->source->settings);
		t->point->data = level_type(t, POINT,
					    t->bus->ops->point_size);
		t->mistyped[i] = t->scope->wrong > before;
	}
	t->point = NULL;
	t->scope->what = what;
}

static void device_refuse(struct config_device *device, const char *why)
{
	if (!device->refused)
		device->refused = arena_text(device->arena, why);
}

/* From those of the source to those of its own, to be typed. */
static void points_take(struct typing *t)
{
	struct config_device *d = t->device;

	t->points = config_points_create(d->points, d->n_points,
					 t->bus->ops->point_size);
	/* Who types them matters as well as what. */
	config_points_differ(t->points, &t->bus->ops, sizeof(t->bus->ops));
	d->shared = t->points;
	d->points = t->points->at;
}

/* Nothing changes them from here on. */
static void points_share(struct typing *t, struct points_known *known)
{
	struct config_device *d = t->device;

	for (size_t i = 0; i < t->points->n; i++)
		t->points->at[i].source = NULL;
	d->shared = points_known_share(known, t->points);
	d->points = d->shared->at;
}

/* "a modbus point", "an other point" */
static void what_print(char text[96], const struct config_bus *bus,
		       const char *level)
{
	const char *adapter = bus->adapter ? bus->adapter : "?";
	char *at = stpcpy(text, strchr("aeiou", *adapter) ? "an " : "a ");

	at = mempcpy(at, adapter, strnlen(adapter, 64));
	strcpy(stpcpy(at, " "), level);
}

/* What the device does not say of its sleep, its adapter and polls do. */
static void sleep_choose(const struct typing *t)
{
	bool sleepy = t->bus->ops->traits & ADAPTER_SLEEPY;
	struct config_device *d = t->device;
	int64_t poll = INT64_MAX;

	for (size_t i = 0; i < t->points->n; i++)
		if (t->points->at[i].polled && t->points->at[i].poll < poll)
			poll = t->points->at[i].poll;
	if (!d->queue_given)
		d->queue = sleepy;
	if (d->silent_after >= 0)
		return;
	d->silent_after = 0;
	d->learns_silence = poll == INT64_MAX && sleepy;
	if (poll == INT64_MAX)
		d->silent_after = sleepy ? SILENT_RADIO : 0;
	else if (d->queue)
		d->silent_after = poll < INT64_MAX / 3 ? 3 * poll : poll;
	if (sleepy && d->silent_after < SILENT_RADIO_POLLED)
		d->silent_after = SILENT_RADIO_POLLED;
}

static void device_apply(struct config *config, struct config_bus *bus,
			 struct config_device *device,
			 struct points_known *known,
			 struct config_errors *errors)
{
	char what[96], what_point[96];
	struct config_scope scope;
	struct typing t = {config, bus, device, NULL, NULL, &scope, NULL};
	bool good;

	what_print(what, bus, "device");
	what_print(what_point, bus, "point");
	config_scope_init(&scope, errors, device->endpoint, what);
	points_take(&t);
	t.mistyped = calloc(t.points->n + 1, sizeof(*t.mistyped));
	if (!t.mistyped)
		abort();
	good = device_type(&t);
	points_type(&t, what_point);
	if (good)
		device_check(&t);
	free(t.mistyped);
	if (scope.wrong)
		device_refuse(device, scope.first);
	else
		sleep_choose(&t);
	if (!device->refused)
		points_share(&t, known);
}

/* ---- a bus ---- */

static void bus_suggest(const struct config *config, struct nearest *nearest)
{
	for (size_t i = 0; i < config->n_buses; i++)
		if (!config->buses[i]->implied)
			nearest_offer(nearest, config->buses[i]->name);
}

static void refuse_adapter(struct typing *t, const char *why)
{
	const struct setting *adapter =
		setting_find(t->bus->source->settings, "adapter", true);
	struct nearest nearest;

	if (!t->bus->implied) {
		config_scope_add(t->scope, adapter ? adapter->value->place
				 : t->bus->source->place, "%s", why);
		return;
	}
	nearest_init(&nearest, t->bus->name);
	bus_suggest(t->config, &nearest);
	if (nearest.best)
		config_scope_add(t->scope, t->bus->source->place,
				 "there is no bus '%s'%s", t->bus->name,
				 nearest_text(&nearest));
	else
		config_scope_add(t->scope, t->bus->source->place,
				 "there is no bus '%s', and %s",
				 t->bus->name, why);
}

/* why: of a refused one, for its devices. */
static void bus_apply(struct config *config, struct config_bus *bus,
		      struct plugins *plugins, struct config_errors *errors,
		      char *why, size_t size)
{
	char what[96], reason[1024];
	struct config_scope scope;
	struct typing t = {config, bus, NULL, NULL, NULL, &scope, NULL};

	what_print(what, bus, "bus");
	config_scope_init(&scope, errors, NULL, what);
	if (bus->adapter)
		bus->ops = plugins_find(plugins, bus->adapter, reason,
					sizeof(reason));
	if (bus->adapter && !bus->ops)
		refuse_adapter(&t, reason);
	if (bus->ops) {
		level_refuse_unknown(&t, BUS, bus->source->settings);
		bus->data = level_type(&t, BUS, bus->ops->bus_size);
		if (!scope.wrong)
			bus_check(&t);
	}
	bus->refused |= scope.wrong;
	snprintf(why, size, "its bus '%s' is refused%s%s", bus->name,
		 scope.wrong ? ": " : "", scope.first);
}

/* ---- all ---- */

static int bus_index(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_buses; i++)
		if (!strcmp(config->buses[i]->name, name))
			return (int)i;
	return -1;
}

static void devices_apply(struct config *config, const struct verdict *verdicts,
			  struct config_errors *errors)
{
	struct points_known known;

	points_known_init(&known, config->n_devices);
	for (size_t i = 0; i < config->n_devices; i++) {
		struct config_device *device = config->devices[i];
		int bus = bus_index(config, device->bus);

		if (bus < 0)
			continue;	/* refused for having none */
		if (config->buses[bus]->ops)
			device_apply(config, config->buses[bus], device,
				     &known, errors);
		if (config->buses[bus]->refused)
			device_refuse(device, verdicts[bus].why);
	}
	points_known_finish(&known);
}

static void refused_drop(struct config *config)
{
	size_t left = 0;

	for (size_t i = 0; i < config->n_buses; i++) {
		if (config->buses[i]->refused)
			config_bus_free(config->buses[i]);
		else
			config->buses[left++] = config->buses[i];
	}
	config->n_buses = left;
}

/* What is refused, or was never typed, has no points any more. */
static void device_forget(struct config_device *device)
{
	device->source = NULL;
	if (device->shared && !device->refused)
		return;
	config_points_release(device->shared);
	device->shared = NULL;
	device->points = NULL;
	device->n_points = 0;
}

static void sources_forget(struct config *config)
{
	for (size_t i = 0; i < config->n_buses; i++)
		config->buses[i]->source = NULL;
	for (size_t i = 0; i < config->n_devices; i++)
		device_forget(config->devices[i]);
	arena_destroy(config->scratch);
	config->scratch = NULL;
}

void settings_apply(struct config *config, struct plugins *plugins,
		    struct config_errors *errors)
{
	struct verdict *verdicts = calloc(config->n_buses + 1,
					  sizeof(*verdicts));

	if (!verdicts)
		abort();
	for (size_t i = 0; i < config->n_buses; i++)
		bus_apply(config, config->buses[i], plugins, errors,
			  verdicts[i].why, sizeof(verdicts[i].why));
	buses_refuse_twice(config, verdicts, errors);
	devices_apply(config, verdicts, errors);
	devices_refuse_clashes(config, errors);
	lines_warn(config, errors);
	sources_forget(config);
	refused_drop(config);
	free(verdicts);
}

int timespan_parse(const char *text, int64_t *ns)
{
	return config_timespan(text, ns) ? -EINVAL : 0;
}
