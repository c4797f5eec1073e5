// The load generator: one thread, epoll, any number of connections to one server. It prints one JSON object on stdout.
//
//   load NAME=VALUE ...      the names, with their defaults, are in `options` below
//
// mode=echo     each connection keeps `depth` messages of `bytes` bytes on their way and checks what comes back (closed loop); with
//               rate=N, message n is due at start + n/N s and goes to connection n % connections, whatever was answered (open loop)
// mode=churn    each of `connections` places dials, sends one message, awaits it and closes, again and again
// mode=idle     dials all, then sends one message on each; says "connected" and "asked" on a line and awaits a line on stdin in between
// mode=up       sends blocks of 64 KiB without end; the server says at the end how many bytes came
// mode=down     receives such blocks, whose bytes it knows
// mode=relay    sends such blocks on every first connection and receives them on every second, which the server joins
// mode=writers  receives messages of 64 bytes that many writers of the server wrote to one connection
//
// What keeps it honest:
//  1. Open loop: a latency counts from the instant at which the message was due, not from the one at which it was sent. A server that
//     stands still for a second has answered a second's messages late, not one. How late messages left is reported too (sent_late).
//  2. A message that is on its way when the window ends is waited for, under the same load, for `drain` seconds at most. Its latency
//     counts. What never came counts with its age, and as unanswered.
//  3. Every byte that comes is compared: with the connection's own sequence, so a byte of another connection or place is found.
//  4. Requests are counted for each connection, so a starved one shows.
//  5. The server's counters are read here, at both ends of the window, so that they cover the same requests. They are passed on as
//     the kernel wrote them; who reads the report takes them apart.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"
#include "wire.h"

enum { RECEIVE_BYTES = 256 * 1024, EVENTS_MAX = 512, WAITING_MAX = 512, SETUP_SECONDS = 20, SETTLE_NS = 50000000 };

enum mode { ECHO, CHURN, IDLE, UP, DOWN, RELAY, MANY_WRITERS };
static const char *const mode_names[] = {"echo", "churn", "idle", "up", "down", "relay", "writers", NULL};

static struct {
    const char *network, *address, *mode;
    double connections, bytes, depth, rate, warmup, window, drain, pid, sources, phases;
} option = {.network = "tcp", .address = "127.0.0.1:7007", .mode = "echo",
            .connections = 64, .bytes = 64, .depth = 1, .warmup = 1, .window = 2, .drain = 2, .sources = 1};

static const struct {
    const char *name;
    double *number;
    const char **text;
} options[] = {
    {"network", NULL, &option.network},       // tcp or unix
    {"address", NULL, &option.address},       // HOST:PORT in numbers, or a path
    {"mode", NULL, &option.mode},
    {"connections", &option.connections, NULL},
    {"bytes", &option.bytes, NULL},           // of a message
    {"depth", &option.depth, NULL},           // messages on their way on each connection, closed loop
    {"rate", &option.rate, NULL},             // messages a second on all connections; 0 is a closed loop
    {"warmup", &option.warmup, NULL},         // seconds before the window
    {"window", &option.window, NULL},         // seconds
    {"drain", &option.drain, NULL},           // seconds after the window for what is on its way
    {"pid", &option.pid, NULL},               // of the server; 0: its counters are not read
    {"phases", &option.phases, NULL},         // 1: says "up" and "over" before and after the flow and awaits a line each, so that others can count
    {"sources", &option.sources, NULL},       // addresses 127.0.0.N to dial from, for more connections than one has ports
};

typedef struct {
    int fd;
    uint32_t number;
    bool up;                     // had its first answer, or needs none
    uint64_t queued, sent;       // bytes of the stream that may go, that went
    uint64_t received;           // bytes that came
    uint64_t started, answered;  // messages
    uint64_t in_window;          // messages answered in the window
    uint64_t *sent_at;           // closed loop: when each message on its way started, a ring of `depth`
} Conn;

static enum mode mode;
static int connections, depth;
static uint64_t bytes;
static bool open_loop;
static int epoll;
static Conn *conns;
static char *sequence, *receive_buffer;

// The window. A message of the open loop belongs to it if it was due in it.
static enum { BEFORE, WINDOW, DRAIN } phase;
static uint64_t start_ns, window_ns, window_end_ns;
static uint64_t next_message;  // open loop: the first that was not queued yet
static uint64_t outstanding;   // after the window: messages of the window that have no answer yet
static bool flowing;           // set up: an answer is followed by the next message

static uint64_t latency[BUCKETS], sent_late[BUCKETS];
static uint64_t answered, unanswered, late_answered, failed, wrong;
static uint64_t total;  // answered since all were set up
static char first_failure[200];

static uint64_t writer_messages[WRITERS], writer_in_window[WRITERS], writer_last_ns[WRITERS];

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

__attribute__((format(printf, 1, 2))) static void note_failure(const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!*first_failure) vsnprintf(first_failure, sizeof first_failure, format, args);
    va_end(args);
}

// ---- Connections

static bool sends_blocks(const Conn *c) { return mode == UP || (mode == RELAY && c->number % 2 == 0); }

// Receives without end.
static bool is_endless(const Conn *c) { return mode == DOWN || mode == MANY_WRITERS || (mode == RELAY && c->number % 2); }

static void watch(Conn *c) {
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    // What never ends cannot be read until it is empty.
    if (is_endless(c)) e.events = EPOLLIN;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
}

static socklen_t server_address(struct sockaddr_storage *to) {
    if (!strcmp(option.network, "unix")) {
        struct sockaddr_un *a = (struct sockaddr_un *)to;
        a->sun_family = AF_UNIX;
        snprintf(a->sun_path, sizeof a->sun_path, "%s", option.address);
        return sizeof *a;
    }
    struct sockaddr_in *a = (struct sockaddr_in *)to;
    char host[64];
    const char *colon = strrchr(option.address, ':');
    snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - option.address) : 0, option.address);
    a->sin_family = AF_INET;
    a->sin_port = htons(colon ? atoi(colon + 1) : 0);
    if (inet_pton(AF_INET, host, &a->sin_addr) != 1) {
        fprintf(stderr, "load: address=%s: want HOST:PORT in numbers\n", option.address);
        exit(2);
    }
    return sizeof *a;
}

// Dials; waits for the handshake unless `churn`, where a full backlog must not stop the other connections.
static void dial(Conn *c) {
    struct sockaddr_storage server = {0};
    socklen_t length = server_address(&server);
    bool tcp = server.ss_family == AF_INET, wait = mode != CHURN;
    c->fd = socket(server.ss_family, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
    if (c->fd < 0) die("socket");
    int on = 1;
    if (tcp) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tcp && option.sources > 1) {
        static uint32_t turn;
        struct sockaddr_in from = {.sin_family = AF_INET};
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % (uint32_t)option.sources);
        setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) die("bind");
    }
    // The end of a run resets all connections, so that none of its ports stays in TIME_WAIT; churn closes as a client does.
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (tcp && wait) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (connect(c->fd, (struct sockaddr *)&server, length) && errno != EINPROGRESS) {
        if (wait) die("connect");
        failed++;
        note_failure("connect: %s", strerror(errno));
    }
    if (wait) fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
    c->queued = c->sent = c->received = 0;
    watch(c);
}

static void lose(Conn *c, const char *call, int error) {
    failed++;
    note_failure("%s on connection %u after %lu bytes: %s", call, c->number, c->received,
                 error ? strerror(error) : "end of stream");
    close(c->fd);
    c->fd = -1;
}

static void flush(Conn *c) {
    while (c->fd >= 0 && c->sent < c->queued) {
        size_t n = c->queued - c->sent;
        if (n > RECEIVE_BYTES) n = RECEIVE_BYTES;
        ssize_t done = send(c->fd, sequence + (c->sent + c->number) % SEQUENCE, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
        if (done < 0) lose(c, "send", errno);
        else c->sent += done;
    }
}

static void start_messages(Conn *c, uint64_t messages) {
    uint64_t t = now();
    for (uint64_t i = 0; i < messages; i++) c->sent_at[(c->started + i) % depth] = t;
    c->started += messages;
    c->queued += messages * bytes;
    flush(c);
}

// When message n of the open loop is due.
static uint64_t due(uint64_t n) { return start_ns + (uint64_t)(n * (1e9 / option.rate)); }

static bool in_window(uint64_t t) { return t >= window_ns && t < window_end_ns; }

static void record(Conn *c, uint64_t from, uint64_t t) {
    if (flowing) total++;
    if (phase == WINDOW) {
        answered++;
        c->in_window++;
    }
    if (phase == BEFORE) return;
    if (phase == DRAIN) {
        if (open_loop ? !in_window(from) : from >= window_end_ns) return;
        outstanding--;
        late_answered++;
        count(latency, t - from);
    } else if (!open_loop || in_window(from)) {
        count(latency, t - from);
    }
}

static void answer(Conn *c, uint64_t t) {
    uint64_t n = c->answered++;
    record(c, open_loop && flowing ? due(c->number + n * connections) : c->sent_at[n % depth], t);
}

static bool as_expected(const Conn *c, uint64_t offset, const char *got, size_t n) {
    bool blocks = mode == DOWN || mode == RELAY;
    return !memcmp(got, sequence + (blocks ? offset % BLOCK_BYTES : (offset + c->number) % SEQUENCE), n);
}

static void find_wrong(const Conn *c, uint64_t offset, const char *got, size_t n) {
    wrong++;
    for (size_t i = 0; i < n; i++)
        if (!as_expected(c, offset + i, got + i, 1)) {
            note_failure("wrong byte %d at %lu of connection %u", (unsigned char)got[i], offset + i, c->number);
            return;
        }
}

// A block of a bulk transfer is over: how long since the one before.
static void block_done(Conn *c, uint64_t t) {
    record(c, c->sent_at[0], t);
    c->sent_at[0] = t;
}

static void take_writers_message(const unsigned char *m, uint64_t t) {
    static Conn nobody;
    uint32_t writer = (uint32_t)m[0] << 24 | m[1] << 16 | m[2] << 8 | m[3];
    uint32_t number = (uint32_t)m[4] << 24 | m[5] << 16 | m[6] << 8 | m[7];
    bool right = writer < WRITERS && number == (uint32_t)writer_messages[writer];
    for (int i = 8; right && i < WRITER_BYTES; i++) right = m[i] == (unsigned char)(writer + number + i);
    if (!right) {
        wrong++;
        note_failure("a wrong message: writer %u, number %u", writer, number);
        return;
    }
    writer_messages[writer]++;
    if (writer_last_ns[writer]) record(&nobody, writer_last_ns[writer], t);
    writer_last_ns[writer] = t;
    if (phase == WINDOW) writer_in_window[writer]++;
}

static void take(Conn *c, char *got, size_t n) {
    if (mode == MANY_WRITERS) {
        static char rest[WRITER_BYTES];
        size_t have = c->received % WRITER_BYTES;
        uint64_t t = now();
        c->received += n;
        while (n) {
            size_t part = WRITER_BYTES - have < n ? WRITER_BYTES - have : n;
            memcpy(rest + have, got, part);
            got += part;
            n -= part;
            if (have + part == WRITER_BYTES) take_writers_message((unsigned char *)rest, t);
            have = (have + part) % WRITER_BYTES;
        }
        return;
    }
    if (!as_expected(c, c->received, got, n)) find_wrong(c, c->received, got, n);
    bool blocks = mode == DOWN || mode == RELAY;
    uint64_t size = blocks ? BLOCK_BYTES : bytes;
    uint64_t before = c->received / size;
    c->received += n;
    uint64_t messages = c->received / size - before;
    if (!messages) return;
    uint64_t t = now();
    if (blocks) {
        block_done(c, t);
        for (uint64_t i = 1; i < messages; i++) block_done(c, t);
        return;
    }
    for (uint64_t i = 0; i < messages; i++) answer(c, t);
    c->up = true;
    // Who counts something else needs an end without messages on their way.
    bool over = phase == DRAIN && option.phases;
    if (mode == ECHO && flowing && !open_loop && !over) start_messages(c, messages);
}

static void receive(Conn *c) {
    while (c->fd >= 0) {
        ssize_t n = recv(c->fd, receive_buffer, RECEIVE_BYTES, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return lose(c, "recv", n ? errno : 0);
        take(c, receive_buffer, n);
        if ((mode == CHURN && c->received == bytes) || is_endless(c)) return;
        // A short read has emptied a TCP socket, but not always one of this machine.
        if (n < RECEIVE_BYTES && option.network[0] == 't') return;
    }
}

static void send_blocks(Conn *c) {
    while (c->fd >= 0) {
        size_t at = c->sent % BLOCK_BYTES;
        ssize_t n = send(c->fd, sequence + at, BLOCK_BYTES - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) return lose(c, "send", errno);
        c->sent += n;
        if (c->sent % BLOCK_BYTES == 0) {
            if (mode == UP) block_done(c, now());
            return;  // the others' turn; the caller comes back, as this one may still be writable
        }
    }
}

static void redial(Conn *c) {
    uint64_t t = now();
    if (c->fd >= 0) close(c->fd);
    c->answered = c->started;  // one that was lost gets no answer any more
    dial(c);
    start_messages(c, 1);
    c->sent_at[0] = t;
}

static void on_event(Conn *c, uint32_t events) {
    if (c->fd < 0) return;
    if (sends_blocks(c)) return;  // step() tries them all
    if (events & EPOLLOUT && c->sent < c->queued) flush(c);
    if (c->fd >= 0 && events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) receive(c);
    if (mode == CHURN && phase != DRAIN && (c->fd < 0 || c->received == bytes)) redial(c);
}

// ---- Running

static void send_due(uint64_t t) {
    // No more than this before what came is read: a late generator must not get later still.
    for (int i = 0; i < EVENTS_MAX && due(next_message) <= t; i++) {
        Conn *c = &conns[next_message % connections];
        if (in_window(due(next_message))) count(sent_late, t - due(next_message));
        next_message++;
        if (c->fd < 0) continue;
        c->started++;
        c->queued += bytes;
        flush(c);
    }
}

// Sends what is due, waits for an event until `until` at most, and handles what came.
static void step(uint64_t until) {
    uint64_t t = now();
    if (open_loop && flowing) {
        send_due(t);
        if (due(next_message) < until) until = due(next_message);
    }
    uint64_t wait = until > t ? until - t : 0;
    if (mode == UP || mode == RELAY) {
        bool writable = false;
        for (int i = 0; i < connections; i++) {
            if (!sends_blocks(&conns[i])) continue;
            uint64_t before = conns[i].sent;
            send_blocks(&conns[i]);
            writable |= conns[i].sent != before && conns[i].sent % BLOCK_BYTES == 0;
        }
        if (writable) wait = 0;
    }
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_pwait2(epoll, events, EVENTS_MAX, &timeout, NULL);
    if (n < 0 && errno != EINTR) die("epoll_pwait2");
    for (int i = 0; i < n; i++) on_event(events[i].data.ptr, events[i].events);
}

static void run_until(uint64_t end) {
    while (now() < end) step(end);
}

static int not_up(int from, int to) {
    int n = 0;
    for (int i = from; i < to; i++) n += conns[i].fd >= 0 && !conns[i].up;
    return n;
}

// Waits until at most `max` of the first `to` connections have had no answer; the server may never give one.
static void await_up(int to, int max, uint64_t limit) {
    static int first;  // all before it are up
    while (now() < limit) {
        while (first < to && (conns[first].fd < 0 || conns[first].up)) first++;
        if (to - first <= max || not_up(first, to) <= max) return;
        step(now() + 1000000);
    }
}

static void say_and_await(const char *what) {
    printf("%s\n", what);
    fflush(stdout);
    char line[16];
    if (!fgets(line, sizeof line, stdin)) exit(1);
}

static void await_accepted(int descriptors, uint64_t limit) {
    while (option.pid && open_descriptors(option.pid) < descriptors && now() < limit) usleep(1000);
}

// Each connection has one message answered, so that it is accepted and its thread runs; some at a time, to spare the backlog.
static void set_up(void) {
    uint64_t limit = now() + SETUP_SECONDS * UINT64_C(1000000000);
    int before = open_descriptors(option.pid);
    for (int i = 0; i < connections; i++) {
        Conn *c = &conns[i];
        c->number = i;
        c->sent_at = calloc(depth, sizeof *c->sent_at);
        dial(c);
        switch (mode) {
        case ECHO:
            start_messages(c, 1);
            await_up(i, WAITING_MAX, limit);
            break;
        case CHURN:
            start_messages(c, 1);  // redial() does it from now on
            break;
        case IDLE:
            // A dial into a full backlog would wait for a second.
            if (i % WAITING_MAX == 0) await_accepted(before + i - WAITING_MAX, limit);
            break;
        case DOWN:
        case MANY_WRITERS:
            if (send(c->fd, "g", 1, MSG_NOSIGNAL) != 1) die("send");
            c->sent_at[0] = now();
            break;
        case UP:
        case RELAY:
            c->sent_at[0] = now();
        }
    }
    if (mode == ECHO) await_up(connections, 0, limit < now() + 2000000000 ? limit : now() + 2000000000);
    if (mode == IDLE) {
        await_accepted(before + connections, limit);
        say_and_await("connected");
        limit = now() + SETUP_SECONDS * UINT64_C(1000000000);
        for (int i = 0; i < connections; i++) {
            start_messages(&conns[i], 1);
            await_up(i, WAITING_MAX, limit);
        }
        await_up(connections, 0, limit);
        for (int i = 0; i < connections; i++) unanswered += conns[i].fd >= 0 && !conns[i].up;
        say_and_await("asked");
    }
}

static void begin_flow(void) {
    start_ns = now();
    for (int i = 0; i < connections; i++) {
        Conn *c = &conns[i];
        if (open_loop && c->fd >= 0 && !c->up) lose(c, "the first message", ETIMEDOUT);
        if (open_loop) c->started = c->answered = 0;
        flowing = true;
        if (mode == ECHO && !open_loop && c->fd >= 0) start_messages(c, c->up ? depth : depth - 1);
    }
    window_ns = start_ns + (uint64_t)(option.warmup * 1e9);
    window_end_ns = UINT64_MAX;
}

// What belongs to the window and has no answer yet; `age` counts it as it is.
static uint64_t waiting(uint64_t t, bool age) {
    uint64_t n = 0;
    for (int i = 0; i < connections; i++) {
        Conn *c = &conns[i];
        if (mode == CHURN ? c->fd < 0 : c->fd < 0 && !open_loop) continue;
        if (!open_loop) {
            for (uint64_t k = c->answered; k < c->started; k++) {
                uint64_t from = c->sent_at[k % depth];
                if (from >= window_end_ns) continue;
                n++;
                if (age) count(latency, t - from);
            }
            continue;
        }
        for (uint64_t k = c->answered;; k++) {
            uint64_t from = due(c->number + k * connections);
            if (from >= window_end_ns) break;
            if (from < window_ns) continue;
            n++;
            if (age) count(latency, t - from);
        }
    }
    return n;
}

// Bulk transfers have no answers to wait for: how long each connection, or writer, has had nothing is what can be said.
static void count_gaps(uint64_t t) {
    for (int i = 0; mode == MANY_WRITERS && i < WRITERS; i++)
        count(latency, t - (writer_last_ns[i] > window_ns ? writer_last_ns[i] : window_ns));
    for (int i = 0; (mode == UP || mode == DOWN || mode == RELAY) && i < connections; i++)
        if (mode != RELAY || !sends_blocks(&conns[i]))
            count(latency, t - (conns[i].sent_at[0] > window_ns ? conns[i].sent_at[0] : window_ns));
}

static void end_up(void) {
    for (int i = 0; i < connections; i++) {
        Conn *c = &conns[i];
        if (c->fd < 0) continue;
        fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) & ~O_NONBLOCK);
        struct timeval limit = {.tv_sec = 10};
        setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        shutdown(c->fd, SHUT_WR);
        unsigned char came[8] = {0};
        uint64_t counted = 0;
        if (recv(c->fd, came, sizeof came, MSG_WAITALL) != sizeof came) {
            lose(c, "the server's count", errno);
            continue;
        }
        for (int k = 0; k < 8; k++) counted = counted << 8 | came[k];
        if (counted != c->sent) {
            wrong++;
            note_failure("%lu bytes were sent and the server counted %lu", c->sent, counted);
        }
    }
}

static void report(const Counters *before, const Counters *after) {
    uint64_t least = UINT64_MAX, most = 0;
    int counted = mode == MANY_WRITERS ? WRITERS : mode == RELAY ? connections / 2 : connections;
    for (int i = 0; i < (mode == RELAY ? connections : counted); i++) {
        if (mode == RELAY && sends_blocks(&conns[i])) continue;
        uint64_t n = mode == MANY_WRITERS ? writer_in_window[i] : conns[i].in_window;
        if (n < least) least = n;
        if (n > most) most = n;
    }
    printf("{\"mode\":\"%s\",\"sharers\":%d,\"total\":%lu,\"answered\":%lu,\"least\":%lu,\"most\":%lu,\"late_answered\":%lu,"
           "\"unanswered\":%lu,\"failed\":%lu,\"wrong\":%lu,",
           option.mode, counted, total, answered, least, most, late_answered, unanswered, failed, wrong);
    print_text("failure", first_failure);
    printf(",");
    print_counters("before", before);
    printf(",");
    print_counters("after", after);
    printf(",");
    print_histogram("latency", latency);
    printf(",");
    print_histogram("sent_late", sent_late);
    printf("}\n");
}

static void read_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '='), *end = NULL;
        bool known = false;
        for (size_t k = 0; value && k < sizeof options / sizeof *options; k++) {
            if (strncmp(argv[i], options[k].name, value - argv[i]) || options[k].name[value - argv[i]]) continue;
            known = true;
            if (options[k].text) *options[k].text = value + 1;
            else *options[k].number = strtod(value + 1, &end);
            if (end && (*end || end == value + 1)) known = false;
        }
        if (!known) {
            fprintf(stderr, "load: %s: want NAME=VALUE with one of", argv[i]);
            for (size_t k = 0; k < sizeof options / sizeof *options; k++) fprintf(stderr, " %s", options[k].name);
            fprintf(stderr, "\n");
            exit(2);
        }
    }
    int found = 0;
    while (mode_names[found] && strcmp(mode_names[found], option.mode)) found++;
    if (!mode_names[found] || option.connections < 1 || option.bytes < 1 || option.depth < 1 || option.bytes > RECEIVE_BYTES) {
        fprintf(stderr, "load: mode=%s with these numbers is none\n", option.mode);
        exit(2);
    }
    mode = found;
    connections = option.connections;
    depth = option.depth;
    bytes = option.bytes;
    open_loop = mode == ECHO && option.rate > 0;
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    // A message leaves when it is due, and not up to 50 us later; prctl(2).
    prctl(PR_SET_TIMERSLACK, 1);
    bool blocks = mode == UP || mode == DOWN || mode == RELAY;
    sequence = make_sequence(blocks ? BLOCK_BYTES : SEQUENCE, SEQUENCE + RECEIVE_BYTES + BLOCK_BYTES);
    receive_buffer = malloc(RECEIVE_BYTES);
    conns = calloc(connections, sizeof *conns);
    epoll = epoll_create1(EPOLL_CLOEXEC);

    Counters before = {0}, after = {0};
    if (mode == IDLE) {
        read_files(&before, option.pid);
        read_clocks(&before, option.pid);
    }
    set_up();
    if (option.phases) say_and_await("up");
    if (mode != IDLE) {
        begin_flow();
        run_until(window_ns);
        read_files(&before, option.pid);
        // Reading takes some milliseconds; what was held up meanwhile must not be the beginning of the window.
        run_until(now() + SETTLE_NS);
        window_ns = now();
        window_end_ns = window_ns + (uint64_t)(option.window * 1e9);
        read_clocks(&before, option.pid);
        phase = WINDOW;
        run_until(window_end_ns);
        phase = DRAIN;
    }
    read_clocks(&after, option.pid);
    read_files(&after, option.pid);
    if (mode == ECHO || mode == CHURN) {
        outstanding = waiting(0, false);
        uint64_t limit = now() + (uint64_t)(option.drain * 1e9);
        while (outstanding && now() < limit) step(limit);
        unanswered = waiting(now(), true);
    }
    count_gaps(after.wall_ns);
    if (option.phases) say_and_await("over");
    if (mode == UP) end_up();
    report(&before, &after);
    return failed || wrong ? 1 : 0;
}
