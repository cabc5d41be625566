/* SPDX-License-Identifier: GPL-2.0-or-later
 * The records of the log's segment files, each with its length and checksum,
 * so that a torn end is seen. Pure.
 *
 * All numbers are little-endian:
 *   4 CRC-32 of what follows   2 length of all   1 kind   1 flags
 *   NAME   4 stream  2 server  endpoint
 *   DATA   4 stream  4 sequence  8 time, ns since 1970  1 type  1 depth
 *          2 for each level  value
 *   DONE   4 stream  4 from  4 to
 *   WATCH  4 stream  for each path: 1 depth  2 for each level
 *   BOOT   16 boot id  8 wall clock minus monotonic, ns
 *   STEP   8 by how much the wall clock was set, ns  8 from  8 to: of which
 *          times, on the old clock; those of no clock in any case */
#ifndef AGENT_BACKLOG_FORMAT_H
#define AGENT_BACKLOG_FORMAT_H
#include "agent/store/record_queue.h"
#include "agent/base/wall.h"
#include "objects/buf.h"

enum backlog_kind {
	BACKLOG_NAME = 1,
	BACKLOG_DATA,
	BACKLOG_DONE_RANGE,
	BACKLOG_WATCH,
	BACKLOG_BOOT,
	BACKLOG_STEP,
};

#define BACKLOG_RECORD_MAX (QUEUED_VALUE_MAX + 64)
#define BACKLOG_ENDPOINT_MAX 255
#define BACKLOG_PATHS_MAX 32

struct backlog_record {
	uint8_t kind;			/* enum backlog_kind */
	uint32_t stream;
	uint16_t server;		/* NAME */
	const char *endpoint;		/* NAME; not terminated */
	size_t n_endpoint;
	struct queued_record data;	/* DATA: without segment */
	uint32_t from, to;		/* DONE: from .. to - 1 */
	struct lwm2m_path paths[BACKLOG_PATHS_MAX];	/* WATCH */
	size_t n_paths;
	uint8_t boot[16];
	int64_t clock;			/* BOOT */
	struct clock_step step;
};

void backlog_record_write(const struct backlog_record *record, struct buf *out);
/* The record at the beginning of n bytes; texts are borrowed. Its length, 0:
 * the end, -EBADMSG: torn, or none of ours. */
int backlog_record_read(const uint8_t *at, size_t n,
			struct backlog_record *record);
#endif
