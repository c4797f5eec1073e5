// The same client for ./heddle serve and for Redis (XADD): one thread, epoll, a closed loop. It prints one JSON object on stdout.
//
//   submit heddle|redis PORT CONNECTIONS WINDOW BYTES WARM_UP SECONDS PID
//
// Each connection keeps WINDOW messages of BYTES bytes on their way and sends another for each answer. A latency counts from the write
// that sent the message to the read that brought its answer. What is answered within SECONDS after WARM_UP counts; so does the processor
// time of the process PID between the same instants, from /proc. Answers come in the order of the messages; each is looked at, and the
// first one that is no success, or of another message, ends the program with 1.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW_MAX = 4096, BYTES_MAX = 65536, IN_BYTES = 65536, EVENTS_MAX = 512, MICROS_MAX = 10000000 };

struct conn {
    int fd;
    uint64_t sent, answered;
    uint64_t *sent_at;  // of the messages on their way, by number modulo the window
    unsigned char in[IN_BYTES];
    size_t in_bytes;
    unsigned char *out;
    size_t out_begin, out_end;
};

static bool redis;
static unsigned window;
static unsigned char message[BYTES_MAX + 128];
static size_t message_bytes;
static uint32_t latencies[MICROS_MAX + 1];  // how many took so many us
static uint64_t counted;
static bool counting;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("submit: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static uint64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * UINT64_C(1000000000) + at.tv_nsec;
}

static double cpu_seconds(const char *pid) {
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%s/stat", pid);
    FILE *file = fopen(name, "r");
    size_t bytes = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[bytes] = 0;
    unsigned long user, system;
    char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        fail("%s: %s", name, strerror(errno));
    }
    fclose(file);
    return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static void make_message(size_t bytes) {
    char dots[BYTES_MAX + 1];
    memset(dots, '.', bytes);
    dots[bytes] = 0;
    if (redis) {
        message_bytes = sprintf((char *)message, "*5\r\n$4\r\nXADD\r\n$6\r\nstream\r\n$1\r\n*\r\n$1\r\nm\r\n$%zu\r\n%s\r\n", bytes, dots);
    } else {
        uint32_t length = htobe32(13 + bytes);
        memcpy(message, &length, 4);
        message[4] = 2;  // submit
        memcpy(message + 13, dots, bytes);
        message_bytes = 13 + bytes;
    }
}

static void flush(struct conn *conn) {
    while (conn->out_begin < conn->out_end) {
        ssize_t n = send(conn->fd, conn->out + conn->out_begin, conn->out_end - conn->out_begin, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            return;  // the rest goes with the next answer: there is one on its way
        }
        if (n < 0) {
            fail("send: %s", strerror(errno));
        }
        conn->out_begin += n;
    }
    conn->out_begin = conn->out_end = 0;
}

static void fill(struct conn *conn, uint64_t at) {
    memmove(conn->out, conn->out + conn->out_begin, conn->out_end - conn->out_begin);
    conn->out_end -= conn->out_begin;
    conn->out_begin = 0;
    while (conn->sent - conn->answered < window) {
        memcpy(conn->out + conn->out_end, message, message_bytes);
        if (!redis) {
            uint64_t id = htobe64(conn->sent);
            memcpy(conn->out + conn->out_end + 5, &id, 8);
        }
        conn->out_end += message_bytes;
        conn->sent_at[conn->sent++ % window] = at;
    }
    flush(conn);
}

// Takes one answer; how many bytes it had, 0 if it is not there yet.
static size_t answer(struct conn *conn, size_t begin) {
    const unsigned char *in = conn->in + begin;
    size_t there = conn->in_bytes - begin;
    if (redis) {
        const unsigned char *line = memchr(in, '\n', there);
        if (!line) {
            return 0;
        }
        if (in[0] != '$') {
            fail("redis: %.*s", (int)(line - in), (const char *)in);
        }
        size_t all = line - in + 1 + strtoul((const char *)in + 1, NULL, 10) + 2;
        return there < all ? 0 : all;
    }
    if (there < 14) {
        return 0;
    }
    uint64_t id;
    memcpy(&id, in + 5, 8);
    if (in[3] != 14 || in[4] != 0x82 || in[13] != 0 || be64toh(id) != conn->answered) {
        fail("answer 0x%02x of %llu is %d, where %llu is next", in[4], (unsigned long long)be64toh(id), in[13],
             (unsigned long long)conn->answered);
    }
    return 14;
}

static void readable(struct conn *conn) {
    ssize_t n = recv(conn->fd, conn->in + conn->in_bytes, IN_BYTES - conn->in_bytes, 0);
    if (n <= 0) {
        fail("recv: %s", n == 0 ? "the server closed it" : strerror(errno));
    }
    conn->in_bytes += n;
    uint64_t at = now();
    size_t begin = 0;
    for (size_t bytes; (bytes = answer(conn, begin)) > 0; begin += bytes) {
        uint64_t micros = (at - conn->sent_at[conn->answered++ % window]) / 1000;
        if (counting) {
            latencies[micros < MICROS_MAX ? micros : MICROS_MAX]++;
            counted++;
        }
    }
    memmove(conn->in, conn->in + begin, conn->in_bytes - begin);
    conn->in_bytes -= begin;
    fill(conn, at);
}

static void introduce(struct conn *conn, int number) {
    char name[32];
    unsigned char frame[64], ack[14];
    int bytes = 13 + snprintf(name, sizeof name, "submit-%d", number) + 1;
    memset(frame, 0, sizeof frame);
    frame[3] = bytes;
    frame[4] = 1;  // conn
    memcpy(frame + 13, name, bytes - 13);
    if (send(conn->fd, frame, bytes, MSG_NOSIGNAL) != bytes || recv(conn->fd, ack, 14, MSG_WAITALL) != 14 || ack[13] != 0) {
        fail("not let in");
    }
}

static double percentile(double part) {
    uint64_t rank = part * counted, seen = 0;
    for (int micros = 0; micros <= MICROS_MAX; micros++) {
        seen += latencies[micros];
        if (seen > rank) {
            return micros / 1e3;
        }
    }
    return MICROS_MAX / 1e3;
}

int main(int count, char **arguments) {
    if (count != 9 || (strcmp(arguments[1], "heddle") && strcmp(arguments[1], "redis"))) {
        fail("want heddle|redis PORT CONNECTIONS WINDOW BYTES WARM_UP SECONDS PID");
    }
    redis = !strcmp(arguments[1], "redis");
    int connections = atoi(arguments[3]);
    window = atoi(arguments[4]);
    size_t bytes = atoi(arguments[5]);
    if (connections < 1 || window < 1 || window > WINDOW_MAX || bytes > BYTES_MAX) {
        fail("want connections, a window to %d, and bytes to %d", WINDOW_MAX, BYTES_MAX);
    }
    make_message(bytes);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int poll = epoll_create1(0), one = 1;
    struct conn *all = calloc(connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        struct conn *conn = &all[i];
        conn->sent_at = calloc(window, sizeof *conn->sent_at);
        conn->out = malloc((size_t)window * message_bytes);
        conn->fd = socket(AF_INET, SOCK_STREAM, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
        if (connect(conn->fd, (struct sockaddr *)&server, sizeof server) || setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)
            || epoll_ctl(poll, EPOLL_CTL_ADD, conn->fd, &event)) {
            fail("connect: %s", strerror(errno));
        }
        if (!redis) {
            introduce(conn, i);
        }
    }
    uint64_t begin = now() + atof(arguments[6]) * 1e9, end = begin + atof(arguments[7]) * 1e9, began = 0, at;
    double cpu = 0;
    for (int i = 0; i < connections; i++) {
        fill(&all[i], now());
    }
    while ((at = now()) < end) {
        if (!counting && at >= begin) {
            counting = true;
            began = at;
            cpu = cpu_seconds(arguments[8]);
        }
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(poll, events, EVENTS_MAX, 100);
        for (int i = 0; i < ready; i++) {
            readable(events[i].data.ptr);
        }
    }
    cpu = cpu_seconds(arguments[8]) - cpu;
    printf("{\"acknowledged\": %llu, \"per_second\": %.1f, \"cpu_us\": %.3f, \"p50\": %.3f, \"p99\": %.3f, \"p99.9\": %.3f}\n",
           (unsigned long long)counted, counted / ((at - began) / 1e9), cpu / counted * 1e6, percentile(0.5), percentile(0.99),
           percentile(0.999));
    return 0;
}
