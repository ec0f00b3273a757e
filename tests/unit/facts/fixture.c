#include "fixture.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "config/config.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SNAPSHOT_MAX = 1024 * 1024 };

static char *full_path(const struct world *w, const char *path)
{
    return xasprintf("%s/%s", w->root, path);
}

void world_init(struct world *w, const char *config)
{
    struct err err = {0};
    char reason[ERR_TEXT_MAX];
    AUTO(freep) char *repository = NULL;

    w->root = xstrdup("/tmp/syncguard-facts-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    repository = full_path(w, "repo");
    assert_int_equal(mkdir(repository, 0755), 0);
    if (!config_parse(str_from(config), "config", w->root, &w->settings, &err))
        fail_msg("%s", err_text(&err, reason));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void world_clear(struct world *w)
{
    settings_free(w->settings);
    assert_int_equal(nftw(w->root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(w->root);
}

void world_write(const struct world *w, const char *path, const char *text)
{
    AUTO(freep) char *full = full_path(w, path);
    FILE *file;

    for (char *p = strchr(full + strlen(w->root) + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *p = '/';
    }
    file = fopen(full, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void world_snapshot(const struct world *w, const char *const *items)
{
    AUTO(buf_clearp) struct buf text = {.max = SNAPSHOT_MAX};
    AUTO(json_unrefp) json_t *list = NULL;
    AUTO(freep) char *json = NULL;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    buf_adds(&text, "{apiVersion: v1, kind: List, metadata: {resourceVersion: ''}, items: [");
    for (size_t i = 0; items[i]; i++)
        buf_printf(&text, "%s%s", i ? ", " : "", items[i]);
    buf_adds(&text, "]}");
    if (!yaml_read(buf_str(&text), 1, &list, NULL, &err))
        fail_msg("%s", err_text(&err, reason));
    json = json_dumps(list, JSON_COMPACT);
    world_write(w, "cluster.json", json);
}

void world_remove(const struct world *w, const char *path)
{
    AUTO(freep) char *full = full_path(w, path);

    assert_int_equal(remove(full), 0);
}

struct facts *world_load(const struct world *w, const struct facts *former, int64_t now)
{
    struct facts_options options = {.settings = w->settings, .former = former};

    return facts_load(&options, now);
}

struct facts *world_check(const struct world *w)
{
    struct facts_options options = {
        .settings = w->settings, .assume_label_tracking = true, .definitions_apply = true};

    return facts_load(&options, 1);
}
