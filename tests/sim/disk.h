/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated disk: what is below /sim is here, behind the system calls that
 * the gateway makes (by the linker's --wrap). What was written and not synced
 * outlives a kill, but not always a power cut; a name is safe when its folder
 * was synced. */
#ifndef SIM_DISK_H
#define SIM_DISK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk {
	int64_t latency;		/* of a job, at most; ns */
	size_t room;			/* bytes; what is more: ENOSPC */
	double eio;			/* probability, of a write or a sync */
	/* After so many changes from now (0: never) `stop` is called, in the
	 * middle of the gateway's doing. */
	uint64_t stop_after;
	void (*stop)(void);
};
extern struct disk disk;

void disk_begin(void);
int64_t disk_latency(void);
size_t disk_used(void);
/* As somebody with an editor: whole, and safe at once. */
void disk_put(const char *path, const char *text);
/* What is not safe is lost, torn or there, as it comes. */
void disk_power_cut(void);
/* Bytes of a file as the gateway would read it now; NULL: none. */
const uint8_t *disk_file(const char *path, size_t *n);
#endif
