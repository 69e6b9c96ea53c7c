// Where libLLVM is, and its loading.
#ifndef WASMAOT_CLLVM_LOAD_H
#define WASMAOT_CLLVM_LOAD_H

// The path of libLLVM, which this alone does not load where the loader's folders have it; null
// where there is none.
const char *cllvm_library(void);

// Must come before any function of LLVM is called; by any number of threads. Null, or why not.
const char *cllvm_load(void);

#endif
