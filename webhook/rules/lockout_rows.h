/* lockout_rows.h: the rows of lockout's table, and how a row says what it found; the contract among
 * its files. */
#pragma once
#include "base/attr.h"
#include "base/buf.h"
#include "rules/lockout.h"
#include "rules/rule.h"

/* The registration that is being judged, and what was found so far. */
struct lockout {
    const struct registration *r;
    struct verdict *verdict;
};

/* Which requests it is asked about: rows 3 and 4, and matchPolicy of row 7. */
void lockout_needless_operations(const struct lockout *l);
void lockout_missing_operations(const struct lockout *l);
void lockout_foreign_resources(const struct lockout *l);
void lockout_missing_resources(const struct lockout *l);
void lockout_missing_versions(const struct lockout *l);
void lockout_scopes(const struct lockout *l);
void lockout_match_policy(const struct lockout *l);
/* Whether the API server could get an answer: row 5. */
void lockout_address(const struct lockout *l);
void lockout_service(const struct lockout *l);
void lockout_review_versions(const struct lockout *l);
void lockout_ca_bundle(const struct lockout *l);
void lockout_serving(const struct lockout *l);

/*
 * Adds a finding; FINDING_DENY denies. The message is what would happen, the field, and the repair;
 * outside text in it is escaped already. The result is valid until the next lockout_add().
 */
struct finding *lockout_add(const struct lockout *l, enum finding_verdict verdict,
                            const char *format, ...) PRINTF_LIKE(3, 4);
/* A field of the webhook with its value; `defaulted`: as the API server fills it in. */
void lockout_saw(const struct lockout *l, struct finding *f, bool defaulted, const char *format,
                 ...) PRINTF_LIKE(4, 5);
/* The webhook's name, escaped. */
struct shown lockout_name(const struct lockout *l);
/* What befalls a request while nothing answers: "is refused", "waits up to 5 s for it". */
struct shown lockout_fate(const struct webhook *w);
/* Whether namespaceSelector leaves the namespace out; `unknown` as label_selector_matches(). */
enum tri lockout_excludes(const struct webhook *w, const struct namespace_labels *n,
                          struct str *unknown);

/* "a, b, c": the first few of what a message names, "and more" behind them. */
struct lockout_list {
    struct buf text;
    size_t n;
};
struct lockout_list lockout_list_new(void);
void lockout_list_clear(struct lockout_list *list); /* for AUTO() */
bool lockout_list_is_full(const struct lockout_list *list);
/* text: escaped already. */
void lockout_list_add(struct lockout_list *list, const char *text);
const char *lockout_list_text(const struct lockout_list *list);
