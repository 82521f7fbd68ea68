#ifndef WARREN_CPROCESS_H
#define WARREN_CPROCESS_H

/* Starts a program the way workers need it, which posix_spawn cannot: as another user, and from a descriptor that no
 * path leads to any more. */

#include <sys/types.h>

struct warren_program {
  /* The program's file by an open descriptor (O_PATH is enough), or -1 to take what stands at the path. */
  int descriptor;
  const char *_Nullable path;
  char *const _Nullable *_Nullable arguments;
  char *const _Nullable *_Nullable environment;
  /* What the program has as descriptors 0, 1, 2 and so on. It has no others. */
  const int *_Nullable descriptors;
  int descriptor_count;
  /* Whether it runs as the user below, with these groups and no privileges, instead of as its parent. */
  int changes_user;
  uid_t user;
  gid_t group;
  const gid_t *_Nullable groups;
  size_t group_count;
};

/* Starts the program in a process group of its own, with default signal handling, no signal blocked, and no core file
 * if it dies.
 *
 * Returns 0 and sets the process id, or returns the system's error and names the step that failed. */
int warren_start_program(const struct warren_program *_Nonnull program, pid_t *_Nonnull process,
                         const char *_Nullable *_Nonnull failed_step);

#endif
