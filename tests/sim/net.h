/* SPDX-License-Identifier: GPL-2.0-or-later
 * Datagrams between the gateway's connections and the servers, and what the
 * line does to them. A connection's number stands for its address and port. */
#ifndef SIM_NET_H
#define SIM_NET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACK_TIMEOUT (2 * SECOND)		/* RFC 7252 4.8 */
#define MAX_RETRANSMIT 4
#define EXCHANGE_LIFETIME (247 * SECOND)
#define SERVER_NUMBERS 100
#define URI_ROOM 160
#define QUERY_ROOM 400

enum datagram_type { CON, NON, ACK, RST };

struct datagram {
	uint64_t connection;
	bool up;			/* to the server */
	uint8_t server, moved;		/* ... as its address was then */
	uint8_t type, code;
	uint16_t mid;
	uint8_t token[8], token_length;
	int32_t observe;		/* -1: none */
	uint16_t format, accept;	/* FORMAT_NONE */
	char uri[URI_ROOM];		/* Uri-Path, or Location-Path */
	char query[QUERY_ROOM];
	bool wants_block, has_block, more;	/* Block2 of RFC 7959 */
	uint32_t block;
	uint16_t block_size;
	size_t served;			/* of an answer: who is registered, + 1 */
	uint64_t told_from, told_to;	/* of an answer: what it confirms */
	size_t length;
	uint8_t payload[];
};

struct net {
	double loss_up, loss_down, twice;
	int64_t delay_least, delay_most;	/* one way; ns */
	bool cut_up, cut_down;		/* a black hole */
	bool unreachable;		/* the kernel says so at once */
	uint32_t address;		/* of the gateway: changes */
	uint8_t moved[SERVER_NUMBERS];	/* so often has a server's */
	bool watched;			/* the kernel tells of changes */
	uint64_t sent_up, sent_down;	/* datagrams, for the storm rule */
};
extern struct net net;

void net_begin(void);
/* The line is good again; what has moved stays. */
void net_mend(void);
/* The kernel tells that routes have changed, where it does. */
void net_tell(void);
/* The gateway has another address, as by a new lease; a server, by its name. */
void net_address_change(void);
void net_server_move(size_t number);
struct datagram *datagram_create(size_t length);
struct datagram *datagram_copy(const struct datagram *datagram);
void datagram_free(struct datagram *datagram);
/* A copy of it goes on its way, or is lost. */
void net_send(const struct datagram *datagram);
/* The time until the n-th retransmission (0: the first). */
int64_t net_timeout(unsigned n, int64_t first);

/* peer.c and server.c: it has arrived; taken. */
void connection_arrived(struct datagram *datagram);
void server_arrived(struct datagram *datagram);
/* The gateway is gone, and its connections. */
void connections_gone(void);
size_t connections_count(void);
#endif
