/* SPDX-License-Identifier: GPL-2.0-or-later
 * The core objects are found, and a resource in them. That their content is
 * right is compared with the registry's facts in tests/ipso/test_facts.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "objects/def.h"

/* Which there are, and which are not, is told by tests/ipso/facts.tsv. */
static void finds_each_by_its_number(void **state)
{
	(void)state;
	for (unsigned int id = 0; id <= 65535; id++) {
		const struct object_def *def = core_object((uint16_t)id);

		assert_int_equal(def ? def->id : id, id);
	}
	assert_null(core_object(8));
}

static void finds_each_resource(void **state)
{
	const struct object_def *device = core_object(3);

	(void)state;
	for (size_t i = 0; i < device->n_resources; i++)
		assert_ptr_equal(object_resource(device,
						 device->resources[i].id),
				 &device->resources[i]);
	assert_null(object_resource(device, 23));
	assert_null(object_resource(device, 65535));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_by_its_number),
		cmocka_unit_test(finds_each_resource),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
