// Status of descriptors.
#include "internal.h"

#include <sys/socket.h>
#include <sys/stat.h>

static uint16_t guest_flags(const struct wasmaot_descriptor *descriptor, long flags) {
  uint16_t result = wasmaot_wasi_flags(descriptor);
  if (flags & O_APPEND)
    result |= FDFLAG_APPEND;
  if ((flags & O_NONBLOCK) && !descriptor->is_borrowed)
    result |= FDFLAG_NONBLOCK;
  if ((flags & O_SYNC) == O_SYNC)
    result |= FDFLAG_SYNC | FDFLAG_RSYNC | FDFLAG_DSYNC;
  else if (flags & O_DSYNC)
    result |= FDFLAG_DSYNC;
  return result;
}

static uint8_t descriptor_filetype(const struct wasmaot_descriptor *descriptor,
                                   const struct stat *status) {
  if (!S_ISSOCK(status->st_mode))
    return wasmaot_wasi_filetype(status->st_mode);
  int type = 0;
  socklen_t size = sizeof type;
  sys5(SYS_getsockopt, descriptor->host, SOL_SOCKET, SO_TYPE, &type, &size);
  return type == SOCK_DGRAM ? FILETYPE_SOCKET_DGRAM : FILETYPE_SOCKET_STREAM;
}

uint32_t wasmaot_wasip1_fd_fdstat_get(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t result) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, 0, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  struct stat status;
  error = wasmaot_wasi_errno(wasmaot_host_stat(descriptor->host, &status));
  if (error != WASI_SUCCESS)
    return error;
  long flags = sys2(SYS_fcntl, descriptor->host, F_GETFL);
  if (sys_failed(flags))
    return wasmaot_wasi_errno(flags);
  struct {
    uint8_t filetype;
    uint8_t padding;
    uint16_t flags;
    uint32_t more_padding;
    uint64_t rights;
    uint64_t rights_inheriting;
  } fdstat = {
      .filetype = descriptor_filetype(descriptor, &status),
      .flags = guest_flags(descriptor, flags),
      .rights = descriptor->rights,
      .rights_inheriting = descriptor->rights_inheriting,
  };
  _Static_assert(sizeof fdstat == 24, "layout of fdstat");
  return wasmaot_guest_store(wasi, result, &fdstat, sizeof fdstat) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasmaot_wasip1_fd_fdstat_set_flags(struct wasmaot_wasi *wasi, uint32_t fd,
                                            uint32_t flags) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_FDSTAT_SET_FLAGS, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  const uint32_t changeable = FDFLAG_APPEND | FDFLAG_NONBLOCK;
  long now = sys2(SYS_fcntl, descriptor->host, F_GETFL);
  if (sys_failed(now))
    return wasmaot_wasi_errno(now);
  // Linux can't make an open file synchronous, or stop it from being so.
  if (flags > 31 || ((flags ^ guest_flags(descriptor, now)) & ~changeable) != 0)
    return WASI_EINVAL;
  if (descriptor->is_borrowed) {
    wasmaot_wasi_lock(wasi, &wasi->lock);
    descriptor->flags = (uint8_t)(flags & changeable);
    wasmaot_wasi_unlock(wasi, &wasi->lock);
    return WASI_SUCCESS;
  }
  int host =
      ((flags & FDFLAG_APPEND) ? O_APPEND : 0) | ((flags & FDFLAG_NONBLOCK) ? O_NONBLOCK : 0);
  return wasmaot_wasi_errno(sys3(SYS_fcntl, descriptor->host, F_SETFL, host));
}

uint32_t wasmaot_wasip1_fd_fdstat_set_rights(struct wasmaot_wasi *wasi, uint32_t fd,
                                             uint64_t rights, uint64_t rights_inheriting) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, 0, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  wasmaot_wasi_lock(wasi, &wasi->lock);
  // Rights can be given up, never gained.
  if ((rights & ~descriptor->rights) != 0 ||
      (rights_inheriting & ~descriptor->rights_inheriting) != 0) {
    error = WASI_ENOTCAPABLE;
  } else {
    descriptor->rights = rights;
    descriptor->rights_inheriting = rights_inheriting;
  }
  wasmaot_wasi_unlock(wasi, &wasi->lock);
  return error;
}
