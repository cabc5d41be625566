/* SPDX-License-Identifier: GPL-2.0-or-later
 * Between the agent and what few gateways have: a modem that takes SMS, a
 * reader of smart cards. Each is a shared object NAME.so with a library of its
 * own and the symbol lwmux_module, so that nobody has that library who does not
 * need it. Internal: both sides are of one version, and refuse another one.
 *
 * A module has one thread, which may block. It is opened and closed by the
 * agent thread; what it finds it tells from its own. */
#ifndef MODULES_MODULE_H
#define MODULES_MODULE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULE_ABI 2
#define MODULE_SYMBOL "lwmux_module"

enum module_event {
	MODULE_DOWN,		/* text: what is missing, for people */
	MODULE_UP,		/* text: what it works with, for people */
	MODULE_NUMBER,		/* text: the modem's own number */
	MODULE_SMS,		/* text: its sender; bytes: its user data */
	MODULE_CARD,		/* text: the reader; bytes: what is on it of
				 * LwM2M (Core TS G.3.3) */
};

struct module_host {
	void *owner;
	/* On the module's thread; texts and bytes are copied. false: there is
	 * no room, to be told again in a second. */
	bool (*told)(void *owner, enum module_event event, const char *text,
		     const uint8_t *bytes, size_t n);
};

struct module_conf {
	const char *which;	/* modem or reader, "any" */
	const char *pin;	/* of the card, or NULL */
	/* KEY_ENC and KEY_MAC of its secure channel, of n_key bytes each: 16,
	 * 24 or 32; 0: there is none. */
	const uint8_t *key_enc, *key_mac;
	size_t n_key;
};

struct module;

struct module_ops {
	uint32_t abi;
	const char *name;
	/* conf is borrowed for the call. NULL: there is no thread for it. */
	struct module *(*open)(const struct module_conf *conf,
			       const struct module_host *host);
	/* An SMS of 8-bit data, n bytes of at most 140. Takes it, or -EAGAIN:
	 * too many wait. NULL: it cannot. */
	int (*send)(struct module *module, const char *number,
		    const uint8_t *bytes, size_t n);
	/* Ends the thread within a second; nothing is told any more. */
	void (*close)(struct module *module);
};
#endif
