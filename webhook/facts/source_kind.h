/* source_kind.h: the sort of source that an Application's verdict hangs on, to be counted by. */
#pragma once
#include "facts/facts.h"

enum source_kind {
    SOURCE_KIND_KUSTOMIZE,
    SOURCE_KIND_HELM, /* a chart in Git */
    SOURCE_KIND_DIRECTORY,
    SOURCE_KIND_PLUGIN,
    SOURCE_KIND_CHART, /* of a Helm repository or an OCI registry */
    SOURCE_KIND_HYDRATED,
    SOURCE_KIND_INVALID,   /* no source, no such path, two types */
    SOURCE_KIND_ELSEWHERE, /* a repository that is not among those read */
    N_SOURCE_KINDS
};

/* "kustomize", "helm", …: a stable word of `check`'s output. */
const char *source_kind_id(enum source_kind kind);
/* The same for people: "chart repository". */
const char *source_kind_name(enum source_kind kind);

/*
 * The sort of the source that leaves open whether the Application renders the object; where none
 * does, of its first source that can render one.
 */
enum source_kind source_kind_of(const struct known_application *known, const struct identity *id);
