// For LD_PRELOAD: libpq takes a second to take in a statement with a value of more than 100 kB.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

typedef struct pg_conn PGconn;

static void be_slow(int count, const char *const *values)
{
    for (int i = 0; i < count; i++)
        if (values[i] != NULL && strlen(values[i]) > 100000)
            sleep(1);
}

int PQsendQueryPrepared(PGconn *connection, const char *name, int count, const char *const *values, const int *lengths,
                        const int *formats, int format)
{
    int (*next)(PGconn *, const char *, int, const char *const *, const int *, const int *, int) = dlsym(RTLD_NEXT, __func__);
    be_slow(count, values);
    return next(connection, name, count, values, lengths, formats, format);
}
