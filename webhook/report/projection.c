#include "report/projection.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "facts/argocd_chart.h"
#include "report/json_out.h"
#include "report/shape.h"
#include "repository/helm_words.h"
#include "repository/source_type.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pointer: a handful of keys of at most 200 bytes of text. */
enum { POINTER_MAX = 4096, FIELD_MAX = 1024 };

/* argocd_chart.c reads no more. */
enum { VALUES_MAX_BYTES = 1024 * 1024 };

/* Where a stand-in needs a member to stand in. */
#define LEFT_OUT "leftOut"

struct projector {
    const struct tracking_facts *tracking; /* NULL when there are no facts */
    json_t *numbers;                       /* from a value's digest to its number in the request */
    json_t *omitted;
    json_t *cut;
    struct buf pointer;
    size_t values_left;
    bool is_argocd_chart; /* of the source that is being projected */
};

static void must(bool done)
{
    if (done)
        return;
    give_up("out of memory (JSON tree)");
}

static json_t *text_value(struct str text)
{
    json_t *value = json_stringn(text.p ? text.p : "", text.n);

    must(value != NULL);
    return value;
}

/* Appends "/key" and returns what to give back to leave(). */
static size_t enter(struct projector *p, struct str key)
{
    size_t mark = p->pointer.n;

    buf_addc(&p->pointer, '/');
    for (size_t i = 0; i < key.n; i++) { /* RFC 6901, section 3 */
        if (key.p[i] == '~' || key.p[i] == '/')
            buf_adds(&p->pointer, key.p[i] == '~' ? "~0" : "~1");
        else
            buf_addc(&p->pointer, key.p[i]);
    }
    return mark;
}

static size_t enter_item(struct projector *p, size_t index)
{
    size_t mark = p->pointer.n;

    buf_printf(&p->pointer, "/%zu", index);
    return mark;
}

static void leave(struct projector *p, size_t mark)
{
    p->pointer.n = mark;
    p->pointer.p[mark] = '\0';
}

static void say(json_t *pointers, struct str pointer)
{
    size_t n = json_array_size(pointers);

    if (n < PROJECTION_POINTERS_MAX)
        must(json_array_append_new(
                 pointers, text_value(n + 1 < PROJECTION_POINTERS_MAX ? pointer : STR("/-"))) == 0);
}

static void say_omitted(struct projector *p)
{
    say(p->omitted, buf_str(&p->pointer));
}

static json_t *project_text(struct projector *p, struct str text)
{
    AUTO(buf_clearp) struct buf shown = {.max = FIELD_MAX};

    text_field(&shown, text);
    if (!str_eq(buf_str(&shown), text))
        say(p->cut, buf_str(&p->pointer));
    return text_value(buf_str(&shown));
}

static json_t *project_url(struct projector *p, struct str url)
{
    AUTO(buf_clearp) struct buf shown = {.max = FIELD_MAX};

    text_url(&shown, url);
    if (!str_eq(buf_str(&shown), url))
        say(p->cut, buf_str(&p->pointer));
    return text_value(buf_str(&shown));
}

/* Everybody's user on a Git host; without it the URL is another one (repo_url_eq()). */
static struct str git_user(struct str url)
{
    static const struct str users[] = {{"git@", 4}, {"ssh://git@", 10}};

    for (size_t i = 0; i < ARRAY_LEN(users); i++)
        if (str_starts(url, users[i]))
            return users[i];
    return STR("");
}

static json_t *project_repository(struct projector *p, struct str url)
{
    AUTO(buf_clearp) struct buf shown = {.max = FIELD_MAX};
    struct str user = git_user(url);

    buf_add(&shown, user);
    text_url(&shown, str_sub(url, user.n, url.n));
    if (!repo_url_eq(buf_str(&shown), url))
        say(p->cut, buf_str(&p->pointer));
    else if (!str_eq(buf_str(&shown), url))
        say_omitted(p);
    return text_value(buf_str(&shown));
}

/* The same number for equal values, so that replay can still compare them; a digest of a value that
 * may be a password would be as good as the password to whoever guesses. */
static unsigned number_of(struct projector *p, const char *text)
{
    char digest[DIGEST_HEX_MAX];
    const json_t *number;

    digest_sha256(str_from(text), digest);
    number = json_object_get(p->numbers, digest);
    if (number)
        return (unsigned)json_integer_value(number);
    must(json_object_set_new(p->numbers, digest,
                             json_integer((json_int_t)json_object_size(p->numbers) + 1)) == 0);
    return (unsigned)json_object_size(p->numbers);
}

/* What charts are asked about that text (helm_words.h): the same mentions, and the group within a
 * longer name where it is no mention. */
static void add_mentions(struct buf *shown, const char *text)
{
    struct helm_words *words = helm_words_read(str_from(text));

    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        const char *group = helm_group_name((enum helm_group)g);

        if (words->of[g].group_line)
            buf_printf(shown, " %s", group);
        else if (strstr(text, group))
            buf_printf(shown, " .%s", group);
    }
    for (size_t g = 0; g < N_HELM_GROUPS; g++)
        if (words->of[g].kind_line)
            buf_printf(shown, ", %s", helm_kind_name((enum helm_group)g));
    helm_words_free(words);
}

static json_t *project_stand_in(struct projector *p, const json_t *value)
{
    AUTO(freep)
    char *text = xneed(json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY));
    AUTO(buf_clearp) struct buf shown = {.max = FIELD_MAX};

    buf_printf(&shown, "left out (%u)", number_of(p, text));
    add_mentions(&shown, text);
    say_omitted(p);
    return text_value(buf_str(&shown));
}

static json_t *project(struct projector *p, const struct shape *shape, json_t *value);

/* Sets the member, unless there is nothing to set. */
static void project_member(struct projector *p, const struct shape *shape, struct str key,
                           json_t *value, json_t *out)
{
    size_t mark = enter(p, key);
    json_t *projected = value ? project(p, shape, value) : NULL;

    leave(p, mark);
    if (projected)
        must(json_object_setn_new(out, key.p, key.n, projected) == 0);
}

static bool is_listed(const struct shape *shape, const char *key)
{
    for (size_t i = 0; i < shape->n_members; i++)
        if (strcmp(shape->members[i].key, key) == 0)
            return true;
    return false;
}

static void project_others(struct projector *p, const struct shape *shape, json_t *value,
                           json_t *out)
{
    static const struct shape other = {.key = "", .act = ACT_STAND_IN};
    void *at;

    for (at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
        const char *key = json_object_iter_key(at);
        AUTO(buf_clearp) struct buf shown = {.max = FIELD_MAX};

        if (is_listed(shape, key))
            continue;
        text_field(&shown, str_from(key));
        if (!str_is(buf_str(&shown), key)) {
            size_t mark = enter(p, buf_str(&shown));

            say(p->cut, buf_str(&p->pointer));
            leave(p, mark);
        }
        project_member(p, &other, buf_str(&shown), json_object_iter_value(at), out);
    }
}

static json_t *project_object(struct projector *p, const struct shape *shape, json_t *value)
{
    json_t *out = xneed(json_object());

    for (size_t i = 0; i < shape->n_members; i++) {
        const struct shape *member = &shape->members[i];

        project_member(p, member, str_from(member->key), json_object_get(value, member->key), out);
    }
    if (shape->all)
        project_others(p, shape, value, out);
    return out;
}

static json_t *project_list(struct projector *p, const struct shape *shape, json_t *value)
{
    json_t *out = xneed(json_array());

    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t mark = enter_item(p, i);
        json_t *item = NULL;

        if (i < shape->max)
            item = project(p, shape->members, json_array_get(value, i));
        else
            say_omitted(p);
        leave(p, mark);
        if (!item) /* nor any behind it: the pointer says from where on */
            break;
        must(json_array_append_new(out, item) == 0);
    }
    return out;
}

bool projection_is_well_known_label(struct str key)
{
    return str_is(key, LABEL_INSTANCE_ARGOCD) || str_is(key, LABEL_INSTANCE_KUBERNETES);
}

static json_t *project_labels(struct projector *p, const json_t *value)
{
    static const struct shape label = {.key = "", .act = ACT_TEXT};
    static const char *const well_known[] = {LABEL_INSTANCE_ARGOCD, LABEL_INSTANCE_KUBERNETES};
    json_t *out = xneed(json_object());

    for (size_t i = 0; i < ARRAY_LEN(well_known); i++)
        project_member(p, &label, str_from(well_known[i]), json_object_get(value, well_known[i]),
                       out);
    for (size_t i = 0; p->tracking && i < p->tracking->n; i++) {
        struct str key = p->tracking->hypotheses[i].label_key;
        json_t *text = json_object_getn(value, key.p, key.n);

        if (!projection_is_well_known_label(key))
            project_member(p, &label, key, text ? text : json_null(), out);
    }
    return out;
}

static json_t *project_annotations(struct projector *p, const json_t *value)
{
    static const struct shape annotation = {.key = "", .act = ACT_TEXT};
    json_t *out = xneed(json_object());

    for (const char *const *key = shape_annotations(); *key; key++)
        project_member(p, &annotation, str_from(*key), json_object_get(value, *key), out);
    return out;
}

/* Whether a rule that wants this shape finds the type it wants. */
static bool fits(const struct shape *shape, const json_t *value)
{
    switch (shape->act) {
    case ACT_OBJECT:
    case ACT_SOURCE:
    case ACT_LABELS:
    case ACT_ANNOTATIONS:
        return json_is_object(value);
    case ACT_LIST:
    case ACT_PARAMETERS:
        return json_is_array(value);
    default:
        return json_is_string(value);
    }
}

/* Of a value of the wrong type, the type is read, and whether it is empty. */
static json_t *project_misfit(struct projector *p, const json_t *value)
{
    json_t *stand_in = project_stand_in(p, value);
    json_t *out;

    if (json_is_string(value))
        return stand_in;
    if (json_is_object(value)) {
        out = xneed(json_object());
        must(json_object_set_new(out, LEFT_OUT, stand_in) == 0);
    } else {
        out = xneed(json_array());
        must(json_array_append_new(out, stand_in) == 0);
    }
    return out;
}

static json_t *project_values_object(struct projector *p, json_t *value, json_t *stand_in)
{
    json_t *out = project_object(p, shape_of_chart_values(), value);

    must(json_object_set_new(out, LEFT_OUT, stand_in) == 0);
    return out;
}

/* What stands for a YAML text is such a text: of an object, of something else, or of nothing that
 * can be read. */
static json_t *project_values_text(struct projector *p, const json_t *value, json_t *stand_in)
{
    AUTO(json_unrefp) json_t *parsed = NULL;
    AUTO(json_unrefp) json_t *shown = NULL;
    AUTO(freep) char *text = NULL;
    struct str written = json_view(value);
    struct err err = {0};

    if (!str_trim(written).n) {
        json_decref(stand_in);
        return text_value(STR(" "));
    }
    if (written.n > VALUES_MAX_BYTES || !yaml_read(written, 1, &parsed, NULL, &err)) {
        text = xasprintf("{%s", json_string_value(stand_in));
        json_decref(stand_in);
        return text_value(str_from(text));
    }
    if (!json_is_object(parsed))
        return stand_in;
    shown = project_values_object(p, parsed, stand_in);
    text = projection_text(shown);
    return text_value(str_from(text));
}

static json_t *project_values(struct projector *p, json_t *value)
{
    json_t *stand_in = project_stand_in(p, value);

    if (p->is_argocd_chart && json_is_object(value))
        return project_values_object(p, value, stand_in);
    if (p->is_argocd_chart && json_is_string(value))
        return project_values_text(p, value, stand_in);
    return stand_in;
}

/* The parameter that argocd_chart.c looks for, and something for all of them. */
static json_t *project_parameters(struct projector *p, const json_t *value)
{
    json_t *stand_in = project_stand_in(p, value);
    json_t *out = xneed(json_array());

    for (size_t i = 0; i < json_array_size(value) && p->is_argocd_chart; i++) {
        const json_t *one = json_array_get(value, i);
        struct str name = json_str_at(one, "name");
        bool hides = argocd_chart_parameter_hides(name);

        if ((!str_is(name, SHAPE_CHART_PARAMETER) && !hides) || !p->values_left)
            continue;
        p->values_left--;
        must(json_array_append_new(
                 out, json_pack("{s:s, s:s}", "name", hides ? "," : SHAPE_CHART_PARAMETER, "value",
                                argocd_chart_parameter_is_false(one) ? "false" : LEFT_OUT)) == 0);
    }
    must(json_array_append_new(out, stand_in) == 0);
    return out;
}

/* NULL when there is no room for it. */
static json_t *project(struct projector *p, const struct shape *shape, json_t *value)
{
    bool is_scalar = !json_is_object(value) && !json_is_array(value) && !json_is_string(value);

    if (!p->values_left) {
        say_omitted(p);
        return NULL;
    }
    p->values_left--;
    /* Labels that are not there are told from labels that are others (logged.c). */
    if (shape->act == ACT_LABELS && source_is_empty_value(value))
        return xneed(json_null());
    /* Truth values hold no secret; numbers are shown where texts are. */
    if (json_is_boolean(value) || source_is_empty_value(value) ||
        (json_is_number(value) && json_number_value(value) == 0))
        return xneed(json_deep_copy(value));
    if (shape->act == ACT_STAND_IN)
        return project_stand_in(p, value);
    if (shape->act == ACT_VALUES)
        return project_values(p, value);
    if (is_scalar)
        return xneed(json_deep_copy(value));
    if (!fits(shape, value))
        return project_misfit(p, value);
    switch (shape->act) {
    case ACT_SOURCE:
        p->is_argocd_chart = str_is(json_str_at(value, "chart"), "argo-cd");
        return project_object(p, shape, value);
    case ACT_OBJECT:
        return project_object(p, shape, value);
    case ACT_LIST:
        return project_list(p, shape, value);
    case ACT_PARAMETERS:
        return project_parameters(p, value);
    case ACT_LABELS:
        return project_labels(p, value);
    case ACT_ANNOTATIONS:
        return project_annotations(p, value);
    case ACT_REPOSITORY:
        return project_repository(p, json_view(value));
    case ACT_URL:
        return project_url(p, json_view(value));
    default:
        return project_text(p, json_view(value));
    }
}

/* Whether the member differs, although what is shown of it does not. The controller normalises
 * null, absent and empty into each other (reference/argocd.md 1.3). */
static bool differs_unseen(const json_t *const full[2], json_t *const shown[2], const char *key)
{
    const json_t *a = json_object_get(full[0], key);
    const json_t *b = json_object_get(full[1], key);
    const json_t *shown_a = json_object_get(shown[0], key);
    const json_t *shown_b = json_object_get(shown[1], key);

    if (source_is_empty_value(a) && source_is_empty_value(b))
        return false;
    return !(a && b && json_equal(a, b)) &&
           (shown_a == shown_b || (shown_a && shown_b && json_equal(shown_a, shown_b)));
}

static bool has_other_changes(const struct review *r, json_t *const shown[2])
{
    const json_t *const objects_of[2] = {r->object, r->old_object};
    const json_t *const metadata_of[2] = {json_object_get(r->object, "metadata"),
                                          json_object_get(r->old_object, "metadata")};
    json_t *const shown_metadata[2] = {json_object_get(shown[0], "metadata"),
                                       json_object_get(shown[1], "metadata")};

    return shown[0] && shown[1] &&
           (differs_unseen(objects_of, shown, "spec") ||
            differs_unseen(objects_of, shown, "operation") ||
            differs_unseen(metadata_of, shown_metadata, "ownerReferences"));
}

char *projection_text(const json_t *fields)
{
    return xneed(json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS));
}

static void write_pointers(struct buf *out, const char *key, const json_t *pointers)
{
    if (json_array_size(pointers) == 0)
        return;
    json_out_open(out, key, '[');
    for (size_t i = 0; i < json_array_size(pointers); i++)
        json_out_text(out, NULL, json_view(json_array_get(pointers, i)));
    json_out_close(out, ']');
}

/* Returns what is shown of the object, NULL when there is nothing to show. */
static json_t *write_object(struct buf *out, const char *key, struct projector *p,
                            const struct shape *shape, json_t *object, const char *unreadable)
{
    AUTO(freep) char *text = NULL;
    char digest[DIGEST_HEX_MAX];
    json_t *fields;

    if (!object && !unreadable) {
        json_out_null(out, key);
        return NULL;
    }
    json_out_open(out, key, '{');
    if (unreadable) {
        json_out_text(out, "unreadable", str_from(unreadable));
        json_out_close(out, '}');
        return NULL;
    }
    p->omitted = xneed(json_array());
    p->cut = xneed(json_array());
    p->values_left = PROJECTION_VALUES_MAX;
    fields = project(p, shape, object);
    text = projection_text(fields);
    json_out_text(out, "sha256", str_from(digest_sha256(str_from(text), digest)));
    json_out_json(out, "fields", str_from(text));
    write_pointers(out, "omitted", p->omitted);
    write_pointers(out, "cut", p->cut);
    json_out_close(out, '}');
    json_decref(p->omitted);
    json_decref(p->cut);
    return fields;
}

void projection_write(struct buf *out, const struct review *r, const struct facts *facts)
{
    struct projector p = {.tracking = facts ? facts_tracking(facts) : NULL,
                          .pointer = {.max = POINTER_MAX}};
    const struct shape *shape = shape_of(r->kind);
    json_t *shown[2] = {NULL, NULL};

    if (!shape)
        return;
    if (r->unchanged) {
        json_out_bool(out, "unchanged", true);
        return;
    }
    p.numbers = xneed(json_object());
    shown[0] = write_object(out, "object", &p, shape, r->object, r->object_unreadable);
    if (r->operation == OPERATION_UPDATE)
        shown[1] =
            write_object(out, "oldObject", &p, shape, r->old_object, r->old_object_unreadable);
    if (has_other_changes(r, shown))
        json_out_bool(out, "otherChanges", true);
    json_decref(shown[0]);
    json_decref(shown[1]);
    json_decref(p.numbers);
    buf_clear(&p.pointer);
}
