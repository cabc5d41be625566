/* SPDX-License-Identifier: GPL-2.0-or-later
 * How much of us one peer may hold, whatever it does. What is above is refused
 * or dropped, counted, and told. */
#ifndef AGENT_LIMITS_H
#define AGENT_LIMITS_H

/* ---- a server, of one endpoint */

/* Bytes that it was sent over TCP or TLS, has not read, and the kernel has no
 * room for: it is cut off, and the session begun anew. */
#define STREAM_UNSENT_MAX (64 * 1024)
/* Requests over TCP or TLS in one turn, that is without a pause: nobody else is
 * looked after meanwhile. Cut off likewise. */
#define STREAM_ASKED_MAX 5000

#endif
