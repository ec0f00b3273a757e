/* queue.h: lines that wait for a log's reader, bounded, and the thread that writes them. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_queue;

struct log_queue_options {
    int fd;           /* borrowed */
    size_t max_bytes; /* of all lines that wait or are being written */
    /* Both are called by the writer alone, under no lock that the others take. */
    void (*written)(void *closure); /* some lines got through; may be NULL */
    /* A line that was queued was not written. error: an errno, 0 where the end came first. */
    void (*lost)(void *closure, uint64_t tag, int error);
    void *closure;
};

/* Starts the writer. */
struct log_queue *log_queue_new(const struct log_queue_options *options);
/*
 * Writes what is queued (at most two seconds), then ends. NULL is fine. Where another process fills
 * the same pipe, a write can block although poll(2) saw room: then the writer is left behind with
 * what it uses, and calls nobody any more.
 */
void log_queue_free(struct log_queue *q);
/*
 * Copies the line, which ends with its line feed. Without room it waits up to wait_ms; once one has
 * waited in vain the others do not wait either until the writer gets on, so that a reader that
 * stalls costs one wait, not one for each line. False when it was not queued. tag: for `lost`.
 */
bool log_queue_add(struct log_queue *q, struct str line, uint64_t tag, unsigned wait_ms) MUST_CHECK;
