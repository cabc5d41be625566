/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal's own protocol under systemd, plain lines elsewhere. */
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>
#include "agent/base/limits.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"

static enum log_level highest = LOG_NOTE;
static bool journal;
/* Read by any thread. */
static void (*follower)(enum log_level level, const char *endpoint,
			const char *bus, const char *text);

/* Lines of any thread since the window began. */
static struct {
	pthread_mutex_t lock;
	time_t until;			/* monotonic s */
	unsigned long lines;
} window = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Is stderr the journal's stream, as JOURNAL_STREAM=device:inode says? */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long device, inode;
	struct stat st;

	return text && sscanf(text, "%lu:%lu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

void log_open(enum log_level level)
{
	log_level_set(level);
	journal = stderr_is_journal();
}

void log_level_set(enum log_level level)
{
	__atomic_store_n(&highest, level, __ATOMIC_RELAXED);
}

enum log_level log_level_get(void)
{
	return __atomic_load_n(&highest, __ATOMIC_RELAXED);
}

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warning", [LOG_NOTE] = "note",
	[LOG_DETAIL] = "detail", [LOG_TRACE] = "trace",
};

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

bool log_level_find(const char *name, enum log_level *level)
{
	for (int i = LOG_ERROR; i <= LOG_TRACE; i++)
		if (!strcmp(level_names[i], name)) {
			*level = (enum log_level)i;
			return true;
		}
	return false;
}

void log_follow(void (*told)(enum log_level level, const char *endpoint,
			     const char *bus, const char *text))
{
	__atomic_store_n(&follower, told, __ATOMIC_RELEASE);
}

static void journal_field(struct iovec *at, char *text, size_t size,
			  const char *name, const char *value)
{
	int n = snprintf(text, size, "%s=%s", name, value ? value : "");

	at->iov_base = text;
	at->iov_len = n < (int)size ? (size_t)n : size - 1;
}

static void to_journal(enum log_level level, const char *endpoint,
		       const char *bus, const char *text)
{
	const char *about = endpoint ? endpoint : bus;
	char message[1400], about_endpoint[300], about_bus[300], level_text[16];
	struct iovec fields[4];
	int n = 2;
	char number[2] = {(char)('0' + (int)level), 0};

	/* The name in the text too: journalctl shows no other fields. */
	snprintf(message, sizeof(message), "MESSAGE=%s%s%s",
		 about ? about : "", about ? ": " : "", text);
	fields[0] = (struct iovec){message, strlen(message)};
	journal_field(&fields[1], level_text, sizeof(level_text), "PRIORITY",
		      number);
	if (endpoint)
		journal_field(&fields[n++], about_endpoint,
			      sizeof(about_endpoint), "ENDPOINT", endpoint);
	if (bus)
		journal_field(&fields[n++], about_bus, sizeof(about_bus), "BUS",
			      bus);
	sd_journal_sendv(fields, n);
}

/* One write a line, so that those of two threads do not mix. */
static void to_stderr(enum log_level level, const char *endpoint,
		      const char *bus, const char *text)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error: ", [LOG_WARN] = "warning: ",
		[LOG_NOTE] = "", [LOG_DETAIL] = "", [LOG_TRACE] = "",
	};
	const char *about = endpoint ? endpoint : bus;
	char line[1400];
	struct timespec t;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &t);
	localtime_r(&t.tv_sec, &tm);
	n = snprintf(line, sizeof(line), "%02d:%02d:%02d.%03ld %s%s%s%s\n",
		     tm.tm_hour, tm.tm_min, tm.tm_sec, t.tv_nsec / 1000000,
		     names[level], about ? about : "", about ? ": " : "", text);
	if (n >= (int)sizeof(line))
		n = (int)sizeof(line) - 1;
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;		/* nowhere to say it */
}

static void write_line(enum log_level level, const char *endpoint,
		       const char *bus, const char *text)
{
	if (journal)
		to_journal(level, endpoint, bus, text);
	else
		to_stderr(level, endpoint, bus, text);
}

/* A new window begins; how many lines the last one has left out. */
static unsigned long window_turn(bool now)
{
	unsigned long left_out = 0;
	int64_t second = monotonic_read() / INT64_C(1000000000);

	if (second < window.until && !now)
		return 0;
	if (window.lines > LOG_LINES_MAX)
		left_out = window.lines - LOG_LINES_MAX;
	window.until = second + LOG_WINDOW;
	window.lines = 0;
	return left_out;
}

static bool is_within_budget(enum log_level level, const char *endpoint)
{
	bool within;

	if (level == LOG_ERROR || !endpoint || log_level_get() > LOG_NOTE)
		return true;
	log_catch_up(false);
	pthread_mutex_lock(&window.lock);
	within = ++window.lines <= LOG_LINES_MAX;
	pthread_mutex_unlock(&window.lock);
	return within;
}

void log_catch_up(bool now)
{
	unsigned long left_out;
	char text[80];

	pthread_mutex_lock(&window.lock);
	left_out = window_turn(now);
	pthread_mutex_unlock(&window.lock);
	if (!left_out)
		return;
	snprintf(text, sizeof(text),
		 "%lu more lines about endpoints were left out (-v: all)",
		 left_out);
	write_line(LOG_WARN, NULL, NULL, text);
}

/* What a server or a device has sent makes no lines of its own. */
static void put_on_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void log_line(enum log_level level, const char *endpoint, const char *bus,
	      const char *format, ...)
{
	void (*tell)(enum log_level, const char *, const char *,
		     const char *) = __atomic_load_n(&follower,
						     __ATOMIC_ACQUIRE);
	bool followed = tell && level <= LOG_NOTE;
	bool written = level <= log_level_get() && is_within_budget(level, endpoint);
	char text[1024];
	va_list args;

	if (!followed && !written)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_on_one_line(text);
	if (followed)
		tell(level, endpoint, bus, text);
	if (written)
		write_line(level, endpoint, bus, text);
}
