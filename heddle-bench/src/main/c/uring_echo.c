// A loop over io_uring: one accept and one receive a connection that go on by themselves, and buffers the kernel picks. What was received
// is sent from the buffer it came in; one send is on its way for each connection. With more processors than one: a ring for each; the first
// accepts and gives connections to all in turn.
#define _GNU_SOURCE
#include <liburing.h>

#include "serve.h"

// Linux 6.0 and liburing 2.3 are the first with all of this.
enum { ENTRIES = 4096, COMPLETIONS = 32768, BUFFERS = 4096, GROUP = 0 };

enum operation { ACCEPTED, GIVEN, PASSED, RECEIVED, SENT };

typedef struct {
    int fd;
    uint64_t count;           // up: bytes that came
    int head, tail;           // buffers to be sent, linked by Loop.next; -1 for none
    size_t sent;              // of the first
    bool receiving, sending;  // an operation is with the kernel
    bool over;                // to be closed when none is any more
    bool starved;             // there was no buffer; receives again when one comes back
} Conn;

typedef struct Loop {
    struct io_uring ring;
    struct io_uring_buf_ring *free_buffers;
    char *memory;
    int next[BUFFERS], length[BUFFERS];
    Conn **starved;
    int starved_count, starved_max;
} Loop;

static int listener;
static Loop *loops;
static char *block;
static bool up, down;

// What a completion belongs to: the connection's address, which has four bits to spare, and the operation.
static void tag(struct io_uring_sqe *sqe, void *conn, enum operation operation) {
    io_uring_sqe_set_data64(sqe, (uintptr_t)conn | operation);
}

static struct io_uring_sqe *next_sqe(Loop *loop) {
    struct io_uring_sqe *sqe;
    while (!(sqe = io_uring_get_sqe(&loop->ring))) io_uring_submit(&loop->ring);
    return sqe;
}

static void give_back(Loop *loop, int buffer) {
    io_uring_buf_ring_add(loop->free_buffers, loop->memory + buffer * buffer_bytes, buffer_bytes, buffer,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(loop->free_buffers, 1);
}

static void receive(Loop *loop, Conn *c) {
    struct io_uring_sqe *sqe = next_sqe(loop);
    io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    tag(sqe, c, RECEIVED);
    c->receiving = true;
}

static void send_some(Loop *loop, Conn *c, const char *bytes, size_t length) {
    struct io_uring_sqe *sqe = next_sqe(loop);
    io_uring_prep_send(sqe, c->fd, bytes, length, MSG_NOSIGNAL | MSG_WAITALL);
    tag(sqe, c, SENT);
    c->sending = true;
}

static void send_first(Loop *loop, Conn *c) {
    send_some(loop, c, loop->memory + c->head * buffer_bytes + c->sent, loop->length[c->head] - c->sent);
}

static void end_if_over(Loop *loop, Conn *c) {
    if (!c->over || c->receiving || c->sending || c->starved) return;
    for (; c->head >= 0; c->head = loop->next[c->head]) give_back(loop, c->head);
    close(c->fd);
    free(c);
}

static void begin(Loop *loop, int fd) {
    no_delay(fd);
    Conn *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->head = -1;
    receive(loop, c);
    if (down) send_some(loop, c, block, BLOCK_BYTES);
}

static void on_received(Loop *loop, Conn *c, struct io_uring_cqe *cqe) {
    if (!(cqe->flags & IORING_CQE_F_MORE)) c->receiving = false;
    int buffer = cqe->flags & IORING_CQE_F_BUFFER ? (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT) : -1;
    if (cqe->res > 0 && !up && !down && !c->over) {
        loop->length[buffer] = cqe->res;
        loop->next[buffer] = -1;
        if (c->head < 0) c->head = buffer;
        else loop->next[c->tail] = buffer;
        c->tail = buffer;
        if (!c->sending) send_first(loop, c);
    } else if (buffer >= 0) {
        c->count += cqe->res > 0 ? cqe->res : 0;
        give_back(loop, buffer);
    }
    if (cqe->res == -ENOBUFS) {
        if (loop->starved_count == loop->starved_max) {
            loop->starved_max = 2 * loop->starved_max + 64;
            loop->starved = realloc(loop->starved, loop->starved_max * sizeof(Conn *));
        }
        loop->starved[loop->starved_count++] = c;
        c->starved = true;
    } else if (cqe->res <= 0) {
        unsigned char count[8];
        for (int i = 0; i < 8; i++) count[i] = c->count >> (56 - 8 * i);
        if (up && cqe->res == 0 && !c->over) send(c->fd, count, sizeof count, MSG_NOSIGNAL);
        c->over = true;
    } else if (!c->receiving && !c->over) {
        receive(loop, c);
    }
    end_if_over(loop, c);
}

static void on_sent(Loop *loop, Conn *c, int result) {
    c->sending = false;
    if (result <= 0) {
        c->over = true;
        shutdown(c->fd, SHUT_RDWR);  // ends the receive
    } else if (down) {
        c->sent = (c->sent + result) % BLOCK_BYTES;
        if (!c->over) send_some(loop, c, block + c->sent, BLOCK_BYTES - c->sent);
    } else {
        c->sent += result;
        if (c->sent == (size_t)loop->length[c->head]) {
            int done = c->head;
            c->head = loop->next[done];
            c->sent = 0;
            give_back(loop, done);
        }
        if (c->head >= 0 && !c->over) send_first(loop, c);
    }
    end_if_over(loop, c);
}

static void accept_on(Loop *loop) {
    struct io_uring_sqe *sqe = next_sqe(loop);
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    tag(sqe, NULL, ACCEPTED);
}

static void on_accepted(Loop *loop, struct io_uring_cqe *cqe) {
    static int turn;
    if (cqe->res >= 0) {
        Loop *chosen = &loops[turn++ % processors];
        if (chosen == loop) {
            begin(loop, cqe->res);
        } else {
            struct io_uring_sqe *sqe = next_sqe(loop);
            io_uring_prep_msg_ring(sqe, chosen->ring.ring_fd, cqe->res, GIVEN, 0);
            tag(sqe, NULL, PASSED);
        }
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) accept_on(loop);
}

// A ring belongs to the thread that makes it.
static void open_ring(Loop *loop) {
    struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                .cq_entries = COMPLETIONS};
    int error = -io_uring_queue_init_params(ENTRIES, &loop->ring, &p);
    if (!error && !(errno = posix_memalign((void **)&loop->free_buffers, 4096, BUFFERS * sizeof(struct io_uring_buf)))) {
        struct io_uring_buf_reg r = {.ring_addr = (uintptr_t)loop->free_buffers, .ring_entries = BUFFERS, .bgid = GROUP};
        error = -io_uring_register_buf_ring(&loop->ring, &r, 0);
    }
    if (error) {
        errno = error;
        die("io_uring (Linux 6.1 or newer is needed, and leave to use it)");
    }
    io_uring_buf_ring_init(loop->free_buffers);
    loop->memory = malloc(BUFFERS * buffer_bytes);
    for (int i = 0; i < BUFFERS; i++) give_back(loop, i);
}

static void *run(void *argument) {
    Loop *loop = argument;
    open_ring(loop);
    if (loop == loops) accept_on(loop);
    for (;;) {
        io_uring_submit_and_wait(&loop->ring, 1);
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&loop->ring, head, cqe) {
            Conn *c = (Conn *)(uintptr_t)(cqe->user_data & ~UINT64_C(15));
            seen++;
            switch ((enum operation)(cqe->user_data & 15)) {
            case ACCEPTED: on_accepted(loop, cqe); break;
            case GIVEN: begin(loop, cqe->res); break;
            case PASSED: break;
            case RECEIVED: on_received(loop, c, cqe); break;
            case SENT: on_sent(loop, c, cqe->res); break;
            }
        }
        io_uring_cq_advance(&loop->ring, seen);
        while (loop->starved_count) {
            Conn *c = loop->starved[--loop->starved_count];
            c->starved = false;
            if (c->over) end_if_over(loop, c);
            else receive(loop, c);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    listener = listen_as_told(argc, argv, "echo up down", 0);
    up = is_role("up");
    down = is_role("down");
    block = make_sequence(BLOCK_BYTES, BLOCK_BYTES);
    loops = calloc(processors, sizeof *loops);
    // The first ring is the last to start: it gives connections to the others, which must be there.
    for (int i = 1; i < processors; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, &loops[i])) die("pthread_create");
        while (!__atomic_load_n(&loops[i].memory, __ATOMIC_ACQUIRE)) usleep(1000);
    }
    run(&loops[0]);
}
