// Makes allocations of one process fail: for LD_PRELOAD, see 70_malloc.pl. The file that ERYXON_MALLOC names says of which
// process and when; it is shared memory between the test and all processes of the server.
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    volatile int pid;        // of the process; 0 for none
    volatile int countdown;  // the allocation that fails, counted from now; 0 for none
    volatile int run;        // so many fail, one after the other
    volatile int seen;       // allocations since the test last wrote 0 here
    volatile int failed;
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static struct control *control;

// Maps the file, once; getenv() and open() allocate nothing.
static void find_control(void) {
    static int looked;
    const char *name = getenv("ERYXON_MALLOC");
    if (looked++ != 0 || name == NULL) return;
    int file = open(name, O_RDWR);
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) control = memory;
    close(file);
}

// True if this allocation is to fail.
static int fails(void) {
    if (control == NULL) find_control();
    if (control == NULL || control->pid != getpid()) return 0;
    control->seen++;
    if (control->countdown == 0 || --control->countdown > 0) return 0;
    control->failed++;
    if (--control->run > 0) control->countdown = 1;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }
void *aligned_alloc(size_t alignment, size_t size) { return fails() ? NULL : __libc_memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = fails() ? NULL : __libc_memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *memory = made;
    return 0;
}
