#ifndef WARREN_CLINUX_SHIM_H
#define WARREN_CLINUX_SHIM_H

/* Linux calls that Swift's Glibc does not expose: hidden behind _GNU_SOURCE, variadic, or without a wrapper. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

extern int pthread_setname_np(pthread_t, const char *);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
extern int pipe2(int[2], int);

static inline int warren_set_thread_name(const char *_Nonnull name) { return pthread_setname_np(pthread_self(), name); }

/* EPOLL_EVENTS is an enum in glibc's header; these are its values as plain integers. */
static const uint32_t WARREN_EPOLLIN = EPOLLIN;
static const uint32_t WARREN_EPOLLOUT = EPOLLOUT;
static const uint32_t WARREN_EPOLLERR = EPOLLERR;
static const uint32_t WARREN_EPOLLHUP = EPOLLHUP;
static const int WARREN_EPOLL_CLOEXEC = EPOLL_CLOEXEC;
static const int WARREN_EFD_FLAGS = EFD_CLOEXEC | EFD_NONBLOCK;
static const int WARREN_STREAM_CLOEXEC = SOCK_STREAM | SOCK_CLOEXEC;

/* Returns -1 and sets errno where the kernel has no pidfd (before 5.3). The descriptor is close-on-exec. */
static inline int warren_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static inline int warren_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL, 0);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static inline int warren_set_close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

/* Both ends are close-on-exec: a pipe for one child must never leak into the next. */
static inline int warren_pipe(int fds[_Nonnull 2]) { return pipe2(fds, O_CLOEXEC); }

/* Protects this process's memory and environment from other processes of the same user: they can neither read
 * /proc/PID/environ, mem and fd nor attach to the process (ptrace(2), "Ptrace access mode checking"), and no core file
 * is written. A process with CAP_SYS_PTRACE still can. The files in /proc/PID that others may still read, such as stat
 * and status, belong to root from then on, so a process must write to its own files there before it calls this. The
 * protection lasts until the process executes another program. */
static inline int warren_conceal_process(void) {
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return -1;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static inline int warren_close_descriptors_from(posix_spawn_file_actions_t *_Nonnull actions, int lowest) {
  return posix_spawn_file_actions_addclosefrom_np(actions, lowest);
}

#endif
