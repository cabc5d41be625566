/* SPDX-License-Identifier: GPL-2.0-or-later
 * The configuration's files: which are read, in which order, and what is said
 * of those that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "agent/base/machine.h"
#include "agent/config/config_metadata.h"
#include "agent/config/config_points.h"
#include "tests/agent/adapter_dir.h"
#include "tests/agent/config/config_case.h"

static char adapters[4096];
static char top[] = "/tmp/lwmux-config-XXXXXX";

static void directory_make(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void file_write(const char *name, const char *text, size_t n)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(text, 1, n, file);
	fclose(file);
}

static void text_write(const char *name, const char *text)
{
	file_write(name, text, strlen(text));
}

/* An empty directory for each test. */
static int setup(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/*", top);
	if (system(command))
		return -1;
	directory_make("etc");
	directory_make("etc/conf.d");
	directory_make("share");
	text_write("etc/lwmux.yaml", MAIN_USUAL);
	return 0;
}

static struct config *load(struct config_errors *errors)
{
	char etc[64], share[64], objects[80];
	struct config_dirs dirs = {etc, share, objects, adapters};

	snprintf(objects, sizeof(objects), "%s/share/objects.d", top);
	snprintf(etc, sizeof(etc), "%s/etc", top);
	snprintf(share, sizeof(share), "%s/share", top);
	config_errors_init(errors);
	return config_load(&dirs, errors);
}

/* TOP in what is expected stands for the directory of this test. */
static void loaded(const char *expected, bool fatal)
{
	struct config_errors errors;
	struct config *config = load(&errors);
	const char *at;
	char text[8192] = "";
	char *found = findings_text(&errors);

	for (; (at = strstr(expected, "TOP")); expected = at + 3) {
		strncat(text, expected, (size_t)(at - expected));
		strcat(text, top);
	}
	strcat(text, expected);
	assert_string_equal(found, text);
	assert_int_equal(config_fatal(&errors), fatal);
	free(found);
	config_free(config);
	config_errors_finish(&errors);
}

#define DEVICE(name, rest) \
	"devices: [{endpoint: " name ", bus: probe, unit: 1, " rest "}]\n"
#define POINTS "points: [{name: p}]"

static void files_in_name_order(void **state)
{
	struct config_errors errors;
	struct config *config;

	(void)state;
	text_write("etc/conf.d/20-b.yaml", DEVICE("b", POINTS));
	text_write("etc/conf.d/10-a.yaml", DEVICE("a", POINTS));
	text_write("etc/conf.d/30-c.yaml.example", "[");
	text_write("etc/conf.d/.hidden.yaml", "[");
	config = load(&errors);
	assert_int_equal(errors.n, 0);
	assert_int_equal(config->n_devices, 2);
	assert_string_equal(config->devices[0]->endpoint, "a");
	assert_string_equal(config->devices[1]->endpoint, "b");
	/* Nothing points into the files' nodes any more. */
	assert_null(config->devices[1]->source);
	assert_null(config->devices[1]->points[0].source);
	config_free(config);
}

/* What each device of a fleet takes, its part of the points included. */
static size_t memory_of_one(const char *devices)
{
	struct config_errors errors;
	struct config *config;
	size_t total = 0, n;

	text_write("etc/conf.d/a.yaml", devices);
	config = load(&errors);
	assert_int_equal(errors.n, 0);
	n = config->n_devices;
	for (size_t i = 0; i < n; i++) {
		const struct config_device *device = config->devices[i];

		total += arena_size(device->arena) +
			 arena_size(device->shared->arena) /
				device->shared->users;
	}
	config_free(config);
	return total / n;
}

#define FLEET(units, rest) \
	"devices: [{endpoint: \"device-${unit}\", bus: probe, unit: " units \
	", " rest "}]\n"

static void memory(void **state)
{
	size_t alone, fleet, profile;

	(void)state;
	directory_make("share/v");
	text_write("share/v/m.yaml", "manufacturer: Maker\nmodel: Meter\n"
		   "points:\n"
		   "  - {name: p1, map: 3303/0, unit: Cel}\n"
		   "  - {name: p2, map: 3303/1, unit: Cel}\n"
		   "  - {name: p3, map: 3303/2, unit: Cel}\n"
		   "  - {name: p4, map: 3303/3, unit: Cel}\n"
		   "  - {name: p5, map: 3303/4, unit: Cel}\n"
		   "  - {name: p6, map: 3303/5, unit: Cel}\n"
		   "  - {name: p7, map: 3303/6, unit: Cel}\n"
		   "  - {name: p8, map: 3303/7, unit: Cel}\n"
		   "  - {name: p9, map: 3303/8, unit: Cel}\n"
		   "  - {name: p10, map: 3303/9, unit: Cel}\n"
		   "  - {name: p11, map: 3303/10, unit: Cel}\n"
		   "  - {name: p12, map: 3303/11, unit: Cel}\n"
		   "  - {name: p13, map: 3303/12, unit: Cel}\n");
	alone = memory_of_one(FLEET("1", POINTS));
	fleet = memory_of_one(FLEET("101-200", POINTS));
	profile = memory_of_one(FLEET("101-200", "profile: v/m"));
	print_message("a device of one point, alone: %zu bytes; one of 100: "
		      "%zu; of 13 points by a profile: %zu\n", alone, fleet,
		      profile);
	assert_in_range(alone, 1, 800);
	assert_in_range(fleet, 1, 400);
	assert_in_range(profile, 1, 500);
}

static void what_cannot_be_read(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/etc/lwmux.yaml", top);
	assert_int_equal(unlink(path), 0);
	loaded("lwmux.yaml: cannot be read: No such file or directory\n",
	       true);
	directory_make("etc/lwmux.yaml");
	loaded("lwmux.yaml: cannot be read: Is a directory\n", true);
	assert_int_equal(rmdir(path), 0);
	text_write("etc/lwmux.yaml", MAIN_USUAL);
	directory_make("etc/conf.d/x.yaml");
	loaded("conf.d/x.yaml: cannot be read: Is a directory\n", false);
}

static void main_file_remove(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/etc/lwmux.yaml", top);
	assert_int_equal(unlink(path), 0);
}

/* A package's lwmux.yaml need not be edited, nor be there. */
static void conf_d_says_it_all(void **state)
{
	struct config_errors errors;
	struct config *config;

	(void)state;
	main_file_remove();
	text_write("etc/conf.d/10-devices.yaml", DEVICE("\"${gateway}-a\"",
							POINTS));
	loaded("lwmux.yaml: no server: 'servers' needs at least one, as - "
	       "{id: 1, uri: coap://HOST:5683}, or there is a 'bootstrap'\n"
	       "conf.d/10-devices.yaml:1:22: ${gateway} has no value here: "
	       "gateway: has no name\n", true);
	text_write("etc/conf.d/20-site.yaml", "gateway: {name: g}\n" MAIN_USUAL
		   "defaults: {poll: 7s}\n");
	config = load(&errors);
	assert_int_equal(errors.n, 0);
	assert_int_equal(config->n_servers, 1);
	assert_int_equal(config->n_devices, 1);
	assert_string_equal(config->devices[0]->endpoint, "g-a");
	config_free(config);
	text_write("etc/conf.d/30-other.yaml", MAIN_USUAL);
	loaded("conf.d/30-other.yaml:1:1: 'servers' is there already: "
	       "conf.d/20-site.yaml:2:1\n", false);
}

/* Left out without a word, its devices would just be missing. */
static void other_endings_are_told(void **state)
{
	(void)state;
	text_write("etc/conf.d/.hidden.yml", "[");
	text_write("etc/conf.d/a.yaml~", "[");
	text_write("etc/conf.d/ymlyaml", "[");
	loaded("", false);
	text_write("etc/conf.d/meters.yml", "[");
	text_write("etc/conf.d/z.YAML", "[");
	text_write("etc/conf.d/b.yaml", DEVICE("b", POINTS ", zoo: 1"));
	loaded("conf.d/b.yaml:1:67: unknown key 'zoo' of a probe device\n"
	       "conf.d/meters.yml: is not read, its name must end in .yaml: "
	       "rename it to meters.yaml\n"
	       "conf.d/z.YAML: is not read, its name must end in .yaml: "
	       "rename it to z.yaml\n", false);
}

static void no_conf_d_is_fine(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/etc/conf.d", top);
	assert_int_equal(rmdir(path), 0);
	loaded("", false);
	text_write("etc/conf.d", "");
	loaded("conf.d: cannot be read: Not a directory\n", false);
}

static void too_large(void **state)
{
	size_t n = (1 << 20) + 1;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, '#', n);
	file_write("etc/conf.d/a.yaml", text, n - 1);
	loaded("", false);
	file_write("etc/conf.d/a.yaml", text, n);
	loaded("conf.d/a.yaml: larger than 1 MiB, as no file may be: put some "
	       "of its devices into another file of conf.d\n", false);
	free(text);
}

static void broken_files(void **state)
{
	(void)state;
	text_write("etc/conf.d/a.yaml", "devices: [\n");
	text_write("etc/conf.d/b.yaml", DEVICE("b", POINTS ", zoo: 1"));
	loaded("conf.d/a.yaml:2:1: not valid YAML: while parsing a flow node "
	       "that begins in line 2, did not find expected node content\n"
	       "conf.d/b.yaml:1:67: unknown key 'zoo' of a probe device\n",
	       false);
	text_write("etc/lwmux.yaml", "servers: [\n");
	text_write("etc/conf.d/a.yaml", "");
	text_write("etc/conf.d/b.yaml", "");
	loaded("lwmux.yaml:2:1: not valid YAML: while parsing a flow node "
	       "that begins in line 2, did not find expected node content\n",
	       true);
}

static const char *model_of_first(struct config *config)
{
	return config->devices[0]->metadata->model;
}

/* The site's file takes the place of the shipped one, whole. */
static void profiles_shadow(void **state)
{
	struct config_errors errors;
	struct config *config;

	(void)state;
	directory_make("share/v");
	text_write("share/v/m.yaml", "manufacturer: M\nmodel: shipped\n"
		   "probe: {hole: 3}\n" POINTS "\n");
	text_write("etc/conf.d/a.yaml", DEVICE("a", "profile: v/m"));
	config = load(&errors);
	assert_int_equal(errors.n, 0);
	assert_string_equal(model_of_first(config), "shipped");
	config_free(config);
	directory_make("etc/profiles");
	directory_make("etc/profiles/v");
	text_write("etc/profiles/v/m.yaml", "model: site\n" POINTS "\n");
	config = load(&errors);
	assert_int_equal(errors.n, 0);
	assert_string_equal(model_of_first(config), "site");
	assert_null(config->devices[0]->metadata->manufacturer);
	config_free(config);
}

static void wrong_profiles(void **state)
{
	(void)state;
	directory_make("share/v");
	text_write("share/v/sdm120.yaml", POINTS "\nbad: 1\n");
	text_write("etc/conf.d/a.yaml", DEVICE("a", "profile: v/sdm12"));
	loaded("conf.d/a.yaml:1:55: there is no profile 'v/sdm12'; did you "
	       "mean 'v/sdm120'?\n", false);
	text_write("etc/conf.d/a.yaml",
		   DEVICE("a", "profile: ../../etc/passwd"));
	loaded("conf.d/a.yaml:1:55: there is no profile "
	       "'../../etc/passwd' in TOP/etc/profiles and TOP/share; "
	       "`lwmuxctl profiles` lists those there are\n", false);
	text_write("etc/conf.d/a.yaml", DEVICE("a", "profile: v/sdm120"));
	loaded("TOP/share/v/sdm120.yaml:2:1: unknown key 'bad' of a device\n",
	       false);
}

/* One image for a whole fleet. */
static void words_of_the_machine(void **state)
{
	struct config_errors errors;
	struct config *config;
	const struct machine *m = machine_info();
	char expected[300];

	(void)state;
	text_write("etc/lwmux.yaml", "gateway: {name: \"gw-${hostname}\"}\n"
		   "servers: [{id: 1, uri: \"coap://${hostname}.example\"}]\n");
	text_write("etc/conf.d/a.yaml",
		   "devices: [{endpoint: \"${gateway}-${unit}\", "
		   "unit: 7, bus: probe, serial: \"${hostname}/${unit}\", "
		   "points: [{name: t, map: 3303/0, unit: Cel}]}]\n");
	config = load(&errors);
	assert_int_equal(errors.n, 0);
	assert_non_null(m->hostname);
	snprintf(expected, sizeof(expected), "gw-%s-7", m->hostname);
	assert_string_equal(config->devices[0]->endpoint, expected);
	snprintf(expected, sizeof(expected), "%s/7", m->hostname);
	assert_string_equal(config->devices[0]->metadata->serial, expected);
	snprintf(expected, sizeof(expected), "%s.example", m->hostname);
	assert_string_equal(config->servers[0]->host, expected);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(files_in_name_order, setup),
		cmocka_unit_test_setup(memory, setup),
		cmocka_unit_test_setup(what_cannot_be_read, setup),
		cmocka_unit_test_setup(conf_d_says_it_all, setup),
		cmocka_unit_test_setup(other_endings_are_told, setup),
		cmocka_unit_test_setup(no_conf_d_is_fine, setup),
		cmocka_unit_test_setup(too_large, setup),
		cmocka_unit_test_setup(broken_files, setup),
		cmocka_unit_test_setup(profiles_shadow, setup),
		cmocka_unit_test_setup(wrong_profiles, setup),
		cmocka_unit_test_setup(words_of_the_machine, setup),
	};
	char command[128];
	int failed;

	adapter_dir(adapters, sizeof(adapters));
	if (!mkdtemp(top))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command) || failed;
}
