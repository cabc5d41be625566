/* SPDX-License-Identifier: GPL-2.0-or-later
 * CoRE links from outside: the parts lie in the text, and a Corelnk is taken
 * exactly where all its links are. */
#include <errno.h>
#include <stdlib.h>

#include "objects/codec.h"
#include "objects/linkformat.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	struct lwm2m_value value, string;
	struct link link;
	size_t n = size;
	int got;

	while ((got = link_next(&text, &n, &link)) > 0) {
		EXPECT(text + n == end);
		EXPECT(link.target > (const char *)data);
		EXPECT(link.target + link.n_target < text);
		EXPECT(link.parameters + link.n_parameters <= text);
	}
	EXPECT(got == 0 || got == -EBADMSG);
	text = (const char *)data;
	if (value_parse(LWM2M_CORELINK, text, size, &value, NULL) == 0)
		EXPECT(got == 0);
	else
		EXPECT(got == -EBADMSG || value_parse(LWM2M_STRING, text, size,
						      &string, NULL));
	return 0;
}
