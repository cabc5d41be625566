/* SPDX-License-Identifier: GPL-2.0-or-later
 * SwitchBot's meters: service data FD3D (model and battery, in the scan
 * response) and manufacturer data 0969 (values, in the advertisement). */
#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define SERVICE 0xfd3d
#define SERVICE_OLD 0x0d00
#define COMPANY 0x0969
#define COMPANY_OLD 0x0059	/* Nordic's, and so of many others */

enum model { METER = 'T', METER_PLUS = 'i', OUTDOOR = 'w', PRO = '4',
	     PRO_CO2 = '5' };

static bool is_meter(uint8_t model)
{
	return model == METER || model == METER_PLUS || model == OUTDOOR ||
	       model == PRO || model == PRO_CO2;
}

static bool service_find(const struct advertisement *adv,
			 struct ad_element *e)
{
	size_t at = 0;

	if (ad_service(adv->data, adv->n, &at, SERVICE, e))
		return true;
	at = 0;
	return ad_service(adv->data, adv->n, &at, SERVICE_OLD, e);
}

/* Tenths; the sign, which is set for positive, and degrees; percent. */
static enum decode_result value_add(struct readings *out, const uint8_t *p)
{
	int tenths = (p[1] & 0x7f) * 10 + (p[0] & 0x0f);

	if ((p[0] & 0x0f) == 0 && p[1] == 0 && p[2] == 0)
		return DECODED_NOTHING;
	if ((p[0] & 0x0f) > 9 || (p[2] & 0x7f) > 100)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE,
		       p[1] & 0x80 ? tenths : -tenths, 10);
	reading_number(out, FIELD_HUMIDITY, p[2] & 0x7f, 1);
	return DECODED_VALUES;
}

static bool manufacturer_find(const struct advertisement *adv,
			      struct ad_element *e)
{
	size_t at = 0;

	if (ad_company(adv->data, adv->n, &at, COMPANY, e))
		return true;
	at = 0;
	return ad_company(adv->data, adv->n, &at, COMPANY_OLD, e);
}

static enum decode_result manufacturer(const struct decode_device *device,
				       const struct ad_element *e,
				       struct readings *out)
{
	enum decode_result result;

	if (e->n < 11)
		return device->chosen ? DECODED_DAMAGED : DECODED_NOTHING;
	result = value_add(out, e->data + 8);
	if (result == DECODED_VALUES && e->n >= 15 &&
	    (device->model == PRO_CO2 || device->model == 0) &&
	    be16(e->data + 13) > 0)
		reading_number(out, FIELD_CO2, be16(e->data + 13), 1);
	return result;
}

DECODER(switchbot)
{
	struct ad_element service, data;
	bool has_service = service_find(adv, &service);
	bool has_data = manufacturer_find(adv, &data);
	enum decode_result result = DECODED_NOTHING;

	(void)now;
	if (has_service && service.n >= 1 && !is_meter(service.data[0] & 0x7f))
		return DECODED_OTHER;
	if (has_service && service.n < 3)
		return DECODED_DAMAGED;
	if (has_service)
		device->model = service.data[0] & 0x7f;
	if (!has_service && !(has_data && (device->chosen || device->model)))
		return DECODED_OTHER;
	if (has_service && service.n >= 6 &&
	    (device->model == METER || device->model == METER_PLUS))
		result = value_add(out, service.data + 3);
	else if (has_data)
		result = manufacturer(device, &data, out);
	if (result == DECODED_DAMAGED)
		return result;
	if (has_service && (service.data[2] & 0x7f) > 0 &&
	    (service.data[2] & 0x7f) <= 100 &&
	    !(result == DECODED_NOTHING && service.n >= 6))
		reading_integer(out, FIELD_BATTERY, service.data[2] & 0x7f);
	return DECODED_VALUES;
}
