/* check_sources.h: how many Applications could be decided, by the sort of their source. */
#pragma once
#include "base/buf.h"
#include "facts/source_kind.h"

struct check_sources {
    struct {
        size_t decided;
        size_t undecided;
    } of[N_SOURCE_KINDS];
};

/* Rows of words and numbers below a head; nothing where no Application was counted. */
void check_sources_text(const struct check_sources *s, struct buf *out);
/* A member {"applications":{"decided","undecided"},"sources":[{"source","decided","undecided"}]};
 * sorts without an Application are left out. */
void check_sources_json(const struct check_sources *s, const char *key, struct buf *out);
/* JUnit's <properties>, e.g. "decided.kustomize"; nothing where no Application was counted. */
void check_sources_junit(const struct check_sources *s, struct buf *out);
