/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>
#include "agent/base/monotonic.h"
#include "agent/base/resolve.h"

struct look_up {
	uv_getaddrinfo_t request;
	uv_timer_t at_once;		/* of one that could not begin */
	int error;			/* ... why */
	resolve_found *found;
	void *owner;
};

static unsigned under_way;

bool resolve_is_under_way(void)
{
	return under_way > 0;
}

static void on_resolved(uv_getaddrinfo_t *request, int status,
			struct addrinfo *found)
{
	struct look_up *look_up = request->data;

	under_way--;
	look_up->found(look_up->owner, status ? NULL : found,
		       status ? uv_strerror(status) : "", monotonic_read());
	uv_freeaddrinfo(found);
	free(look_up);
}

static void look_up_free(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_refused(uv_timer_t *timer)
{
	struct look_up *look_up = timer->data;

	under_way--;
	look_up->found(look_up->owner, NULL, uv_strerror(look_up->error),
		       monotonic_read());
	uv_close((uv_handle_t *)timer, look_up_free);
}

void resolve(const char *host, uint16_t port, resolve_found *found,
	     void *owner)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
				 .ai_flags = AI_ADDRCONFIG};
	struct look_up *look_up = calloc(1, sizeof(*look_up));
	char number[8];
	int rc;

	if (!look_up)
		abort();
	*look_up = (struct look_up){.found = found, .owner = owner};
	look_up->request.data = look_up;
	under_way++;
	snprintf(number, sizeof(number), "%u", port);
	rc = uv_getaddrinfo(uv_default_loop(), &look_up->request, on_resolved,
			    host, number, &hints);
	if (rc == 0)
		return;
	look_up->error = rc;		/* no host has such a name */
	uv_timer_init(uv_default_loop(), &look_up->at_once);
	look_up->at_once.data = look_up;
	uv_timer_start(&look_up->at_once, on_refused, 0, 0);
}
