/* SPDX-License-Identifier: GPL-2.0-or-later
 * The states of a Type=notify (and notify-reload) service. */
#include <inttypes.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include "agent/base/sdnotify.h"

void sdnotify_ready(void)
{
	sd_notify(0, "READY=1");
}

void sdnotify_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}

void sdnotify_reloading(int64_t now)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now / 1000);
}

void sdnotify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

uint64_t sdnotify_watchdog(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2000 : 0;
}

void sdnotify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

int sdnotify_listener(void)
{
	int n = sd_listen_fds(0);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0)
			return fd;
	return -1;
}
