// How a guest learns which directories it was given.
#include "internal.h"

static uint32_t find(struct wasmaot_wasi *wasi, uint32_t fd,
                     struct wasmaot_descriptor **descriptor) {
  uint32_t error = wasmaot_wasi_pin(wasi, fd, 0, descriptor);
  if (error != WASI_SUCCESS)
    return error;
  return (*descriptor)->is_preopen ? WASI_SUCCESS : WASI_EBADF;
}

uint32_t wasmaot_wasip1_fd_prestat_get(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t result) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = find(wasi, fd, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  uint32_t prestat[2] = {0, (uint32_t)strlen(descriptor->name)}; // tag 0: a directory
  return wasmaot_guest_store(wasi, result, prestat, sizeof prestat) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasmaot_wasip1_fd_prestat_dir_name(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t path,
                                            uint32_t size) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = find(wasi, fd, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  size_t length = strlen(descriptor->name);
  if (size < length)
    return WASI_ENAMETOOLONG;
  return wasmaot_guest_store(wasi, path, descriptor->name, length) ? WASI_SUCCESS : WASI_EFAULT;
}
