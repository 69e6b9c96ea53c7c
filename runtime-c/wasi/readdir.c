// Directory entries. A cookie is the kernel's own position of an entry. But not every file system
// can go back to one when the directory has changed, so what the guest has not seen yet of the last
// batch of entries is kept: reading on goes on there, without asking the kernel to seek.
#include "internal.h"

#include <sys/mman.h>
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

// The last batch. It stays when the kernel has no more, for the guest may ask again.
struct wasmaot_stream {
  uint64_t start; // cookie of the first entry's predecessor
  long used;      // bytes of entries; the kernel's position is behind them
  _Alignas(struct host_entry) char entries[4096 - 16];
};
_Static_assert(sizeof(struct wasmaot_stream) == 4096, "a page");

void wasmaot_wasi_end_stream(struct wasmaot_stream *stream) {
  sys2(SYS_munmap, stream, sizeof *stream);
}

static const struct host_entry *entry_at(const struct wasmaot_stream *stream, long at) {
  return (const void *)(stream->entries + at);
}

// Cookie of the batch's last entry.
static uint64_t end_cookie(const struct wasmaot_stream *stream) {
  uint64_t cookie = stream->start;
  for (long at = 0; at < stream->used; at += entry_at(stream, at)->size)
    cookie = (uint64_t)entry_at(stream, at)->next;
  return cookie;
}

// Where in the batch reading goes on behind a cookie; -1 if it is not in there.
static long find(const struct wasmaot_stream *stream, uint64_t cookie) {
  if (cookie == stream->start)
    return 0;
  for (long at = 0; at < stream->used;) {
    const struct host_entry *entry = entry_at(stream, at);
    at += entry->size;
    if ((uint64_t)entry->next == cookie)
      return at;
  }
  return -1;
}

// The position behind a cookie, or -errno.
static long go_to(const struct wasmaot_descriptor *descriptor, struct wasmaot_stream *stream,
                  uint64_t cookie) {
  // From the start means anew, except for who has read nothing yet.
  long at = cookie == 0 && stream->used > 0 ? -1 : find(stream, cookie);
  if (at >= 0)
    return at;
  long position = sys3(SYS_lseek, descriptor->host, cookie, SEEK_SET);
  if (sys_failed(position))
    return position;
  stream->start = cookie;
  stream->used = 0;
  return 0;
}

// ---- Entries for the guest ---------------------------------------------------------------------

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

// 0 or -errno.
static long read_entries(const struct wasmaot_descriptor *descriptor, struct wasmaot_stream *stream,
                         uint64_t cookie, struct output *output) {
  long at = go_to(descriptor, stream, cookie);
  while (!sys_failed(at) && output->used < output->size) {
    if (at == stream->used) {
      uint64_t start = end_cookie(stream);
      // Into the batch's place only if there are some.
      _Alignas(struct host_entry) char entries[sizeof stream->entries];
      long count = sys3(SYS_getdents64, descriptor->host, entries, sizeof entries);
      if (count <= 0)
        return count;
      memcpy(stream->entries, entries, (size_t)count);
      stream->start = start;
      stream->used = count;
      at = 0;
    }
    const struct host_entry *entry = entry_at(stream, at);
    put_entry(output, descriptor->host, entry);
    at += entry->size;
  }
  return sys_failed(at) ? at : 0;
}

uint32_t wasmaot_wasip1_fd_readdir(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffer,
                                   uint32_t size, uint64_t cookie, uint32_t result) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_READDIR, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  struct output output = {wasmaot_guest(wasi, buffer, size), size, 0};
  if (!output.bytes)
    return WASI_EFAULT;
  long failure = 0;
  wasmaot_wasi_lock(wasi, &descriptor->stream_lock);
  if (!descriptor->stream) {
    failure = sys6(SYS_mmap, 0, sizeof(struct wasmaot_stream), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sys_failed(failure)) {
      descriptor->stream = (void *)failure; // NOLINT: an address that mmap gave
      failure = 0;
    }
  }
  if (failure == 0 && !descriptor->has_been_read) {
    descriptor->stream->start = 0;
    descriptor->stream->used = 0;
    descriptor->has_been_read = true;
  }
  if (failure == 0)
    failure = read_entries(descriptor, descriptor->stream, cookie, &output);
  wasmaot_wasi_unlock(wasi, &descriptor->stream_lock);
  return failure != 0 ? wasmaot_wasi_errno(failure)
                      : wasmaot_guest_store_u32(wasi, result, output.used);
}
