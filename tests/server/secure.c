/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys of the test server. PSK and one of RPK and X.509 go together. */
#include "tests/server/secure.h"
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/server/words.h"

enum { KEY_MOST = 128 };

/* A name with bytes: an identity's key, or a client's public key. */
struct named {
	char *name;
	uint8_t bytes[KEY_MOST];
	size_t n;
	coap_bin_const_t key;
};

static void *keys;			/* by name */
static struct named **clients;		/* raw public keys */
static int n_clients;
static bool with_psk, any_client;
static struct {
	uint8_t *private_key, *public_cert, *ca_cert;
	coap_pki_key_pem_buf_t pem;	/* the same, for libcoap */
	bool present, rpk;
} own;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name,
		      ((const struct named *)b)->name);
}

static struct named *named_new(const char *name, const char *hex)
{
	struct named *e = calloc(1, sizeof(*e));
	long n = hex_parse(hex, e->bytes, sizeof(e->bytes));

	if (n <= 0) {
		free(e);
		return NULL;
	}
	e->name = strdup(name);
	e->n = (size_t)n;
	e->key = (coap_bin_const_t){e->n, e->bytes};
	return e;
}

static struct named *key_find(const char *name, size_t n)
{
	char text[256];
	struct named wanted = {.name = text}, **found;

	snprintf(text, sizeof(text), "%.*s", (int)n, name);
	found = tfind(&wanted, &keys, by_name);
	return found ? *found : NULL;
}

int secure_psk(const char *identity, const char *key)
{
	struct named *e = key ? named_new(identity, key) : NULL;
	struct named *old = key_find(identity, strlen(identity));

	if (key ? !e : !old)
		return -EINVAL;
	if (old) {
		tdelete(old, &keys, by_name);
		free(old->name);
		free(old);
	}
	if (e)
		tsearch(e, &keys, by_name);
	return 0;
}

static int client_add_key(const char *name, const char *hex)
{
	struct named *e = named_new(name, hex);

	if (!e)
		return -EINVAL;
	clients = realloc(clients, (size_t)(n_clients + 1) * sizeof(*clients));
	clients[n_clients++] = e;
	return 0;
}

/* --- files ------------------------------------------------------------- */

static int table_read(const char *file, int (*add)(const char *, const char *))
{
	FILE *f = fopen(file, "re");
	char line[1024], name[256], hex[600];
	int result = 0;

	if (!f)
		return -errno;
	while (!result && fgets(line, sizeof(line), f))
		if (*line != '#' && *line != '\n')
			result = sscanf(line, "%255s %599s", name, hex) == 2
					 ? add(name, hex) : -EINVAL;
	fclose(f);
	return result;
}

/* With a '\0' behind, as GnuTLS wants PEM. */
static int whole_read(const char *file, uint8_t **to, size_t *n)
{
	enum { MOST = 65536 };
	uint8_t *bytes = calloc(1, MOST);
	FILE *f = fopen(file, "re");

	if (!f) {
		free(bytes);
		return -errno;
	}
	*n = fread(bytes, 1, MOST - 1, f) + 1;
	*to = bytes;
	fclose(f);
	return 0;
}

static int own_read(const struct secure_settings *s)
{
	int result = whole_read(s->key, &own.private_key,
				&own.pem.private_key_len);

	own.rpk = !s->cert;
	if (!result && s->cert)
		result = whole_read(s->cert, &own.public_cert,
				    &own.pem.public_cert_len);
	if (!result && s->trust)
		result = whole_read(s->trust, &own.ca_cert,
				    &own.pem.ca_cert_len);
	own.pem.private_key = own.private_key;
	own.pem.public_cert = own.public_cert;
	if (own.rpk) {	/* the private key holds the public one */
		own.pem.public_cert = own.private_key;
		own.pem.public_cert_len = own.pem.private_key_len;
	}
	own.pem.ca_cert = own.ca_cert;
	own.present = true;
	any_client = own.rpk && !s->clients;
	if (!result && s->clients)
		result = table_read(s->clients, client_add_key);
	return result;
}

int secure_load(const struct secure_settings *s)
{
	int result = s->psk ? table_read(s->psk, secure_psk) : 0;

	with_psk = s->psk != NULL;
	if (!result && s->key)
		result = own_read(s);
	if (result)
		fprintf(stderr, "lwm2m-server: keys: %s\n", strerror(-result));
	return result;
}

/* --- libcoap ----------------------------------------------------------- */

static const coap_bin_const_t *key_of(coap_bin_const_t *identity,
				      coap_session_t *session, void *arg)
{
	struct named *e = key_find((const char *)identity->s,
				   identity->length);

	(void)session;
	(void)arg;
	return e ? &e->key : NULL;
}

/* Keeps who it is with the session; 0 refuses it. */
static int peer_check(const char *cn, const uint8_t *cert, size_t n,
		      coap_session_t *session, unsigned depth, int validated,
		      void *arg)
{
	const char *name = own.rpk ? NULL : cn;

	(void)validated;
	(void)arg;
	if (depth)
		return 1;
	if (any_client)
		name = "any";
	for (int i = 0; own.rpk && i < n_clients; i++)
		if (clients[i]->n == n && !memcmp(clients[i]->bytes, cert, n))
			name = clients[i]->name;
	if (!name)
		return 0;
	free(coap_session_get_app_data(session));
	coap_session_set_app_data(session, strdup(name));
	return 1;
}

bool secure_possible(void)
{
	return with_psk || own.present;
}

int secure_context(coap_context_t *context)
{
	coap_dtls_spsk_t psk = {.version = COAP_DTLS_SPSK_SETUP_VERSION,
				.validate_id_call_back = key_of};
	coap_dtls_pki_t pki = {
		.version = COAP_DTLS_PKI_SETUP_VERSION,
		.verify_peer_cert = own.rpk || own.pem.ca_cert,
		.cert_chain_validation = 1,
		.cert_chain_verify_depth = 3,
		.allow_no_crl = 1,
		.is_rpk_not_cert = own.rpk,
		.validate_cn_call_back = peer_check,
		.pki_key = {.key_type = COAP_PKI_KEY_PEM_BUF,
			    .key.pem_buf = own.pem},
	};

	if (with_psk && !coap_context_set_psk2(context, &psk))
		return -EINVAL;
	if (own.present && !coap_context_set_pki(context, &pki))
		return -EINVAL;
	return 0;
}

const char *secure_mode(coap_session_t *session)
{
	coap_proto_t proto = coap_session_get_proto(session);

	if (proto != COAP_PROTO_DTLS && proto != COAP_PROTO_TLS)
		return "none";
	if (coap_session_get_app_data(session))
		return own.rpk ? "rpk" : "x509";
	return coap_session_get_psk_identity(session) ? "psk" : "none";
}

const char *secure_identity(coap_session_t *session, char to[256])
{
	const coap_bin_const_t *psk = coap_session_get_psk_identity(session);
	const char *name = coap_session_get_app_data(session);

	if (name)
		snprintf(to, 256, "%s", name);
	else
		snprintf(to, 256, "%.*s", psk ? (int)psk->length : 0,
			 psk ? (const char *)psk->s : "");
	return to;
}

void secure_event(coap_session_t *session, coap_event_t event)
{
	if (event != COAP_EVENT_SERVER_SESSION_DEL)
		return;
	free(coap_session_get_app_data(session));
	coap_session_set_app_data(session, NULL);
}

static void named_free(void *e)
{
	free(((struct named *)e)->name);
	free(e);
}

void secure_free(void)
{
	tdestroy(keys, named_free);
	for (int i = 0; i < n_clients; i++)
		named_free(clients[i]);
	free(clients);
	free(own.private_key);
	free(own.public_cert);
	free(own.ca_cert);
}
