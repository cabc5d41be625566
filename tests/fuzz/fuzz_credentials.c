/* SPDX-License-Identifier: GPL-2.0-or-later
 * Credentials as a bootstrap server may write them: whatever they hold, the
 * check says yes or gives a reason, and what it says yes to can be used. */
#include <stdlib.h>
#include <string.h>

#include "agent/coap/credentials_parts.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A length in two bytes, then so much of what is left. */
static void take(struct credentials_bytes *to, const uint8_t **data,
		 size_t *size)
{
	size_t n;

	if (*size < 2)
		return;
	n = (size_t)(*data)[0] << 8 | (*data)[1];
	*data += 2;
	*size -= 2;
	if (n > *size)
		n = *size;
	credentials_put(to, *data, n);
	*data += n;
	*size -= n;
}

static void use(const struct credentials *c)
{
	struct credentials_pem pem;
	char why[200];

	if (c->mode == SECURITY_PSK || c->mode == SECURITY_NOSEC)
		return;
	EXPECT(credentials_pem(c, &pem, why, sizeof(why)) == 0);
	EXPECT(pem.private_key.n && !pem.private_key.at[pem.private_key.n - 1]);
	EXPECT(pem.certificate.n && !pem.certificate.at[pem.certificate.n - 1]);
	credentials_pem_wipe(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credentials c = {.mode = SECURITY_NOSEC}, copy;
	char why[200] = "";

	if (size < 1)
		return 0;
	c.mode = (enum config_security)(data[0] & 3);
	c.matching = data[0] >> 2 & 7;
	c.usage = data[0] >> 5;
	data++;
	size--;
	take(c.mode == SECURITY_PSK ? &c.key : &c.private_key, &data, &size);
	take(c.mode == SECURITY_PSK ? &c.identity : &c.certificate, &data,
	     &size);
	take(&c.server, &data, &size);
	take(&c.trust, &data, &size);
	credentials_copy(&copy, &c);
	credentials_wipe(&c);
	if (credentials_check(&copy, why, sizeof(why)) == 0)
		use(&copy);
	else
		EXPECT(*why);
	credentials_wipe(&copy);
	return 0;
}
