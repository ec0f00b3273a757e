#include "rules/prune_fate.h"

struct prune_fate prune_fate_by_cascade(const struct application *app,
                                        const struct marks *effective)
{
    if (!app->resources_finalizer || marks_has_sync_option(effective, "Delete=false"))
        return (struct prune_fate){FATE_SAFE, NULL};
    return (struct prune_fate){
        FATE_RISK, "its resources finalizer deletes the Secret when the Application is deleted"};
}

struct prune_fate prune_fate_of_mark(const struct facts *f, const struct application *app,
                                     const struct marks *effective, bool pruned)
{
    struct prune_fate kept = prune_fate_by_cascade(app, effective);
    enum tri keeps_all = subject_keeps_all(f, app, effective);

    if (marks_is_hook(effective))
        return (struct prune_fate){FATE_SAFE, NULL};
    if (!pruned || marks_has_sync_option(effective, "Prune=false") || keeps_all == TRI_YES)
        return kept;
    if (keeps_all == TRI_NOT_KNOWN)
        return (struct prune_fate){FATE_NOT_KNOWN,
                                   "the Application has syncOptions Prune=false, which counts "
                                   "since Argo CD 3.4, and argocd.version is not configured"};
    if (marks_has_sync_option(effective, "Prune=confirm"))
        return (struct prune_fate){
            FATE_RISK, "Prune=confirm holds each sync until somebody confirms that the Secret is "
                       "deleted"};
    return (struct prune_fate){FATE_DELETED, NULL};
}

bool prune_fate_is_filled_in(const struct external_secret *es, const struct tracking *t)
{
    const struct marks *marks = &es->template_marks;
    struct str mark = t->method == TRACKING_LABEL ? marks_label(marks, t->label_key)
                                                  : marks_annotation(marks, ANNOTATION_TRACKING_ID);

    return es->template && (mark.n ? str_contains(mark, STR("{{")) : es->template_metadata_from);
}
