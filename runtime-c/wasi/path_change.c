// Changes to directories: making, removing, renaming and linking what is in them. All work on the
// last component of a path in a directory that is open already, and never follow it.
#include "internal.h"

// A path of the guest for a change, resolved to the directory that is changed.
struct target {
  struct wasmaot_descriptor *descriptor; // pinned, or null
  struct wasmaot_path path;
  struct wasmaot_place place;
};
// A target that is released where it goes out of scope.
#define TARGET __attribute__((cleanup(leave))) struct target

static void leave(struct target *target) {
  if (target->descriptor)
    wasmaot_wasi_leave(&target->place);
  wasmaot_wasi_unpin(&target->descriptor);
}

static uint32_t find(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t right, uint32_t path,
                     uint32_t size, struct target *target) {
  target->descriptor = NULL;
  target->place.owned = false;
  uint32_t error = wasmaot_wasi_pin_to_change(wasi, fd, right, &target->descriptor);
  if (error == WASI_SUCCESS)
    error = wasmaot_wasi_path(wasi, path, size, &target->path);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_place(target->descriptor, &target->path, &target->place);
}

uint32_t wasmaot_wasip1_path_create_directory(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t path,
                                              uint32_t size) {
  TARGET target;
  uint32_t error = find(wasi, fd, RIGHT_PATH_CREATE_DIRECTORY, path, size, &target);
  return error != WASI_SUCCESS ? error
                               : wasmaot_wasi_errno(sys3(SYS_mkdirat, target.place.directory,
                                                         target.place.last, 0777));
}

static uint32_t unlink(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t right, uint32_t path,
                       uint32_t size, int flags) {
  TARGET target;
  uint32_t error = find(wasi, fd, right, path, size, &target);
  return error != WASI_SUCCESS ? error
                               : wasmaot_wasi_errno(sys3(SYS_unlinkat, target.place.directory,
                                                         target.place.last, flags));
}

uint32_t wasmaot_wasip1_path_remove_directory(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t path,
                                              uint32_t size) {
  return unlink(wasi, fd, RIGHT_PATH_REMOVE_DIRECTORY, path, size, AT_REMOVEDIR);
}

uint32_t wasmaot_wasip1_path_unlink_file(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t path,
                                         uint32_t size) {
  return unlink(wasi, fd, RIGHT_PATH_UNLINK_FILE, path, size, 0);
}

uint32_t wasmaot_wasip1_path_rename(struct wasmaot_wasi *wasi, uint32_t old_fd, uint32_t old_path,
                                    uint32_t old_size, uint32_t new_fd, uint32_t new_path,
                                    uint32_t new_size) {
  TARGET from;
  uint32_t error = find(wasi, old_fd, RIGHT_PATH_RENAME_SOURCE, old_path, old_size, &from);
  if (error != WASI_SUCCESS)
    return error;
  TARGET to;
  error = find(wasi, new_fd, RIGHT_PATH_RENAME_TARGET, new_path, new_size, &to);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_errno(sys4(SYS_renameat, from.place.directory, from.place.last,
                                       to.place.directory, to.place.last));
}

uint32_t wasmaot_wasip1_path_link(struct wasmaot_wasi *wasi, uint32_t old_fd, uint32_t lookup,
                                  uint32_t old_path, uint32_t old_size, uint32_t new_fd,
                                  uint32_t new_path, uint32_t new_size) {
  if (lookup & LOOKUP_SYMLINK_FOLLOW)
    return WASI_EINVAL; // following would resolve the link outside of our control
  // The source must be writable too: a link to a file of a read-only grant from a writable one
  // would make the file writable.
  TARGET from;
  uint32_t error = find(wasi, old_fd, RIGHT_PATH_LINK_SOURCE, old_path, old_size, &from);
  // linkat follows a symbolic link that a slash follows. Only directories may have one, and can't
  // be linked.
  if (error == WASI_SUCCESS && CHECKS_PATHS && strchr(from.place.last, '/') != NULL)
    error = WASI_ENOTDIR;
  // Directories, too. With Landlock the kernel's answer would depend on the directory above.
  if (error == WASI_SUCCESS &&
      (strcmp(from.place.last, ".") == 0 || strcmp(from.place.last, "..") == 0))
    error = WASI_EPERM;
  if (error != WASI_SUCCESS)
    return error;
  TARGET to;
  error = find(wasi, new_fd, RIGHT_PATH_LINK_TARGET, new_path, new_size, &to);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_errno(sys5(SYS_linkat, from.place.directory, from.place.last,
                                       to.place.directory, to.place.last, 0));
}

uint32_t wasmaot_wasip1_path_symlink(struct wasmaot_wasi *wasi, uint32_t target_path,
                                     uint32_t target_size, uint32_t fd, uint32_t path,
                                     uint32_t size) {
  struct wasmaot_path contents;
  // Absolute targets are refused: the guest could not follow them, but the host's programs would.
  // (So they would relative ones that lead out. Which do is decided where the link stands when it
  // is followed, and it may be moved until then: no check here could say.)
  uint32_t error = wasmaot_wasi_path(wasi, target_path, target_size, &contents);
  if (error != WASI_SUCCESS)
    return error;
  TARGET target;
  error = find(wasi, fd, RIGHT_PATH_SYMLINK, path, size, &target);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_errno(
                   sys3(SYS_symlinkat, contents.bytes, target.place.directory, target.place.last));
}
