// Preloaded: looking up the host "slow-names.invalid" takes five seconds and finds nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int (*look_up)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    if (name != NULL && strcmp(name, "slow-names.invalid") == 0) {
        sleep(5);
        return EAI_AGAIN;
    }
    return ((look_up)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, found);
}
