/* SPDX-License-Identifier: GPL-2.0-or-later
 * Messages between threads: in order, bounded, and none is lost. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/base/mailbox.h"

static bool is_readable(const struct mailbox *box)
{
	struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void descriptor_tells_whether_something_is_there(void **state)
{
	struct mailbox *box = mailbox_create(sizeof(int), 4);
	int message = 1, taken[4];

	(void)state;
	assert_false(is_readable(box));
	assert_int_equal(mailbox_take(box, taken, 4), 0);
	assert_true(mailbox_put(box, &message));
	message = 2;
	mailbox_put_waiting(box, &message);
	assert_true(is_readable(box));
	assert_int_equal(mailbox_take(box, taken, 1), 1);
	assert_int_equal(taken[0], 1);
	assert_true(is_readable(box));
	assert_int_equal(mailbox_take(box, taken, 4), 1);
	assert_int_equal(taken[0], 2);
	assert_false(is_readable(box));
	mailbox_destroy(box);
	mailbox_destroy(NULL);
}

/* Nothing clears the eventfd any more; each filling is an edge of its own. */
static void edge_comes_with_each_filling(void **state)
{
	struct mailbox *box = mailbox_create(sizeof(int), 4);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int epoll = epoll_create1(0), message = 1, taken[4];

	(void)state;
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, mailbox_edges(box),
				   &event), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
		assert_true(mailbox_put(box, &message));
		assert_true(mailbox_put(box, &message));
		assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1);
		assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
		assert_int_equal(mailbox_take(box, taken, 4), 2);
	}
	assert_true(is_readable(box));
	close(epoll);
	mailbox_destroy(box);
}

static void full_box_takes_nothing(void **state)
{
	struct mailbox *box = mailbox_create(sizeof(int), 3);
	int taken[4];

	(void)state;
	for (int round = 0; round < 5; round++) {	/* wraps around */
		for (int i = 0; i < 3; i++)
			assert_true(mailbox_put(box, &i));
		assert_false(mailbox_put(box, &round));
		assert_int_equal(mailbox_take(box, taken, 4), 3);
		for (int i = 0; i < 3; i++)
			assert_int_equal(taken[i], i);
		assert_true(mailbox_put(box, &round));
		assert_int_equal(mailbox_take(box, taken, 4), 1);
		assert_int_equal(taken[0], round);
	}
	mailbox_destroy(box);
}

enum { WRITERS = 4, MESSAGES = 20000 };
struct letter { uint32_t writer, number; };
struct writer { struct mailbox *box; uint32_t number; };

static void *writer_run(void *argument)
{
	struct writer *w = argument;

	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct letter letter = {w->number, i};

		mailbox_put_waiting(w->box, &letter);
	}
	return NULL;
}

static void each_writer_is_read_in_its_order(void **state)
{
	struct mailbox *box = mailbox_create(sizeof(struct letter), 7);
	struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
	struct writer writers[WRITERS] = {0};
	uint32_t next[WRITERS] = {0};
	pthread_t threads[WRITERS];
	struct letter letters[5];
	size_t total = 0, n;

	(void)state;
	for (uint32_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){box, i};
		pthread_create(&threads[i], NULL, writer_run, &writers[i]);
	}
	while (total < WRITERS * MESSAGES) {
		assert_int_equal(poll(&fd, 1, 30000), 1);
		n = mailbox_take(box, letters, 5);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(letters[i].number,
					 next[letters[i].writer]++);
		total += n;
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_false(is_readable(box));
	mailbox_destroy(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptor_tells_whether_something_is_there),
		cmocka_unit_test(edge_comes_with_each_filling),
		cmocka_unit_test(full_box_takes_nothing),
		cmocka_unit_test(each_writer_is_read_in_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
