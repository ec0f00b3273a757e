/* A repository read at a revision: what a name leads to, and that it is what a checkout holds. */
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include "repository/index.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { GENERATED_TREES = 200, DUMP_MAX = 16 * 1024 * 1024 };

#define POINTER                                                                                    \
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb"  \
    "8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"

/* The repository below the fixture's directory; "" for the directory itself. */
static bool load_as(struct fixture *f, const char *where, const char *revision, bool parse_all,
                    struct err *err)
{
    AUTO(freep) char *path = fixture_path(f, where);
    struct repository_spec spec = {
        .url = STR("https://git.example.com/platform/deploy.git"),
        .path = path,
        .revision = revision,
        .parse_all = parse_all,
    };

    repository_free(f->repository);
    f->repository = NULL;
    err_clear(err);
    return repository_load(&spec, 1000, &f->repository, err);
}

static bool load(struct fixture *f, const char *where, const char *revision, struct err *err)
{
    return load_as(f, where, revision, true, err);
}

static void load_well(struct fixture *f, const char *where, const char *revision)
{
    struct err err = {0};

    if (!load(f, where, revision, &err))
        fail_msg("%s: %s", err.what, err.why);
}

/* ------------------------------------------------------------- the same as a checkout */

static void dump_nodes(struct buf *out, const struct tree *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct node *n = &t->nodes[i];

        buf_printf(out, "%zu '%s' kind %d, in %zu to %zu, name at %zu, '%s' %d %zu\n", i, n->path,
                   n->kind, n->parent, n->end, n->name_at, n->link ? n->link : "-", n->link_state,
                   n->target);
    }
    buf_printf(out, "incomplete %s, out of bounds %s\n", t->incomplete ? t->incomplete : "-",
               t->out_of_bounds ? t->out_of_bounds : "-");
}

static void dump_contents(struct buf *out, const struct tree *t, const struct contents *c)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct content *one = contents_at(c, i);

        if (!one)
            continue;
        buf_printf(out, "%zu %llu bytes, unread %s, %d%d%d%d%d%d, text %s, why %s\n", i,
                   (unsigned long long)one->size_bytes, one->unread ? one->unread : "-",
                   one->is_marked, one->is_templated, one->names_argoproj,
                   one->names_external_secrets, one->is_lfs_pointer, one->is_yaml_extra,
                   one->text ? one->text : "-", one->document_why ? one->document_why : "-");
    }
    buf_printf(out, "%zu nodes left\n", contents_cost(c).n_nodes_left);
}

static void dump_texts(struct buf *out, const struct repository *r)
{
    for (size_t i = 0; i < repository_n_manifests(r); i++) {
        const struct manifest *m = repository_manifest(r, i);
        AUTO(freep) char *object = json_dumps(m->object, JSON_SORT_KEYS | JSON_ENCODE_ANY);

        buf_printf(out, "%s:%u %.*s %s\n", m->file, m->line, STR_ARG(m->id.name), object);
    }
    for (size_t i = 0; i < repository_n_notes(r); i++) {
        const struct repository_note *n = repository_note_at(r, i);

        buf_printf(out, "note %s:%u %s\n", n->file, n->line, n->text);
    }
}

static void dump_renderings(struct buf *out, const struct fixture *f)
{
    const struct tree *t = f->repository->tree;

    for (size_t i = 0; i < t->n; i++) {
        struct source plain = {.path = str_from(t->nodes[i].n_path ? t->nodes[i].path : ".")};
        struct source recursive = plain;

        recursive.directory.recurse = true;
        buf_printf(out, "render %s\n", rendered(f, &plain));
        buf_printf(out, "recurse %s\n", rendered_with(f, &recursive, TRI_NO));
    }
}

static char *dump(const struct fixture *f)
{
    struct buf out;

    buf_init(&out, DUMP_MAX);
    dump_nodes(&out, f->repository->tree);
    dump_contents(&out, f->repository->tree, f->repository->contents);
    dump_texts(&out, f->repository);
    dump_renderings(&out, f);
    assert_true(buf_ok(&out));
    return buf_take(&out);
}

/* Commits what lies in the directory, and holds the one against the other. */
static void assert_same_at_commit(struct fixture *f)
{
    AUTO(freep) char *lying = NULL;
    AUTO(freep) char *committed = NULL;
    AUTO(freep) char *beside = xasprintf("../%s.git", strrchr(f->directory, '/') + 1);

    load_well(f, "", NULL);
    lying = dump(f);
    (void)run_in(f, commit_beside, "");
    load_well(f, beside, "main");
    committed = dump(f);
    assert_string_equal(committed, lying);
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Names that Git and filepath.Walk order differently, and bytes nobody expects. */
static const char *const folders[] = {
    "a", "a-", "a.b", "a0", "A", "b", "templates", "\xff\xfe", "sp ace", "\xc3\xa9", "quo\"te", "-",
};
static const char *const files[] = {
    "a.yaml",
    "a-.yml",
    "b.json",
    "kustomization.yaml",
    "Kustomization",
    "Chart.yaml",
    ".helmignore",
    "values.yaml",
    "a",
    "x.txt",
    "\xff.yaml",
    "new\nline.yaml",
    ".gitignore",
    "README.md",
    "z.yaml",
    "a\\b.yaml",
    "\xf0\x9f\x98\x80.json",
    "requirements.yaml",
};
static const char *const texts[] = {
    "",
    APP("one"),
    APP("two") "---\n" CONFIG_MAP("c"),
    APP("{{ .x }}"),
    "not: [closed\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"j\"}}",
    "resources: [a.yaml, b.json, ../a, x.txt]\n",
    "namePrefix: p-\nresources: [z.yaml]\n",
    "name: chart\nversion: 1.0.0\n",
    "*.txt\n",
    "# +argocd:skip-file-rendering\n" APP("skipped"),
    POINTER,
    "\xef\xbb\xbf" APP("marked"),
    "a\r\nb: c\r\n",
    "kind: List\napiVersion: v1\nitems:\n- kind: A\n  metadata: {name: l}\n",
};
static const char *const targets[] = {
    "a.yaml",      "a",    ".",      "..",     "../a/a.yaml", "../../..",
    "/etc/passwd", "gone", "z.yaml", "b/../a", "\xff",        "link.yaml",
};

#define PICK(list) ((list)[next(seed) % ARRAY_LEN(list)])

static bool is_there(const struct fixture *f, const char *path)
{
    AUTO(freep) char *whole = fixture_path(f, path);

    return access(whole, F_OK) == 0 || readlink(whole, (char[1]){0}, 1) >= 0;
}

/* A file where a folder should be, or the other way round, is left as it was. */
static bool is_free(const struct fixture *f, const char *path)
{
    AUTO(freep) char *above = xstrdup(path);

    for (char *slash = above; (slash = strchr(slash, '/')) != NULL; slash++) {
        AUTO(freep) char *whole = NULL;
        bool is_folder;

        *slash = '\0';
        whole = xasprintf("%s/%s/.", f->directory, above);
        is_folder = access(whole, F_OK) == 0 && readlink(whole, (char[1]){0}, 1) < 0;
        if (is_there(f, above) && !is_folder)
            return false;
        *slash = '/';
    }
    return !is_there(f, path);
}

static void generate(const struct fixture *f, uint64_t *seed)
{
    size_t n = next(seed) % 24;

    for (size_t i = 0; i < n; i++) {
        size_t depth = next(seed) % 4;
        bool is_link = next(seed) % 6 == 0;
        AUTO(buf_clearp) struct buf path = {0};

        buf_init(&path, 4096);
        while (depth-- > 0)
            buf_printf(&path, "%s/", PICK(folders));
        buf_adds(&path, is_link ? (next(seed) % 2 ? "link.yaml" : "link") : PICK(files));
        if (!is_free(f, path.p))
            continue;
        if (is_link)
            mklink(f, path.p, PICK(targets));
        else
            mkfile(f, path.p, PICK(texts));
    }
}

static void a_commit_holds_what_its_checkout_does(void **state)
{
    struct fixture *f = *state;

    for (uint64_t i = 1; i <= GENERATED_TREES; i++) {
        uint64_t seed = i * 0x9e3779b97f4a7c15U;

        generate(f, &seed);
        assert_same_at_commit(f);
        fixture_renew(f);
    }
}

/* ------------------------------------------------------------- what a name leads to */

/* Two commits: "old", tagged in every way, and the one that main is at. */
static const char history[] =
    "git init -q -b main\n"
    "echo old >a; git add a; git commit -q -m old\n"
    "git tag light; git tag -a -m t annotated\n"
    "git -c advice.nestedTag=false tag -a -m t twice annotated; git tag both; git tag same\n"
    "git update-ref refs/pull/7/head HEAD\n"
    "git update-ref refs/remotes/origin/theirs HEAD\n"
    "git update-ref refs/remotes/origin/main HEAD\n"
    "git branch deps/@types; git branch 1.x; git tag v1.2.3\n"
    "git branch same; git tag blob HEAD:a\n"
    "echo new >a; git commit -q -a -m new; git branch both\n";

static void a_name_leads_where_Argo_CD_goes(void **state)
{
    static const struct {
        const char *revision;
        const char *subject; /* of the commit it leads to */
    } cases[] = {
        {"HEAD", "new"},
        {"main", "new"},
        {"refs/heads/main", "new"},
        {"refs/tags/both", "old"},
        {"refs/heads/both", "new"},
        {"light", "old"},
        {"annotated", "old"},
        {"twice", "old"},
        {"same", "old"},
        {"theirs", "old"},      /* of a clone */
        {"origin/main", "old"}, /* as Git takes it */
        {"pull/7/head", "old"},
        {"deps/@types", "old"},
        {"1.x", "old"},
        {"v1.2.3", "old"},
    };
    struct fixture *f = *state;

    (void)run_in(f, history, "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep)
        char *id = xstrdup(run_in(f, "git log --format=%H --grep=$1 main", cases[i].subject));

        load_well(f, "", cases[i].revision);
        assert_string_equal(f->repository->commit.text, id);
        assert_memory_equal(repository_revision(f->repository), id, 12);
        assert_int_equal(strlen(repository_revision(f->repository)), 12);
    }
}

static void an_id_leads_to_its_commit_whole_or_in_part(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *id = NULL;
    AUTO(freep) char *tag = NULL;
    char part[41];

    (void)run_in(f, history, "");
    id = xstrdup(run_in(f, "git rev-parse light", ""));
    tag = xstrdup(run_in(f, "git rev-parse twice", ""));
    for (size_t n = 4; n <= 40; n += 6) {
        (void)snprintf(part, sizeof part, "%.*s", (int)n, id);
        load_well(f, "", part);
        assert_string_equal(f->repository->commit.text, id);
    }
    for (char *at = part; *at; at++)
        if (*at >= 'a' && *at <= 'f')
            *at = (char)(*at - 'a' + 'A');
    load_well(f, "", part);
    assert_string_equal(f->repository->commit.text, id);
    load_well(f, "", tag);
    assert_string_equal(f->repository->commit.text, id);
    /* a name comes before an abbreviation */
    (void)run_in(f, "git branch $(git rev-parse --short=7 light) main", "");
    (void)snprintf(part, sizeof part, "%.7s", id);
    load_well(f, "", part);
    assert_string_not_equal(f->repository->commit.text, id);
}

/* `why` is a part of the reason; the rest is the library's. */
static void assert_refused(struct fixture *f, const char *where, const char *revision,
                           const char *says, const char *why, const char *remedy)
{
    AUTO(freep) char *path = fixture_path(f, where);
    AUTO(freep) char *whole = xasprintf("revision %s of %s %s", revision, path, says);
    struct err err = {0};

    assert_false(load(f, where, revision, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.what, whole);
    if (!strstr(err.why, why))
        assert_string_equal(err.why, why);
    assert_string_equal(err.remedy, remedy);
}

static const char show_ref[] =
    "see git -C DIR show-ref; what only the remote has, git fetch --tags brings";

static void what_leads_nowhere_or_to_two_is_refused(void **state)
{
    static const struct {
        const char *revision;
        const char *says;
        const char *why;
        const char *remedy;
    } cases[] = {
        {"gone", "was not found", "no branch, tag or commit is called so", show_ref},
        {"refs/heads/gone", "was not found", "no branch, tag or commit is called so", show_ref},
        {"", "was not found", "no branch, tag or commit is called so", show_ref},
        {"not a name^{}~1", "was not found", "no branch, tag or commit is called so", show_ref},
        {"../../HEAD", "was not found", "no branch, tag or commit is called so", show_ref},
        {"abc", "was not found", "no branch, tag or commit is called so", show_ref},
        {"0123456", "was not found", "no branch, tag or commit is called so", show_ref},
        {"0123456789012345678901234567890123456789", "leads to no commit", "its object is missing",
         ""},
        {"both", "is ambiguous",
         "a tag and a branch of that name lead to different commits, and Argo CD takes either",
         "give a full name, as git -C DIR show-ref lists them, or a commit's id"},
        {"blob", "leads to no commit", "it is the name of something else", ""},
    };
    struct fixture *f = *state;

    (void)run_in(f, history, "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_refused(f, "", cases[i].revision, cases[i].says, cases[i].why, cases[i].remedy);
}

static void a_range_of_versions_leads_to_the_highest_tag(void **state)
{
    static const struct {
        const char *range;
        const char *subject; /* NULL: none fits */
    } cases[] = {{"1.*", "1.3"},       {"v1.x", "1.3"}, {">=1.0 <1.3", "1.2"}, {"^2", "2"},
                 {"~1.2.0", "1.2"},    {"*", "2"},      {"3.x", NULL},         {"1.2.x", "1.2"},
                 {">1.2.0 <2", "1.3"}, {"", NULL}};
    struct fixture *f = *state;

    (void)run_in(f,
                 "git init -q -b main\n"
                 "for v in 1.2 1.3 2; do echo $v >a; git add a; git commit -q -m $v; done\n"
                 "git tag v1.2.0 HEAD~2; git tag -a -m t v1.3.0 HEAD~1; git tag 2.0.0 HEAD\n"
                 "git tag other HEAD",
                 "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {0};

        if (!cases[i].subject) {
            assert_false(load(f, "", cases[i].range, &err));
            continue;
        }
        load_well(f, "", cases[i].range);
        assert_string_equal(run_in(f, "git log -1 --format=%s $1", f->repository->commit.text),
                            cases[i].subject);
    }
}

static void equal_versions_of_several_commits_are_ambiguous(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f,
                 "git init -q -b main\n"
                 "for v in 1 2; do echo $v >a; git add a; git commit -q -m $v; done\n"
                 "git tag 1.0.0 HEAD~1; git tag v1.0 HEAD",
                 "");
    assert_refused(
        f, "", "1.x", "is ambiguous",
        "Argo CD takes one of several tags of equal versions, and they lead to different "
        "commits",
        "");
    (void)run_in(f, "git tag -f v1.0 HEAD~1", "");
    load_well(f, "", "1.x");
}

/* Two thousand commits share some first four digits. */
static void an_abbreviation_of_two_commits_is_refused(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *digits = NULL;

    (void)run_in(f,
                 "git init -q -b main\n"
                 "i=0; while [ $i -lt 2000 ]; do i=$((i+1))\n"
                 "echo commit refs/heads/main; echo 'committer c <c@e> 1700000000 +0000'\n"
                 "echo data ${#i}; echo $i; done | git fast-import --quiet",
                 "");
    digits = xstrdup(run_in(f, "git rev-list main | cut -c1-4 | sort | uniq -d | head -n 1", ""));
    assert_int_equal(strlen(digits), 4);
    assert_refused(f, "", digits, "is ambiguous", "several objects have an id that starts so",
                   "give more digits");
}

/* ------------------------------------------------------------- where a repository may lie */

static void every_kind_of_repository_is_read(void **state)
{
    static const char *const places[] = {"work", "work/.git", "bare.git", "linked", "shared"};
    struct fixture *f = *state;
    struct err err = {0};

    (void)run_in(f,
                 "git init -q -b main work; cd work\n"
                 "mkdir below; printf %s \"$1\" >below/a.yaml; git add .; git commit -q -m x\n"
                 "git clone -q --bare . ../bare.git; git worktree add -q ../linked -b other\n"
                 "git clone -q --shared . ../shared\n"
                 "rm -r below", /* what lies in the work tree does not count */
                 APP("a"));
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        load_well(f, places[i], "HEAD");
        assert_string_equal(listed(f), "below/a.yaml:4 Application argocd/a");
        assert_string_equal(noted(f), "");
    }
    load_well(f, "linked", "main");
    load_well(f, "bare.git", "main");
    assert_false(load(f, "work/.git/objects", "HEAD", &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_false(load(f, "linked/below", "HEAD", &err));
    assert_false(load(f, "", "HEAD", &err));
    assert_string_equal(err.remedy, "give the top of a work tree, or a bare repository");
    assert_false(load(f, "nowhere", "HEAD", &err));
}

static void a_detached_head_and_an_empty_repository(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, "git init -q -b main empty; git init -q -b main one; cd one", "");
    assert_refused(f, "empty", "HEAD", "was not found", "nothing has been committed there",
                   show_ref);
    assert_refused(f, "empty", "main", "was not found", "nothing has been committed there",
                   show_ref);
    (void)run_in(f,
                 "cd one; printf %s \"$1\" >a.yaml; git add .; git commit -q -m 1; rm a.yaml\n"
                 "git commit -q -a -m 2; git checkout -q --detach HEAD~1",
                 APP("a"));
    load_well(f, "one", "HEAD");
    assert_string_equal(listed(f), "a.yaml:4 Application argocd/a");
    load_well(f, "one", "main");
    assert_string_equal(listed(f), "");
}

static void packed_objects_and_names_are_read_as_loose_ones(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *loose = NULL;
    AUTO(freep) char *packed = NULL;

    for (unsigned i = 0; i < 50; i++) {
        AUTO(freep) char *path = xasprintf("d/%u.yaml", i);
        AUTO(freep) char *text = xasprintf(APP("app-%u"), i);

        mkfile(f, path, text);
    }
    (void)run_in(f, "git init -q -b main; git add .; git commit -q -m x; git tag -a -m t t", "");
    load_well(f, "", "t");
    loose = dump(f);
    (void)run_in(f, "git gc -q --aggressive; git pack-refs --all; ! [ -e .git/refs/tags/t ]", "");
    load_well(f, "", "t");
    packed = dump(f);
    assert_string_equal(packed, loose);
    assert_int_equal(repository_n_manifests(f->repository), 50);
}

static void a_shallow_clone_knows_its_own_commits(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *first = NULL;

    (void)run_in(f,
                 "git init -q -b main full; cd full; git commit -q --allow-empty -m 1\n"
                 "printf %s \"$1\" >a.yaml; git add .; git commit -q -m 2\n"
                 "git clone -q --depth 1 \"file://$PWD\" ../shallow",
                 APP("a"));
    load_well(f, "shallow", "main");
    assert_string_equal(listed(f), "a.yaml:4 Application argocd/a");
    first = xstrdup(run_in(f, "git -C full rev-parse main~1", ""));
    assert_refused(f, "shallow", first, "leads to no commit", "its object is missing", "");
    first[10] = '\0';
    assert_refused(f, "shallow", first, "was not found",
                   "no branch, tag or commit is called so; the clone is shallow", show_ref);
}

/* ------------------------------------------------------------- what is not there */

static void a_missing_object_is_not_known(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f,
                 "git init -q -b main full; cd full\n"
                 "git config uploadpack.allowFilter true; mkdir k other\n"
                 "printf %s \"$1\" >k/a.yaml; echo {} >other/b.yaml; git add .\n"
                 "git commit -q -m x; cd ..\n"
                 "git clone -q -n --filter=blob:none \"file://$PWD/full\" blobs\n"
                 "git clone -q -n --filter=tree:0 \"file://$PWD/full\" trees\n"
                 "for x in blobs trees; do git -C $x remote remove origin; done\n"
                 "git -C blobs config extensions.partialclone gone; mv full moved",
                 APP("a"));
    load_well(f, "blobs", "HEAD");
    assert_string_equal(listed(f), "");
    assert_string_equal(
        noted(f),
        "k/a.yaml:0 k/a.yaml cannot be read (its object is missing: a partial or damaged clone)|"
        "other/b.yaml:0 other/b.yaml cannot be read (its object is missing: a partial or damaged "
        "clone)");
    assert_string_equal(rendered_path(f, "k"),
                        "PARTIAL k/a.yaml cannot be read (its object is missing: a partial or "
                        "damaged clone)");
    load_well(f, "trees", "HEAD");
    assert_string_equal(noted(f), ":0 the repository's root is a directory that cannot be read");
    assert_string_equal(rendered_path(f, "k"),
                        "PARTIAL the repository was not read whole: the repository's root is a "
                        "directory that cannot be read");
}

static const char small[] =
    "git init -q -b main r; cd r; mkdir k; printf %s \"$1\" >k/a.yaml; ln -s a.yaml k/l.yaml\n"
    "git add .; git commit -q -m x\n";

static void damage(const struct fixture *f, const char *file, long at)
{
    AUTO(freep) char *path = fixture_path(f, file);
    FILE *stream;
    int byte;

    assert_int_equal(chmod(path, 0600), 0);
    stream = fopen(path, "r+");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, at, SEEK_SET), 0);
    byte = fgetc(stream);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(stream, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte ^ 0x10, stream), EOF);
    assert_int_equal(fclose(stream), 0);
}

/* Whatever byte is damaged: the same as without, or not known, or refused; never another text. */
static void assert_bears_damage(struct fixture *f, const char *file, long n_bytes, long step)
{
    AUTO(freep) char *whole = NULL;
    struct err err = {0};
    unsigned n_noticed = 0;

    load_well(f, "r", "HEAD");
    whole = xstrdup(listed(f));
    for (long at = 0; at < n_bytes; at += step) {
        damage(f, file, at);
        if (!load(f, "r", "HEAD", &err)) {
            assert_int_equal(err.kind, ERR_INPUT);
            n_noticed++;
        } else {
            const char *now = listed(f);

            n_noticed += repository_n_notes(f->repository) > 0;
            if (now[0] || repository_n_notes(f->repository) == 0)
                assert_string_equal(now, whole);
        }
        damage(f, file, at);
    }
    assert_true(n_noticed > 0);
    load_well(f, "r", "HEAD");
    assert_string_equal(listed(f), whole);
}

static void a_damaged_object_is_never_read_as_something_else(void **state)
{
    static const char *const objects[] = {"HEAD", "HEAD^{tree}", "HEAD:k", "HEAD:k/a.yaml",
                                          "HEAD:k/l.yaml"};
    struct fixture *f = *state;

    (void)run_in(f, small, APP("a"));
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        AUTO(freep)
        char *file = xstrdup(run_in(f,
                                    "cd r; git rev-parse \"$1\" | "
                                    "sed 's|^\\(..\\)|r/.git/objects/\\1/|'",
                                    objects[i]));
        const char *size = run_in(f, "wc -c <\"$1\"", file);

        assert_bears_damage(f, file, strtol(size, NULL, 10), 1);
    }
}

/* As a crash leaves it. libgit2 alone would never come back. */
static void an_object_that_is_cut_off_is_not_known(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, small, APP("a"));
    (void)run_in(f,
                 "cd r; git rev-parse HEAD:k/a.yaml | "
                 "sed 's|^\\(..\\)|.git/objects/\\1/|' >file; cp $(cat file) whole; chmod u+w "
                 "$(cat file)",
                 "");
    for (unsigned n = 0; n < 70; n += 3) {
        AUTO(freep) char *bytes = xasprintf("%u", n);

        (void)run_in(f, "cd r; head -c $1 whole >$(cat file)", bytes);
        load_well(f, "r", "HEAD");
        assert_string_equal(noted(f), "k/a.yaml:0 k/a.yaml cannot be read (its object is damaged)");
    }
    (void)run_in(f, "cd r; cat whole >$(cat file)", "");
    load_well(f, "r", "HEAD");
    assert_string_equal(listed(f), "k/a.yaml:4 Application argocd/a");
}

static void a_damaged_pack_is_never_read_as_something_else(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *file = NULL;
    const char *size;

    (void)run_in(f, small, APP("a"));
    (void)run_in(f, "cd r; git gc -q", "");
    file = xstrdup(run_in(f, "ls r/.git/objects/pack/*.pack", ""));
    size = run_in(f, "wc -c <\"$1\"", file);
    assert_bears_damage(f, file, strtol(size, NULL, 10), 5);
}

/* libgit2 1.5.1 trusts the offsets in it. */
static void a_damaged_index_of_a_pack_is_refused(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *file = NULL;
    struct err err = {0};
    long size;

    (void)run_in(f, small, APP("a"));
    (void)run_in(f, "cd r; git gc -q", "");
    file = xstrdup(run_in(f, "ls r/.git/objects/pack/*.idx", ""));
    size = strtol(run_in(f, "wc -c <\"$1\"", file), NULL, 10);
    for (long at = 0; at < size; at += 7) {
        damage(f, file, at);
        assert_false(load(f, "r", "main", &err));
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.what, "is damaged"));
        damage(f, file, at);
    }
    load_well(f, "r", "main");
    (void)run_in(f, "cd r; git multi-pack-index write", "");
    load_well(f, "r", "main");
    (void)run_in(f, "cd r/.git/objects/pack; chmod u+w *; printf x >>multi-pack-index", "");
    assert_false(load(f, "r", "main", &err));
    assert_non_null(strstr(err.what, "pack index multi-pack-index"));
}

/* Each is asked once, and what lies behind is found. */
static void alternates_that_lead_to_each_other(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, small, APP("a"));
    (void)run_in(f,
                 "git init -q --bare b; git init -q --bare c\n"
                 "echo $PWD/c/objects >b/objects/info/alternates\n"
                 "(echo $PWD/b/objects; echo ../../b/objects; echo $PWD/missing; "
                 "echo $PWD/r/.git/objects) >c/objects/info/alternates\n"
                 "git -C r rev-parse main >b/refs/heads/main",
                 "");
    load_well(f, "b", "main");
    assert_string_equal(listed(f), "k/a.yaml:4 Application argocd/a");
}

/* ------------------------------------------------------------- what trees may hold */

static void a_submodule_is_an_empty_directory_and_a_note(void **state)
{
    struct fixture *f = *state;
    size_t node = 0;

    (void)run_in(f,
                 "git init -q -b main; git update-index --add --cacheinfo "
                 "160000,0123456789012345678901234567890123456789,k/sub\n"
                 "mkdir k; printf %s \"$1\" >k/a.yaml; git add k/a.yaml; git commit -q -m x",
                 APP("a"));
    load_well(f, "", "main");
    assert_true(tree_find(f->repository->tree, STR("k/sub"), &node));
    assert_int_equal(f->repository->tree->nodes[node].kind, NODE_DIRECTORY);
    assert_int_equal(f->repository->tree->nodes[node].end, node + 1);
    assert_string_equal(noted(f),
                        "k/sub:0 is a submodule: what lies in it is not read, as if it were empty");
    assert_string_equal(rendered_path(f, "k"), "COMPLETE | Application argocd/a");
}

static void a_pointer_of_LFS_is_not_known(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "k/a.yaml", POINTER, "k/b.yaml", APP("b"), "k/logo.png", POINTER, NULL);
    assert_same_at_commit(f);
    assert_string_equal(noted(f), "k/a.yaml:0 k/a.yaml cannot be read (it is a Git LFS pointer; "
                                  "the content is not in Git)");
    assert_string_equal(rendered_path(f, "k"),
                        "PARTIAL k/a.yaml cannot be read (it is a Git LFS pointer; the content is "
                        "not in Git)");
}

/* eol=crlf, a filter and ident are a checkout's business. */
static void no_filter_is_applied(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f,
                 "git init -q -b main\n"
                 "git config filter.f.smudge 'touch ran; cat'; git config filter.f.clean cat\n"
                 "printf '*.yaml text eol=crlf\\n*.yml filter=f ident\\n' >.gitattributes\n"
                 "printf %s \"$1\" >a.yaml; printf %s \"$1\" >b.yml\n"
                 "git add . 2>/dev/null; git commit -q -m x; rm a.yaml b.yml; git checkout -q .\n"
                 "grep -c '\r' a.yaml; rm ran",
                 APP("a"));
    load_well(f, "", NULL);
    assert_string_equal(listed(f), "a.yaml:4 Application argocd/a|b.yml:4 Application argocd/a");
    load_well(f, "", "main");
    assert_string_equal(listed(f), "a.yaml:4 Application argocd/a|b.yml:4 Application argocd/a");
    for (size_t i = 0; i < f->repository->tree->n; i++)
        if (str_is(node_name(&f->repository->tree->nodes[i]), "a.yaml"))
            assert_int_equal(contents_at(f->repository->contents, i)->size_bytes, strlen(APP("a")));
    (void)run_in(f, "! [ -e ran ]", "");
}

/* A tree object byte by byte, as printf and `bytes` write it in `entries`; the ids of a blob, a
 * tree of one file and an empty tree are $b, $t and $e. */
static void make_tree(const struct fixture *f, const char *entries)
{
    (void)run_in(f,
                 "[ -e .git ] || git init -q -b main\n"
                 "bytes() { perl -e 'print pack(\"H*\", shift)' $1; }\n"
                 "blob=$(echo x | git hash-object -w --stdin)\n"
                 "tree=$(printf '100644 blob %s\\tf\\n' $blob | git mktree)\n"
                 "empty=$(git mktree </dev/null)\n"
                 "b=$blob t=$tree e=$empty\n"
                 "eval \"{ $1; }\" >entries\n"
                 "tree=$(git hash-object -t tree --literally -w entries)\n"
                 "git update-ref refs/heads/main $(git commit-tree -m x $tree)",
                 entries);
}

static void what_Git_would_not_check_out_is_not_known(void **state)
{
    static const struct {
        const char *entries;
        const char *note;
    } cases[] = {
        {"printf '100644 a/b\\0'; bytes $b", ":0 the repository's root holds a name that Git does "
                                             "not check out"},
        {"printf '100644 ..\\0'; bytes $b", ":0 the repository's root holds a name that Git does "
                                            "not check out"},
        {"printf '40000 .\\0'; bytes $t",
         ":0 the repository's root holds a name that Git does not check out"},
        {"printf '40000 .GIT\\0'; bytes $t", ":0 the repository's root holds a name that Git does "
                                             "not check out"},
        {"printf '100644 %0256d\\0' 1; bytes $b",
         ":0 the repository's root holds a name that Git does not check out"},
        {"printf '100644 f\\0'; bytes $b; printf '40000 f\\0'; bytes $t",
         ":0 the repository's root holds a name twice"},
        {"printf '40000 f\\0'; bytes $b", ":0 f is a directory that cannot be read"},
        {"printf '120000 f\\0'; bytes $t", ":0 f is a symlink that cannot be read"},
        {"printf '100644 f.yaml\\0'; bytes $t",
         "f.yaml:0 f.yaml cannot be read (its object is of another type)"},
        {"printf '40000 d\\0'; bytes $e; printf '100644 f\\0'; bytes $b", ""},
        {"printf nonsense", ":0 the repository's root is a directory that cannot be read"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        make_tree(f, cases[i].entries);
        load_well(f, "", "main");
        assert_string_equal(noted(f), cases[i].note);
    }
}

static void a_directory_of_nothing_is_left_out(void **state)
{
    struct fixture *f = *state;
    size_t node;

    make_tree(f, "printf '40000 d\\0'; bytes $e; printf '100644 f\\0'; bytes $b");
    load_well(f, "", "main");
    assert_int_equal(f->repository->tree->n, 2);
    assert_true(tree_find(f->repository->tree, STR("f"), &node));
}

static void a_symlink_that_no_system_makes_is_not_known(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f,
                 "git init -q -b main\n"
                 "for x in '' 'a\\000b' %05000d; do id=$(printf \"$x\" 1 | git hash-object -w "
                 "--stdin)\n"
                 "n=$((${n-0}+1)); git update-index --add --cacheinfo 120000,$id,$n; done\n"
                 "git commit -q -m x",
                 "");
    load_well(f, "", "main");
    assert_int_equal(f->repository->tree->n, 4);
    assert_string_equal(noted(f), ":0 1 is a symlink that cannot be read");
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(f->repository->tree->nodes[i].link, "");
}

/* Some kilobytes that name 2^60 directories, or as many files. */
static void a_tree_of_trees_ends_at_its_budget(void **state)
{
    static const char *const bottoms[] = {"</dev/null git mktree",
                                          "b=$(echo x | git hash-object -w --stdin); "
                                          "printf '100644 blob %s\\tf\\n' $b | git mktree"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(bottoms); i++) {
        (void)run_in(f,
                     "[ -e .git ] || git init -q -b main\n"
                     "t=$(eval \"$1\"); n=0\n"
                     "while [ $n -lt 60 ]; do n=$((n+1))\n"
                     "t=$(printf '040000 tree %s\\ta\\n040000 tree %s\\tb\\n' $t $t | git mktree)\n"
                     "done; git update-ref refs/heads/main $(git commit-tree -m x $t)",
                     bottoms[i]);
        load_well(f, "", "main");
        assert_true(f->repository->tree->n <= REPOSITORY_MAX_FILES);
        assert_non_null(strstr(noted(f), " and what follows "));
    }
}

static void directories_below_each_other_end_at_their_budget(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *path = xasprintf("%0130d/f.yaml", 0);

    for (size_t i = 1; i < 130; i += 2)
        path[i] = '/';
    mkfile(f, path, APP("a"));
    assert_same_at_commit(f);
    assert_non_null(strstr(noted(f), " lies deeper than 64 directories"));
}

static void a_file_that_is_too_large_is_not_known(void **state)
{
    struct fixture *f = *state;

    (void)run_in(f, "head -c 10485761 /dev/zero >big.yaml; head -c 10485760 /dev/zero >all.txt",
                 "");
    assert_same_at_commit(f);
    assert_string_equal(noted(f),
                        "big.yaml:0 big.yaml is larger than what is read of one file (10 MiB)");
}

/* ------------------------------------------------------------- changes */

static void a_name_that_moves_has_changed(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *id = NULL;

    (void)run_in(f, history, "");
    load_well(f, "", "main");
    assert_false(repository_changed(f->repository));
    mkfile(f, "a", "edited"); /* the work tree does not count */
    assert_false(repository_changed(f->repository));
    (void)run_in(f, "git branch -q -f aside main~1; git gc -q", "");
    assert_false(repository_changed(f->repository));
    id = xstrdup(run_in(f, "git rev-parse main", ""));
    (void)run_in(f, "git commit -q --allow-empty -m x", "");
    assert_true(repository_changed(f->repository));
    load_well(f, "", id);
    assert_false(repository_changed(f->repository));
    load_well(f, "", "main");
    (void)run_in(f, "git branch -q -m main renamed", "");
    assert_true(repository_changed(f->repository));
    load_well(f, "", "renamed");
    (void)run_in(f, "mv .git gone", "");
    assert_true(repository_changed(f->repository));
}

/* Loose objects become a pack below an index that has left a file for later. */
static void what_is_packed_meanwhile_is_found(void **state)
{
    struct fixture *f = *state;
    const struct parsed *parsed;
    struct err err = {0};
    size_t node;

    (void)run_in(f,
                 "git init -q -b main repo; cd repo\n"
                 "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n' >a.yaml\n"
                 "git add .; git commit -q -m a",
                 "");
    assert_true(load_as(f, "repo", "HEAD", false, &err));
    assert_true(tree_find(f->repository->tree, STR("a.yaml"), &node));
    assert_int_equal(contents_glance(f->repository->contents, node, SYNTAX_YAML)->state,
                     PARSE_SKIPPED);
    (void)run_in(f, "git -C repo gc -q --prune=now", "");
    parsed = contents_parsed(f->repository->contents, node, SYNTAX_YAML);
    assert_int_equal(parsed->state, PARSE_OBJECTS);
    assert_int_equal(parsed->n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(a_commit_holds_what_its_checkout_does),
        CASE(a_name_leads_where_Argo_CD_goes),
        CASE(an_id_leads_to_its_commit_whole_or_in_part),
        CASE(what_leads_nowhere_or_to_two_is_refused),
        CASE(a_range_of_versions_leads_to_the_highest_tag),
        CASE(equal_versions_of_several_commits_are_ambiguous),
        CASE(an_abbreviation_of_two_commits_is_refused),
        CASE(every_kind_of_repository_is_read),
        CASE(a_detached_head_and_an_empty_repository),
        CASE(packed_objects_and_names_are_read_as_loose_ones),
        CASE(a_shallow_clone_knows_its_own_commits),
        CASE(a_missing_object_is_not_known),
        CASE(a_damaged_object_is_never_read_as_something_else),
        CASE(an_object_that_is_cut_off_is_not_known),
        CASE(a_damaged_pack_is_never_read_as_something_else),
        CASE(a_damaged_index_of_a_pack_is_refused),
        CASE(alternates_that_lead_to_each_other),
        CASE(a_submodule_is_an_empty_directory_and_a_note),
        CASE(a_pointer_of_LFS_is_not_known),
        CASE(no_filter_is_applied),
        CASE(what_Git_would_not_check_out_is_not_known),
        CASE(a_directory_of_nothing_is_left_out),
        CASE(a_symlink_that_no_system_makes_is_not_known),
        CASE(a_tree_of_trees_ends_at_its_budget),
        CASE(directories_below_each_other_end_at_their_budget),
        CASE(a_file_that_is_too_large_is_not_known),
        CASE(a_name_that_moves_has_changed),
        CASE(what_is_packed_meanwhile_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
