/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections and serial ports, opened for the wire. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "adapters/modbus/wire.h"

#define USER_TIMEOUT_MS 15000	/* a peer that acknowledges nothing is gone */

static const struct { int baud; speed_t speed; } rates[] = {
	{300, B300}, {600, B600}, {1200, B1200}, {2400, B2400}, {4800, B4800},
	{9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600},
	{115200, B115200}, {230400, B230400}, {460800, B460800},
	{500000, B500000}, {576000, B576000}, {921600, B921600},
	{1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000},
	{2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000},
	{3500000, B3500000}, {4000000, B4000000},
};

static bool rate_find(int baud, speed_t *speed)
{
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (rates[i].baud == baud) {
			*speed = rates[i].speed;
			return true;
		}
	return false;
}

bool wire_line_read(const char *text, struct wire_line *line)
{
	speed_t speed;
	char rest;

	return sscanf(text, "%7d %1d%c%1d%c", &line->baud, &line->bits,
		      &line->parity, &line->stop, &rest) == 4 &&
	       rate_find(line->baud, &speed) && line->bits >= 7 &&
	       line->bits <= 8 && line->parity && strchr("NEO", line->parity) &&
	       line->stop >= 1 && line->stop <= 2;
}

/* ---- TCP */

static int wait_ms(int64_t deadline)
{
	int64_t left = deadline - wire_now();

	return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static int connect_one(const struct addrinfo *to, int64_t deadline)
{
	struct pollfd ready = {.events = POLLOUT};
	int error = 0, fd;
	socklen_t n = sizeof(error);

	fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	ready.fd = fd;
	if (connect(fd, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS)
		error = errno;
	else if (poll(&ready, 1, wait_ms(deadline)) != 1)
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n))
		error = errno;
	if (!error)
		return fd;
	close(fd);
	return -error;
}

/* A half-open connection must not look alive for ever. */
static void socket_tune(int fd)
{
	int on = 1, idle = 60, user = USER_TIMEOUT_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user, sizeof(user));
}

/* False: the host is a name. An address is not looked up: that would cost a page
 * of each of hundreds of stacks. */
static bool address_connect(const struct wire_settings *s, int64_t deadline,
			    int *fd)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_port = htons(s->tcp_port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(s->tcp_port)};
	struct addrinfo to4 = {.ai_family = AF_INET, .ai_addrlen = sizeof(v4),
			       .ai_addr = (struct sockaddr *)&v4};
	struct addrinfo to6 = {.ai_family = AF_INET6, .ai_addrlen = sizeof(v6),
			       .ai_addr = (struct sockaddr *)&v6};
	bool is_v4 = inet_pton(AF_INET, s->host, &v4.sin_addr) == 1;

	if (!is_v4 && inet_pton(AF_INET6, s->host, &v6.sin6_addr) != 1)
		return false;
	*fd = connect_one(is_v4 ? &to4 : &to6, deadline);
	return true;
}

static int name_connect(const struct wire_settings *s, int64_t deadline,
			char text[WIRE_TEXT_MAX])
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *list, *to;
	int fd = -EHOSTUNREACH, rc;
	char port[8];

	snprintf(port, sizeof(port), "%u", s->tcp_port);
	rc = getaddrinfo(s->host, port, &want, &list);
	if (rc) {
		snprintf(text, WIRE_TEXT_MAX, "cannot resolve %.80s: %s",
			 s->host, gai_strerror(rc));
		return fd;
	}
	for (to = list; to && fd < 0; to = to->ai_next)
		fd = connect_one(to, deadline);
	freeaddrinfo(list);
	return fd;
}

static int tcp_connect(const struct wire_settings *s, char text[WIRE_TEXT_MAX])
{
	int64_t deadline = wire_now() + s->timeout;
	int fd;

	*text = '\0';
	if (!address_connect(s, deadline, &fd))
		fd = name_connect(s, deadline, text);
	if (fd >= 0)
		socket_tune(fd);
	else if (!*text)
		snprintf(text, WIRE_TEXT_MAX, "cannot connect to %.80s:%u: %s",
			 s->host, s->tcp_port, strerror(-fd));
	return fd;
}

/* ---- a serial port */

static int line_set(int fd, const struct wire_line *line)
{
	struct termios port;
	speed_t speed = B9600;

	if (tcgetattr(fd, &port))
		return -errno;
	rate_find(line->baud, &speed);
	cfmakeraw(&port);
	cfsetspeed(&port, speed);
	port.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | PARODD | CSTOPB |
				    CRTSCTS);
	port.c_cflag |= CREAD | CLOCAL | (line->bits == 7 ? CS7 : CS8);
	if (line->parity != 'N')
		port.c_cflag |= PARENB;
	if (line->parity == 'O')
		port.c_cflag |= PARODD;
	if (line->stop == 2)
		port.c_cflag |= CSTOPB;
	if (line->parity != 'N')
		port.c_iflag |= INPCK;
	port.c_cc[VMIN] = 0;
	port.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &port) ? -errno : 0;
}

static int rs485_set(int fd)
{
	struct serial_rs485 rs485 = {
		.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND};

	return ioctl(fd, TIOCSRS485, &rs485) ? -errno : 0;
}

static int open_failed(int error, const char *port, char text[WIRE_TEXT_MAX])
{
	if (error == EBUSY)
		snprintf(text, WIRE_TEXT_MAX, "%.60s is in use by another "
			 "program (lwmuxd, ModemManager, a terminal?): fuser -v "
			 "names it", port);
	else
		snprintf(text, WIRE_TEXT_MAX, "cannot open %.100s: %s", port,
			 strerror(error));
	return -error;
}

#define PTY_FIRST 136		/* majors of Unix98 slaves, admin-guide/devices */
#define PTY_LAST 143

/* Two masters on a line ruin each other's frames. The lock keeps those away who
 * ask for it, TIOCEXCL all others but root, until the line's last close. That of
 * a pseudo terminal is its other side's: a killed owner would lock out itself.
 * Where there are no locks it goes without. */
static int port_lock(int fd)
{
	struct stat stat;

	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	if (fstat(fd, &stat) == 0 && (major(stat.st_rdev) < PTY_FIRST ||
				      major(stat.st_rdev) > PTY_LAST))
		ioctl(fd, TIOCEXCL);
	return 0;
}

static int port_open(const struct wire_settings *s, char text[WIRE_TEXT_MAX])
{
	const struct wire_line *l = &s->line;
	int fd = open(s->port, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0)
		return open_failed(errno, s->port, text);
	rc = port_lock(fd);
	if (rc) {
		close(fd);
		return open_failed(-rc, s->port, text);
	}
	rc = line_set(fd, l);
	if (rc)
		snprintf(text, WIRE_TEXT_MAX, "cannot set %d %d%c%d on %.80s: "
			 "%s", l->baud, l->bits, l->parity, l->stop, s->port,
			 strerror(-rc));
	if (rc == 0 && s->rs485 && (rc = rs485_set(fd)) != 0)
		snprintf(text, WIRE_TEXT_MAX, "%.80s cannot switch RS-485 "
			 "(rs485: yes): %s", s->port, strerror(-rc));
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int wire_connect(const struct wire_settings *settings,
		 char text[WIRE_TEXT_MAX])
{
	*text = '\0';
	return settings->transport == WIRE_RTU ? port_open(settings, text)
					       : tcp_connect(settings, text);
}
