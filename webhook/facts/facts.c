#include "facts/facts.h"
#include "base/mem.h"
#include "facts/internal.h"

void facts_add_note(struct facts *f, char *where, char *text)
{
    f->notes = xgrow(f->notes, f->n_notes, &f->capacity_notes, sizeof *f->notes);
    f->notes[f->n_notes++] = (struct facts_note){where, text};
}

const struct settings *facts_settings(const struct facts *f)
{
    return f->settings;
}

size_t facts_n_repositories(const struct facts *f)
{
    return f->settings->n_repositories;
}

const struct repository *facts_repository(const struct facts *f, size_t index)
{
    const struct shared_repository *shared = f->repositories[index].shared;

    return shared ? shared->repository : NULL;
}

int64_t facts_repository_seen_at(const struct facts *f, size_t index)
{
    return f->repositories[index].seen_at;
}

const struct cluster *facts_cluster(const struct facts *f)
{
    return f->cluster.shared ? f->cluster.shared->cluster : NULL;
}

const char *facts_cluster_version(const struct facts *f)
{
    return f->cluster.shared ? cluster_resource_version(f->cluster.shared->cluster) : NULL;
}

size_t facts_n_live_objects(const struct facts *f)
{
    const struct cluster *c = facts_cluster(f);
    size_t n = 0;

    for (int kind = 0; c && kind < N_CLUSTER_KINDS; kind++)
        n += cluster_n_objects(c, (enum cluster_kind)kind);
    return n;
}

bool facts_cluster_is_whole(const struct facts *f)
{
    return !f->cluster.failed &&
           (!f->cluster.shared || cluster_is_whole(f->cluster.shared->cluster));
}

int64_t facts_cluster_seen_at(const struct facts *f)
{
    return f->cluster.seen_at;
}

int64_t facts_cluster_written_at(const struct facts *f)
{
    return f->cluster.shared ? cluster_written_at(f->cluster.shared->cluster) : 0;
}

size_t facts_n_notes(const struct facts *f)
{
    return f->n_notes;
}

const struct facts_note *facts_note_at(const struct facts *f, size_t index)
{
    return &f->notes[index];
}

const struct tracking_facts *facts_tracking(const struct facts *f)
{
    return &f->tracking;
}

size_t facts_n_applications(const struct facts *f)
{
    return f->n_applications;
}

const struct known_application *facts_application(const struct facts *f, size_t index)
{
    return &f->applications[index].known;
}
