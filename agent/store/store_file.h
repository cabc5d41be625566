/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the store does to its files, on the worker's thread: one replaced whole,
 * and the journal of records (last_format.h).
 *
 * The journal is written in place, into zeros that stand behind its records: an
 * append moves no end of file and takes no block, so that the file system has
 * next to nothing to write beside it. What is appended without a sync is in the
 * kernel's hands, which a kill does not take; it writes such pages after half a
 * minute, and a power cut takes what it had not, record by record. */
#ifndef AGENT_STORE_FILE_H
#define AGENT_STORE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Never half a file, and there after a power cut: written beside, synced,
 * renamed. 0 or -errno. */
int store_file_replace(const char *path, const uint8_t *bytes, size_t n);
/* What is longer than `most` is as if it were not there, or is cut. */
enum store_file_long { STORE_LONG_NONE, STORE_LONG_CUT };
/* heap, *n bytes; NULL: it is not there, or empty. */
uint8_t *store_file_read(const char *path, size_t most,
			 enum store_file_long how, size_t *n);

struct journal {
	size_t end;		/* of the records; 0: not known yet */
};

/* Behind the last record. sync: it is on the disk when this returns. 0 or
 * -errno: then the next one is written to the same place. */
int journal_append(struct journal *journal, const char *path,
		   const uint8_t *bytes, size_t n, bool sync);
/* last_compact(), synced. */
int journal_compact(struct journal *journal, const char *path, int64_t keep);
/* heap, *n bytes up to the end of the records; NULL and 0: none. What is behind
 * 256 MiB is not read, which is logged: what devices have said last is not gone
 * for it. Any thread. */
uint8_t *journal_read(const char *path, size_t *n);
#endif
