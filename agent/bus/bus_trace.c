/* SPDX-License-Identifier: GPL-2.0-or-later
 * What goes over a bus, for who looks for a fault. The bus never waits for the
 * looker: what the mailbox has no room for is left out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/bus/bus_private.h"

void trace_begin(struct bus *bus, int64_t until, uint64_t id)
{
	trace_end(bus);
	bus->trace_until = until;
	bus->trace_id = id;
	bus->trace_lost = 0;
	bus->base.traced = true;
}

void trace_end(struct bus *bus)
{
	if (!bus->base.traced)
		return;
	bus->base.traced = false;
	bus->trace_until = POLL_NEVER;
	bus_say(bus, (struct bus_message){.event = BUS_TRACED,
					  .id = bus->trace_id,
					  .when = bus_now()});
}

void trace_frame(struct adapter_bus *base, bool sent, const void *bytes,
		 size_t n, const char *format, va_list args)
{
	struct bus *bus = container_of(base, struct bus, base);
	struct bus_message m = {
		.event = BUS_FRAME, .bus = bus, .id = bus->trace_id,
		.error = sent, .tries = bus->trace_lost, .length = n,
		.when = bus_now(), .bytes = malloc(n ? n : 1)};

	if (!m.bytes || vasprintf(&m.text, format, args) < 0)
		abort();
	if (n > 0)
		memcpy(m.bytes, bytes, n);
	if (mailbox_put(bus->up, &m)) {
		bus->trace_lost = 0;
		return;
	}
	bus->trace_lost++;
	bus_message_finish(&m);
}
