/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl keygen: a key for an endpoint, in a file that only lwmuxd can read,
 * and what the server has to be told. Needs no running lwmuxd. */
#include "agent/ctl/ctl.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/ctl/keygen.h"
#include "objects/base64.h"

#define USER "lwmux"
#define DIRECTORY "keys"

/* A file to be: its name ends with the mode it is for. */
struct target {
	const char *endpoint, *owner;	/* NULL: whoever runs this */
	char name[300];			/* below the configuration's directory */
	int directory, fd;
};

static int failure_say(const char *what, const char *why)
{
	fprintf(stderr, "lwmuxctl: %s: %s\n", what, why);
	return 1;
}

/* It becomes a file's name. */
static bool name_is_good(const char *name)
{
	if (!*name || *name == '.' || strlen(name) > 200)
		return false;
	for (; *name; name++)
		if (*name == '/' || (unsigned char)*name < ' ')
			return false;
	return true;
}

/* The daemon's user must own what only the owner may read. Root can see to
 * that; others give their own. */
static void owner_set(struct target *t, int fd, bool directory)
{
	const struct passwd *user = geteuid() ? NULL : getpwnam(USER);

	if (!user)
		return;
	/* The directory as the package has it: root's to write in. */
	if (fchown(fd, directory ? 0 : user->pw_uid, user->pw_gid) == 0 &&
	    !directory)
		t->owner = USER;
}

static int directory_open(struct target *t, const char *config)
{
	int at = open(config, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool made;

	if (at < 0)
		return -errno;
	made = mkdirat(at, DIRECTORY, 0750) == 0;
	t->directory = openat(at, DIRECTORY, O_RDONLY | O_DIRECTORY |
			      O_CLOEXEC);
	if (t->directory < 0) {
		int rc = -errno;

		close(at);
		return rc;
	}
	close(at);
	if (made)
		owner_set(t, t->directory, true);
	return 0;
}

/* 0, or what could not be done was said. */
static int target_open(struct target *t, const struct options *o)
{
	const char *config = o->config ? o->config : "/etc/lwmux";
	const char *file = t->name + sizeof(DIRECTORY);
	int rc;

	snprintf(t->name, sizeof(t->name), DIRECTORY "/%s%s",
		 o->out ? o->out : t->endpoint,
		 o->out ? "" : o->rpk ? ".key" : ".psk");
	rc = directory_open(t, config);
	if (rc < 0)
		return failure_say(config, strerror(-rc));
	t->fd = openat(t->directory, file, O_WRONLY | O_CREAT | O_EXCL |
		       O_CLOEXEC | O_NOFOLLOW, 0600);
	if (t->fd < 0) {
		rc = errno;
		close(t->directory);
		return failure_say(t->name,
				   rc == EEXIST ? "is there already and stays "
						  "as it is"
						: strerror(rc));
	}
	owner_set(t, t->fd, false);
	return 0;
}

/* A file that is not whole is taken away again. */
static int target_write(struct target *t, const char *text)
{
	size_t n = strlen(text);
	int rc = write(t->fd, text, n) == (ssize_t)n && fsync(t->fd) == 0 &&
		 fchmod(t->fd, 0600) == 0 ? 0 : errno ? errno : EIO;

	if (close(t->fd) && !rc)
		rc = errno;
	if (rc)
		unlinkat(t->directory, t->name + sizeof(DIRECTORY), 0);
	else
		fsync(t->directory);
	close(t->directory);
	return rc ? failure_say(t->name, strerror(rc)) : 0;
}

/* --- what the server has to be told ------------------------------------ */

static void hex_put(char *to, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", bytes[i]);
}

struct fact { const char *key, *title; const char *value; };

static void facts_print(const struct options *o, const struct target *t,
			const struct fact *facts, size_t n, const char *more)
{
	struct json_object *object = json_object_new_object();

	if (!o->json) {
		printf("%s is written, 0600%s%s\n\nfor the server:\n", t->name,
		       t->owner ? ", owner " : "", t->owner ? t->owner : "");
		for (size_t i = 0; i < n; i++)
			printf("  %-24s %s\n", facts[i].title, facts[i].value);
		if (!o->out)
			printf("\nfor lwmux.yaml:\n%s", more);
		json_object_put(object);
		return;
	}
	json_object_object_add(object, "file", json_object_new_string(t->name));
	for (size_t i = 0; i < n; i++)
		json_object_object_add(object, facts[i].key,
				       json_object_new_string(facts[i].value));
	print_json(object);
	json_object_put(object);
}

static int make_psk(const struct options *o, struct target *t)
{
	uint8_t key[KEYGEN_PSK];
	char hex[2 * KEYGEN_PSK + 2];
	const struct fact facts[] = {
		{"endpoint", "endpoint", t->endpoint},
		{"security", "security mode", "psk"},
		{"identity", "identity", t->endpoint},
		{"key", "key (hex)", hex},
	};
	int rc;

	if (keygen_random(key, sizeof(key)) < 0)
		return failure_say(t->endpoint, "no random numbers");
	hex_put(hex, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	rc = target_open(t, o);
	if (rc)
		return rc;
	strcat(hex, "\n");
	rc = target_write(t, hex);
	hex[2 * KEYGEN_PSK] = 0;
	if (!rc)
		facts_print(o, t, facts, sizeof(facts) / sizeof(*facts),
			    "  security: psk\n"
			    "  key_file: " DIRECTORY "/${endpoint}.psk\n"
			    "  # the identity is ${endpoint} where none is "
			    "given\n");
	explicit_bzero(hex, sizeof(hex));
	return rc;
}

static void ec_print(const struct options *o, const struct target *t,
		     const struct keygen_ec *key)
{
	uint8_t base64[400];
	struct buf b = buf_over(base64, sizeof(base64));
	char x[2 * KEYGEN_COORDINATE + 1], y[2 * KEYGEN_COORDINATE + 1];
	char hex[2 * sizeof(key->public) + 1], text[sizeof(base64) + 1];
	const struct fact facts[] = {
		{"endpoint", "endpoint", t->endpoint},
		{"security", "security mode", "rpk"},
		{"public_key", "public key (Base64)", text},
		{"public_key_hex", "public key (hex)", hex},
		{"curve", "curve", "secp256r1"},
		{"x", "x", x},
		{"y", "y", y},
	};

	base64_put(&b, key->public, key->public_n);
	snprintf(text, sizeof(text), "%.*s", (int)b.used,
		 (const char *)base64);
	hex_put(hex, key->public, key->public_n);
	hex_put(x, key->x, sizeof(key->x));
	hex_put(y, key->y, sizeof(key->y));
	facts_print(o, t, facts, sizeof(facts) / sizeof(*facts),
		    "  security: rpk\n"
		    "  private_key_file: " DIRECTORY "/${endpoint}.key\n"
		    "  server_key_file: FILE OF THE SERVER'S PUBLIC KEY\n");
}

static int make_ec(const struct options *o, struct target *t)
{
	struct keygen_ec key;
	int rc = keygen_ec(&key);

	if (rc < 0)
		rc = failure_say(t->endpoint, "no key could be made");
	else
		rc = target_open(t, o);
	if (!rc)
		rc = target_write(t, key.pem);
	if (!rc)
		ec_print(o, t, &key);
	keygen_ec_wipe(&key);
	return rc;
}

int do_keygen(const struct options *o, char **args, int n)
{
	const char *endpoint = args[0];
	struct target t = {.endpoint = endpoint};

	(void)n;
	umask(027);
	if (!name_is_good(endpoint) || (o->out && !name_is_good(o->out)))
		return failure_say(o->out ? o->out : endpoint,
				   "can be no file's name");
	return o->rpk ? make_ec(o, &t) : make_psk(o, &t);
}
