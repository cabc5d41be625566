/* SPDX-License-Identifier: GPL-2.0-or-later
 * For the Bluetooth plug-in as the whole-program tests load it: its own objects,
 * and in place of the kernel's HCI socket one that the test listens at
 * ($LWMUX_HCI). There is no management socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/ble/hci.h"
#include "adapters/ble/mgmt.h"

int __wrap_hci_find(const char *name);
int __wrap_hci_open(int index);
int __wrap_mgmt_open(struct mgmt *mgmt, int index);

int __wrap_hci_find(const char *name)
{
	(void)name;
	return 0;
}

int __wrap_hci_open(int index)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	int rc;

	(void)index;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 getenv("LWMUX_HCI"));
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

int __wrap_mgmt_open(struct mgmt *mgmt, int index)
{
	*mgmt = (struct mgmt){.fd = -1, .index = index};
	return -EPROTONOSUPPORT;
}
