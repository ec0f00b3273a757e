/* helm_chart.h: the charts among the files Helm loads: the one that is rendered and its subcharts.
 */
#pragma once
#include "repository/helm_files.h"
#include <jansson.h>

struct helm_chart {
    const struct helm_files *files; /* borrowed */
    struct str prefix;              /* of its files: "", or ending in a slash; in `owned` */
    char *owned;
    const json_t *metadata;     /* Chart.yaml; borrowed */
    const json_t *requirements; /* requirements.yaml; NULL where there is none */
    struct str name;            /* "" where it is not known */
    bool is_library;            /* whose templates are only there to be included */
    bool is_certain;            /* Helm renders it whatever the values say */
};

struct helm_charts {
    struct helm_chart *charts; /* each before its subcharts */
    size_t n;
    size_t capacity;
    const struct helm_file **archives; /* subcharts packed as .tgz, which are not opened */
    size_t n_archives;
    size_t capacity_archives;
    char *why; /* not NULL: Helm does not load them; a phrase that names the file */
};

/*
 * Adds the chart that `files` are, and its subcharts (loader.LoadFiles, Metadata.Validate). A
 * subchart that values may switch off is not certain (condition and tags of its parent's
 * dependencies), nor one whose name another has, too.
 * is_certain  whether the chart itself is rendered.
 */
void helm_charts_add(struct helm_charts *charts, const struct render *r,
                     const struct helm_files *files, bool is_certain);
void helm_charts_clear(struct helm_charts *charts);

/* The i-th dependency of Chart.yaml, then of requirements.yaml; NULL past the last. */
const json_t *helm_chart_dependency(const struct helm_chart *chart, size_t i);
/* Whether the chart's own list may leave a subchart of that name out: by its condition or tags, or
 * because another dependency takes the name. */
bool helm_chart_gates(const struct helm_chart *chart, struct str name);
/* The file's part of the path below the chart. False for what belongs to another chart. */
bool helm_chart_has(const struct helm_chart *chart, const struct helm_file *file,
                    struct str *below);
