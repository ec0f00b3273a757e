/* fuzz_scan.c: the scanner against jansson, in chunks the first byte chooses. */
#include "oracle.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char complaint[COMPLAINT_MAX] = "";

    if (size == 0)
        return 0;
    if (!oracle_holds((struct str){(const char *)data + 1, size - 1},
                      (struct oracle_options){.seed = data[0], .quick = true}, complaint)) {
        (void)fprintf(stderr, "fuzz_scan: %s\n", complaint);
        abort();
    }
    return 0;
}
