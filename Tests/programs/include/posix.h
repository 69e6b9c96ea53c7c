/* What Unix programs expect and wasi-libc lacks, included ahead of each of their files: users,
   permissions and file locks that do nothing, processes and temporary files that cannot be made. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>

#define L_tmpnam 20
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_GETLK 5
#define F_SETLK 6

/* Some versions of wasi-libc declare these two and some do not. */
static inline int ignored_chmod(const char *path, mode_t mode) { return (void)path, (void)mode, 0; }
static inline int ignored_fchmod(int file, mode_t mode) { return (void)file, (void)mode, 0; }
#define chmod ignored_chmod
#define fchmod ignored_fchmod

static inline int chown(const char *path, uid_t user, gid_t group) {
  return (void)path, (void)user, (void)group, 0;
}
static inline int fchown(int file, uid_t user, gid_t group) {
  return (void)file, (void)user, (void)group, 0;
}
static inline mode_t umask(mode_t mask) { return (void)mask, 022; }
static inline uid_t getuid(void) { return 0; }
static inline uid_t geteuid(void) { return 0; }

#define tmpfile() ((FILE *)(errno = ENOTSUP, NULL))
#define tmpnam(name) ((void)(name), (char *)NULL)
#define system(command) ((void)(command), -1)
