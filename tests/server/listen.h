/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server's context and its ports. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H
#include <stdbool.h>

/* By name: "port" (UDP), "coaps" (DTLS), "tcp", "tls"; 0 takes a free one.
 * False for another name. */
bool listen_want(const char *name, const char *port);

/* Makes server.coap and opens what is wanted on an IPv4 address; ports that
 * were free ones stay. 0 or -errno. */
int listen_open(const char *address);
/* Sends "ready" with all ports. */
void listen_report(void);

/* Like a restart that lost all state: clients, sessions and keys negotiated
 * are gone, nobody is told. */
int listen_again(void);
#endif
