// What the load generator and the servers written in C agree on; heddle.bench.peer.Wire says the same for Java, echo.go for Go.
#pragma once

#include <stdint.h>
#include <stdlib.h>

// SEQUENCE: the bytes of an echo repeat after so many, a prime, so that a shift by whole messages shows. BLOCK_BYTES: those of a bulk
// transfer, where byte i of each block is i + i/256. WRITERS write to one connection, messages of WRITER_BYTES: the writer's number and
// the message's, 4 bytes each, big-endian, then bytes writer + number + i.
enum { SEQUENCE = 4093, BLOCK_BYTES = 65536, WRITERS = 16, WRITER_BYTES = 64 };

// `length` bytes of the sequence that begins anew after `period`.
static inline char *make_sequence(size_t period, size_t length) {
    char *bytes = malloc(length);
    uint32_t state = 1;
    for (size_t i = 0; i < length && i < period; i++) {
        state = state * 1664525 + 1013904223;  // Numerical Recipes, section 7.1
        bytes[i] = period == BLOCK_BYTES ? (char)(i + (i >> 8)) : (char)(state >> 24);
    }
    for (size_t i = period; i < length; i++) bytes[i] = bytes[i - period];
    return bytes;
}
