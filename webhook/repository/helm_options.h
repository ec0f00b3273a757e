/* helm_options.h: the values that a source gives to its chart (reference/argocd.md 2.5). */
#pragma once
#include "repository/index.h"
#include <jansson.h>

/* A value file, or what is put in by fileParameters. */
struct helm_input {
    const char *file;               /* its path, or what was asked for; as long as the rendering */
    const struct helm_words *words; /* NULL: not known */
};

struct helm_options {
    json_t *values; /* all of them together (helm_values.h) */
    struct helm_input *inputs;
    size_t n;
    size_t capacity;
};

/*
 * Reads valueFiles, values or valuesObject, parameters and fileParameters, each over those before.
 * What Helm would fail over is said in the output. The caller ends with helm_options_clear().
 */
void helm_options_read(const struct render *r, struct helm_options *out);
void helm_options_clear(struct helm_options *o);
/* Argo CD's release name, and the namespace it is released into. */
struct str helm_options_release(const struct render *r);
struct str helm_options_namespace(const struct render *r);
