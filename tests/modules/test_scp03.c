/* SPDX-License-Identifier: GPL-2.0-or-later
 * SCP03. The vectors are traces of pySim against an eUICC, with keys of each
 * length (osmocom.org, pysim, tests/unittests/test_globalplatform.py, classes
 * SCP03_Test_AES128_33, _AES192_33 and _AES256_33). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "modules/smartcard/scp03.h"

struct trace {
	size_t n_key;
	const char *challenge, *update, *authenticate, *wrapped, *answer,
		*cases[4];
};

/* Of GET DATA for the EID, and of cases 1 to 4 (ISO 7816-3). */
#define GET_EID "80e2910006bf3e035c015a00"
#define EID "bf3e125a10898821199000000000000000000000059000"
static const char *const cases[4] = {
	"80f22002", "80ca006600", "80f220020a4f0212345c054f9f70c5",
	"80f28002024f0000"};

static const struct trace traces[] = {
	{16, "fdf38259a1e0de44",
	 "000000000000000000003003703b1aca81e821f219081cdc01c26b372d000003",
	 "84823300108c36f96bcc00724a4e13ad591d7da3f0",
	 "84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00",
	 "f3ba2b1013aa6224f5e1c138d71805c569e5439b47576260b75fc021b25097cb"
	 "2e68f8a0144975b99000",
	 {"84f2200208ac6a59024bed84cc", "84ca006608409912ad8fb7aed000",
	  "84f22002185f3dafc3ac14c381536a488bf44e06d056df9d74dbd21e5a",
	  "84f280021865165105be3373347d0424d4400af2ac393f569ec779389e00"}},
	{24, "9b3f2eef0e8c9374",
	 "00000000000000000000310370f6bb305a15bae1a68f79fb08212fbed7000002",
	 "84823300109100bc22d58b45b86a26365ce39ff3cf",
	 "84e29100188f7f946c84f70d17994bc6e8791251bb1bb1bf02cf8de58900",
	 "c05176c1b6f72aae50c32cbee63b0e95998928fd4dfb2be9f27ffde8c8476f59"
	 "09b4805cc40395999000",
	 {"84f2200208d5d97754b6b3d2ba", "84ca006608516c82b8e30adbeb00",
	  "84f2200218cc247f4761e6944277a4e0d6e32e44025b1e31537e2fc668",
	  "84f2800218ba22b63d509bef5d093b43e5eaed03ed23144ab2d9cb51de00"}},
	{32, "97b2055fe58599fd",
	 "00000000000000000000320370a8439a22cedf045fa9f1903b2834f26e000002",
	 "8482330010508a0fd959d2e547c6b33154a6be2057",
	 "84e29100187a5ef717eaf1e135ae92fe54429d0e465decda65f5fe5aea00",
	 "ea90dbfa648a67c5eb6abc57f8530b97d0cd5647c5e8732016b55203b078dd2a"
	 "ce7f8bc5d1c1cd999000",
	 {"84f2200208bcc5c17275545d93", "84ca00660804806aba9d543bb600",
	  "84f2200218717222491556ec81a45f49ce48be33320024801a1c4cb0e0",
	  "84f2800218561f105bccd3a1642904b251ccc1228beb80a82370a8637000"}},
};
#define TRACES (sizeof(traces) / sizeof(traces[0]))

static size_t hex(const char *text, uint8_t *bytes)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	return n;
}

static void assert_hex(const uint8_t *bytes, int n, const char *text)
{
	uint8_t wanted[300];
	size_t n_wanted = hex(text, wanted);

	assert_int_equal(n, n_wanted);
	assert_memory_equal(bytes, wanted, n_wanted);
}

/* 00 01 .. 0f, or 10 11 .. 1f, again after 16 bytes. */
static void key_fill(uint8_t key[SCP03_KEY_MAX], uint8_t first)
{
	for (uint8_t i = 0; i < SCP03_KEY_MAX; i++)
		key[i] = first + i % 16;
}

static int start(struct scp03 *c, const struct trace *t, const uint8_t *update,
		 size_t n)
{
	uint8_t enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX], challenge[8];
	const struct scp03_keys keys = {enc, mac, t->n_key};

	key_fill(enc, 0x00);
	key_fill(mac, 0x10);
	hex(t->challenge, challenge);
	return scp03_start(c, &keys, challenge, update, n);
}

/* As far as the answer to the first command. */
static void open_trace(struct scp03 *c, const struct trace *t)
{
	uint8_t bytes[300], out[SCP03_COMMAND_MAX];

	assert_int_equal(start(c, t, bytes, hex(t->update, bytes)), 0);
	assert_hex(out, scp03_authenticate(c, 0, SCP03_LEVEL, out),
		   t->authenticate);
	assert_hex(out, scp03_wrap(c, bytes, hex(GET_EID, bytes), out),
		   t->wrapped);
}

static void as_real_cards_have_it(void **state)
{
	uint8_t bytes[300], out[SCP03_COMMAND_MAX];
	struct scp03 c;

	(void)state;
	for (size_t i = 0; i < TRACES; i++) {
		const struct trace *t = &traces[i];

		open_trace(&c, t);
		assert_hex(bytes, scp03_unwrap(&c, bytes,
					       hex(t->answer, bytes)), EID);
		for (size_t j = 0; j < 4; j++)
			assert_hex(out, scp03_wrap(&c, bytes,
						   hex(cases[j], bytes), out),
				   t->cases[j]);
		scp03_end(&c);
	}
}

static void an_answer_that_was_touched(void **state)
{
	const struct trace *t = &traces[0];
	uint8_t bytes[300], out[SCP03_COMMAND_MAX];
	struct scp03 c;
	size_t n = strlen(t->answer) / 2;

	(void)state;
	open_trace(&c, t);
	for (size_t i = 0; i < 8 * n; i++) {
		hex(t->answer, bytes);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		/* A status that is an error has no MAC, and no data. */
		assert_int_equal(scp03_unwrap(&c, bytes, n),
				 i / 8 < n - 2 ? -EBADMSG : 2);
	}
	for (size_t less = 1; less <= n; less++) {
		hex(t->answer, bytes);
		memmove(bytes + n - less - (less <= n - 2 ? 2 : 0),
			bytes + n - 2, less <= n - 2 ? 2 : 0);
		assert_int_equal(scp03_unwrap(&c, bytes, n - less), -EBADMSG);
	}
	/* Of an earlier command: the MAC is of the last one. */
	hex(cases[1], bytes);
	assert_true(scp03_wrap(&c, bytes, 5, out) > 0);
	assert_int_equal(scp03_unwrap(&c, bytes, hex(t->answer, bytes)),
			 -EBADMSG);
}

static void a_status_that_is_an_error(void **state)
{
	uint8_t bytes[300];
	struct scp03 c;

	(void)state;
	open_trace(&c, &traces[0]);
	assert_hex(bytes, scp03_unwrap(&c, bytes, hex("6a82", bytes)), "6a82");
	assert_hex(bytes, scp03_unwrap(&c, bytes, hex("01026982", bytes)),
		   "6982");
	assert_int_equal(scp03_unwrap(&c, bytes, hex("9000", bytes)), -EBADMSG);
	assert_int_equal(scp03_unwrap(&c, bytes, hex("6282", bytes)), -EBADMSG);
	assert_int_equal(scp03_unwrap(&c, bytes, hex("63c2", bytes)), -EBADMSG);
}

static void cards_that_are_refused(void **state)
{
	static const struct { size_t at; uint8_t byte; int rc; } wrong[] = {
		{11, 0x02, -EBADMSG},	/* SCP02 */
		{12, 0x10, -ENOTSUP},	/* clear answers without a MAC */
		{12, 0x30, -ENOTSUP},	/* clear answers with one */
		{12, 0x71, -ENOTSUP},	/* MACs of 16 bytes */
		{13, 0xff, -EACCES},	/* another challenge */
		{21, 0xff, -EACCES},	/* another cryptogram */
		{28, 0xff, -EACCES},
	};
	static const struct scp03 none;
	const struct trace *t = &traces[0];
	uint8_t bytes[300];
	struct scp03 c;
	size_t n = hex(t->update, bytes);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		hex(t->update, bytes);
		bytes[wrong[i].at] = wrong[i].byte;
		assert_int_equal(start(&c, t, bytes, n), wrong[i].rc);
		assert_memory_equal(&c, &none, sizeof(c));
	}
	hex(t->update, bytes);
	for (size_t i = 0; i <= n + 1; i++)
		assert_int_equal(start(&c, t, bytes, i),
				 i == n || i == n - 3 ? 0 : -EBADMSG);
}

static void commands_that_fit(void **state)
{
	uint8_t plain[300] = {0x00, 0xd6}, out[SCP03_COMMAND_MAX];
	struct scp03 c;

	(void)state;
	open_trace(&c, &traces[0]);
	plain[4] = SCP03_DATA_MAX;
	assert_int_equal(scp03_wrap(&c, plain, 5 + SCP03_DATA_MAX + 1, out),
			 5 + 240 + 8 + 1);
	assert_int_equal(out[4], 248);
	plain[4] = 15;
	assert_int_equal(scp03_wrap(&c, plain, 5 + 15, out), 5 + 16 + 8);
	plain[4] = 16;
	assert_int_equal(scp03_wrap(&c, plain, 5 + 16, out), 5 + 32 + 8);
	plain[4] = SCP03_DATA_MAX + 1;
	assert_int_equal(scp03_wrap(&c, plain, 5 + SCP03_DATA_MAX + 1, out),
			 -EINVAL);
	plain[4] = 3;
	assert_int_equal(scp03_wrap(&c, plain, 3, out), -EINVAL);
	assert_int_equal(scp03_wrap(&c, plain, 7, out), -EINVAL);
	assert_int_equal(scp03_wrap(&c, plain, 10, out), -EINVAL);
	plain[4] = 0;
	assert_int_equal(scp03_wrap(&c, plain, 6, out), -EINVAL);
}

/* The class has the logical channel, the MAC has not. */
static void on_a_logical_channel(void **state)
{
	uint8_t plain[] = {0x00, 0xb0, 0, 0, 0}, a[SCP03_COMMAND_MAX],
		b[SCP03_COMMAND_MAX];
	struct scp03 one, other;
	int n;

	(void)state;
	open_trace(&one, &traces[0]);
	open_trace(&other, &traces[0]);
	n = scp03_wrap(&one, plain, sizeof(plain), a);
	plain[0] = 3;
	assert_int_equal(scp03_wrap(&other, plain, sizeof(plain), b), n);
	assert_int_equal(a[0], 0x04);
	assert_int_equal(b[0], 0x07);
	assert_memory_equal(a + 1, b + 1, (size_t)n - 1);
	assert_int_equal(scp03_authenticate(&one, 2, SCP03_LEVEL, a), 21);
	assert_int_equal(a[0], 0x86);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_real_cards_have_it),
		cmocka_unit_test(an_answer_that_was_touched),
		cmocka_unit_test(a_status_that_is_an_error),
		cmocka_unit_test(cards_that_are_refused),
		cmocka_unit_test(commands_that_fit),
		cmocka_unit_test(on_a_logical_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
