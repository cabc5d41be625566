/* SPDX-License-Identifier: GPL-2.0-or-later
 * The HCI socket of a controller, and the last means to revive it. */
#include "adapters/ble/hci.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rfkill.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/ble/radio.h"

#define INDEX_MAX 255

/* -1: no such name. */
static int index_of(const char *name)
{
	unsigned long index;
	char *end;

	if (strncmp(name, "hci", 3) != 0 || name[3] < '0' || name[3] > '9')
		return -1;
	index = strtoul(name + 3, &end, 10);
	return *end || index > INDEX_MAX ? -1 : (int)index;
}

/* Six pairs of digits, most significant first; the kernel has it the other way. */
static bool address_parse(const char *text, bdaddr_t *address)
{
	char end;
	unsigned b[6];

	if (strlen(text) != 17 ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &end) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		address->b[i] = (uint8_t)b[5 - i];
	return true;
}

bool hci_is_name(const char *name)
{
	bdaddr_t address;

	return index_of(name) >= 0 || address_parse(name, &address);
}

/* Which controller a number has meant since this process runs: numbers move where
 * one is reset or plugged in again while somebody holds the old one, our own
 * connection for example. One bus has one number, and one thread. */
static bdaddr_t meant[INDEX_MAX + 1];

void hci_remember(const char *name, const uint8_t address[6])
{
	int index = index_of(name);

	if (index >= 0)
		memcpy(&meant[index], address, sizeof(*meant));
}

int hci_pick(int named, const uint8_t address[6], const struct hci_there *there,
	     size_t n)
{
	static const uint8_t none[6];
	bool known = memcmp(address, none, 6) != 0;
	int by_name = -ENODEV, by_address = -ENODEV;

	for (size_t i = 0; i < n; i++) {
		bool is_it = known && memcmp(there[i].address, address, 6) == 0;

		if (there[i].index == named)
			by_name = named;
		if (there[i].index == named && is_it)
			return named;	/* before a twin of it */
		if (is_it && by_address < 0)
			by_address = there[i].index;
	}
	return by_address < 0 ? by_name : by_address;
}

/* How many there are; -errno. */
static int there_read(int fd, struct hci_there there[HCI_MAX_DEV])
{
	struct hci_dev_list_req *list =
		calloc(1, sizeof(*list) + HCI_MAX_DEV * sizeof(*list->dev_req));
	int rc = 0;

	if (!list)
		abort();
	list->dev_num = HCI_MAX_DEV;
	if (ioctl(fd, HCIGETDEVLIST, list) < 0)
		rc = -errno;
	for (uint16_t i = 0; rc >= 0 && i < list->dev_num; i++) {
		struct hci_dev_info info = {.dev_id = list->dev_req[i].dev_id};

		if (ioctl(fd, HCIGETDEVINFO, &info) < 0)
			continue;	/* gone between the two */
		there[rc].index = info.dev_id;
		memcpy(there[rc++].address, &info.bdaddr, sizeof(bdaddr_t));
	}
	free(list);
	return rc;
}

int hci_find(const char *name)
{
	struct hci_there there[HCI_MAX_DEV];
	int named = index_of(name), fd, n;
	bdaddr_t address = {{0}};

	if (named >= 0)
		address = meant[named];
	else if (!address_parse(name, &address))
		return -EINVAL;
	fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	if (fd < 0)
		return -errno;
	n = there_read(fd, there);
	close(fd);
	return n < 0 ? n : hci_pick(named, address.b, there, (size_t)n);
}

int hci_open(int index)
{
	return radio_open(RADIO_HCI, index);
}

int hci_read(int fd, uint8_t *packet, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, packet, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? -EPIPE : (int)n;
}

int hci_write(int fd, const uint8_t *packet, size_t n)
{
	return write(fd, packet, n) < 0 ? -errno : 0;
}

/* The number behind rfkill in the controller's directory. */
static int rfkill_number(int index)
{
	char path[64];
	struct dirent *entry;
	int number = -ENODEV;
	DIR *directory;

	snprintf(path, sizeof(path), "/sys/class/bluetooth/hci%d", index);
	directory = opendir(path);
	if (!directory)
		return errno == ENOENT ? -ENODEV : -errno;
	while ((entry = readdir(directory)))
		if (sscanf(entry->d_name, "rfkill%d", &number) == 1)
			break;
	closedir(directory);
	return number;
}

int hci_rfkill(int index)
{
	struct rfkill_event event = {.op = RFKILL_OP_CHANGE, .soft = 1};
	int number = rfkill_number(index), fd, rc = 0;

	if (number < 0)
		return number;
	event.idx = (uint32_t)number;
	fd = open("/dev/rfkill", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, &event, RFKILL_EVENT_SIZE_V1) < 0)
		rc = -errno;
	event.soft = 0;
	if (write(fd, &event, RFKILL_EVENT_SIZE_V1) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* The USB device is the directory above that of the interface, which `device`
 * links to: the kernel goes up from there. */
static int usb_number(int index, const char *name)
{
	char path[96];
	int number = -ENODEV;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/bluetooth/hci%d/device/../%s",
		 index, name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fscanf(file, "%d", &number) != 1)
		number = -ENODEV;
	fclose(file);
	return number;
}

int hci_usb_reset(int index)
{
	int bus = usb_number(index, "busnum");
	int device = usb_number(index, "devnum");
	char path[64];
	int fd, rc;

	if (bus < 0 || device < 0)
		return -ENODEV;
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", bus, device);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = ioctl(fd, USBDEVFS_RESET, 0) < 0 ? -errno : 0;
	close(fd);
	return rc;
}
