/* helm_chart.h: the charts among the files Helm loads: the one that is rendered and its subcharts.
 */
#pragma once
#include "base/tri.h"
#include "repository/helm_files.h"
#include <jansson.h>

struct helm_chart {
    const struct helm_files *files; /* borrowed */
    struct str prefix;              /* of its files: "", or ending in a slash; in `owned` */
    char *owned;
    const json_t *metadata;     /* Chart.yaml; borrowed */
    const json_t *requirements; /* requirements.yaml; NULL where there is none */
    struct str name;            /* "" where it is not known; a dependency's alias */
    size_t parent;              /* its index; its own for a chart nobody depends on */
    size_t end;                 /* one past its subcharts, and theirs */
    bool is_library;            /* whose templates are only there to be included */
    bool is_certain;            /* Helm renders it, under that name */
    bool is_off;                /* Helm does not */
    json_t *values;             /* what its templates see (helm_values.h); helm_not_known() */
};

struct helm_charts {
    struct helm_chart *charts; /* each before its subcharts */
    size_t n;
    size_t capacity;
    struct helm_file *unread; /* subcharts packed as .tgz, which could not be opened */
    size_t n_unread;
    size_t capacity_unread;
    struct helm_files **unpacked; /* the others' files */
    size_t n_unpacked;
    size_t capacity_unpacked;
    char *why; /* not NULL: Helm does not load them; a phrase that names the file */
};

/*
 * Adds the chart that `files` are, and its subcharts (loader.LoadFiles, Metadata.Validate).
 * parent  the index of the chart that depends on it, or charts->n for none.
 * is_certain  whether the chart itself is rendered.
 */
void helm_charts_add(struct helm_charts *charts, const struct render *r,
                     const struct helm_files *files, size_t parent, bool is_certain);
/*
 * Finds out what each chart's templates see, and which subcharts are left out: by condition, by
 * tags, or because nobody knows (Helm's ProcessDependencies, CoalesceValues). A subchart whose name
 * another has, too, is not certain.
 * values  a user's, over the first chart's own.
 */
void helm_charts_settle(struct helm_charts *charts, const struct render *r, const json_t *values);
void helm_charts_clear(struct helm_charts *charts);

/* The i-th dependency of Chart.yaml, then of requirements.yaml; NULL past the last. */
const json_t *helm_chart_dependency(const struct helm_chart *chart, size_t i);
/* Whether the chart has the dependency rendered, by its condition and tags. */
enum tri helm_chart_wants(const struct helm_charts *charts, size_t chart, const json_t *dependency);
/* The file's part of the path below the chart. False for what belongs to another chart. */
bool helm_chart_has(const struct helm_chart *chart, const struct helm_file *file,
                    struct str *below);
/* Whether a file of that name, in any folder, is read as a document. */
bool helm_chart_is_document(struct str path);
