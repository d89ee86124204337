// The parts of Linux that `import Glibc` does not show.
#pragma once
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <crypt.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

// Variadic functions and function-like macros are not imported into Swift.
static inline int cl_openat(int dir, const char *path, int flags, mode_t mode) {
    return openat(dir, path, flags, mode);
}
static inline int cl_fcntl(int fd, int command, int argument) {
    return fcntl(fd, command, argument);
}
static inline int cl_renameat2(int from, const char *old, int to, const char *new_, unsigned flags) {
    return renameat2(from, old, to, new_, flags);
}
static inline int cl_errno(void) { return errno; }
