/* SPDX-License-Identifier: GPL-2.0-or-later
 * The state machine of object 5, Firmware Update (Core TS E.6): what may be
 * done in which state, and what comes of it. Pure; who carries out what it asks
 * for is endpoint_firmware.c. */
#ifndef AGENT_FIRMWARE_H
#define AGENT_FIRMWARE_H
#include <stdbool.h>
#include <stdint.h>

#define FIRMWARE_BLOCK_WAIT INT64_C(93000000000)	/* ns for the next block
							 * of a push */

enum firmware_state {			/* 5/0/3 */
	FIRMWARE_IDLE, FIRMWARE_DOWNLOADING, FIRMWARE_DOWNLOADED,
	FIRMWARE_UPDATING,
};
enum firmware_result {			/* 5/0/5 */
	FIRMWARE_INITIAL, FIRMWARE_SUCCESS, FIRMWARE_NO_FLASH,
	FIRMWARE_NO_MEMORY, FIRMWARE_CONNECTION_LOST, FIRMWARE_DAMAGED,
	FIRMWARE_UNSUPPORTED, FIRMWARE_INVALID_URI, FIRMWARE_FAILED,
	FIRMWARE_NO_PROTOCOL,
};

enum firmware_event {
	FIRMWARE_PUSH,		/* a block of a package: not the last */
	FIRMWARE_PUSHED,	/* the whole package is there */
	FIRMWARE_URI,		/* 5/0/1 was written, not empty */
	FIRMWARE_PULLED,	/* its package is there */
	FIRMWARE_LOST,		/* no package will come; argument: why, one of
				 * enum firmware_result */
	FIRMWARE_CHECKED,	/* argument: 0, or what is wrong with it, errno:
				 * -ENOTSUP of another type, -EBADMSG damaged,
				 * -ENOSPC or -EFBIG too large */
	FIRMWARE_RESET,		/* an empty package or URI was written */
	FIRMWARE_UPDATE,	/* 5/0/2 */
	FIRMWARE_INSTALLED,	/* argument: 0, or -errno */
	FIRMWARE_RESTART,	/* of the program; argument: is the package of
				 * before still there? */
	FIRMWARE_TIMER,
};

enum firmware_task {
	FIRMWARE_NOTHING,
	FIRMWARE_FETCH,		/* the package of the URI */
	FIRMWARE_CHECK,		/* the package */
	FIRMWARE_INSTALL,
	FIRMWARE_DROP,		/* package, and what fetches one */
};

struct firmware {			/* zeroed: idle */
	uint8_t state, result;
	bool pushing;			/* the download is a push */
	int64_t until;			/* of the next block; 0: none is due */
};

struct firmware_action {
	uint8_t code;		/* CoAP's, for an event that a server made: 2.04
				 * or 4.05; 0 for the others */
	enum firmware_task task;
	bool changed;		/* state or result */
};
/* As it was stored; RESTART comes next. */
void firmware_restore(struct firmware *f, enum firmware_state state,
		      enum firmware_result result);

struct firmware_action firmware_step(struct firmware *f,
				     enum firmware_event event, int argument,
				     int64_t now);
#endif
