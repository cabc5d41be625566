/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sums of messages. */
#include "agent/lwm2m/statistics.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define KILO 1000

void statistics_start(struct statistics *s, int64_t period, int64_t now)
{
	*s = (struct statistics){.until = INT64_MAX};
	if (period > 0 && period < (INT64_MAX - now) / SECOND)
		s->until = now + period * SECOND;
}

void statistics_stop(struct statistics *s, int64_t now)
{
	if (now < s->until)
		s->until = now;
}

void statistics_count(struct statistics *s, bool sent, size_t bytes,
		      int64_t now)
{
	if (now >= s->until)
		return;
	if (sent)
		s->sent += bytes;
	else
		s->received += bytes;
	s->messages++;
	if (bytes > s->largest)
		s->largest = (uint32_t)bytes;
}

int64_t statistics_value(const struct statistics *s, uint16_t resource)
{
	if (!s)
		return 0;
	switch (resource) {
	case ID_STATISTICS_SENT:
		return (int64_t)(s->sent / KILO);
	case ID_STATISTICS_RECEIVED:
		return (int64_t)(s->received / KILO);
	case ID_STATISTICS_LARGEST:
		return s->largest;
	case ID_STATISTICS_AVERAGE:
		return !s->messages ? 0 :
		       (int64_t)((s->sent + s->received) / s->messages);
	default:
		return 0;
	}
}
