// Shared by the servers written in C: their command line, the listening socket, and the many writers.
//
//   SERVER ROLE NETWORK ADDRESS PROCESSORS BUFFER
//
// heddle.bench.peer.Role has the roles. BUFFER is how many bytes one read takes.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire.h"

static const char *role;
static int processors;
static size_t buffer_bytes;
static bool tcp;

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline bool is_role(const char *name) { return !strcmp(role, name); }

// Takes the command line and listens; `flags` as socket(2) has them.
static inline int listen_as_told(int argc, char **argv, const char *roles, int flags) {
    if (argc != 6) {
        fprintf(stderr, "usage: %s ROLE NETWORK ADDRESS PROCESSORS BUFFER\n", argv[0]);
        exit(2);
    }
    role = argv[1];
    if (!strstr(roles, role)) {
        fprintf(stderr, "%s: no role %s; there are %s\n", argv[0], role, roles);
        exit(2);
    }
    tcp = !strcmp(argv[2], "tcp");
    processors = atoi(argv[4]);
    buffer_bytes = atoi(argv[5]);
    struct sockaddr_storage address = {0};
    socklen_t length;
    if (tcp) {
        struct sockaddr_in *a = (struct sockaddr_in *)&address;
        a->sin_family = AF_INET;
        a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        a->sin_port = htons(atoi(strrchr(argv[3], ':') + 1));
        length = sizeof *a;
    } else {
        struct sockaddr_un *a = (struct sockaddr_un *)&address;
        a->sun_family = AF_UNIX;
        snprintf(a->sun_path, sizeof a->sun_path, "%s", argv[3]);
        length = sizeof *a;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, 4096)) die(argv[3]);
    return fd;
}

static inline void no_delay(int fd) {
    int on = 1;
    if (tcp) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// ---- Many writers: a thread each, and a lock that keeps a message together.

typedef struct {
    int fd, writers;
    pthread_mutex_t lock;
} Shared;

typedef struct {
    Shared *shared;
    uint32_t writer;
} Writer;

static inline void *write_messages(void *argument) {
    Writer self = *(Writer *)argument;
    free(argument);
    unsigned char m[WRITER_BYTES];
    bool open = true;
    for (uint32_t number = 0; open; number++) {
        for (int i = 0; i < 4; i++) {
            m[i] = self.writer >> (24 - 8 * i);
            m[4 + i] = number >> (24 - 8 * i);
        }
        for (int i = 8; i < WRITER_BYTES; i++) m[i] = self.writer + number + i;
        pthread_mutex_lock(&self.shared->lock);
        for (size_t done = 0; open && done < sizeof m;) {
            ssize_t n = send(self.shared->fd, m + done, sizeof m - done, MSG_NOSIGNAL);
            open = n > 0;
            done += n > 0 ? n : 0;
        }
        pthread_mutex_unlock(&self.shared->lock);
    }
    if (!__atomic_sub_fetch(&self.shared->writers, 1, __ATOMIC_ACQ_REL)) {
        close(self.shared->fd);
        free(self.shared);
    }
    return NULL;
}

// `fd` must block; it is closed when the peer has gone.
static inline void start_writers(int fd) {
    Shared *shared = malloc(sizeof *shared);
    *shared = (Shared){.fd = fd, .writers = WRITERS, .lock = PTHREAD_MUTEX_INITIALIZER};
    for (uint32_t i = 0; i < WRITERS; i++) {
        Writer *w = malloc(sizeof *w);
        *w = (Writer){shared, i};
        pthread_t thread;
        if (pthread_create(&thread, NULL, write_messages, w)) die("pthread_create");
        pthread_detach(thread);
    }
}
