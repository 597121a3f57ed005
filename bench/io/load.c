/*
 * A load client for echo servers: N connections, each of which sends a message, waits until all of it has come back, and sends the next one.
 *
 *   load (--tcp HOST PORT | --unix PATH | --udp HOST PORT) [--tls] [--connections N] [--size BYTES] [--seconds S | --requests N] [--sink]
 *
 * Prints one line of JSON: how many requests there were, in how many seconds, how long they took (microseconds; p50, p99, the longest), how many
 * datagrams had to be sent again, and the processor time of this process (microseconds). Fails, with a message, where a server closes a
 * connection, or where the first answer on a connection is not what was sent (later ones are counted, not compared).
 *
 * With --sink the connections send nothing, and read until the server closes them; a request is a byte then.
 *
 * One thread and one epoll set, so that it costs less than any server it measures: about 4 microseconds a request of 1 KiB, nearly all of it in the
 * kernel. TLS comes from the system's libssl, loaded when asked for, so that building needs no headers but the C library's. Linux alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 20, EVENTS = 256, RESEND_MS = 200 };

static const char *host, *path;
static int port, udp, tls, sink, connections = 1;
static size_t size = 1024;
static double seconds = 0;
static uint64_t limit = 0;

static void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- how long requests took: 64 buckets for each power of two, so that a figure is right to 1.6 % ---- */

enum { SUB_BITS = 6, BUCKETS = 64 << SUB_BITS };
static uint64_t buckets[BUCKETS];
static uint64_t longest_ns;

static void note_time(uint64_t ns) {
  if (ns > longest_ns) longest_ns = ns;
  int shift = ns < (1u << SUB_BITS) ? 0 : 63 - __builtin_clzll(ns) - SUB_BITS;
  buckets[((uint64_t)shift << SUB_BITS) + (ns >> shift)]++;
}

static double quantile_us(double q, uint64_t total) {
  uint64_t rank = (uint64_t)(q * (double)total), seen = 0;
  for (int i = 0; i < BUCKETS; i++) {
    seen += buckets[i];
    if (seen <= rank) continue;
    int shift = i < (2 << SUB_BITS) ? 0 : (i >> SUB_BITS) - 1;
    uint64_t low = ((uint64_t)i - ((uint64_t)shift << SUB_BITS)) << shift;
    return (double)(low + ((1ull << shift) >> 1)) / 1000;
  }
  return 0;
}

/* ---- TLS, from the system's library ---- */

enum { WANT_READ = 2, WANT_WRITE = 3, ZERO_RETURN = 6, CTRL_MODE = 33, PARTIAL_WRITES = 3 };
static void *(*tls_method)(void), *(*ctx_new)(void *), *(*ssl_new)(void *);
static int (*ssl_set_fd)(void *, int), (*ssl_connect)(void *), (*ssl_read)(void *, void *, int),
    (*ssl_write)(void *, const void *, int), (*ssl_get_error)(void *, int);
static long (*ssl_ctrl)(void *, int, long, void *);
static void *tls_context;

static void load_tls(void) {
  const char *names[] = {"libssl.so.3", "libssl.so.1.1", "libssl.so"};
  void *library = NULL;
  for (int i = 0; i < 3 && library == NULL; i++) library = dlopen(names[i], RTLD_NOW);
  if (library == NULL) fail("no libssl was found: %s", dlerror());
#define FIND(variable, name) \
  if ((*(void **)&variable = dlsym(library, name)) == NULL) fail("libssl has no %s", name)
  FIND(tls_method, "TLS_client_method");
  FIND(ctx_new, "SSL_CTX_new");
  FIND(ssl_new, "SSL_new");
  FIND(ssl_set_fd, "SSL_set_fd");
  FIND(ssl_connect, "SSL_connect");
  FIND(ssl_read, "SSL_read");
  FIND(ssl_write, "SSL_write");
  FIND(ssl_get_error, "SSL_get_error");
  FIND(ssl_ctrl, "SSL_ctrl");
  tls_context = ctx_new(tls_method());
}

/* ---- connections ---- */

typedef struct {
  int fd;
  void *ssl;
  size_t sent, received;
  uint64_t begun;
  int watched, compared;
} Connection;

static int poller;
static char *message, *buffer;
static uint64_t requests, resent;
/* How many connections wait for an answer, and whether no more is to be asked. */
static int outstanding, ending;

/* How many bytes went, 0 where none can go now. */
static size_t put(Connection *c, const char *data, size_t count) {
  if (c->ssl != NULL) {
    int n = ssl_write(c->ssl, data, (int)count);
    if (n > 0) return (size_t)n;
    int why = ssl_get_error(c->ssl, n);
    if (why != WANT_READ && why != WANT_WRITE) fail("TLS: writing failed (%d)", why);
    return 0;
  }
  ssize_t n = send(c->fd, data, count, MSG_NOSIGNAL);
  if (n >= 0) return (size_t)n;
  if (errno != EAGAIN) fail("send: %s", strerror(errno));
  return 0;
}

/* How many bytes came, -1 where none have, 0 at the end. */
static ssize_t get(Connection *c) {
  if (c->ssl != NULL) {
    int n = ssl_read(c->ssl, buffer, BUFFER_SIZE);
    if (n > 0) return n;
    int why = ssl_get_error(c->ssl, n);
    if (why == ZERO_RETURN) return 0;
    if (why != WANT_READ && why != WANT_WRITE) fail("TLS: reading failed (%d)", why);
    return -1;
  }
  ssize_t n = recv(c->fd, buffer, BUFFER_SIZE, 0);
  if (n < 0 && errno != EAGAIN && !(udp && errno == ECONNREFUSED)) fail("recv: %s", strerror(errno));
  return n;
}

static void watch(Connection *c, int events) {
  if (c->watched == events) return;
  struct epoll_event event = {.events = (uint32_t)events, .data.ptr = c};
  if (epoll_ctl(poller, c->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &event) < 0)
    fail("epoll_ctl: %s", strerror(errno));
  c->watched = events;
}

static void send_more(Connection *c) {
  while (c->sent < size) {
    size_t n = put(c, message + c->sent, size - c->sent);
    if (n == 0) break;
    c->sent += n;
  }
  watch(c, c->sent < size ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void begin(Connection *c, uint64_t now) {
  if (c->begun == 0) outstanding++;
  c->sent = c->received = 0;
  c->begun = now;
  send_more(c);
}

/* Returns whether the connection has ended. */
static int receive(Connection *c) {
  for (;;) {
    ssize_t n = get(c);
    if (n < 0) return 0;
    if (sink) {
      if (n == 0) return 1;
      requests += (uint64_t)n;
      continue;
    }
    if (n == 0) fail("the server closed a connection");
    if (!c->compared && memcmp(buffer, message + c->received, (size_t)n) != 0)
      fail("the answer is not what was sent");
    c->received += (size_t)n;
    if (c->received > size || (udp && c->received != size)) fail("the answer has another size than what was sent");
    if (c->received == size) {
      c->compared = 1;
      uint64_t now = now_ns();
      if (!ending) {
        note_time(now - c->begun);
        requests++;
        if (limit > 0 && requests >= limit) ending = 1;
      }
      if (ending) {
        c->begun = 0;
        outstanding--;
        return 0;
      }
      begin(c, now);
    }
    /* A short read has taken all there is. */
    if (c->ssl == NULL && n < BUFFER_SIZE) return 0;
  }
}

static void connect_one(Connection *c) {
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_un named = {.sun_family = AF_UNIX};
  struct sockaddr *address = (struct sockaddr *)&four;
  socklen_t length = sizeof four;
  if (path != NULL) {
    if (strlen(path) >= sizeof named.sun_path) fail("the path is too long");
    strcpy(named.sun_path, path);
    address = (struct sockaddr *)&named, length = sizeof named;
  } else if (inet_pton(AF_INET6, host, &six.sin6_addr) == 1) {
    address = (struct sockaddr *)&six, length = sizeof six;
  } else if (inet_pton(AF_INET, host, &four.sin_addr) != 1) {
    fail("%s is not an address", host);
  }
  c->fd = socket(address->sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (c->fd < 0) fail("socket: %s", strerror(errno));
  if (connect(c->fd, address, length) < 0) fail("connect: %s", strerror(errno));
  int yes = 1;
  if (path == NULL && !udp) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (tls) {
    c->ssl = ssl_new(tls_context);
    ssl_ctrl(c->ssl, CTRL_MODE, PARTIAL_WRITES, NULL);
    ssl_set_fd(c->ssl, c->fd);
    if (ssl_connect(c->ssl) != 1) fail("TLS: the handshake failed");
  }
  fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
}

static const char *value_of(int argc, char **argv, int *i) {
  if (++*i >= argc) fail("%s needs a value", argv[*i - 1]);
  return argv[*i];
}

static void parse(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *flag = argv[i];
    if (strcmp(flag, "--tcp") == 0 || strcmp(flag, "--udp") == 0) {
      udp = flag[2] == 'u';
      host = value_of(argc, argv, &i);
      port = atoi(value_of(argc, argv, &i));
    } else if (strcmp(flag, "--unix") == 0) path = value_of(argc, argv, &i);
    else if (strcmp(flag, "--tls") == 0) tls = 1;
    else if (strcmp(flag, "--sink") == 0) sink = 1;
    else if (strcmp(flag, "--connections") == 0) connections = atoi(value_of(argc, argv, &i));
    else if (strcmp(flag, "--size") == 0) size = strtoul(value_of(argc, argv, &i), NULL, 10);
    else if (strcmp(flag, "--seconds") == 0) seconds = atof(value_of(argc, argv, &i));
    else if (strcmp(flag, "--requests") == 0) limit = strtoull(value_of(argc, argv, &i), NULL, 10);
    else fail("%s is not known; the flags stand at the top of load.c", flag);
  }
  if (host == NULL && path == NULL) fail("where to? --tcp HOST PORT, --unix PATH or --udp HOST PORT");
  if (connections < 1 || size < 1) fail("--connections and --size must be at least 1");
  if (!sink && seconds <= 0 && limit == 0) fail("how long? --seconds S or --requests N");
  if (tls && udp) fail("there is no TLS over datagrams here");
}

int main(int argc, char **argv) {
  parse(argc, argv);
  if (tls) load_tls();
  poller = epoll_create1(0);
  message = malloc(size);
  buffer = malloc(BUFFER_SIZE);
  Connection *all = calloc((size_t)connections, sizeof *all);
  if (message == NULL || buffer == NULL || all == NULL) fail("no memory");
  for (size_t i = 0; i < size; i++) message[i] = (char)(i * 31 + (i >> 8));
  for (int i = 0; i < connections; i++) connect_one(&all[i]);

  uint64_t start = now_ns(), end = seconds > 0 ? start + (uint64_t)(seconds * 1e9) : UINT64_MAX, looked = start, now;
  double took = 0;
  int open = connections;
  for (int i = 0; i < connections; i++) {
    if (sink) watch(&all[i], EPOLLIN);
    else begin(&all[i], now_ns());
  }
  struct epoll_event events[EVENTS];
  while (open > 0 && (!ending || (outstanding > 0 && !sink))) {
    int count = epoll_wait(poller, events, EVENTS, RESEND_MS / 2);
    if (count < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    now = now_ns();
    /* What is under way is waited for, so that no connection is broken off; but it does not count. */
    if (now >= end) ending = 1;
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 && receive(c)) {
        epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
        close(c->fd);
        open--;
      } else if ((events[i].events & EPOLLOUT) != 0) send_more(c);
    }
    if (ending && took == 0) took = (double)(now_ns() - start) / 1e9;
    /* Datagrams may be lost. */
    if (!udp || now - looked < RESEND_MS * 1000000ull) continue;
    looked = now;
    for (int i = 0; i < connections; i++) {
      if (all[i].begun == 0 || now < all[i].begun + RESEND_MS * 1000000ull) continue;
      resent++;
      begin(&all[i], now);
    }
  }
  if (took == 0) took = (double)(now_ns() - start) / 1e9;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  uint64_t cpu = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
                 (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  printf("{\"requests\":%llu,\"seconds\":%.6f,\"rps\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"longest\":%.1f,\"resent\":%llu,\"cpu\":%llu}\n",
         (unsigned long long)requests, took, (double)requests / took, quantile_us(0.5, requests),
         quantile_us(0.99, requests), (double)longest_ns / 1000, (unsigned long long)resent, (unsigned long long)cpu);
  return 0;
}
