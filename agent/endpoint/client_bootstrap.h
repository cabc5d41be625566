/* SPDX-License-Identifier: GPL-2.0-or-later
 * One endpoint at its bootstrap server: the connection, the copy of the
 * accounts while a session is open, and the accounts in force. Beside the
 * clients of an endpoint, with a connection of its own. Agent thread. */
#ifndef AGENT_CLIENT_BOOTSTRAP_H
#define AGENT_CLIENT_BOOTSTRAP_H
#include "agent/lwm2m/account.h"
#include "agent/lwm2m/bootstrap.h"
#include "agent/lwm2m/bootstrap_asking.h"
#include "agent/endpoint/endpoint.h"

struct client_bootstrap {
	struct bootstrap machine;
	struct endpoint *endpoint;
	struct server *server;		/* counts us among its clients */
	struct coap_connection *connection;
	struct heap_item due;
	struct tree *copy;		/* while a session is open */
	uint8_t *account;		/* as stored; NULL: the configuration's
					 * servers, or none at all */
	uint32_t n_account;
	uint64_t fingerprint;		/* of the accounts, at first */
	uint8_t last_code;		/* as a client's */
	enum asking_state asking;	/* of the Bootstrap-Request */
	bool fell_back;			/* asked, as registrations failed */
	bool unchanged;			/* the account is as it was before */
	bool stale;			/* the connection is to another server */
	uint32_t address_generation;	/* of the server, when connected */
	bool no_pack;			/* the server knows no Bootstrap-Pack */
	struct bootstrap_pack *pack;	/* while one comes */
	bool rules;			/* they came with some of object 2 */
	bool by_card;			/* what is applied just now */
	bool fresh;			/* registers without the start's window */
	uint8_t fallbacks;		/* that have brought nothing new */
	int64_t fall_back_at;		/* not before */
	int64_t ask_at;			/* of ASKING_QUEUED: its turn */
	int64_t prefer_at;		/* 1/x/22 was written: looked at then, or
					 * when the session that is open ends */
	int64_t when;			/* last done, ns since 1970; 0: never */
	char *why;			/* the last failure, or NULL */
};

/* Where there is a bootstrap server for this endpoint, and reads what is
 * stored. Before its clients are made. */
void client_bootstrap_create(struct endpoint *endpoint, int64_t now);
void client_bootstrap_destroy(struct endpoint *endpoint);
/* The endpoint may register: asks, where it has no accounts. */
void client_bootstrap_start(struct endpoint *endpoint, int64_t now);
void client_bootstrap_stop(struct endpoint *endpoint, int64_t now);
/* 1/x/9, lwmuxctl, or registrations that fail. false: nobody to ask. why: for
 * the log. */
bool client_bootstrap_trigger(struct endpoint *endpoint, const char *why,
			      int64_t now);
/* The registrations of c have failed as often as its account allows. */
void client_bootstrap_fallback(struct client *client, int64_t now);
/* A server has written which transport it prefers (1/x/22). When the answer to
 * that has gone out, it is reached over that one where its account has it. */
void client_bootstrap_prefer(struct endpoint *endpoint, int64_t now);
/* The way to its server is another one, or was away: no wait goes on, and what
 * was under way begins anew. */
void client_bootstrap_rerouted(struct client_bootstrap *bootstrap,
			       int64_t now);
void client_bootstrap_due(struct client_bootstrap *bootstrap, int64_t now);

/* client_bootstrap_pack.c: GET /bspack (Core TS 1.2, 6.1.7.7). Sends the
 * request for the next part. */
int bootstrap_pack_ask(struct client_bootstrap *bootstrap, int64_t now);
enum bootstrap_pack_part {
	BOOTSTRAP_PACK_MORE,	/* the next part has been asked for */
	BOOTSTRAP_PACK_WHOLE,
	BOOTSTRAP_PACK_NONE,	/* there is none: ask at /bs */
	BOOTSTRAP_PACK_BROKEN,
};
enum bootstrap_pack_part
bootstrap_pack_take(struct client_bootstrap *bootstrap,
		    const struct coap_answer *answer, int64_t now);
/* Of a whole one, into the copy. NULL, or what is wrong with it. */
const char *bootstrap_pack_open(struct client_bootstrap *bootstrap);
void bootstrap_pack_drop(struct client_bootstrap *bootstrap);
/* Segments of the path and the query that ask for the endpoint. */
void bootstrap_path(const char *path, struct buf *to);
void bootstrap_name(const struct client_bootstrap *bootstrap, struct buf *to);

/* client_bootstrap_card.c: the smart card that services->card has (Core TS
 * 6.1.3.2). Where it is another one than what the accounts came from, they are
 * checked, as a bootstrap server's are, and stored. */

/* Before there are clients. */
void bootstrap_card_restore(struct endpoint *endpoint, int64_t now);
/* The endpoint runs: they come into force. */
void client_bootstrap_card(struct endpoint *endpoint, int64_t now);
/* client_bootstrap.c: what was stored just now comes into force. */
void bootstrap_provided(struct client_bootstrap *bootstrap, bool servers,
			int64_t now);

/* endpoint_accounts.c */

/* Accounts in a tree of their own; false: there are none stored. Finish with
 * account_tree_finish(). */
bool endpoint_accounts(const struct endpoint *endpoint, struct tree *tree);
/* Reads the stored one; it is dropped where the configuration has changed. */
void endpoint_accounts_restore(struct endpoint *endpoint);
/* false: too much. */
bool endpoint_accounts_store(struct endpoint *endpoint,
			     const struct tree *tree, int64_t now);
/* From the memory, not from the disk. */
void endpoint_accounts_forget(struct endpoint *endpoint);
/* The bootstrap server's keys go from both. */
void endpoint_accounts_purge(struct endpoint *endpoint);
/* Of what accounts are for: of servers and bootstrap server. */
uint64_t endpoint_accounts_fingerprint(const struct endpoint *endpoint);
/* How long the bootstrap server's lasts after a bootstrap, s; 0: for ever. */
uint32_t endpoint_accounts_timeout(const struct endpoint *endpoint);
/* The keys for one of their servers (account_credentials.c). -errno, and why */
int endpoint_accounts_credentials(const struct endpoint *endpoint,
				  const struct server *server,
				  struct credentials *to, char *why,
				  size_t size);
/* Are the keys in the tree such that a handshake can be made of them? Of true
 * why is "", or what to warn of. */
bool account_keys_check(const struct tree *tree, char *why, size_t size);
/* The bootstrap server that they name, else the configuration's. */
struct server *endpoint_accounts_bootstrap(struct endpoint *endpoint,
					   int64_t now);
/* Clients for their servers; false: there are none stored. */
bool endpoint_accounts_clients(struct endpoint *endpoint, int64_t now);
/* What they have said of objects 1 and 2, into the endpoint's tree. */
void endpoint_accounts_tree(struct endpoint *endpoint);
/* What the bootstrap server gets to see. */
void endpoint_accounts_copy(const struct endpoint *endpoint,
			    struct tree *copy);
/* What was stored last comes into force: all clients are made anew. */
void endpoint_accounts_apply(struct endpoint *endpoint, int64_t now);
/* The stored ones, where what servers have written since asks for another
 * transport: then they are to be switched to. */
bool endpoint_accounts_prefer(struct endpoint *endpoint);
/* Those clients are made anew whose server is to be reached over another
 * transport; the others stay registered. */
void endpoint_accounts_switch(struct endpoint *endpoint, int64_t now);
/* A bootstrap has brought the accounts that are in force already: clients that
 * wait to try again do so now, the others are left as they are. */
void endpoint_accounts_again(struct endpoint *endpoint, int64_t now);

extern const struct coap_handlers client_bootstrap_handlers;
#endif
