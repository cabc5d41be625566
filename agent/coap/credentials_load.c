/* SPDX-License-Identifier: GPL-2.0-or-later
 * Credentials of one endpoint from the files that its server's keys name, and
 * from systemd's credentials. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/credentials_parts.h"
#include "agent/base/secret.h"

struct loading {
	const char *directory, *endpoint;
	char *why;
	size_t size;
};

/* Every ${endpoint} in text becomes the name; heap. */
static char *text_fill(const char *text, const char *endpoint)
{
	char *all = strdup(""), *longer;
	const char *from;

	for (; all && (from = strstr(text, "${endpoint}"));
	     text = from + strlen("${endpoint}")) {
		if (asprintf(&longer, "%s%.*s%s", all, (int)(from - text), text,
			     endpoint) < 0)
			abort();
		free(all);
		all = longer;
	}
	if (!all || asprintf(&longer, "%s%s", all, text) < 0)
		abort();
	free(all);
	return longer;
}

static int put_file(const struct loading *l, struct credentials_bytes *to,
		    const char *directory, const char *path, bool closed)
{
	uint8_t *bytes;
	char why[160];
	int n = secret_file(directory, path, closed, &bytes, why, sizeof(why));

	if (n < 0) {
		snprintf(l->why, l->size, "%s %s", path, why);
		return n;
	}
	if (*why && !*l->why)		/* that the daemon may not read it */
		snprintf(l->why, l->size, "%s %s", path, why);
	credentials_put(to, bytes, (size_t)n);
	explicit_bzero(bytes, (size_t)n);
	free(bytes);
	return 0;
}

/* path NULL: nothing is asked for. */
static int load_file(const struct loading *l, struct credentials_bytes *to,
		     const char *path, bool closed)
{
	char *full;
	int rc;

	if (!path)
		return 0;
	full = text_fill(path, l->endpoint);
	rc = put_file(l, to, l->directory, full, closed);
	free(full);
	return rc;
}

/* systemd has put it where only this service can read it. */
static int load_credential(const struct loading *l,
			   struct credentials_bytes *to, const char *name)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char *full = text_fill(name, l->endpoint);
	int rc = -ENOENT;

	if (!directory)
		snprintf(l->why, l->size, "credential %s: systemd gives none "
			 "(LoadCredential= of the unit)", full);
	else if (strchr(full, '/'))
		snprintf(l->why, l->size, "credential %s: a name has no '/'",
			 full);
	else
		rc = put_file(l, to, directory, full, false);
	free(full);
	return rc;
}

static int load_secret(const struct loading *l, struct credentials_bytes *to,
		       const char *file, const char *credential)
{
	return credential ? load_credential(l, to, credential) :
			    load_file(l, to, file, true);
}

/* Behind the name of the secret's file; of what is wrong, or told. */
static void secret_say(const struct loading *l,
		       const struct config_server *conf, const char *text)
{
	char *name = text_fill(conf->credential ? conf->credential :
			       conf->key_file ? conf->key_file :
			       conf->private_key_file, l->endpoint);

	snprintf(l->why, l->size, "%s%s %s",
		 conf->credential ? "credential " : "", name, text);
	free(name);
}

static int key_unhex(const struct loading *l, struct credentials_bytes *key,
		     const struct config_server *conf)
{
	char why[200];
	int n = secret_hex((const char *)key->at, key->n, key->at, why,
			   sizeof(why));

	if (n < 0) {
		secret_say(l, conf, why);
		return n;
	}
	explicit_bzero(key->at + n, key->n - (size_t)n);
	key->n = (size_t)n;
	credentials_weak(key, why, sizeof(why));
	if (*why && !*l->why)
		secret_say(l, conf, why);
	return 0;
}

static int load_psk(const struct loading *l, struct credentials *to,
		    const struct config_server *conf)
{
	char *identity = text_fill(conf->identity ? conf->identity :
				   "${endpoint}", l->endpoint);
	int n = load_secret(l, &to->key, conf->key_file, conf->credential);

	credentials_put(&to->identity, identity, strlen(identity));
	free(identity);
	return n < 0 ? n : key_unhex(l, &to->key, conf);
}

/* An issuer that counts, the server's own certificate, or both. */
static enum credentials_usage usage_of(const struct config_server *conf)
{
	if (!conf->server_key_file)
		return CREDENTIALS_CA_CONSTRAINT;
	return conf->trust_file ? CREDENTIALS_SERVICE :
				  CREDENTIALS_DOMAIN_ISSUED;
}

/* Which of the files is not what it should be, and what it is instead. */
static int keys_look(const struct loading *l, const struct credentials *to,
		     const struct config_server *conf)
{
	const struct { const struct credentials_bytes *bytes;
		       const char *file; enum credentials_part part; } all[] = {
		{&to->certificate, conf->cert_file, conf->security ==
		 SECURITY_RPK ? CREDENTIALS_PUBLIC_KEY : CREDENTIALS_CERTIFICATE},
		{&to->server, conf->server_key_file, conf->security ==
		 SECURITY_RPK ? CREDENTIALS_PUBLIC_KEY : CREDENTIALS_CERTIFICATE},
		{&to->trust, conf->trust_file, CREDENTIALS_AUTHORITIES},
	};
	char text[200], *name;

	if (!credentials_is(&to->private_key, CREDENTIALS_PRIVATE_KEY, text,
			    sizeof(text))) {
		secret_say(l, conf, text);
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i].bytes->n || credentials_is(all[i].bytes,
				all[i].part, text, sizeof(text)))
			continue;
		name = text_fill(all[i].file, l->endpoint);
		snprintf(l->why, l->size, "%s %s", name, text);
		free(name);
		return -EINVAL;
	}
	return 0;
}

static int load_keys(const struct loading *l, struct credentials *to,
		     const struct config_server *conf)
{
	int rc = load_secret(l, &to->private_key, conf->private_key_file,
			     conf->credential);

	if (rc == 0)
		rc = load_file(l, &to->certificate, conf->cert_file, false);
	if (rc == 0)
		rc = load_file(l, &to->server, conf->server_key_file, false);
	if (rc == 0)
		rc = load_file(l, &to->trust, conf->trust_file, false);
	return rc == 0 ? keys_look(l, to, conf) : rc;
}

size_t credentials_missing(const struct config_server *conf,
			   const char *directory, const char *endpoint,
			   void (*missing)(void *owner, const char *why),
			   void *owner)
{
	const bool psk = conf->security == SECURITY_PSK;
	const char *const files[] = {conf->cert_file, conf->server_key_file,
				     conf->trust_file};
	char why[400];
	const struct loading l = {directory, endpoint, why, sizeof(why)};
	struct credentials_bytes bytes = {NULL, 0};
	size_t n = 0;

	if (load_secret(&l, &bytes, psk ? conf->key_file :
			conf->private_key_file, conf->credential) < 0) {
		missing(owner, why);
		n++;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (load_file(&l, &bytes, files[i], false) == 0)
			continue;
		missing(owner, why);
		n++;
	}
	credentials_put(&bytes, NULL, 0);
	return n;
}

int credentials_load_trust(struct credentials *to,
			   const struct config_server *conf,
			   const char *directory, const char *endpoint,
			   char *why, size_t size)
{
	const struct loading l = {directory, endpoint, why, size};
	int rc = load_file(&l, &to->trust, conf->trust_file, false);

	if (rc < 0 || !to->trust.n || credentials_trust(&to->trust, NULL) > 0)
		return rc;
	snprintf(why, size, "%s holds no certificate", conf->trust_file);
	return -EINVAL;
}

int credentials_load(struct credentials *to, const struct config_server *conf,
		     const char *directory, const char *endpoint, char *why,
		     size_t size)
{
	const struct loading l = {directory, endpoint, why, size};
	int rc = 0;

	*why = '\0';
	*to = (struct credentials){.mode = conf->security,
				   .usage = (uint8_t)usage_of(conf)};
	switch (conf->security) {
	case SECURITY_NOSEC:
		return 0;
	case SECURITY_PSK:
		rc = load_psk(&l, to, conf);
		break;
	case SECURITY_RPK:
	case SECURITY_X509:
		rc = load_keys(&l, to, conf);
		break;
	}
	if (conf->sni) {
		to->sni = text_fill(conf->sni, endpoint);
	}
	if (rc == 0)
		rc = credentials_check(to, why, size);
	if (rc < 0)
		credentials_wipe(to);
	return rc;
}
