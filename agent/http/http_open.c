/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sockets and tokens: who could reach us, and what they must know. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/base/log.h"
#include "agent/base/sdnotify.h"
#include "agent/config/config_build.h"
#include "agent/config/config_token.h"
#include "agent/gateway/gateway.h"
#include "agent/http/http_private.h"

#define BACKLOG 16

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Its length; 0: no address. */
static socklen_t address_of(const struct config_listen *at, union address *to)
{
	memset(to, 0, sizeof(*to));
	if (at->v6) {
		to->v6.sin6_family = AF_INET6;
		to->v6.sin6_port = htons(at->port);
		return inet_pton(AF_INET6, at->host, &to->v6.sin6_addr) == 1 ?
		       sizeof(to->v6) : 0;
	}
	to->v4.sin_family = AF_INET;
	to->v4.sin_port = htons(at->port);
	return inet_pton(AF_INET, at->host, &to->v4.sin_addr) == 1 ?
	       sizeof(to->v4) : 0;
}

static int socket_bound(const union address *at, socklen_t length)
{
	const int on = 1;
	int fd = socket(at->any.sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &at->any, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	length = (socklen_t)errno;
	close(fd);
	return -(int)length;
}

int http_listen(const char *at)
{
	struct config_listen listen;
	union address address;
	socklen_t length;
	int fd = -EINVAL;

	if (config_listen_parse(at, &listen) == 0) {
		length = address_of(&listen, &address);
		fd = length ? socket_bound(&address, length) : -EINVAL;
	}
	if (fd < 0)
		log_line(LOG_ERROR, NULL, NULL, "http: cannot listen at %s: %s",
			 at, strerror(-fd));
	return fd;
}

int http_inherited(void)
{
	int fd = sdnotify_listener();

	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

bool http_is_local(int fd)
{
	union address at;
	struct sockaddr_storage any = {0};
	socklen_t length = sizeof(any);

	if (getsockname(fd, (struct sockaddr *)&any, &length) < 0)
		return false;
	memcpy(&at, &any, sizeof(at));
	if (at.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&at.v6.sin6_addr);
	if (at.any.sa_family == AF_INET)
		return ntohl(at.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return at.any.sa_family == AF_UNIX;
}

bool http_token_read(const struct gateway *g, char **token)
{
	const char *path = g->page.token_file;
	char why[300] = "";

	*token = path ? config_token_read(g->services.dirs.config, path, why,
					  sizeof(why)) : NULL;
	if (*token || !path)
		return true;
	log_line(LOG_ERROR, NULL, NULL, "http_token_file %s %s", path, why);
	return false;
}
