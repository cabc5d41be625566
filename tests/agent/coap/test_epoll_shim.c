/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a library asks of an epoll instance and of a timer of its own comes to
 * the one instance of this program; everybody else's calls pass through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "agent/coap/epoll_shim.h"

#define SECOND INT64_C(1000000000)

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* What coap_new_context() does. */
static void context_begin(struct epoll_shim *shim, int real, int *epoll,
			  int *timer)
{
	struct epoll_event event = {.events = EPOLLIN};

	epoll_shim_begin(shim, real);
	*epoll = epoll_create1(EPOLL_CLOEXEC);
	*timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	assert_int_equal(epoll_ctl(*epoll, EPOLL_CTL_ADD, *timer, &event), 0);
	assert_true(epoll_shim_end());
	assert_int_equal(fcntl(*epoll, F_GETFD), -1);	/* no descriptors */
	assert_int_equal(fcntl(*timer, F_GETFD), -1);
}

static void test_timers_are_told(void **state)
{
	int real = epoll_create1(0), epoll, timer;
	const struct itimerspec soon = {.it_value = {2, 500000000}}, never = {0};
	struct epoll_shim shim;
	int64_t before;

	(void)state;
	context_begin(&shim, real, &epoll, &timer);
	assert_int_equal(shim.due, 0);
	before = now();
	assert_int_equal(timerfd_settime(timer, 0, &soon, NULL), 0);
	assert_in_range(shim.due, before + 5 * SECOND / 2,
			now() + 5 * SECOND / 2);
	assert_int_equal(timerfd_settime(timer, 0, &never, NULL), 0);
	assert_int_equal(shim.due, 0);
	epoll_shim_free(&shim);
	epoll_shim_finish();
	close(real);
}

static void test_sockets_are_watched_by_one(void **state)
{
	int real = epoll_create1(0), epoll[2], timer[2], pair[2][2], mine;
	struct epoll_shim shim[2];
	struct epoll_event event, events[4];
	struct epoll_shim_socket *s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		context_begin(&shim[i], real, &epoll[i], &timer[i]);
		shim[i].opening = &pair[i];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]),
				 0);
		event = (struct epoll_event){.events = EPOLLIN,
					     .data.ptr = &pair[i]};
		assert_int_equal(epoll_ctl(epoll[i], EPOLL_CTL_ADD, pair[i][0],
					   &event), 0);
	}
	assert_true(epoll[0] != epoll[1]);
	assert_int_equal(epoll_wait(real, events, 4, 0), 0);
	assert_int_equal(write(pair[1][1], "x", 1), 1);
	assert_int_equal(epoll_wait(real, events, 4, 0), 1);
	s = events[0].data.ptr;
	assert_ptr_equal(s->shim, &shim[1]);
	assert_ptr_equal(s->theirs, &pair[1]);
	assert_int_equal(shim[1].opened, pair[1][0]);
	epoll_shim_disown(pair[1][0], &mine);	/* another's: not done */
	assert_ptr_equal(s->owner, &pair[1]);
	epoll_shim_disown(pair[1][0], &pair[1]);
	assert_null(s->owner);
	epoll_shim_disown(-1, NULL);

	event = (struct epoll_event){.events = EPOLLOUT, .data.ptr = &mine};
	assert_int_equal(epoll_ctl(epoll[0], EPOLL_CTL_MOD, pair[0][0],
				   &event), 0);
	/* Closed in the turn in which its event came. */
	assert_int_equal(epoll_ctl(epoll[1], EPOLL_CTL_DEL, pair[1][0], NULL),
			 0);
	assert_null(s->shim);
	epoll_shim_sweep();
	assert_int_equal(epoll_wait(real, events, 4, 0), 1);
	s = events[0].data.ptr;
	assert_ptr_equal(s->shim, &shim[0]);
	assert_ptr_equal(s->theirs, &mine);
	assert_int_equal(events[0].events, EPOLLOUT);
	assert_int_equal(epoll_ctl(epoll[1], EPOLL_CTL_MOD, pair[1][0],
				   &event), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(epoll_ctl(epoll[0], EPOLL_CTL_DEL, pair[0][0], NULL),
			 0);

	for (int i = 0; i < 2; i++) {
		epoll_shim_free(&shim[i]);
		close(pair[i][0]);
		close(pair[i][1]);
	}
	epoll_shim_finish();
	close(real);
}

static void test_slots_are_used_again(void **state)
{
	int real = epoll_create1(0), epoll[3], timer;
	struct epoll_shim shim[3];

	(void)state;
	for (int i = 0; i < 2; i++)
		context_begin(&shim[i], real, &epoll[i], &timer);
	epoll_shim_free(&shim[0]);
	context_begin(&shim[2], real, &epoll[2], &timer);
	assert_int_equal(epoll[2], epoll[0]);
	epoll_shim_free(&shim[1]);
	epoll_shim_free(&shim[2]);
	epoll_shim_finish();
	close(real);
}

static void test_others_pass_through(void **state)
{
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	const struct itimerspec at_once = {.it_value = {0, 1}};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7};
	struct epoll_shim shim;

	(void)state;
	assert_int_not_equal(fcntl(epoll, F_GETFD), -1);
	assert_int_not_equal(fcntl(timer, F_GETFD), -1);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event), 0);
	assert_int_equal(timerfd_settime(timer, 0, &at_once, NULL), 0);
	event.data.u64 = 0;
	assert_int_equal(epoll_wait(epoll, &event, 1, 1000), 1);
	assert_int_equal(event.data.u64, 7);
	close(timer);
	close(epoll);

	epoll_shim_begin(&shim, epoll);	/* a library that asks for neither */
	assert_false(epoll_shim_end());
	epoll_shim_free(&shim);
	epoll_shim_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_are_told),
		cmocka_unit_test(test_sockets_are_watched_by_one),
		cmocka_unit_test(test_slots_are_used_again),
		cmocka_unit_test(test_others_pass_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
