/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lists of resources that many objects share, so that they are there once. */
#include "ipso/resources.h"

const struct resource_def ipso_sensor[] = {
	TIMESTAMP(OPTIONAL), MEASURED, RANGE,
	RESET_MIN_AND_MAX_MEASURED_VALUES(OPTIONAL), SENSOR_VALUE(MANDATORY),
	SENSOR_UNITS(OPTIONAL), APPLICATION_TYPE(OPTIONAL), QUALITY,
	FRACTIONAL_TIMESTAMP(OPTIONAL),
};
_Static_assert(sizeof(ipso_sensor) / sizeof(ipso_sensor[0]) == N_SENSOR, "");

const struct resource_def ipso_calibrated[] = {
	TIMESTAMP(OPTIONAL), MEASURED, RANGE,
	RESET_MIN_AND_MAX_MEASURED_VALUES(OPTIONAL), SENSOR_VALUE(MANDATORY),
	SENSOR_UNITS(OPTIONAL), APPLICATION_TYPE(OPTIONAL),
	CURRENT_CALIBRATION(OPTIONAL), QUALITY, FRACTIONAL_TIMESTAMP(OPTIONAL),
};
_Static_assert(sizeof(ipso_calibrated) / sizeof(ipso_calibrated[0]) ==
	       N_CALIBRATED, "");
