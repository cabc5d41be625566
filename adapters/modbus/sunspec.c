/* SPDX-License-Identifier: GPL-2.0-or-later
 * The walk over a SunSpec map. */
#include "adapters/modbus/sunspec.h"

#include <stdio.h>
#include <string.h>

#define MARK_HIGH 0x5375		/* "SunS" */
#define MARK_LOW 0x6e53
#define END_ID 0xffff

/* SunSpec Device Information Model Specification, clause 6.1 */
static const uint16_t candidates[] = {40000, 50000, 0};
#define CANDIDATES (sizeof(candidates) / sizeof(candidates[0]))

const struct sunspec_model *sunspec_model_find(unsigned id)
{
	const struct sunspec_model *model = sunspec_models;

	while (model->fields && (id < model->first || id > model->last))
		model++;
	return model->fields ? model : NULL;
}

const struct sunspec_field *
sunspec_field_find(const struct sunspec_model *model, const char *name)
{
	const struct sunspec_field *field = model->fields;

	while (field->name && strcmp(field->name, name))
		field++;
	return field->name ? field : NULL;
}

unsigned sunspec_offset(const struct sunspec_model *model,
			const struct sunspec_field *field, unsigned block)
{
	if (!model->block_length || field->offset < model->block_at ||
	    block == 0)
		return field->offset;
	return field->offset + (block - 1) * model->block_length;
}

bool sunspec_not_implemented(unsigned type, uint64_t *bits)
{
	static const uint64_t marks[SUNSPEC_TYPES] = {
		[SUNSPEC_INT16] = 0x8000, [SUNSPEC_UINT16] = 0xffff,
		[SUNSPEC_ENUM16] = 0xffff, [SUNSPEC_UINT32] = 0xffffffff,
		[SUNSPEC_BITFIELD32] = 0xffffffff, [SUNSPEC_ACC32] = 0,
	};

	*bits = marks[type];
	return type != SUNSPEC_FLOAT32 && type != SUNSPEC_STRING;
}

bool sunspec_next(const struct sunspec_walk *walk, uint16_t *address)
{
	*address = walk->state == SUNSPEC_SEARCH ?
		   candidates[walk->candidate] : walk->at;
	return walk->state == SUNSPEC_SEARCH || walk->state == SUNSPEC_WALK;
}

/* After the last one: again from the first, if that may only have been away. */
static void candidate_next(struct sunspec_walk *walk, bool silent)
{
	walk->silent |= silent;
	if (++walk->candidate < CANDIDATES)
		return;
	walk->candidate = 0;
	if (!walk->silent)
		walk->state = SUNSPEC_NONE;
	walk->silent = false;
}

static void mark_take(struct sunspec_walk *walk, const uint16_t *words,
		      bool silent)
{
	if (!words || words[0] != MARK_HIGH || words[1] != MARK_LOW) {
		candidate_next(walk, silent);
		return;
	}
	walk->base = candidates[walk->candidate];
	walk->at = (uint16_t)(walk->base + 2);
	walk->state = SUNSPEC_WALK;
}

/* The end model may be missing, as may be all behind the last address. */
static void header_take(struct sunspec_walk *walk, const uint16_t *words)
{
	unsigned next;

	if (!words || words[0] == END_ID || words[0] == 0) {
		walk->state = SUNSPEC_DONE;
		return;
	}
	walk->models[walk->n].id = words[0];
	walk->models[walk->n++].address = walk->at;
	next = walk->at + 2u + words[1];
	if (next > UINT16_MAX - 1 || walk->n == SUNSPEC_MODELS_MAX)
		walk->state = SUNSPEC_DONE;
	walk->at = (uint16_t)next;
}

void sunspec_feed(struct sunspec_walk *walk, const uint16_t *words, bool silent)
{
	if (walk->state == SUNSPEC_SEARCH)
		mark_take(walk, words, silent);
	else if (walk->state == SUNSPEC_WALK && !silent)
		header_take(walk, words);
}

int32_t sunspec_address(const struct sunspec_walk *walk, unsigned id)
{
	for (unsigned i = 0; i < walk->n; i++)
		if (walk->models[i].id == id)
			return walk->models[i].address;
	return -1;
}

void sunspec_print(const struct sunspec_walk *walk, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned i = 0; i < walk->n && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%u",
					 i ? ", " : "", walk->models[i].id);
}
