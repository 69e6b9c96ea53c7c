// How a guest learns which directories it was given.
#include "wasi.h"

static uint32_t find(uint32_t fd, struct wasmaot_descriptor **descriptor) {
  uint32_t error = wasmaot_wasi_descriptor(fd, 0, descriptor);
  if (error != WASI_SUCCESS)
    return error;
  return (*descriptor)->is_preopen ? WASI_SUCCESS : WASI_EBADF;
}

uint32_t wasmaot_wasi_fd_prestat_get(uint32_t fd, uint32_t result) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = find(fd, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  uint32_t prestat[2] = {0, (uint32_t)strlen(descriptor->name)}; // tag 0: a directory
  return wasmaot_guest_store(result, prestat, sizeof prestat) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasmaot_wasi_fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t size) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = find(fd, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  size_t length = strlen(descriptor->name);
  if (size < length)
    return WASI_ENAMETOOLONG;
  return wasmaot_guest_store(path, descriptor->name, length) ? WASI_SUCCESS : WASI_EFAULT;
}
