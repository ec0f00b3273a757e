#include "report/shape.h"
#include "base/attr.h"
#include "objects/tracking.h"

#define TEXT(k)                                                                                    \
    {                                                                                              \
        .key = (k), .act = ACT_TEXT                                                                \
    }
#define REPOSITORY(k)                                                                              \
    {                                                                                              \
        .key = (k), .act = ACT_REPOSITORY                                                          \
    }
#define URL(k)                                                                                     \
    {                                                                                              \
        .key = (k), .act = ACT_URL                                                                 \
    }
#define STAND_IN(k)                                                                                \
    {                                                                                              \
        .key = (k), .act = ACT_STAND_IN                                                            \
    }
#define OBJECT(k, m)                                                                               \
    {                                                                                              \
        .key = (k), .act = ACT_OBJECT, .members = (m), .n_members = ARRAY_LEN(m)                   \
    }
#define WHOLE(k, m)                                                                                \
    {                                                                                              \
        .key = (k), .act = ACT_OBJECT, .members = (m), .n_members = ARRAY_LEN(m), .all = true      \
    }
#define LIST(k, item, n)                                                                           \
    {                                                                                              \
        .key = (k), .act = ACT_LIST, .members = &(item), .max = (n)                                \
    }

static const struct shape text_item = TEXT("");
static const struct shape url_item = URL("");

/* source_type.c and kustomize_options.c ask every option whether it is empty, by whatever name;
 * patches and replicas are read, but may hold secrets (logged.c); helm.c looks for two words in all
 * of its own. */
static const struct shape hooks[] = {TEXT(ANNOTATION_HOOK), TEXT(ANNOTATION_HELM_HOOK)};
static const struct shape kustomize[] = {
    TEXT("namePrefix"),
    TEXT("nameSuffix"),
    TEXT("namespace"),
    TEXT("version"),
    WHOLE("commonLabels", hooks),
    WHOLE("commonAnnotations", hooks),
    TEXT("forceCommonLabels"),
    TEXT("forceCommonAnnotations"),
    TEXT("commonAnnotationsEnvsubst"),
    TEXT("ignoreMissingComponents"),
    LIST("components", text_item, SHAPE_ITEMS_MAX),
};
/* What argocd_chart.c asks of the chart argo-cd's values; nothing of any other chart's. */
static const struct shape chart_secret[] = {STAND_IN("createSecret"), STAND_IN("annotations")};
static const struct shape chart_configs[] = {OBJECT("secret", chart_secret)};
static const struct shape chart_values_members[] = {
    OBJECT("configs", chart_configs), STAND_IN("namespaceOverride"), STAND_IN("extraObjects")};
static const struct shape chart_values = OBJECT("", chart_values_members);
static const struct shape file_parameter[] = {TEXT("name"), URL("path")};
static const struct shape file_parameter_item = WHOLE("", file_parameter);
static const struct shape helm[] = {
    TEXT("releaseName"),
    TEXT("version"),
    TEXT("namespace"),
    TEXT("kubeVersion"),
    TEXT("ignoreMissingValueFiles"),
    TEXT("skipCrds"),
    TEXT("skipTests"),
    TEXT("skipSchemaValidation"),
    TEXT("passCredentials"),
    {.key = "values", .act = ACT_VALUES},
    {.key = "valuesObject", .act = ACT_VALUES},
    {.key = "parameters", .act = ACT_PARAMETERS},
    LIST("valueFiles", url_item, SHAPE_ITEMS_MAX),
    LIST("fileParameters", file_parameter_item, SHAPE_ITEMS_MAX),
};
static const struct shape directory[] = {
    TEXT("recurse"),
    TEXT("include"),
    TEXT("exclude"),
    {.key = "jsonnet", .act = ACT_OBJECT, .all = true},
};
static const struct shape plugin[] = {TEXT("name")};
/* `all`: a new pruning operation is told from an old one by comparing whole sources. */
static const struct shape source[] = {
    REPOSITORY("repoURL"),
    TEXT("path"),
    TEXT("targetRevision"),
    TEXT("tagPrefix"),
    TEXT("chart"),
    TEXT("ref"),
    TEXT("name"),
    WHOLE("directory", directory),
    WHOLE("kustomize", kustomize),
    WHOLE("helm", helm),
    WHOLE("plugin", plugin),
};
#define SOURCE(k)                                                                                  \
    {                                                                                              \
        .key = (k), .act = ACT_SOURCE, .members = source, .n_members = ARRAY_LEN(source),          \
        .all = true                                                                                \
    }
static const struct shape source_item = SOURCE("");

static const struct shape dry_source[] = {REPOSITORY("repoURL")};
static const struct shape sync_source[] = {REPOSITORY("repoURL"), TEXT("path"),
                                           TEXT("targetBranch")};
static const struct shape hydrator[] = {OBJECT("drySource", dry_source),
                                        OBJECT("syncSource", sync_source)};
static const struct shape destination[] = {URL("server"), TEXT("name"), TEXT("namespace")};
static const struct shape automated[] = {TEXT("enabled"), TEXT("prune"), TEXT("selfHeal")};
static const struct shape sync_policy[] = {
    OBJECT("automated", automated),
    LIST("syncOptions", text_item, SHAPE_ITEMS_MAX),
};
static const struct shape application_spec[] = {
    TEXT("project"),
    OBJECT("destination", destination),
    SOURCE("source"),
    LIST("sources", source_item, SHAPE_SOURCES_MAX),
    OBJECT("sourceHydrator", hydrator),
    OBJECT("syncPolicy", sync_policy),
};

static const struct shape resource[] = {TEXT("group"), TEXT("kind"), TEXT("namespace"),
                                        TEXT("name")};
static const struct shape resource_item = WHOLE("", resource);
static const struct shape sync[] = {
    TEXT("prune"),         TEXT("dryRun"),
    TEXT("revision"),      LIST("revisions", text_item, SHAPE_SOURCES_MAX),
    SOURCE("source"),      LIST("sources", source_item, SHAPE_SOURCES_MAX),
    STAND_IN("manifests"), LIST("resources", resource_item, SHAPE_ITEMS_MAX),
};
static const struct shape initiator[] = {TEXT("automated")};
static const struct shape operation[] = {OBJECT("initiatedBy", initiator), OBJECT("sync", sync)};

static const struct shape owner[] = {TEXT("apiVersion"), TEXT("kind"), TEXT("name")};
static const struct shape owner_item = OBJECT("", owner);
static const struct shape metadata[] = {
    TEXT("name"),
    TEXT("namespace"),
    TEXT("deletionTimestamp"),
    LIST("finalizers", text_item, SHAPE_ITEMS_MAX),
    LIST("ownerReferences", owner_item, SHAPE_ITEMS_MAX),
    {.key = "labels", .act = ACT_LABELS},
    {.key = "annotations", .act = ACT_ANNOTATIONS},
};

static const struct shape status_resource[] = {TEXT("group"), TEXT("kind"), TEXT("namespace"),
                                               TEXT("name"), TEXT("requiresPruning")};
static const struct shape status_item = OBJECT("", status_resource);
static const struct shape status[] = {LIST("resources", status_item, SHAPE_STATUS_MAX)};

static const struct shape application[] = {
    OBJECT("metadata", metadata),
    OBJECT("spec", application_spec),
    OBJECT("operation", operation),
    OBJECT("status", status),
};

static const struct shape template_metadata[] = {
    {.key = "labels", .act = ACT_LABELS},
    {.key = "annotations", .act = ACT_ANNOTATIONS},
};
static const struct shape template_from[] = {TEXT("target")};
static const struct shape template_from_item = OBJECT("", template_from);
static const struct shape template[] = {
    OBJECT("metadata", template_metadata),
    LIST("templateFrom", template_from_item, SHAPE_ITEMS_MAX),
};
static const struct shape manifest[] = {TEXT("apiVersion"), TEXT("kind")};
static const struct shape target[] = {
    TEXT("name"),
    TEXT("creationPolicy"),
    TEXT("immutable"),
    OBJECT("template", template),
    OBJECT("manifest", manifest),
};
static const struct shape external_secret_spec[] = {OBJECT("target", target)};
static const struct shape external_secret[] = {
    OBJECT("metadata", metadata),
    OBJECT("spec", external_secret_spec),
};

const struct shape *shape_of(enum review_kind kind)
{
    static const struct shape application_shape = OBJECT("", application);
    static const struct shape external_secret_shape = OBJECT("", external_secret);

    switch (kind) {
    case REVIEW_APPLICATION:
        return &application_shape;
    case REVIEW_EXTERNAL_SECRET:
        return &external_secret_shape;
    case REVIEW_OTHER:
        break;
    }
    return NULL;
}

const struct shape *shape_of_chart_values(void)
{
    return &chart_values;
}

const char *const *shape_annotations(void)
{
    static const char *const annotations[] = {
        ANNOTATION_TRACKING_ID, ANNOTATION_INSTALLATION_ID,      ANNOTATION_HOOK,
        ANNOTATION_HELM_HOOK,   ANNOTATION_SYNC_OPTIONS,         ANNOTATION_EXEMPT,
        ANNOTATION_SYNC_WAVE,   ANNOTATION_HELM_RESOURCE_POLICY, NULL,
    };

    return annotations;
}
