/* SPDX-License-Identifier: GPL-2.0-or-later
 * OMA's XML to definitions: a machine of elements, fed by libexpat. All that
 * is wrong is told, and the file read on as far as it is XML. */
#include "agent/config/object_xml.h"
#include <ctype.h>
#include <expat.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/arena.h"
#include "agent/base/nearest.h"

#ifndef LWMUX_EXPAT_64
#define XML_GetCurrentLineNumber64 XML_GetCurrentLineNumber
#define XML_GetCurrentColumnNumber64 XML_GetCurrentColumnNumber
#endif
#define DEPTH_MAX 8
#define TEXT_MAX 1000		/* bytes of what is kept of an element */
#define ID_MAX 65534

enum element {
	NOTHING, ROOT, OBJECT, RESOURCES, ITEM,		/* have elements */
	NAME, OBJECT_ID, URN, LWM2M_VERSION, VERSION, INSTANCES, MANDATORY,
	OPERATIONS, TYPE, RANGE, UNITS,			/* have text */
	PROSE,						/* is passed over */
};

static const struct {
	const char *name;
	uint8_t is, in;		/* enum element */
	bool needed;
} elements[] = {
	{"LWM2M", ROOT, NOTHING, true},
	{"Object", OBJECT, ROOT, true},
	{"Name", NAME, OBJECT, true},
	{"Description1", PROSE, OBJECT, false},
	{"ObjectID", OBJECT_ID, OBJECT, true},
	{"ObjectURN", URN, OBJECT, false},
	{"LWM2MVersion", LWM2M_VERSION, OBJECT, false},
	{"ObjectVersion", VERSION, OBJECT, false},
	{"MultipleInstances", INSTANCES, OBJECT, true},
	{"Mandatory", MANDATORY, OBJECT, true},
	{"Resources", RESOURCES, OBJECT, true},
	{"Description2", PROSE, OBJECT, false},
	{"Item", ITEM, RESOURCES, false},
	{"Name", NAME, ITEM, true},
	{"Operations", OPERATIONS, ITEM, true},
	{"MultipleInstances", INSTANCES, ITEM, true},
	{"Mandatory", MANDATORY, ITEM, true},
	{"Type", TYPE, ITEM, true},
	{"RangeEnumeration", RANGE, ITEM, false},
	{"Units", UNITS, ITEM, false},
	{"Description", PROSE, ITEM, false},
};
#define N_ELEMENTS (sizeof(elements) / sizeof(elements[0]))

/* One that is open. */
struct level {
	enum element element;
	struct place place;
	uint32_t seen;			/* bits of enum element */
};

struct reader {
	XML_Parser parser;
	struct object_set *set;
	struct arena *arena;		/* the set's */
	struct config_errors *errors;
	const char *file;
	bool site, stopped;
	unsigned passed;		/* levels inside of what is unknown */
	unsigned depth;
	struct level levels[DEPTH_MAX];
	char text[TEXT_MAX + 1];	/* of the innermost, trimmed */
	size_t n_text;
	bool too_long;
	struct place text_place;
	/* The object and the resource under way. */
	struct object_def object;
	struct resource_def item;
	const char *unit, *urn_version;
	struct place object_place, item_place;
	bool wrong, item_wrong;
	char range[64];
	struct resource_def *resources;	/* of OBJECT_XML_RESOURCES_MAX */
	struct place *places;
	const char **units;
	size_t n;
};

static struct place reader_place(const struct reader *r)
{
	return (struct place){
		r->file, (unsigned)XML_GetCurrentLineNumber64(r->parser),
		(unsigned)XML_GetCurrentColumnNumber64(r->parser) + 1};
}

__attribute__((format(printf, 3, 4))) static void
reader_refuse(struct reader *r, struct place place, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config_error_add(r->errors, place, NULL, "%s", text);
	r->wrong = r->item_wrong = true;
}

static void reader_stop(struct reader *r)
{
	r->stopped = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *name_of(enum element element, enum element in)
{
	for (size_t i = 0; i < N_ELEMENTS; i++)
		if (elements[i].is == element && elements[i].in == in)
			return elements[i].name;
	return "?";
}

static enum element element_outer(const struct reader *r)
{
	return r->depth ? r->levels[r->depth - 1].element : NOTHING;
}

/* ---- words of the elements ---- */

struct word { const char *word; int value; };

static const struct word types[] = {
	{"String", LWM2M_STRING}, {"Integer", LWM2M_INTEGER},
	{"Unsigned Integer", LWM2M_UNSIGNED}, {"Float", LWM2M_FLOAT},
	{"Boolean", LWM2M_BOOLEAN}, {"Opaque", LWM2M_OPAQUE},
	{"Time", LWM2M_TIME}, {"Objlnk", LWM2M_OBJLINK},
	{"Corelnk", LWM2M_CORELINK}, {"", LWM2M_NONE}, {NULL, 0}
};
static const struct word operations[] = {
	{"R", OP_READ}, {"W", OP_WRITE}, {"RW", OP_RW}, {"E", OP_EXECUTE},
	{"", OP_NONE}, {NULL, 0}
};
static const struct word instances[] = {
	{"Single", false}, {"Multiple", true}, {NULL, 0}
};
static const struct word needs[] = {
	{"Optional", false}, {"Mandatory", true}, {NULL, 0}
};

/* Its text as one of the words; says so where it is none of them. */
static int word_of(struct reader *r, const char *element,
		   const struct word *words)
{
	char all[160] = "";
	size_t n = 0;

	for (; words->word; words++) {
		if (!strcmp(words->word, r->text))
			return words->value;
		if (*words->word && n < sizeof(all))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
					      n ? ", " : "", words->word);
	}
	reader_refuse(r, r->text_place, "<%s> must be one of %s, not '%.60s'",
		      element, all, r->text);
	return 0;
}

static bool id_parse(const char *text, uint16_t *id)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*text) || strlen(text) > 5)
		return false;
	n = strtoul(text, &end, 10);
	*id = (uint16_t)n;
	return !*end && n <= ID_MAX;
}

/* "1.0": digits, a dot, digits. */
static bool is_version(const char *text)
{
	size_t major = strspn(text, "0123456789");
	size_t minor = text[major] == '.' ?
		strspn(text + major + 1, "0123456789") : 0;

	return major && minor && major < 4 && minor < 4 &&
	       !text[major + 1 + minor];
}

/* "urn:oma:lwm2m:ext:3303:1.1" ends with a version, or has none. */
static void urn_take(struct reader *r)
{
	const char *colon = strrchr(r->text, ':');

	if (colon && is_version(colon + 1))
		r->urn_version = arena_text(r->arena, colon + 1);
}

/* "1..5" has the numbers 1 and 5, where strtod() sees "1." and ".5". */
static bool decimal_take(const char **at, double *to)
{
	char token[32];
	size_t n = strspn(*at, "-");
	char *end;

	while (isdigit((unsigned char)(*at)[n]) ||
	       ((*at)[n] == '.' && (*at)[n + 1] != '.'))
		n++;
	if (!n || n >= sizeof(token))
		return false;
	memcpy(token, *at, n);
	token[n] = 0;
	*to = strtod(token, &end);
	*at += n;
	return !*end;
}

/* With a power, as 2^32-1 or 2^63. */
static bool number_take(const char **at, double *to)
{
	double more;

	if (!decimal_take(at, to))
		return false;
	if (**at == '^') {
		++*at;
		if (!decimal_take(at, &more))
			return false;
		*to = pow(*to, more);
		more = 0;
		if (**at == '-' && !decimal_take(at, &more))
			return false;
		*to += more;		/* "-1" */
	}
	*at += strspn(*at, " \t\r\n");
	return isfinite(*to);
}

bool object_xml_range(const char *text, double *min, double *max)
{
	double low, high, next;
	const char *at = text;

	if (!number_take(&at, &low))
		return false;
	high = low;
	if (!strncmp(at, "..", 2)) {
		at += 2 + strspn(at + 2, " \t\r\n");
		if (!number_take(&at, &high))
			return false;
	}
	while (*at == ',') {
		at += 1 + strspn(at + 1, " \t\r\n");
		if (!number_take(&at, &next))
			return false;
		low = next < low ? next : low;
		high = next > high ? next : high;
	}
	if (*at || low >= high)
		return false;
	*min = low;
	*max = high;
	return true;
}

/* ---- a resource ---- */

static bool is_bounded(uint8_t type)
{
	return type == LWM2M_INTEGER || type == LWM2M_UNSIGNED ||
	       type == LWM2M_FLOAT;
}

static void item_begin(struct reader *r, const char **attributes)
{
	const char *id = NULL;

	r->item = (struct resource_def){.name = ""};
	r->unit = NULL;
	*r->range = 0;
	r->item_place = reader_place(r);
	r->item_wrong = false;
	for (; *attributes; attributes += 2)
		if (!strcmp(attributes[0], "ID"))
			id = attributes[1];
	if (!id)
		reader_refuse(r, r->item_place,
			      "<Item> needs its number: "
			      "<Item ID=\"5700\">");
	else if (!id_parse(id, &r->item.id))
		reader_refuse(r, r->item_place,
			      "the ID of an <Item> must be 0 to "
			      "65534, not '%.60s'",
			      id);
}

static void item_put(struct reader *r)
{
	size_t at = r->n;

	while (at && r->resources[at - 1].id > r->item.id)
		at--;
	memmove(&r->resources[at + 1], &r->resources[at],
		(r->n - at) * sizeof(*r->resources));
	memmove(&r->places[at + 1], &r->places[at],
		(r->n - at) * sizeof(*r->places));
	memmove(&r->units[at + 1], &r->units[at],
		(r->n - at) * sizeof(*r->units));
	r->resources[at] = r->item;
	r->places[at] = r->item_place;
	r->units[at] = r->unit;
	r->n++;
}

static void item_end(struct reader *r)
{
	if (r->item_wrong)
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->resources[i].id == r->item.id) {
			reader_refuse(r, r->item_place,
				      "resource %u is there "
				      "already, in line %u",
				      r->item.id, r->places[i].line);
			return;
		}
	if (r->n >= OBJECT_XML_RESOURCES_MAX) {
		reader_refuse(r, r->item_place,
			      "one resource too many: %d are the "
			      "most",
			      OBJECT_XML_RESOURCES_MAX);
		return;
	}
	if (r->item.operations & OP_EXECUTE)
		r->item.type = LWM2M_NONE;
	else if (r->item.type == LWM2M_NONE && r->item.operations) {
		reader_refuse(r, r->item_place,
			      "resource %u (%s) needs a <Type>", r->item.id,
			      r->item.name);
		return;
	}
	if (is_bounded(r->item.type))
		object_xml_range(r->range, &r->item.min, &r->item.max);
	item_put(r);
}

static void item_text(struct reader *r, enum element element)
{
	const char *name = name_of(element, ITEM);

	if (element == NAME)
		r->item.name = arena_text(r->arena, r->text);
	else if (element == OPERATIONS)
		r->item.operations = (uint8_t)word_of(r, name, operations);
	else if (element == INSTANCES)
		r->item.multiple = word_of(r, name, instances);
	else if (element == MANDATORY)
		r->item.mandatory = word_of(r, name, needs);
	else if (element == TYPE)
		r->item.type = (uint8_t)word_of(r, name, types);
	else if (element == UNITS && r->n_text)
		r->unit = arena_text(r->arena, r->text);
	else if (element == RANGE && r->n_text < sizeof(r->range))
		strcpy(r->range, r->text);
}

/* ---- an object ---- */

static void object_begin(struct reader *r)
{
	r->object = (struct object_def){.name = ""};
	r->urn_version = NULL;
	r->object_place = reader_place(r);
	r->wrong = false;
	r->n = 0;
}

static void *bytes_copied(struct reader *r, const void *from, size_t size)
{
	return memcpy(arena_take(r->arena, size ? size : 1), from, size);
}

static void object_end(struct reader *r)
{
	struct object_draft draft = {.place = r->object_place,
				     .site = r->site};
	struct object_def *def;

	if (r->wrong)
		return;
	if (!r->object.version)
		r->object.version = r->urn_version ? r->urn_version : "1.0";
	r->object.resources =
		bytes_copied(r, r->resources, r->n * sizeof(*r->resources));
	r->object.n_resources = r->n;
	r->object.units = bytes_copied(r, r->units, r->n * sizeof(*r->units));
	draft.places = bytes_copied(r, r->places, r->n * sizeof(*r->places));
	def = bytes_copied(r, &r->object, sizeof(r->object));
	draft.def = def;
	object_set_add(r->set, &draft, r->errors);
}

static void object_text(struct reader *r, enum element element)
{
	const char *name = name_of(element, OBJECT);

	if (element == NAME)
		r->object.name = arena_text(r->arena, r->text);
	else if (element == INSTANCES)
		r->object.multiple = word_of(r, name, instances);
	else if (element == MANDATORY)
		r->object.mandatory = word_of(r, name, needs);
	else if (element == URN)
		urn_take(r);
	else if (element == OBJECT_ID && !id_parse(r->text, &r->object.id))
		reader_refuse(r, r->text_place,
			      "<ObjectID> must be 0 to 65534, not "
			      "'%.60s'",
			      r->text);
	else if (element == VERSION && is_version(r->text))
		r->object.version = arena_text(r->arena, r->text);
	else if (element == VERSION && r->n_text)
		reader_refuse(r, r->text_place,
			      "<ObjectVersion> must be as 1.0, not "
			      "'%.60s'",
			      r->text);
}

/* ---- the machine ---- */

static void refuse_element(struct reader *r, const char *name)
{
	struct nearest nearest;
	enum element in = element_outer(r);

	nearest_init(&nearest, name);
	for (size_t i = 0; i < N_ELEMENTS; i++)
		if (elements[i].in == in)
			nearest_offer(&nearest, elements[i].name);
	if (in == NOTHING)
		reader_refuse(r, reader_place(r),
			      "<%.60s> is no object definition: it must "
			      "begin with <LWM2M>%s",
			      name, nearest_text(&nearest));
	else
		reader_refuse(r, reader_place(r), "<%.60s> is not known here%s",
			      name, nearest_text(&nearest));
}

/* Of the table, inside of the innermost one; NOTHING: none. */
static enum element element_of(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS; i++)
		if (elements[i].in == element_outer(r) &&
		    !strcmp(elements[i].name, name))
			return elements[i].is;
	return NOTHING;
}

/* Once is enough for all but objects, resources and prose. */
static void check_once(struct reader *r, enum element element,
		       const char *name)
{
	struct level *level = &r->levels[r->depth - 1];

	if (level->seen & 1u << element && element != OBJECT &&
	    element != ITEM && element != PROSE)
		reader_refuse(r, reader_place(r), "<%s> is there twice", name);
	level->seen |= 1u << element;
}

static void XMLCALL element_begin(void *data, const char *name,
				  const char **attributes)
{
	struct reader *r = data;
	enum element element;

	if (r->passed || element_outer(r) == PROSE) {
		r->passed++;
		return;
	}
	element = element_of(r, name);
	if (element == NOTHING || r->depth == DEPTH_MAX) {
		refuse_element(r, name);
		r->passed++;
		return;
	}
	if (element == OBJECT)
		object_begin(r);
	else if (element == ITEM)
		item_begin(r, attributes);
	if (r->depth)
		check_once(r, element, name);
	r->levels[r->depth++] = (struct level){element, reader_place(r), 0};
	r->n_text = 0;
	r->too_long = false;
	r->text_place = reader_place(r);
}

static void check_needed(struct reader *r, const struct level *level)
{
	for (size_t i = 0; i < N_ELEMENTS; i++)
		if (elements[i].in == level->element && elements[i].needed &&
		    !(level->seen & 1u << elements[i].is))
			reader_refuse(r, level->place, "<%s> needs a <%s>",
				      level->element == ROOT	 ? "LWM2M"
				      : level->element == OBJECT ? "Object"
								 : "Item",
				      elements[i].name);
}

static void text_end(struct reader *r, enum element element)
{
	while (r->n_text && isspace((unsigned char)r->text[r->n_text - 1]))
		r->n_text--;
	r->text[r->n_text] = 0;
	if (r->too_long)
		reader_refuse(r, r->text_place, "<%s> is longer than %d bytes",
			      name_of(element, element_outer(r)), TEXT_MAX);
	else if (element_outer(r) == ITEM)
		item_text(r, element);
	else
		object_text(r, element);
}

static void XMLCALL element_end(void *data, const char *name)
{
	struct reader *r = data;
	struct level level;

	(void)name;
	if (r->passed) {
		r->passed--;
		return;
	}
	level = r->levels[--r->depth];
	if (level.element > ITEM && level.element != PROSE)
		text_end(r, level.element);
	else
		check_needed(r, &level);
	if (level.element == ITEM)
		item_end(r);
	else if (level.element == OBJECT)
		object_end(r);
}

static void XMLCALL element_text(void *data, const char *chunk, int length)
{
	struct reader *r = data;
	size_t n = (size_t)length, blank = 0;

	if (r->passed || element_outer(r) <= ITEM || element_outer(r) == PROSE)
		return;
	while (!r->n_text && blank < n &&
	       isspace((unsigned char)chunk[blank]))
		blank++;
	n -= blank;
	if (n && !r->n_text) {
		r->text_place = reader_place(r);
		r->text_place.column += (unsigned)blank;
	}
	if (n > TEXT_MAX - r->n_text) {
		r->too_long = true;
		n = TEXT_MAX - r->n_text;
	}
	memcpy(r->text + r->n_text, chunk + blank, n);
	r->n_text += n;
}

static void XMLCALL doctype_refuse(void *data, const char *name,
				   const char *system, const char *public,
				   int internal)
{
	struct reader *r = data;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	reader_refuse(r, reader_place(r),
		      "a document type is not taken: take the lines of "
		      "<!DOCTYPE> away");
	reader_stop(r);
}

static void chunk_parse(struct reader *r, const char *bytes, size_t length)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, element_begin, element_end);
	XML_SetCharacterDataHandler(r->parser, element_text);
	XML_SetStartDoctypeDeclHandler(r->parser, doctype_refuse);
	if (XML_Parse(r->parser, bytes, (int)length, XML_TRUE) ==
	    XML_STATUS_OK || r->stopped)
		return;
	reader_refuse(r, reader_place(r), "this is not XML: %s",
		      XML_ErrorString(XML_GetErrorCode(r->parser)));
}

void object_xml_read(struct object_set *set, const char *file, bool site,
		     const char *bytes, size_t length,
		     struct config_errors *errors)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->set = set;
	r->arena = object_set_arena(set);
	r->errors = errors;
	r->file = arena_text(r->arena, file);
	r->site = site;
	if (length > OBJECT_XML_SIZE_MAX) {
		reader_refuse(r, (struct place){file, 0, 0},
			      "it is larger than "
			      "%u KiB",
			      OBJECT_XML_SIZE_MAX >> 10);
		free(r);
		return;
	}
	r->parser = XML_ParserCreate(NULL);
	r->resources = calloc(OBJECT_XML_RESOURCES_MAX, sizeof(*r->resources));
	r->places = calloc(OBJECT_XML_RESOURCES_MAX, sizeof(*r->places));
	r->units = calloc(OBJECT_XML_RESOURCES_MAX, sizeof(*r->units));
	if (!r->parser || !r->resources || !r->places || !r->units)
		abort();
	chunk_parse(r, bytes, length);
	XML_ParserFree(r->parser);
	free(r->resources);
	free(r->places);
	free(r->units);
	free(r);
}
