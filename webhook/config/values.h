/* values.h: the kinds of text a setting is written in, each checked and turned into a value. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* Whole numbers with a unit, largest first or not: "10s", "500ms", "1m30s", "2h"; "0" needs no
 * unit. False for anything else, and past UINT32_MAX milliseconds (49 days). */
bool value_duration_ms(struct str text, uint64_t *ms) MUST_CHECK;
/* "8MiB", "512KiB", "1GiB", "4096". False for anything else, and past INT64_MAX bytes. */
bool value_size_bytes(struct str text, uint64_t *bytes) MUST_CHECK;
/*
 * A day "2027-06-30", which ends with its last second in UTC, or a time "2027-06-30T18:00:00+09:00"
 * of which the hour, the minute, the second and the zone are all there. at: Unix seconds, the first
 * at which it is over. False for anything else, days and times that do not exist, leap seconds.
 * Source: RFC 3339, section 5.6.
 */
bool value_expiry(struct str text, int64_t *at) MUST_CHECK;
/* host:port; the host is a name, an IPv4 address or an IPv6 address in brackets; port 0 to 65535.
 * Source: RFC 3986, section 3.2.2. */
bool value_is_address(struct str text);
/* Source: Kubernetes, "Labels and Selectors", syntax: an optional DNS subdomain of at most 253
 * bytes and '/', then 1 to 63 of [A-Za-z0-9._-] that start and end alphanumerically. */
bool value_is_label_key(struct str text);
/* X.Y or X.Y.Z with an optional v before it. */
bool value_is_version(struct str text);
