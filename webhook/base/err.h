/* err.h: why something could not be done, in four texts a person can act on. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>

/* For code to act on; the texts are for the person. */
enum err_kind {
    ERR_NONE,
    ERR_INPUT,  /* what arrived is malformed */
    ERR_LIMIT,  /* a named budget ran out */
    ERR_CONFIG, /* the configuration or the command line is wrong */
    ERR_SYSTEM, /* the operating system said no */
    ERR_REMOTE, /* a repository or an API could not be read */
};

/*
 * Fixed size, so reporting never allocates and never fails; longer text is cut. Start with {0}.
 * Outside text is escaped (text.h) by whoever prints an err, not by whoever fills one.
 */
struct err {
    enum err_kind kind;
    char what[512];   /* what happened */
    char where[512];  /* file:line, object, field */
    char why[512];    /* the cause as the layer below said it */
    char remedy[256]; /* what to do next */
};

/* Each keeps the first text: a layer above may fill one that is empty, it does not rewrite one. */
void err_what(struct err *err, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
void err_where(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);
void err_why(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);
void err_remedy(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* err_why() with strerror of `number`. */
void err_why_errno(struct err *err, int number);
void err_clear(struct err *err);

/* Room for all four texts with their punctuation. */
enum { ERR_TEXT_MAX = 2048 };
/* "where: what: why; remedy", escaped for a terminal or a log. Returns `out`. */
const char *err_text(const struct err *err, char out[static ERR_TEXT_MAX]);
