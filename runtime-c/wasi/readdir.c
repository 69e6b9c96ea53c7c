// Directory entries. A cookie is the kernel's own position, so that reading on after the directory
// changed neither repeats nor skips entries that stayed.
#include "internal.h"

#include <sys/stat.h>

struct host_entry { // linux_dirent64
  uint64_t inode;
  int64_t next;
  uint16_t size;
  uint8_t type;
  char name[];
};

struct guest_entry {
  uint64_t next;
  uint64_t inode;
  uint32_t name_size;
  uint32_t type; // one byte, then padding
};
_Static_assert(sizeof(struct guest_entry) == 24, "layout of dirent");

#define HOST_BUFFER_SIZE 4096

struct output {
  uint8_t *bytes;
  uint32_t size;
  uint32_t used;
};

// As much as fits: WASI cuts the last entry off where the buffer ends, by which the guest sees that
// there is more.
static void put(struct output *output, const void *bytes, size_t size) {
  uint32_t room = output->size - output->used;
  uint32_t count = size < room ? (uint32_t)size : room;
  memcpy(output->bytes + output->used, bytes, count);
  output->used += count;
}

static uint8_t entry_filetype(int directory, const struct host_entry *entry) {
  if (entry->type != 0) // the kernel's DT_ numbers are the file mode's bits
    return wasmaot_wasi_filetype((uint32_t)entry->type << 12);
  // Some file systems don't say.
  struct stat status;
  long result = sys4(SYS_newfstatat, directory, entry->name, &status, AT_SYMLINK_NOFOLLOW);
  return sys_failed(result) ? FILETYPE_UNKNOWN : wasmaot_wasi_filetype(status.st_mode);
}

static void put_entry(struct output *output, int directory, const struct host_entry *entry) {
  struct guest_entry result = {
      .next = (uint64_t)entry->next,
      // The parent may lie outside the grant: its number is none of the guest's business.
      .inode = strcmp(entry->name, "..") == 0 ? 0 : entry->inode,
      .name_size = (uint32_t)strlen(entry->name),
      .type = entry_filetype(directory, entry),
  };
  put(output, &result, sizeof result);
  put(output, entry->name, result.name_size);
}

uint32_t wasmaot_wasip1_fd_readdir(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffer,
                                   uint32_t size, uint64_t cookie, uint32_t result) {
  _Alignas(struct host_entry) char entries[HOST_BUFFER_SIZE];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_READDIR, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  struct output output = {wasmaot_guest(wasi, buffer, size), size, 0};
  if (!output.bytes)
    return WASI_EFAULT;
  long position = sys3(SYS_lseek, descriptor->host, cookie, SEEK_SET);
  if (sys_failed(position))
    return wasmaot_wasi_errno(position);
  while (output.used < output.size) {
    long count = sys3(SYS_getdents64, descriptor->host, entries, sizeof entries);
    if (sys_failed(count))
      return wasmaot_wasi_errno(count);
    if (count == 0)
      break;
    for (long at = 0; at < count && output.used < output.size;) {
      const struct host_entry *entry = (const void *)(entries + at);
      put_entry(&output, descriptor->host, entry);
      at += entry->size;
    }
  }
  return wasmaot_guest_store_u32(wasi, result, output.used);
}
