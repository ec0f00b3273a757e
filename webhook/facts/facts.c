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

size_t facts_n_revisions(const struct facts *f, size_t index)
{
    return f->repositories[index].n_revisions;
}

struct facts_revision facts_revision_at(const struct facts *f, size_t index, size_t revision)
{
    const struct revision_fact *r = &f->repositories[index].revisions[revision];

    return (struct facts_revision){
        .name = r->wish.revision[0] ? str_from(r->wish.revision) : STR("HEAD"),
        .tag_prefix = str_from(r->wish.tag_prefix),
        .repository = r->shared ? r->shared->repository : NULL,
        .why = r->why,
    };
}

bool facts_wants_more(const struct facts *f)
{
    return wishes_are_new(f->wishes);
}

static bool is_of(const struct repository_fact *fact, const struct repository *r)
{
    if (fact->shared && fact->shared->repository == r)
        return true;
    for (size_t i = 0; i < fact->n_revisions; i++)
        if (fact->revisions[i].shared && fact->revisions[i].shared->repository == r)
            return true;
    return false;
}

size_t facts_index_of(const struct facts *f, const struct repository *r)
{
    size_t i = 0;

    while (i < f->settings->n_repositories && !is_of(&f->repositories[i], r))
        i++;
    return i;
}

int64_t facts_repository_fetched_at(const struct facts *f, size_t index)
{
    const struct fetched *fetched = f->repositories[index].fetched;

    return fetched ? atomic_load_explicit(&fetched->at, memory_order_relaxed) : 0;
}

bool facts_is_moving(const struct facts *f, const struct repository *r)
{
    size_t i = facts_index_of(f, r);

    return i < f->settings->n_repositories && f->repositories[i].is_exact;
}

bool facts_is_stale(const struct facts *f, const struct repository *r, int64_t now)
{
    size_t i = facts_index_of(f, r);
    int64_t fetched_at;

    /* `check` judges what a merge would make of it: nothing is stale then. */
    if (!f->exact_revisions || i == f->settings->n_repositories)
        return false;
    fetched_at = facts_repository_fetched_at(f, i);
    return fetched_at && f->settings->repositories[i].fresh_ms &&
           now - fetched_at > (int64_t)(f->settings->repositories[i].fresh_ms / 1000);
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

bool known_is_live(const struct known_application *known)
{
    return !known->manifest && !known->set;
}

size_t facts_n_sets(const struct facts *f)
{
    return f->n_sets;
}

const struct known_set *facts_set(const struct facts *f, size_t index)
{
    return &f->sets[index]->known;
}

size_t facts_n_made(const struct facts *f)
{
    return f->n_made;
}

const struct made_application *facts_made(const struct facts *f, size_t index)
{
    return &f->made[index]->made;
}
