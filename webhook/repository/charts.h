/* charts.h: the Helm charts that lie in a repository, and which of them others there need. */
#pragma once
#include "repository/repository.h"

struct chart {
    const char *path; /* the chart's directory; "" for the root */
    const char *file; /* its Chart.yaml */
    struct str name;  /* as that says; may be empty */
    bool is_library;  /* renders nothing by itself */
    /* It lies in another chart's charts/, another names it as file://…, or a kustomization inflates
     * it (helmCharts). */
    bool is_needed;
};

/* All borrowed from `r` but the array, which the caller frees. In order of their paths. */
size_t repository_charts(const struct repository *r, struct chart **out);
/* Whether some file that only Helm can read names argoproj.io: then there may be Applications that
 * nobody here knows. */
bool repository_templates_argoproj(const struct repository *r);
