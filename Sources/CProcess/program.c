#define _GNU_SOURCE

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child shares the memory of its parent until it executes, and runs on a stack of its own while the thread that
 * started it waits (clone(2), CLONE_VM and CLONE_VFORK; glibc's posix_spawn does the same). So it may call only what is
 * async-signal-safe, and writes to nothing but its stack and this structure. */
struct start {
  const struct warren_program *program;
  const char *step;
  int error;
};

static const size_t stack_size = 64 * 1024;

static int fail(struct start *start, const char *step) {
  start->error = errno;
  start->step = step;
  _exit(127);
}

/* Handlers of the parent must never run in the child. */
static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
}

/* The descriptors become 0, 1, 2 and so on, the program's own file the one behind them, and all others are closed. */
static int arrange_descriptors(struct start *start) {
  const struct warren_program *program = start->program;
  const int count = program->descriptor_count;
  int sources[count + 1];
  /* Out of the way first, because a source below the number of targets would be overwritten. */
  for (int index = 0; index < count; index++) {
    sources[index] = fcntl(program->descriptors[index], F_DUPFD_CLOEXEC, count + 1);
    if (sources[index] < 0) return fail(start, "fcntl");
  }
  int file = -1;
  if (program->descriptor >= 0) {
    file = fcntl(program->descriptor, F_DUPFD_CLOEXEC, count + 1);
    if (file < 0) return fail(start, "fcntl");
    if (dup3(file, count, O_CLOEXEC) < 0) return fail(start, "dup3");
    file = count;
  }
  for (int index = 0; index < count; index++) {
    if (dup2(sources[index], index) < 0) return fail(start, "dup2");
  }
  closefrom(file < 0 ? count : count + 1);
  return file;
}

/* The system calls themselves: glibc's functions change all threads of a process, and would take the parent's for the
 * child's. */
static void become_user(struct start *start) {
  const struct warren_program *program = start->program;
  if (syscall(SYS_setgroups, program->group_count, program->groups) != 0) fail(start, "setgroups");
  if (syscall(SYS_setresgid, program->group, program->group, program->group) != 0) fail(start, "setresgid");
  if (syscall(SYS_setresuid, program->user, program->user, program->user) != 0) fail(start, "setresuid");
}

static void execute(const struct warren_program *program, int file) {
  if (file < 0) {
    execve(program->path, program->arguments, program->environment);
    return;
  }
  syscall(SYS_execveat, file, "", program->arguments, program->environment, AT_EMPTY_PATH);
  /* ENOENT: it is a script, whose interpreter has to open it by a path and finds it closed (execveat(2)). So a script
   * keeps its own file as the descriptor behind the others. */
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

int warren_start_program(const struct warren_program *program, pid_t *process, const char **failed_step) {
  struct start start = {.program = program, .step = NULL, .error = 0};
  uint8_t *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) {
    *failed_step = "mmap";
    return errno;
  }
  int state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pid_t child = clone(run_child, stack + stack_size, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
  if (child < 0) {
    start.error = errno;
    start.step = "clone";
  } else if (start.error != 0) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_setcancelstate(state, NULL);
  munmap(stack, stack_size);
  *process = child;
  *failed_step = start.step;
  return start.error;
}
