/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the parts of the Modbus adapter share: the data of buses, devices,
 * points and searches, as the key tables in modbus.c fill it. */
#ifndef ADAPTERS_MODBUS_DEVICE_H
#define ADAPTERS_MODBUS_DEVICE_H
#include "adapters/adapter.h"
#include "adapters/modbus/plan.h"
#include "adapters/modbus/registers.h"
#include "adapters/modbus/request.h"
#include "adapters/modbus/sunspec.h"
#include "adapters/modbus/wire.h"

/* as of syslog */
#define LOG_WARNING 4
#define LOG_NOTICE 5
#define LOG_INFO 6

struct modbus_bus {
	/* keys */
	uint32_t transport;
	const char *host, *port, *serial;
	uint16_t tcp_port;
	bool rs485, echo;
	uint32_t close;
	int64_t timeout, gap, connect_delay;
	/* ours */
	struct wire wire;
	int64_t used_at;		/* the last exchange */
	uint8_t *came;			/* of it, once that was traced: */
	size_t n_came;			/* of FRAME_BYTES_MAX */
};

enum { WRITE_SINGLE, WRITE_MULTIPLE };

struct modbus_device {
	/* keys */
	uint32_t order, write;
	int32_t address_base;		/* -1: nobody said */
	int32_t max_hole;		/* -1: what pays */
	uint8_t unit, max_registers;
	uint16_t max_bits;
	int64_t timeout, gap;
	/* ours */
	struct plan plan;
	struct sunspec_walk walk;	/* of points with a model */
	int64_t turn_ns;		/* it thinks for so long */
	bool no_mask_write;		/* it does not know function 22 */
};

static inline unsigned modbus_base(const struct modbus_device *d)
{
	return d->address_base > 0 ? (unsigned)d->address_base : 0;
}

/* Where the registers of a point are among those that are read for it: its
 * value's, and those of what goes with it. */
struct modbus_layout {
	uint16_t address, span;		/* from 0 on the wire */
	uint8_t value, high, scale;	/* from address on */
};

/* What `write_table` says; a choice is an index. */
enum { WRITE_SAME, WRITE_COIL, WRITE_HOLDING };
#define WRITE_TABLE_NAMES "same|coil|holding"

/* The keys of a point, shared by all devices of a profile. */
struct modbus_point {
	uint8_t length, block;
	uint32_t table, type, order, chars, write_table;
	int32_t address, write_address, scale_from, high, low;	/* -1: none */
	double high_factor;
	struct adapter_list model;	/* of int64_t: any of them */
	const char *field;
	const char *bits;
	const char *group;
	struct adapter_list invalid;	/* of texts */
	struct adapter_list on_value, off_value;	/* of int64_t */
	/* ours, of a model's, by modbus_model_place() */
	uint64_t mark;			/* "not implemented" */
	bool has_mark;
};

/* What each device has of each point, thousands in all: no byte for nothing,
 * as the host gives them in steps of 16. */
struct modbus_own {
	struct plan_item item;		/* must be first */
	bool placed;			/* where it is, is known */
	uint64_t *bad;			/* of `invalid`, as bits */
	struct modbus_point *model;	/* its keys, placed; NULL: it is of no
					 * model, or of none that is here */
};

static inline struct modbus_own *modbus_own(const struct adapter_point *point)
{
	return point->data;
}

static inline const struct modbus_point *
modbus_keys(const struct adapter_point *point)
{
	const struct modbus_own *own = point->data;

	return own && own->model ? own->model : point->keys;
}

/* What a unit is asked for, one after the other. */
enum scan_stage {
	SCAN_ASK,		/* what profiles know their devices by */
	SCAN_WALK,		/* its SunSpec map */
	SCAN_MODELS,		/* the same in that */
	SCAN_STAGES
};

struct modbus_search {
	/* keys */
	int16_t from, to;		/* -1: as the wire has them */
	uint8_t unit;
	uint32_t table;
	uint16_t address;
	uint8_t count;
	int64_t timeout;
	bool names;
	/* ours */
	bool begun;
	uint16_t first, last;		/* units */
	int64_t begun_at;
	uint64_t heard_all[4];		/* units, as bits, to be named */
	bool naming, by_objects;
	/* the unit of now */
	uint16_t unit_now;
	enum scan_stage stage;
	size_t next;			/* exchange of the stage */
	bool asked, heard, told;
	uint8_t exception;
	struct sunspec_walk walk;
};

/* ---- modbus.c */

/* One exchange, counted: 0, the exception (above 0), or -errno. A broken wire
 * is told to the host. device: NULL in a search. */
int modbus_exchange(struct adapter_bus *bus, struct adapter_device *device,
		    struct wire_call *call, uint8_t *pdu);
/* A request of a device, with its times. */
struct wire_call modbus_call(const struct adapter_device *device,
			     const struct modbus_request *request);

/* What its addresses are counted from. */
static inline unsigned modbus_point_base(const struct modbus_device *d,
					 const struct modbus_point *p)
{
	return p->model.n > 0 ? 0 : modbus_base(d);
}

/* What a request may hold, on a wire with these times; 0: no serial line. */
struct plan_limits modbus_limits(const struct modbus_device *d, int64_t char_ns,
				 int64_t silence_ns, int64_t turn_ns);

/* ---- trace.c: around an exchange, whose rc is as of modbus_exchange() */
void modbus_trace_begin(struct adapter_bus *bus);
void modbus_trace_end(struct adapter_bus *bus, const struct wire_call *call,
		      int rc, const uint8_t *pdu);

/* ---- models.c */

/* The point as if its model began at this address of the wire. False: no such
 * model or field. */
bool modbus_model_place(struct modbus_point *p, unsigned id, unsigned address);
/* Those whose place is not known to the end; how many others. */
size_t modbus_models_last(struct adapter_point **due, size_t n);
/* As adapter_ops.read, where due[0] is such a point: one step of the walk. 1:
 * it is over, and the points have been placed. */
int modbus_models_read(struct adapter_device *device,
		       struct adapter_point *const *due, size_t n);

/* ---- load.c: adapter_ops of the same names, pure */

bool modbus_bus_place(const struct adapter_bus *bus, char *text, size_t size);
bool modbus_device_place(const struct adapter_device *device, char *text,
			 size_t size);
double modbus_device_load(const struct adapter_device *device);

/* ---- check.c: adapter_ops.check_*, pure */

int modbus_check_bus(const struct adapter_bus *bus,
		     struct adapter_error *error);
int modbus_check_device(const struct adapter_device *device,
			struct adapter_error *error);
int modbus_check_point(const struct adapter_point *point,
		       struct adapter_facts *facts,
		       struct adapter_error *error);

/* ---- effect.c: keys that do nothing where they stand are warned of, pure */

void modbus_bus_effect_check(const struct adapter_bus *bus,
			     struct adapter_error *error);
void modbus_device_effect_check(const struct adapter_device *device,
				struct adapter_error *error);
void modbus_effect_check(const struct adapter_point *point,
			 struct adapter_error *error);

/* ---- value.c: between registers and values, pure */

/* As the keys say; false where `bits` is wrong. */
bool modbus_format_read(const struct modbus_point *point,
			struct register_format *format);
/* Whether on_value or off_value make a boolean of it. */
bool modbus_has_states(const struct modbus_point *point);
/* False where the parts are too far from each other to be read at once; span
 * is 0 of a string without a length. base: the device's address_base. */
bool modbus_layout_make(const struct modbus_point *point,
			struct register_format format, unsigned base,
			unsigned most, struct modbus_layout *layout);
/* words[layout.span] to a value: raw, as modbus_check_point()'s facts say; bad:
 * of its `invalid`, by modbus_point_prepare(). text[REGISTER_TEXT_MAX].
 * -ENODATA: none. */
int modbus_value_read(const struct modbus_point *point, const uint64_t *bad,
		      const uint16_t *words, struct lwm2m_value *value,
		      char *text);
/* What scale_from holds: value = number x 10^exponent. -ENODATA: none */
int modbus_exponent_read(uint16_t word, int *exponent);
/* A value to registers, scale_from being what it is now (0 where there is
 * none): their number, or as register_encode(). */
int modbus_value_write(const struct modbus_point *point,
		       const struct lwm2m_value *value, int exponent,
		       uint16_t *words);
/* Fills item and bad, before the point is read. -ENOMEM */
int modbus_point_prepare(struct modbus_own *own,
			 const struct modbus_point *point, unsigned base,
			 unsigned most);
void modbus_point_finish(struct modbus_own *own);

/* ---- command.c: adapter_ops.command */
int modbus_command(struct adapter_command *command);
/* All three: 0, the exception (above 0), or -errno. */
int modbus_registers_read(struct adapter_device *device,
			  enum modbus_table table, uint16_t address,
			  unsigned n, uint16_t *words);
int modbus_registers_write(struct adapter_device *device, uint16_t address,
			   const uint16_t *words, unsigned n, bool multiple);
/* A value as its registers are written, *n of words[REGISTER_STRING_MAX]: its
 * scale is asked for, where it has one. */
int modbus_words_make(struct adapter_point *point,
		      const struct lwm2m_value *value, uint16_t *words,
		      unsigned *n);

/* ---- group.c: registers in a row that are written together */

/* Where a point is written, from 0 on the wire. */
uint16_t modbus_write_address(const struct adapter_point *point);
/* Pure. Are those of each group in a row, each once, and not too many? */
int modbus_groups_check(const struct adapter_device *device,
			struct adapter_error *error);
/* One function 16 for all of the group; what the command does not name stays as
 * the device has it. 0, the exception, or -errno; -EINVAL: the device does not
 * say what it has. */
int modbus_group_write(struct adapter_command *command);

/* ---- search.c: adapter_ops.search */
int64_t modbus_search_step(struct adapter_search *search, int64_t now);
/* As modbus_exchange(), with the times of the search. */
int modbus_search_exchange(struct adapter_search *search,
			   const struct modbus_request *request, uint8_t *pdu);
int modbus_search_read(struct adapter_search *search, uint8_t unit,
		       uint32_t table, uint16_t address, unsigned n,
		       uint16_t *words);

/* ---- scan.c */
int64_t modbus_scan_step(struct adapter_search *search, int64_t now);
#endif
