/* helm_render.h: what a template writes as far as that is certain; the rest stays as it is written.
 */
#pragma once
#include "repository/helm_template.h"
#include <jansson.h>

/*
 * Not a template engine: a handful of Sprig's functions, on text and truth values, and .Files.Get,
 * as exactly as Helm runs them. A map that only one variable holds may be changed; whatever changes
 * others is said in `has_changed`, and then nothing is certain. Whatever else decides, such as
 * .Capabilities, is *not known*. An action whose value is not known stays in
 * the text, and of an `if` whose condition is not known, or of a loop over what is not known,
 * all that they may write stays. So the text can be looked at like a template
 * (helm_words.h), in which fewer things are open.
 */
enum {
    HELM_RENDER_MAX_BYTES = 4 * 1024 * 1024, /* of one template's output */
    HELM_RENDER_MAX_STEPS = 500000,          /* actions and pieces of text, of one chart */
    HELM_RENDER_STEP_BYTES = 256,            /* of text in a function count as one more */
    HELM_RENDER_STEP_KEYS = 16,              /* so do keys that a loop sorts */
    HELM_RENDER_MAX_DEPTH = 32,              /* of templates that include others */
};

/* {{ define }} of any template of the release. */
struct helm_definition {
    struct str name; /* in `of` */
    const struct helm_template *of;
    size_t node;
    bool is_certain; /* it is there, and no other of that name says something else */
    bool differs;
};

/*
 * What .Files.Get of a chart's templates reads (pkg/engine, files.Get): a file that is neither a
 * template nor one of those that make the chart. *is_known: false where that is not certain. NULL:
 * there is none, and it reads as empty. *n_looked: how many files were looked at.
 */
typedef const struct helm_template *(*helm_get_fn)(const void *from, size_t chart, struct str path,
                                                   bool *is_known, size_t *n_looked);

/* What the templates of a release share. */
struct helm_release {
    helm_get_fn get;
    const void *get_from;
    struct helm_definition *definitions; /* by name, once settled */
    size_t n;
    size_t capacity;
    size_t n_steps;
    bool may_change; /* some template changes values; then all that may do so is looked out for */
    bool has_changed;
};

void helm_release_add(struct helm_release *r, const struct helm_template *t, bool is_certain);
/* Once all are added. */
void helm_release_settle(struct helm_release *r);
void helm_release_clear(struct helm_release *r);

struct helm_text {
    char *p;
    size_t n;
    unsigned *lines; /* of the template, for each line of the text */
    size_t n_lines;
    size_t capacity_lines;
};

/* .Files of a chart's templates. The caller owns it. */
json_t *helm_render_files(size_t chart);

/*
 * root  what templates see as `.`: Values, Release, Chart, Files.
 * out   cleared by the caller with helm_text_clear(). False where nothing can be said.
 */
bool helm_render_template(struct helm_release *r, const struct helm_template *t, const json_t *root,
                          struct helm_text *out);
void helm_text_clear(struct helm_text *t);
/* The template's line of one of the text's, both from 1. */
unsigned helm_text_line(const struct helm_text *t, unsigned line);
