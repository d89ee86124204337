// The parts of Linux that `import Glibc` does not show.
#pragma once
#include <arpa/inet.h>
#include <crypt.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <linux/sockios.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

// Declared by glibc only under _GNU_SOURCE, which the Glibc module of Swift is built without.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
extern int pipe2(int ends[2], int flags);
extern int renameat2(int from, const char *old, int to, const char *new_, unsigned flags);
extern int syncfs(int fd);
extern int sync_file_range(int fd, off_t offset, off_t bytes, unsigned flags);
enum {
    cl_SYNC_FILE_RANGE_WRITE = 2,
    cl_SYNC_FILE_RANGE_WRITE_AND_WAIT = 7,
    cl_RENAME_NOREPLACE = 1,
};

// Variadic functions, function-like macros and macros with casts are not imported into Swift.
static inline int cl_openat(int dir, const char *path, int flags, mode_t mode) {
    return openat(dir, path, flags, mode);
}
static inline int cl_fcntl(int fd, int command, int argument) {
    return fcntl(fd, command, argument);
}
static inline ssize_t cl_getdents64(int fd, void *buffer, size_t count) {
    return syscall(SYS_getdents64, fd, buffer, count);
}
// Sets the time of last change and leaves the time of last access alone.
static inline int cl_set_modified(int dir, const char *name, time_t seconds) {
    struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, 0}};
    return name ? utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) : futimens(dir, times);
}
// Who connected over a Unix socket; glibc declares struct ucred only under _GNU_SOURCE.
static inline int cl_peer_user(int socket, uid_t *user) {
    struct { pid_t process; uid_t user; gid_t group; } peer;
    socklen_t length = sizeof peer;
    int result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length);
    if (result == 0) *user = peer.user;
    return result;
}
// The bytes that the peer's kernel has not confirmed.
static inline int cl_unconfirmed(int socket, int *count) {
    return ioctl(socket, SIOCOUTQ, count);
}
static inline void cl_ignore_signal(int number) { signal(number, SIG_IGN); }
static inline int cl_errno(void) { return errno; }
