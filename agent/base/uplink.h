/* SPDX-License-Identifier: GPL-2.0-or-later
 * How this machine is connected: for /4 of the gateway's own endpoint. Reads
 * /proc/net, /sys/class/net and getifaddrs(), which do not block. */
#ifndef AGENT_UPLINK_H
#define AGENT_UPLINK_H
#include <stdbool.h>
#include <stdint.h>

#define UPLINK_MAX 8			/* of each list */
#define UPLINK_TEXT 46			/* INET6_ADDRSTRLEN */

enum bearer {				/* 4/0/0, Core TS E.5 */
	BEARER_CELLULAR = 6,		/* LTE: which one is not known */
	BEARER_WLAN = 21, BEARER_BLUETOOTH, BEARER_802_15_4,
	BEARER_ETHERNET = 41,
};

struct uplink {
	int32_t bearer;			/* of the default route; -1: none */
	int32_t signal, quality;	/* dBm, link quality of WLAN; 0: none */
	uint32_t n_bearers, n_addresses, n_routers;
	int32_t bearers[UPLINK_MAX];	/* of all that have an address */
	char addresses[UPLINK_MAX][UPLINK_TEXT];
	char routers[UPLINK_MAX][UPLINK_TEXT];
};

void uplink_look(struct uplink *uplink);

/* Texts of the kernel, pure. The default route with the lowest metric:
 * its interface (16 bytes) and router. false: there is none. */
bool uplink_route(const char *proc_net_route, char interface[16],
		  char router[UPLINK_TEXT]);
bool uplink_route6(const char *proc_net_ipv6_route, char interface[16],
		   char router[UPLINK_TEXT]);
/* Of /proc/net/wireless. false: the interface is not in it. */
bool uplink_wireless(const char *proc_net_wireless, const char *interface,
		     int32_t *quality, int32_t *signal);
#endif
