/* index_files.c: writes the files of a repository to measure with: the same for the same numbers.
 */
#include "base/buf.h"
#include "base/mem.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static uint64_t state = 0x9E3779B97F4A7C15U;

static unsigned below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 20) % n);
}

static void write_file(const char *path, struct str text)
{
    char above[4096];
    FILE *file;

    (void)snprintf(above, sizeof above, "%s", path);
    for (char *slash = strchr(above + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(above, 0755) != 0 && errno != EEXIST)
            exit(2);
        *slash = '/';
    }
    file = fopen(path, "wb");
    if (!file || fwrite(text.p, 1, text.n, file) != text.n || fclose(file) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
}

static void add_container(struct buf *b, unsigned i)
{
    buf_printf(
        b,
        "      - name: container-%u\n        image: registry.example.com/team/app-%u:1.%u.%u\n"
        "        ports:\n        - containerPort: 8080\n          name: http\n"
        "        resources:\n          requests: {cpu: 100m, memory: 128Mi}\n"
        "          limits:\n            memory: 512Mi\n        env:\n",
        i, below(5000), below(30), below(30));
    for (unsigned k = 0; k < 8 + below(30); k++)
        buf_printf(b, "        - name: SETTING_%u\n          value: \"value %u of it\"\n", k,
                   below(100000));
}

static void add_deployment(struct buf *b, unsigned i)
{
    buf_printf(b,
               "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: service-%u\n"
               "  namespace: team-%u\n  labels:\n    app.kubernetes.io/name: service-%u\nspec:\n"
               "  replicas: %u\n  selector:\n    matchLabels:\n      app: service-%u\n  template:\n"
               "    metadata:\n      labels:\n        app: service-%u\n    spec:\n"
               "      containers:\n",
               i, i % 97, i, 1 + below(5), i, i);
    for (unsigned k = 0; k < 1 + below(3); k++)
        add_container(b, k);
}

static void add_config_map(struct buf *b, unsigned i)
{
    buf_printf(b,
               "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-%u\n"
               "  namespace: team-%u\ndata:\n  application.properties: |\n",
               i, i % 97);
    for (unsigned k = 0; k < 20 + below(100); k++)
        buf_printf(b, "    setting.number.%u=%u and some words behind it\n", k, below(1000000));
}

static void add_application(struct buf *b, unsigned i)
{
    buf_printf(b,
               "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: app-%u\n"
               "  namespace: argocd\n  finalizers:\n  - resources-finalizer.argocd.argoproj.io\n"
               "spec:\n  project: default\n  source:\n"
               "    repoURL: https://git.example.com/platform/deploy.git\n"
               "    targetRevision: v1.%u\n    path: team-%u/service-%u\n  destination:\n"
               "    server: https://kubernetes.default.svc\n    namespace: team-%u\n"
               "  syncPolicy:\n    automated:\n      prune: true\n      selfHeal: true\n",
               i, below(100000), i % 97, i, i % 97);
}

static void add_external_secret(struct buf *b, unsigned i)
{
    buf_printf(b,
               "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n"
               "  name: secret-%u\n  namespace: team-%u\nspec:\n  refreshInterval: 1h\n"
               "  secretStoreRef:\n    kind: ClusterSecretStore\n    name: vault\n  target:\n"
               "    name: secret-%u\n  data:\n  - secretKey: password\n    remoteRef:\n"
               "      key: team/%u\n      property: password\n",
               i, i % 97, i, i);
}

static void add_template(struct buf *b, unsigned i)
{
    buf_printf(b,
               "{{- if .Values.enabled }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
               "  name: {{ include \"chart.fullname\" . }}-%u\n  labels:\n"
               "    {{- include \"chart.labels\" . | nindent 4 }}\nspec:\n"
               "  replicas: {{ .Values.replicas }}\n",
               i);
    for (unsigned k = 0; k < 30 + below(80); k++)
        buf_printf(b, "  setting%u: {{ .Values.settings.number%u | quote }}\n", k, below(1000));
    buf_adds(b, "{{- end }}\n");
}

static void add_values(struct buf *b, unsigned i)
{
    buf_printf(b, "# values of environment %u\nenabled: true\nreplicas: 3\nsettings:\n", i);
    for (unsigned k = 0; k < 60 + below(240); k++)
        buf_printf(b, "  number%u: \"%u\"\n", k, below(100000));
}

static void add_words(struct buf *b, unsigned n)
{
    static const char *const words[] = {"the ",  "deployment ", "of ",    "every ",
                                        "team ", "is ",         "here\n", "described "};

    for (unsigned k = 0; k < n; k++)
        buf_adds(b, words[below(8)]);
}

static void add_noise(struct buf *b, unsigned n)
{
    buf_add(b, STR("\x89PNG\r\n\x1A\n\0\0\0"));
    for (unsigned k = 0; k < n; k++) {
        char byte = (char)below(256);

        buf_add(b, (struct str){&byte, 1});
    }
}

/* One file of a hundred in the mix of a large repository: what it is called, and how many. */
struct sort {
    unsigned percent;
    const char *format; /* of its path: a group, a folder of four, the number */
    void (*add)(struct buf *b, unsigned i);
};

static void add_readme(struct buf *b, unsigned i)
{
    buf_printf(b, "# Service %u\n\n", i);
    add_words(b, 300 + below(1000));
}

static void add_picture(struct buf *b, unsigned i)
{
    (void)i;
    add_noise(b, 2000 + below(40000));
}

static void add_dashboard(struct buf *b, unsigned i)
{
    buf_printf(b, "{\"title\": \"Service %u\", \"panels\": [", i);
    for (unsigned k = 0; k < 150 + below(300); k++)
        buf_printf(b, "%s{\"id\": %u, \"type\": \"graph\", \"expr\": \"rate(x{n='%u'}[5m])\"}",
                   k ? ", " : "", k, below(1000));
    buf_adds(b, "]}\n");
}

/* As somebody keeps what a program needs, or a chart renders, in one file: some 60 KB. */
static void add_large_config_map(struct buf *b, unsigned i)
{
    for (unsigned k = 0; k < 20; k++) {
        add_config_map(b, i + k * 1000000);
        buf_adds(b, "---\n");
    }
}

static void add_kustomization(struct buf *b, unsigned i)
{
    buf_printf(b, "namespace: team-%u\nresources:\n- deployment.yaml\n", i % 97);
}

static const struct sort mix[] = {
    {34, "%s/team-%u/service-%u/deployment-%u.yaml", add_deployment},
    {16, "%s/team-%u/service-%u/config-%u.yaml", add_config_map},
    {3, "%s/apps/%u/%u/app-%u.yaml", add_application},
    {3, "%s/team-%u/service-%u/secret-%u.yaml", add_external_secret},
    {8, "%s/overlays/%u/%u/service-%u/kustomization.yaml", add_kustomization},
    {8, "%s/charts/%u/%u/templates/template-%u.yaml", add_template},
    {8, "%s/charts/%u/%u/values-%u.yaml", add_values},
    {10, "%s/docs/%u/%u/service-%u.md", add_readme},
    {5, "%s/dashboards/%u/%u/service-%u.json", add_dashboard},
    {5, "%s/docs/%u/%u/picture-%u.png", add_picture},
};

static const struct sort manifests_alone[] = {
    {50, "%s/team-%u/service-%u/deployment-%u.yaml", add_deployment},
    {30, "%s/team-%u/service-%u/config-%u.yaml", add_config_map},
    {10, "%s/apps/%u/%u/app-%u.yaml", add_application},
    {10, "%s/team-%u/service-%u/secret-%u.yaml", add_external_secret},
};

/* 39,000 of them are 1 GB. */
static const struct sort large[] = {
    {60, "%s/team-%u/service-%u/settings-%u.yaml", add_large_config_map},
    {20, "%s/dashboards/%u/%u/service-%u.json", add_dashboard},
    {10, "%s/docs/%u/%u/picture-%u.png", add_picture},
    {5, "%s/apps/%u/%u/app-%u.yaml", add_application},
    {5, "%s/team-%u/service-%u/secret-%u.yaml", add_external_secret},
};

static void write_sort(const char *top, const struct sort *sort, unsigned i)
{
    AUTO(freep) char *path = xmalloc(4096);
    struct buf b;

    /* a format of the tables above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(path, 4096, sort->format, top, i / 4 % 97, i / 4, i);
#pragma GCC diagnostic pop
    buf_init(&b, 1024 * 1024);
    sort->add(&b, i);
    write_file(path, buf_str(&b));
    buf_clear(&b);
}

/* As many as asked for, each sort by its share. step: every how manieth; first: where to start. */
static void write_all(const char *top, const struct sort *sorts, size_t n_sorts, unsigned n)
{
    for (size_t s = 0; s < n_sorts; s++)
        for (unsigned i = 0; i < n / 100 * sorts[s].percent; i++)
            write_sort(top, &sorts[s], i);
}

int main(int argc, char **argv)
{
    unsigned n = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

    if (argc == 4 && strcmp(argv[1], "mix") == 0) {
        write_all(argv[2], mix, ARRAY_LEN(mix), n);
    } else if (argc == 4 && strcmp(argv[1], "manifests") == 0) {
        write_all(argv[2], manifests_alone, ARRAY_LEN(manifests_alone), n);
    } else if (argc == 4 && strcmp(argv[1], "large") == 0) {
        write_all(argv[2], large, ARRAY_LEN(large), n);
    } else if (argc == 4 && strcmp(argv[1], "change") == 0) {
        state = (uint64_t)time(NULL) | 1; /* other texts than before */
        for (unsigned i = 0; i < n; i++)
            write_sort(argv[2], &mix[i % 2 ? 2 : 0], i * 31);
    } else {
        (void)fprintf(stderr, "usage: %s mix|manifests|large|change DIRECTORY NUMBER\n", argv[0]);
        return 2;
    }
    return 0;
}
