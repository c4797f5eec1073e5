// A loop over epoll, edge-triggered for echoes: what the system calls alone cost. The peer that all others are compared with.
// With more processors than one: a loop for each; the first accepts and gives connections to all in turn.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>

#include "serve.h"

enum { EVENTS_MAX = 512, DEADLINE_SECONDS = 5, PIPE_BYTES = 256 * 1024 };

typedef struct Conn {
    int fd;
    uint64_t count;               // up: bytes that came; down: bytes that went
    char *rest;                   // echo: what the socket's buffer had no room for
    size_t rest_at, rest_end;
    uint64_t deadline_ns;         // role deadline
    struct Conn *from, *to;       // relay: where bytes come from and go to; this connection is one of them
    int pipe[2];                  // that of `from`: splice(2) needs one in between
    size_t in_pipe;
    struct Conn *earlier, *later; // in the order of the deadlines: each is as long, so a new one is the last
} Conn;

typedef struct {
    int epoll;
    char *buffer;
    Conn first;  // the end of the ring of deadlines
} Loop;

static int listener;
static Loop *loops;
static char *block;
static bool deadlines, up, down, writers, relays;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static void unlink_deadline(Conn *c) {
    if (!c->earlier) return;
    c->earlier->later = c->later;
    c->later->earlier = c->earlier;
    c->earlier = c->later = NULL;
}

static void set_deadline(Loop *loop, Conn *c) {
    unlink_deadline(c);
    c->deadline_ns = now() + DEADLINE_SECONDS * UINT64_C(1000000000);
    c->later = &loop->first;
    c->earlier = loop->first.earlier;
    c->earlier->later = c->later->earlier = c;
}

static void end(Conn *c) {
    unlink_deadline(c);
    close(c->fd);
    free(c->rest);
    free(c);
}

static void end_late(Loop *loop) {
    uint64_t t = now();
    while (loop->first.later != &loop->first && loop->first.later->deadline_ns <= t) end(loop->first.later);
}

static int timeout_ms(Loop *loop) {
    if (loop->first.later == &loop->first) return -1;
    uint64_t t = now(), at = loop->first.later->deadline_ns;
    return at <= t ? 0 : (at - t) / 1000000 + 1;
}

// Whether all of the rest went.
static bool send_rest(Conn *c) {
    while (c->rest_at < c->rest_end) {
        ssize_t n = send(c->fd, c->rest + c->rest_at, c->rest_end - c->rest_at, MSG_NOSIGNAL);
        if (n < 0) return false;
        c->rest_at += n;
    }
    free(c->rest);
    c->rest = NULL;
    return true;
}

static void echo(Loop *loop, Conn *c) {
    if (c->rest && !send_rest(c)) {
        if (errno != EAGAIN) end(c);
        return;
    }
    for (;;) {
        if (deadlines) set_deadline(loop, c);
        ssize_t n = recv(c->fd, loop->buffer, buffer_bytes, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return end(c);
        ssize_t sent = send(c->fd, loop->buffer, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return end(c);
        if (sent < 0) sent = 0;
        if (sent < n) {
            c->rest = malloc(n - sent);
            memcpy(c->rest, loop->buffer + sent, n - sent);
            c->rest_at = 0;
            c->rest_end = n - sent;
            return;
        }
        // A short read has emptied a TCP socket: the next bytes make another edge.
        if (tcp && (size_t)n < buffer_bytes) return;
    }
}

// One read or write for each event, level-triggered: what never ends must leave the others their turns.
static void count_up(Loop *loop, Conn *c) {
    ssize_t n = recv(c->fd, loop->buffer, buffer_bytes, 0);
    if (n > 0) c->count += n;
    if (n > 0 || (n < 0 && errno == EAGAIN)) return;
    unsigned char count[8];
    for (int i = 0; i < 8; i++) count[i] = c->count >> (56 - 8 * i);
    if (n == 0) send(c->fd, count, sizeof count, MSG_NOSIGNAL);
    end(c);
}

static void send_down(Conn *c) {
    size_t at = c->count % BLOCK_BYTES;
    ssize_t n = send(c->fd, block + at, BLOCK_BYTES - at, MSG_NOSIGNAL);
    if (n > 0) c->count += n;
    else if (errno != EAGAIN) end(c);
}

static void watch_for(Loop *loop, Conn *c, uint32_t events) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

// Both stay in memory: the events that were taken together may name them again.
static void end_relay(Conn *from) {
    if (from->fd < 0) return;
    close(from->pipe[0]);
    close(from->pipe[1]);
    close(from->fd);
    close(from->to->fd);
    from->fd = from->to->fd = -1;
}

// Moves what there is; while the target takes no more, only its room is waited for.
static void relay(Loop *loop, Conn *from, bool over) {
    if (from->fd < 0) return;
    if (over) return end_relay(from);
    bool waited = from->in_pipe;
    if (!waited) {
        ssize_t n = splice(from->fd, NULL, from->pipe[1], NULL, PIPE_BYTES, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return end_relay(from);
        from->in_pipe = n;
    }
    ssize_t n = splice(from->pipe[0], NULL, from->to->fd, NULL, from->in_pipe, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n < 0 && errno != EAGAIN) return end_relay(from);
    if (n > 0) from->in_pipe -= n;
    if (!waited == !from->in_pipe) return;
    watch_for(loop, from, waited ? EPOLLIN : 0);
    watch_for(loop, from->to, waited ? 0 : EPOLLOUT);
}

// Connections are joined in the order in which they come: what the first sends goes to the second.
static void join_relay(Conn *c) {
    static Conn *first;
    if (!first) {
        first = c->from = c;
        if (pipe2(c->pipe, O_NONBLOCK | O_CLOEXEC)) die("pipe2");
        fcntl(c->pipe[0], F_SETPIPE_SZ, PIPE_BYTES);
        return;
    }
    c->from = first;
    first->to = c->to = c;
    watch_for(&loops[0], first, EPOLLIN);
    first = NULL;
}

static void accept_all(void) {
    static int turn;
    int fd, flags = writers ? 0 : SOCK_NONBLOCK;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | flags)) >= 0) {
        no_delay(fd);
        if (writers) {
            start_writers(fd);
            continue;
        }
        Conn *c = calloc(1, sizeof *c);
        c->fd = fd;
        struct epoll_event e = {.data.ptr = c};
        e.events = relays ? 0 : up ? EPOLLIN : down ? EPOLLOUT : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        if (epoll_ctl(loops[turn++ % processors].epoll, EPOLL_CTL_ADD, fd, &e)) die("epoll_ctl");
        if (relays) join_relay(c);
    }
}

static void *run(void *argument) {
    Loop *loop = argument;
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int n = epoll_wait(loop->epoll, events, EVENTS_MAX, deadlines ? timeout_ms(loop) : -1);
        for (int i = 0; i < n; i++) {
            Conn *c = events[i].data.ptr;
            if (!c) accept_all();
            else if (up) count_up(loop, c);
            else if (down) send_down(c);
            else if (relays) relay(loop, c->from, events[i].events & (EPOLLERR | EPOLLHUP));
            else echo(loop, c);
        }
        if (deadlines) end_late(loop);
    }
    return NULL;
}

int main(int argc, char **argv) {
    listener = listen_as_told(argc, argv, "echo deadline up down relay writers", SOCK_NONBLOCK);
    deadlines = is_role("deadline");
    up = is_role("up");
    down = is_role("down");
    writers = is_role("writers");
    relays = is_role("relay");
    block = make_sequence(BLOCK_BYTES, BLOCK_BYTES);
    loops = calloc(processors, sizeof *loops);
    for (int i = 0; i < processors; i++) {
        Loop *loop = &loops[i];
        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        loop->buffer = malloc(buffer_bytes);
        loop->first.earlier = loop->first.later = &loop->first;
    }
    struct epoll_event e = {.events = EPOLLIN};
    if (epoll_ctl(loops[0].epoll, EPOLL_CTL_ADD, listener, &e)) die("epoll_ctl");
    for (int i = 1; i < processors; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, &loops[i])) die("pthread_create");
    }
    run(&loops[0]);
}
