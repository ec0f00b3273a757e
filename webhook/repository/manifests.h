/* manifests.h: the objects of one file, and what a directory source would make of the file. */
#pragma once
#include "base/str.h"
#include "repository/repository.h"

enum parse_state {
    PARSE_OBJECTS,   /* read whole; there may be none */
    PARSE_IGNORED,   /* no manifest: a directory source skips it */
    PARSE_FAILS,     /* a directory source that includes it fails to generate */
    PARSE_NOT_KNOWN, /* a budget of ours ran out */
};

/* How the file is read: Argo CD goes by the end of its name (reference/argocd.md 2.2). */
enum parse_syntax { SYNTAX_YAML, SYNTAX_JSON, N_SYNTAXES };

struct parsed {
    enum parse_state state;
    char *why;     /* unless PARSE_OBJECTS: one phrase starting with the file's name, as it came */
    unsigned line; /* where; 0 when not known */
    bool worth_a_note;          /* it fails, and looks as if somebody meant it as a manifest */
    struct manifest *manifests; /* PARSE_OBJECTS only */
    size_t n;
    size_t capacity;
};

/*
 * file        kept by reference in each manifest.
 * nodes_left  what the repository may still keep as JSON values; reduced.
 * The caller frees the result with parsed_free(). Objects without a usable name are left out.
 */
struct parsed *manifests_parse(const char *file, struct str bytes, enum parse_syntax syntax,
                               size_t *nodes_left);
void parsed_free(struct parsed *p); /* NULL is fine */
