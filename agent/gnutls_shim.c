/* SPDX-License-Identifier: GPL-2.0-or-later
 * libcoap parses its priority string anew for every context: 8.4 kB each,
 * four fifths of what an endpoint without DTLS costs. Contexts here share one
 * parsed priority per distinct string, counted. Agent thread only. */
#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include "agent/gnutls_shim.h"

struct shared {
	struct shared *next;
	gnutls_priority_t priority;
	unsigned users;
	char text[];
};

static struct shared *all;
static bool called;

bool gnutls_shim_active(void)
{
	return called;
}

static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

static struct shared *share(const char *text, const char **where, int *rc)
{
	int (*init)(gnutls_priority_t *, const char *, const char **);
	struct shared *shared = calloc(1, sizeof(*shared) + strlen(text) + 1);

	if (!shared)
		abort();
	*(void **)&init = real("gnutls_priority_init");
	*rc = init(&shared->priority, text, where);
	if (*rc != GNUTLS_E_SUCCESS) {
		free(shared);
		return NULL;
	}
	strcpy(shared->text, text);
	shared->next = all;
	return all = shared;
}

__attribute__((visibility("default")))
int gnutls_priority_init(gnutls_priority_t *priority, const char *text,
			 const char **where)
{
	struct shared *shared = all;
	int rc = GNUTLS_E_SUCCESS;

	called = true;
	while (shared && strcmp(shared->text, text ? text : ""))
		shared = shared->next;
	if (!shared)
		shared = share(text ? text : "", where, &rc);
	if (!shared)
		return rc;
	shared->users++;
	*priority = shared->priority;
	return rc;
}

__attribute__((visibility("default")))
void gnutls_priority_deinit(gnutls_priority_t priority)
{
	struct shared **at = &all, *gone;
	void (*deinit)(gnutls_priority_t);

	*(void **)&deinit = real("gnutls_priority_deinit");
	while (*at && (*at)->priority != priority)
		at = &(*at)->next;
	gone = *at;
	if (gone && --gone->users)
		return;
	if (gone)
		*at = gone->next;
	free(gone);
	deinit(priority);
}
