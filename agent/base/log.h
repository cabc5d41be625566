/* SPDX-License-Identifier: GPL-2.0-or-later
 * One line a fact: to the journal with ENDPOINT= and BUS= under systemd, to
 * stderr otherwise. Any thread. Never give it a key or a secret. */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H
#include <stdbool.h>

/* The numbers are syslog's. */
enum log_level { LOG_ERROR = 3, LOG_WARN, LOG_NOTE, LOG_DETAIL, LOG_TRACE };

void log_open(enum log_level highest);
/* While it runs; log_open() has said it before. Any thread. */
void log_level_set(enum log_level highest);
enum log_level log_level_get(void);
/* "error", "warning", "note", "detail", "trace". */
const char *log_level_name(enum log_level level);
/* false: it is the name of none. */
bool log_level_find(const char *name, enum log_level *level);
/* Of lines about endpoints no more than 200 come in 10 s (errors and -v apart),
 * or an outage of ten thousand would bury what matters. Says how many were
 * left out: call it now and then, and with `now` at the end. */
void log_catch_up(bool now);
/* From now on `told` is given every line of LOG_NOTE and worse, also those that
 * are left out; on the thread that says it, so it may not log. */
void log_follow(void (*told)(enum log_level level, const char *endpoint,
			     const char *bus, const char *text));
/* endpoint, bus: what it is about, or NULL. */
void log_line(enum log_level level, const char *endpoint, const char *bus,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));
#endif
