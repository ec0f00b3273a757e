/* manifests.h: the objects of one file, and what a directory source would make of the file. */
#pragma once
#include "base/str.h"
#include "repository/repository.h"
#include <stdbool.h>
#include <stddef.h>

enum parse_state {
    PARSE_OBJECTS,   /* read whole; there may be none */
    PARSE_IGNORED,   /* no manifest: a directory source skips it */
    PARSE_FAILS,     /* a directory source that includes it fails to generate */
    PARSE_NOT_KNOWN, /* a budget of ours ran out */
    PARSE_SKIPPED,   /* holds nothing that rules ask for; whether it parses was not looked at */
};

/* How the file is read: Argo CD goes by the end of its name (reference/argocd.md 2.2). */
enum parse_syntax { SYNTAX_YAML, SYNTAX_JSON, N_SYNTAXES };

/* What a file's bytes are as manifests, wherever the file lies. Immutable; shared by reference
 * count, also between threads. */
struct parse;

/*
 * max_nodes  what is kept as JSON values at most.
 * Returns with one reference. Objects without a usable name are left out.
 */
struct parse *parse_new(struct str bytes, enum parse_syntax syntax, size_t max_nodes);
struct parse *parse_ref(struct parse *p);
void parse_unref(struct parse *p); /* NULL is fine */
size_t parse_n_nodes(const struct parse *p);

/* The same of one file. */
struct parsed {
    enum parse_state state;
    char *why;     /* unless PARSE_OBJECTS: one phrase starting with the file's name, as it came */
    unsigned line; /* where; 0 when not known */
    bool worth_a_note; /* it fails, and looks as if somebody meant it as a manifest */
    /* NULL, or why kustomize does not take the file as it stands here: it refuses it (one phrase
     * starting with the file's name), or what it takes is not known. */
    char *kustomize_why;
    bool kustomize_fails;
    struct manifest *manifests; /* PARSE_OBJECTS only */
    size_t n;
    struct parse *parse; /* which holds the objects; NULL where there is none */
};

/* file: kept by reference in each manifest. The caller frees the result with parsed_free(). */
struct parsed *parsed_new(struct parse *parse, const char *file);
/* The file is not read for a reason that does not lie in its bytes. */
struct parsed *parsed_not_known(const char *file, const char *what);
/* The same; takes over `why`, which names the file. */
struct parsed *parsed_unread(char *why);
/* What parsed_not_known() is told where the budget of a repository ends. */
extern const char manifests_too_many_nodes[];
/* Both at once. nodes_left: what may still be kept as JSON values; reduced. */
struct parsed *manifests_parse(const char *file, struct str bytes, enum parse_syntax syntax,
                               size_t *nodes_left);
void parsed_free(struct parsed *p); /* NULL is fine */
