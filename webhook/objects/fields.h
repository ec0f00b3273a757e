/* fields.h: reading the fields of an object, refusing what has another type than Argo CD reads. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <jansson.h>

/*
 * Each reads member `key` of `object` (which may be NULL: absent). Absent and null leave *out at
 * its "absent" value and succeed. Another type fails with ERR_INPUT; `path` is the object's own
 * place ("/spec/source") for the message.
 */
bool field_str(const json_t *object, const char *path, const char *key, struct str *out,
               struct err *err) MUST_CHECK;
bool field_bool(const json_t *object, const char *path, const char *key, bool *out,
                struct err *err) MUST_CHECK;
bool field_object(const json_t *object, const char *path, const char *key, json_t **out,
                  struct err *err) MUST_CHECK;
bool field_array(const json_t *object, const char *path, const char *key, json_t **out,
                 struct err *err) MUST_CHECK;
