// What a guest wrote to a recycled slot, from the kernel's page tables: pages that are private
// (copied on write, or anonymous) are in memory or swapped out; the rest is as it was.
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// linux/fs.h since 6.7; older headers lack it.
struct scan_region {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};
struct scan_argument {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t regions;
  uint64_t region_count;
  uint64_t max_pages;
  uint64_t category_inverted;
  uint64_t category_mask;
  uint64_t category_anyof_mask;
  uint64_t return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_argument)
#define IS_FILE (1u << 2)
#define IS_PRESENT (1u << 3)
#define IS_SWAPPED (1u << 4)
#define IS_ZERO_PAGE (1u << 5)

// A slot's page tables are read entry by entry up to here where the kernel can't scan: 2,048
// entries. What lies above counts as written.
#define ENTRY_LIMIT ((uint64_t)8 << 20)
#define ENTRY_PRESENT_OR_SWAPPED ((uint64_t)3 << 62)
#define ENTRY_FILE ((uint64_t)1 << 61)

int wasmaot_dirty_open(void) { return open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC); }

static void add(struct range *ranges, uint32_t *count, uint64_t start, uint64_t end) {
  if (*count > 0 && ranges[*count - 1].end == start)
    ranges[*count - 1].end = end;
  else if (*count < DIRTY_RANGES)
    ranges[(*count)++] = (struct range){start, end};
  else
    ranges[DIRTY_RANGES - 1].end = end;
}

static bool scan(int pagemap, const uint8_t *base, uint64_t size, struct range *ranges,
                 uint32_t *count) {
  struct scan_region regions[DIRTY_RANGES];
  uint64_t start = (uint64_t)(uintptr_t)base;
  struct scan_argument argument = {
      .size = sizeof argument,
      .start = start,
      .end = start + size,
      .regions = (uint64_t)(uintptr_t)regions,
      .region_count = DIRTY_RANGES,
      // (IS_FILE and IS_ZERO_PAGE must be off) and (one of the others on).
      .category_inverted = IS_FILE | IS_ZERO_PAGE,
      .category_mask = IS_FILE | IS_ZERO_PAGE,
      .category_anyof_mask = IS_PRESENT | IS_SWAPPED,
      .return_mask = IS_PRESENT,
  };
  long found = syscall(SYS_ioctl, pagemap, SCAN_IOCTL, &argument); // musl's takes an int
  if (found < 0)
    return false;
  for (long i = 0; i < found; i++)
    add(ranges, count, regions[i].start - start, regions[i].end - start);
  // More than there is room for: all that the kernel did not look at.
  if (argument.walk_end < start + size)
    add(ranges, count, argument.walk_end - start, size);
  return true;
}

static bool read_entries(int pagemap, const uint8_t *base, uint64_t size, struct range *ranges,
                         uint32_t *count) {
  uint64_t entries[256];
  uint64_t limit = size < ENTRY_LIMIT ? size : ENTRY_LIMIT;
  for (uint64_t at = 0; at < limit;) {
    uint64_t wanted = (limit - at + PAGE - 1) / PAGE;
    if (wanted > sizeof entries / sizeof entries[0])
      wanted = sizeof entries / sizeof entries[0];
    uint64_t place = ((uint64_t)(uintptr_t)base + at) / PAGE * sizeof entries[0];
    ssize_t size_read = pread(pagemap, entries, wanted * sizeof entries[0], (off_t)place);
    if (size_read != (ssize_t)(wanted * sizeof entries[0]))
      return false;
    for (uint64_t i = 0; i < wanted; i++, at += PAGE)
      if ((entries[i] & ENTRY_PRESENT_OR_SWAPPED) != 0 && (entries[i] & ENTRY_FILE) == 0)
        add(ranges, count, at, at + PAGE);
  }
  if (limit < size)
    add(ranges, count, limit, size);
  return true;
}

bool wasmaot_dirty_find(int pagemap, const uint8_t *base, uint64_t size, struct range *ranges,
                        uint32_t *count) {
  *count = 0;
  if (pagemap < 0)
    return false;
  if (scan(pagemap, base, size, ranges, count))
    return true;
  *count = 0;
  return (errno == ENOTTY || errno == EINVAL) && read_entries(pagemap, base, size, ranges, count);
}
