/* yaml_scalar.h: what one YAML 1.1 scalar means to go-yaml v2. */
#pragma once
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <jansson.h>
#include <stdint.h>

enum yaml_scalar_kind {
    YAML_SCALAR_NULL,
    YAML_SCALAR_BOOL,
    YAML_SCALAR_INT,
    YAML_SCALAR_UINT, /* beyond int64 */
    YAML_SCALAR_FLOAT,
    YAML_SCALAR_STRING,
};

struct yaml_scalar {
    enum yaml_scalar_kind kind;
    bool truth;
    int64_t integer;
    uint64_t big;
    double number;
    struct str text; /* a string's bytes; only !!binary can make them invalid UTF-8 */
};

/*
 * Resolves a scalar.
 * tag    as written and expanded ("tag:yaml.org,2002:int"), "!" for the non-specific one, or
 *        STR_NONE.
 * plain  neither quoted nor tagged.
 * keep   takes the bytes of a decoded !!binary; out->text may point into it or at `text`.
 * Fails with ERR_INPUT where go-yaml refuses (a tag its text does not fit) and with ERR_LIMIT
 * where its answer is not known; fills what and why only.
 * Source: go-yaml v2.4.0 resolve.go (resolve, parseTimestamp), decode.go (decoder.scalar).
 */
bool yaml_scalar_resolve(struct str tag, struct str text, bool plain, struct arena *keep,
                         struct yaml_scalar *out, struct err *err) MUST_CHECK;

/*
 * The JSON value; NULL for .inf and .nan, which JSON does not have. Integral floats become
 * integers because Go writes 1.0 as 1; what int64 cannot hold is a real. Invalid UTF-8 becomes
 * U+FFFD byte by byte. Owned by the caller.
 * Source: Go encoding/json, floatEncoder and appendString.
 */
json_t *yaml_scalar_json(const struct yaml_scalar *s) MUST_CHECK;

/* Room for a number as a key. */
enum { YAML_KEY_MAX = 40 };
/*
 * The key as sigs.k8s.io/yaml writes it; `room` holds numbers, a string is a view of the scalar's.
 * False for null and for integers beyond int64, which it refuses.
 * Source: sigs.k8s.io/yaml v1.4.0 yaml.go, convertToJSONableObject (floats as 32-bit 'g').
 */
bool yaml_scalar_key(const struct yaml_scalar *s, char room[static YAML_KEY_MAX],
                     struct str *out) MUST_CHECK;
