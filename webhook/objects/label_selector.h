/* label_selector.h: a label selector, and whether it matches a namespace of which not every label
 * may be known. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/tri.h"
#include <jansson.h>

/* Set by the API server itself, from Kubernetes 1.21 on, to the namespace's own name. */
#define LABEL_NAMESPACE_NAME "kubernetes.io/metadata.name"

enum label_operator { LABEL_IN, LABEL_NOT_IN, LABEL_EXISTS, LABEL_DOES_NOT_EXIST };

struct label_requirement {
    struct str key;
    enum label_operator kind;
    const json_t *values; /* In, NotIn: array of strings; NULL for matchLabels, which has one */
    struct str value;     /* of matchLabels, an In with one value */
};

/* All requirements hold, or it does not match; one without requirements matches everything. */
struct label_selector {
    struct label_requirement *requirements;
    size_t n;
};

/* Past it no selector was written by a person. */
enum { LABEL_REQUIREMENTS_MAX = 1000 };

/*
 * Reads member `key` of `object`; absent, null and empty match everything. Views into `object`.
 * out  cleared by the caller (label_selector_clear()), whether or not this succeeds.
 * Fails as field_object() does, and with ERR_INPUT where the API server refuses: an operator it
 * does not know, In or NotIn without values, Exists or DoesNotExist with some.
 * Source: Kubernetes API reference, LabelSelector v1 meta.
 */
bool label_selector_read(const json_t *object, const char *path, const char *key,
                         struct label_selector *out, struct err *err) MUST_CHECK;
void label_selector_clear(struct label_selector *s);

/* What is known of a namespace: its name, which is a label too unless an older API server stored
 * it, and with its object all labels. */
struct namespace_labels {
    struct str name;
    bool complete;        /* its Namespace object is known */
    bool stored;          /* as the API server has it: its labels are all there are */
    const json_t *labels; /* metadata.labels of that object; NULL without any */
};

/*
 * Whether the namespace is selected. One requirement that certainly fails is a NO, whatever else is
 * not known; NotIn and DoesNotExist hold for a label that is absent.
 * unknown  set on NOT_KNOWN: the first label that would have to be known.
 */
enum tri label_selector_matches(const struct label_selector *s, const struct namespace_labels *n,
                                struct str *unknown);
