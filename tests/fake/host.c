/* SPDX-License-Identifier: GPL-2.0-or-later
 * A host for adapters under test. */
#include "tests/fake/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define DEVICES 16
#define EVENTS 20000

struct fake_point {
	struct adapter_point point;
	void *keys;
	struct adapter_facts facts;
	char *spec;
};

struct fake_kept {
	struct fake_kept *next;
	char device[64], name[64];
	size_t n;
	uint8_t bytes[];
};

struct fake_count {
	const struct adapter_device *device;	/* NULL: of the bus */
	const char *name;
	uint64_t n;
};

struct adapter_error {
	struct fake_host *host;
};

struct fake_device {
	struct adapter_device device;
	struct adapter_point *points[4096];
	char *spec;
	bool attached;
};

struct fake_host {
	struct adapter_bus bus;		/* first: found again from a bus */
	struct adapter_host table;
	const struct adapter_ops *ops;
	char *spec;
	struct fake_device *devices[DEVICES];
	size_t n_devices;
	int64_t now;			/* < 0: the machine's */
	int low;
	bool open, lost;
	struct fake_event *events;
	size_t n_events;
	struct fake_kept *kept;
	uint64_t keeps, kept_to;	/* kept_to while the disk hangs */
	bool disk_hangs;
	struct fake_count counts[128];
	char refusals[8192];
	unsigned n_refusals;
	void *owned[65536];		/* texts and lists in data */
	size_t n_owned;
};

static void die(const char *what, const char *which)
{
	fprintf(stderr, "fake host: %s: %s\n", what, which);
	abort();
}

static void *zeroed(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		die("out of memory", "calloc");
	return p;
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die("out of memory", "strdup");
	return copy;
}

static struct fake_host *host_of(struct adapter_bus *bus)
{
	return (struct fake_host *)bus;
}

static void *own(struct fake_host *host, void *what)
{
	if (host->n_owned == sizeof(host->owned) / sizeof(host->owned[0]))
		die("too much", "owned");
	host->owned[host->n_owned++] = what;
	return what;
}

/* ---- data from key tables ---- */

static int64_t time_read(const char *text)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"ms", MS}, {"us", 1000}, {"ns", 1}, {"s", SECOND},
		     {"min", 60 * SECOND}, {"h", 3600 * SECOND}};
	char *end;
	double n = strtod(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			return (int64_t)(n * (double)units[i].ns);
	die("no time", text);
	return 0;
}

static uint32_t choice_read(const char *choices, const char *text)
{
	size_t n = strlen(text);
	uint32_t index = 0;

	for (const char *at = choices;; index++) {
		size_t width = strcspn(at, "|");

		if (width == n && strncmp(at, text, n) == 0)
			return index;
		if (!at[width])
			die("no such choice", text);
		at += width + 1;
	}
}

static int64_t integer_read(const struct adapter_key *key, const char *text)
{
	char *end;
	long long n;

	if (key->flags & ADAPTER_AUTO && strcmp(text, "auto") == 0)
		return -1;
	n = strtoll(text, &end, 0);
	if (*end || end == text)
		die("no integer", text);
	if (key->max > key->min && (n < key->min || n > key->max))
		die("out of range", text);
	return n;
}

static struct adapter_list integers_read(struct fake_host *host,
					 const char *text)
{
	int64_t *all = own(host, zeroed(64 * sizeof(*all)));
	size_t n = 0;

	while (*text && n < 64) {
		char *end;

		all[n++] = strtoll(text, &end, 0);
		text = *end ? end + 1 : end;
	}
	return (struct adapter_list){all, n};
}

static char *text_read(struct fake_host *host, const char *text);

static struct adapter_list texts_read(struct fake_host *host, const char *text)
{
	const char **all = own(host, zeroed(64 * sizeof(*all)));
	char *copy = text_read(host, text), *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(copy, ",", &rest); word && n < 64;
	     word = strtok_r(NULL, ",", &rest))
		all[n++] = word;
	return (struct adapter_list){all, n};
}

static char *text_read(struct fake_host *host, const char *text)
{
	char *copy = own(host, copy_of(text));

	for (char *at = copy; *at; at++)
		if (*at == '_')
			*at = ' ';
	return copy;
}

/* Hex, with or without colons; as many as there are. */
static size_t bytes_read(const char *text, uint8_t *bytes, size_t size)
{
	size_t n = 0;
	unsigned byte;

	while (*text && n < size) {
		if (*text == ':')
			text++;
		if (sscanf(text, "%2x", &byte) != 1)
			die("no bytes in hex", text);
		bytes[n++] = (uint8_t)byte;
		text += 2;
	}
	return n;
}

static struct adapter_list secret_read(struct fake_host *host,
				       const char *text)
{
	uint8_t *bytes = own(host, zeroed(64));

	return (struct adapter_list){bytes, bytes_read(text, bytes, 64)};
}

static void member_fill(struct fake_host *host, const struct adapter_key *key,
			uint8_t *member, const char *text)
{
	int64_t integer;
	uint32_t choice;
	double real;
	const char *string;
	struct adapter_list list;
	bool yes;

	switch ((enum adapter_key_type)key->type) {
	case ADAPTER_BOOL:
		yes = strcmp(text, "yes") == 0;
		memcpy(member, &yes, sizeof(yes));
		return;
	case ADAPTER_INT:	/* the lowest bytes: little-endian hosts */
		integer = integer_read(key, text);
		memcpy(member, &integer, key->size);
		return;
	case ADAPTER_REAL:
		real = strtod(text, NULL);
		memcpy(member, &real, sizeof(real));
		return;
	case ADAPTER_TIME:
		integer = time_read(text);
		memcpy(member, &integer, sizeof(integer));
		return;
	case ADAPTER_CHOICE:
		choice = choice_read(key->choices, text);
		memcpy(member, &choice, sizeof(choice));
		return;
	case ADAPTER_TEXT:
		string = text_read(host, text);
		memcpy(member, &string, sizeof(string));
		return;
	case ADAPTER_INTS:
		list = integers_read(host, text);
		memcpy(member, &list, sizeof(list));
		return;
	case ADAPTER_TEXTS:
		list = texts_read(host, text);
		memcpy(member, &list, sizeof(list));
		return;
	case ADAPTER_BYTES:
		if (bytes_read(text, member, key->size) != key->size)
			die("not so many bytes", text);
		return;
	case ADAPTER_SECRET:	/* the bytes themselves, in place of a file */
		list = secret_read(host, text);
		memcpy(member, &list, sizeof(list));
		return;
	case ADAPTER_END:
		break;
	}
	die("a type that is not done yet", key->name);
}

/* The value of NAME in "NAME=VALUE ...", into word; false: not there. */
static bool word_find(const char *spec, const char *name, char *word,
		      size_t size)
{
	size_t n = strlen(name);

	for (const char *at = spec; *at;) {
		size_t width = strcspn(at, " ");

		if (width > n && at[n] == '=' && strncmp(at, name, n) == 0) {
			snprintf(word, size, "%.*s", (int)(width - n - 1),
				 at + n + 1);
			return true;
		}
		at += width;
		at += strspn(at, " ");
	}
	return false;
}

static const struct adapter_key *key_find(const struct adapter_key *keys,
					  const char *name)
{
	for (; keys && keys->type != ADAPTER_END; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static void words_check(const struct adapter_key *keys, const char *spec)
{
	char name[64];

	for (const char *at = spec; *at;) {
		size_t width = strcspn(at, " "), n = strcspn(at, "=");

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		if (n >= width || (!key_find(keys, name) &&
				   strcmp(name, "writable") != 0 &&
				   strcmp(name, "poll") != 0))
			die("no such key", at);
		at += width;
		at += strspn(at, " ");
	}
}

/* What was given to this level, or to the ones above that it inherits from;
 * up: their specs, NULL last. */
static bool word_of(const struct adapter_key *key, const char *spec,
		    const char *const *up, char *word, size_t size)
{
	if (word_find(spec, key->name, word, size))
		return true;
	for (; key->flags & ADAPTER_INHERIT && up && *up; up++)
		if (word_find(*up, key->name, word, size))
			return true;
	return false;
}

static void *data_create(struct fake_host *host, const struct adapter_key *keys,
			 size_t size, const char *spec, const char *const *up)
{
	uint8_t *data = zeroed(size);
	char word[256];

	words_check(keys, spec);
	for (; keys && keys->type != ADAPTER_END; keys++) {
		uint8_t *member = data + keys->offset;

		if (word_of(keys, spec, up, word, sizeof(word)))
			member_fill(host, keys, member, word);
		else if (keys->flags & ADAPTER_REQUIRED)
			die("needs the key", keys->name);
		else if (keys->fallback)
			member_fill(host, keys, member, keys->fallback);
	}
	return data;
}

/* ---- what the adapter calls ---- */

static int64_t host_now(struct adapter_bus *bus)
{
	struct fake_host *host = host_of(bus);
	struct timespec now;

	if (host->now >= 0)
		return host->now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static struct fake_event *event_add(struct fake_host *host,
				    enum fake_kind kind)
{
	struct fake_event *event;

	if (host->n_events == EVENTS)
		die("too many", "events");
	event = &host->events[host->n_events++];
	memset(event, 0, offsetof(struct fake_event, text));
	event->text[0] = event->copy[0] = '\0';
	event->kind = kind;
	return event;
}

static void event_value(struct fake_event *event,
			const struct lwm2m_value *value)
{
	event->value = *value;
	if (value->type != LWM2M_STRING)
		return;
	snprintf(event->copy, sizeof(event->copy), "%.*s", (int)value->length,
		 value->as.text);
	event->value.as.text = event->copy;
}

static void host_report(struct adapter_point *point,
			const struct lwm2m_value *value, int64_t when)
{
	struct fake_event *e = event_add(host_of(point->device->bus),
					 FAKE_REPORT);

	e->device = point->device;
	e->point = point;
	e->when = when ? when : host_now(point->device->bus);
	event_value(e, value);
}

static void host_happened(struct adapter_point *point,
			  const struct lwm2m_value *value, int64_t when,
			  uint32_t times)
{
	struct fake_host *host = host_of(point->device->bus);

	host_report(point, value, when);
	host->events[host->n_events - 1].happened = times;
}

__attribute__((format(printf, 4, 0)))
static void host_fault(struct adapter_device *device,
		       struct adapter_point *point, int error,
		       const char *format, va_list args)
{
	struct fake_event *e = event_add(host_of(device->bus), FAKE_FAULT);

	e->device = device;
	e->point = point;
	e->error = error;
	vsnprintf(e->text, sizeof(e->text), format, args);
}

static void host_heard(struct adapter_device *device, int rssi)
{
	struct fake_event *e = event_add(host_of(device->bus), FAKE_HEARD);

	e->device = device;
	e->error = rssi;
}

static void host_missed(struct adapter_point *point)
{
	(void)point;
}

__attribute__((format(printf, 2, 0)))
static void host_why(struct adapter_device *device, const char *format,
		     va_list args)
{
	struct fake_event *e = event_add(host_of(device->bus), FAKE_WHY);

	e->device = device;
	vsnprintf(e->text, sizeof(e->text), format, args);
}

__attribute__((format(printf, 2, 0)))
static void host_note(struct adapter_device *device, const char *format,
		      va_list args)
{
	struct fake_event *e = event_add(host_of(device->bus), FAKE_NOTE);

	e->device = device;
	vsnprintf(e->text, sizeof(e->text), format, args);
}

__attribute__((format(printf, 4, 0)))
static void host_lost(struct adapter_bus *bus, struct adapter_device *device,
		      int error, const char *format, va_list args)
{
	struct fake_event *e = event_add(host_of(bus), FAKE_LOST);

	e->device = device;
	e->error = error;
	vsnprintf(e->text, sizeof(e->text), format, args);
	host_of(bus)->lost = true;
}

static void host_done(struct adapter_command *command, int error)
{
	struct fake_event *e = event_add(host_of(command->point->device->bus),
					 FAKE_DONE);

	e->point = command->point;
	e->error = error;
}

static void host_found(struct adapter_search *search,
		       const struct adapter_found *found)
{
	struct fake_event *e = event_add(host_of(search->bus), FAKE_FOUND);

	event_value(e, &found->value);
	e->identify = found->identify;
	if (found->keys)
		snprintf(e->text, sizeof(e->text), "%s", found->keys);
	if (found->note)
		snprintf(e->copy, sizeof(e->copy), "%s", found->note);
	if (found->missing)
		snprintf(e->missing, sizeof(e->missing), "%s",
			 found->missing);
}

static struct fake_kept **kept_find(struct adapter_device *device,
				    const char *name)
{
	struct fake_kept **at = &host_of(device->bus)->kept;

	while (*at && (strcmp((*at)->device, device->name) != 0 ||
		       strcmp((*at)->name, name) != 0))
		at = &(*at)->next;
	return at;
}

static int host_keep(struct adapter_device *device, const char *name,
		     const void *bytes, size_t n)
{
	struct fake_kept **at = kept_find(device, name), *old = *at;
	struct fake_kept *kept = zeroed(sizeof(*kept) + n);

	host_of(device->bus)->keeps++;
	snprintf(kept->device, sizeof(kept->device), "%s", device->name);
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	kept->n = n;
	memcpy(kept->bytes, bytes, n);
	kept->next = old ? old->next : NULL;
	*at = kept;
	free(old);
	return 0;
}

/* On the disk at once, unless the test says otherwise. */
static uint64_t host_keeps(struct adapter_device *device, bool on_disk)
{
	const struct fake_host *host = host_of(device->bus);

	return on_disk && host->disk_hangs ? host->kept_to : host->keeps;
}

void fake_disk(struct fake_host *host, bool hangs)
{
	host->disk_hangs = hangs;
	host->kept_to = host->keeps;
}

static int host_kept(struct adapter_device *device, const char *name,
		     void *bytes, size_t n)
{
	const struct fake_kept *kept = *kept_find(device, name);

	if (!kept)
		return -ENOENT;
	memcpy(bytes, kept->bytes, kept->n < n ? kept->n : n);
	return (int)kept->n;
}

static void host_count(struct adapter_bus *bus, struct adapter_device *device,
		       const char *name, uint64_t n)
{
	struct fake_count *c = host_of(bus)->counts;

	while (c->name && (c->device != device || strcmp(c->name, name) != 0))
		c++;
	c->device = device;
	c->name = name;
	c->n += n;
}

__attribute__((format(printf, 3, 0)))
static int host_refuse(struct adapter_error *error, const char *key,
		       const char *format, va_list args)
{
	struct fake_host *host = error->host;
	size_t used = strlen(host->refusals);
	char *at = host->refusals + used;
	size_t left = sizeof(host->refusals) - used;
	int n = snprintf(at, left, "%s: ", key);

	vsnprintf(at + n, left - (size_t)n, format, args);
	strncat(host->refusals, "\n",
		sizeof(host->refusals) - strlen(host->refusals) - 1);
	host->n_refusals++;
	return -EINVAL;
}

__attribute__((format(printf, 4, 0)))
static void host_log(struct adapter_bus *bus, struct adapter_device *device,
		     int level, const char *format, va_list args)
{
	struct fake_event *e = event_add(host_of(bus), FAKE_LOG);

	e->device = device;
	e->error = level;
	vsnprintf(e->text, sizeof(e->text), format, args);
}

/* The tests of --check look at what is said. */
static void host_warn(struct adapter_error *error, const char *key,
		      const char *format, va_list args)
{
	(void)error;
	(void)key;
	(void)format;
	(void)args;
}

__attribute__((format(printf, 5, 0)))
static void host_trace(struct adapter_bus *bus, bool sent, const void *bytes,
		       size_t n, const char *format, va_list args)
{
	(void)bus;
	(void)sent;
	(void)bytes;
	(void)n;
	(void)format;
	(void)args;
}

static int host_low_fd(struct adapter_bus *bus)
{
	return host_of(bus)->low;
}

static const struct adapter_host functions = {
	.abi = ADAPTER_ABI, .minor = ADAPTER_MINOR,
	.size = sizeof(struct adapter_host),
	.now = host_now, .report = host_report, .fault = host_fault,
	.heard = host_heard, .lost = host_lost, .done = host_done,
	.missed = host_missed, .why = host_why,
	.note = host_note,
	.happened = host_happened,
	.found = host_found, .keep = host_keep, .kept = host_kept,
	.count = host_count, .refuse = host_refuse, .log = host_log,
	.low_fd = host_low_fd, .warn = host_warn, .trace = host_trace,
	.keeps = host_keeps,
};

/* ---- what the test calls ---- */

static int null_open(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("no descriptor", "/dev/null");
	return fd;
}

static void *bus_data(struct fake_host *host)
{
	return data_create(host, host->ops->bus_keys, host->ops->bus_size,
			   host->spec, NULL);
}

struct fake_host *fake_host_create(const struct adapter_ops *ops,
				   const char *bus_spec)
{
	struct fake_host *host = zeroed(sizeof(*host));

	if (ops->abi != ADAPTER_ABI)
		die("another ABI", ops->name);
	host->ops = ops;
	host->table = functions;
	host->bus.host = &host->table;
	host->bus.name = "bus";
	host->spec = copy_of(bus_spec);
	host->events = zeroed(EVENTS * sizeof(host->events[0]));
	host->now = SECOND;
	host->low = null_open();
	if (host->low >= FD_SETSIZE)
		die("no low descriptor", "/dev/null");
	host->bus.data = bus_data(host);
	return host;
}

struct adapter_bus *fake_bus(struct fake_host *host)
{
	return &host->bus;
}

const struct adapter_ops *fake_plugin_load(const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct adapter_ops *ops;

	if (!plugin)
		die("dlopen", dlerror());
	ops = dlsym(plugin, "lwmux_adapter");
	if (!ops || ops->abi != ADAPTER_ABI ||
	    ops->key_size != sizeof(struct adapter_key))
		die("no adapter of this ABI", path);
	return ops;
}

/* Before each open and attach, data is what the configuration says. */
static void device_fill(struct fake_host *host, struct fake_device *d)
{
	const char *const up[] = {host->spec, NULL};

	free(d->device.data);
	d->device.data = data_create(host, host->ops->device_keys,
				     host->ops->device_size, d->spec, up);
}

static void point_fill(struct fake_host *host, struct fake_point *p,
		       bool attached)
{
	const struct fake_device *d =
		(const struct fake_device *)p->point.device;
	const char *const up[] = {d->spec, host->spec, NULL};

	free(p->point.data);
	free(p->keys);
	p->point.keys = p->keys = data_create(host, host->ops->point_keys,
					      host->ops->point_size, p->spec,
					      up);
	p->point.data = host->ops->point_state ?
		(attached ? zeroed(host->ops->point_state) : NULL) :
		data_create(host, host->ops->point_keys, host->ops->point_size,
			    p->spec, up);
}

struct adapter_device *fake_device_add(struct fake_host *host,
				       const char *name, const char *spec)
{
	struct fake_device *d = zeroed(sizeof(*d));

	if (host->n_devices == DEVICES)
		die("too many devices", name);
	d->device.bus = &host->bus;
	d->device.name = own(host, copy_of(name));
	d->device.points = d->points;
	d->spec = own(host, copy_of(spec));
	device_fill(host, d);
	host->devices[host->n_devices++] = d;
	return &d->device;
}

struct adapter_point *fake_point_add(struct adapter_device *device,
				     const char *name, const char *spec)
{
	struct fake_host *host = host_of(device->bus);
	struct fake_device *d = (struct fake_device *)device;
	struct fake_point *p = zeroed(sizeof(*p));
	char word[64];

	p->point.device = device;
	p->point.name = own(host, copy_of(name));
	p->point.poll = 10 * SECOND;
	if (word_find(spec, "poll", word, sizeof(word)))
		p->point.poll = time_read(word);
	p->point.writable = word_find(spec, "writable", word, sizeof(word)) &&
			    strcmp(word, "yes") == 0;
	p->spec = own(host, copy_of(spec));
	point_fill(host, p, false);
	if (device->n_points == sizeof(d->points) / sizeof(d->points[0]))
		die("too many points", name);
	d->points[device->n_points++] = &p->point;
	return &p->point;
}

void fake_point_set(struct adapter_point *point, const char *spec)
{
	struct fake_point *p = (struct fake_point *)point;

	p->spec = own(host_of(point->device->bus), copy_of(spec));
}

const struct adapter_facts *fake_facts(const struct adapter_point *point)
{
	return &((const struct fake_point *)point)->facts;
}

static void device_check(struct fake_host *host, struct fake_device *d)
{
	struct adapter_error error = {host};

	if (host->ops->check_device)
		host->ops->check_device(&d->device, &error);
	for (size_t i = 0; i < d->device.n_points; i++) {
		struct fake_point *p = (struct fake_point *)d->points[i];

		memset(&p->facts, 0, sizeof(p->facts));
		if (host->ops->check_point)
			host->ops->check_point(&p->point, &p->facts, &error);
	}
}

unsigned fake_check(struct fake_host *host)
{
	struct adapter_error error = {host};

	host->n_refusals = 0;
	host->refusals[0] = '\0';
	if (host->ops->check_bus)
		host->ops->check_bus(&host->bus, &error);
	for (size_t i = 0; i < host->n_devices; i++)
		device_check(host, host->devices[i]);
	return host->n_refusals;
}

const char *fake_refusals(const struct fake_host *host)
{
	return host->refusals;
}

int fake_open(struct fake_host *host)
{
	int rc;

	free(host->bus.data);
	host->bus.data = bus_data(host);
	rc = host->ops->open ? host->ops->open(&host->bus) : 0;
	host->open = rc == 0;
	host->lost = false;
	return rc;
}

int fake_attach(struct fake_host *host)
{
	int rc = host->open ? 0 : fake_open(host);

	for (size_t i = 0; rc == 0 && i < host->n_devices; i++) {
		struct fake_device *d = host->devices[i];

		device_fill(host, d);
		for (size_t k = 0; k < d->device.n_points; k++)
			point_fill(host, (struct fake_point *)d->points[k],
				   true);
		if (host->ops->attach)
			rc = host->ops->attach(&d->device);
		if (rc)
			break;
		d->attached = true;
		d->device.next = host->bus.devices;
		host->bus.devices = &d->device;
	}
	return rc;
}

void fake_close(struct fake_host *host)
{
	int null = null_open();

	host->bus.devices = NULL;
	for (size_t i = 0; i < host->n_devices; i++) {
		struct fake_device *d = host->devices[i];

		if (d->attached && host->ops->detach)
			host->ops->detach(&d->device);
		d->attached = false;
	}
	if (host->open && host->ops->close)
		host->ops->close(&host->bus);
	host->bus.closed_at = host_now(&host->bus);
	host->open = host->lost = false;
	/* the descriptor is ours, and what it stood for ends here */
	if (dup3(null, host->low, O_CLOEXEC) < 0)
		die("dup3", strerror(errno));
	close(null);
}

bool fake_is_lost(const struct fake_host *host)
{
	return host->lost;
}

int fake_read(struct adapter_device *device, struct adapter_point **due,
	      size_t n)
{
	return host_of(device->bus)->ops->read(device, due, n);
}

/* Take those out of due that were spoken of since event `from`. */
static size_t due_left(const struct fake_host *host, size_t from,
		       struct adapter_point **due, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		bool spoken = false;

		for (size_t k = from; k < host->n_events; k++)
			spoken |= host->events[k].point == due[i] &&
				  host->events[k].kind <= FAKE_FAULT;
		if (!spoken)
			due[left++] = due[i];
	}
	return left;
}

int fake_poll(struct adapter_device *device, unsigned *exchanges)
{
	const struct fake_host *host = host_of(device->bus);
	struct adapter_point **due = zeroed(device->n_points * sizeof(*due));
	size_t n = device->n_points;
	unsigned calls = 0;
	int rc = 0;

	memcpy(due, device->points, n * sizeof(*due));
	while (n > 0 && !host->lost) {
		size_t from = host->n_events, left;

		rc = fake_read(device, due, n);
		calls++;
		if (rc && rc != -EAGAIN)
			break;
		left = due_left(host, from, due, n);
		if (rc == 0 && left == n)
			die("read() says progress, and there is none",
			    device->name);
		if (calls > 10000)
			die("read() does not come to an end", device->name);
		n = left;
	}
	free(due);
	if (exchanges)
		*exchanges = calls;
	return rc;
}

int fake_write_group(struct adapter_point *const *points,
		     const struct lwm2m_value *values, size_t n)
{
	struct fake_host *host = host_of(points[0]->device->bus);
	struct adapter_command *commands = calloc(n, sizeof(*commands));
	int rc;

	if (!commands)
		die("no memory", "command");
	for (size_t i = 0; i < n; i++)
		commands[i] = (struct adapter_command){
			.point = points[i], .kind = ADAPTER_WRITE,
			.value = values[i],
			.deadline = host_now(&host->bus) + 5 * SECOND,
			.with = i + 1 < n ? &commands[i + 1] : NULL,
		};
	rc = host->ops->command(&commands[0]);
	free(commands);
	return rc;
}

int fake_write(struct adapter_point *point, struct lwm2m_value value)
{
	return fake_write_group(&point, &value, 1);
}

int64_t fake_search(struct fake_host *host, enum adapter_search_kind kind,
		    const char *spec, struct adapter_point *const *identify,
		    size_t n, unsigned steps)
{
	struct adapter_search search = {
		.bus = &host->bus, .kind = kind, .identify = identify,
		.n_identify = n,
	};
	int64_t next = 1;

	search.data = data_create(host, host->ops->search_keys,
				  host->ops->search_size, spec, NULL);
	host->bus.search = &search;
	while (next > 0 && steps-- > 0)
		next = host->ops->search(&search, host_now(&host->bus));
	host->bus.search = NULL;
	free(search.data);
	return next;
}

void fake_time_set(struct fake_host *host, int64_t now)
{
	host->now = now;
}

void fake_time_run(struct fake_host *host)
{
	host->now = -1;
}

size_t fake_events(const struct fake_host *host, enum fake_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < host->n_events; i++)
		n += host->events[i].kind == kind;
	return n;
}

const struct fake_event *fake_event(const struct fake_host *host,
				    enum fake_kind kind, size_t index)
{
	for (size_t i = 0; i < host->n_events; i++)
		if (host->events[i].kind == kind && index-- == 0)
			return &host->events[i];
	die("no such", "event");
	return NULL;
}

const struct fake_event *fake_last(const struct adapter_point *point)
{
	const struct fake_host *host = host_of(point->device->bus);

	for (size_t i = host->n_events; i-- > 0;)
		if (host->events[i].point == point &&
		    host->events[i].kind <= FAKE_FAULT)
			return &host->events[i];
	return NULL;
}

double fake_number(const struct adapter_point *point)
{
	const struct fake_event *event = fake_last(point);

	if (!event || event->kind != FAKE_REPORT)
		die(event ? event->text : "nothing said", point->name);
	return lwm2m_number(&event->value);
}

void fake_forget(struct fake_host *host)
{
	host->n_events = 0;
}

static uint64_t count_of(const struct fake_host *host,
			 const struct adapter_device *device,
			 const char *counter)
{
	for (const struct fake_count *c = host->counts; c->name; c++)
		if (c->device == device && strcmp(c->name, counter) == 0)
			return c->n;
	return 0;
}

uint64_t fake_count(const struct fake_host *host, const char *counter)
{
	return count_of(host, NULL, counter);
}

uint64_t fake_device_count(const struct adapter_device *device,
			   const char *counter)
{
	return count_of(host_of(device->bus), device, counter);
}

static void device_free(struct fake_device *d)
{
	for (size_t i = 0; i < d->device.n_points; i++) {
		free(d->points[i]->data);
		free(((struct fake_point *)d->points[i])->keys);
		free(d->points[i]);
	}
	free(d->device.data);
	free(d);
}

void fake_host_destroy(struct fake_host *host)
{
	struct fake_kept *kept;

	fake_close(host);
	close(host->low);
	for (size_t i = 0; i < host->n_devices; i++)
		device_free(host->devices[i]);
	while ((kept = host->kept)) {
		host->kept = kept->next;
		free(kept);
	}
	for (size_t i = 0; i < host->n_owned; i++)
		free(host->owned[i]);
	free(host->bus.data);
	free(host->events);
	free(host->spec);
	free(host);
}
