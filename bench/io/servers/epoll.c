/*
 * An echo server on epoll in C, with nothing around it: what the system itself costs. By the rules of ../server.ts: `epoll KIND PLACE`; it knows `protocol`, `buffered` and `unix`.
 *
 * One buffer for all connections; what the system does not take of an answer is copied aside, and nothing is received on that connection until it has gone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS = 1024, BUFFER_SIZE = 256 * 1024 };

struct connection {
  int fd;
  char *rest;
  size_t size, sent;
};

static int set;
static char buffer[BUFFER_SIZE];

static void watch(int operation, struct connection *connection, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(set, operation, connection->fd, &event);
}

static int listen_at(const char *kind, const char *path) {
  int one = 1;
  if (strcmp(kind, "unix") == 0) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 511)) return -1;
    printf("{}\n");
    return fd;
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (bind(fd, (void *)&address, sizeof address) || listen(fd, 511)) return -1;
  getsockname(fd, (void *)&address, &length);
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  return fd;
}

static void answer(void) {
  char line[64];
  struct rusage usage;
  if (read(0, line, sizeof line) <= 0) exit(0);
  getrusage(RUSAGE_SELF, &usage);
  long long user = usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec;
  long long system = usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec;
  printf("{\"cpu\":%lld}\n", user + system);
  fflush(stdout);
}

static void accept_all(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct connection *connection = calloc(1, sizeof *connection);
    connection->fd = fd;
    watch(EPOLL_CTL_ADD, connection, EPOLLIN);
  }
}

static void go_on(struct connection *connection) {
  ssize_t sent =
      send(connection->fd, connection->rest + connection->sent, connection->size - connection->sent, MSG_NOSIGNAL);
  if (sent > 0) connection->sent += sent;
  if (connection->sent < connection->size) return;
  free(connection->rest);
  connection->rest = NULL;
  watch(EPOLL_CTL_MOD, connection, EPOLLIN);
}

static void echo(struct connection *connection) {
  ssize_t size = recv(connection->fd, buffer, sizeof buffer, 0);
  if (size <= 0) {
    if (size < 0 && errno == EAGAIN) return;
    close(connection->fd);
    free(connection);
    return;
  }
  ssize_t sent = send(connection->fd, buffer, size, MSG_NOSIGNAL);
  if (sent < 0) sent = 0;
  if (sent == size) return;
  connection->size = size - sent;
  connection->sent = 0;
  connection->rest = malloc(connection->size);
  memcpy(connection->rest, buffer + sent, connection->size);
  watch(EPOLL_CTL_MOD, connection, EPOLLOUT);
}

int main(int count, char **arguments) {
  const char *kind = count > 1 ? arguments[1] : "";
  if (strcmp(kind, "protocol") && strcmp(kind, "buffered") && strcmp(kind, "unix")) {
    fprintf(stderr, "has no scenario %s\n", kind);
    return 1;
  }
  struct connection asked = {.fd = 0}, listener = {.fd = listen_at(kind, count > 2 ? arguments[2] : "")};
  if (listener.fd < 0) {
    perror("listen");
    return 1;
  }
  fflush(stdout);
  set = epoll_create1(0);
  watch(EPOLL_CTL_ADD, &asked, EPOLLIN);
  watch(EPOLL_CTL_ADD, &listener, EPOLLIN);
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(set, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection == &asked) answer();
      else if (connection == &listener) accept_all(listener.fd);
      else if (connection->rest != NULL) go_on(connection);
      else echo(connection);
    }
  }
}
