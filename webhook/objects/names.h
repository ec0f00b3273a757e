/* names.h: what an API server takes as the name of an object. */
#pragma once
#include "base/str.h"
#include <stdbool.h>

/* Source: Kubernetes, "Object Names and IDs"; apimachinery pkg/util/validation: DNS-1123 subdomain,
 * at most 253 bytes, and DNS-1123 label, at most 63. */
bool names_is_subdomain(struct str text);
bool names_is_label(struct str text);
