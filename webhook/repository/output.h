/* output.h: a rendering while it is put together. */
#pragma once
#include "base/attr.h"
#include "repository/repository.h"

struct output_builder;
struct parsed;

/* Objects of one rendering; Applications of thousands are large. */
enum { OUTPUT_MAX_OBJECTS = 200000 };

/* destination_namespace is copied. The caller ends with output_finish(). */
struct output_builder *output_new(struct str destination_namespace);
/* Adds an object of a file as it is written; its namespace may still be "". Past
 * OUTPUT_MAX_OBJECTS the output becomes PARTIAL and none is certain. */
void output_add(struct output_builder *b, const struct manifest *manifest);
/* Takes over what objects to come are of: no file of the repository holds them. */
void output_keep_parsed(struct output_builder *b, struct parsed *parsed);
/* What the source is rendered as. */
void output_set_type(struct output_builder *b, enum source_type type);
/* Adds an object that its builder knows all about; names in it live as long as the rendering. */
void output_add_as(struct output_builder *b, const struct rendered *object);
/* A copy that lives as long as the rendering. */
struct str output_keep(struct output_builder *b, struct str text);
/* The object, held as long as the rendering. */
json_t *output_keep_object(struct output_builder *b, json_t *object);

/*
 * Reasons: what comes from outside goes in by quote.h, escaped and cut. What somebody forgot to
 * quote is escaped here all the same, so that a reason is always one line.
 */
/* Something further is possible: the state becomes PARTIAL. The first reason is kept. */
void output_partial(struct output_builder *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Argo CD would fail: outweighs everything else. The first reason is kept. */
void output_fails(struct output_builder *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* It fails because nothing is there. */
void output_is_nowhere(struct output_builder *b);
bool output_has_failed(const struct output_builder *b);
/* Objects added so far and later may be renamed, deleted or never generated: none is certain. */
void output_uncertain(struct output_builder *b);
/* What is possible further may be of these groups. */
void output_may_hold(struct output_builder *b, bool argoproj, bool external_secrets);
/* Nothing is possible further but what output_add_open_end() says. */
void output_only_open_ends(struct output_builder *b);
/* What is possible further is no Secret; none_at_all: not only none called argocd-secret. */
void output_no_more_secrets(struct output_builder *b, bool none_at_all);
/* The namespace in it lives as long as the rendering. */
void output_makes_argocd_secret(struct output_builder *b, const struct argocd_secret *secret);
/* The names in it live as long as the rendering. */
void output_add_open_end(struct output_builder *b, const struct open_end *end);
/* What is possible is exactly that object. */
struct open_end output_open_end(const struct identity *id);

/* Something was left unparsed: what rendering_whole() then renders again. */
void output_skips(struct output_builder *b, const struct repository *r,
                  const struct render_request *q);

/*
 * Fills empty namespaces, lets the last object of an identity win, drops what is not certain.
 * The result belongs to the caller (rendering_free()); the builder is gone.
 */
struct rendering *output_finish(struct output_builder *b);
