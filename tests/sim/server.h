/* SPDX-License-Identifier: GPL-2.0-or-later
 * The LwM2M servers: 1 and 2 of the site. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nonsense { SENSE, NONSENSE_5_03, NONSENSE_4_00, NONSENSE_2_05,
		NONSENSE_NO_LOCATION, NONSENSE_RESET, NONSENSES };

void servers_begin(void);
/* It stops; it starts again, with what it knew or not. */
void server_stop(size_t server);
void server_start(size_t server, bool with_state);
bool server_runs(size_t server);
void server_nonsense(size_t server, enum nonsense what);
/* Answers come so much later. */
void server_slow(size_t server, int64_t delay);
bool server_has(size_t server, size_t endpoint);
size_t server_registered(size_t server);
/* Asks the endpoint to do something, where it is registered. */
void server_execute(size_t server, size_t endpoint);
void server_write(size_t server, size_t endpoint);
void server_read(size_t server, size_t endpoint);
/* It is told where its package is, if it takes any. */
void server_package(size_t server, size_t endpoint);
void server_bootstrap(size_t server, size_t endpoint);	/* 1/x/9 */
/* Register requests that came in, and Updates that were good. */
uint64_t server_registers(size_t server);
uint64_t server_updates(size_t server);
#endif
