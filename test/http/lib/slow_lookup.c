// For LD_PRELOAD: the host "slowdb" takes three seconds to be looked up, and is this machine. Each look-up is noted in a file.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || strcmp(node, "slowdb") != 0)
        return next(node, service, hints, result);
    int file = open(getenv("SLOW_NAMES_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || write(file, ".", 1) != 1)
        abort();
    close(file);
    sleep(3);
    return next("127.0.0.1", service, hints, result);
}
