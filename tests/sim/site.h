/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a seed makes of the site: its endpoints, servers and their habits. */
#ifndef SIM_SITE_H
#define SIM_SITE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "objects/path.h"

#define ENDPOINTS_MAX 200
#define POINTS_MAX 6
#define SERVERS_MAX 2		/* numbers 1 and 2 */
#define WRITTEN_MOST 1000000000	/* the actuators' range is from 0 to this */
#define PACKAGE_MOST 8192	/* bytes */
#define BUSES 4
#define BOOTSTRAP 99		/* the bootstrap server's number */

struct site_point {
	struct lwm2m_path path;
	bool measured;		/* each value that it gives is a new one */
	bool observed, keep, send;
	bool plain;		/* observed in a format without times */
	bool written, executed;	/* by servers */
	bool counts;		/* what never goes back */
	uint32_t pmin;		/* s, by Write-Attributes; 0: none */
	uint32_t poll;		/* s */
};

struct site_endpoint {
	char name[16];
	struct site_point points[POINTS_MAX];
	size_t n_points;
	bool queue;
	bool accepts;		/* a Write while it sleeps: answered at once */
	uint32_t wakes;		/* s between; of a sleeper */
	uint32_t quiet_every, quiet_for;	/* s; 0: it always answers */
	uint32_t safe_after;	/* s; 0: its actuator has no safe value */
	bool package;		/* it takes packages (object 5) */
	bool removed;		/* by a reload; comes back with one */
};

struct site {
	struct site_endpoint endpoints[ENDPOINTS_MAX];
	size_t n_endpoints, n_servers;
	uint32_t lifetime;
	bool watched;		/* the kernel tells of changes of addresses */
	bool bootstrap;		/* it has the servers, not the configuration */
	bool hasty;		/* ... with no wait between tries */
	bool unsolicited;	/* ... and may begin by itself */
	bool strays;		/* a Write in twenty is out of range */
	uint32_t pace;		/* registrations/s; 0: as it comes */
	bool non;		/* notifications are not confirmed */
	bool counted;		/* servers' Writes are: nobody writes by hand */
	size_t store_memory, store_disk;
	uint32_t version;	/* of the configuration */
};
extern struct site site;

void site_draw(size_t endpoints);
/* The configuration as it is now, on the simulated disk. */
void site_write(void);
/* Of server number 1 or 2. */
const char *site_uri(size_t server);
/* What there is for an endpoint to fetch; its length. */
size_t site_package(size_t endpoint, uint8_t bytes[PACKAGE_MOST]);
/* The number of the bus that it is on, which is in that one's name. */
size_t site_bus(size_t endpoint);
/* -1: none of that name. */
int site_find(const char *name, size_t n);
#endif
