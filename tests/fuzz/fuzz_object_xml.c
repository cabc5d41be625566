/* SPDX-License-Identifier: GPL-2.0-or-later
 * One definition as the site's and as a shipped one: what is taken is whole,
 * what is not has a reason with a place. */
#include <stdlib.h>
#include <string.h>

#include "agent/config/object_xml.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void object_check(const struct object_def *def)
{
	EXPECT(def->name && def->version && *def->version);
	for (size_t i = 0; i < def->n_resources; i++) {
		const struct resource_def *r = &def->resources[i];

		EXPECT(!i || r[-1].id < r->id);
		EXPECT(r->name && r->min <= r->max);
		EXPECT(r->type <= LWM2M_CORELINK);
		EXPECT(object_resource(def, r->id) == r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct object_set *set = object_set_create();
	const struct object_model *model;
	struct config_errors errors;
	bool has_ids = memmem(data, size, "ObjectID", 8) != NULL;

	config_errors_init(&errors);
	object_xml_read(set, "a.xml", true, (const char *)data, size, &errors);
	for (const struct config_error *e = errors.first; e; e = e->next)
		EXPECT(e->place.file && *e->text);
	object_xml_read(set, "b.xml", false, (const char *)data, size,
			&errors);
	set = object_set_share(set);
	model = object_set_model(set);
	/* Without an id there is no object, and 65,536 are many to ask for. */
	/* 65,536 are many to ask for in vain. */
	for (unsigned id = 0; has_ids && id <= 65535; id++)
		if (model->object(model, (uint16_t)id))
			object_check(model->object(model, (uint16_t)id));
	object_set_release(set);
	config_errors_finish(&errors);
	return 0;
}
