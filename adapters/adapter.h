/* SPDX-License-Identifier: MIT
 * The adapter ABI. One .so exports one symbol, `lwmux_adapter`.
 *
 * Growth: within one ADAPTER_ABI members are only appended, minor goes up.
 * The host copies min(size) of the ops and steps through key tables by
 * key_size. An adapter touches a member or function newer than minor 0 only
 * where adapter_minor(bus) says that it is there. So: nobody embeds, copies,
 * allocates or makes an array of a struct of the other side; only
 * struct lwm2m_value and adapter_list are frozen.
 *
 * Threads: check_* run on a thread of the agent's, at any time, beside the running
 * bus and each other: pure, no static state. All else runs on the bus's thread, one call at
 * a time; the functions of the host may be called only from inside those.
 * Order: open (attach ... detach)* close. A bus that is lost is taken through
 * detach of all, close, open, attach of all. data is zeroed and filled from
 * the configuration before each open and each attach (of points that have a
 * point_state it is zeroed, and keys are what the configuration says); text and
 * lists in it are the host's and live as long as data does. */
#ifndef LWMUX_ADAPTER_H
#define LWMUX_ADAPTER_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "objects/value.h"

#define ADAPTER_ABI 1u
#define ADAPTER_MINOR 6u
#define ADAPTER_NEVER INT64_MAX

struct adapter_host;		/* functions of the host, below */
struct adapter_error;		/* opaque: adapter_refuse() */

struct adapter_bus {
	const struct adapter_host *host;
	const char *name;
	void *data;
	struct adapter_device *devices;	/* attached ones, by ->next */
	struct adapter_search *search;	/* the one under way, or NULL */
	int64_t closed_at;		/* when it was last closed; 0: it has
					 * not been open before. minor 3 */
	bool traced;			/* somebody listens to adapter_trace().
					 * minor 4 */
};

struct adapter_device {
	struct adapter_bus *bus;
	struct adapter_device *next;
	const char *name;		/* the endpoint's */
	void *data;
	struct adapter_point *const *points;
	size_t n_points;
};

struct adapter_point {
	struct adapter_device *device;
	const char *name;
	void *data;
	int64_t poll;			/* ns */
	bool writable;
	const void *keys;		/* minor 5. What the configuration says,
					 * point_size bytes: of all devices that
					 * say the same */
};

enum adapter_command_kind { ADAPTER_WRITE };

/* Lives from command() until adapter_done(), cancel() or detach() of its
 * device returns, or until command() itself returns other than -EINPROGRESS.*/
struct adapter_command {
	struct adapter_point *point;
	uint32_t kind;			/* unknown kind: -ENOTSUP */
	struct lwm2m_value value;	/* raw: scale and offset undone, within
					 * the facts' min and max */
	int64_t deadline;
	/* minor 5. What else the request says of the point's group (below), a
	 * point once: all of it is done at once, or nothing. It lives as long
	 * as this one, which alone is done or cancelled. NULL: no more. */
	struct adapter_command *with;
};

enum adapter_search_kind { ADAPTER_SCAN, ADAPTER_PROBE };

/* Lives while bus->search points at it. */
struct adapter_search {
	struct adapter_bus *bus;
	uint32_t kind;
	void *data;			/* from search_keys; state of steps */
	struct adapter_point *const *identify;	/* of the profiles */
	size_t n_identify;
	/* minor 4, the adapter's: for people. */
	uint32_t done, total;		/* steps; total 0: it cannot say */
	int64_t left;			/* ns: what the rest takes, about */
};

struct adapter_found {			/* borrowed during the call */
	uint32_t size;			/* set by adapter_found() */
	int32_t rssi;			/* dBm, 0 unknown */
	const char *keys;		/* YAML that reaches it: "unit: 7" */
	const char *note;		/* for people: name, consumer */
	const struct adapter_point *identify;	/* which it answered ... */
	struct lwm2m_value value;	/* ... and what, raw */
	const char *missing;		/* minor 4: why the keys alone make no
					 * device that works; NULL: they do */
};

/* minor 2. The program of a device, on its way into it. Lives from the first
 * image_install() until that returned 0 or an error, or image_cancel() did. */
struct adapter_image {
	struct adapter_device *device;
	const uint8_t *bytes;
	size_t n;
	size_t done;			/* the adapter's: bytes so far, from 0*/
	void *state;			/* the adapter's own, from NULL */
};

struct adapter_facts {			/* of a point; zeroed by the host */
	uint32_t type;			/* enum lwm2m_type of raw values */
	bool polled, writable;		/* read() must ask; command() may set */
	double min, max;		/* raw limits of a write; equal: none */

	/* minor 3. What the adapter itself gives an output when it attaches,
	 * raw: the host holds it against the point's range. */
	bool has_initial;
	double initial;

	/* minor 5. Points of a device with one and the same name here are
	 * written together. A text of the point's data; NULL: by itself. */
	const char *group;
	/* minor 5. SenML's, of raw values; NULL or "": it is not known. */
	const char *unit;
};

enum adapter_key_type {			/* member's C type */
	ADAPTER_END, ADAPTER_BOOL,	/* bool */
	ADAPTER_INT,			/* any signed or unsigned integer */
	ADAPTER_REAL,			/* double */
	ADAPTER_TIME,			/* int64_t ns */
	ADAPTER_CHOICE,			/* uint32_t: index into choices */
	ADAPTER_TEXT,			/* const char * */
	ADAPTER_BYTES,			/* uint8_t[min == max]: hex, : allowed*/
	ADAPTER_SECRET,			/* struct adapter_list of bytes: the
					 * host reads the file, and wipes */
	ADAPTER_INTS,			/* struct adapter_list of int64_t */
	ADAPTER_TEXTS,			/* struct adapter_list of const char *;
					 * minor 3 */
};
enum {
	ADAPTER_REQUIRED = 1,
	ADAPTER_INHERIT = 2,	/* not given: as the key of the same name was
				 * given to the device, then to the bus; then
				 * the fallback */
	ADAPTER_AUTO = 4,	/* also "auto": all bits one, -1 */
};

struct adapter_list { const void *at; size_t n; };

struct adapter_key {
	const char *name;
	uint32_t type, offset, size, flags;
	const char *fallback;		/* as it would stand in the YAML */
	int64_t min, max;		/* of numbers and times; of lengths */
	const char *choices;		/* "tcp|rtu" */
	const char *help;
};
#define ADAPTER_KEY(type_, struct_, member, ...) \
	{.name = #member, .type = type_, .offset = offsetof(struct_, member), \
	 .size = sizeof(((struct_ *)0)->member), __VA_ARGS__}

enum adapter_trait {
	ADAPTER_SLEEPY = 1,	/* its devices sleep and show themselves now
				 * and then: queue mode unless told otherwise */
};

struct adapter_ops {
	uint32_t abi, size, key_size;	/* set by ADAPTER_EXPORT */
	uint32_t needs;			/* lowest minor of a host it can use */
	const char *name, *version;
	const struct adapter_key *bus_keys, *device_keys, *point_keys;
	const struct adapter_key *search_keys;	/* NULL or ADAPTER_END last */
	size_t bus_size, device_size, point_size, search_size;

	/* Pure, agent thread, any may be NULL; data is filled. 0, or what
	 * adapter_refuse() returned, which may be called several times. */
	int (*check_bus)(const struct adapter_bus *, struct adapter_error *);
	int (*check_device)(const struct adapter_device *,
			    struct adapter_error *);
	int (*check_point)(const struct adapter_point *,
			   struct adapter_facts *, struct adapter_error *);

	/* May block for one time-out of the wire. -errno: again with back-off,
	 * nothing is left allocated; close() is not called. */
	int (*open)(struct adapter_bus *);
	/* Never blocks; all devices have been detached. */
	void (*close)(struct adapter_bus *);
	/* -errno: again with back-off, detach() is not called. May report. */
	int (*attach)(struct adapter_device *);
	/* Never blocks; forget the device, its points and commands. Only
	 * adapter_keep() and adapter_log() may be called. */
	void (*detach)(struct adapter_device *);
	/* ONE exchange: returns after at most one time-out. due[0] has waited
	 * longest and should be in it, or it may never be; due may be
	 * reordered. 0: at least one was reported or faulted, the host asks
	 * again for the rest; -EAGAIN: none, but something was learnt;
	 * -EINPROGRESS: all are noted, reports follow; else: the device did
	 * not answer, the host faults all that are left. NULL: none polled. */
	int (*read)(struct adapter_device *, struct adapter_point **due,
		    size_t n);
	/* 0 done (the host then reads the point back where it is polled),
	 * -EINPROGRESS (adapter_done() follows) or the error. */
	int (*command)(struct adapter_command *);
	/* Its deadline has passed: forget it. Needed with -EINPROGRESS. */
	void (*cancel)(struct adapter_command *);
	/* Asked before each wait; POLLIN, an epoll descriptor serves many. */
	int (*pollfd)(struct adapter_bus *);
	/* Never blocks. Called when readable, when its time has come, and
	 * after any other call on the bus. Returns when next (absolute). */
	int64_t (*turn)(struct adapter_bus *, int64_t now, bool readable);
	/* One exchange a call, between polls. Returns when the next step is,
	 * 0 at the end, or -errno. NULL: what turn() hears will do. */
	int64_t (*search)(struct adapter_search *, int64_t now);

	uint32_t traits;		/* of enum adapter_trait; minor 1 */

	/* minor 2, all NULL where no device takes an image */

	/* Pure, agent thread, as check_device. The largest image that this
	 * device takes, bytes; 0: none. */
	size_t (*image_room)(const struct adapter_device *);
	/* Is this an image for the device, and whole? Does not talk to it. 0;
	 * -ENOTSUP of another kind, -EBADMSG damaged, -ENOSPC too large. NULL:
	 * it need not be asked. */
	int (*image_check)(struct adapter_device *, const uint8_t *bytes,
			   size_t n);
	/* ONE exchange a call, between polls; the last one lets the device run
	 * it. Returns when the next step is, 0 at the end, or -errno: the
	 * device runs what it ran before. */
	int64_t (*image_install)(struct adapter_image *, int64_t now);
	/* It is given up: forget it. Never blocks. */
	void (*image_cancel)(struct adapter_image *);

	/* minor 4, all pure, on the agent thread, any may be NULL */

	/* What the bus is on ("192.0.2.1:502", a path), and what of it the
	 * device is ("unit 7"), if there can be one only: two buses of one
	 * place are refused, two devices of one bus are warned of. False: it
	 * does not matter. */
	bool (*bus_place)(const struct adapter_bus *, char *text, size_t size);
	bool (*device_place)(const struct adapter_device *, char *text,
			     size_t size);
	/* How much of the bus's time the polls of a checked device take at
	 * least: 1 is all of it. 0: it is not known, or does not matter. */
	double (*device_load)(const struct adapter_device *);
	/* Two checked devices of one bus, or of any two where there is no
	 * bus_place: can they not be there together? Then text says why not, and the second is refused. */
	bool (*devices_clash)(const struct adapter_device *first,
			      const struct adapter_device *second, char *text,
			      size_t size);

	/* minor 5. Above 0: data of a point is not a copy of its keys but so
	 * many bytes, zeroed, and NULL where nothing is attached: in checks,
	 * and of `identify`. */
	size_t point_state;

	/* minor 6, both NULL where packets are not counted */

	/* Pure, on the agent thread, of a checked device. Does it count what it
	 * sends, so that what is old is refused? */
	bool (*counts)(const struct adapter_device *);
	/* Somebody says that the device may have begun to count anew: the next
	 * one is good, whatever its count. Also after a restart. */
	void (*count_anew)(struct adapter_device *);
};
#define ADAPTER_EXPORT(...) \
	extern const struct adapter_ops lwmux_adapter; \
	__attribute__((visibility("default"))) \
	const struct adapter_ops lwmux_adapter = { \
		.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops), \
		.key_size = sizeof(struct adapter_key), __VA_ARGS__}

struct adapter_host {
	uint32_t abi, minor, size;
	int64_t (*now)(struct adapter_bus *);
	void (*report)(struct adapter_point *, const struct lwm2m_value *,
		       int64_t when);
	void (*fault)(struct adapter_device *, struct adapter_point *,
		      int error, const char *format, va_list);
	void (*heard)(struct adapter_device *, int rssi);
	void (*lost)(struct adapter_bus *, struct adapter_device *, int error,
		     const char *format, va_list);
	void (*done)(struct adapter_command *, int error);
	void (*found)(struct adapter_search *, const struct adapter_found *);
	int (*keep)(struct adapter_device *, const char *name,
		    const void *bytes, size_t n);
	int (*kept)(struct adapter_device *, const char *name, void *bytes,
		    size_t n);
	void (*count)(struct adapter_bus *, struct adapter_device *,
		      const char *name, uint64_t n);
	int (*refuse)(struct adapter_error *, const char *key,
		      const char *format, va_list);
	void (*log)(struct adapter_bus *, struct adapter_device *, int level,
		    const char *format, va_list);
	int (*low_fd)(struct adapter_bus *);
	void (*missed)(struct adapter_point *);		/* minor 3, all */
	void (*why)(struct adapter_device *, const char *format, va_list);
	void (*note)(struct adapter_device *, const char *format, va_list);
	void (*warn)(struct adapter_error *, const char *key,
		     const char *format, va_list);	/* minor 4, all */
	void (*trace)(struct adapter_bus *, bool sent, const void *bytes,
		      size_t n, const char *format, va_list);
	void (*happened)(struct adapter_point *, const struct lwm2m_value *,
			 int64_t when, uint32_t times);
	uint64_t (*keeps)(struct adapter_device *, bool on_disk);
};

/* ---- what an adapter calls ---- */
#define ADAPTER_PRINTF(f, a) __attribute__((format(printf, f, a)))

static inline uint32_t adapter_minor(const struct adapter_bus *bus)
{
	return bus->host->minor;
}
/* The host's monotonic clock, ns: the one of `when`, `now`, `deadline`. */
static inline int64_t adapter_now(struct adapter_bus *bus)
{
	return bus->host->now(bus);
}
/* A value as the wire has it; copied. when 0: now. Sign of life. */
static inline void adapter_report(struct adapter_point *point,
				  struct lwm2m_value value, int64_t when)
{
	point->device->bus->host->report(point, &value, when);
}
/* Minor 4. Something happened: a press, a step, an edge. As a report, but it is
 * counted (`times` of it since the last call, where the value says on; the last
 * one at `when`) and told each time, also when the value is the same again. To
 * an older host it is a report. */
static inline void adapter_happened(struct adapter_point *point,
				    struct lwm2m_value value, int64_t when,
				    uint32_t times)
{
	const struct adapter_host *host = point->device->bus->host;

	if (adapter_minor(point->device->bus) >= 4)
		host->happened(point, &value, when, times);
	else
		host->report(point, &value, when);
}
/* This point failed, or, with NULL, the device did not answer and all its
 * polled points turn bad. Never a sign of life: adapter_heard() is, after a
 * refusal. The host counts and decides on silence. */
static inline void ADAPTER_PRINTF(4, 5)
adapter_fault(struct adapter_device *device, struct adapter_point *point,
	      int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	device->bus->host->fault(device, point, error, format, args);
	va_end(args);
}
/* Minor 3, inside of read() that is about to return an error: this point was
 * asked for in vain. Without it the host takes all that were due for that. An
 * older host does not want to know. */
static inline void adapter_missed(struct adapter_point *point)
{
	const struct adapter_bus *bus = point->device->bus;

	if (adapter_minor(bus) >= 3)
		bus->host->missed(point);
}
/* Minor 3, inside of read() or command() that is about to return an error, or
 * right before adapter_done() with one: what that is for people, in place of
 * the error's own text. */
static inline void ADAPTER_PRINTF(2, 3)
adapter_why(struct adapter_device *device, const char *format, ...)
{
	va_list args;

	if (adapter_minor(device->bus) < 3)
		return;
	va_start(args, format);
	device->bus->host->why(device, format, args);
	va_end(args);
}
/* Minor 3. What people should know of a device as it is now, in a line that the
 * status shows: why nothing is heard of it. Until the next; "": nothing more. */
static inline void ADAPTER_PRINTF(2, 3)
adapter_note(struct adapter_device *device, const char *format, ...)
{
	va_list args;

	if (adapter_minor(device->bus) < 3)
		return;
	va_start(args, format);
	device->bus->host->note(device, format, args);
	va_end(args);
}
static inline void adapter_heard(struct adapter_device *device, int rssi)
{
	device->bus->host->heard(device, rssi);
}
/* Unplugged, reset: when this call into the adapter has returned, the host
 * detaches the device (NULL: all, and closes) and tries again with back-off */
static inline void ADAPTER_PRINTF(4, 5)
adapter_lost(struct adapter_bus *bus, struct adapter_device *device, int error,
	     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bus->host->lost(bus, device, error, format, args);
	va_end(args);
}
/* The command is gone when this returns. Report what became of it first. */
static inline void adapter_done(struct adapter_command *command, int error)
{
	command->point->device->bus->host->done(command, error);
}
#define adapter_found(search_, ...) \
	((search_)->bus->host->found((search_), &(const struct adapter_found){ \
		.size = sizeof(struct adapter_found), __VA_ARGS__}))
/* Small state that outlives detach, restart and power: copied at once, on
 * disk within a second. kept: bytes there were, or -ENOENT. */
static inline int adapter_keep(struct adapter_device *device, const char *name,
			       const void *bytes, size_t n)
{
	return device->bus->host->keep(device, name, bytes, n);
}
static inline int adapter_kept(struct adapter_device *device, const char *name,
			       void *bytes, size_t n)
{
	return device->bus->host->kept(device, name, bytes, n);
}
/* Minor 4. How often something of the device was kept, and up to which of these
 * all is on the disk (or cannot be brought there). turn() is called when that
 * has changed. Of an older host, which does not say: 0. */
static inline uint64_t adapter_keeps(struct adapter_device *device,
				     bool on_disk)
{
	const struct adapter_bus *bus = device->bus;

	return adapter_minor(bus) >= 4 ? bus->host->keeps(device, on_disk) : 0;
}
/* A counter in status and metrics, of the device, or with NULL of the bus:
 * the host adds nothing up. name is a literal. */
static inline void adapter_count(struct adapter_bus *bus,
				 struct adapter_device *device,
				 const char *name, uint64_t n)
{
	bus->host->count(bus, device, name, n);
}
/* In check_*: which key is wrong and why; the host adds file:line:column. */
static inline int ADAPTER_PRINTF(4, 5)
adapter_refuse(const struct adapter_bus *bus, struct adapter_error *error,
	       const char *key, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = bus->host->refuse(error, key, format, args);
	va_end(args);
	return rc;
}
/* Minor 4, in check_*: this may be meant, and is taken. Of a point's key that
 * its device gave to all of them nothing is said: some have a use for it. */
static inline void ADAPTER_PRINTF(4, 5)
adapter_warn(const struct adapter_bus *bus, struct adapter_error *error,
	     const char *key, const char *format, ...)
{
	va_list args;

	if (adapter_minor(bus) < 4)
		return;
	va_start(args, format);
	bus->host->warn(error, key, format, args);
	va_end(args);
}
/* Minor 4. What went over the bus, and what it says, for people. */
static inline bool adapter_is_traced(const struct adapter_bus *bus)
{
	return adapter_minor(bus) >= 4 && bus->traced;
}
static inline void ADAPTER_PRINTF(5, 6)
adapter_trace(struct adapter_bus *bus, bool sent, const void *bytes, size_t n,
	      const char *format, ...)
{
	va_list args;

	if (!adapter_is_traced(bus))
		return;
	va_start(args, format);
	bus->host->trace(bus, sent, bytes, n, format, args);
	va_end(args);
}
/* For libraries that select(): a descriptor below FD_SETSIZE, this bus's own.
 * dup3() onto it, never close it: the host does when the bus is closed or its
 * open() failed. One a bus. -EMFILE: none left. */
static inline int adapter_low_fd(struct adapter_bus *bus)
{
	return bus->host->low_fd(bus);
}
static inline void ADAPTER_PRINTF(4, 5)
adapter_log(struct adapter_bus *bus, struct adapter_device *device, int level,
	    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bus->host->log(bus, device, level, format, args);
	va_end(args);
}
#endif
