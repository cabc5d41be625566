/* SPDX-License-Identifier: GPL-2.0-or-later
 * A host for adapters under test: one bus, in the calling thread, with a
 * clock that the test sets. It fills data from the adapter's own key tables
 * ("address=100 type=int16"), walks the calls in the order of the contract,
 * and notes all that the adapter says. Wrong use aborts with a message.
 *
 * Words of a spec are NAME=VALUE, parted by blanks; a blank inside of a value
 * is written as an underscore, items of a list are parted by commas. */
#ifndef TESTS_FAKE_HOST_H
#define TESTS_FAKE_HOST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/adapter.h"

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)

enum fake_kind {
	FAKE_REPORT,
	FAKE_FAULT,
	FAKE_HEARD,
	FAKE_LOST,
	FAKE_DONE,
	FAKE_FOUND,
	FAKE_LOG,
	FAKE_WHY,
	FAKE_NOTE,
};

struct fake_event {
	enum fake_kind kind;
	struct adapter_device *device;
	struct adapter_point *point;
	const struct adapter_point *identify;	/* of FOUND */
	struct lwm2m_value value;	/* text is in copy */
	int64_t when;
	uint32_t happened;		/* of REPORT: so often; 0: it is so */
	int error;
	char text[256];			/* message, or keys of FOUND */
	char copy[256];			/* text value, or note of FOUND */
	char missing[128];		/* of FOUND */
};

struct fake_host;

/* ops: of an adapter linked in; or of one loaded by fake_plugin_load(). */
struct fake_host *fake_host_create(const struct adapter_ops *ops,
				   const char *bus_spec);
/* Detaches and closes what is open. */
void fake_host_destroy(struct fake_host *host);
struct adapter_bus *fake_bus(struct fake_host *host);

/* dlopen() and the exported symbol; fails the test otherwise. */
const struct adapter_ops *fake_plugin_load(const char *path);

/* Before fake_attach(). writable: `writable=yes` in a point's spec; poll in
 * ns: `poll=10s`. */
struct adapter_device *fake_device_add(struct fake_host *host,
				       const char *name, const char *spec);
struct adapter_point *fake_point_add(struct adapter_device *device,
				     const char *name, const char *spec);
/* From the next attach on it is configured so. */
void fake_point_set(struct adapter_point *point, const char *spec);
/* What check_point() said of it. */
const struct adapter_facts *fake_facts(const struct adapter_point *point);

/* All checks: 0, or the number of refusals; fake_refusals() has their text,
 * "key: message" a line. */
unsigned fake_check(struct fake_host *host);
const char *fake_refusals(const struct fake_host *host);

/* hangs: what is kept from now on is not on the disk before it does not. */
void fake_disk(struct fake_host *host, bool hangs);

int fake_open(struct fake_host *host);
/* Open, and attach of all devices: 0 or the first error. */
int fake_attach(struct fake_host *host);
/* Detach of all, and close: as after adapter_lost(). */
void fake_close(struct fake_host *host);
bool fake_is_lost(const struct fake_host *host);

/* One call of read() with these points due. */
int fake_read(struct adapter_device *device, struct adapter_point **due,
	      size_t n);
/* Like the host: all points of the device are due, until each was reported or
 * faulted, or read() fails. The result of the last read(); *exchanges, which
 * may be NULL, counts the calls. */
int fake_poll(struct adapter_device *device, unsigned *exchanges);
/* A write; as the host, the point is not read back here. */
int fake_write(struct adapter_point *point, struct lwm2m_value value);
/* n writes of one group, in one command. */
int fake_write_group(struct adapter_point *const *points,
		     const struct lwm2m_value *values, size_t n);
/* Until the end, at most `steps`: the last result. */
int64_t fake_search(struct fake_host *host, enum adapter_search_kind kind,
		    const char *spec, struct adapter_point *const *identify,
		    size_t n, unsigned steps);

/* The clock of the host: it stands still at fake_time_set()'s, or runs with
 * the machine's after fake_time_run(). At first it stands at 1 s. */
void fake_time_set(struct fake_host *host, int64_t now);
void fake_time_run(struct fake_host *host);

/* What was noted since the last fake_forget(). */
size_t fake_events(const struct fake_host *host, enum fake_kind kind);
const struct fake_event *fake_event(const struct fake_host *host,
				    enum fake_kind kind, size_t index);
/* The last report or fault of this point, NULL: none. */
const struct fake_event *fake_last(const struct adapter_point *point);
/* The last reported number; fails the test where there is none. */
double fake_number(const struct adapter_point *point);
void fake_forget(struct fake_host *host);
/* Of the bus, and of a device. */
uint64_t fake_count(const struct fake_host *host, const char *counter);
uint64_t fake_device_count(const struct adapter_device *device,
			   const char *counter);
#endif
