/* Between a process and the C library: it kills itself with SIGKILL right before the n-th time, counted from `arm` on,
   that it writes to a file, brings one to the disk, or says or hears something. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static int left = -1;
static int taken;

void arm(int steps) { left = steps; taken = 0; }
int steps_taken(void) { return taken; }

static void step(void) {
    taken++;
    if (left > 0 && --left == 0) kill(getpid(), SIGKILL);
}

#define STEP(type, name, parameters, arguments) \
    type name parameters { \
        static type (*next) parameters; \
        if (!next) next = (type (*) parameters)dlsym(RTLD_NEXT, #name); \
        step(); \
        return next arguments; \
    }

STEP(ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size))
STEP(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
STEP(ssize_t, pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at))
STEP(int, fsync, (int file), (file))
STEP(int, fdatasync, (int file), (file))
STEP(int, ftruncate, (int file, off_t size), (file, size))
STEP(int, ftruncate64, (int file, off64_t size), (file, size))
STEP(int, unlink, (const char *path), (path))
STEP(ssize_t, send, (int socket, const void *bytes, size_t size, int flags), (socket, bytes, size, flags))
STEP(ssize_t, recv, (int socket, void *bytes, size_t size, int flags), (socket, bytes, size, flags))
