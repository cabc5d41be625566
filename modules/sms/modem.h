/* SPDX-License-Identifier: GPL-2.0-or-later
 * A modem of ModemManager, by its D-Bus interface (org.freedesktop.
 * ModemManager1). Calls wait for an answer, some seconds at most. */
#ifndef MODULES_SMS_MODEM_H
#define MODULES_SMS_MODEM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct modem {
	char path[128];			/* of its object; "": there is none */
	char name[128];			/* maker and model */
	char number[32];		/* its own; "": the SIM does not say */
	int32_t state;			/* MMModemState */
	uint32_t failure;		/* MMModemStateFailedReason */
	bool messages;			/* it has the Messaging interface */
};

/* Signals after which something may have changed; `changed` is called in
 * sd_bus_process(). */
int modem_watch(sd_bus *bus, sd_bus_message_handler_t changed, void *owner);

/* The first modem that `which` names ("any", its IMEI, its primary port or its
 * device), with Messaging where there is one. -ENODEV: none; -EHOSTDOWN:
 * ModemManager does not run; else -errno, and why. */
int modem_find(sd_bus *bus, const char *which, struct modem *modem, char *why,
	       size_t size);
/* What keeps it from taking SMS, for people; NULL: nothing. */
const char *modem_trouble(const struct modem *modem);

/* One that was told and that the modem would not delete then. */
struct modem_undeleted {
	char path[96], number[64];	/* "": there is none */
	uint8_t data[256];
	size_t n;
};

/* For each SMS of 8-bit data that was received: told; true: it is deleted, and
 * not told again where that has to be tried once more. Texts stay where they
 * are, for whoever they are for. *left: there is one yet. why: what was wrong, as
 * D-Bus says it. */
typedef bool (*modem_told)(void *owner, const char *number,
			   const uint8_t *data, size_t n);
int modem_read(sd_bus *bus, const struct modem *modem, modem_told told,
	       void *owner, struct modem_undeleted *undeleted, bool *left,
	       char *why, size_t size);
int modem_send(sd_bus *bus, const struct modem *modem, const char *number,
	       const uint8_t *data, size_t n, char *why, size_t size);
#endif
