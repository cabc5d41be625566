/* SPDX-License-Identifier: GPL-2.0-or-later
 * One bus, one thread: the host side of the adapter ABI. Owns rhythm (polls
 * by a heap of due times), fairness between devices, back-off, reopening,
 * deadlines. All functions here are called on the agent thread and do not wait;
 * what happens on the bus comes back as messages. Where the agent thread does
 * not come for these any more (mailbox_beat()) for a device's safe_after, the
 * bus writes its `safe` values by itself. */
#ifndef AGENT_BUS_H
#define AGENT_BUS_H
#include "agent/config/config.h"
#include "agent/base/mailbox.h"
#include "objects/value.h"

struct bus;
struct bus_device;

/* A bus that is lost, or whose devices are all silent, is opened again by
 * itself, and its devices attached again: ATTACHED and ROUND come once more,
 * DETACHED does not. A device of a bus that is lost or does not open gets
 * NO_ANSWER for it, up to 3 tries; so do a device that the adapter loses and
 * one that it cannot attach. */
enum bus_event {
	BUS_OPENED,		/* the bus works */
	BUS_DOWN,		/* it could not be opened, or was lost: error,
				 * text; not repeated for the same error */
	BUS_CLOSED,		/* after bus_stop(): call bus_free() now */
	BUS_ATTACHED,		/* the device is known to the adapter; samples
				 * from within attach() come before */
	BUS_DETACHED,		/* last message of a device: bus_device_free() */
	BUS_SAMPLE,		/* point has a raw value, at `when` */
	BUS_FAULT,		/* point has none: error, text; also one that
				 * was not answered 3 times in a row while
				 * other points of its device were */
	BUS_HEARD,		/* sign of life; rssi in error, 0 unknown */
	BUS_NOTE,		/* text: what people should know of the device;
				 * NULL: nothing any more */
	BUS_ROUND,		/* every polled point has been tried once */
	BUS_NO_ANSWER,		/* the device did not answer, `tries` times in
				 * a row: error, text. Its points get no FAULT
				 * of their own */
	BUS_DONE,		/* command `id` has ended: error, 0 well; the
				 * read-back's sample came before it. text: the
				 * error, as the adapter says, or NULL */
	BUS_KEEP,		/* the device's kept state is now bytes; at
				 * most once a second, and before DETACHED.
				 * bus_kept() of id when they are written */
	BUS_FOUND,		/* a search (id) found: bus_search.h */
	BUS_SEARCHING,		/* and goes on: point of tries steps are done,
				 * the rest takes about `when` ns more; at most
				 * once a second */
	BUS_SEARCHED,		/* and has ended: error, text or NULL */
	BUS_FRAME,		/* of a trace (id): what went over the bus, as
				 * bytes, and text; tries: so many before it
				 * are left out; error 1: we have sent it */
	BUS_TRACED,		/* and has ended */
};

struct bus_message {
	enum bus_event event;
	struct bus *bus;
	struct bus_device *device;	/* NULL: of the bus */
	void *owner;			/* the device's, as attached */
	uint32_t point;			/* index in the configuration */
	int32_t error;			/* negative errno, or rssi */
	uint32_t tries;
	uint32_t happened;		/* SAMPLE: so often, and each is told;
					 * 0: it is so, and may have been */
	uint64_t id;
	int64_t when;			/* monotonic ns */
	struct lwm2m_value value;	/* text and bytes: in `bytes` */
	char *text;			/* heap, the receiver frees */
	uint8_t *bytes;			/* heap, the receiver frees */
	size_t length;
};
void bus_message_finish(struct bus_message *message);	/* frees the heap */

/* A mailbox of struct bus_message that all buses share. */
struct mailbox *bus_mailbox_create(void);

/* Holds n descriptors below FD_SETSIZE ready for adapters whose libraries
 * select(). At program start, while low ones are free; one a bus will do. */
void bus_reserve_low_fds(size_t n);

/* conf stays with the caller and must outlive the bus. NULL: no thread or
 * descriptor is to be had, errno says. */
struct bus *bus_start(const struct config_bus *conf, struct mailbox *up);
void bus_stop(struct bus *bus);		/* detaches all; BUS_CLOSED follows */
void bus_free(struct bus *bus);		/* joins the thread */
/* For how long its thread has been at work without looking up, ns; 0: it
 * waits. Much longer than any time-out: a call into the adapter hangs. */
int64_t bus_busy_for(const struct bus *bus, int64_t now);

/* conf must outlive BUS_DETACHED. kept: what BUS_KEEP last gave, or NULL.
 * make_safe: the run before has not left it in its safe state, so its `safe`
 * values are written before anything else. */
struct bus_device *bus_attach(struct bus *bus,
			      const struct config_device *conf, void *owner,
			      const uint8_t *kept, size_t n_kept,
			      bool make_safe);
void bus_detach(struct bus_device *device);
void bus_device_free(struct bus_device *device);

/* Of a point: raw. */
struct bus_write { uint32_t point; struct lwm2m_value raw; };
/* n > 0; more than one: of points of one group, a point once, which are written
 * together or not at all. All is copied. BUS_DONE with this id, once, follows
 * if 0 is returned; of the first point. -EAGAIN: 16 wait already; -ESHUTDOWN:
 * the device or the bus is on its way out. Deadlines (monotonic ns) are the
 * caller's to answer: bus_cancel() then, and no BUS_DONE follows, except one
 * that is in the mailbox already: an unknown id means nothing. A command whose
 * deadline has passed is not begun. */
int bus_write(struct bus_device *device, const struct bus_write *writes,
	      size_t n, int64_t deadline, uint64_t id);
void bus_cancel(struct bus_device *device, uint64_t id);
/* From now on the point is polled every `poll` ns, if it is polled at all. */
void bus_poll_period(struct bus_device *device, uint32_t point, int64_t poll);

/* What BUS_KEEP of this id brought is on the disk, or cannot be brought there. */
void bus_kept(struct bus_device *device, uint64_t id);

/* Is the image one for the device (install: false), or put it there: BUS_DONE
 * with this id follows, error as adapter.h says of image_check and
 * image_install; -ENODEV where the device is not attached. -ESHUTDOWN as above.
 * The bus takes a share of image of its own. */
struct image;
int bus_image(struct bus_device *device, struct image *image, bool install,
	      uint64_t id);

/* BUS_FRAME of each frame from now on, for `duration` ns; BUS_TRACED, always,
 * after that or bus_trace_stop(). One at a time. Frames that the mailbox has no
 * room for are left out, and counted. -ESHUTDOWN: it is on its way out. */
int bus_trace(struct bus *bus, int64_t duration, uint64_t id);
void bus_trace_stop(struct bus *bus);

/* Counters of a bus (device NULL) or a device: names and numbers at this
 * moment, at most max; the names are literals of the adapter or ours. */
struct bus_count { const char *name; uint64_t n; };
size_t bus_counts(struct bus *bus, struct bus_device *device,
		  struct bus_count *counts, size_t max);

/* The device may have begun to count its packets anew (count_anew() of
 * adapter.h): told to the adapter, or as soon as it is attached. -ESHUTDOWN as
 * above. */
int bus_count_anew(struct bus_device *device);

/* How full the bus is: at work for so many per mille of the last half minute
 * to minute, -1: it is too early to say. At BUS_FULL nothing more goes into
 * it. */
#define BUS_FULL 900
int bus_load(struct bus *bus, int64_t now);
/* Of the point of a device that falls behind its poll the most: what is asked
 * for, and what it gets. Both 0 where all keep their periods. ns */
struct bus_pace { int64_t asked, gets; };
struct bus_pace bus_pace(struct bus *bus, struct bus_device *device);
#endif
