/* kustomize_fields.h: fieldSpecs, by which a transformer or a configuration names what it writes
 * to.
 */
#pragma once
#include "repository/kustomize_items.h"

/* What writing there can change of an object. */
enum field {
    FIELD_NAME,
    FIELD_NAMESPACE,
    FIELD_LABELS, /* metadata.labels as a whole */
    FIELD_ANNOTATIONS,
    FIELD_OTHER,        /* neither its identity nor its labels and annotations */
    FIELD_NOT_FOLLOWED, /* anything else */
};

/* What a transformer needs to find there, or kustomize fails. */
enum field_type { FIELD_IS_SCALAR, FIELD_IS_MAPPING, FIELD_IS_ANYTHING };

/* spec  {group, version, kind, path, create}, each of which may be missing. */
enum field kustomize_field(const json_t *spec);
bool kustomize_field_selects(const json_t *spec, const struct identity *id, struct str version);
/* Without group, version and kind it is for all objects. */
bool kustomize_field_is_for_all(const json_t *spec);

/*
 * Whether the transformer changes something there: the field is there, or it makes one.
 * NOT_KNOWN where kustomize may fail: something on the way, or the field, is of another type, or is
 * not kept.
 * object  as patches left it, or its shape.
 * Source: kustomize 5.7 api/filters/fieldspec.
 */
enum tri kustomize_field_changes(const json_t *object, const json_t *spec, enum field_type type);
