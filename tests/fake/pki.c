/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys and certificates (EC P-256) for tests, made anew in each:
 *
 *   make-pki DIRECTORY [CLIENT]...
 *
 * Authorities are ca and other-ca; of ca are the servers' certificates server,
 * wrong-name, expired and young, of other-ca is stranger; and of ca are the
 * clients', their common name the endpoint's. All but wrong-name (which is for
 * elsewhere.example) are for localhost. For each NAME there are NAME.pem (the
 * certificate), NAME.crt (the same in DER), NAME.key (private key, PEM),
 * NAME.der (PKCS #8), NAME.pub (public key, PEM) and NAME.spki (in DER).
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct party {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
};

struct order {
	const char *name;	/* of the files */
	const char *common, *host;
	time_t from, to;
	bool authority;
};

enum { YEAR = 365 * 24 * 3600 };

static const char *directory;
static uint8_t serial;

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "make-pki: %s: %s\n", what, gnutls_strerror(result));
	exit(1);
}

static void file_write(const char *name, const char *suffix,
		       gnutls_datum_t *content)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.%s", directory, name, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, content->data, content->size) !=
			      (ssize_t)content->size) {
		fprintf(stderr, "make-pki: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
	gnutls_free(content->data);
}

static void key_write(const char *name, gnutls_x509_privkey_t key)
{
	gnutls_datum_t out;
	gnutls_pubkey_t public;
	gnutls_privkey_t whole;

	check(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out),
	      "key");
	file_write(name, "key", &out);
	check(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
						GNUTLS_PKCS_PLAIN, &out),
	      "PKCS #8");
	file_write(name, "der", &out);
	gnutls_privkey_init(&whole);
	gnutls_pubkey_init(&public);
	check(gnutls_privkey_import_x509(whole, key, 0), "key");
	check(gnutls_pubkey_import_privkey(public, whole, 0, 0), "public key");
	check(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &out),
	      "public key");
	file_write(name, "pub", &out);
	check(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &out),
	      "public key");
	file_write(name, "spki", &out);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(whole);
}

static void names_set(gnutls_x509_crt_t cert, const struct order *o)
{
	check(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME,
					    0, o->common,
					    (unsigned)strlen(o->common)),
	      "name");
	if (o->host)
		check(gnutls_x509_crt_set_subject_alt_name(
			      cert, GNUTLS_SAN_DNSNAME, o->host,
			      (unsigned)strlen(o->host), GNUTLS_FSAN_SET),
		      "host name");
}

static struct party party_make(const struct order *o, const struct party *by)
{
	struct party p;
	gnutls_datum_t out;

	gnutls_x509_privkey_init(&p.key);
	gnutls_x509_crt_init(&p.cert);
	check(gnutls_x509_privkey_generate(
		      p.key, GNUTLS_PK_EC,
		      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	      "key");
	names_set(p.cert, o);
	gnutls_x509_crt_set_version(p.cert, 3);
	serial++;
	gnutls_x509_crt_set_serial(p.cert, &serial, sizeof(serial));
	gnutls_x509_crt_set_activation_time(p.cert, o->from);
	gnutls_x509_crt_set_expiration_time(p.cert, o->to);
	gnutls_x509_crt_set_basic_constraints(p.cert, o->authority, -1);
	gnutls_x509_crt_set_key_usage(p.cert,
				      o->authority ? GNUTLS_KEY_KEY_CERT_SIGN
						   : GNUTLS_KEY_DIGITAL_SIGNATURE);
	check(gnutls_x509_crt_set_key(p.cert, p.key), "certificate");
	check(gnutls_x509_crt_sign2(p.cert, by ? by->cert : p.cert,
				    by ? by->key : p.key, GNUTLS_DIG_SHA256,
				    0),
	      "signature");
	check(gnutls_x509_crt_export2(p.cert, GNUTLS_X509_FMT_PEM, &out),
	      "certificate");
	file_write(o->name, "pem", &out);
	check(gnutls_x509_crt_export2(p.cert, GNUTLS_X509_FMT_DER, &out),
	      "certificate");
	file_write(o->name, "crt", &out);
	key_write(o->name, p.key);
	return p;
}

static void party_free(struct party p)
{
	gnutls_x509_crt_deinit(p.cert);
	gnutls_x509_privkey_deinit(p.key);
}

static void servers_make(const struct party *ca, const struct party *other,
			 time_t now)
{
	const struct {
		struct order order;
		const struct party *by;
	} servers[] = {
		{{"server", "localhost", "localhost", now - YEAR,
		  now + 10 * YEAR, false}, ca},
		{{"wrong-name", "elsewhere.example", "elsewhere.example",
		  now - YEAR, now + 10 * YEAR, false}, ca},
		{{"expired", "localhost", "localhost", now - 2 * YEAR,
		  now - YEAR, false}, ca},
		{{"young", "localhost", "localhost", now + YEAR,
		  now + 2 * YEAR, false}, ca},
		{{"stranger", "localhost", "localhost", now - YEAR,
		  now + 10 * YEAR, false}, other},
	};

	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++)
		party_free(party_make(&servers[i].order, servers[i].by));
}

int main(int argc, char **argv)
{
	time_t now = time(NULL);
	struct order o = {"ca", "Test CA", NULL, now - 3 * YEAR,
			  now + 20 * YEAR, true};
	struct party ca, other;

	if (argc < 2 || *argv[1] == '-') {
		fprintf(stderr, "Usage: make-pki DIRECTORY [CLIENT]...\n");
		return 2;
	}
	directory = argv[1];
	ca = party_make(&o, NULL);
	o.name = "other-ca";
	o.common = "Other CA";
	other = party_make(&o, NULL);
	servers_make(&ca, &other, now);
	for (int i = 2; i < argc; i++) {
		o = (struct order){argv[i], argv[i], NULL, now - YEAR,
				   now + 10 * YEAR, false};
		party_free(party_make(&o, &ca));
	}
	party_free(ca);
	party_free(other);
	return 0;
}
