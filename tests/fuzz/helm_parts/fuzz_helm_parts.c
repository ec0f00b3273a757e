/* What charts bring along. The first byte says what the rest is: `t` a tar archive, which is packed
 * first, `z` one that is packed already, anything else values, a line of an equals sign, and a
 * template: rendered twice alike, line by line. */
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "repository/blob.h"
#include "repository/helm_render.h"
#include "repository/helm_values.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void unpack(struct str bytes)
{
    struct helm_archive *a = helm_archive_read(bytes, 0);

    require(a->n <= HELM_ARCHIVE_MAX_FILES);
    for (size_t i = 0; i < a->n; i++) {
        require(a->files[i].path[0] != '\0' && a->files[i].path[0] != '/');
        require(!strstr(a->files[i].path, "../"));
        require(blob_n_bytes(a->files[i].blob) <= HELM_ARCHIVE_MAX_FILE_BYTES);
    }
    helm_archive_free(a);
}

static void pack_and_unpack(struct str tar)
{
    z_stream z = {0};
    size_t most = tar.n + tar.n / 1000 + 1024;
    AUTO(freep) char *packed = xmalloc(most);

    require(deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)tar.p;
    z.avail_in = (uInt)tar.n;
    z.next_out = (unsigned char *)packed;
    z.avail_out = (uInt)most;
    require(deflate(&z, Z_FINISH) == Z_STREAM_END);
    unpack((struct str){packed, most - z.avail_out});
    (void)deflateEnd(&z);
}

/* The chart has one file, which says what the template does. */
static const struct helm_template *get_file(const void *from, size_t chart, struct str path,
                                            bool *is_known, size_t *n_looked)
{
    const struct helm_template *t = from;

    *is_known = chart == 0 && !str_is(path, "?") && t->text;
    *n_looked = 1;
    return str_is(path, "self") ? t : NULL;
}

static struct helm_text render(const struct helm_template *t, const json_t *root, bool *good)
{
    struct helm_release release = {.get = get_file, .get_from = t};
    struct helm_text text;

    helm_release_add(&release, t, true);
    helm_release_settle(&release);
    *good = helm_render_template(&release, t, root, &text);
    helm_release_clear(&release);
    return text;
}

static void render_twice(struct str values, struct str template)
{
    AUTO(helm_template_freep) struct helm_template *t = helm_template_read(template);
    AUTO(json_unrefp) json_t *document = NULL;
    AUTO(json_unrefp) json_t *merged = NULL;
    AUTO(json_unrefp) json_t *root = helm_open_map();
    AUTO(json_unrefp) json_t *lower = helm_open_map();
    struct err err = {0};
    struct helm_text first;
    struct helm_text second;
    bool good;
    bool again;
    size_t n_lines = 1;

    if (!yaml_read(values, 1, &document, NULL, &err))
        return;
    merged = helm_values_merge(document ? document : helm_not_known(), lower);
    (void)json_object_set_nocheck(root, "Values", document ? document : merged);
    (void)json_object_set_nocheck(root, "Merged", merged);
    (void)json_object_set_new_nocheck(root, "Files", helm_render_files(0));
    first = render(t, root, &good);
    second = render(t, root, &again);
    require(good == again && first.n == second.n);
    require(!good || memcmp(first.p, second.p, first.n) == 0);
    for (size_t i = 0; i < first.n; i++)
        n_lines += first.p[i] == '\n';
    require(!good || first.n_lines == n_lines);
    helm_text_clear(&first);
    helm_text_clear(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    const char *mark;

    if (!size || size > 256 * 1024)
        return 0;
    if (data[0] == 't') {
        pack_and_unpack(str_sub(text, 1, size));
        return 0;
    }
    if (data[0] == 'z') {
        unpack(str_sub(text, 1, size));
        return 0;
    }
    mark = memmem(text.p, text.n, "\n=\n", 3);
    if (mark)
        render_twice(str_sub(text, 1, (size_t)(mark - text.p) + 1),
                     str_sub(text, (size_t)(mark - text.p) + 3, size));
    return 0;
}
