/* SPDX-License-Identifier: GPL-2.0-or-later
 * One text as main file, file of conf.d and profile at once: whatever is built
 * can be named and freed, and what cannot run has a reason. */
#include <stdlib.h>

#include "agent/base/arena.h"
#include "agent/config/model.h"
#include "agent/config/yaml.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())
#define SIZE_MOST 20000	/* a fleet of fleets takes long, and shows no more */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct profiles {
	struct config_profiles base;
	struct config_file file;
};

static const struct config_file *find(struct config_profiles *base,
				      const char *name,
				      struct config_errors *errors)
{
	(void)errors;
	return *name == 'n' ? NULL : &((struct profiles *)base)->file;
}

static void device_check(const struct config_device *device)
{
	EXPECT(device->endpoint && device->bus && device->source->place.file);
	for (size_t i = 0; i < device->n_points; i++) {
		EXPECT(device->points[i].name);
		EXPECT(device->refused || device->points[i].poll > 0);
	}
}

static void config_check(const struct config *config,
			 const struct config_errors *errors)
{
	for (size_t i = 0; i < config->n_devices; i++) {
		device_check(config->devices[i]);
		EXPECT(!config->devices[i]->refused || errors->n);
	}
	for (size_t i = 0; i < config->n_buses; i++)
		EXPECT(config->buses[i]->name);
	for (size_t i = 0; i < config->n_servers; i++)
		EXPECT(config->servers[i]->id && config->servers[i]->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct profiles profiles = {.base = {.find = find}};
	struct config_file files[2];
	struct config_errors errors;
	struct config *config;

	config_errors_init(&errors);
	files[0].name = "lwmux.yaml";
	files[0].root = size > SIZE_MOST ? NULL :
		yaml_parse(files[0].name, (const char *)data, size, arena,
			   &errors);
	files[1] = (struct config_file){"conf.d/a.yaml", files[0].root};
	profiles.file = (struct config_file){"profiles/p.yaml", files[0].root};
	config = config_build(files, 1 + size % 2, &profiles.base,
			      agent_model(), &errors);
	config_check(config, &errors);
	config_free(config);
	config_errors_finish(&errors);
	arena_destroy(arena);
	return 0;
}
