/* property.h: what the property tests of the judge share. */
#pragma once
#include "base/buf.h"
#include "facts/facts.h"
#include "rules/verdict.h"
#include <jansson.h>
#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do, and one number is one state. */
struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *r);
unsigned rng_below(struct rng *r, unsigned n);
bool rng_chance(struct rng *r, unsigned percent);

/* One setting of the world: a configuration and the facts under it. */
struct world {
    json_t *config;
    struct settings *settings;
    struct facts *facts;
};
/* Writes the fixture's repositories and snapshots into a directory. These end the process when
 * something cannot be written. */
void fixture_write(const char *root);
/* path: below root; folders are made. */
void fixture_write_file(const char *root, const char *path, const char *text);
char *fixture_new(void);       /* in a directory of its own */
void fixture_free(char *root); /* removes it */
/* config: taken over. */
void world_init(struct world *w, const char *root, json_t *config);
void world_clear(struct world *w);
/* A random configuration, as a tree; every rule denies and enforce is on unless it says so. */
json_t *random_config(struct rng *r);
/* Worlds of random configurations; their repositories are gone when it returns: judging needs no
 * files. */
enum { N_WORLDS = 24 };
void worlds_init(struct world worlds[N_WORLDS], uint64_t seed);
void worlds_clear(struct world worlds[N_WORLDS]);
/* When everything is judged: exemptions of the random configurations have ended, or not, by then.
 */
#define PROPERTY_NOW ((int64_t)1767225600) /* 2026-01-01T00:00:00Z */

/* A random Application or ExternalSecret, healthy or not, as an API server stores it. */
json_t *random_object(struct rng *r);
/* Changes up to `n` fields that rules read. */
void change_object(struct rng *r, json_t *object, unsigned n);
/* Changes up to `n` fields of which design 3.6 says that no change of them is ever refused. */
void change_harmlessly(struct rng *r, json_t *object, unsigned n);
/* What the controller normalises away, or the like of it (reference/argocd.md 1.3, 1.4). */
void normalise(struct rng *r, json_t *object);
bool is_application(const json_t *object);
/* Changes the member at `path`, NULL-terminated, making objects on the way; NULL takes it away. */
void set_at(json_t *object, const char *const *path, json_t *value);

/* What is asked of the webhook. */
struct request {
    const char *operation;
    const char *sub_resource; /* "" for none */
    const char *kind;         /* NULL: the object's */
    json_t *object;           /* NULL: null */
    json_t *old_object;
};
void request_clear(struct request *q);
/* How JSON is written: as an API server does it, or otherwise with the same meaning. */
enum style { STYLE_API_SERVER, STYLE_FREE };
/* The AdmissionReview's text; free(). */
char *request_text(struct rng *r, const struct request *q, enum style style);
/* The verdict on such a text, fed to the scanner in chunks of random sizes. */
struct verdict *judge_text(struct rng *r, const struct facts *f, const char *text);
/* The same of the request as an API server writes it. */
struct verdict *judge_request(struct rng *r, const struct facts *f, const struct request *q);
/* Every word of a verdict. */
void describe_verdict(const struct verdict *v, struct buf *out);

/*
 * What is checked of one case. salt: seeds the randomness of the check itself.
 * Returns whether the property holds; else `why` says what went wrong.
 */
typedef bool (*property_fn)(const struct world *worlds, const struct request *q, uint64_t salt,
                            struct buf *why);

struct property_run {
    const char *name;
    uint64_t seed;
    uint64_t count;
};
/* --seed N --count N; ends the process on anything else. */
struct property_run property_options(int argc, char **argv, uint64_t count);
/* Where the case fails, prints how to see it again and the smallest request found that fails so
 * too; returns whether it held. index: the number of the case, from 0. */
bool property_check(const struct property_run *run, uint64_t index, property_fn property,
                    const struct world *worlds, struct request *q, uint64_t salt);
