// What the files of WASI preview 1 share. Nothing refers to all functions, so that --gc-sections
// keeps what the module imports and no more.
//
// The guest is hostile: every pointer and length it passes goes through wasmaot_guest before use,
// nothing is allocated by sizes that it names, and, for it may have threads, nothing in its memory
// is read twice.
#ifndef WASMAOT_WASI_INTERNAL_H
#define WASMAOT_WASI_INTERNAL_H

#include "../common/sys.h"
#include "errno.h"
#include "include/wasmaot_wasi.h"

#include <string.h>

// ---- Descriptors ------------------------------------------------------------------------------

// Rights, as WASI numbers them.
#define RIGHT_FD_DATASYNC (1ull << 0)
#define RIGHT_FD_READ (1ull << 1)
#define RIGHT_FD_SEEK (1ull << 2)
#define RIGHT_FD_FDSTAT_SET_FLAGS (1ull << 3)
#define RIGHT_FD_SYNC (1ull << 4)
#define RIGHT_FD_TELL (1ull << 5)
#define RIGHT_FD_WRITE (1ull << 6)
#define RIGHT_FD_ADVISE (1ull << 7)
#define RIGHT_FD_ALLOCATE (1ull << 8)
#define RIGHT_PATH_CREATE_DIRECTORY (1ull << 9)
#define RIGHT_PATH_CREATE_FILE (1ull << 10)
#define RIGHT_PATH_LINK_SOURCE (1ull << 11)
#define RIGHT_PATH_LINK_TARGET (1ull << 12)
#define RIGHT_PATH_OPEN (1ull << 13)
#define RIGHT_FD_READDIR (1ull << 14)
#define RIGHT_PATH_READLINK (1ull << 15)
#define RIGHT_PATH_RENAME_SOURCE (1ull << 16)
#define RIGHT_PATH_RENAME_TARGET (1ull << 17)
#define RIGHT_PATH_FILESTAT_GET (1ull << 18)
#define RIGHT_PATH_FILESTAT_SET_SIZE (1ull << 19)
#define RIGHT_PATH_FILESTAT_SET_TIMES (1ull << 20)
#define RIGHT_FD_FILESTAT_GET (1ull << 21)
#define RIGHT_FD_FILESTAT_SET_SIZE (1ull << 22)
#define RIGHT_FD_FILESTAT_SET_TIMES (1ull << 23)
#define RIGHT_PATH_SYMLINK (1ull << 24)
#define RIGHT_PATH_REMOVE_DIRECTORY (1ull << 25)
#define RIGHT_PATH_UNLINK_FILE (1ull << 26)
#define RIGHT_POLL_FD_READWRITE (1ull << 27)
#define RIGHT_SOCK_SHUTDOWN (1ull << 28)
#define RIGHT_SOCK_ACCEPT (1ull << 29)

#define RIGHTS_OF_DIRECTORY                                                                        \
  (RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_SYNC | RIGHT_FD_ADVISE | RIGHT_PATH_CREATE_DIRECTORY |     \
   RIGHT_PATH_CREATE_FILE | RIGHT_PATH_LINK_SOURCE | RIGHT_PATH_LINK_TARGET | RIGHT_PATH_OPEN |    \
   RIGHT_FD_READDIR | RIGHT_PATH_READLINK | RIGHT_PATH_RENAME_SOURCE | RIGHT_PATH_RENAME_TARGET |  \
   RIGHT_PATH_FILESTAT_GET | RIGHT_PATH_FILESTAT_SET_SIZE | RIGHT_PATH_FILESTAT_SET_TIMES |        \
   RIGHT_FD_FILESTAT_GET | RIGHT_FD_FILESTAT_SET_TIMES | RIGHT_PATH_SYMLINK |                      \
   RIGHT_PATH_REMOVE_DIRECTORY | RIGHT_PATH_UNLINK_FILE | RIGHT_POLL_FD_READWRITE)
#define RIGHTS_OF_LISTENER                                                                         \
  (RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_FILESTAT_GET | RIGHT_POLL_FD_READWRITE | RIGHT_SOCK_ACCEPT)
#define RIGHTS_OF_CONNECTION                                                                       \
  (RIGHT_FD_READ | RIGHT_FD_WRITE | RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_FILESTAT_GET |            \
   RIGHT_POLL_FD_READWRITE | RIGHT_SOCK_SHUTDOWN)
#define RIGHTS_OF_FILE                                                                             \
  (RIGHT_FD_DATASYNC | RIGHT_FD_READ | RIGHT_FD_SEEK | RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_SYNC | \
   RIGHT_FD_TELL | RIGHT_FD_WRITE | RIGHT_FD_ADVISE | RIGHT_FD_ALLOCATE | RIGHT_FD_FILESTAT_GET |  \
   RIGHT_FD_FILESTAT_SET_SIZE | RIGHT_FD_FILESTAT_SET_TIMES | RIGHT_POLL_FD_READWRITE)

// What may be said of a descriptor (fdflags).
enum {
  FDFLAG_APPEND = 1,
  FDFLAG_DSYNC = 2,
  FDFLAG_NONBLOCK = 4,
  FDFLAG_RSYNC = 8,
  FDFLAG_SYNC = 16,
};

// What a number of the guest's stands for, and calls work on: as long as somebody does, or a number
// leads to it, its host descriptor stays open. So a close by another thread can't give the host's
// number to another file under a running call.
struct wasmaot_descriptor {
  struct wasmaot_wasi *wasi;
  uint32_t users; // its number, and calls; 0: free
  int host;
  bool is_ready;   // false while it is being opened
  bool is_unknown; // a standard stream that nobody has asked about yet: its rights are not known
  // A standard stream. The host's descriptor is not ours to close, and its open file is not ours to
  // change: it is that of the shell, too. So its flags are imitated.
  bool is_borrowed;
  uint8_t flags; // FDFLAG_APPEND and FDFLAG_NONBLOCK of a borrowed one, as the guest wants them
  bool is_directory;
  bool is_preopen;
  bool is_socket;   // one that we opened
  bool is_terminal; // to be protected from what is written to it
  // A pipe, a socket, a terminal: calls may wait for another end, which may be closed. A fact about
  // the host's file, which the guest can't change as it can its rights.
  bool may_wait;
  // Nothing reached through this descriptor may be changed: a --dir grant that says so, and all
  // that is opened under it.
  bool read_only;
  // A grant of procfs, or what was opened under it: see path_open.c.
  bool is_of_processes;
  uint64_t rights;
  uint64_t rights_inheriting;
  const char *name; // of a preopen, for the guest
  uint32_t stream_lock;
  bool has_been_read; // a directory: the stream is its own
  // Of the last directory that was read in this place. It stays when that is closed, for the next.
  struct wasmaot_stream *stream;
};

// What decides whether the next byte to a terminal belongs to the character before it.
struct wasmaot_terminal {
  uint32_t lock;
  uint8_t expected; // bytes that the character lacks; the next is from `low` to `high`
  uint8_t low;
  uint8_t high;
};

// As many as a process gets from the kernel by default. (Unused ones are never touched.)
#define MAX_DESCRIPTORS 1024

struct wasmaot_wasi {
  uint8_t *const *memory_base;
  const uint64_t *memory_bytes;
  const char *const *arguments;
  const char *const *variables;
  uint32_t argument_count;
  uint32_t variable_count;
  bool has_threads;
  bool has_exited;
  bool is_hosted;    // the process is not the guest's alone: its signals are others'
  bool raw_terminal; // what is written to terminals goes there as it is
  struct wasmaot_terminal terminal;
  const volatile uint32_t *interrupted; // not 0: a call should come back; or null
  uint32_t exit_status;
  uint32_t take_lock;                // of wasmaot_wasi_take
  uint32_t lock;                     // of what follows
  uint32_t taken;                    // descriptors that ever had a user; those behind mean nothing
  uint16_t numbers[MAX_DESCRIPTORS]; // by the guest's number: position + 1 below, 0 if closed
  struct wasmaot_descriptor descriptors[MAX_DESCRIPTORS];
};

// For variables that hold a pinned descriptor or null: unpins it where they go out of scope.
#define PINNED __attribute__((cleanup(wasmaot_wasi_unpin)))
void wasmaot_wasi_unpin(struct wasmaot_descriptor **pinned);
// The guest's descriptor, if it is open and has all of `rights`.
uint32_t wasmaot_wasi_pin(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t rights,
                          struct wasmaot_descriptor **found);
// The same for a change: fails where the descriptor is read-only.
uint32_t wasmaot_wasi_pin_to_change(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t rights,
                                    struct wasmaot_descriptor **found);
// Takes the lowest free number for something that is to be opened. All is zero but the context and
// the stream.
uint32_t wasmaot_wasi_reserve(struct wasmaot_wasi *wasi, uint32_t *fd,
                              struct wasmaot_descriptor **reserved);
// `flags` of a borrowed one, which other threads may change.
uint8_t wasmaot_wasi_flags(const struct wasmaot_descriptor *descriptor);
// From here on the guest can use it.
void wasmaot_wasi_publish(struct wasmaot_descriptor *reserved);
// Could not be opened.
void wasmaot_wasi_abandon(struct wasmaot_wasi *wasi, uint32_t fd);

// Locks, where the guest has threads: 0, 1 taken, 2 somebody waits.
void wasmaot_wasi_lock(const struct wasmaot_wasi *wasi, uint32_t *lock);
void wasmaot_wasi_unlock(const struct wasmaot_wasi *wasi, uint32_t *lock);

// Frees what reading a directory took.
void wasmaot_wasi_end_stream(struct wasmaot_stream *stream);
bool wasmaot_wasi_is_terminal(int host);

// ---- Moving bytes -----------------------------------------------------------------------------

// The kernel's own limit (IOV_MAX). A guest that names more has its request refused, before its
// array of that size is looked at.
#define MAX_BUFFERS 1024
// Room on the stack for as many of the kernel's buffers as the guest has (and no more than it may):
// a guest mostly has one or two, and room for all would be pages of stack that nothing else
// touches. Whether there are too many is for wasmaot_wasi_buffers to say.
#define ROOM_FOR_BUFFERS(count)                                                                    \
  ((struct iovec *)__builtin_alloca(sizeof(struct iovec) *                                         \
                                    ((count) < MAX_BUFFERS ? (count) : MAX_BUFFERS)))
struct iovec;
struct pollfd;
struct timespec;

// struct msghdr as the kernel has it. (musl's differs, and its functions convert.)
struct wasmaot_message {
  void *name;
  uint64_t name_size;
  struct iovec *buffers;
  uint64_t count;
  void *control;
  uint64_t control_size;
  uint64_t flags;
};

// Whether the host wants the guest back.
bool wasmaot_wasi_is_interrupted(const struct wasmaot_wasi *wasi);
// ppoll that such an interruption ends. `timeout`, null for none, is not kept.
long wasmaot_wasi_ppoll(const struct wasmaot_wasi *wasi, struct pollfd *polled, uint32_t count,
                        const struct timespec *timeout);

// The guest's buffers as the host's. All are checked before any is used.
uint32_t wasmaot_wasi_buffers(const struct wasmaot_wasi *wasi, uint32_t pointer, uint32_t count,
                              struct iovec *buffers);
// Does one transfer of some kind; a byte count or -errno.
typedef long wasmaot_transfer(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                              uint32_t count, uint32_t flags);
// The same with what a borrowed descriptor's flags ask for. `event` is POLLIN or POLLOUT.
long wasmaot_wasi_transfer(const struct wasmaot_descriptor *descriptor, short event,
                           wasmaot_transfer *once, struct iovec *buffers, uint32_t count,
                           uint32_t flags);
// Whether nothing but ppoll may wait for this descriptor: a host's interruption wakes whoever
// polls, not who reads or writes, for its signal restarts calls. Transfers then say -EAGAIN.
static inline bool wasmaot_wasi_only_polls(const struct wasmaot_descriptor *descriptor) {
  return descriptor->wasi->interrupted && descriptor->may_wait;
}
// For such a descriptor a call that takes input and can't be told not to wait.
long wasmaot_wasi_take(const struct wasmaot_descriptor *descriptor, wasmaot_transfer *once,
                       struct iovec *buffers, uint32_t count, uint32_t flags);
long wasmaot_wasi_readv(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                        uint32_t count);
// writev that shows no SIGPIPE to a host.
long wasmaot_wasi_writev(const struct wasmaot_descriptor *descriptor, const struct iovec *buffers,
                         uint32_t count);
// Writes to a terminal, without what would drive it.
long wasmaot_wasi_write_terminal(const struct wasmaot_descriptor *descriptor,
                                 const struct iovec *buffers, uint32_t count);

// ---- The guest's memory -----------------------------------------------------------------------

// Memory 0, where WASI's pointers point. Null if [pointer, pointer + size) is not inside.
static inline void *wasmaot_guest(const struct wasmaot_wasi *wasi, uint32_t pointer,
                                  uint64_t size) {
  if (!wasi->memory_base)
    return NULL;
  // Other threads may grow it.
  uint64_t bytes = __atomic_load_n(wasi->memory_bytes, __ATOMIC_RELAXED);
  // In 64 bits: pointer + size can't wrap. (An attack on other runtimes.)
  if (size > bytes || pointer > bytes - size)
    return NULL;
  return *wasi->memory_base + pointer;
}

// Stores for results, by memcpy because guests may misalign pointers. False if outside.
static inline bool wasmaot_guest_store(const struct wasmaot_wasi *wasi, uint32_t pointer,
                                       const void *value, uint64_t size) {
  void *place = wasmaot_guest(wasi, pointer, size);
  if (!place)
    return false;
  memcpy(place, value, size);
  return true;
}
static inline uint32_t wasmaot_guest_store_u32(const struct wasmaot_wasi *wasi, uint32_t pointer,
                                               uint32_t value) {
  return wasmaot_guest_store(wasi, pointer, &value, sizeof value) ? WASI_SUCCESS : WASI_EFAULT;
}
static inline uint32_t wasmaot_guest_store_u64(const struct wasmaot_wasi *wasi, uint32_t pointer,
                                               uint64_t value) {
  return wasmaot_guest_store(wasi, pointer, &value, sizeof value) ? WASI_SUCCESS : WASI_EFAULT;
}

// ---- Paths ------------------------------------------------------------------------------------

// A test builds the runtime without its checks of paths and of read-only grants, to see that the
// kernel's sandbox alone keeps the guest in (Tests/DriverTests/Escape). Never defined otherwise.
#ifdef WASMAOT_TEST_NO_PATH_CHECKS
#define CHECKS_PATHS false
#else
#define CHECKS_PATHS true
#endif

#define WASI_PATH_MAX 4096
#define LOOKUP_SYMLINK_FOLLOW 1u

// A path of the guest, copied (the guest can't change it between check and use) and ended by NUL.
struct wasmaot_path {
  char bytes[WASI_PATH_MAX];
};
// Fails for paths that are absolute, empty, too long or hold a NUL.
uint32_t wasmaot_wasi_path(struct wasmaot_wasi *wasi, uint32_t pointer, uint32_t size,
                           struct wasmaot_path *path);

// Opens `path` below `directory`, never anything outside. Returns a host descriptor or -errno;
// -EXDEV for a path that leads out.
int wasmaot_open_beneath(int directory, const char *path, int flags, uint32_t mode);
// The fallback for kernels without openat2: component by component.
int wasmaot_open_walking(int directory, const char *path, int flags, uint32_t mode);

// The guest's error for a failed resolution: leading out is a matter of permission.
uint32_t wasmaot_wasi_path_errno(int result);

// The directory that holds a path's last component. `last` points into the path, trailing slashes
// included.
struct wasmaot_place {
  int directory;
  bool owned; // to be closed
  const char *last;
};
uint32_t wasmaot_wasi_place(const struct wasmaot_descriptor *descriptor, struct wasmaot_path *path,
                            struct wasmaot_place *place);
void wasmaot_wasi_leave(const struct wasmaot_place *place);

// ---- File status ------------------------------------------------------------------------------

enum {
  FILETYPE_UNKNOWN = 0,
  FILETYPE_BLOCK_DEVICE = 1,
  FILETYPE_CHARACTER_DEVICE = 2,
  FILETYPE_DIRECTORY = 3,
  FILETYPE_REGULAR_FILE = 4,
  FILETYPE_SOCKET_DGRAM = 5,
  FILETYPE_SOCKET_STREAM = 6,
  FILETYPE_SYMBOLIC_LINK = 7,
};

struct stat;
uint8_t wasmaot_wasi_filetype(uint32_t mode);
// statx would also give the birth time, which WASI has no place for.
int wasmaot_host_stat(int host, struct stat *status);
// Whether a host descriptor is one of procfs.
bool wasmaot_is_of_procfs(int host);

#endif
