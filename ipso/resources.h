/* SPDX-License-Identifier: GPL-2.0-or-later
 * The reusable resources of the OMA registry that IPSO objects are made of:
 * what differs from object to object is only whether one is mandatory. */
#ifndef IPSO_RESOURCES_H
#define IPSO_RESOURCES_H
#include "objects/table.h"

#define R(id, type, m, name) \
	{id, LWM2M_##type, OP_READ, SINGLE, m, name, ANY}
#define W(id, type, m, name) \
	{id, LWM2M_##type, OP_WRITE, SINGLE, m, name, ANY}
#define RW(id, type, m, name) \
	{id, LWM2M_##type, OP_RW, SINGLE, m, name, ANY}
#define RW_MANY(id, type, m, name) \
	{id, LWM2M_##type, OP_RW, MULTIPLE, m, name, ANY}
#define R_IN(id, type, m, name, min, max) \
	{id, LWM2M_##type, OP_READ, SINGLE, m, name, min, max}
#define RW_IN(id, type, m, name, min, max) \
	{id, LWM2M_##type, OP_RW, SINGLE, m, name, min, max}
#define E(id, m, name) \
	{id, LWM2M_NONE, OP_EXECUTE, SINGLE, m, name, ANY}

#define DIGITAL_INPUT_STATE(m) R(5500, BOOLEAN, m, "Digital Input State")
#define DIGITAL_INPUT_COUNTER(m) R(5501, INTEGER, m, "Digital Input Counter")
#define DIGITAL_INPUT_POLARITY(m) RW(5502, BOOLEAN, m, "Digital Input Polarity")
#define DIGITAL_INPUT_DEBOUNCE(m) RW(5503, INTEGER, m, "Digital Input Debounce")
#define DIGITAL_INPUT_EDGE_SELECTION(m) \
	RW_IN(5504, INTEGER, m, "Digital Input Edge Selection", 1, 3)
#define DIGITAL_INPUT_COUNTER_RESET(m) E(5505, m, "Digital Input Counter Reset")
#define CURRENT_TIME(m) RW(5506, TIME, m, "Current Time")
#define FRACTIONAL_TIME(m) RW_IN(5507, FLOAT, m, "Fractional Time", 0, 1)
#define MIN_X_VALUE(m) R(5508, FLOAT, m, "Min X Value")
#define MAX_X_VALUE(m) R(5509, FLOAT, m, "Max X Value")
#define MIN_Y_VALUE(m) R(5510, FLOAT, m, "Min Y Value")
#define MAX_Y_VALUE(m) R(5511, FLOAT, m, "Max Y Value")
#define MIN_Z_VALUE(m) R(5512, FLOAT, m, "Min Z Value")
#define MAX_Z_VALUE(m) R(5513, FLOAT, m, "Max Z Value")
#define VELOCITY(m) R(5517, OPAQUE, m, "Velocity")
#define TIMESTAMP(m) R(5518, TIME, m, "Timestamp")
#define MIN_LIMIT(m) R(5519, FLOAT, m, "Min Limit")
#define MAX_LIMIT(m) R(5520, FLOAT, m, "Max Limit")
#define DELAY_DURATION(m) RW(5521, FLOAT, m, "Delay Duration")
#define CLIP(m) RW(5522, OPAQUE, m, "Clip")
#define TRIGGER(m) E(5523, m, "Trigger")
#define DURATION(m) RW(5524, FLOAT, m, "Duration")
#define MINIMUM_OFF_TIME(m) RW(5525, FLOAT, m, "Minimum Off-time")
#define TIMER_MODE(m) RW_IN(5526, INTEGER, m, "Timer Mode", 0, 4)
#define TEXT(m) RW(5527, STRING, m, "Text")
#define X_COORDINATE(m) RW(5528, INTEGER, m, "X Coordinate")
#define Y_COORDINATE(m) RW(5529, INTEGER, m, "Y Coordinate")
#define CLEAR_DISPLAY(m) E(5530, m, "Clear Display")
#define CONTRAST(m) RW_IN(5531, FLOAT, m, "Contrast", 0, 100)
#define INCREASE_INPUT_STATE(m) R(5532, BOOLEAN, m, "Increase Input State")
#define DECREASE_INPUT_STATE(m) R(5533, BOOLEAN, m, "Decrease Input State")
#define COUNTER(m) RW(5534, INTEGER, m, "Counter")
#define CURRENT_POSITION(m) RW_IN(5536, FLOAT, m, "Current Position", 0, 100)
#define TRANSITION_TIME(m) RW(5537, FLOAT, m, "Transition Time")
#define REMAINING_TIME(m) R(5538, FLOAT, m, "Remaining Time")
#define UP_COUNTER(m) RW(5541, INTEGER, m, "Up Counter")
#define DOWN_COUNTER(m) RW(5542, INTEGER, m, "Down Counter")
#define DIGITAL_STATE(m) R(5543, BOOLEAN, m, "Digital State")
#define CUMULATIVE_TIME(m) RW(5544, FLOAT, m, "Cumulative Time")
#define MAX_X_COORDINATE(m) R(5545, INTEGER, m, "Max X Coordinate")
#define MAX_Y_COORDINATE(m) R(5546, INTEGER, m, "Max Y Coordinate")
#define MULTI_STATE_INPUT(m) R(5547, INTEGER, m, "Multi-state Input")
#define LEVEL(m) RW_IN(5548, FLOAT, m, "Level", 0, 100)
#define DIGITAL_OUTPUT_STATE(m) RW(5550, BOOLEAN, m, "Digital Output State")
#define DIGITAL_OUTPUT_POLARITY(m) \
	RW(5551, BOOLEAN, m, "Digital Output Polarity")
#define ANALOG_INPUT_CURRENT_VALUE(m) \
	R(5600, FLOAT, m, "Analog Input Current Value")
#define MIN_MEASURED_VALUE(m) R(5601, FLOAT, m, "Min Measured Value")
#define MAX_MEASURED_VALUE(m) R(5602, FLOAT, m, "Max Measured Value")
#define MIN_RANGE_VALUE(m) R(5603, FLOAT, m, "Min Range Value")
#define MAX_RANGE_VALUE(m) R(5604, FLOAT, m, "Max Range Value")
#define RESET_MIN_AND_MAX_MEASURED_VALUES(m) \
	E(5605, m, "Reset Min and Max Measured Values")
#define ANALOG_OUTPUT_CURRENT_VALUE(m) \
	RW_IN(5650, FLOAT, m, "Analog Output Current Value", 0, 1)
#define SENSOR_VALUE(m) R(5700, FLOAT, m, "Sensor Value")
#define SENSOR_UNITS(m) R(5701, STRING, m, "Sensor Units")
#define X_VALUE(m) R(5702, FLOAT, m, "X Value")
#define Y_VALUE(m) R(5703, FLOAT, m, "Y Value")
#define Z_VALUE(m) R(5704, FLOAT, m, "Z Value")
#define COMPASS_DIRECTION(m) R_IN(5705, FLOAT, m, "Compass Direction", 0, 360)
#define COLOUR(m) RW(5706, STRING, m, "Colour")
#define APPLICATION_TYPE(m) RW(5750, STRING, m, "Application Type")
#define SENSOR_TYPE(m) R(5751, STRING, m, "Sensor Type")
#define INSTANTANEOUS_ACTIVE_POWER(m) \
	R(5800, FLOAT, m, "Instantaneous active power")
#define MIN_MEASURED_ACTIVE_POWER(m) \
	R(5801, FLOAT, m, "Min Measured active power")
#define MAX_MEASURED_ACTIVE_POWER(m) \
	R(5802, FLOAT, m, "Max Measured active power")
#define MIN_RANGE_ACTIVE_POWER(m) R(5803, FLOAT, m, "Min Range active power")
#define MAX_RANGE_ACTIVE_POWER(m) R(5804, FLOAT, m, "Max Range active power")
#define CUMULATIVE_ACTIVE_POWER(m) R(5805, FLOAT, m, "Cumulative active power")
#define ACTIVE_POWER_CALIBRATION(m) \
	W(5806, FLOAT, m, "Active Power Calibration")
#define INSTANTANEOUS_REACTIVE_POWER(m) \
	R(5810, FLOAT, m, "Instantaneous reactive power")
#define MIN_MEASURED_REACTIVE_POWER(m) \
	R(5811, FLOAT, m, "Min Measured reactive power")
#define MAX_MEASURED_REACTIVE_POWER(m) \
	R(5812, FLOAT, m, "Max Measured reactive power")
#define MIN_RANGE_REACTIVE_POWER(m) \
	R(5813, FLOAT, m, "Min Range reactive power")
#define MAX_RANGE_REACTIVE_POWER(m) \
	R(5814, FLOAT, m, "Max Range reactive power")
#define CUMULATIVE_REACTIVE_POWER(m) \
	R(5815, FLOAT, m, "Cumulative reactive power")
#define REACTIVE_POWER_CALIBRATION(m) \
	W(5816, FLOAT, m, "Reactive Power Calibration")
#define POWER_FACTOR(m) R(5820, FLOAT, m, "Power factor")
#define CURRENT_CALIBRATION(m) RW(5821, FLOAT, m, "Current Calibration")
#define RESET_CUMULATIVE_ENERGY(m) E(5822, m, "Reset Cumulative energy")
#define EVENT_IDENTIFIER(m) RW(5823, STRING, m, "Event Identifier")
#define START_TIME(m) RW(5824, TIME, m, "Start Time")
#define DURATION_IN_MIN(m) RW(5825, INTEGER, m, "Duration In Min")
#define CRITICALITY_LEVEL(m) RW_IN(5826, INTEGER, m, "Criticality Level", 0, 3)
#define AVG_LOAD_ADJPCT(m) RW_IN(5827, INTEGER, m, "Avg Load AdjPct", 0, 100)
#define DUTY_CYCLE(m) RW_IN(5828, INTEGER, m, "Duty Cycle", 0, 100)
#define ON_OFF(m) RW(5850, BOOLEAN, m, "On/Off")
#define DIMMER(m) RW_IN(5851, INTEGER, m, "Dimmer", 0, 100)
#define ON_TIME(m) RW(5852, INTEGER, m, "On time")
#define MULTI_STATE_OUTPUT(m) RW(5853, STRING, m, "Multi-state Output")
#define OFF_TIME(m) RW(5854, INTEGER, m, "Off Time")
#define SET_POINT_VALUE(m) RW(5900, FLOAT, m, "Set Point Value")
#define BUSY_TO_CLEAR_DELAY(m) RW(5903, INTEGER, m, "Busy to Clear delay")
#define CLEAR_TO_BUSY_DELAY(m) RW(5904, INTEGER, m, "Clear to Busy delay")
#define BITMAP_INPUT(m) R(5910, INTEGER, m, "Bitmap Input")
#define BITMAP_INPUT_RESET(m) E(5911, m, "Bitmap Input Reset")
#define ELEMENT_DESCRIPTION(m) RW_MANY(5912, STRING, m, "Element Description")
#define MEASUREMENT_QUALITY_INDICATOR(m) \
	R_IN(6042, INTEGER, m, "Measurement Quality Indicator", 0, 23)
#define MEASUREMENT_QUALITY_LEVEL(m) \
	R_IN(6049, INTEGER, m, "Measurement Quality Level", 0, 100)
#define FRACTIONAL_TIMESTAMP(m) \
	R_IN(6050, FLOAT, m, "Fractional Timestamp", 0, 1)
#define NUMERIC_LATITUDE(m) R(6051, FLOAT, m, "Numeric Latitude")
#define NUMERIC_LONGITUDE(m) R(6052, FLOAT, m, "Numeric Longitude")
#define NUMERIC_UNCERTAINTY(m) R(6053, FLOAT, m, "Numeric Uncertainty")

/* Those that go together. */
#define MEASURED MIN_MEASURED_VALUE(OPTIONAL), MAX_MEASURED_VALUE(OPTIONAL)
#define RANGE MIN_RANGE_VALUE(OPTIONAL), MAX_RANGE_VALUE(OPTIONAL)
#define QUALITY \
	MEASUREMENT_QUALITY_INDICATOR(OPTIONAL), \
	MEASUREMENT_QUALITY_LEVEL(OPTIONAL)

/* An object: all of IPSO's are multiple and optional. */
#define IPSO(id, main, name, version, table) \
	{id, main, MULTIPLE, OPTIONAL, name, version, table}

#define N_SENSOR 12
#define N_CALIBRATED 13
#define SENSOR_TABLE ipso_sensor, N_SENSOR, NULL
#define CALIBRATED_TABLE ipso_calibrated, N_CALIBRATED, NULL
extern const struct resource_def ipso_sensor[N_SENSOR];
extern const struct resource_def ipso_calibrated[N_CALIBRATED];

/* Both by ascending id. */
extern const struct object_def ipso_sensors[], ipso_actuators[];
extern const size_t n_ipso_sensors, n_ipso_actuators;
#endif
