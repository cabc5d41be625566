/* SPDX-License-Identifier: GPL-2.0-or-later
 * Units as the SenML registry writes them (RFC 8428, 12.1; RFC 8798), which is
 * what servers know. Other units are nobody's mistake: the registry is short. */
#include <string.h>
#include "agent/config/config_build.h"

#define TEMPERATURE 3303

static const struct { const char *written, *senml; } units[] = {
	{"degC", "Cel"}, {"deg C", "Cel"}, {"\xc2\xb0" "C", "Cel"},
	{"\xe2\x84\x83", "Cel"}, {"Celsius", "Cel"}, {"celsius", "Cel"},
	{"cel", "Cel"}, {"CEL", "Cel"}, {"Kelvin", "K"},
	{"kwh", "kWh"}, {"KWh", "kWh"}, {"KWH", "kWh"}, {"kW/h", "kWh"},
	{"wh", "Wh"}, {"WH", "Wh"}, {"KW", "kW"},
	{"watt", "W"}, {"Watt", "W"}, {"volt", "V"}, {"Volt", "V"},
	{"v", "V"}, {"ampere", "A"}, {"Amp", "A"}, {"amp", "A"},
	{"hz", "Hz"}, {"HZ", "Hz"}, {"Hertz", "Hz"}, {"VAr", "var"},
	{"VAR", "var"}, {"Var", "var"}, {"pa", "Pa"}, {"PA", "Pa"},
	{"lux", "lx"}, {"Lux", "lx"}, {"%rh", "%RH"}, {"%rH", "%RH"},
	{"% RH", "%RH"}, {"%r.H.", "%RH"}, {"ohm", "Ohm"},
	{"\xce\xa9", "Ohm"}, {"\xe2\x84\xa6", "Ohm"}, {"m\xc2\xb3", "m3"},
	{"m^3", "m3"}, {"m\xc2\xb2", "m2"}, {"m^2", "m2"}, {"sec", "s"},
	{"Kg", "kg"},
	{"KG", "kg"}, {"kw", "kW"}, {"mw", "mW"}, {"KVA", "kVA"}, {"kva", "kVA"},
	{"kVAr", "kvar"}, {"kVAR", "kvar"}, {"KVAR", "kvar"}, {"va", "VA"},
	{"mv", "mV"}, {"ma", "mA"}, {"PPM", "ppm"}, {"Bar", "bar"},
	{"BAR", "bar"}, {"hpa", "hPa"}, {"HPA", "hPa"}, {"HPa", "hPa"},
	{"percent", "%"}, {"Percent", "%"}, {"db", "dB"}, {"DB", "dB"},
	{"dbm", "dBm"}, {"kmh", "km/h"}, {"kph", "km/h"},
	{"\xc2\xb0", "deg"}, {"degree", "deg"}, {"degrees", "deg"},
	{"\xc2\xb5g/m\xc2\xb3", "ug/m3"}, {"\xce\xbcg/m\xc2\xb3", "ug/m3"},
	{"\xc2\xb5g/m3", "ug/m3"}, {"\xce\xbcg/m3", "ug/m3"},
	{"ug/m\xc2\xb3", "ug/m3"}, {"ug/m^3", "ug/m3"},
};

/* Objects without a resource for their units: OMA's registry says them. */
static const struct { uint16_t object, resource; const char *unit; } fixed[] = {
	{3305, 5800, "W"}, {3305, 5801, "W"}, {3305, 5802, "W"},
	{3305, 5803, "W"}, {3305, 5804, "W"}, {3305, 5805, "Wh"},
	{3305, 5810, "var"}, {3305, 5811, "var"}, {3305, 5812, "var"},
	{3305, 5813, "var"}, {3305, 5814, "var"}, {3305, 5815, "varh"},
	{3305, 5820, "/"}, {3305, 5821, "A"}, {3332, 5705, "deg"},
};

const char *config_unit_fixed(uint16_t object, uint16_t resource)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (fixed[i].object == object && fixed[i].resource == resource)
			return fixed[i].unit;
	return NULL;
}

/* Of a temperature these are known by everybody, and in the registry they are
 * something else. */
static const struct { const char *written, *senml, *is; } temperatures[] = {
	{"C", "Cel", "coulomb"},
	{"F", "Cel, with scale: 0.5556 and offset: -17.78", "farad"},
};

const char *config_unit_taken(const char *unit, uint16_t object,
			      const char **is)
{
	for (size_t i = 0; object == TEMPERATURE && i < 2; i++)
		if (!strcmp(temperatures[i].written, unit)) {
			*is = temperatures[i].is;
			return temperatures[i].senml;
		}
	return NULL;
}

const char *config_unit_senml(const char *unit)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(units[i].written, unit))
			return units[i].senml;
	return NULL;
}
