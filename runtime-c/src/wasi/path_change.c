// Changes to directories: making, removing, renaming and linking what is in them. All work on the
// last component of a path in a directory that is open already, and never follow it.
#include "wasi.h"

// A path of the guest for a change, resolved to the directory that is changed.
struct target {
  struct wasmaot_path path;
  struct wasmaot_place place;
};

static uint32_t find(uint32_t fd, uint64_t right, uint32_t path, uint32_t size,
                     struct target *target) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = wasmaot_wasi_writable(fd, right, &descriptor);
  if (error == WASI_SUCCESS)
    error = wasmaot_wasi_path(path, size, &target->path);
  return error != WASI_SUCCESS ? error
                               : wasmaot_wasi_place(descriptor, &target->path, &target->place);
}

uint32_t wasmaot_wasi_path_create_directory(uint32_t fd, uint32_t path, uint32_t size) {
  struct target target;
  uint32_t error = find(fd, RIGHT_PATH_CREATE_DIRECTORY, path, size, &target);
  if (error != WASI_SUCCESS)
    return error;
  error = wasmaot_wasi_errno(sys3(SYS_mkdirat, target.place.directory, target.place.last, 0777));
  wasmaot_wasi_leave(&target.place);
  return error;
}

static uint32_t unlink(uint32_t fd, uint64_t right, uint32_t path, uint32_t size, int flags) {
  struct target target;
  uint32_t error = find(fd, right, path, size, &target);
  if (error != WASI_SUCCESS)
    return error;
  error = wasmaot_wasi_errno(sys3(SYS_unlinkat, target.place.directory, target.place.last, flags));
  wasmaot_wasi_leave(&target.place);
  return error;
}

uint32_t wasmaot_wasi_path_remove_directory(uint32_t fd, uint32_t path, uint32_t size) {
  return unlink(fd, RIGHT_PATH_REMOVE_DIRECTORY, path, size, AT_REMOVEDIR);
}

uint32_t wasmaot_wasi_path_unlink_file(uint32_t fd, uint32_t path, uint32_t size) {
  return unlink(fd, RIGHT_PATH_UNLINK_FILE, path, size, 0);
}

uint32_t wasmaot_wasi_path_rename(uint32_t old_fd, uint32_t old_path, uint32_t old_size,
                                  uint32_t new_fd, uint32_t new_path, uint32_t new_size) {
  struct target from;
  struct target to;
  uint32_t error = find(old_fd, RIGHT_PATH_RENAME_SOURCE, old_path, old_size, &from);
  if (error != WASI_SUCCESS)
    return error;
  error = find(new_fd, RIGHT_PATH_RENAME_TARGET, new_path, new_size, &to);
  if (error == WASI_SUCCESS) {
    error = wasmaot_wasi_errno(sys4(SYS_renameat, from.place.directory, from.place.last,
                                    to.place.directory, to.place.last));
    wasmaot_wasi_leave(&to.place);
  }
  wasmaot_wasi_leave(&from.place);
  return error;
}

uint32_t wasmaot_wasi_path_link(uint32_t old_fd, uint32_t lookup, uint32_t old_path,
                                uint32_t old_size, uint32_t new_fd, uint32_t new_path,
                                uint32_t new_size) {
  struct target from;
  struct target to;
  if (lookup & LOOKUP_SYMLINK_FOLLOW)
    return WASI_EINVAL; // following would resolve the link outside of our control
  // The source must be writable too: a link to a file of a read-only grant from a writable one
  // would make the file writable.
  uint32_t error = find(old_fd, RIGHT_PATH_LINK_SOURCE, old_path, old_size, &from);
  if (error != WASI_SUCCESS)
    return error;
  // linkat follows a symbolic link that a slash follows. Only directories may have one, and can't
  // be linked.
  if (strchr(from.place.last, '/') != NULL)
    error = WASI_ENOTDIR;
  if (error == WASI_SUCCESS)
    error = find(new_fd, RIGHT_PATH_LINK_TARGET, new_path, new_size, &to);
  if (error == WASI_SUCCESS) {
    error = wasmaot_wasi_errno(sys5(SYS_linkat, from.place.directory, from.place.last,
                                    to.place.directory, to.place.last, 0));
    wasmaot_wasi_leave(&to.place);
  }
  wasmaot_wasi_leave(&from.place);
  return error;
}

uint32_t wasmaot_wasi_path_symlink(uint32_t target_path, uint32_t target_size, uint32_t fd,
                                   uint32_t path, uint32_t size) {
  struct wasmaot_path contents;
  struct target target;
  // Absolute targets are refused: the guest could not follow them, but the host's programs would.
  uint32_t error = wasmaot_wasi_path(target_path, target_size, &contents);
  if (error == WASI_SUCCESS)
    error = find(fd, RIGHT_PATH_SYMLINK, path, size, &target);
  if (error != WASI_SUCCESS)
    return error;
  error = wasmaot_wasi_errno(
      sys3(SYS_symlinkat, contents.bytes, target.place.directory, target.place.last));
  wasmaot_wasi_leave(&target.place);
  return error;
}
