/* test_block.c: skipping gives what a byte-by-byte reading gives, wherever the blocks fall. */
#include "base/attr.h"
#include "review/block.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_OFFSET = 130, BYTES_MAX = 400 };

/* The same question answered one byte at a time. Returns 0 when the value does not end. */
static size_t plain_skip(const char *p, size_t n, bool is_string)
{
    size_t depth = 1;
    bool in_string = is_string;
    bool escaped = false;

    for (size_t i = 0; i < n; i++) {
        bool hidden = escaped;

        escaped = !hidden && p[i] == '\\';
        if (p[i] == '"' && !hidden) {
            in_string = !in_string;
            if (is_string)
                return i + 1;
        }
        if (in_string)
            continue;
        if (p[i] == '{' || p[i] == '[')
            depth++;
        if ((p[i] == '}' || p[i] == ']') && --depth == 0)
            return i + 1;
    }
    return 0;
}

static size_t skip_in_chunks(const char *p, size_t n, bool is_string, enum scan_path path,
                             size_t chunk)
{
    struct block_skip b;

    if (is_string)
        block_begin_string(&b);
    else
        block_begin_container(&b);
    for (size_t at = 0; at < n;) {
        size_t now = chunk < n - at ? chunk : n - at;
        char *copy = malloc(now); /* exact, for the sanitizers */
        bool ended;
        size_t taken;

        assert_non_null(copy);
        memcpy(copy, p + at, now);
        taken = is_string ? block_skip_string(&b, path, copy, now, &ended)
                          : block_skip_container(&b, path, copy, now, &ended);
        free(copy);
        if (ended)
            return at + taken;
        assert_int_equal(taken, now);
        at += now;
    }
    return 0;
}

static void same_everywhere(const char *p, size_t n)
{
    static const size_t chunks[] = {1, 7, 63, 64, 65, BYTES_MAX};

    for (int is_string = 0; is_string < 2; is_string++) {
        size_t wanted = plain_skip(p, n, is_string);

        for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
            assert_int_equal(skip_in_chunks(p, n, is_string, SCAN_BEST, chunks[i]), wanted);
            assert_int_equal(skip_in_chunks(p, n, is_string, SCAN_PORTABLE, chunks[i]), wanted);
        }
    }
}

static void pieces_at_every_offset(void **state)
{
    static const char *const pieces[] = {
        "\"", "\\\"", "\\\\\"", "\\\\\\\"]\"]", "{", "[", "}", "]", "\"]\"]", "{}]", "[\"}\\\"\"]]",
    };

    static const char tail[] = {'"', ']', '"', ']', ']', ']', ']'};

    (void)state;
    for (size_t offset = 0; offset <= MAX_OFFSET; offset++) {
        for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
            char text[BYTES_MAX];

            memset(text, 'x', sizeof text);
            for (size_t j = 0; pieces[i][j]; j++)
                text[offset + j] = pieces[i][j];
            memcpy(text + 200, tail, sizeof tail); /* so that most of them end */
            same_everywhere(text, 210);
            memset(text, '\\', offset); /* a run of backslashes up to the piece */
            same_everywhere(text, 210);
        }
    }
}

static void random_bytes(void **state)
{
    static const char alphabet[] = "\"\"\\\\\\{}[]{[x ;,\x80\xDB\xFB\xDD";
    uint64_t seed = 0x5EED0001;

    (void)state;
    print_message("seed %llx\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 3000; round++) {
        char text[BYTES_MAX];
        size_t n;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        n = 1 + (size_t)(seed >> 40) % BYTES_MAX;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[i] = alphabet[(seed >> 40) % (sizeof alphabet - 1)];
        }
        same_everywhere(text, n);
    }
}

/* Every byte value next to the ones that matter: no neighbour may leak into a mask. */
static void every_byte_is_told_apart(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[BYTES_MAX];

        memset(text, (int)c, 150);
        text[150] = '"';
        text[151] = ']';
        text[152] = ']';
        same_everywhere(text, 153);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_at_every_offset),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(every_byte_is_told_apart),
    };

    return cmocka_run_group_tests_name("block", tests, NULL, NULL);
}
