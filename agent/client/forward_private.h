/* SPDX-License-Identifier: GPL-2.0-or-later
 * Store and forward among its own files: forward.c (a client's part comes and
 * goes), forward_take.c (what is worth keeping), forward_waiting.c (what an
 * answer decides over), forward_kept.c (what is certain), forward_log.c (what
 * the backlog alone has), client_send.c (what goes out). Agent thread. */
#ifndef AGENT_FORWARD_PRIVATE_H
#define AGENT_FORWARD_PRIVATE_H
#include "agent/client/forward.h"

/* No answer for so long, ns: no accident any more. */
#define FORWARD_DOUBT_AFTER INT64_C(1000000000)

struct forwarding *forwarding_of(const struct client *client);
struct forward *forward_get(struct client *client);
/* Frees it where nothing is kept any more. */
void forward_release(struct client *client);

/* ---- its states ---- */

/* The event that has come. One that cannot come in the state of the client is a
 * fault of ours: it changes nothing, and is logged and counted. */
void forward_answer_event(struct forward *forward,
			  enum forward_answer_event event);
void forward_delivery_event(struct forward *forward,
			    enum forward_delivery_event event);
void forward_place_event(struct forward *forward,
			 enum forward_place_event event);

/* ---- of the client and its server ---- */

bool forward_is_reachable(const struct client *client);
/* ... and would take what is kept, as far as is known? */
bool forward_may_go(const struct forward *forward);
/* A boolean of its account, object 1. */
bool forward_flag(const struct client *client, uint16_t resource);
/* 1/x/6: do its observations store what they cannot tell? */
bool forward_is_storing(const struct client *client);
/* Nothing is kept: it is being checked, or goes away for good. */
bool forward_is_off(const struct client *client);
/* Something of ours is under way that an answer must come to. */
bool forward_is_busy(const struct client *client);
/* The right may have gone since it was observed (object 2). */
bool forward_may_see(struct client *client, const struct lwm2m_path *path,
		     int64_t now);
/* Does a notification in this format tell times? */
bool forward_tells_times(uint16_t format);
/* Does the oldest that is kept go out by o? Then newer ones come behind it. */
bool forward_is_next(const struct client *client, const struct observation *o);
/* Does what is kept go out before long, so that o need not tell it? A muted
 * Send may not. */
bool forward_is_told_late(const struct client *client,
			  const struct observation *o);
/* The one by which it is told; NULL: by none, a Send. Many values go by one
 * whose format has times, an event of now also by one of its own path. */
struct observation *forward_by(const struct forward *forward,
			       const struct queued_record *record);

/* ---- forward_take.c ---- */

/* An observation that has a notification due while an answer is awaited: its
 * values are held. */
void forward_due_observed(struct client *client, int64_t now);
/* One that has ended has it due: its values are kept. */
void forward_due_lost(struct client *client, int64_t now);
/* What came while nobody knew yet that the server is away was not kept at once
 * as what comes from now on, where it is to be kept in any case. */
void forward_take_pending(struct client *client, struct observation *o,
			  int64_t now);
/* The server may take its time to observe again: what waits for its pmin is not
 * to wait for that, too. */
void forward_take_waiting(struct client *client, int64_t now);

/* ---- forward_waiting.c ---- */

/* live: it is in the notification that has just gone out. true: there is no
 * room to wait for an answer, it is kept, and so is what was held before. */
bool forward_hold(struct forward *forward, const struct lwm2m_record *record,
		  bool live, int64_t now);
/* What was kept goes out before long: no observation owes it any more. */
void forward_hold_end(struct forward *forward);
/* Is it held for an answer already? */
bool forward_is_waiting(const struct forward *forward,
			const struct lwm2m_record *record);
/* One that is certain, unless older ones still wait for an answer. */
void forward_keep(struct forward *forward, const struct lwm2m_record *record,
		  int64_t now);
/* What was held is certain now. */
void forward_commit(struct forward *forward, int64_t now);
/* ... unless the answer to a notification under way still decides. */
void forward_commit_decided(struct forward *forward, int64_t now);
/* An answer has come, or a notification (of `by`) has just gone out. What that
 * one tells stays in front, behind it what the next ones will tell. Those in
 * between have been overtaken by newer ones: they count where an answer was
 * late, as then nobody may rely on the next. The first `told` have been
 * acknowledged: another observation of the same may owe one of them, too, and
 * does not bring it again as what is kept. */
void forward_sift(struct forward *forward, const struct observation *by,
		  uint32_t told, int64_t now);
/* Something is under way: an answer decides over what is held. */
void forward_await(struct forward *forward, int64_t now);
/* When no answer is no accident any more; INT64_MAX: none is awaited. */
int64_t forward_doubt_at(const struct forward *forward);
/* No answer for so long: a kill must not take what is held. */
void forward_write_held(struct forward *forward);

/* ---- forward_kept.c ---- */

/* QUEUED_CLOCKLESS, where that is no time since 1970; else 0. */
uint8_t forward_clock_flag(int64_t time);
/* Behind those that are kept already, which the log has in the same order. */
void forward_store(struct forward *forward, struct queued_record *record);
/* Several may observe it: who has had it kept is one of them, and others wait
 * for their pmin still, which have told it now. */
void forward_record_keep(struct forward *forward, struct queued_record *record,
			 int64_t now);
/* newest is kept, or told by o as one that was: where it is what o was still to
 * tell, o has told it. */
void forward_caught_up(struct client *client, struct observation *o,
		       const struct lwm2m_record *newest, int64_t now);
/* n more are about to be stored. */
void forward_count_kept(struct forwarding *forwarding, uint32_t n, int64_t now);
/* The first n are delivered (or given up). */
void forward_done(struct forward *forward, uint32_t n);
/* Into the log, where there is one; lazy: see backlog.h. */
void forward_write_down(struct forward *forward, struct queued_record *record,
			bool lazy);
/* It need not be in the log any more. */
void forward_write_off(struct forward *forward,
		       const struct queued_record *record, bool lazy);
/* The log knows what is observed: a start in the outage goes on with that. */
void forward_watch(struct forward *forward);
void forward_watch_end(struct forward *forward);

/* Of those in memory the oldest go until no more than most are left, but for what
 * is out at the server. */
void forward_history_cut(struct forward *forward, const struct lwm2m_path *path,
			 uint32_t most);

/* ---- forward_history.c: hqmax, and what the log has by it ---- */

/* How many values of the resource are to be kept: what its observations say, the
 * most of them, else the server's attributes; UINT32_MAX: as many as there is
 * room for. */
uint32_t forward_history_most(const struct forward *forward,
			      const struct lwm2m_path *path);

/* Has any observation or attribute of its client an hqmax? */
bool forward_history_is_limited(const struct forward *forward);
/* It is registered again: an hqmax of the observations that were lost holds for
 * what the log has of the outage (Core TS 1.2, 7.3.2)... */
void forward_history_close(struct forward *forward);
/* ... until all of that was read. */
void forward_history_end(struct forward *forward);
/* Is it being counted? Those in memory wait, for they may have to go. */
bool forward_history_is_unknown(const struct forward *forward);
/* Before the log is read, and for good. */
void forward_history_forget(struct forward *forward);
/* Has it been registered anew since it was counted? The next sweep is its. */
bool forward_history_is_outdated(const struct forward *forward);
/* The log has it, and it is to be told. */
void forward_history_note(struct forward *forward,
			  const struct queued_record *record);
/* All were noted: those in memory, which are older, make room for them. */
void forward_history_fit(struct forward *forward);
/* Is it one that newer ones leave no room for? It is one less, then. */
bool forward_history_is_over(struct forward *forward,
			     const struct queued_record *record);

/* ---- forward_log.c ---- */

/* Reads on in the log, where somebody may deliver. */
void forward_load(struct services *services);
#endif
