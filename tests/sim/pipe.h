/* SPDX-License-Identifier: GPL-2.0-or-later
 * Local stream sockets in virtual time, in place of libuv's: the gateway's ends
 * are uv_pipe_t, the others are numbers, of those who ask there (asker.c). */
#ifndef SIM_PIPE_H
#define SIM_PIPE_H
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define PIPES_MAX 128

/* Neither end of it is there. */
bool pipe_is_free(size_t i);
/* Of a free one. false: nobody listens. The gateway has it a moment later. */
bool pipe_connect(size_t i);
/* It has said so much, which the gateway has a moment later; and it closes. */
void pipe_say(size_t i, const char *bytes, size_t n);
void pipe_hang_up(size_t i);
/* Does it read what it is told? It does, until it is told otherwise. */
void pipe_read(size_t i, bool reads);
/* How many the gateway has, and the most bytes that it has for one of them. */
size_t pipes_open(size_t *unread);
/* The gateway was killed, or has ended. */
void pipes_end(void);

/* Of uv.c: the handle is closed; calls must come later, as libuv's do. */
void pipe_closed(const uv_handle_t *handle);
/* To be defined by whoever asks. */
void asker_hears(size_t i, const char *bytes, size_t n);
void asker_ended(size_t i);
#endif
