/* SPDX-License-Identifier: GPL-2.0-or-later
 * Interfaces, addresses and routers as the kernel lists them. */
#include "agent/base/uplink.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX 16384
#define ROUTE_UP 1u
#define ROUTE_GATEWAY 2u
#define TYPE_802_15_4 804		/* ARPHRD_IEEE802154 */

/* The text of a file as far as it fits; empty where there is none. */
static void read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(text, 1, size - 1, file) : 0;

	if (file)
		fclose(file);
	text[n] = '\0';
}

static const char *next_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : NULL;
}

bool uplink_route(const char *text, char interface[16],
		  char router[UPLINK_TEXT])
{
	unsigned best = 0;
	bool any = false;

	while ((text = next_line(text))) {	/* the first is the heading */
		unsigned target, gateway, flags, metric, mask;
		char name[16];

		if (sscanf(text, "%15s %x %x %x %*u %*u %u %x", name, &target,
			   &gateway, &flags, &metric, &mask) != 6 || target ||
		    mask || !(flags & ROUTE_UP) || (any && metric >= best))
			continue;
		any = true;
		best = metric;
		strcpy(interface, name);
		router[0] = '\0';
		if (flags & ROUTE_GATEWAY)
			inet_ntop(AF_INET, &gateway, router, UPLINK_TEXT);
	}
	return any;
}

static bool hex_address(const char *text, struct in6_addr *address)
{
	for (size_t i = 0; i < 16; i++)
		if (sscanf(text + 2 * i, "%2hhx", &address->s6_addr[i]) != 1)
			return false;
	return true;
}

bool uplink_route6(const char *text, char interface[16],
		   char router[UPLINK_TEXT])
{
	static const char any_target[] = "00000000000000000000000000000000 00";
	unsigned best = 0;
	bool any = false;

	for (; text && *text; text = next_line(text)) {
		char hop[33], name[16];
		unsigned metric, flags;
		struct in6_addr address;

		if (strncmp(text, any_target, strlen(any_target)) ||
		    sscanf(text, "%*s %*s %*s %*s %32s %x %*s %*s %x %15s",
			   hop, &metric, &flags, name) != 4 ||
		    !(flags & ROUTE_UP) || !(flags & ROUTE_GATEWAY) ||
		    strlen(hop) != 32 || (any && metric >= best) ||
		    !hex_address(hop, &address))
			continue;
		any = true;
		best = metric;
		strcpy(interface, name);
		inet_ntop(AF_INET6, &address, router, UPLINK_TEXT);
	}
	return any;
}

bool uplink_wireless(const char *text, const char *interface, int32_t *quality,
		     int32_t *signal)
{
	while ((text = next_line(text))) {
		float link, level;
		char name[20];

		if (sscanf(text, " %19[^: ]: %*x %f %f", name, &link,
			   &level) != 3 || strcmp(name, interface))
			continue;
		*quality = (int32_t)link;
		*signal = (int32_t)level;
		return true;
	}
	return false;
}

/* ---- this machine ---- */

static int32_t bearer_of(const char *interface)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/sys/class/net/%s/phy80211", interface);
	if (access(path, F_OK) == 0)
		return BEARER_WLAN;
	snprintf(path, sizeof(path), "/sys/class/net/%s/uevent", interface);
	read_text(path, text, sizeof(text));
	if (strstr(text, "DEVTYPE=wlan"))
		return BEARER_WLAN;
	if (strstr(text, "DEVTYPE=bluetooth"))
		return BEARER_BLUETOOTH;
	if (strstr(text, "DEVTYPE=wwan") || !strncmp(interface, "ppp", 3))
		return BEARER_CELLULAR;
	snprintf(path, sizeof(path), "/sys/class/net/%s/type", interface);
	read_text(path, text, sizeof(text));
	return atoi(text) == TYPE_802_15_4 ? BEARER_802_15_4 :
					     BEARER_ETHERNET;
}

static void add_bearer(struct uplink *u, int32_t bearer)
{
	for (uint32_t i = 0; i < u->n_bearers; i++)
		if (u->bearers[i] == bearer)
			return;
	if (u->n_bearers < UPLINK_MAX)
		u->bearers[u->n_bearers++] = bearer;
}

/* Those that others can reach it by. */
static void add_address(struct uplink *u, const struct ifaddrs *at)
{
	const struct sockaddr_in6 *v6 = (void *)at->ifa_addr;
	const struct sockaddr_in *v4 = (void *)at->ifa_addr;
	const void *bytes = &v4->sin_addr;

	if (!at->ifa_addr || !(at->ifa_flags & IFF_UP) ||
	    at->ifa_flags & IFF_LOOPBACK || u->n_addresses == UPLINK_MAX)
		return;
	if (at->ifa_addr->sa_family == AF_INET6) {
		if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
			return;
		bytes = &v6->sin6_addr;
	} else if (at->ifa_addr->sa_family != AF_INET) {
		return;
	}
	inet_ntop(at->ifa_addr->sa_family, bytes,
		  u->addresses[u->n_addresses++], UPLINK_TEXT);
	add_bearer(u, bearer_of(at->ifa_name));
}

static void add_routers(struct uplink *u, char *text)
{
	char interface[16], *router = u->routers[0];

	read_text("/proc/net/route", text, FILE_MAX);
	if (uplink_route(text, interface, router)) {
		u->bearer = bearer_of(interface);
		u->n_routers += *router != '\0';
	}
	router = u->routers[u->n_routers];
	read_text("/proc/net/ipv6_route", text, FILE_MAX);
	if (uplink_route6(text, u->bearer < 0 ? interface : (char[16]){0},
			  router))
		u->n_routers++;
	if (u->bearer < 0 && u->n_routers)
		u->bearer = bearer_of(interface);
	read_text("/proc/net/wireless", text, FILE_MAX);
	if (u->bearer == BEARER_WLAN)
		uplink_wireless(text, interface, &u->quality, &u->signal);
}

void uplink_look(struct uplink *u)
{
	static char text[FILE_MAX];	/* agent thread only */
	struct ifaddrs *all = NULL;

	memset(u, 0, sizeof(*u));
	u->bearer = -1;
	if (getifaddrs(&all) == 0)
		for (const struct ifaddrs *at = all; at; at = at->ifa_next)
			add_address(u, at);
	freeifaddrs(all);
	add_routers(u, text);
}
