/* SPDX-License-Identifier: GPL-2.0-or-later
 * Images on the bus's thread: checked at once, installed step by step between
 * the polls; those of several devices take turns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/bus/bus_private.h"
#include "agent/bus/image.h"

struct bus_image {
	struct bus_image *next;
	struct bus_device *device;
	struct image *image;
	uint64_t id;
	bool install, begun;
	struct adapter_image base;
	int64_t due;
};

/* ---- an image ---- */

struct image *image_create(const uint8_t *bytes, size_t n)
{
	struct image *image = malloc(sizeof(*image) + n);

	if (!image)
		abort();
	atomic_init(&image->users, 1);
	image->n = n;
	if (n)
		memcpy(image->bytes, bytes, n);
	return image;
}

static struct image *image_take(struct image *image)
{
	atomic_fetch_add(&image->users, 1);
	return image;
}

void image_release(struct image *image)
{
	if (image && atomic_fetch_sub(&image->users, 1) == 1)
		free(image);
}

/* ---- any thread makes it, the bus's has it ---- */

struct bus_image *bus_image_create(struct bus_device *device,
				   struct image *image, bool install,
				   uint64_t id)
{
	struct bus_image *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->device = device;
	job->image = image_take(image);
	job->install = install;
	job->id = id;
	return job;
}

static void bus_image_free(struct bus_image *job)
{
	image_release(job->image);
	free(job);
}

/* ---- the bus's thread ---- */

static void image_say(struct bus_image *job, int error)
{
	device_say(job->device, (struct bus_message){
		.event = BUS_DONE, .id = job->id, .error = error,
		.when = bus_now()});
	bus_image_free(job);
}

static void take_out(struct bus *bus, struct bus_image *job)
{
	struct bus_image **at = &bus->images;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
}

static int content_check(struct bus *bus, struct bus_image *job)
{
	return bus->ops->image_check ?
	       bus->ops->image_check(&job->device->base, job->image->bytes,
				     job->image->n) : 0;
}

void image_begin(struct bus *bus, struct bus_image *job)
{
	struct bus_image **end = &bus->images;

	if (!bus->ops->image_install || !job->device->link) {
		image_say(job, bus->ops->image_install ? -ENODEV : -ENOTSUP);
		return;
	}
	if (!job->install) {
		image_say(job, content_check(bus, job));
		return;
	}
	job->base = (struct adapter_image){
		.device = &job->device->base, .bytes = job->image->bytes,
		.n = job->image->n};
	job->due = bus_now();
	while (*end)
		end = &(*end)->next;
	*end = job;
}

void images_end(struct bus_device *device, int error)
{
	struct bus *bus = container_of(device->base.bus, struct bus, base);

	for (struct bus_image *job = bus->images, *next; job; job = next) {
		next = job->next;
		if (job->device != device)
			continue;
		take_out(bus, job);
		if (job->begun && bus->ops->image_cancel)
			bus->ops->image_cancel(&job->base);
		image_say(job, error);
	}
}

static struct bus_image *first_due(const struct bus *bus)
{
	struct bus_image *first = bus->images;

	for (struct bus_image *job = first; job; job = job->next)
		if (job->due < first->due)
			first = job;
	return first;
}

int64_t images_due(const struct bus *bus)
{
	const struct bus_image *job = first_due(bus);

	return job ? job->due : POLL_NEVER;
}

void images_step(struct bus *bus)
{
	struct bus_image *job = first_due(bus);
	int64_t now = bus_now(), next;

	if (!job || job->due > now)
		return;
	job->begun = true;
	bus->adapter_called = true;
	next = bus->ops->image_install(&job->base, now);
	if (next > 0) {
		job->due = next;
		return;
	}
	take_out(bus, job);
	image_say(job, (int)next);
}
