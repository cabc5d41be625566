/* SPDX-License-Identifier: GPL-2.0-or-later
 * An adapter as another version of the ABI would have built it; what differs
 * comes from the build: NAME, ABI, NEEDS, SIZE, OLDER, NEWER. */
#include "adapters/adapter.h"

#ifndef ABI
#define ABI ADAPTER_ABI
#endif
#ifndef NEEDS
#define NEEDS 0u
#endif

struct data { int64_t number; };

#ifdef NEWER
/* A later minor appended to the key and to the ops. */
struct key { struct adapter_key key; const char *translated; int64_t step; };
struct ops { struct adapter_ops ops; void (*added)(void); };
#define KEY(...) {.key = ADAPTER_KEY(__VA_ARGS__), .translated = "?", .step = 3}
#define END {.key = {.type = ADAPTER_END}}
#define OPS(...) {.ops = {__VA_ARGS__}}
#else
struct key { struct adapter_key key; };
struct ops { struct adapter_ops ops; };
#define KEY(...) {.key = ADAPTER_KEY(__VA_ARGS__)}
#define END {.key = {.type = ADAPTER_END}}
#define OPS(...) {.ops = {__VA_ARGS__}}
#endif

static const struct key bus_keys[] = {
	KEY(ADAPTER_INT, struct data, number, .fallback = "7", .help = "one"),
	END
};

/* What an older version did not have: it must not be looked at. */
static int64_t beyond(struct adapter_search *search, int64_t now)
{
	(void)search;
	return now;
}

#ifdef OLDER
#define SIZE (uint32_t)offsetof(struct adapter_ops, search)
#endif
#ifndef SIZE
#define SIZE (uint32_t)sizeof(struct ops)
#endif

extern const struct ops lwmux_adapter;
__attribute__((visibility("default"))) const struct ops lwmux_adapter = OPS(
	.abi = ABI, .size = SIZE, .key_size = sizeof(struct key),
	.needs = NEEDS, .name = NAME, .version = "0",
#ifdef SLEEPY
	.traits = ADAPTER_SLEEPY,
#endif
	.bus_keys = &bus_keys[0].key, .bus_size = sizeof(struct data),
	.search = beyond);
