/* SPDX-License-Identifier: GPL-2.0-or-later
 * The thread of a module: what it tells, and that nothing is told, or taken for
 * told, once it is being closed. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "modules/worker.h"

static struct {
	atomic_int told, refused, destroyed;
	atomic_bool full;
	atomic_bool kept;		/* what was told then is not lost */
} world;

struct module { struct worker worker; };

static bool host_told(void *owner, enum module_event event, const char *text,
		      const uint8_t *bytes, size_t n)
{
	assert_ptr_equal(owner, &world);
	assert_int_equal(event, MODULE_SMS);
	assert_string_equal(text, "+49170");
	assert_memory_equal(bytes, "abc", n);
	if (atomic_load(&world.full))
		return false;
	atomic_fetch_add(&world.told, 1);
	return true;
}

static bool sms_tell(struct worker *w)
{
	return worker_tell(w, MODULE_SMS, "+49170", (const uint8_t *)"abc", 3);
}

/* Tells whenever it is called, and once more at its end. */
static void run(struct worker *w)
{
	struct pollfd wake = {.fd = w->wake, .events = POLLIN};

	while (!worker_is_closing(w)) {
		poll(&wake, 1, -1);
		worker_answer(w);
		if (!worker_is_closing(w) && !sms_tell(w))
			atomic_fetch_add(&world.refused, 1);
	}
	atomic_store(&world.kept, !sms_tell(w));
}

static void destroy(struct worker *w)
{
	atomic_fetch_add(&world.destroyed, 1);
	free(w);
}

static struct worker *started(void)
{
	const struct module_host host = {&world, host_told};
	struct module *m = calloc(1, sizeof(*m));

	memset(&world, 0, sizeof(world));
	assert_non_null(m);
	m->worker.run = run;
	m->worker.destroy = destroy;
	assert_int_equal(worker_start(&m->worker, &host), 0);
	return &m->worker;
}

static void await(atomic_int *number)
{
	for (int i = 0; i < 3000 && !atomic_load(number); i++)
		poll(NULL, 0, 10);
	assert_int_equal(atomic_load(number), 1);
}

static void what_comes_while_it_closes_is_not_told(void **state)
{
	struct worker *w = started();

	(void)state;
	worker_call(w);
	await(&world.told);
	worker_close(w);
	await(&world.destroyed);
	assert_true(atomic_load(&world.kept));
	assert_int_equal(atomic_load(&world.told), 1);
}

static void what_finds_no_room_is_said(void **state)
{
	struct worker *w = started();

	(void)state;
	atomic_store(&world.full, true);
	worker_call(w);
	await(&world.refused);
	worker_close(w);
	await(&world.destroyed);
	assert_int_equal(atomic_load(&world.told), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_while_it_closes_is_not_told),
		cmocka_unit_test(what_finds_no_room_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
