/* SPDX-License-Identifier: GPL-2.0-or-later
 * What bus.c (agent thread) and bus_thread.c, bus_device.c, bus_command.c and
 * bus_host.c (the bus's thread) share. After bus_start() the agent thread
 * touches of these structs only what stands under "agent thread" and what the
 * locks guard. */
#ifndef AGENT_BUS_PRIVATE_H
#define AGENT_BUS_PRIVATE_H
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include "adapters/adapter.h"
#include "agent/bus/bus.h"
#include "agent/bus/device_state.h"
#include "agent/bus/bus_load.h"
#include "agent/bus/bus_poll.h"
#include "agent/bus/bus_state.h"
#include "agent/base/heap.h"
#include "agent/config/config_group.h"

#define BUS_COMMANDS_MAX 16	/* of one device that wait or run */
#define BUS_NO_PROGRESS_MAX 64	/* exchanges in a row without a value */
#define BUS_VALUE_MAX 65536	/* bytes of a text or opaque value */
#define BUS_BUSY_PAUSE (POLL_SECOND / 2)	/* before it is asked again */

#define container_of(member_, type_, name_) \
	((type_ *)(void *)((char *)(member_) - offsetof(type_, name_)))

struct bus_counters { struct bus_count *at; size_t n; };

struct bus_point {
	struct adapter_point base;
	int64_t due;		/* of the next poll; POLL_NEVER: not polled */
	int64_t served;		/* when it was last asked for, and answered */
	uint16_t stretch;	/* its period beside its poll: bus_load.h */
	uint8_t misses;		/* asked in vain, in a row */
	bool asked;		/* in the exchange under way */
	bool busy;		/* it said so, and is asked again soon */
	bool in_vain;		/* the same, and the adapter got no answer */
	bool untried;		/* since the attach; polled ones only */
	bool paced;		/* since `served` nothing but its poll and its
				 * turn has decided when it comes next */
};

enum bus_command_state {
	COMMAND_QUEUED,
	COMMAND_RUNNING,	/* at the adapter, until done, cancel, detach */
	COMMAND_ENDED,		/* by the adapter: error says how */
	COMMAND_READING,	/* done; the read-back is under way */
	COMMAND_WAITING,	/* the device is busy: at `again` once more */
};

struct bus_command {
	struct adapter_command base;
	struct bus_command *next;
	uint64_t id;
	enum bus_command_state state;
	int error;
	char *why;		/* the error, as the adapter says; or NULL */
	int64_t again;
	bool forgotten;		/* but the adapter cannot cancel */
	bool read;		/* read back, or need not be */
	uint8_t bytes[];	/* of the value */
};

struct bus_device {
	struct adapter_device base;
	struct adapter_device **link;	/* what points at base; NULL: nothing,
					 * it is not attached */
	struct bus_device *next, *prev;	/* all devices of the bus */
	struct bus_device *next_ready;
	const struct config_device *conf;
	void *owner;
	struct heap_item due;
	int64_t hold;			/* left alone until then; 0: not */
	struct bus_command *current, *queue;
	struct device_state kept;
	uint64_t keeps, kept_to;	/* changes of it; those on the disk */
	struct bus_counters counters;	/* under bus->counters_lock, this and */
	struct bus_pace pace;		/* this */
	int64_t beat_at;		/* when the next heartbeat is due */
	char *why;			/* the last error, as the adapter says,
					 * or NULL */
	struct reach reach;
	uint32_t seed;
	uint32_t setup;			/* the next point to be set up; at the
					 * end of them when that is done */
	uint32_t untried;		/* points */
	atomic_uchar commands;		/* waiting or running */
	uint8_t no_progress;		/* reads in a row */
	enum attachment attachment;
	enum reachability counted_as;	/* in bus->reached */
	bool ready;			/* in the bus's list */
	bool keeping;			/* BUS_KEEP is due */
	bool missed;			/* in this exchange */
	bool setup_told;		/* that it fails, in the log, once */
	bool make_safe;			/* before anything else, once it is
					 * attached */
	bool count_anew;		/* to be told as soon as it is attached */
	bool orphaned;			/* made safe as the agent thread hangs */
	bool leaving;			/* agent thread: detach was asked for */
	struct bus_point points[];
};

enum bus_inbox_kind { INBOX_ATTACH, INBOX_DETACH, INBOX_DO,
			INBOX_FORGET, INBOX_RHYTHM, INBOX_SEARCH,
			INBOX_SEARCH_STOP, INBOX_IMAGE, INBOX_TRACE,
			INBOX_TRACE_STOP, INBOX_KEPT, INBOX_COUNT_ANEW };

struct bus_request {
	struct bus_request *next;
	enum bus_inbox_kind kind;
	struct bus_device *device;
	struct bus_command *command;	/* of DO */
	const struct search_plan *plan;	/* of SEARCH */
	struct bus_image *image;	/* of IMAGE */
	uint64_t id;			/* of FORGET, of SEARCH, of TRACE, of KEPT */
	int64_t poll;			/* of RHYTHM; TRACE: until when */
	uint32_t point;
};

enum bus_report { REPORTED_NOTHING, REPORTED_OPENED, REPORTED_DOWN };

struct bus {
	struct adapter_bus base;
	const struct config_bus *conf;
	const struct adapter_ops *ops;
	struct mailbox *up;
	pthread_t thread;
	bool stopping;			/* agent thread */

	pthread_mutex_t inbox_lock;	/* guards these three; */
	struct bus_request *inbox, **inbox_end;
	bool stop;
	int inbox_fd;			/* readable: look into the inbox */

	pthread_mutex_t counters_lock;	/* guards these, and the devices' */
	struct bus_counters counters;
	struct load load;

	_Atomic int64_t busy_since;	/* both threads: its round began then;
					 * 0: it waits */

	/* The bus's thread. */
	struct bus_device *first, *last;
	struct adapter_device **attached_end;
	struct bus_device *ready, **ready_end;	/* have a command to go on */
	struct bus_search *search;	/* the one under way, or NULL */
	struct bus_image *images;	/* that are being installed */
	struct heap due;
	struct adapter_point **asked;	/* room for one exchange */
	size_t asked_room;
	uint32_t reached[REACHABILITIES];	/* devices, by counted_as */
	int64_t backoff_until;		/* doubtful ones wait until then */
	int64_t backoff_last;		/* the last of those that do */
	int64_t turn_at, open_at, reopen_at, keep_at;
	int64_t opened_at;		/* the last time that it went well */
	int64_t watch_at;		/* is the agent thread looked after */
	int64_t trace_until;
	uint64_t trace_id;
	uint32_t trace_lost;		/* frames since the last one told */
	uint32_t open_tries;
	int low_fd;			/* -1: none is held */
	int lost;			/* negative errno; 0: not lost */
	char *lost_text;
	int down_error;			/* as last reported */
	enum bus_report last_reported;
	bool open, adapter_called, readable, inbox_ready, silent;
	bool full_told;			/* in the log, once */
	bool device_lost;		/* one at least */
};

/* bus_host.c */
/* Of a point that is never read: what the device has taken, as its value. */
void point_written(struct bus_point *point, const struct lwm2m_value *value);
extern const struct adapter_host bus_host;
int64_t bus_now(void);
void bus_count_up(struct bus *bus, struct bus_counters *counters,
		  const char *name, uint64_t n);
void bus_low_fd_return(struct bus *bus);
/* Sends a message; its text and bytes are given away. */
void bus_say(struct bus *bus, struct bus_message message);
void device_say(struct bus_device *device, struct bus_message message);
/* BUS_KEEP, if it has kept something since. */
void device_keep_flush(struct bus_device *device);
void bus_keep_flush(struct bus *bus);		/* of all */

/* bus_device.c */
void device_destroy(struct bus_device *device);
void device_attach(struct bus_device *device);
void device_detach(struct bus_device *device, int error);
void attachment_step(struct bus_device *device, enum attachment_event event);
/* It was heard; it did not answer (text is given away). */
void device_alive(struct bus_device *device);
void device_missed(struct bus_device *device, int error, char *text);
/* Before the adapter is called again: what it said of its last error (`why`) is
 * not of what comes now. */
void device_forget_why(struct bus_device *device);
/* As the adapter says, or what the number says; the caller frees. */
char *device_error_text(const struct bus_device *device, int error);
/* It did not answer, as the adapter says by itself: that counts as a try of each
 * polled point, and the device is left alone for a while. */
void device_fault(struct bus_device *device, int error, char *text);
void point_tried(struct bus_point *point);
/* BUS_ROUND, if its time has come. */
void device_round(struct bus_device *device);
/* One exchange for what is due; false: it must wait. */
bool device_poll(struct bus_device *device, int64_t now);
/* read() of the n points in bus->asked, settled. What read() said. */
int device_exchange(struct bus_device *device, size_t n);
void device_schedule(struct bus_device *device);
/* The adapter is told, now or once it is attached. */
void device_count_anew(struct bus_device *device);
/* Another period for a point, whose grid it is on from now. */
void device_poll_period(struct bus_device *device, uint32_t point,
			int64_t poll);

/* bus_safe.c: writes the `safe` values, as far as the device answers; false:
 * it could not be tried, or one was refused. */
bool device_safe(struct bus_device *device);
bool device_has_safe(const struct config_device *conf);
/* What the run before has not done, as soon as that is possible. */
void device_make_safe(struct bus_device *device);
/* Where the agent thread's heartbeat is older than a device's safe_after, the
 * device is made safe from here. Returns when to look again. */
int64_t bus_agent_watch(struct bus *bus, int64_t now);
/* A write of our own, in place of a command: the numbers of this point and of
 * those that are written together with it. What became of it. */
int device_write(struct bus_device *device, size_t at, group_number *number_of);

/* bus_setup.c: what the device is told after each connect, and then again and
 * again. */
void setup_begin(struct bus_device *device);
/* When there is something to write; POLL_NEVER: nothing. */
int64_t setup_due(const struct bus_device *device);
/* One write; it is due. 0, or the error, and what failed in name. */
int setup_step(struct bus_device *device, int64_t now, const char **name);

/* bus_command.c */
/* And those that are written together with it; NULL is fine. */
void command_free(struct bus_command *command);
void command_queue(struct bus_device *device, struct bus_command *command);
void command_forget(struct bus_device *device, uint64_t id);
/* The adapter's answer to it, and what that is for people. */
void command_answered(struct bus_command *command, int error);
void commands_fail(struct bus_device *device, int error);
/* BUS_DONE of the current one; the next may run. */
void command_end(struct bus_device *device, int error);
/* When one that its device was too busy for is tried again; POLL_NEVER. */
int64_t command_due(const struct bus_device *device);
/* Into the list of devices whose commands command_step() goes on with, and out of
 * it. */
void device_ready(struct bus_device *device);
void device_unready(struct bus_device *device);
bool command_step(struct bus *bus);
/* The point of a read-back has been reported or faulted. */
void command_read_back(struct bus_point *point);

/* bus_search.c */
struct search_plan;
void search_begin(struct bus *bus, const struct search_plan *plan, uint64_t id);
void search_forget(struct bus *bus, uint64_t id);
/* BUS_SEARCHED, if one is under way; text NULL: the error says it all. */
void search_end(struct bus *bus, int error, const char *text);
/* Its next exchange, if it is due. */
void search_step(struct bus *bus);
int64_t search_due(const struct bus *bus);
void search_found(struct adapter_search *search,
		  const struct adapter_found *found);

/* bus_image.c */
struct image;
struct bus_image *bus_image_create(struct bus_device *device,
				   struct image *image, bool install,
				   uint64_t id);
void image_begin(struct bus *bus, struct bus_image *job);
/* The device goes: BUS_DONE with error for what is being installed. */
void images_end(struct bus_device *device, int error);
/* The next exchange of one of them, if it is due. */
void images_step(struct bus *bus);
int64_t images_due(const struct bus *bus);

/* bus_trace.c */
void trace_begin(struct bus *bus, int64_t until, uint64_t id);
/* BUS_TRACED, if one is under way. */
void trace_end(struct bus *bus);
void trace_frame(struct adapter_bus *base, bool sent, const void *bytes,
		 size_t n, const char *format, va_list args)
	__attribute__((format(printf, 5, 0)));

/* bus_thread.c */
void *bus_run(void *bus);
void bus_lost(struct bus *bus, int error, char *text);
#endif
