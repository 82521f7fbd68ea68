#ifndef WARREN_CPROCESS_H
#define WARREN_CPROCESS_H

/* Starts a program in the two ways that workers need and posix_spawn lacks: as another user, and from a descriptor of
 * a file that no path leads to any more. */

#include <sys/types.h>

struct warren_program {
  /* An open descriptor of the program's file (O_PATH is enough), or -1 to execute the file at the path. */
  int descriptor;
  const char *_Nullable path;
  char *const _Nullable *_Nullable arguments;
  char *const _Nullable *_Nullable environment;
  /* The program's descriptors 0, 1, 2 and so on. It has no others. */
  const int *_Nullable descriptors;
  int descriptor_count;
  /* Whether it runs as the user below, with these groups and without privileges, instead of as its parent's user. */
  int changes_user;
  uid_t user;
  gid_t group;
  const gid_t *_Nullable groups;
  size_t group_count;
};

/* Starts the program in a process group of its own, with default signal handling, no signal blocked, and no core file
 * if it dies.
 *
 * Returns 0 and sets the process id, or returns the system's error number and names the step that failed. */
int warren_start_program(const struct warren_program *_Nonnull program, pid_t *_Nonnull process,
                         const char *_Nullable *_Nonnull failed_step);

#endif
