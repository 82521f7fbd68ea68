#define _GNU_SOURCE

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child shares its parent's memory until it executes the program, and runs on a stack of its own while the thread
 * that started it waits (clone(2), CLONE_VM and CLONE_VFORK; glibc's posix_spawn does the same). So the child may call
 * only async-signal-safe functions, and may write only to its stack and to this structure.
 *
 * A child that changes its user does not share memory. Other processes of that user could stop it before it executes,
 * and with it the waiting thread; and the change of user would reset what the memory's owner may conceal
 * (/proc/sys/fs/suid_dumpable). Such a child has a copy of the memory, and reports a failure through a pipe. */
struct start {
  const struct warren_program *program;
  const char *step;
  int error;
  /* The end of the pipe to write to; -1 when the child shares the memory. */
  int report;
};

static const size_t stack_size = 64 * 1024;

/* How long a child that changes its user may take until it executes, in milliseconds. The waiting thread has heartbeats
 * to answer, and a worker that is too late is started again. */
static const int start_limit = 1500;

static int fail(struct start *start, const char *step) {
  start->error = errno;
  start->step = step;
  if (start->report >= 0) (void)!write(start->report, start, sizeof *start);
  _exit(127);
}

/* The parent's handlers must never run in the child. */
static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
}

/* Moves the given descriptors to 0, 1, 2 and so on, and the program's own file to the number after them. Closes all
 * others but the pipe. Returns the descriptor of the program's file, or -1. */
static int arrange_descriptors(struct start *start) {
  const struct warren_program *program = start->program;
  const int count = program->descriptor_count;
  /* The program's own file and the pipe come after the given descriptors. */
  const int last = count + 1;
  int sources[count + 1];
  int report = -1;
  if (start->report >= 0) {
    report = fcntl(start->report, F_DUPFD_CLOEXEC, last + 1);
    if (report < 0) return fail(start, "fcntl");
    start->report = report;
  }
  /* Move the sources out of the way first: a source below the number of targets would be overwritten. */
  for (int index = 0; index < count; index++) {
    sources[index] = fcntl(program->descriptors[index], F_DUPFD_CLOEXEC, last + 1);
    if (sources[index] < 0) return fail(start, "fcntl");
  }
  int file = -1;
  if (program->descriptor >= 0) {
    file = fcntl(program->descriptor, F_DUPFD_CLOEXEC, last + 1);
    if (file < 0) return fail(start, "fcntl");
    if (dup3(file, count, O_CLOEXEC) < 0) return fail(start, "dup3");
    file = count;
  }
  for (int index = 0; index < count; index++) {
    if (dup2(sources[index], index) < 0) return fail(start, "dup2");
  }
  if (file < 0) close(count);
  if (report >= 0) {
    if (dup3(report, last, O_CLOEXEC) < 0) return fail(start, "dup3");
    start->report = last;
  }
  closefrom(report < 0 ? last : last + 1);
  return file;
}

/* Uses the system calls directly: glibc's functions change all threads of a process, and would take the parent's
 * threads for the child's. */
static void become_user(struct start *start) {
  const struct warren_program *program = start->program;
  if (syscall(SYS_setgroups, program->group_count, program->groups) != 0) fail(start, "setgroups");
  if (syscall(SYS_setresgid, program->group, program->group, program->group) != 0) fail(start, "setresgid");
  if (syscall(SYS_setresuid, program->user, program->user, program->user) != 0) fail(start, "setresuid");
  /* The copied memory holds the parent's secrets, and a system may be configured to show it (fs.suid_dumpable). */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) fail(start, "prctl");
  /* Otherwise a program with the set-user-id bit could make it root again. */
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(start, "prctl");
}

static void execute(const struct warren_program *program, int file) {
  if (file < 0) {
    execve(program->path, program->arguments, program->environment);
    return;
  }
  syscall(SYS_execveat, file, "", program->arguments, program->environment, AT_EMPTY_PATH);
  /* ENOENT: the file is a script. Its interpreter has to open it by a path, and would find the descriptor closed
   * (execveat(2)). So a script keeps its own file open, as the descriptor after the others. */
  if (errno != ENOENT) return;
  char path[] = "/proc/self/fd/\0\0\0";
  char *digit = path + sizeof "/proc/self/fd/" - 1;
  if (file >= 10) *digit++ = (char)('0' + file / 10 % 10);
  *digit = (char)('0' + file % 10);
  fcntl(file, F_SETFD, 0);
  execve(path, program->arguments, program->environment);
}

static int run_child(void *argument) {
  struct start *start = argument;
  reset_signals();
  if (setpgid(0, 0) != 0) fail(start, "setpgid");
  int file = arrange_descriptors(start);
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) fail(start, "setrlimit");
  if (start->program->changes_user) become_user(start);
  sigset_t mask;
  sigemptyset(&mask);
  if (sigprocmask(SIG_SETMASK, &mask, NULL) != 0) fail(start, "sigprocmask");
  execute(start->program, file);
  return fail(start, "execve");
}

/* Waits until the child has executed the program, which closes the pipe, or has reported a failure. */
static void await_report(struct start *start, int pipe, pid_t child) {
  struct start told;
  struct pollfd ready = {.fd = pipe, .events = POLLIN};
  int count;
  do count = poll(&ready, 1, start_limit);
  while (count < 0 && errno == EINTR);
  if (count == 0) {
    kill(child, SIGKILL);
    start->error = ETIMEDOUT;
    start->step = "execve";
  } else if (read(pipe, &told, sizeof told) == sizeof told) {
    start->error = told.error;
    start->step = told.step;
  }
}

int warren_start_program(const struct warren_program *program, pid_t *process, const char **failed_step) {
  struct start start = {.program = program, .step = NULL, .error = 0, .report = -1};
  int report[2] = {-1, -1};
  if (program->changes_user) {
    if (pipe2(report, O_CLOEXEC) != 0) {
      *failed_step = "pipe2";
      return errno;
    }
    start.report = report[1];
  }
  uint8_t *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) {
    start.error = errno;
    if (program->changes_user) {
      close(report[0]);
      close(report[1]);
    }
    *failed_step = "mmap";
    return start.error;
  }
  int state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int sharing = program->changes_user ? 0 : CLONE_VM | CLONE_VFORK;
  pid_t child = clone(run_child, stack + stack_size, sharing | SIGCHLD, &start);
  if (child < 0) {
    start.error = errno;
    start.step = "clone";
  }
  if (program->changes_user) {
    close(report[1]);
    if (child >= 0) await_report(&start, report[0], child);
    close(report[0]);
  }
  if (child >= 0 && start.error != 0) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_setcancelstate(state, NULL);
  munmap(stack, stack_size);
  *process = child;
  *failed_step = start.step;
  return start.error;
}
