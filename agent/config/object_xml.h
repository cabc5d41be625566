/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object definitions as OMA publishes them, one XML file each (LWM2M.xsd):
 * read with libexpat, which is used nowhere else. */
#ifndef AGENT_OBJECT_XML_H
#define AGENT_OBJECT_XML_H
#include "agent/config/object_set.h"

#define OBJECT_XML_SIZE_MAX (1u << 20)
#define OBJECT_XML_RESOURCES_MAX 2048

/* Adds each object of the text to set, and to errors, with file:line:column,
 * all that is wrong: an object with a mistake in it is left out, the others
 * are taken. Texts are copied. A document type is refused: nothing is expanded,
 * nothing fetched. */
void object_xml_read(struct object_set *set, const char *file, bool site,
		     const char *text, size_t length,
		     struct config_errors *errors);
/* "0..100", "-1.5..1", "0..2^32-1", "1-64", "1,2,5" of a number to its lowest
 * and highest; anything else (lengths of texts, prose) is no range: false. */
bool object_xml_range(const char *text, double *min, double *max);
#endif
