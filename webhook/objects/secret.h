/* secret.h: a Secret's metadata, read-only, as the rules ask about it. Never its data. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include "objects/external_secret.h"
#include "objects/identity.h"
#include "objects/tracking.h"
#include <jansson.h>

struct secret {
    json_t *object; /* a reference of its own; everything else is a view into it */
    struct identity id;
    struct marks marks;
    const json_t *owners;         /* metadata.ownerReferences; NULL when absent */
    const json_t *managed_fields; /* NULL: not shown (kubectl leaves them out unless asked) */
    bool service_account_token;   /* its type: Argo CD gives it an owner (reference 5.1) */
};

/* object: as struct cluster_object has it; a reference is taken. The caller frees the result with
 * secret_free(). Never fails: what has a wrong type counts as absent. */
struct secret *secret_parse(json_t *object);
void secret_free(struct secret *s); /* NULL is fine */
void secret_freep(struct secret **s);

/*
 * Whether anything but that ExternalSecret owns the Secret, so that Argo CD neither prunes nor
 * cascade-deletes it whatever the ExternalSecret does (external-secrets.md 3.3 row 12; argocd.md
 * 5.1). es may be NULL: any owner then. The ExternalSecret's own reference does not count: a policy
 * other than Owner takes it away (2.2).
 * owner  set to a view of the owner's identity (group, kind, name) when true; may be NULL. The
 *        namespace is "": a reference does not say which, and the name of a token's ServiceAccount
 *        may be STR_NONE.
 */
bool secret_has_other_owner(const struct secret *s, const struct external_secret *es,
                            struct identity *owner);
/* The ExternalSecret that owns it; STR_NONE when none does. */
struct str secret_owning_external_secret(const struct secret *s);

/*
 * Whether the ExternalSecret of that name wrote the label (annotation): then it takes it away again
 * once it does not copy it any more (external-secrets.md 2.3). NOT_KNOWN without managedFields.
 * The field manager is externalsecrets.external-secrets.io/<name>. For names that make this longer
 * than 63 bytes it writes as …/sha3/<hash>, but looks for that only where the name alone is longer:
 * NOT_KNOWN where any manager of sha3/, or the full one of older versions, wrote it.
 */
enum tri secret_label_is_of(const struct secret *s, struct str key, struct str external_secret);
enum tri secret_annotation_is_of(const struct secret *s, struct str key,
                                 struct str external_secret);
