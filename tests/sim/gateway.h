/* SPDX-License-Identifier: GPL-2.0-or-later
 * The gateway under test: lwmuxd's own main(), started, stopped and killed. */
#ifndef SIM_GATEWAY_H
#define SIM_GATEWAY_H
#include <stdbool.h>
#include <stdint.h>

/* Once in a process: what a first run leaves on the heap for good. */
void daemon_warm_up(void);
/* Runs until it ends; false: it could not begin. */
bool daemon_run(void);
/* It is running: from within the world's events. */
bool daemon_is_up(void);
/* It was told to end. */
bool daemon_is_leaving(void);
void daemon_kill(bool power);
void daemon_stop(void);
void daemon_reload(void);
/* Another world. */
void daemon_begin(void);
/* It starts, and the run before was killed with devices attached. */
bool daemon_follows_kill(void);
void daemon_has_devices(void);
/* It was not its own end. */
bool daemon_was_killed(void);
/* What its status says. */
struct daemon_status { uint64_t waiting, dropped, held, unexpected; };
struct daemon_status daemon_status(void);
/* Its queues: the longest of each kind, and how long it may be. */
enum { QUEUE_MEMORY, QUEUE_LOG, QUEUE_DISK, QUEUE_WRITES, QUEUE_OBSERVATIONS,
       QUEUE_FILES, QUEUE_TWICE, QUEUE_JOURNAL, QUEUE_MAIL, QUEUE_PEERS,
       QUEUE_UNREAD, QUEUES };
struct daemon_queue { const char *what; uint64_t is, most; };
/* gateway_store.c: its files that wait, those of them that a newer one should
 * have replaced, and what waits for its journal. */
struct store;
void store_queues(const struct store *store, uint64_t *files, uint64_t *twice,
		  uint64_t *journal);
void daemon_queues(struct daemon_queue queues[QUEUES]);
#endif
