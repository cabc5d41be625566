/* SPDX-License-Identifier: GPL-2.0-or-later
 * What this machine says of itself: for the gateway's own endpoint. Reads small
 * files of /sys, /proc and /etc, which do not block. Agent thread. */
#ifndef AGENT_MACHINE_H
#define AGENT_MACHINE_H
#include <stdint.h>

/* Texts that are not known are NULL; all live as long as the program. */
struct machine {
	const char *vendor, *product, *serial;	/* DMI, or device tree */
	const char *version;			/* of the hardware */
	const char *system;			/* of os-release */
	const char *timezone;			/* "Europe/Berlin" */
	const char *hostname;
	/* 32 hex digits, the same for as long as this system is installed.
	 * Derived from /etc/machine-id, which is to stay on the machine. */
	const char *id;
};
/* Read once. */
const struct machine *machine_info(void);

struct machine_memory { int64_t total_kb, free_kb; };	/* 0: not known */
struct machine_memory machine_memory(void);
#endif
