/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object definitions in OMA's XML: what comes of them, what is said of those
 * that are wrong, which of several is taken, and how long they live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "agent/config/object_load.h"
#include "agent/config/object_xml.h"
#include "tests/agent/config/config_case.h"

#define HEAD \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<LWM2M xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
#define OBJECT_(id, version, resources) \
	"<Object ObjectType=\"MODefinition\">\n" \
	"<Name>Cold &amp; Store</Name>\n" \
	"<Description1>Prose, <b/> and all.</Description1>\n" \
	"<ObjectID>" id "</ObjectID>\n" \
	"<ObjectURN>urn:oma:lwm2m:x:" id "</ObjectURN>\n" \
	version \
	"<MultipleInstances>Multiple</MultipleInstances>\n" \
	"<Mandatory>Optional</Mandatory>\n" \
	"<Resources>\n" resources "</Resources>\n" \
	"<Description2></Description2>\n" \
	"</Object>\n"
#define VERSION_(v) "<ObjectVersion>" v "</ObjectVersion>\n"
#define ITEM_(id, name, ops, many, must, type, more) \
	"<Item ID=\"" id "\"><Name>" name "</Name><Operations>" ops \
	"</Operations><MultipleInstances>" many "</MultipleInstances>" \
	"<Mandatory>" must "</Mandatory><Type>" type "</Type>" more "</Item>\n"
#define TAIL "</LWM2M>\n"
#define PLAIN(id, type) ITEM_(id, "n", "RW", "Single", "Optional", type, "")
#define FILE_(id, resources) HEAD OBJECT_(id, "", resources) TAIL

struct loaded {
	struct object_set *set;
	struct config_errors errors;
};

static void loaded_init(struct loaded *l)
{
	l->set = object_set_create();
	config_errors_init(&l->errors);
}

static void loaded_finish(struct loaded *l)
{
	object_set_release(l->set);
	config_errors_finish(&l->errors);
}

static void read_text(struct loaded *l, const char *file, bool site,
		      const char *text)
{
	object_xml_read(l->set, file, site, text, strlen(text), &l->errors);
}

static const struct object_def *object_in(const struct object_set *set,
					  uint16_t id)
{
	const struct object_model *model = object_set_model(set);

	return model->object(model, id);
}

/* How many definitions are its own: neither compiled in nor shadowed. */
static unsigned objects_of(const struct object_set *set)
{
	unsigned n = 0;

	for (unsigned id = 0; id <= UINT16_MAX; id++) {
		const struct object_def *def = object_in(set, (uint16_t)id);

		n += def && def != agent_model()->object(agent_model(),
							 (uint16_t)id);
	}
	return n;
}

static void all_that_it_says(void **state)
{
	const struct resource_def *r;
	const struct object_def *def;
	struct loaded l;

	(void)state;
	loaded_init(&l);
	read_text(&l, "a.xml", true, HEAD OBJECT_("26251", VERSION_("1.2"),
		ITEM_("7", " Defrost ", "E", "Single", "Optional", "",
		      "<Description>d</Description>")
		ITEM_("1", "Temperature", "R", "Single", "Mandatory", "Float",
		      "<RangeEnumeration>-40..30</RangeEnumeration>"
		      "<Units>Cel</Units>")
		ITEM_("2", "Label", "RW", "Multiple", "Optional", "String",
		      "<RangeEnumeration>0..64</RangeEnumeration>")
		ITEM_("3", "Count", "W", "Single", "Optional",
		      "Unsigned Integer",
		      "<RangeEnumeration>0..2^32-1</RangeEnumeration>")) TAIL);
	assert_int_equal(l.errors.n, 0);
	def = object_in(l.set, 26251);
	assert_non_null(def);
	assert_string_equal(def->name, "Cold & Store");
	assert_string_equal(def->version, "1.2");
	assert_true(def->multiple);
	assert_false(def->mandatory);
	assert_int_equal(def->main, 0);
	assert_int_equal(def->n_resources, 4);
	r = def->resources;
	assert_int_equal(r[0].id, 1);
	assert_int_equal(r[0].type, LWM2M_FLOAT);
	assert_int_equal(r[0].operations, OP_READ);
	assert_true(r[0].mandatory && !r[0].multiple);
	assert_true(r[0].min == -40 && r[0].max == 30);
	assert_string_equal(object_unit(object_set_model(l.set), 26251, 1),
			    "Cel");
	assert_null(object_unit(object_set_model(l.set), 26251, 2));
	assert_true(r[1].multiple && r[1].operations == OP_RW);
	assert_true(r[1].min == 0 && r[1].max == 0);	/* lengths, no range */
	assert_int_equal(r[2].type, LWM2M_UNSIGNED);
	assert_int_equal(r[2].operations, OP_WRITE);
	assert_true(r[2].max == 4294967295.0);
	assert_int_equal(r[3].operations, OP_EXECUTE);
	assert_int_equal(r[3].type, LWM2M_NONE);
	assert_string_equal(r[3].name, "Defrost");
	loaded_finish(&l);
}

static void every_type(void **state)
{
	static const struct { const char *word; enum lwm2m_type type; } t[] = {
		{"String", LWM2M_STRING}, {"Integer", LWM2M_INTEGER},
		{"Unsigned Integer", LWM2M_UNSIGNED}, {"Float", LWM2M_FLOAT},
		{"Boolean", LWM2M_BOOLEAN}, {"Opaque", LWM2M_OPAQUE},
		{"Time", LWM2M_TIME}, {"Objlnk", LWM2M_OBJLINK},
		{"Corelnk", LWM2M_CORELINK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct loaded l;
		char text[2048];

		loaded_init(&l);
		snprintf(text, sizeof(text), FILE_("26251", PLAIN("0", "%s")),
			 t[i].word);
		read_text(&l, "a.xml", true, text);
		assert_int_equal(l.errors.n, 0);
		assert_int_equal(object_in(l.set, 26251)->resources[0].type,
				 t[i].type);
		loaded_finish(&l);
	}
}

static void says_nothing(const char *text)
{
	struct loaded l;

	loaded_init(&l);
	read_text(&l, "a.xml", true, text);
	assert_int_equal(l.errors.n, 0);
	assert_int_equal(objects_of(l.set), 1);
	loaded_finish(&l);
}

static void version_of_the_urn(void **state)
{
	static const struct { const char *lines, *version; } t[] = {
		{"", "1.0"},
		{VERSION_("2.10"), "2.10"},
		{"<LWM2MVersion>1.1</LWM2MVersion>", "1.0"},
		{"<ObjectVersion></ObjectVersion>", "1.0"},
	};
	struct loaded l;
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		loaded_init(&l);
		snprintf(text, sizeof(text), HEAD OBJECT_("26251", "%s", "")
			 TAIL, t[i].lines);
		read_text(&l, "a.xml", true, text);
		assert_int_equal(l.errors.n, 0);
		assert_string_equal(object_in(l.set, 26251)->version,
				    t[i].version);
		loaded_finish(&l);
	}
	loaded_init(&l);
	read_text(&l, "a.xml", true, HEAD OBJECT_("26251:1.3", "", "") TAIL);
	assert_int_equal(l.errors.n, 1);	/* the id is none, then */
	loaded_finish(&l);
}

static void encodings(void **state)
{
	static const char latin[] =
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><LWM2M>"
		OBJECT_("26251", "", ITEM_("1", "K\xfchle", "R", "Single",
					   "Optional", "Time", "")) TAIL;
	static const char bom[] = "\xef\xbb\xbf" FILE_("26251", "");
	struct loaded l;

	(void)state;
	loaded_init(&l);
	read_text(&l, "a.xml", true, latin);
	assert_int_equal(l.errors.n, 0);
	assert_string_equal(object_in(l.set, 26251)->resources[0].name,
			    "K\xc3\xbchle");
	loaded_finish(&l);
	says_nothing(bom);
	loaded_init(&l);
	read_text(&l, "a.xml", true, FILE_("26251", PLAIN("1", "\xff")));
	assert_int_equal(l.errors.n, 1);	/* that is no UTF-8 */
	loaded_finish(&l);
}

static void ranges(void **state)
{
	static const struct { const char *text; double min, max; } t[] = {
		{"0..100", 0, 100}, {"-30..46", -30, 46}, {"1..5", 1, 5},
		{"-1.5..1.25", -1.5, 1.25}, {"0.000001..1.0", 0.000001, 1},
		{"0..2^32-1", 0, 4294967295.0}, {"0 .. 7", 0, 7},
		{"0..2^10", 0, 1024}, {"0,1,2", 0, 2}, {"5, 10, 20", 5, 20},
		{"-120..-25", -120, -25},
	};
	static const char *const none[] = {
		"", "12", "-", ".", "..", "1..", "..5", "100..0", "7..7",
		"8 bit", "0..256 bytes", "0; 3.8..20.5", "[1:4]", "ON;OFF",
		"-30..-120", "0: off\n1: on", "1-64", "2^", "0..2^x", "1,",
		"0..99999999999999999999999999999999999999", "0..--1",
		"2^99999..5", "0..1..2",
	};
	double min, max;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_true(object_xml_range(t[i].text, &min, &max));
		assert_true(min == t[i].min && max == t[i].max);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (object_xml_range(none[i], &min, &max))
			fail_msg("'%s' is no range", none[i]);
}

static void says(const char *text, const char *expected, bool taken)
{
	struct loaded l;
	char *found;

	loaded_init(&l);
	read_text(&l, "a.xml", true, text);
	found = findings_text(&l.errors);
	assert_string_equal(found, expected);
	assert_int_equal(object_in(l.set, 26251) != NULL, taken);
	assert_false(config_fatal(&l.errors));
	free(found);
	loaded_finish(&l);
}

/* Items begin in line 12 of the file. */
static void mistakes_with_their_places(void **state)
{
	(void)state;
	says("", "a.xml:1:1: this is not XML: no element found\n", false);
	says("hello", "a.xml:1:1: this is not XML: syntax error\n", false);
	says("<LWM2M>\n", "a.xml:2:1: this is not XML: no element found\n",
	     false);
	says("<LWM2M></LWM2M>",
	     "a.xml:1:1: <LWM2M> needs a <Object>\n", false);
	says("<html>\n</html>", "a.xml:1:1: <html> is no object definition: "
	     "it must begin with <LWM2M>\n", false);
	says(HEAD OBJECT_("26251", "", "") "</LWM2N>",
	     "a.xml:14:3: this is not XML: mismatched tag\n", true);
	says("<!DOCTYPE x [<!ENTITY a \"b\">]>\n" FILE_("26251", ""),
	     "a.xml:1:13: a document type is not taken: take the lines of "
	     "<!DOCTYPE> away\n", false);
	says(FILE_("70000", ""), "a.xml:6:11: <ObjectID> must be 0 to 65534, "
	     "not '70000'\n", false);
	says(FILE_("26251", PLAIN("1", "Flaot")),
	     "a.xml:11:137: <Type> must be one of String, Integer, Unsigned "
	     "Integer, Float, Boolean, Opaque, Time, Objlnk, Corelnk, not "
	     "'Flaot'\n", false);
	says(FILE_("26251", ITEM_("1", "n", "RX", "Single", "Optional",
				  "Float", "")),
	     "a.xml:11:40: <Operations> must be one of R, W, RW, E, not "
	     "'RX'\n", false);
	says(FILE_("26251", PLAIN("x", "Float")),
	     "a.xml:11:1: the ID of an <Item> must be 0 to 65534, not 'x'\n",
	     false);
	says(FILE_("26251", "<Item><Name>n</Name></Item>\n"),
	     "a.xml:11:1: <Item> needs its number: <Item ID=\"5700\">\n"
	     "a.xml:11:1: <Item> needs a <Operations>\n"
	     "a.xml:11:1: <Item> needs a <MultipleInstances>\n"
	     "a.xml:11:1: <Item> needs a <Mandatory>\n"
	     "a.xml:11:1: <Item> needs a <Type>\n", false);
	says(FILE_("26251", PLAIN("1", "Float") PLAIN("1", "Float")),
	     "a.xml:12:1: resource 1 is there already, in line 11\n", false);
	says(FILE_("26251", PLAIN("1", "")),
	     "a.xml:11:1: resource 1 (n) needs a <Type>\n", false);
	says(FILE_("26251", "<Item ID=\"1\"><Nmae>n</Nmae></Item>\n"),
	     "a.xml:11:1: <Item> needs a <Name>\n"
	     "a.xml:11:1: <Item> needs a <Operations>\n"
	     "a.xml:11:1: <Item> needs a <MultipleInstances>\n"
	     "a.xml:11:1: <Item> needs a <Mandatory>\n"
	     "a.xml:11:1: <Item> needs a <Type>\n"
	     "a.xml:11:14: <Nmae> is not known here; did you mean 'Name'?\n",
	     false);
	says(HEAD OBJECT_("26251", VERSION_("one"), "") TAIL,
	     "a.xml:8:16: <ObjectVersion> must be as 1.0, not 'one'\n", false);
	says(HEAD OBJECT_("26251", "<Mandatory>Optional</Mandatory>", "") TAIL,
	     "a.xml:9:1: <Mandatory> is there twice\n", false);
	/* One that is wrong does not take the others away. */
	says(HEAD OBJECT_("26252", VERSION_("x"), "")
	     OBJECT_("26251", "", "") TAIL,
	     "a.xml:8:16: <ObjectVersion> must be as 1.0, not 'x'\n", true);
}

static void bounds(void **state)
{
	size_t size = OBJECT_XML_SIZE_MAX + 1, n;
	char *text = calloc(1, size + 1);
	struct loaded l;

	(void)state;
	memset(text, ' ', size);
	says(text, "a.xml: it is larger than 1024 KiB\n", false);
	/* A long name, and one resource more than there may be. */
	n = (size_t)sprintf(text, HEAD "<Object><Name>");
	memset(text + n, 'x', 2000);
	strcpy(text + n + 2000, "</Name></Object></LWM2M>");
	loaded_init(&l);
	read_text(&l, "a.xml", true, text);
	assert_non_null(strstr(l.errors.first->text,
			       "<Name> is longer than 1000 bytes"));
	loaded_finish(&l);
	n = (size_t)sprintf(text, HEAD "<Object><Name>n</Name><ObjectID>26251"
		"</ObjectID><MultipleInstances>Single</MultipleInstances>"
		"<Mandatory>Optional</Mandatory><Resources>");
	for (int i = 0; i <= OBJECT_XML_RESOURCES_MAX; i++)
		n += (size_t)sprintf(text + n, PLAIN("%d", "Float"), i);
	strcpy(text + n, "</Resources></Object></LWM2M>");
	loaded_init(&l);
	read_text(&l, "a.xml", true, text);
	assert_int_equal(l.errors.n, 1);
	assert_non_null(strstr(l.errors.first->text, "one resource too many"));
	loaded_finish(&l);
	/* Elements inside of elements, without end. */
	for (n = 0; n < 100000; n += 3)
		memcpy(text + n, "<a>", 3);
	text[n] = 0;
	loaded_init(&l);
	read_text(&l, "a.xml", true, text);
	assert_int_equal(l.errors.n, 2);
	loaded_finish(&l);
	free(text);
}

#define TEMPERATURE(type) HEAD OBJECT_("3341", VERSION_("1.0"), \
	ITEM_("5527", "Text", "RW", "Single", "Mandatory", type, "")) TAIL

static void compiled_ones_win(void **state)
{
	struct loaded l;
	char *found;

	(void)state;
	loaded_init(&l);
	read_text(&l, "a.xml", true, TEMPERATURE("Float"));
	found = findings_text(&l.errors);
	assert_string_equal(found, "a.xml:12:1: object 3341 (Cold & Store): "
		"resource 5527 (Text) is Float here, and String in the one "
		"compiled in, which is used: correct this file, or take it "
		"away\n");
	assert_ptr_equal(object_in(l.set, 3341),
			 agent_model()->object(agent_model(), 3341));
	assert_int_equal(objects_of(l.set), 0);
	free(found);
	loaded_finish(&l);
	/* An older version is just not the newest. */
	loaded_init(&l);
	read_text(&l, "a.xml", true,
		  HEAD OBJECT_("3303", VERSION_("1.0"), "") TAIL);
	assert_int_equal(l.errors.n, 0);
	read_text(&l, "a.xml", true,
		  HEAD OBJECT_("3303", VERSION_("2.0"), "") TAIL);
	assert_int_equal(l.errors.n, 1);
	loaded_finish(&l);
}

static void newest_and_the_sites(void **state)
{
	struct loaded l;

	(void)state;
	loaded_init(&l);
	read_text(&l, "a.xml", true,
		  HEAD OBJECT_("26251", VERSION_("1.10"), "") TAIL);
	read_text(&l, "b.xml", true,
		  HEAD OBJECT_("26251", VERSION_("1.9"), "") TAIL);
	assert_string_equal(object_in(l.set, 26251)->version, "1.10");
	read_text(&l, "c.xml", true,
		  HEAD OBJECT_("26251", VERSION_("2.0"), "") TAIL);
	assert_string_equal(object_in(l.set, 26251)->version, "2.0");
	read_text(&l, "d.xml", false,
		  HEAD OBJECT_("26251", VERSION_("3.0"), "") TAIL);
	assert_string_equal(object_in(l.set, 26251)->version, "2.0");
	assert_int_equal(l.errors.n, 0);
	read_text(&l, "e.xml", true, HEAD OBJECT_("26251", VERSION_("2.0"),
						  PLAIN("4", "Time")) TAIL);
	assert_int_equal(l.errors.n, 1);
	assert_string_equal(l.errors.first->text, "object 26251 (Cold & Store)"
		": resource 4 (n) is not in c.xml, which is used: correct "
		"this file, or take it away");
	loaded_finish(&l);
}

static void sets_that_are_alike_are_one(void **state)
{
	struct object_set *a, *b, *c;
	const struct object_def *def;
	struct loaded l;

	(void)state;
	loaded_init(&l);
	read_text(&l, "a.xml", true, FILE_("26251", PLAIN("1", "Float")));
	a = object_set_share(l.set);
	def = object_in(a, 26251);
	loaded_init(&l);
	read_text(&l, "b.xml", true, FILE_("26251", PLAIN("1", "Float")));
	b = object_set_share(l.set);
	assert_ptr_equal(a, b);
	loaded_init(&l);
	read_text(&l, "a.xml", true, FILE_("26251", PLAIN("1", "Time")));
	c = object_set_share(l.set);
	assert_ptr_not_equal(a, c);
	assert_true(object_fingerprint(object_in(c, 26251)) !=
		    object_fingerprint(def));
	object_set_release(a);
	/* The other user of the first one still has its definition. */
	assert_ptr_equal(object_in(b, 26251), def);
	assert_string_equal(def->resources[0].name, "n");
	object_set_release(b);
	object_set_release(c);
	object_set_release(NULL);
	assert_non_null(object_in(NULL, 3303));
}

/* ---- folders, and what is mapped ---- */

static char top[] = "/tmp/lwmux-objects-XXXXXX";

static void file_put(const char *name, const char *text)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void directory_put(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void folders(void **state)
{
	struct config_errors errors;
	struct object_set *set;
	char share[64];

	(void)state;
	snprintf(share, sizeof(share), "%s/share", top);
	config_errors_init(&errors);
	set = object_set_load(top, share, &errors);	/* none there */
	assert_int_equal(errors.n, 0);
	assert_int_equal(objects_of(set), 0);
	object_set_release(set);
	directory_put("objects.d");
	directory_put("share");
	file_put("objects.d/a.xml", FILE_("26251", PLAIN("1", "Float")));
	file_put("objects.d/b.xml.example", "not read");
	file_put("objects.d/.hidden.xml", "not read");
	file_put("share/a.xml", "shadowed by its name");
	file_put("share/z.xml", FILE_("26251", PLAIN("1", "Time")));
	file_put("share/c.xml", FILE_("26252", PLAIN("1", "Time")));
	file_put("share/wrong.xml", FILE_("26253", PLAIN("1", "Tine")));
	set = object_set_load(top, share, &errors);
	assert_int_equal(objects_of(set), 2);
	assert_int_equal(object_in(set, 26251)->resources[0].type,
			 LWM2M_FLOAT);
	assert_int_equal(errors.n, 1);
	assert_non_null(strstr(errors.first->place.file, "/share/wrong.xml"));
	assert_int_equal(errors.first->place.line, 11);
	object_set_release(set);
	config_errors_finish(&errors);
}

/* What config_build() says of one point with these keys. */
static void mapped(const char *keys, const char *expected)
{
	struct config_case c = {0};
	struct config_file files[2];
	struct loaded l;
	char text[512], *found;

	loaded_init(&l);
	read_text(&l, "a.xml", true, HEAD OBJECT_("26251", VERSION_("1.2"),
		ITEM_("1", "Temperature", "R", "Single", "Mandatory", "Float",
		      "<Units>Cel</Units>")
		ITEM_("2", "Label", "RW", "Multiple", "Optional", "String", "")
		ITEM_("7", "Defrost", "E", "Single", "Optional", "", "")) TAIL);
	assert_int_equal(l.errors.n, 0);
	snprintf(text, sizeof(text), "devices: [{endpoint: d, bus: sim, "
		 "points: [{name: p, %s}]}]\n", keys);
	c.arena = arena_create();
	config_errors_init(&c.errors);
	files[0] = case_file(&c, "lwmux.yaml", MAIN_USUAL);
	files[1] = case_file(&c, "conf.d/a.yaml", text);
	c.config = config_build(files, 2, &c.profiles,
				object_set_model(l.set), &c.errors);
	found = findings_text(&c.errors);
	assert_string_equal(found, expected);
	free(found);
	case_finish(&c);
	loaded_finish(&l);
}

static void points_of_a_defined_object(void **state)
{
	(void)state;
	mapped("map: 26251/0/1", "");
	mapped("map: 26251/65534/1, unit: Cel", "");
	mapped("map: 26251/0/2/5", "");
	mapped("map: 26251/0/7, on_execute: 1", "");
	mapped("map: 26251/0", "conf.d/a.yaml:1:59: 'map': object 26251 (Cold "
	       "& Store) has no main resource: name one, as "
	       "26251/0/RESOURCE\n");
	mapped("map: 26251/0/3", "conf.d/a.yaml:1:59: 'map': object 26251 "
	       "(Cold & Store) has no resource 3\n");
	mapped("map: 26251/0/1, writable: true", "conf.d/a.yaml:1:80: "
	       "'writable': /26251/0/1 (Temperature) is read-only\n");
	mapped("map: 26251/0/1, unit: degF", "conf.d/a.yaml:1:76: 'unit': "
	       "/26251/0/1 (Temperature) is in 'Cel' by its definition, not "
	       "'degF': convert with scale and offset, or leave unit away\n");
	mapped("map: 26299/0/1", "conf.d/a.yaml:1:59: 'map': object 26299 is "
	       "not known: put its definition into objects.d, as OMA "
	       "publishes it\n");
}

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_it_says),
		cmocka_unit_test(every_type),
		cmocka_unit_test(version_of_the_urn),
		cmocka_unit_test(encodings),
		cmocka_unit_test(ranges),
		cmocka_unit_test(mistakes_with_their_places),
		cmocka_unit_test(bounds),
		cmocka_unit_test(compiled_ones_win),
		cmocka_unit_test(newest_and_the_sites),
		cmocka_unit_test(sets_that_are_alike_are_one),
		cmocka_unit_test(folders),
		cmocka_unit_test(points_of_a_defined_object),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
