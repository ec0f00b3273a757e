/* shape.h: what rules and the renderer read of an object, field by field, as a table. */
#pragma once
#include "review/review.h"
#include <stdbool.h>
#include <stddef.h>

/* What of a long object is shown; all but the first are generous. */
enum {
    SHAPE_SOURCES_MAX = 50, /* an Application has a handful */
    SHAPE_STATUS_MAX = 200, /* entries of status.resources */
    SHAPE_ITEMS_MAX = 100,  /* of any other list */
};

/* What becomes of a value. */
enum shape_act {
    ACT_TEXT,        /* shown, escaped and cut */
    ACT_REPOSITORY,  /* a repository's URL: shown as far as it names the repository */
    ACT_URL,         /* any other: shown without userinfo and query */
    ACT_STAND_IN,    /* never shown: something stands for it */
    ACT_VALUES,      /* Helm values, an object or YAML text */
    ACT_PARAMETERS,  /* Helm parameters */
    ACT_OBJECT,      /* its listed members */
    ACT_SOURCE,      /* the same; its chart says what is asked of its values */
    ACT_LIST,        /* its items */
    ACT_LABELS,      /* the tracking labels */
    ACT_ANNOTATIONS, /* those rules read */
};

struct shape {
    const char *key;
    const struct shape *members; /* of an object; ACT_LIST: one, of the items */
    size_t n_members;
    size_t max; /* ACT_LIST */
    enum shape_act act;
    /* Of an object: members that are not listed are read as well, by their names and whether they
     * are empty, or are compared. Otherwise nobody reads them. */
    bool all;
};

/* The shape of what a review holds of such an object; NULL for a kind that no rule judges. */
const struct shape *shape_of(enum review_kind kind);
/* The annotations rules read; ends with NULL. */
const char *const *shape_annotations(void);

/* Of the chart argo-cd's values, and the parameter that sets one of them (facts/argocd_chart.c). */
const struct shape *shape_of_chart_values(void);
#define SHAPE_CHART_PARAMETER "configs.secret.createSecret"
