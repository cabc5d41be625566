/* SPDX-License-Identifier: GPL-2.0-or-later
 * For the files gatt*.c: a connection, its state, and the queue for one. */
#ifndef BLE_GATT_PRIVATE_H
#define BLE_GATT_PRIVATE_H
#include "adapters/ble/gatt.h"

#define SECOND INT64_C(1000000000)
#define GATT_LINKS 2

/* Properties of a characteristic. */
enum { WRITE_UNANSWERED = 0x04, CAN_WRITE = 0x08, CAN_NOTIFY = 0x10 };

/* Which request is under way; GATT_READY: none. */
enum gatt_state {
	GATT_IDLE, GATT_CONNECTING, GATT_ASKING_MTU, GATT_DISCOVERING,
	GATT_DESCRIBING, GATT_SUBSCRIBING, GATT_STARTING, GATT_READY,
	GATT_READING, GATT_WRITING,
};

struct gatt_link {
	struct ble_bus *bus;
	struct ble_device *current;	/* NULL: it is free */
	const struct ble_controller *by;	/* that makes it */
	enum gatt_state state;
	int fd;
	int64_t since, deadline;
	struct att att;
	struct ble_point *point;	/* whose turn it is */
};

struct ble_gatt {
	struct ble_device *first, **end;	/* who waits */
	struct gatt_link links[GATT_LINKS];
	int64_t alone_until;		/* one link, until then, */
	int64_t lingers_until;		/* and until then the last one is up */
};

static inline struct ble_point *gatt_point(const struct ble_device *device,
					   size_t i)
{
	return device->base->points[i]->data;
}

/* ---- gatt.c */

/* NULL: none may be begun now. */
struct gatt_link *gatt_link_free(struct ble_gatt *gatt, int64_t now);
/* The device that has waited longest of those that listen now; NULL: none. */
struct ble_device *gatt_device_ready(const struct ble_gatt *gatt, int64_t now);
/* Not where it waits already, or has a connection. */
void gatt_enqueue(struct ble_gatt *gatt, struct ble_device *device,
		  int64_t now);
void gatt_dequeue(struct ble_gatt *gatt, struct ble_device *device);

/* ---- gatt_link.c: each may end the connection: link->current is NULL then */

void gatt_link_start(struct gatt_link *link, struct ble_device *device,
		     int64_t now);
/* The socket says how the attempt to connect has ended. */
void gatt_link_connected(struct gatt_link *link, int64_t now);
void gatt_send(struct gatt_link *link, const uint8_t *pdu, size_t n,
	       int64_t now);
/* What link->att has ready, with a time for its answer. */
void gatt_request(struct gatt_link *link, enum gatt_state state, int64_t now);
/* Nothing is left to do. */
void gatt_link_end(struct gatt_link *link, int64_t now);
/* Fails what was due, and the command; error is -errno, what says of what. */
void gatt_link_fail(struct gatt_link *link, int error, const char *what,
		    int64_t now);
/* Says nothing to anybody. */
void gatt_link_close(struct gatt_link *link);
/* Each point that is due; with notifying those, too, that only notify. */
void gatt_points_fail(struct ble_device *device, bool notifying, int error,
		      const char *what);

/* ---- gatt_work.c */

/* Does what is next as long as nothing is under way. */
void gatt_link_work(struct gatt_link *link, int64_t now);
/* NULL: none is to be read. */
struct ble_point *gatt_point_wanted(const struct ble_device *device);
/* Of the device's command, if it has any; error is 0 or -errno. */
void gatt_command_end(struct ble_device *device, int error);

/* ---- gatt_receive.c */

/* All that the socket has. */
void gatt_link_receive(struct gatt_link *link, int64_t now);
#endif
