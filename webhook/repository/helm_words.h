/* helm_words.h: which objects of our two groups the text of a chart's file could turn into. */
#pragma once
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Templates are not rendered; this is what can be said of them from their text (reference/argocd.md
 * 2.5). An object needs its group and its kind spelled out somewhere: in a template, a helper, a
 * value. So:
 *
 * - A *mention* of a group is `argoproj.io` that is no part of a longer name
 *   (`argocd.argoproj.io/sync-wave` is none), one of a kind is `Application` or `ApplicationSet`
 *   as a word of its own that does not stand in a sentence. Lines of comment do not count.
 * - A document of a template is *settled* for a group where its apiVersion is written out and of
 *   another group, or its kind is written out and another one, both at the start of a line: an
 *   action further inside cannot make another object of it. It is not settled where an action
 *   stands at the start of a line and may write lines of its own there, or where it has `items`.
 * - A document that writes the kind out, at the start of a line, yields objects of that kind under
 *   the name it writes: all of it, or what stands before and behind an action.
 * - Whatever is mentioned elsewhere, in values or helpers, may become anything; but it takes both a
 *   group and a kind to make an object, and a template that is *open*: one with a document that
 * does not write its kind out, or that writes lines of its own at the start of a line.
 *
 * What escapes: a name put together from pieces, and a value of several lines that breaks out of
 * the line it is written into.
 */

/* In the order of `enum helm_group`. */
enum helm_group { HELM_ARGOPROJ, HELM_EXTERNAL_SECRETS, N_HELM_GROUPS };

struct helm_name {
    struct str before; /* what the name starts with; in `owned` */
    struct str behind; /* and ends with */
    char *owned;
    bool is_whole; /* `before` is all of it */
    unsigned line;
};

struct helm_words_of {
    unsigned group_line; /* the first mention; 0: none */
    unsigned kind_line;
    unsigned open_group_line; /* the same outside settled documents and those with names */
    unsigned open_kind_line;
    struct helm_name *names; /* of the documents that write the kind */
    size_t n_names;
    size_t capacity;
};

struct helm_words {
    struct helm_words_of of[N_HELM_GROUPS];
    unsigned open_line; /* 0: no document is open */
    bool is_templated;  /* {{ */
    bool is_nothing;    /* blanks, comments and nulls */
    bool reads_files;   /* names .Files */
    bool defines;       /* has a template of its own for others to include */
    bool is_changed;    /* holds what Helm or Argo CD does not take as it stands: `<no value>`, text
                           behind a separator, UTF-16 */
    bool names_secrets; /* Secret */
    bool has_hook;      /* helm.sh/hook */
    bool has_items;     /* items: */
    bool names_templates; /* may replace the template of a file: defines one named like a path */
};

const char *helm_group_name(enum helm_group group); /* argoproj.io */
const char *helm_kind_name(enum helm_group group);  /* Application */

/* The caller frees it with helm_words_free(). */
struct helm_words *helm_words_read(struct str bytes);
void helm_words_free(struct helm_words *words); /* NULL is fine */
