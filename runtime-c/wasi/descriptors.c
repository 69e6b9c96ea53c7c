// The guest's descriptors: a table of its own, so that no number of the host's means anything to
// it.
#include "internal.h"

#include <errno.h>

// A standard stream is looked at when it is first used: most programs use one of three.
static void look_at(struct wasmaot_descriptor *descriptor) {
  descriptor->is_unknown = false;
  long flags = sys2(SYS_fcntl, descriptor->host, F_GETFL);
  if (sys_failed(flags)) { // closed when the program was started
    descriptor->is_ready = false;
    return;
  }
  descriptor->rights = RIGHTS_OF_FILE;
  // Who gives a file to be read does not give its times to be changed, which the kernel lets the
  // file's owner do by any descriptor.
  if ((flags & O_ACCMODE) == O_RDONLY)
    descriptor->rights &= ~(RIGHT_FD_WRITE | RIGHT_FD_ALLOCATE | RIGHT_FD_FILESTAT_SET_SIZE |
                            RIGHT_FD_FILESTAT_SET_TIMES);
  if ((flags & O_ACCMODE) == O_WRONLY)
    descriptor->rights &= ~RIGHT_FD_READ;
  // Guests take a character device that can't seek for a terminal. (isatty of wasi-libc.)
  if (sys_failed(sys3(SYS_lseek, descriptor->host, 0, SEEK_CUR))) {
    descriptor->rights &= ~(RIGHT_FD_SEEK | RIGHT_FD_TELL);
    descriptor->rights |= RIGHT_SOCK_ACCEPT | RIGHT_SOCK_SHUTDOWN; // should it be a socket
    descriptor->may_wait = true;
    descriptor->is_terminal = wasmaot_wasi_is_terminal(descriptor->host);
  }
}

// With the lock. Null if the guest has none of this number.
static struct wasmaot_descriptor *find(struct wasmaot_wasi *wasi, uint32_t fd) {
  if (fd >= MAX_DESCRIPTORS || wasi->numbers[fd] == 0)
    return NULL;
  struct wasmaot_descriptor *descriptor = &wasi->descriptors[wasi->numbers[fd] - 1];
  if (descriptor->is_unknown)
    look_at(descriptor);
  return descriptor->is_ready ? descriptor : NULL;
}

// Gives up a use; with the last one the host's descriptor is closed. Its result.
static long release(struct wasmaot_descriptor *descriptor) {
  struct wasmaot_wasi *wasi = descriptor->wasi;
  wasmaot_wasi_lock(wasi, &wasi->lock);
  bool is_last = descriptor->users == 1;
  if (!is_last)
    descriptor->users--;
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  if (!is_last)
    return 0;
  // No number leads here any more, so nobody else can. Linux closes the descriptor even where close
  // fails; EINTR is not for the guest to retry.
  long result = 0;
  if (descriptor->is_ready && !descriptor->is_borrowed)
    result = sys1(SYS_close, descriptor->host);
  wasmaot_wasi_lock(wasi, &wasi->lock);
  descriptor->users = 0;
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  return result == -EINTR ? 0 : result;
}

void wasmaot_wasi_unpin(struct wasmaot_descriptor **pinned) {
  if (*pinned)
    release(*pinned);
}

// The error for rights that a descriptor lacks.
static uint32_t refusal(const struct wasmaot_descriptor *descriptor, uint64_t missing) {
  // What POSIX says where it knows the mistake; the rest are rights that the guest gave up.
  if ((missing & ~(RIGHTS_OF_DIRECTORY & ~RIGHTS_OF_FILE)) == 0 && !descriptor->is_directory)
    return WASI_ENOTDIR;
  if ((missing & (RIGHT_FD_READ | RIGHT_FD_WRITE)) != 0)
    return WASI_EBADF;
  if ((missing & (RIGHT_FD_SEEK | RIGHT_FD_TELL)) != 0)
    return descriptor->is_directory ? WASI_EBADF : WASI_ESPIPE;
  return WASI_ENOTCAPABLE;
}

uint32_t wasmaot_wasi_pin(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t rights,
                          struct wasmaot_descriptor **found) {
  wasmaot_wasi_lock(wasi, &wasi->lock);
  struct wasmaot_descriptor *descriptor = find(wasi, fd);
  uint64_t missing = descriptor ? rights & ~descriptor->rights : 0;
  uint32_t error = !descriptor ? WASI_EBADF : missing ? refusal(descriptor, missing) : WASI_SUCCESS;
  if (error == WASI_SUCCESS) {
    descriptor->users++;
    *found = descriptor;
  }
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  return error;
}

uint32_t wasmaot_wasi_pin_to_change(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t rights,
                                    struct wasmaot_descriptor **found) {
  uint32_t error = wasmaot_wasi_pin(wasi, fd, rights, found);
  return error == WASI_SUCCESS && (*found)->read_only && CHECKS_PATHS ? WASI_EPERM : error;
}

uint8_t wasmaot_wasi_flags(const struct wasmaot_descriptor *descriptor) {
  wasmaot_wasi_lock(descriptor->wasi, &descriptor->wasi->lock);
  uint8_t flags = descriptor->flags;
  wasmaot_wasi_unlock(descriptor->wasi, &descriptor->wasi->lock);
  return flags;
}

uint32_t wasmaot_wasi_reserve(struct wasmaot_wasi *wasi, uint32_t *fd,
                              struct wasmaot_descriptor **reserved) {
  uint32_t number = 0;
  uint32_t position = 0;
  wasmaot_wasi_lock(wasi, &wasi->lock);
  while (number < MAX_DESCRIPTORS && wasi->numbers[number] != 0)
    number++;
  while (position < wasi->taken && wasi->descriptors[position].users != 0)
    position++;
  bool has_room = number < MAX_DESCRIPTORS && position < MAX_DESCRIPTORS;
  if (has_room) {
    wasi->numbers[number] = (uint16_t)(position + 1);
    *reserved = &wasi->descriptors[position];
    struct wasmaot_stream *stream = position < wasi->taken ? (*reserved)->stream : NULL;
    **reserved = (struct wasmaot_descriptor){.wasi = wasi, .users = 1, .stream = stream};
    if (position == wasi->taken)
      wasi->taken++;
    *fd = number;
  }
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  return has_room ? WASI_SUCCESS : WASI_EMFILE;
}

void wasmaot_wasi_publish(struct wasmaot_descriptor *reserved) {
  struct wasmaot_wasi *wasi = reserved->wasi;
  // Where a standard stream was closed when the program was started, the kernel gives its number
  // away. Messages of the runtime would go there.
  if (reserved->host < 3 && !reserved->is_borrowed) {
    long moved = sys3(SYS_fcntl, reserved->host, F_DUPFD_CLOEXEC, 3);
    if (!sys_failed(moved)) {
      sys1(SYS_close, reserved->host);
      reserved->host = (int)moved;
    }
  }
  wasmaot_wasi_lock(wasi, &wasi->lock);
  reserved->is_ready = true;
  wasmaot_wasi_unlock(wasi, &wasi->lock);
}

void wasmaot_wasi_abandon(struct wasmaot_wasi *wasi, uint32_t fd) {
  wasmaot_wasi_lock(wasi, &wasi->lock);
  wasi->descriptors[wasi->numbers[fd] - 1].users = 0;
  wasi->numbers[fd] = 0;
  wasmaot_wasi_unlock(wasi, &wasi->lock);
}

// ---- Start ------------------------------------------------------------------------------------

bool wasmaot_wasi_add_stream(struct wasmaot_wasi *wasi, int host) {
  uint32_t fd;
  struct wasmaot_descriptor *descriptor;
  if (wasmaot_wasi_reserve(wasi, &fd, &descriptor) != WASI_SUCCESS)
    return false;
  descriptor->host = host;
  descriptor->is_unknown = true;
  descriptor->is_borrowed = true;
  wasmaot_wasi_publish(descriptor);
  return true;
}

bool wasmaot_wasi_add_directory(struct wasmaot_wasi *wasi, int host, const char *name,
                                bool read_only) {
  uint32_t fd;
  struct wasmaot_descriptor *descriptor;
  if (wasmaot_wasi_reserve(wasi, &fd, &descriptor) != WASI_SUCCESS)
    return false;
  descriptor->host = host;
  descriptor->is_directory = true;
  descriptor->is_preopen = true;
  // Writing to procfs is never needed, and /proc/self/mem is this program.
  descriptor->is_of_processes = wasmaot_is_of_procfs(host);
  descriptor->read_only = read_only || descriptor->is_of_processes;
  descriptor->rights = RIGHTS_OF_DIRECTORY;
  // Also for a read-only grant: the guest asks for what it needs, and opening is what refuses.
  descriptor->rights_inheriting = RIGHTS_OF_DIRECTORY | RIGHTS_OF_FILE;
  descriptor->name = name;
  wasmaot_wasi_publish(descriptor);
  return true;
}

bool wasmaot_wasi_add_listener(struct wasmaot_wasi *wasi, int host) {
  uint32_t fd;
  struct wasmaot_descriptor *descriptor;
  if (wasmaot_wasi_reserve(wasi, &fd, &descriptor) != WASI_SUCCESS)
    return false;
  descriptor->host = host;
  descriptor->is_socket = true;
  descriptor->may_wait = true;
  descriptor->rights = RIGHTS_OF_LISTENER;
  descriptor->rights_inheriting = RIGHTS_OF_CONNECTION;
  wasmaot_wasi_publish(descriptor);
  return true;
}

void wasmaot_wasi_end(struct wasmaot_wasi *wasi) {
  for (uint32_t fd = 0; fd < MAX_DESCRIPTORS; fd++)
    if (wasi->numbers[fd] != 0)
      release(&wasi->descriptors[wasi->numbers[fd] - 1]);
  for (uint32_t i = 0; i < wasi->taken; i++)
    if (wasi->descriptors[i].stream)
      wasmaot_wasi_end_stream(wasi->descriptors[i].stream);
}

// ---- Calls ------------------------------------------------------------------------------------

uint32_t wasmaot_wasip1_fd_close(struct wasmaot_wasi *wasi, uint32_t fd) {
  wasmaot_wasi_lock(wasi, &wasi->lock);
  struct wasmaot_descriptor *descriptor = find(wasi, fd);
  if (descriptor)
    wasi->numbers[fd] = 0;
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  return descriptor ? wasmaot_wasi_errno(release(descriptor)) : WASI_EBADF;
}

uint32_t wasmaot_wasip1_fd_renumber(struct wasmaot_wasi *wasi, uint32_t from, uint32_t to) {
  wasmaot_wasi_lock(wasi, &wasi->lock);
  struct wasmaot_descriptor *source = find(wasi, from);
  struct wasmaot_descriptor *target = find(wasi, to);
  bool moves = source && target && from != to;
  if (moves) {
    wasi->numbers[to] = wasi->numbers[from];
    wasi->numbers[from] = 0;
  }
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  if (!source || !target)
    return WASI_EBADF;
  if (moves)
    release(target);
  return WASI_SUCCESS;
}
