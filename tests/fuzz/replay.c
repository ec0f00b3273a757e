/* replay.c: runs a fuzz target over the saved inputs of a folder, as an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A saved input is small by nature; a larger one was saved by mistake. */
enum { INPUT_MAX_BYTES = 8 * 1024 * 1024, INPUTS_MIN = 50 };

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    size_t n;

    if (!file) {
        perror(path);
        return 1;
    }
    bytes = malloc(INPUT_MAX_BYTES);
    if (!bytes)
        abort();
    n = fread(bytes, 1, INPUT_MAX_BYTES, file);
    (void)fclose(file);
    /* An exact allocation, so that the sanitizers see a read past the end. */
    bytes = realloc(bytes, n ? n : 1);
    if (!bytes)
        abort();
    (void)LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int n_entries;
    int n_replayed = 0;
    int failed = 0;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    n_entries = scandir(argv[1], &entries, NULL, alphasort);
    if (n_entries < 0) {
        perror(argv[1]);
        return 1;
    }
    for (int i = 0; i < n_entries; i++) {
        if (entries[i]->d_name[0] != '.') {
            char path[4096];

            (void)snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
            failed |= replay(path);
            n_replayed++;
        }
        free(entries[i]);
    }
    free(entries);
    (void)printf("%d saved inputs replayed\n", n_replayed);
    if (n_replayed < INPUTS_MIN) {
        (void)fprintf(stderr, "%s: at least %d saved inputs are wanted\n", argv[1], INPUTS_MIN);
        return 1;
    }
    return failed;
}
