#include "config/config.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "config/keys.h"
#include "config/nearest.h"
#include "config/spot.h"
#include "objects/application.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_PER_MAP_MAX = 32 };

/* The item of a list as a spot of its own, its place found and its path written. */
static struct spot item_of(const struct reader *r, const struct spot *list, size_t index)
{
    struct spot item = {.key = list->key, .value = json_array_get(list->value, index)};

    item.line = yaml_line_at(r->lines, list->value, index);
    if (!item.line)
        item.line = list->line;
    (void)snprintf(item.path, sizeof item.path, "%.200s[%zu]", list->path, index);
    return item;
}

static bool too_many(const struct reader *r, const struct spot *spot, size_t n)
{
    err_what(r->err, ERR_CONFIG, "%s has too many items", spot->path);
    err_where(r->err, "%s:%u", r->file, spot->line);
    err_why(r->err, "found %zu, wanted at most %llu", n, (unsigned long long)spot->key->max);
    return false;
}

/* Every item a text that the row takes. */
static bool check_texts(const struct reader *r, const struct spot *spot)
{
    bool is_paths = spot->key->type == KEY_PATHS;

    for (size_t i = 0; i < json_array_size(spot->value); i++) {
        struct spot item = item_of(r, spot, i);
        struct str text;

        if (!spot_text(r, &item, &text))
            return false;
        if ((is_paths && text.n == 0) || (spot->key->check && !spot->key->check(text)))
            return spot_wrong_value(r, &item);
    }
    return true;
}

static bool set_texts(const struct reader *r, const struct spot *spot)
{
    bool is_paths = spot->key->type == KEY_PATHS;
    size_t n = json_array_size(spot->value);
    char ***list = spot_slot(spot);
    char **texts;

    if (!json_is_array(spot->value))
        return spot_wrong_type(r, spot, "a list");
    if (spot->key->not_yet)
        return n == 0 || spot_not_yet(r, spot);
    if (is_paths && n == 0)
        return spot_refuse(r, spot, "is empty", spot->key->wanted);
    if (spot->key->max && n > spot->key->max)
        return too_many(r, spot, n);
    if (!check_texts(r, spot))
        return false;
    texts = n ? xcalloc(n, sizeof *texts) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct str text = json_view(json_array_get(spot->value, i));

        texts[i] = is_paths ? spot_resolve(r->directory, text) : xstrndup(text);
    }
    for (size_t i = 0; i < *spot_count(spot); i++)
        free((*list)[i]);
    free(*list);
    *list = texts;
    *spot_count(spot) = n;
    return true;
}

static bool read_map(const struct reader *r, const struct spot *map, const char *prefix);

static bool check_required(const struct reader *r, const struct spot *item, const char *prefix)
{
    size_t n_keys;
    const struct key *keys = keys_table(&n_keys);

    for (size_t i = 0; i < n_keys; i++) {
        struct str leaf = str_from(keys[i].path);

        if (!keys[i].required || !str_starts(leaf, str_from(prefix)))
            continue;
        leaf = str_sub(leaf, strlen(prefix), leaf.n);
        if (!json_value_at(item->value, leaf.p)) {
            err_what(r->err, ERR_CONFIG, "%s has no %s", item->path, leaf.p);
            err_where(r->err, "%s:%u", r->file, item->line);
            err_why(r->err, "found no %s, wanted %s", leaf.p, keys[i].wanted);
            return false;
        }
    }
    return true;
}

static bool set_items(const struct reader *r, const struct spot *spot)
{
    const struct key *key = spot->key;
    size_t n = json_array_size(spot->value);
    char prefix[SPOT_PATH_MAX];
    char *items;

    if (!json_is_array(spot->value))
        return spot_wrong_type(r, spot, "a list");
    if (key->max && n > key->max)
        return too_many(r, spot, n);
    if (key->drop)
        key->drop(r->settings);
    items = n ? xcalloc(n, key->item_size) : NULL;
    memcpy(spot_slot(spot), &items, sizeof items); /* a pointer to the items' own type lies there */
    *spot_count(spot) = n;
    (void)snprintf(prefix, sizeof prefix, "%s[].", key->path);
    for (size_t i = 0; i < n; i++) {
        struct spot item = item_of(r, spot, i);

        item.base = items + i * key->item_size;
        if (!json_is_object(item.value))
            return spot_wrong_type(r, &item, "a mapping");
        if (!read_map(r, &item, prefix) || !check_required(r, &item, prefix))
            return false;
    }
    return true;
}

static bool set_map(const struct reader *r, const struct spot *spot)
{
    char prefix[SPOT_PATH_MAX];

    if (!json_is_object(spot->value))
        return spot_wrong_type(r, spot, "a mapping");
    (void)snprintf(prefix, sizeof prefix, "%s.", spot->key->path);
    return read_map(r, spot, prefix);
}

static const struct key *find_key(struct str name, const char *prefix);

/* Whether a member with a meaning stands there; those that are not supported yet ask for nothing,
 * or they would have been refused. */
static bool asks_for_something(const struct spot *map)
{
    char prefix[SPOT_PATH_MAX];
    const char *name;
    json_t *value;

    (void)snprintf(prefix, sizeof prefix, "%s.", map->key->path);
    json_object_foreach(map->value, name, value)
    {
        const struct key *key = find_key(str_from(name), prefix);

        if (key && !key->not_yet && !json_is_null(value))
            return true;
    }
    return false;
}

static bool set_choice_or_map(const struct reader *r, const struct spot *spot)
{
    if (!spot->key->or_map || !json_is_object(spot->value))
        return spot_set_choice(r, spot);
    return set_map(r, spot) && (asks_for_something(spot) || spot_wrong_value(r, spot));
}

static bool set_value(const struct reader *r, const struct spot *spot)
{
    static bool (*const setters[])(const struct reader *r, const struct spot *spot) = {
        [KEY_MAP] = set_map,
        [KEY_ITEMS] = set_items,
        [KEY_TEXTS] = set_texts,
        [KEY_PATHS] = set_texts,
        [KEY_TEXT] = spot_set_text,
        [KEY_PATH] = spot_set_path,
        [KEY_BOOL] = spot_set_bool,
        [KEY_COUNT] = spot_set_count,
        [KEY_CHOICE] = set_choice_or_map,
        [KEY_SIZE] = spot_set_size,
        [KEY_DURATION] = spot_set_count,
        [KEY_EXPIRY] = spot_set_expiry,
    };

    return setters[spot->key->type](r, spot);
}

/* The last part of a key's path when the key is a member of `prefix` ("tls."), else NULL. */
static const char *leaf_below(const struct key *key, const char *prefix)
{
    const char *leaf;

    if (!str_starts(str_from(key->path), str_from(prefix)))
        return NULL;
    leaf = key->path + strlen(prefix);
    return strchr(leaf, '.') ? NULL : leaf;
}

static bool unknown_key(const struct reader *r, const struct spot *spot, struct str name,
                        const char *prefix)
{
    size_t n_keys;
    const struct key *keys = keys_table(&n_keys);
    const char *siblings[KEYS_PER_MAP_MAX];
    size_t n_siblings = 0;
    char wanted[400] = "";
    const char *meant;

    for (size_t i = 0; i < n_keys && n_siblings < KEYS_PER_MAP_MAX; i++) {
        const char *leaf = leaf_below(&keys[i], prefix);

        if (!leaf)
            continue;
        (void)snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%s%s",
                       n_siblings ? ", " : "", leaf);
        siblings[n_siblings++] = leaf;
    }
    err_what(r->err, ERR_CONFIG, "unknown key %s", spot->path);
    err_where(r->err, "%s:%u", r->file, spot->line);
    err_why(r->err, "found %.*s, wanted one of %s", STR_ARG(str_sub(name, 0, 100)), wanted);
    meant = nearest_word(name, siblings, n_siblings);
    if (meant) {
        err_remedy(r->err, "did you mean %s?", meant);
        return false;
    }
    /* A key at the wrong depth: the same last part stands somewhere else. */
    for (size_t i = 0; i < n_keys; i++) {
        const char *dot = strrchr(keys[i].path, '.');

        if (str_is(name, dot ? dot + 1 : keys[i].path))
            err_remedy(r->err, "did you mean %s?", keys[i].path);
    }
    return false;
}

static const struct key *find_key(struct str name, const char *prefix)
{
    size_t n_keys;
    const struct key *keys = keys_table(&n_keys);

    for (size_t i = 0; i < n_keys; i++) {
        const char *leaf = leaf_below(&keys[i], prefix);

        if (leaf && str_is(name, leaf))
            return &keys[i];
    }
    return NULL;
}

/* prefix  of the keys' paths in the table: "tls.", "repositories[].", "" at the top. */
static bool read_map(const struct reader *r, const struct spot *map, const char *prefix)
{
    const char *name;
    json_t *value;

    json_object_foreach(map->value, name, value)
    {
        struct spot spot = {.value = value, .base = map->base};

        spot.key = find_key(str_from(name), prefix);
        spot.line = yaml_line_of(r->lines, map->value, name);
        if (!spot.line)
            spot.line = map->line;
        (void)snprintf(spot.path, sizeof spot.path, "%.120s%s%.100s", map->path,
                       map->path[0] ? "." : "", name);
        if (!spot.key)
            return unknown_key(r, &spot, str_from(name), prefix);
        /* "repositories:" with nothing behind it says as much as leaving it out. */
        if (!json_is_null(value) && !set_value(r, &spot))
            return false;
    }
    return true;
}

static bool names_repository(const struct repository_settings *repository, struct str url)
{
    if (repo_url_eq(str_from(repository->url), url))
        return true;
    for (size_t i = 0; i < repository->n_aliases; i++)
        if (repo_url_eq(str_from(repository->aliases[i]), url))
            return true;
    return false;
}

/* Two entries for one repository: which directory would count? */
static bool check_repositories(const struct reader *r, const json_t *root)
{
    const struct settings *s = r->settings;
    const json_t *list = json_array_at(root, "repositories");

    for (size_t i = 1; i < s->n_repositories; i++) {
        const struct repository_settings *one = &s->repositories[i];

        for (size_t j = 0; j < i; j++) {
            bool same = names_repository(&s->repositories[j], str_from(one->url));

            for (size_t a = 0; a < one->n_aliases && !same; a++)
                same = names_repository(&s->repositories[j], str_from(one->aliases[a]));
            if (!same)
                continue;
            err_what(r->err, ERR_CONFIG,
                     "repositories[%zu] names the repository of "
                     "repositories[%zu] again",
                     i, j);
            err_where(r->err, "%s:%u", r->file, yaml_line_at(r->lines, list, i));
            err_why(r->err, "found its url or an alias in both, wanted each repository once");
            err_remedy(r->err, "keep one entry and list other spellings as its aliases");
            return false;
        }
    }
    return true;
}

/* A drain that ends before kept connections were told costs their answers. */
static bool check_drain(const struct reader *r, const json_t *root)
{
    const struct limits *l = &r->settings->limits;
    const json_t *map = json_object_at(root, "limits");
    const char *key = json_value_at(map, "drain") ? "drain" : "drainDelay";

    if (l->drain_ms >= l->drain_delay_ms + DRAIN_LEAVE_MS)
        return true;
    err_what(r->err, ERR_CONFIG, "limits.drain leaves too little time after limits.drainDelay");
    err_where(r->err, "%s:%u", r->file, yaml_line_of(r->lines, map, key));
    err_why(r->err, "found %u ms and %u ms, wanted drain at least %d ms longer than drainDelay",
            l->drain_ms, l->drain_delay_ms, DRAIN_LEAVE_MS);
    err_remedy(r->err, "raise limits.drain or lower limits.drainDelay");
    return false;
}

/* A CA alone would let in every certificate it has ever issued; names alone would keep out nobody.
 */
static bool check_clients(const struct reader *r, const json_t *root)
{
    const struct settings *s = r->settings;
    const json_t *map = json_object_at(root, "tls");
    bool has_ca = s->tls.client_ca[0] != '\0';

    if (has_ca == (s->tls.n_client_names > 0))
        return true;
    err_what(r->err, ERR_CONFIG,
             has_ca ? "tls.clientCA needs tls.clientNames" : "tls.clientNames needs tls.clientCA");
    err_where(r->err, "%s:%u", r->file,
              yaml_line_of(r->lines, map, has_ca ? "clientCA" : "clientNames"));
    err_why(r->err, has_ca ? "whoever holds any certificate of that CA could call"
                           : "nothing says which CA issues their certificates");
    err_remedy(r->err, has_ca ? "list the names that the API server's client certificate bears"
                              : "name the file of that CA, or leave the names out");
    return false;
}

/* yaml_read() stops after the first document; what follows must not be lost in silence. Returns
 * the line of the "---" that starts a second one, or 0. */
static unsigned second_document(struct str text)
{
    bool content = false;
    unsigned line = 0;
    struct str row;

    while (str_split(&text, '\n', &row)) {
        struct str trimmed = str_trim(row);
        bool marker = str_starts(row, STR("---")) && (trimmed.n == 3 || row.p[3] == ' ');

        line++;
        if (content && marker)
            return line;
        if (trimmed.n && trimmed.p[0] != '#' && trimmed.p[0] != '%')
            content = true;
    }
    return 0;
}

static bool read_yaml(struct str text, const char *name, json_t **root, struct yaml_lines **lines,
                      struct err *err)
{
    struct err cause = {0};
    unsigned second;

    if (text.n > CONFIG_MAX_BYTES) {
        err_what(err, ERR_LIMIT, "the configuration is larger than %d bytes", CONFIG_MAX_BYTES);
        err_where(err, "%s", name);
        return false;
    }
    second = second_document(text);
    if (second) {
        err_what(err, ERR_CONFIG, "the configuration is more than one YAML document");
        err_where(err, "%s:%u", name, second);
        err_why(err, "found a second \"---\", wanted one document");
        return false;
    }
    if (!yaml_read(text, 1, root, lines, &cause)) {
        err_what(err, ERR_CONFIG, "the configuration is no YAML: %s", cause.what);
        err_where(err, "%s%s%s", name, cause.where[0] ? ", " : "", cause.where);
        if (cause.why[0])
            err_why(err, "%s", cause.why);
        return false;
    }
    if (yaml_has_repeats(*lines) && !yaml_has_merges(*lines)) {
        err_what(err, ERR_CONFIG, "the configuration has a key twice in one mapping");
        err_where(err, "%s:%u", name, yaml_first_repeat(*lines));
        err_why(err, "of the two the last would count");
        err_remedy(err, "keep one");
        return false;
    }
    return true;
}

/* The defaults lie beside the file, as if it had named them. */
static void resolve_defaults(struct settings *s, const char *directory)
{
    char **paths[] = {&s->tls.certificate, &s->tls.key};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char *resolved = spot_resolve(directory, str_from(*paths[i]));

        free(*paths[i]);
        *paths[i] = resolved;
    }
}

bool config_parse(struct str text, const char *name, const char *directory, struct settings **out,
                  struct err *err)
{
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(json_unrefp) json_t *root = NULL;
    AUTO(yaml_lines_freep) struct yaml_lines *lines = NULL;
    struct reader reader = {.settings = settings, .file = name, .directory = directory, .err = err};
    struct spot top = {.base = settings, .line = 1};

    if (!read_yaml(text, name, &root, &lines, err))
        return false;
    (void)digest_sha256(text, settings->digest);
    reader.lines = lines;
    resolve_defaults(settings, directory);
    top.value = root;
    if (root && !json_is_null(root)) {
        if (!json_is_object(root))
            return spot_refuse(&reader, &top, "has the wrong type", "a mapping");
        if (!read_map(&reader, &top, "") || !check_repositories(&reader, root) ||
            !check_drain(&reader, root) || !check_clients(&reader, root))
            return false;
    }
    *out = steal(&settings);
    return true;
}
