// Reservations of memories, recycled. A free slot is as a new one: its image (or zero) in place,
// nothing of the instance that used it before left. What was written is found in the page tables
// (dirty.c) and undone in place, so that the next instance takes no page faults for it.
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// ---- Images -----------------------------------------------------------------------------------

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

static int make_file(void) {
  // (The system call: musl before 1.1.24 has no memfd_create.)
  long descriptor =
      syscall(SYS_memfd_create, "wasmaot-image", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (descriptor < 0 && errno == EINVAL) // before Linux 6.3
    descriptor = syscall(SYS_memfd_create, "wasmaot-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return (int)descriptor;
}

static bool write_piece(int descriptor, const struct wasmaot_image *piece, uint64_t place) {
  for (uint64_t done = 0; done < piece->size;) {
    ssize_t size =
        pwrite(descriptor, piece->bytes + done, piece->size - done, (off_t)(place + done));
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return false;
    done += (uint64_t)size;
  }
  return true;
}

static bool fill_file(const struct wasmaot_code *code, uint32_t memory, const struct image *image) {
  if (ftruncate(image->descriptor, (off_t)(image->end - image->start)) != 0)
    return false;
  for (uint32_t i = 0; i < code->image_count; i++)
    if (code->images[i].memory == memory &&
        !write_piece(image->descriptor, &code->images[i], code->images[i].offset - image->start))
      return false;
  // What instances share never changes: not by a guest (its mapping is private), not by a mistake
  // of the host.
  return fcntl(image->descriptor, F_ADD_SEALS,
               F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

// Holes between pieces that cost more than copying the pieces. The file is theirs, too: a guest
// that reads them makes the kernel allocate their pages, which no limit of a store counts.
#define MAX_HOLES ((uint64_t)1 << 20)

struct image *wasmaot_image_new(const struct wasmaot_code *code, uint32_t memory) {
  struct image *image = calloc(1, sizeof *image);
  if (!image)
    return NULL;
  image->start = UINT64_MAX;
  uint64_t total = 0;
  for (uint32_t i = 0; i < code->image_count; i++) {
    const struct wasmaot_image *piece = &code->images[i];
    if (piece->memory != memory)
      continue;
    image->start = piece->offset < image->start ? piece->offset : image->start;
    uint64_t end = piece->offset + piece->size;
    image->end = end > image->end ? end : image->end;
    total += piece->size;
  }
  bool is_dense = image->end > image->start && image->end - image->start <= total + MAX_HOLES;
  image->descriptor = is_dense ? make_file() : -1;
  if (image->descriptor >= 0) {
    if (fill_file(code, memory, image)) {
      void *source =
          mmap(NULL, image->end - image->start, PROT_READ, MAP_PRIVATE, image->descriptor, 0);
      if (source != MAP_FAILED) {
        image->source = source;
        return image;
      }
    }
    close(image->descriptor);
  }
  free(image);
  return NULL;
}

// ---- Lists of free slots ----------------------------------------------------------------------

static struct slot **list_of(struct pool *pool, const struct slot *slot) {
  return slot->image ? &slot->image->free : &pool->blank;
}

static void unlink_slot(struct pool *pool, struct slot *slot) {
  *slot->link = slot->next;
  if (slot->next)
    slot->next->link = slot->link;
  *(slot->older ? &slot->older->newer : &pool->oldest) = slot->newer;
  *(slot->newer ? &slot->newer->older : &pool->newest) = slot->older;
  pool->count--;
}

static void link_slot(struct pool *pool, struct slot *slot) {
  struct slot **list = list_of(pool, slot);
  slot->next = *list;
  slot->link = list;
  if (slot->next)
    slot->next->link = &slot->next;
  *list = slot;
  slot->newer = NULL;
  slot->older = pool->newest;
  *(pool->newest ? &pool->newest->newer : &pool->oldest) = slot;
  pool->newest = slot;
  pool->count++;
}

static void destroy(struct slot *slot) {
  munmap(slot->base, RESERVATION);
  free(slot);
}

void wasmaot_pool_start(struct pool *pool, uint32_t limit, uint64_t keep_resident) {
  *pool = (struct pool){.limit = limit,
                        .keep_resident = keep_resident,
                        .pagemap = wasmaot_dirty_open(),
                        .fork_generation = wasmaot_fork_generation()};
  pthread_mutex_init(&pool->lock, NULL);
}

void wasmaot_pool_end(struct pool *pool) {
  while (pool->oldest) {
    struct slot *slot = pool->oldest;
    unlink_slot(pool, slot);
    destroy(slot);
  }
  if (pool->pagemap >= 0)
    close(pool->pagemap);
  pthread_mutex_destroy(&pool->lock);
}

void wasmaot_image_delete(struct pool *pool, struct image *image) {
  pthread_mutex_lock(&pool->lock);
  while (image->free) {
    struct slot *slot = image->free;
    unlink_slot(pool, slot);
    destroy(slot);
  }
  pthread_mutex_unlock(&pool->lock);
  munmap((void *)(uintptr_t)image->source, image->end - image->start);
  close(image->descriptor);
  free(image);
}

// ---- Slots ------------------------------------------------------------------------------------

bool wasmaot_slot_resize(struct slot *slot, uint64_t bytes) {
  uint64_t size = round_to_pages(bytes);
  if (size == slot->accessible)
    return true;
  if (size > RESERVATION)
    return false;
  uint64_t low = size < slot->accessible ? size : slot->accessible;
  uint64_t high = size < slot->accessible ? slot->accessible : size;
  int protection = size > slot->accessible ? PROT_READ | PROT_WRITE : PROT_NONE;
  if (mprotect(slot->base + low, high - low, protection) != 0) {
    // It may have opened a part, which code that checks no bounds would write to, and which reset
    // would not look at. One mapping in place of several needs no more of them.
    if (protection != PROT_NONE &&
        mmap(slot->base + low, high - low, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
      slot->is_broken = true;
    return false;
  }
  slot->accessible = size;
  return true;
}

static struct slot *make_slot(struct image *image, uint64_t bytes) {
  struct slot *slot = calloc(1, sizeof *slot);
  if (!slot)
    return NULL;
  void *base =
      mmap(NULL, RESERVATION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    free(slot);
    return NULL;
  }
  slot->base = base;
  slot->image = image;
  if (!wasmaot_slot_resize(slot, bytes) ||
      (image &&
       mmap(slot->base + image->start, image->end - image->start, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image->descriptor, 0) == MAP_FAILED)) {
    destroy(slot);
    return NULL;
  }
  return slot;
}

struct slot *wasmaot_pool_take(struct pool *pool, struct image *image, uint64_t bytes) {
  pthread_mutex_lock(&pool->lock);
  struct slot *slot = image ? image->free : pool->blank;
  if (slot)
    unlink_slot(pool, slot);
  pthread_mutex_unlock(&pool->lock);
  if (slot) {
    // An instance before this one may have had more. What lay above is inaccessible from here on:
    // an access must trap, whatever the slot's past.
    if (wasmaot_slot_resize(slot, bytes))
      return slot;
    destroy(slot);
  }
  return make_slot(image, bytes);
}

// Undoes what was written to pages [start, end).
static void restore_range(const struct slot *slot, uint64_t start, uint64_t end) {
  const struct image *image = slot->image;
  uint64_t low = image && image->start > start ? image->start : start;
  uint64_t high = image && image->end < end ? image->end : end;
  if (!image || low >= high) {
    memset(slot->base + start, 0, end - start);
    return;
  }
  memset(slot->base + start, 0, low - start);
  memcpy(slot->base + low, image->source + (low - image->start), high - low);
  memset(slot->base + high, 0, end - high);
}

// Every byte that the instance wrote must go: recycled slots that kept some leaked one guest's data
// to another in other engines (CVE-2022-39393).
static bool reset(struct pool *pool, const struct slot *slot) {
  struct range ranges[DIRTY_RANGES];
  uint32_t count = 0;
  uint64_t kept = 0;
  // After a fork the descriptor still shows the parent's page tables.
  bool is_known = pool->fork_generation == wasmaot_fork_generation() &&
                  wasmaot_dirty_find(pool->pagemap, slot->base, slot->accessible, ranges, &count);
  if (!is_known) {
    ranges[0] = (struct range){0, slot->accessible};
    count = 1;
    kept = pool->keep_resident; // nobody knows what is resident: give it all back
  }
  for (uint32_t i = 0; i < count; i++) {
    uint64_t size = ranges[i].end - ranges[i].start;
    if (size > pool->keep_resident - kept) {
      // The kernel drops the pages: they are the image's, or zero, again.
      if (slot->accessible > ranges[i].start &&
          madvise(slot->base + ranges[i].start, slot->accessible - ranges[i].start,
                  MADV_DONTNEED) != 0)
        return false;
      break;
    }
    restore_range(slot, ranges[i].start, ranges[i].end);
    kept += size;
  }
  return true;
}

void wasmaot_pool_give(struct pool *pool, struct slot *slot) {
  struct slot *evicted = NULL;
  if (slot->is_broken || !reset(pool, slot)) {
    destroy(slot);
    return;
  }
  pthread_mutex_lock(&pool->lock);
  link_slot(pool, slot);
  if (pool->count > pool->limit) {
    evicted = pool->oldest;
    unlink_slot(pool, evicted);
  }
  pthread_mutex_unlock(&pool->lock);
  if (evicted)
    destroy(evicted);
}
