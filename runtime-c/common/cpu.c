// Compiled code may use what --cpu allowed. A CPU that lacks some of it gets a message with the
// name of what is missing, not SIGILL; and some instructions (lzcnt, tzcnt) would run there and
// compute something else.
#include "common.h"

enum leaf { LEAF_1, LEAF_7, LEAF_80000001, LEAF_COUNT };
enum output { EBX, ECX };
enum os_support { ANY_OS, OS_AVX, OS_AVX512 };

struct feature {
  uint8_t leaf;
  uint8_t output;
  uint8_t bit;
  uint8_t os;
  char name[16];
};

static const struct feature features[] = {
    [WASMAOT_X86_CX16] = {LEAF_1, ECX, 13, ANY_OS, "cx16"},
    // By SSE4.1's bit: no CPU has that and not this, and leaf 1 is asked anyway.
    [WASMAOT_X86_SAHF] = {LEAF_1, ECX, 19, ANY_OS, "sahf"},
    [WASMAOT_X86_POPCNT] = {LEAF_1, ECX, 23, ANY_OS, "popcnt"},
    [WASMAOT_X86_SSE3] = {LEAF_1, ECX, 0, ANY_OS, "sse3"},
    [WASMAOT_X86_SSSE3] = {LEAF_1, ECX, 9, ANY_OS, "ssse3"},
    [WASMAOT_X86_SSE4_1] = {LEAF_1, ECX, 19, ANY_OS, "sse4.1"},
    [WASMAOT_X86_SSE4_2] = {LEAF_1, ECX, 20, ANY_OS, "sse4.2"},
    [WASMAOT_X86_AVX] = {LEAF_1, ECX, 28, OS_AVX, "avx"},
    [WASMAOT_X86_AVX2] = {LEAF_7, EBX, 5, OS_AVX, "avx2"},
    [WASMAOT_X86_BMI] = {LEAF_7, EBX, 3, ANY_OS, "bmi"},
    [WASMAOT_X86_BMI2] = {LEAF_7, EBX, 8, ANY_OS, "bmi2"},
    [WASMAOT_X86_F16C] = {LEAF_1, ECX, 29, OS_AVX, "f16c"},
    [WASMAOT_X86_FMA] = {LEAF_1, ECX, 12, OS_AVX, "fma"},
    [WASMAOT_X86_LZCNT] = {LEAF_80000001, ECX, 5, ANY_OS, "lzcnt"},
    [WASMAOT_X86_MOVBE] = {LEAF_1, ECX, 22, ANY_OS, "movbe"},
    [WASMAOT_X86_AVX512F] = {LEAF_7, EBX, 16, OS_AVX512, "avx512f"},
    [WASMAOT_X86_AVX512BW] = {LEAF_7, EBX, 30, OS_AVX512, "avx512bw"},
    [WASMAOT_X86_AVX512CD] = {LEAF_7, EBX, 28, OS_AVX512, "avx512cd"},
    [WASMAOT_X86_AVX512DQ] = {LEAF_7, EBX, 17, OS_AVX512, "avx512dq"},
    [WASMAOT_X86_AVX512VL] = {LEAF_7, EBX, 31, OS_AVX512, "avx512vl"},
    [WASMAOT_X86_AVX512VBMI] = {LEAF_7, ECX, 1, OS_AVX512, "avx512vbmi"},
    [WASMAOT_X86_AVX512VBMI2] = {LEAF_7, ECX, 6, OS_AVX512, "avx512vbmi2"},
    [WASMAOT_X86_AVX512VNNI] = {LEAF_7, ECX, 11, OS_AVX512, "avx512vnni"},
    [WASMAOT_X86_AVX512BITALG] = {LEAF_7, ECX, 12, OS_AVX512, "avx512bitalg"},
    [WASMAOT_X86_AVX512VPOPCNTDQ] = {LEAF_7, ECX, 14, OS_AVX512, "avx512vpopcntdq"},
    [WASMAOT_X86_AVX512IFMA] = {LEAF_7, EBX, 21, OS_AVX512, "avx512ifma"},
    [WASMAOT_X86_GFNI] = {LEAF_7, ECX, 8, ANY_OS, "gfni"},
};
#define FEATURE_COUNT (sizeof features / sizeof features[0])
#define OSXSAVE_BIT 27

struct cpuid {
  uint32_t outputs[2]; // EBX, ECX
};

static struct cpuid cpuid(uint32_t leaf) {
  struct cpuid result;
  uint32_t eax = leaf;
  uint32_t edx;
  __asm__ volatile("cpuid"
                   : "+a"(eax), "=b"(result.outputs[EBX]), "=c"(result.outputs[ECX]), "=d"(edx)
                   : "2"(0));
  return result;
}

// Which registers the kernel saves.
static uint32_t extended_control_register(void) {
  uint32_t low;
  uint32_t high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

const char *wasmaot_cpu_lacks(uint32_t required_features) {
  static const uint32_t leaf_numbers[LEAF_COUNT] = {1, 7, 0x80000001};
  static const uint32_t os_masks[] = {[ANY_OS] = 0, [OS_AVX] = 0x6, [OS_AVX512] = 0xe6};
  if (required_features == 0)
    return NULL;
  struct cpuid leaves[LEAF_COUNT] = {0};
  leaves[LEAF_1] = cpuid(1);
  bool has_xsave = (leaves[LEAF_1].outputs[ECX] >> OSXSAVE_BIT & 1) != 0;
  uint32_t asked = 1u << LEAF_1;
  // CPUs without XSAVE have no leaf 7. (Leaf 0 would say so, but CPUID costs a trip out of a
  // virtual machine: only what is needed is asked.)
  if (!has_xsave)
    asked |= 1u << LEAF_7;
  for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
    const struct feature *feature = &features[i];
    if ((required_features >> i & 1) == 0)
      continue;
    if ((asked >> feature->leaf & 1) == 0) {
      asked |= 1u << feature->leaf;
      leaves[feature->leaf] = cpuid(leaf_numbers[feature->leaf]);
    }
    bool present = leaves[feature->leaf].outputs[feature->output] >> feature->bit & 1;
    uint32_t mask = os_masks[feature->os];
    if (present && mask != 0)
      present = has_xsave && (extended_control_register() & mask) == mask;
    if (!present)
      return feature->name;
  }
  return NULL;
}
