/* SPDX-License-Identifier: GPL-2.0-or-later
 * What libuv has for the control socket, which no simulation opens. */
#include <stdlib.h>

#define NOT_HERE(name_) \
	_Noreturn void name_(void); \
	_Noreturn void name_(void) { abort(); }
NOT_HERE(uv_accept)
NOT_HERE(uv_buf_init)
NOT_HERE(uv_fileno)
NOT_HERE(uv_listen)
NOT_HERE(uv_pipe_bind)
NOT_HERE(uv_pipe_init)
NOT_HERE(uv_read_start)
NOT_HERE(uv_read_stop)
NOT_HERE(uv_stream_get_write_queue_size)
NOT_HERE(uv_write)
