/* application_set.h: an Argo CD ApplicationSet, read-only, and its template with parameters put in.
 */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "objects/identity.h"
#include <jansson.h>

/* Views into the object. */
struct application_set {
    json_t *object; /* a reference of its own */
    struct identity id;
    bool go_template;
    bool missing_key_fails; /* goTemplateOptions: missingkey=error */
    bool has_patch;         /* templatePatch: whatever the template says may be changed */
    json_t *generators;     /* a list; NULL when absent */
    json_t *template;       /* metadata and spec of the Applications; NULL when absent */
};

/*
 * object  a reference is taken.
 * namespace, name  win over the object's own and must outlive the result; STR_NONE: the object's.
 * out     owned by the caller (application_set_free()).
 * Fails with ERR_INPUT, `where` naming the field, when a field that is read has the wrong type.
 */
bool application_set_parse(json_t *object, struct str namespace, struct str name,
                           struct application_set **out, struct err *err) MUST_CHECK;
void application_set_free(struct application_set *set); /* NULL is fine */
void application_set_freep(struct application_set **set);

/* What parameters and templates may make in one expansion: a value may stand in every field. */
enum { SET_FILL_MAX_BYTES = 64 * 1024 * 1024 };

/* Putting parameters in. */
struct set_filler {
    const struct application_set *set;
    size_t bytes_left;
    /* NULL, or one phrase, escaped; the first of each kind. The owner frees both. */
    char *not_known; /* something in a field that decides is more than a parameter's name */
    char *fails;     /* Argo CD would make nothing of the whole set */
};
void set_filler_clear(struct set_filler *f);

/*
 * params  without goTemplate one object of texts by their whole name ("path.basename"); a value
 * that is no text stands for one that is not known. With goTemplate a tree. Without goTemplate a
 * tag that names no parameter stays as it is written (applicationset/utils, Render.Replace). With
 * it, known are {{ .a.b }}, {{ index .a.b 1 }}, {{ index .a "b" }}, and either piped into normalize
 * or lower; everything else a template could say is not.
 */

/* All of a value, every text in it. The caller's reference; NULL where not all of it is known. */
json_t *set_fill(struct set_filler *f, json_t *value, const json_t *params) MUST_CHECK;
/* One text; the caller frees it. NULL as above. */
char *set_fill_text(struct set_filler *f, struct str text, const json_t *params) MUST_CHECK;
/*
 * The Application that the set's template makes of the parameters, in the set's namespace. Fields
 * no rule reads (labels, other annotations, info, images) may keep what is not known of them. The
 * caller's reference; NULL as above, or when the name is none.
 */
json_t *set_fill_application(struct set_filler *f, const json_t *params) MUST_CHECK;
