/* internal.h: what the files of this room share. */
#pragma once
#include "advice/advice.h"
#include "base/buf.h"

/* Takes over `message` and what it is `about`, both built in buffers of ADVICE_MAX. */
enum { ADVICE_MAX = 4000 };
void advice_add(struct advice_list *list, enum advice_id id, const char *file, unsigned line,
                struct buf *about, struct buf *message);
/* "argocd/root", escaped. */
void advice_put_id(struct buf *out, const struct identity *id);
/* Whether it stands in a file, and there is no doubt what it says. */
bool advice_is_certain(const struct known_application *known);

/* One file each. */
void advise_charts(const struct facts *f, struct advice_list *out);
void advise_shared(const struct facts *f, struct advice_list *out);
void advise_definitions(const struct facts *f, struct advice_list *out);
void advise_paths(const struct facts *f, struct advice_list *out);
void advise_globs(const struct facts *f, struct advice_list *out);
