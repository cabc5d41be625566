/* SPDX-License-Identifier: GPL-2.0-or-later
 * Decoders that are a table. */
#include "adapters/ble/decode_table.h"

#include <string.h>

static void field_add(struct readings *out, const struct table_field *f,
		      const struct ad_element *e)
{
	struct lwm2m_value value;
	uint64_t raw;
	double number;

	if (raw_read(&f->format, e->data, e->n, &value, &raw) < 0)
		return;
	if (value.type == LWM2M_BOOLEAN) {
		reading_add(out, f->field, value);
		return;
	}
	number = lwm2m_number(&value);
	if (f->most > 0 && number > f->most)
		return;
	number = (number - f->less) / (f->divide > 0 ? f->divide : 1);
	if (field_is_percent(f->field) && (number < 0 || number > 100))
		return;
	if (f->field == FIELD_BATTERY)
		reading_integer(out, f->field, (int64_t)number);
	else
		reading_number(out, f->field, number, 1);
}

static bool layout_matches(const struct table_layout *layout,
			   const struct advertisement *adv,
			   const struct decode_device *device,
			   struct ad_element *e)
{
	return profile_find(&layout->match, adv, device->identity.name, e) &&
	       (layout->n_firsts == 0 ||
		(e->n > 0 && memchr(layout->firsts, e->data[0],
				    layout->n_firsts)));
}

enum decode_result table_decode(const struct table_layout *layouts, size_t n,
				const struct advertisement *adv,
				const struct decode_device *device,
				struct readings *out)
{
	struct ad_element e;

	for (size_t i = 0; i < n; i++) {
		if (!layout_matches(&layouts[i], adv, device, &e))
			continue;
		for (size_t j = 0; j < layouts[i].n_fields; j++)
			field_add(out, &layouts[i].fields[j], &e);
		return DECODED_VALUES;
	}
	return DECODED_OTHER;
}
