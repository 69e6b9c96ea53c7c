// libLLVM is loaded when code is generated, not when the process starts: its relocations and
// constructors take ten milliseconds, a third of what a build that the cache has would take
// (docs/decisions/0122).
//
// Each function of LLVM that is called is defined here, as a jump through a pointer that
// `cllvm_load` sets. So this file must not see LLVM's declarations.
#include "load.h"
#include "functions.h"

#include <dlfcn.h>
#include <link.h>
#include <llvm/Config/llvm-config.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRING(text) #text
#define STRING_OF(macro) STRING(macro)
// The shared library's own name, as LLVM's build system makes it.
#define LIBRARY "libLLVM.so." STRING_OF(LLVM_VERSION_MAJOR) "." STRING_OF(LLVM_VERSION_MINOR)

#if defined(__x86_64__)
#define JUMP(pointer) "  jmp *" pointer "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(pointer)                                                                              \
  "  adrp x16, " pointer "\n"                                                                      \
  "  ldr x16, [x16, :lo12:" pointer "]\n"                                                          \
  "  br x16\n"
#else
#error "no jump through a pointer is written for this processor"
#endif

static void not_loaded(void) {
  fputs("wasmaot: internal error: LLVM is called before it is loaded\n", stderr);
  abort();
}

// Hidden: LLVM's own calls of these functions stay in LLVM.
#define DEFINE(name)                                                                               \
  __attribute__((used)) static void *cllvm_##name = (void *)not_loaded;                            \
  __asm__(".text\n"                                                                                \
          ".globl " #name "\n"                                                                     \
          ".hidden " #name "\n"                                                                    \
          ".type " #name ", %function\n" #name ":\n" JUMP("cllvm_" #name) ".size " #name           \
                                                                          ", . - " #name "\n");
CLLVM_FUNCTIONS(DEFINE)

static const struct {
  const char *name;
  void **pointer;
} functions[] = {
#define ROW(name) {#name, &cllvm_##name},
    CLLVM_FUNCTIONS(ROW)};

static pthread_once_t finding = PTHREAD_ONCE_INIT;
static pthread_once_t loading = PTHREAD_ONCE_INIT;
static char *path;
static void *library;
static char *load_error;

static char *format(const char *first, const char *second) {
  char *text = NULL;
  return asprintf(&text, "%s%s", first, second) < 0 ? NULL : text;
}

// The loader's folders, without its cache of further ones, in its order. What is found is loaded by
// its path: the file that was looked at, to know what builds depend on, must be the one that is
// used.
static void find_in_folders(void) {
  Dl_serinfo sizes;
  void *self = dlopen(NULL, RTLD_LAZY);
  if (!self || dlinfo(self, RTLD_DI_SERINFOSIZE, &sizes) != 0)
    return;
  Dl_serinfo *folders = malloc(sizes.dls_size);
  if (folders && dlinfo(self, RTLD_DI_SERINFOSIZE, folders) == 0 &&
      dlinfo(self, RTLD_DI_SERINFO, folders) == 0)
    for (unsigned i = 0; i < folders->dls_cnt && !path; i++) {
      char *candidate = format(folders->dls_serpath[i].dls_name, "/" LIBRARY);
      if (candidate && access(candidate, R_OK) == 0)
        path = candidate;
      else
        free(candidate);
    }
  free(folders);
}

static void find(void) {
  find_in_folders();
  if (path)
    return;
  library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
  struct link_map *map;
  if (!library)
    load_error = strdup(dlerror());
  else if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0)
    path = strdup(map->l_name);
}

static void load(void) {
  if (!cllvm_library())
    return;
  if (!library)
    library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    load_error = strdup(dlerror());
    return;
  }
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *function = dlsym(library, functions[i].name);
    if (!function) {
      load_error = format(LIBRARY " has no ", functions[i].name);
      return;
    }
    *functions[i].pointer = function;
  }
}

const char *cllvm_library(void) {
  pthread_once(&finding, find);
  return path;
}

const char *cllvm_load(void) {
  pthread_once(&loading, load);
  return load_error;
}
