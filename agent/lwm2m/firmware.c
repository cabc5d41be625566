/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 5: Idle, Downloading, Downloaded, Updating. */
#include "agent/lwm2m/firmware.h"
#include <errno.h>

#define CHANGED ((uint8_t)(2 << 5 | 4))
#define NOT_NOW ((uint8_t)(4 << 5 | 5))

static const struct firmware_action none, refused = {.code = NOT_NOW};

static struct firmware_action firmware_move(struct firmware *f,
					    enum firmware_state state,
					    enum firmware_result result,
					    enum firmware_task task)
{
	bool changed = f->state != state || f->result != result;

	f->state = (uint8_t)state;
	f->result = (uint8_t)result;
	f->until = 0;
	return (struct firmware_action){.task = task, .changed = changed};
}

/* The same, made by a server's request. */
static struct firmware_action firmware_asked(struct firmware *f,
					     enum firmware_state state,
					     enum firmware_task task)
{
	struct firmware_action action =
		firmware_move(f, state, FIRMWARE_INITIAL, task);

	action.code = CHANGED;
	return action;
}

static struct firmware_action on_push(struct firmware *f, int64_t now)
{
	struct firmware_action action;

	if (f->state != FIRMWARE_IDLE &&
	    !(f->state == FIRMWARE_DOWNLOADING && f->until))
		return refused;
	action = firmware_asked(f, FIRMWARE_DOWNLOADING, FIRMWARE_NOTHING);
	f->until = now + FIRMWARE_BLOCK_WAIT;
	f->pushing = true;
	return action;
}

/* A small package comes whole, without a block before it. */
static struct firmware_action on_pushed(struct firmware *f)
{
	if (f->state != FIRMWARE_IDLE &&
	    !(f->state == FIRMWARE_DOWNLOADING && f->until))
		return refused;
	f->pushing = true;
	return firmware_asked(f, FIRMWARE_DOWNLOADING, FIRMWARE_CHECK);
}

static struct firmware_action on_uri(struct firmware *f)
{
	if (f->state != FIRMWARE_IDLE)
		return refused;
	f->pushing = false;
	return firmware_asked(f, FIRMWARE_DOWNLOADING, FIRMWARE_FETCH);
}

static enum firmware_result result_of(int error)
{
	switch (error) {
	case -ENOTSUP: return FIRMWARE_UNSUPPORTED;
	case -EBADMSG: return FIRMWARE_DAMAGED;
	case -ENOSPC: case -EFBIG: return FIRMWARE_NO_FLASH;
	default: return FIRMWARE_FAILED;
	}
}

static struct firmware_action on_checked(struct firmware *f, int error)
{
	if (f->state != FIRMWARE_DOWNLOADING)
		return none;		/* of a package that was given up */
	if (error)
		return firmware_move(f, FIRMWARE_IDLE, result_of(error),
				     FIRMWARE_DROP);
	return firmware_move(f, FIRMWARE_DOWNLOADED, FIRMWARE_INITIAL,
			     FIRMWARE_NOTHING);
}

/* What an update has begun it ends. */
static struct firmware_action on_reset(struct firmware *f)
{
	return f->state == FIRMWARE_UPDATING
		       ? refused
		       : firmware_asked(f, FIRMWARE_IDLE, FIRMWARE_DROP);
}

static struct firmware_action on_installed(struct firmware *f, int error)
{
	if (f->state != FIRMWARE_UPDATING)
		return none;
	if (error)
		return firmware_move(f, FIRMWARE_DOWNLOADED, FIRMWARE_FAILED,
				     FIRMWARE_NOTHING);
	return firmware_move(f, FIRMWARE_IDLE, FIRMWARE_SUCCESS, FIRMWARE_DROP);
}

/* A transfer that was cut off has failed; an update has, too: nobody knows how
 * far it came. A package that was whole is still there, and can be tried. */
static struct firmware_action on_restart(struct firmware *f, bool there)
{
	switch ((enum firmware_state)f->state) {
	case FIRMWARE_IDLE:
		break;
	case FIRMWARE_DOWNLOADING:
		return firmware_move(f, FIRMWARE_IDLE, FIRMWARE_CONNECTION_LOST,
				     FIRMWARE_DROP);
	case FIRMWARE_UPDATING:
		return firmware_move(
			f, there ? FIRMWARE_DOWNLOADED : FIRMWARE_IDLE,
			FIRMWARE_FAILED, FIRMWARE_NOTHING);
	case FIRMWARE_DOWNLOADED:
		if (!there)
			return firmware_move(f, FIRMWARE_IDLE, FIRMWARE_INITIAL,
					     FIRMWARE_NOTHING);
		break;
	}
	return none;
}

static struct firmware_action on_lost(struct firmware *f,
				      enum firmware_result why)
{
	return f->state != FIRMWARE_DOWNLOADING
		       ? none
		       : firmware_move(f, FIRMWARE_IDLE, why, FIRMWARE_DROP);
}

void firmware_restore(struct firmware *f, enum firmware_state state,
		      enum firmware_result result)
{
	f->state = (uint8_t)state;
	f->result = (uint8_t)result;
}

struct firmware_action firmware_step(struct firmware *f,
				     enum firmware_event event, int argument,
				     int64_t now)
{
	switch (event) {
	case FIRMWARE_PUSH:
		return on_push(f, now);
	case FIRMWARE_PUSHED:
		return on_pushed(f);
	case FIRMWARE_URI:
		return on_uri(f);
	case FIRMWARE_PULLED:
		return f->state != FIRMWARE_DOWNLOADING || f->pushing
			       ? none
			       : firmware_move(f, FIRMWARE_DOWNLOADING,
					       FIRMWARE_INITIAL,
					       FIRMWARE_CHECK);
	case FIRMWARE_LOST:
		return on_lost(f, (enum firmware_result)argument);
	case FIRMWARE_CHECKED:
		return on_checked(f, argument);
	case FIRMWARE_RESET:
		return on_reset(f);
	case FIRMWARE_UPDATE:
		return f->state != FIRMWARE_DOWNLOADED
			       ? refused
			       : firmware_asked(f, FIRMWARE_UPDATING,
						FIRMWARE_INSTALL);
	case FIRMWARE_INSTALLED:
		return on_installed(f, argument);
	case FIRMWARE_RESTART:
		return on_restart(f, argument);
	case FIRMWARE_TIMER:
		return f->until && now >= f->until
			       ? on_lost(f, FIRMWARE_CONNECTION_LOST)
			       : none;
	}
	return none;
}
