// What the load generator reads of a server and of the machine, and how it counts: see load.c, which is the only one to include this.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    return clock_gettime(clock, &t) ? 0 : t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static uint64_t now(void) { return clock_ns(CLOCK_MONOTONIC); }

// ---- Histograms, in HdrHistogram's buckets for three digits; Debian 12 has no library of it for C.

enum { HALF = 1024, BUCKETS = 54 * HALF + 2 * HALF };

static void count(uint64_t *histogram, uint64_t ns) {
    int shift = ns < 2 * HALF ? 0 : 63 - __builtin_clzll(ns) - 10;
    histogram[shift * HALF + (ns >> shift)]++;
}

// Each bucket that is not empty, by its lowest value.
static void print_histogram(const char *name, const uint64_t *histogram) {
    printf("\"%s\":[", name);
    const char *comma = "";
    for (int i = 0; i < BUCKETS; i++) {
        if (!histogram[i]) continue;
        int shift = i < 2 * HALF ? 0 : i / HALF - 1;
        printf("%s[%lu,%lu]", comma, (uint64_t)(i - shift * HALF) << shift, histogram[i]);
        comma = ",";
    }
    printf("]");
}

// ---- Counters of the server and the machine

typedef struct {
    uint64_t wall_ns, server_ns, own_ns;  // at one end of the window
    uint64_t files_ns;                    // when the files were read: before the window, after it
    char *stat, *status, *machine;
    char *tasks;  // of each thread: its number, voluntary and other switches, nanoseconds on a processor and waiting for one
} Counters;

static char *read_file(const char *format, ...) {
    char path[128];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    char *text = calloc(1, 16384);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, 16383);
    if (n < 0) text[0] = 0;
    if (fd >= 0) close(fd);
    return text;
}

static long number_after(const char *text, const char *name) {
    const char *at = strstr(text, name);
    return at ? atol(at + strlen(name)) : 0;
}

// How many descriptors a process has open: what tells that a server has accepted.
static int open_descriptors(int pid) {
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

static char *read_tasks(int pid) {
    char path[64];
    size_t size = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (*e->d_name == '.') continue;
        char *status = read_file("/proc/%d/task/%s/status", pid, e->d_name);
        char *schedstat = read_file("/proc/%d/task/%s/schedstat", pid, e->d_name);
        unsigned long ran = 0, waited = 0;
        // A thread that has just ended left nothing to read.
        if (sscanf(schedstat, "%lu %lu", &ran, &waited) == 2)
            fprintf(out, "%s %ld %ld %lu %lu\n", e->d_name, number_after(status, "\nvoluntary_ctxt_switches:"),
                    number_after(status, "nonvoluntary_ctxt_switches:"), ran, waited);
        free(status);
        free(schedstat);
    }
    if (dir) closedir(dir);
    fclose(out);
    return text;
}

static void read_files(Counters *c, int pid) {
    c->files_ns = now();
    c->machine = read_file("/proc/stat");
    c->stat = pid ? read_file("/proc/%d/stat", pid) : calloc(1, 1);
    c->status = pid ? read_file("/proc/%d/status", pid) : calloc(1, 1);
    c->tasks = pid ? read_tasks(pid) : calloc(1, 1);
}

static void read_clocks(Counters *c, int pid) {
    clockid_t server;
    // The processor time of a whole process, threads that have ended included; clock_getcpuclockid(3).
    c->server_ns = pid && !clock_getcpuclockid(pid, &server) ? clock_ns(server) : 0;
    c->own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    c->wall_ns = now();
}

static void print_text(const char *name, const char *text) {
    printf("\"%s\":\"", name);
    for (; *text; text++) {
        if (*text == '\n') printf("\\n");
        else if (*text == '\t') printf("\\t");
        else if (*text == '"' || *text == '\\') printf("\\%c", *text);
        else if ((unsigned char)*text >= ' ') putchar(*text);
    }
    printf("\"");
}

static void print_counters(const char *name, const Counters *c) {
    printf("\"%s\":{\"wall_ns\":%lu,\"server_ns\":%lu,\"load_ns\":%lu,\"files_ns\":%lu,", name, c->wall_ns,
           c->server_ns, c->own_ns, c->files_ns);
    print_text("stat", c->stat);
    printf(",");
    print_text("status", c->status);
    printf(",");
    print_text("machine", c->machine);
    printf(",");
    print_text("tasks", c->tasks);
    printf("}");
}
