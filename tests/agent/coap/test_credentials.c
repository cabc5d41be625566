/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys and certificates in all the forms that they come in, and which servers
 * they let pass: against a real handshake, within this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "agent/coap/credentials_parts.h"
#include "agent/coap/gnutls_shim.h"

#define DAY (24 * 3600)
#define KEY16 "000102030405060708090a0b0c0d0e0f"

/* ---- made up: keys, issuers, certificates ---- */

struct maker {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t crt_der, crt_pem, sec1_der, sec1_pem, p8_der, p8_pem,
		       spki_der, spki_pem;
};
static struct maker ca, middle, other_ca, server, deep, expired, elsewhere, client;
static char directory[] = "/tmp/lwmux-credentials-XXXXXX";

/* In place of libc's: no user lwmux, for whom root would be warned. */
struct passwd *getpwnam(const char *name)
{
	(void)name;
	return NULL;
}

static void make_public(struct maker *m)
{
	gnutls_privkey_t key;
	gnutls_pubkey_t public;

	gnutls_privkey_init(&key);
	gnutls_pubkey_init(&public);
	gnutls_privkey_import_x509(key, m->key, 0);
	gnutls_pubkey_import_privkey(public, key, 0, 0);
	gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &m->spki_der);
	gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &m->spki_pem);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(key);
}

static void make(struct maker *m, const char *name, struct maker *issuer,
		 int from, int until)
{
	bool authority = strstr(name, "issuer") != NULL;
	time_t now = time(NULL);

	gnutls_x509_privkey_init(&m->key);
	gnutls_x509_privkey_generate(m->key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_init(&m->crt);
	gnutls_x509_crt_set_version(m->crt, 3);
	gnutls_x509_crt_set_serial(m->crt, "\1", 1);
	gnutls_x509_crt_set_dn_by_oid(m->crt, GNUTLS_OID_X520_COMMON_NAME, 0,
				      name, (unsigned)strlen(name));
	gnutls_x509_crt_set_activation_time(m->crt, now + from * DAY);
	gnutls_x509_crt_set_expiration_time(m->crt, now + until * DAY);
	gnutls_x509_crt_set_key(m->crt, m->key);
	gnutls_x509_crt_set_basic_constraints(m->crt, authority, -1);
	if (!authority)
		gnutls_x509_crt_set_subject_alt_name(m->crt, GNUTLS_SAN_DNSNAME,
			name, (unsigned)strlen(name), GNUTLS_FSAN_SET);
	gnutls_x509_crt_sign2(m->crt, issuer ? issuer->crt : m->crt,
			      issuer ? issuer->key : m->key,
			      GNUTLS_DIG_SHA256, 0);
	gnutls_x509_crt_export2(m->crt, GNUTLS_X509_FMT_DER, &m->crt_der);
	gnutls_x509_crt_export2(m->crt, GNUTLS_X509_FMT_PEM, &m->crt_pem);
	gnutls_x509_privkey_export2(m->key, GNUTLS_X509_FMT_DER, &m->sec1_der);
	gnutls_x509_privkey_export2(m->key, GNUTLS_X509_FMT_PEM, &m->sec1_pem);
	gnutls_x509_privkey_export2_pkcs8(m->key, GNUTLS_X509_FMT_DER, NULL,
					  GNUTLS_PKCS_PLAIN, &m->p8_der);
	gnutls_x509_privkey_export2_pkcs8(m->key, GNUTLS_X509_FMT_PEM, NULL,
					  GNUTLS_PKCS_PLAIN, &m->p8_pem);
	make_public(m);
}

static void forget(struct maker *m)
{
	gnutls_datum_t *all[] = {&m->crt_der, &m->crt_pem, &m->sec1_der,
				 &m->sec1_pem, &m->p8_der, &m->p8_pem,
				 &m->spki_der, &m->spki_pem};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		gnutls_free(all[i]->data);
	gnutls_x509_crt_deinit(m->crt);
	gnutls_x509_privkey_deinit(m->key);
}

static int make_all(void **state)
{
	(void)state;
	make(&ca, "an issuer", NULL, -1, 10);
	make(&middle, "an issuer between", &ca, -1, 10);
	make(&deep, "server.example", &middle, -1, 10);
	make(&other_ca, "another issuer", NULL, -1, 10);
	make(&server, "server.example", &ca, -1, 10);
	make(&expired, "server.example", &ca, -9, -1);
	make(&elsewhere, "elsewhere.example", &ca, -1, 10);
	make(&client, "client", &ca, -1, 10);
	return mkdtemp(directory) ? 0 : -1;
}

static int forget_all(void **state)
{
	char command[80];

	(void)state;
	forget(&ca);
	forget(&middle);
	forget(&deep);
	forget(&other_ca);
	forget(&server);
	forget(&expired);
	forget(&elsewhere);
	forget(&client);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

static gnutls_datum_t hex_of(const gnutls_datum_t *from)
{
	gnutls_datum_t to = {malloc(from->size * 3 + 1), from->size * 3};

	assert_non_null(to.data);
	for (unsigned i = 0; i < from->size; i++)
		sprintf((char *)to.data + i * 3, "%02x%c", from->data[i],
			i % 16 == 15 ? '\n' : ':');
	return to;
}

static void put(struct credentials_bytes *to, const gnutls_datum_t *from)
{
	credentials_put(to, from->data, from->size);
}

/* ---- forms ---- */

static void private_keys_in_all_forms(void **state)
{
	gnutls_datum_t hex = hex_of(&client.p8_der), hex1 =
		hex_of(&client.sec1_der);
	const gnutls_datum_t *forms[] = {&client.p8_pem, &client.p8_der,
		&client.sec1_pem, &client.sec1_der, &hex, &hex1};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct credentials c = {.mode = SECURITY_RPK};
		struct credentials_pem pem;
		char why[100];

		put(&c.private_key, forms[i]);
		assert_int_equal(credentials_pem(&c, &pem, why, sizeof(why)),
				 0);
		assert_string_equal((char *)pem.private_key.at,
				    (char *)client.p8_pem.data);
		assert_string_equal((char *)pem.certificate.at,
				    (char *)client.spki_pem.data);
		credentials_pem_wipe(&pem);
		credentials_wipe(&c);
		assert_null(c.private_key.at);
	}
	free(hex.data);
	free(hex1.data);
}

static void public_keys_in_all_forms(void **state)
{
	gnutls_datum_t hex = hex_of(&server.spki_der);
	const gnutls_datum_t *forms[] = {&server.spki_der, &server.spki_pem,
		&hex, &server.crt_pem, &server.crt_der};
	struct credentials_bytes in = {NULL, 0}, out = {NULL, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		put(&in, forms[i]);
		assert_int_equal(credentials_public_key(&in, &out), 0);
		assert_int_equal(out.n, server.spki_der.size);
		assert_memory_equal(out.at, server.spki_der.data, out.n);
	}
	put(&in, &server.p8_pem);
	assert_true(credentials_public_key(&in, &out) < 0);
	credentials_put(&in, NULL, 0);
	credentials_put(&out, NULL, 0);
	free(hex.data);
}

static void chains_in_all_forms(void **state)
{
	struct credentials_bytes in = {NULL, 0}, out = {NULL, 0};
	gnutls_datum_t hex = hex_of(&client.crt_der);
	char *both;

	(void)state;
	assert_true(asprintf(&both, "# ours\n%s\n%s", client.crt_pem.data,
			     ca.crt_pem.data) > 0);
	credentials_put(&in, both, strlen(both));
	assert_int_equal(credentials_certificates(&in), 2);
	assert_int_equal(credentials_certificate(&in, &out), 0);
	assert_int_equal(out.n, client.crt_der.size);
	put(&in, &client.crt_der);
	assert_int_equal(credentials_certificates(&in), 1);
	put(&in, &hex);
	assert_int_equal(credentials_certificates(&in), 1);
	credentials_put(&in, "no certificate", 14);
	assert_true(credentials_certificates(&in) < 0);
	credentials_put(&in, NULL, 0);
	assert_true(credentials_certificates(&in) < 0);
	credentials_put(&out, NULL, 0);
	free(hex.data);
	free(both);
}

/* ---- what is missing, or does not fit ---- */

static void check(const struct credentials *c, const char *expected)
{
	char why[200] = "";

	assert_int_equal(credentials_check(c, why, sizeof(why)),
			 *expected ? -EINVAL : 0);
	assert_string_equal(why, expected);
}

static void psk_that_cannot_be(void **state)
{
	struct credentials c = {.mode = SECURITY_PSK};
	uint8_t many[129];

	(void)state;
	memset(many, 'x', sizeof(many));
	check(&c, "there is no identity");
	credentials_put(&c.identity, many, 129);
	check(&c, "the identity has more than 128 bytes");
	credentials_put(&c.identity, "a\0b", 3);
	check(&c, "the identity has a byte 0 in it");
	credentials_put(&c.identity, many, 128);
	check(&c, "there is no key");
	credentials_put(&c.key, many, 65);
	check(&c, "the key has more than 64 bytes");
	credentials_put(&c.key, many, 64);
	check(&c, "");
	c.usage = 4;
	check(&c, "the certificate usage is not 0 to 3");
	c.matching = 4;
	check(&c, "the matching type is not 0 to 3");
	credentials_wipe(&c);
	check(&c, "");
}

static void keys_that_cannot_be(void **state)
{
	struct credentials c = {.mode = SECURITY_RPK};

	(void)state;
	check(&c, "there is no private key");
	credentials_put(&c.private_key, "none", 4);
	check(&c, "the private key is not a key");
	put(&c.private_key, &client.sec1_der);
	check(&c, "there is no key of the server");
	credentials_put(&c.server, "none", 4);
	check(&c, "the server's key is no public key");
	put(&c.server, &server.spki_der);
	check(&c, "");
	c.mode = SECURITY_X509;
	check(&c, "there is no certificate");
	put(&c.certificate, &client.spki_der);
	check(&c, "the certificate is not a certificate");
	put(&c.certificate, &server.crt_der);
	check(&c, "the private key is not the certificate's");
	put(&c.certificate, &client.crt_der);
	check(&c, "the server's certificate is not a certificate");
	credentials_put(&c.server, NULL, 0);
	check(&c, "nothing says which server to trust");
	put(&c.trust, &ca.spki_pem);
	check(&c, "what to trust is no certificate");
	put(&c.trust, &ca.crt_pem);
	check(&c, "");
	c.matching = CREDENTIALS_SHA256;
	put(&c.server, &server.crt_der);
	check(&c, "the digest of the server's certificate has another length");
	credentials_put(&c.server, server.crt_der.data, 32);
	check(&c, "");
	c.usage = CREDENTIALS_TRUST_ANCHOR;
	check(&c, "a digest cannot be a trust anchor");
	credentials_wipe(&c);
}

static void copies_are_their_own(void **state)
{
	struct credentials a = {.mode = SECURITY_PSK, .usage = 3}, b;

	(void)state;
	credentials_put(&a.key, "key", 3);
	credentials_put_text(&a.sni, "name");
	credentials_copy(&b, &a);
	credentials_wipe(&a);
	assert_int_equal(b.mode, SECURITY_PSK);
	assert_int_equal(b.usage, 3);
	assert_memory_equal(b.key.at, "key", 3);
	assert_string_equal(b.sni, "name");
	credentials_wipe(&b);
	credentials_wipe(NULL);
}

/* ---- from files ---- */

static void file_put(const char *name, const void *bytes, size_t n, int mode)
{
	char path[120];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	fchmod(fd, (mode_t)mode);
	close(fd);
}

static void load(const struct config_server *conf, struct credentials *c,
		 const char *expected)
{
	char why[300] = "?";
	int rc = credentials_load(c, conf, directory, "dev-1", why,
				  sizeof(why));

	assert_string_equal(why, expected);
	assert_int_equal(rc < 0, *expected != 0);
}

/* It does, and there is something to be said of it. */
static void load_warned(const struct config_server *conf,
			struct credentials *c, const char *expected)
{
	char why[300] = "?";

	assert_int_equal(credentials_load(c, conf, directory, "dev-1", why,
					  sizeof(why)), 0);
	assert_string_equal(why, expected);
}

/* Whose the file is follows, and is another's to test. */
static void load_open(const struct config_server *conf, struct credentials *c,
		      const char *expected)
{
	char why[300] = "";

	assert_true(credentials_load(c, conf, directory, "dev-1", why,
				     sizeof(why)) < 0);
	assert_memory_equal(why, expected, strlen(expected));
}

static void psk_from_files(void **state)
{
	struct config_server conf = {.security = SECURITY_PSK,
				     .key_file = "${endpoint}.psk",
				     .sni = "${endpoint}.example"};
	struct credentials c;

	(void)state;
	load_open(&conf, &c, "dev-1.psk cannot be read: No such file or "
		  "directory; it is looked for as /");
	file_put("dev-1.psk", "00 01:0a\nFF\n", 12, 0600);
	load_warned(&conf, &c, "dev-1.psk has 4 bytes, which can be guessed: "
		    "16 at least are safe, as lwmuxctl keygen makes them");
	assert_int_equal(c.key.n, 4);
	assert_memory_equal(c.key.at, "\x00\x01\x0a\xff", 4);
	assert_memory_equal(c.identity.at, "dev-1", 5);
	assert_int_equal(c.identity.n, 5);
	assert_string_equal(c.sni, "dev-1.example");
	credentials_wipe(&c);
	file_put("dev-1.psk", KEY16, 32, 0600);
	conf.identity = "site/${endpoint}/${endpoint}";
	load(&conf, &c, "");
	assert_int_equal(c.identity.n, 16);
	assert_memory_equal(c.identity.at, "site/dev-1/dev-1", 16);
	credentials_wipe(&c);
	file_put("dev-1.psk", "0001", 4, 0644);
	load_open(&conf, &c, "dev-1.psk can be read by others: chmod 600");
	file_put("dev-1.psk", "000g", 4, 0600);
	load(&conf, &c, "dev-1.psk is not in hex at line 1, column 4: two of "
	     "0-9 and a-f for each byte, as 00112233445566778899aabbccddeeff");
	file_put("dev-1.psk", "", 0, 0600);
	load(&conf, &c, "dev-1.psk is empty");
	assert_null(c.key.at);
}

static void short_keys_are_told(void **state)
{
	struct config_server conf = {.security = SECURITY_PSK,
				     .key_file = "short"};
	struct credentials c;

	(void)state;
	file_put("short", "a1", 2, 0600);
	load_warned(&conf, &c, "short has 1 byte, which can be guessed: "
		    "16 at least are safe, as lwmuxctl keygen makes them");
	credentials_wipe(&c);
	file_put("short", KEY16, 30, 0600);
	load_warned(&conf, &c, "short has 15 bytes, which can be guessed: "
		    "16 at least are safe, as lwmuxctl keygen makes them");
	credentials_wipe(&c);
	file_put("short", KEY16, 32, 0600);
	load(&conf, &c, "");
	credentials_wipe(&c);
}

static void psk_from_systemd(void **state)
{
	struct config_server conf = {.security = SECURITY_PSK,
				     .credential = "${endpoint}"};
	struct credentials c;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	load(&conf, &c, "credential dev-1: systemd gives none "
	     "(LoadCredential= of the unit)");
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	/* Group-readable by systemd's own access list, and yet nobody's. */
	file_put("dev-1", KEY16, 32, 0440);
	load(&conf, &c, "");
	assert_memory_equal(c.key.at, "\x00\x01", 2);
	credentials_wipe(&c);
	conf.credential = "../${endpoint}";
	load(&conf, &c, "credential ../dev-1: a name has no '/'");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void datum_put(const char *name, const gnutls_datum_t *datum)
{
	file_put(name, datum->data, datum->size, 0600);
}

/* What people give in place of what is asked for, and what is said of it. */
static void files_that_hold_something_else(void **state)
{
	static const char locked[] =
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n",
		asked[] = "-----BEGIN CERTIFICATE REQUEST-----\nMIGj\n",
		broken[] = "-----BEGIN PRIVATE KEY-----\nMIGj\n";
	struct config_server conf = {.security = SECURITY_X509,
		.private_key_file = "key", .cert_file = "crt",
		.trust_file = "trust"};
	struct credentials c;

	(void)state;
	datum_put("key", &client.crt_pem);
	datum_put("crt", &client.p8_pem);
	datum_put("trust", &ca.crt_pem);
	load(&conf, &c, "key holds no private key: it is a certificate");
	file_put("key", locked, sizeof(locked), 0600);
	load(&conf, &c, "key holds no private key: it has a password: openssl "
	     "pkey -in FILE -out NEW takes it off");
	file_put("key", broken, sizeof(broken), 0600);
	load(&conf, &c, "key holds no private key: what is there is damaged, or "
	     "of an unknown kind");
	file_put("key", "none", 4, 0600);
	load(&conf, &c, "key holds no private key: PEM or DER is wanted");
	datum_put("key", &client.p8_pem);
	load(&conf, &c, "crt holds no certificate: it is a private key");
	file_put("crt", asked, sizeof(asked), 0600);
	load(&conf, &c, "crt holds no certificate: it is a request for a "
	     "certificate, not the authority's answer");
	datum_put("crt", &client.crt_pem);
	datum_put("trust", &ca.spki_pem);
	load(&conf, &c, "trust holds no certificate: it is a public key");
	datum_put("trust", &ca.crt_pem);
	load(&conf, &c, "");
	credentials_wipe(&c);
	conf = (struct config_server){.security = SECURITY_RPK,
		.private_key_file = "key", .server_key_file = "server"};
	datum_put("server", &server.p8_pem);
	load(&conf, &c, "server holds no public key: it is a private key");
	datum_put("server", &server.spki_pem);
	load(&conf, &c, "");
	credentials_wipe(&c);
}

static void missing_note(void *owner, const char *why)
{
	char *all = owner;

	assert_non_null(strchr(why, ' '));
	strncat(all, why, (size_t)(strchr(why, ' ') - why + 1));
}

static void each_missing_file(void **state)
{
	struct config_server conf = {.security = SECURITY_X509,
		.private_key_file = "${endpoint}.1", .cert_file = "2",
		.trust_file = "3", .server_key_file = "4"};
	char all[100] = "";

	(void)state;
	assert_int_equal(credentials_missing(&conf, directory, "dev-1",
					     missing_note, all), 4);
	assert_string_equal(all, "dev-1.1 2 4 3 ");
	file_put("2", "x", 1, 0600);
	file_put("dev-1.1", "x", 1, 0600);
	*all = '\0';
	assert_int_equal(credentials_missing(&conf, directory, "dev-1",
					     missing_note, all), 2);
	assert_string_equal(all, "4 3 ");
	conf = (struct config_server){.security = SECURITY_NOSEC};
	assert_int_equal(credentials_missing(&conf, directory, "dev-1",
					     missing_note, all), 0);
	conf = (struct config_server){.security = SECURITY_PSK,
				      .key_file = "5"};
	*all = '\0';
	assert_int_equal(credentials_missing(&conf, directory, "dev-1",
					     missing_note, all), 1);
	assert_string_equal(all, "5 ");
}

static void keys_from_files(void **state)
{
	struct config_server conf = {.security = SECURITY_X509,
		.private_key_file = "key", .cert_file = "crt",
		.trust_file = "ca"};
	struct credentials c;

	(void)state;
	file_put("key", client.p8_pem.data, client.p8_pem.size, 0644);
	file_put("crt", client.crt_pem.data, client.crt_pem.size, 0644);
	file_put("ca", ca.crt_pem.data, ca.crt_pem.size, 0644);
	load_open(&conf, &c, "key can be read by others: chmod 600");
	file_put("key", client.p8_pem.data, client.p8_pem.size, 0600);
	load(&conf, &c, "");
	assert_int_equal(c.usage, CREDENTIALS_CA_CONSTRAINT);
	credentials_wipe(&c);
	conf.server_key_file = "crt";
	load(&conf, &c, "");
	assert_int_equal(c.usage, CREDENTIALS_SERVICE);
	credentials_wipe(&c);
	conf.trust_file = NULL;
	load(&conf, &c, "");
	assert_int_equal(c.usage, CREDENTIALS_DOMAIN_ISSUED);
	credentials_wipe(&c);
}

/* ---- which servers pass ---- */

static struct { const struct credentials *credentials; const char *host;
		char why[300]; int calls, error, alert; } asked;

/* GnuTLS comes here by the functions that stand before its own. */
static bool verify(void *transport, void *tls)
{
	(void)transport;
	asked.calls++;
	return credentials_verify(asked.credentials, asked.host, tls,
				  asked.why, sizeof(asked.why));
}

static void failed(void *transport, int error, int alert)
{
	(void)transport;
	asked.error = error;
	if (alert >= 0)
		asked.alert = alert;	/* the server has got it */
}

static const struct gnutls_shim_hooks hooks = {verify, failed,
					       gnutls_shim_receive};

static gnutls_session_t side(int flags, int fd,
			     gnutls_certificate_credentials_t keys)
{
	gnutls_session_t tls;

	gnutls_init(&tls, (unsigned)flags | GNUTLS_NONBLOCK |
		    GNUTLS_ENABLE_RAWPK);
	gnutls_priority_set_direct(tls, "NORMAL:-VERS-ALL:+VERS-TLS1.2:"
				   "+CTYPE-CLI-ALL:+CTYPE-SRV-ALL", NULL);
	gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, keys);
	gnutls_transport_set_int(tls, fd);
	return tls;
}

static void hand_over(gnutls_session_t a, gnutls_session_t b)
{
	int ra = GNUTLS_E_AGAIN, rb = GNUTLS_E_AGAIN;

	for (int i = 0; i < 50; i++) {
		if (ra == GNUTLS_E_AGAIN)
			ra = gnutls_handshake(a);
		if (rb == GNUTLS_E_AGAIN)
			rb = gnutls_handshake(b);
	}
}

/* PEM that is shown behind a server's certificate. */
static gnutls_datum_t *behind[2];

static void show_chain(gnutls_certificate_credentials_t to, struct maker *m)
{
	char *text = strndup((char *)m->crt_pem.data, m->crt_pem.size), *longer;
	gnutls_datum_t all;

	for (size_t i = 0; i < 2 && behind[i]; i++) {
		assert_true(asprintf(&longer, "%s%.*s", text,
				     (int)behind[i]->size,
				     (char *)behind[i]->data) > 0);
		free(text);
		text = longer;
	}
	all = (gnutls_datum_t){(unsigned char *)text,
			       (unsigned)strlen(text)};
	assert_int_equal(gnutls_certificate_set_x509_key_mem(to, &all,
			 &m->p8_pem, GNUTLS_X509_FMT_PEM), 0);
	free(text);
}

/* Shows `m` to who is asked; raw: its key alone. The reason, "" for a pass. */
static const char *shown(struct maker *m, bool raw)
{
	gnutls_certificate_credentials_t theirs, ours;
	gnutls_session_t a, b;
	int fds[2];

	gnutls_shim_hook(&hooks);
	*asked.why = 0;
	asked.calls = asked.error = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    fds), 0);
	gnutls_certificate_allocate_credentials(&theirs);
	gnutls_certificate_allocate_credentials(&ours);
	if (raw)
		gnutls_certificate_set_rawpk_key_mem(theirs, &m->spki_pem,
			&m->p8_pem, GNUTLS_X509_FMT_PEM, NULL, 0, NULL, 0, 0);
	else
		show_chain(theirs, m);
	if (raw)
		gnutls_certificate_set_rawpk_key_mem(ours, &client.spki_pem,
			&client.p8_pem, GNUTLS_X509_FMT_PEM, NULL, 0, NULL, 0,
			0);
	gnutls_certificate_set_verify_function(ours, NULL);
	a = side(GNUTLS_CLIENT, fds[0], ours);
	b = side(GNUTLS_SERVER, fds[1], theirs);
	hand_over(a, b);
	assert_int_equal(asked.calls, 1);
	assert_int_equal(asked.error, *asked.why ?
			 GNUTLS_E_FATAL_ALERT_RECEIVED : 0);
	gnutls_deinit(a);
	gnutls_deinit(b);
	gnutls_certificate_free_credentials(ours);
	gnutls_certificate_free_credentials(theirs);
	close(fds[0]);
	close(fds[1]);
	return asked.why;
}

#define EXPIRED "the server's certificate has expired"
#define ANOTHER "the server shows another certificate than the one that is " \
	"configured"
#define UNSIGNED "nobody that is trusted has signed the server's certificate"

static void issuers_and_names(void **state)
{
	struct credentials c = {.mode = SECURITY_X509};

	(void)state;
	asked.credentials = &c;
	asked.host = "server.example";
	put(&c.trust, &ca.crt_pem);
	assert_string_equal(shown(&server, false), "");
	assert_string_equal(shown(&expired, false), EXPIRED);
	assert_int_equal(asked.alert, GNUTLS_A_CERTIFICATE_EXPIRED);
	assert_string_equal(shown(&elsewhere, false), "the server's "
			    "certificate is not one of server.example");
	assert_int_equal(asked.alert, GNUTLS_A_BAD_CERTIFICATE);
	credentials_put_text(&c.sni, "elsewhere.example");
	assert_string_equal(shown(&elsewhere, false), "");
	credentials_put_text(&c.sni, NULL);
	asked.host = NULL;
	assert_string_equal(shown(&elsewhere, false), "");
	put(&c.trust, &other_ca.crt_der);
	assert_string_equal(shown(&server, false), UNSIGNED);
	credentials_wipe(&c);
}

static void digest_put(struct credentials *c, const gnutls_datum_t *of,
		       gnutls_digest_algorithm_t by,
		       enum credentials_matching matching)
{
	uint8_t digest[64];

	gnutls_hash_fast(by, of->data, of->size, digest);
	credentials_put(&c->server, digest, gnutls_hash_get_len(by));
	c->matching = (uint8_t)matching;
}

/* RFC 7671 5.1: what is pinned needs no name and no date. */
static void pinned_certificates(void **state)
{
	struct credentials c = {.mode = SECURITY_X509,
				.usage = CREDENTIALS_DOMAIN_ISSUED};

	(void)state;
	asked.credentials = &c;
	asked.host = "not.its.name";
	put(&c.server, &server.crt_pem);
	assert_string_equal(shown(&server, false), "");
	assert_string_equal(shown(&elsewhere, false), ANOTHER);
	put(&c.server, &expired.crt_der);
	assert_string_equal(shown(&expired, false), "");
	digest_put(&c, &server.crt_der, GNUTLS_DIG_SHA256, CREDENTIALS_SHA256);
	assert_string_equal(shown(&server, false), "");
	assert_string_equal(shown(&expired, false), ANOTHER);
	digest_put(&c, &server.crt_der, GNUTLS_DIG_SHA384, CREDENTIALS_SHA384);
	assert_string_equal(shown(&server, false), "");
	digest_put(&c, &server.crt_der, GNUTLS_DIG_SHA512, CREDENTIALS_SHA512);
	assert_string_equal(shown(&server, false), "");
	credentials_wipe(&c);
}

static void usages_of_certificates(void **state)
{
	struct credentials c = {.mode = SECURITY_X509,
				.usage = CREDENTIALS_TRUST_ANCHOR};

	(void)state;
	asked.credentials = &c;
	asked.host = "server.example";
	put(&c.server, &ca.crt_der);
	assert_string_equal(shown(&server, false), "");
	assert_string_equal(shown(&expired, false), EXPIRED);
	put(&c.server, &other_ca.crt_der);
	assert_string_equal(shown(&server, false), UNSIGNED);
	c.usage = CREDENTIALS_SERVICE;
	put(&c.server, &server.crt_der);
	put(&c.trust, &ca.crt_pem);
	assert_string_equal(shown(&server, false), "");
	assert_string_equal(shown(&elsewhere, false), ANOTHER);
	put(&c.server, &expired.crt_der);
	assert_string_equal(shown(&expired, false), EXPIRED);
	c.usage = CREDENTIALS_CA_CONSTRAINT;
	put(&c.server, &other_ca.crt_der);
	assert_string_equal(shown(&server, false), "the issuer that is asked "
			    "for has not signed the server's certificate");
	credentials_put(&c.trust, NULL, 0);	/* a bootstrap has none */
	put(&c.server, &ca.crt_der);
	assert_string_equal(shown(&server, false), "");
	credentials_wipe(&c);
}

/* Usage 0: one of those that vouch for it, which need not be shown; one that
 * is only shown does not vouch. */
static void issuers_in_the_verified_chain(void **state)
{
	static const char NOT_SIGNED[] = "the issuer that is asked for has not "
		"signed the server's certificate";
	struct credentials c = {.mode = SECURITY_X509,
				.usage = CREDENTIALS_CA_CONSTRAINT};

	(void)state;
	asked.credentials = &c;
	asked.host = "server.example";
	put(&c.trust, &ca.crt_pem);
	put(&c.server, &ca.crt_der);
	assert_string_equal(shown(&server, false), "");
	behind[0] = &middle.crt_pem;
	assert_string_equal(shown(&deep, false), "");
	put(&c.server, &middle.crt_der);
	assert_string_equal(shown(&deep, false), "");
	digest_put(&c, &middle.crt_der, GNUTLS_DIG_SHA256, CREDENTIALS_SHA256);
	assert_string_equal(shown(&deep, false), "");
	assert_string_equal(shown(&server, false), NOT_SIGNED);
	c.matching = CREDENTIALS_EXACT;
	put(&c.server, &deep.crt_der);		/* no issuer, but itself */
	assert_string_equal(shown(&deep, false), NOT_SIGNED);
	put(&c.server, &other_ca.crt_der);
	behind[0] = &other_ca.crt_pem;
	assert_string_not_equal(shown(&server, false), "");
	put(&c.trust, &other_ca.crt_pem);
	assert_string_equal(shown(&server, false), UNSIGNED);
	behind[0] = NULL;
	credentials_wipe(&c);
}

static void raw_public_keys(void **state)
{
	struct credentials c = {.mode = SECURITY_RPK};

	(void)state;
	asked.credentials = &c;
	asked.host = "server.example";
	put(&c.server, &server.spki_pem);
	assert_string_equal(shown(&server, true), "");
	assert_string_equal(shown(&elsewhere, true), "the server has another "
			    "public key than the one that is configured");
	assert_string_equal(shown(&server, false), "the server shows no raw "
			    "public key, but a certificate");
	digest_put(&c, &server.spki_der, GNUTLS_DIG_SHA256,
		   CREDENTIALS_SHA256);
	assert_string_equal(shown(&server, true), "");
	assert_string_not_equal(shown(&elsewhere, true), "");
	c.mode = SECURITY_X509;
	put(&c.trust, &ca.crt_pem);
	assert_string_equal(shown(&server, true), "the server shows a raw "
			    "public key");
	credentials_wipe(&c);
}

static void reasons_for_people(void **state)
{
	char text[200];

	(void)state;
	credentials_explain(GNUTLS_E_FATAL_ALERT_RECEIVED, 115, text,
			    sizeof(text));
	assert_string_equal(text, "the server does not know the identity "
			    "(alert 115, The SRP/PSK username is missing or "
			    "not known)");
	credentials_explain(0, -1, text, sizeof(text));
	assert_string_equal(text, "the server has closed the session");
	credentials_explain(GNUTLS_E_UNEXPECTED_PACKET, -1, text,
			    sizeof(text));
	assert_non_null(strstr(text, "the same key"));
	credentials_explain(GNUTLS_E_FATAL_ALERT_RECEIVED, 200, text,
			    sizeof(text));
	assert_string_equal(text, "the server has ended the session (alert "
			    "200, unknown)");
}

/* What GnuTLS would offer with libcoap's priorities and these behind them: its
 * numbers at IANA, in *offered; how many. */
static size_t suites_offered(const char *suffix, uint16_t *offered, size_t most)
{
	static const char libcoap[] = "NORMAL:+ECDHE-PSK:+PSK:+ECDHE-ECDSA:"
		"+AES-128-CCM-8:+CTYPE-CLI-ALL:+CTYPE-SRV-ALL:+SHA256";
	gnutls_priority_t priority;
	unsigned char id[2];
	unsigned index;
	char text[1024];
	size_t n = 0;
	int rc = 0;

	snprintf(text, sizeof(text), "%s%s", libcoap, suffix);
	assert_int_equal(gnutls_priority_init(&priority, text, NULL), 0);
	for (unsigned i = 0; rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
		rc = gnutls_priority_get_cipher_suite_index(priority, i,
							    &index);
		if (rc)			/* or one that is off in this one */
			continue;
		assert_non_null(gnutls_cipher_suite_info(index, id, NULL, NULL,
							 NULL, NULL));
		assert_true(n < most);
		offered[n++] = (uint16_t)(id[0] << 8 | id[1]);
	}
	gnutls_priority_deinit(priority);
	return n;
}

/* 0/x/16 (Core TS E.1): what is not allowed is not offered. */
static void suites_of_an_account(void **state)
{
	static const struct { uint16_t number; enum config_security mode; }
	each[] = {
		{0x00a8, SECURITY_PSK}, {0x00a9, SECURITY_PSK},
		{0x00ae, SECURITY_PSK}, {0xc0a4, SECURITY_PSK},
		{0xc0a5, SECURITY_PSK}, {0xc0a8, SECURITY_PSK},
		{0xc0a9, SECURITY_PSK}, {0xc023, SECURITY_X509},
		{0xc02b, SECURITY_X509}, {0xc02c, SECURITY_RPK},
		{0xc0ac, SECURITY_X509}, {0xc0ad, SECURITY_RPK},
		{0xc0ae, SECURITY_RPK}, {0xc0af, SECURITY_X509},
	};
	struct credentials c = {.mode = SECURITY_PSK};
	char text[CREDENTIALS_PRIORITIES];
	uint16_t offered[64];

	(void)state;
	assert_int_equal(credentials_priorities(&c, text), 0);
	assert_string_equal(text, "");		/* none named: all */
	for (size_t i = 0; i < sizeof(each) / sizeof(*each); i++) {
		c = (struct credentials){.mode = each[i].mode, .n_suites = 2,
			.suites = {0x1301, each[i].number}};
		assert_int_equal(credentials_priorities(&c, text), 0);
		assert_int_equal(suites_offered(text, offered, 64), 1);
		assert_int_equal(offered[0], each[i].number);
		c.mode = each[i].mode == SECURITY_PSK ? SECURITY_X509 :
							SECURITY_PSK;
		assert_int_equal(credentials_priorities(&c, text), -EINVAL);
	}
	c = (struct credentials){.mode = SECURITY_PSK, .n_suites = 7,
		.suites = {0xa8, 0xa9, 0xae, 0xc0a4, 0xc0a5, 0xc0a8, 0xc0a9}};
	assert_int_equal(credentials_priorities(&c, text), 0);
	assert_int_equal(suites_offered(text, offered, 64), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_keys_in_all_forms),
		cmocka_unit_test(public_keys_in_all_forms),
		cmocka_unit_test(chains_in_all_forms),
		cmocka_unit_test(psk_that_cannot_be),
		cmocka_unit_test(keys_that_cannot_be),
		cmocka_unit_test(copies_are_their_own),
		cmocka_unit_test(psk_from_files),
		cmocka_unit_test(short_keys_are_told),
		cmocka_unit_test(files_that_hold_something_else),
		cmocka_unit_test(psk_from_systemd),
		cmocka_unit_test(each_missing_file),
		cmocka_unit_test(keys_from_files),
		cmocka_unit_test(issuers_and_names),
		cmocka_unit_test(pinned_certificates),
		cmocka_unit_test(usages_of_certificates),
		cmocka_unit_test(issuers_in_the_verified_chain),
		cmocka_unit_test(raw_public_keys),
		cmocka_unit_test(suites_of_an_account),
		cmocka_unit_test(reasons_for_people),
	};

	return cmocka_run_group_tests(tests, make_all, forget_all);
}
