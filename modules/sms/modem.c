/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modules/sms/modem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "org.freedesktop.ModemManager1"
#define ROOT "/org/freedesktop/ModemManager1"
#define MODEM SERVICE ".Modem"
#define MESSAGING SERVICE ".Modem.Messaging"
#define SMS SERVICE ".Sms"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define CALL_TIMEOUT (5 * 1000000)	/* us */
#define SEND_TIMEOUT (60 * 1000000)	/* the network takes its time */

/* Of ModemManager's enumerations (ModemManager-enums.h). */
enum { STATE_FAILED = -1, STATE_LOCKED = 2, STATE_DISABLED = 3,
       STATE_REGISTERED = 8 };
enum { FAILURE_SIM_MISSING = 2 };
enum { SMS_RECEIVED = 3 };
enum { PDU_DELIVER = 1 };

/* ---- calls ---- */

/* A service that does not run is not started: who runs a modem does that. */
static int bus_call(sd_bus *bus, sd_bus_message *m, uint64_t timeout,
		    sd_bus_message **reply, char *why, size_t size)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int rc;

	sd_bus_message_set_auto_start(m, 0);
	rc = sd_bus_call(bus, m, timeout, &error, reply);
	if (rc < 0 && why)
		snprintf(why, size, "%s", error.message ? error.message :
			 strerror(-rc));
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		rc = -EHOSTDOWN;
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	return rc;
}

static sd_bus_message *method_message(sd_bus *bus, const char *path,
				      const char *interface, const char *member)
{
	sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(bus, &m, SERVICE, path, interface,
					   member) < 0)
		abort();
	return m;
}

int modem_watch(sd_bus *bus, sd_bus_message_handler_t changed, void *owner)
{
	static const char *const matches[] = {
		"type='signal',sender='org.freedesktop.DBus',member="
			"'NameOwnerChanged',arg0='" SERVICE "'",
		"type='signal',sender='" SERVICE "',interface='"
			"org.freedesktop.DBus.ObjectManager'",
		"type='signal',sender='" SERVICE "',interface='" PROPERTIES
			"',arg0='" MODEM "'",
		"type='signal',sender='" SERVICE "',interface='" MESSAGING "'",
	};
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < sizeof(matches) / sizeof(*matches);
	     i++)
		rc = sd_bus_add_match(bus, NULL, matches[i], changed, owner);
	return rc;
}

/* ---- properties: maps of names to variants ---- */

/* Reads the variant of a property of this type into `to`; of another type it
 * is passed over. */
static int value_read(sd_bus_message *m, const char *type, void *to)
{
	const char *contents;
	int rc = sd_bus_message_peek_type(m, NULL, &contents);

	if (rc < 0 || strcmp(contents, type))
		return rc < 0 ? rc : sd_bus_message_skip(m, "v");
	return sd_bus_message_read(m, "v", type, to);
}

static int text_read(sd_bus_message *m, char *to, size_t size)
{
	const char *text = "";
	int rc = value_read(m, "s", &text);

	if (rc >= 0)
		snprintf(to, size, "%s", text);
	return rc;
}

typedef int (*property_take)(sd_bus_message *m, const char *name, void *to);

/* Of an a{sv}. */
static int properties_read(sd_bus_message *m, property_take take, void *to)
{
	int rc = sd_bus_message_enter_container(m, 'a', "{sv}");
	const char *name;

	while (rc >= 0 &&
	       (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc >= 0)
			rc = take(m, name, to);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

/* ---- which modem ---- */

struct candidate {
	struct modem modem;
	const char *which;
	char maker[48], model[64];
	bool named;			/* it is the one that `which` names */
};

static int number_read(sd_bus_message *m, struct modem *modem)
{
	const char *contents, *number = NULL;
	int rc = sd_bus_message_peek_type(m, NULL, &contents);

	if (rc < 0 || strcmp(contents, "as"))
		return rc < 0 ? rc : sd_bus_message_skip(m, "v");
	rc = sd_bus_message_enter_container(m, 'v', "as");
	if (rc >= 0)
		rc = sd_bus_message_enter_container(m, 'a', "s");
	while (rc >= 0 && (rc = sd_bus_message_read(m, "s", &number)) > 0)
		if (!*modem->number)
			snprintf(modem->number, sizeof(modem->number), "%s",
				 number);
	if (rc >= 0)
		rc = sd_bus_message_exit_container(m);
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static int name_compare(sd_bus_message *m, struct candidate *c)
{
	char text[128] = "";
	int rc = text_read(m, text, sizeof(text));

	c->named |= !strcmp(text, c->which);
	return rc;
}

static int modem_take(sd_bus_message *m, const char *name, void *to)
{
	struct candidate *c = to;

	if (!strcmp(name, "State"))
		return value_read(m, "i", &c->modem.state);
	if (!strcmp(name, "StateFailedReason"))
		return value_read(m, "u", &c->modem.failure);
	if (!strcmp(name, "Manufacturer"))
		return text_read(m, c->maker, sizeof(c->maker));
	if (!strcmp(name, "Model"))
		return text_read(m, c->model, sizeof(c->model));
	if (!strcmp(name, "OwnNumbers"))
		return number_read(m, &c->modem);
	if (!strcmp(name, "EquipmentIdentifier") || !strcmp(name, "Device") ||
	    !strcmp(name, "PrimaryPort"))
		return name_compare(m, c);
	return sd_bus_message_skip(m, "v");
}

/* a{sa{sv}}: the interfaces of one object. */
static int interfaces_read(sd_bus_message *m, struct candidate *c)
{
	int rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
	const char *interface;

	while (rc >= 0 &&
	       (rc = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		rc = sd_bus_message_read(m, "s", &interface);
		if (rc >= 0 && !strcmp(interface, MESSAGING))
			c->modem.messages = true;
		if (rc >= 0)
			rc = strcmp(interface, MODEM) ?
				sd_bus_message_skip(m, "a{sv}") :
				properties_read(m, modem_take, c);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static void modem_offer(struct modem *best, struct candidate *c,
			const char *path)
{
	if (!c->named || (*best->path && best->messages >= c->modem.messages))
		return;
	*best = c->modem;
	snprintf(best->path, sizeof(best->path), "%s", path);
	snprintf(best->name, sizeof(best->name), "%s%s%s", c->maker,
		 *c->maker ? " " : "", c->model);
}

static int objects_read(sd_bus_message *m, const char *which,
			struct modem *best)
{
	int rc = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
	const char *path;

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e',
						"oa{sa{sv}}")) > 0) {
		struct candidate c = {.which = which,
				      .named = !strcmp(which, "any")};

		rc = sd_bus_message_read(m, "o", &path);
		if (rc >= 0)
			rc = interfaces_read(m, &c);
		if (rc >= 0)
			modem_offer(best, &c, path);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

int modem_find(sd_bus *bus, const char *which, struct modem *modem, char *why,
	       size_t size)
{
	sd_bus_message *reply = NULL;
	int rc;

	*modem = (struct modem){.messages = false};
	rc = bus_call(bus,
		      method_message(bus, ROOT,
				     "org.freedesktop.DBus.ObjectManager",
				     "GetManagedObjects"),
		      CALL_TIMEOUT, &reply, why, size);
	if (rc >= 0)
		rc = objects_read(reply, which, modem);
	sd_bus_message_unref(reply);
	return rc < 0 ? rc : *modem->path ? 0 : -ENODEV;
}

const char *modem_trouble(const struct modem *modem)
{
	if (modem->state == STATE_FAILED &&
	    modem->failure == FAILURE_SIM_MISSING)
		return "it has no SIM";
	if (modem->state == STATE_FAILED)
		return "it has failed (mmcli -m any says why)";
	if (modem->state == STATE_LOCKED)
		return "its SIM is locked (mmcli -i any --pin=...)";
	if (modem->state <= STATE_DISABLED)
		return "it is not enabled (mmcli -m any --enable)";
	if (!modem->messages)
		return "it takes no SMS";
	if (modem->state < STATE_REGISTERED)
		return "it is not registered in the network";
	return NULL;
}

/* ---- messages ---- */

struct received {
	uint32_t state, type;
	char number[64];
	uint8_t data[256];
	size_t n;			/* 0: a text, or more than any SMS has */
};

static int data_read(sd_bus_message *m, struct received *to)
{
	const char *contents;
	const void *data;
	size_t n;
	int rc = sd_bus_message_peek_type(m, NULL, &contents);

	if (rc < 0 || strcmp(contents, "ay"))
		return rc < 0 ? rc : sd_bus_message_skip(m, "v");
	rc = sd_bus_message_enter_container(m, 'v', "ay");
	if (rc >= 0)
		rc = sd_bus_message_read_array(m, 'y', &data, &n);
	if (rc < 0)
		return rc;
	to->n = n < sizeof(to->data) ? n : sizeof(to->data);
	if (to->n)
		memcpy(to->data, data, to->n);
	return sd_bus_message_exit_container(m);
}

static int received_take(sd_bus_message *m, const char *name, void *to)
{
	struct received *r = to;

	if (!strcmp(name, "State"))
		return value_read(m, "u", &r->state);
	if (!strcmp(name, "PduType"))
		return value_read(m, "u", &r->type);
	if (!strcmp(name, "Number"))
		return text_read(m, r->number, sizeof(r->number));
	if (!strcmp(name, "Data"))
		return data_read(m, r);
	return sd_bus_message_skip(m, "v");
}

static int sms_read(sd_bus *bus, const char *path, struct received *to)
{
	sd_bus_message *m = method_message(bus, path, PROPERTIES, "GetAll");
	sd_bus_message *reply = NULL;
	int rc;

	*to = (struct received){.n = 0};
	if (sd_bus_message_append(m, "s", SMS) < 0)
		abort();
	rc = bus_call(bus, m, CALL_TIMEOUT, &reply, NULL, 0);
	if (rc >= 0)
		rc = properties_read(reply, received_take, to);
	sd_bus_message_unref(reply);
	return rc;
}

static int sms_delete(sd_bus *bus, const struct modem *modem,
		      const char *path, char *why, size_t size)
{
	sd_bus_message *m =
		method_message(bus, modem->path, MESSAGING, "Delete");
	sd_bus_message *reply = NULL;
	int rc;

	if (sd_bus_message_append(m, "o", path) < 0)
		abort();
	rc = bus_call(bus, m, CALL_TIMEOUT, &reply, why, size);
	sd_bus_message_unref(reply);
	return rc;
}

/* By what it says, too: when ModemManager starts anew it counts from 0 again. */
static bool undeleted_is(const struct modem_undeleted *u, const char *path,
			 const struct received *r)
{
	return !strcmp(u->path, path) && !strcmp(u->number, r->number) &&
	       u->n == r->n && !memcmp(u->data, r->data, r->n);
}

static void undeleted_keep(struct modem_undeleted *u, const char *path,
			   const struct received *r)
{
	snprintf(u->path, sizeof(u->path), "%s", path);
	memcpy(u->number, r->number, sizeof(u->number));
	memcpy(u->data, r->data, r->n);
	u->n = r->n;
}

/* One that is gone meanwhile is no error. */
static int sms_pass(sd_bus *bus, const struct modem *modem, const char *path,
		    modem_told told, void *owner,
		    struct modem_undeleted *undeleted, bool *left, char *why,
		    size_t size)
{
	struct received r;
	int rc = 0;

	if (sms_read(bus, path, &r) < 0 || r.state != SMS_RECEIVED ||
	    r.type != PDU_DELIVER || !r.n)
		return 0;
	if (undeleted_is(undeleted, path, &r) ||
	    told(owner, r.number, r.data, r.n))
		rc = sms_delete(bus, modem, path, why, size);
	else
		*left = true;
	if (rc >= 0)
		return 0;
	undeleted_keep(undeleted, path, &r);
	*left = true;
	return rc;
}

int modem_read(sd_bus *bus, const struct modem *modem, modem_told told,
	       void *owner, struct modem_undeleted *undeleted, bool *left,
	       char *why, size_t size)
{
	sd_bus_message *reply = NULL;
	const char *path;
	int rc = bus_call(bus,
			  method_message(bus, modem->path, MESSAGING, "List"),
			  CALL_TIMEOUT, &reply, why, size);

	*left = false;
	if (rc >= 0)
		rc = sd_bus_message_enter_container(reply, 'a', "o");
	while (rc >= 0 && !*left &&
	       (rc = sd_bus_message_read(reply, "o", &path)) > 0)
		rc = sms_pass(bus, modem, path, told, owner, undeleted, left,
			      why, size);
	sd_bus_message_unref(reply);
	return rc;
}

/* ---- sending ---- */

static int sms_create(sd_bus *bus, const struct modem *modem,
		      const char *number, const uint8_t *data, size_t n,
		      sd_bus_message **reply, char *why, size_t size)
{
	sd_bus_message *m =
		method_message(bus, modem->path, MESSAGING, "Create");

	if (sd_bus_message_open_container(m, 'a', "{sv}") < 0 ||
	    sd_bus_message_append(m, "{sv}", "number", "s", number) < 0 ||
	    sd_bus_message_open_container(m, 'e', "sv") < 0 ||
	    sd_bus_message_append(m, "s", "data") < 0 ||
	    sd_bus_message_open_container(m, 'v', "ay") < 0 ||
	    sd_bus_message_append_array(m, 'y', data, n) < 0 ||
	    sd_bus_message_close_container(m) < 0 ||
	    sd_bus_message_close_container(m) < 0 ||
	    sd_bus_message_close_container(m) < 0)
		abort();
	return bus_call(bus, m, CALL_TIMEOUT, reply, why, size);
}

/* Deleted in any case: a modem keeps what it has sent, until it is full. */
int modem_send(sd_bus *bus, const struct modem *modem, const char *number,
	       const uint8_t *data, size_t n, char *why, size_t size)
{
	sd_bus_message *created = NULL, *sent = NULL;
	const char *path;
	int rc = sms_create(bus, modem, number, data, n, &created, why, size);

	if (rc >= 0)
		rc = sd_bus_message_read(created, "o", &path);
	if (rc >= 0) {
		rc = bus_call(bus, method_message(bus, path, SMS, "Send"),
			      SEND_TIMEOUT, &sent, why, size);
		sms_delete(bus, modem, path, NULL, 0);
	}
	sd_bus_message_unref(sent);
	sd_bus_message_unref(created);
	return rc;
}
