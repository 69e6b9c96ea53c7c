# wasmaot: `make` builds the C runtime and the compiler, `make install PREFIX=…` installs both.
#
# The runtime is an archive and the C library's start files, all that an app is linked with. It is built
# against musl where musl is installed (smaller apps, quicker start), against glibc otherwise; RUNTIME_LIBC
# chooses. Users of wasmaot need neither these headers nor a C compiler.

PREFIX ?= /usr/local
# Swift's libraries are in the compiler: where it is used, there need be no Swift.
SWIFT_FLAGS ?= -c release --static-swift-stdlib

RUNTIME := runtime-c
RUNTIME_ARCH := $(shell uname -m)
MUSL_INCLUDE ?= $(firstword $(wildcard /usr/include/$(RUNTIME_ARCH)-linux-musl /usr/lib/musl/include /usr/local/musl/include))
MUSL_LIB ?= $(firstword $(wildcard /usr/lib/$(RUNTIME_ARCH)-linux-musl /usr/lib/musl/lib /usr/local/musl/lib))
GNU_LIB ?= $(firstword $(wildcard /usr/lib/$(RUNTIME_ARCH)-linux-gnu /usr/lib64 /usr/lib))
RUNTIME_LIBC ?= $(if $(and $(MUSL_INCLUDE),$(wildcard $(MUSL_LIB)/rcrt1.o)),musl,gnu)

find-program = $(firstword $(foreach p,$(1),$(shell command -v $(p) 2>/dev/null)))
ifeq ($(origin CC),default)
CC := $(call find-program,clang-19 clang-20 clang-21 clang-22 clang gcc cc)
endif
ifeq ($(origin AR),default)
AR := $(call find-program,llvm-ar-19 llvm-ar ar)
endif

RUNTIME_TARGET := $(RUNTIME_ARCH)-linux-$(RUNTIME_LIBC)
RUNTIME_BUILD ?= $(RUNTIME)/build
RUNTIME_OUT := $(RUNTIME_BUILD)/$(RUNTIME_TARGET)
RUNTIME_OBJ := $(RUNTIME_BUILD)/obj/$(RUNTIME_TARGET)
RUNTIME_SOURCES := $(wildcard $(RUNTIME)/src/*.c $(RUNTIME)/wasi/*.c $(RUNTIME)/common/*.c)
RUNTIME_OBJECTS := $(RUNTIME_SOURCES:$(RUNTIME)/%.c=$(RUNTIME_OBJ)/%.o)

RUNTIME_WARNINGS := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wstrict-prototypes \
  -Wvla -Wcast-qual -Wundef -Wwrite-strings

# Frame pointers: the backtrace walks them from the runtime to the guest's code. No unwind tables: it needs
# none for the runtime. Hidden: nothing of an app is visible to a dynamic linker.
RUNTIME_CFLAGS := -std=c11 -D_GNU_SOURCE -Oz -g0 -fPIE -fvisibility=hidden \
  -ffunction-sections -fdata-sections -fno-omit-frame-pointer -fno-asynchronous-unwind-tables \
  -fstack-protector-strong -D_FORTIFY_SOURCE=0 -ffile-prefix-map=$(CURDIR)=. $(RUNTIME_WARNINGS)

ifeq ($(RUNTIME_LIBC),musl)
RUNTIME_CFLAGS += -nostdinc -isystem $(MUSL_INCLUDE)
RUNTIME_START := $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
RUNTIME_LIBRARIES := $(MUSL_LIB)/libc.a
RUNTIME_END := $(MUSL_LIB)/crtn.o
else
gcc-file = $(shell gcc -print-file-name=$(1))
RUNTIME_START := $(GNU_LIB)/rcrt1.o $(GNU_LIB)/crti.o $(call gcc-file,crtbeginS.o)
RUNTIME_LIBRARIES := $(GNU_LIB)/libc.a $(call gcc-file,libgcc.a) $(call gcc-file,libgcc_eh.a)
RUNTIME_END := $(call gcc-file,crtendS.o) $(GNU_LIB)/crtn.o
endif

RUNTIME_CFLAGS += $(RUNTIME_EXTRA_CFLAGS)

# The embedded runtime, for hosts: of the system's C library, whichever that is. Unwind tables: a
# host's own backtraces and profilers go through it. Frame pointers: so do ours.
EMBEDDED_BUILD ?= $(RUNTIME_BUILD)/embedded
EMBEDDED_SOURCES := $(wildcard $(RUNTIME)/embedded/*.c $(RUNTIME)/wasi/*.c $(RUNTIME)/common/*.c)
EMBEDDED_OBJECTS := $(EMBEDDED_SOURCES:$(RUNTIME)/%.c=$(EMBEDDED_BUILD)/obj/%.o)
EMBEDDED_CFLAGS := -std=c11 -D_GNU_SOURCE -O2 -g0 -fPIC -pthread -fvisibility=hidden \
  -ffunction-sections -fdata-sections -fno-omit-frame-pointer -fstack-protector-strong \
  -ffile-prefix-map=$(CURDIR)=. $(RUNTIME_WARNINGS) $(EMBEDDED_EXTRA_CFLAGS)

.PHONY: all runtime static-runtime embedded swift install test test-sanitized test-embedded test-embedded-sanitized test-embedded-threads spec-host format clean

all: runtime swift

runtime: static-runtime embedded

static-runtime: $(RUNTIME_OUT)/link.txt

embedded: $(EMBEDDED_BUILD)/libwasmaot.a

$(EMBEDDED_BUILD)/obj/%.o: $(RUNTIME)/%.c $(wildcard $(RUNTIME)/embedded/*.h $(RUNTIME)/wasi/*.h $(RUNTIME)/wasi/include/*.h $(RUNTIME)/common/*.h $(RUNTIME)/abi/*.h $(RUNTIME)/include/*.h) Makefile
	@mkdir -p $(@D)
	@echo "CC $<"
	@$(CC) $(EMBEDDED_CFLAGS) -c $< -o $@

$(EMBEDDED_BUILD)/libwasmaot.a: $(EMBEDDED_OBJECTS)
	@rm -f $@
	@echo "AR $@"
	@$(AR) rcsD $@ $^

# What programs copy with, which is for speed. Its loops are not to become calls of the C library's functions.
$(RUNTIME_OBJ)/src/bulk.o: RUNTIME_CFLAGS += -O2 -fno-unroll-loops -fno-builtin
# It includes the others.
$(RUNTIME_OBJ)/src/exceptions_threads.o: $(RUNTIME)/src/exceptions.c $(RUNTIME)/src/raise.c
$(RUNTIME_OBJ)/%.o: $(RUNTIME)/%.c $(wildcard $(RUNTIME)/src/*.h $(RUNTIME)/wasi/*.h $(RUNTIME)/wasi/include/*.h $(RUNTIME)/common/*.h $(RUNTIME)/abi/*.h) Makefile
	@mkdir -p $(@D)
	@echo "CC $<"
	@$(CC) $(RUNTIME_CFLAGS) -c $< -o $@

$(RUNTIME_OUT)/libwasmaot.a: $(RUNTIME_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	@echo "AR $@"
	@$(AR) rcsD $@ $^

# Written last: a folder without it is no runtime. See Sources/Linker/RuntimeDirectory.swift.
$(RUNTIME_OUT)/link.txt: $(RUNTIME_OUT)/libwasmaot.a
	cp $(RUNTIME_START) $(RUNTIME_LIBRARIES) $(RUNTIME_END) $(@D)
	@{ echo "start $(notdir $(RUNTIME_START))"; \
	   echo "libraries libwasmaot.a $(notdir $(RUNTIME_LIBRARIES))"; \
	   echo "end $(notdir $(RUNTIME_END))"; } > $@

swift:
	swift build $(SWIFT_FLAGS)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/wasmaot/runtime/$(RUNTIME_TARGET)
	install -m 755 $$(swift build $(SWIFT_FLAGS) --show-bin-path)/wasmaot $(DESTDIR)$(PREFIX)/bin/wasmaot
	install -m 644 $(RUNTIME_OUT)/* $(DESTDIR)$(PREFIX)/lib/wasmaot/runtime/$(RUNTIME_TARGET)
	install -m 644 $(EMBEDDED_BUILD)/libwasmaot.a $(DESTDIR)$(PREFIX)/lib/wasmaot
	install -d $(DESTDIR)$(PREFIX)/include
	install -m 644 $(RUNTIME)/include/wasmaot.h $(DESTDIR)$(PREFIX)/include

test: runtime
	swift test

# The runtime's tests with a runtime in which undefined behaviour ends the program (clang only).
test-sanitized:
	$(MAKE) runtime RUNTIME_BUILD=$(RUNTIME)/build/sanitized \
	  RUNTIME_EXTRA_CFLAGS="-fsanitize=undefined,local-bounds -fsanitize-trap=all"
	WASMAOT_RUNTIME=$(CURDIR)/$(RUNTIME)/build/sanitized swift test --filter LinkerTests

# The embedded runtime's own tests. The modules that they load are hand-written (clang only: they use
# Swift's calling convention).
EMBEDDED_TEST := $(EMBEDDED_BUILD)/test
GUEST_CC ?= $(call find-program,clang-19 clang-20 clang-21 clang-22 clang)
TEST_CFLAGS = -std=c11 -D_GNU_SOURCE -O2 -g -pthread -fno-omit-frame-pointer -Wall -Wextra -Werror

EMBEDDED_GUESTS := $(EMBEDDED_BUILD)/guest.o $(EMBEDDED_BUILD)/hostile_guest.o
EMBEDDED_TEST_SOURCES := $(RUNTIME)/test/embedded/test.c $(RUNTIME)/test/embedded/hostile.c \
  $(RUNTIME)/test/embedded/wasi.c

$(EMBEDDED_GUESTS): $(EMBEDDED_BUILD)/%.o: $(RUNTIME)/test/embedded/%.c $(wildcard $(RUNTIME)/test/embedded/*.h $(RUNTIME)/abi/*.h) Makefile
	@mkdir -p $(@D)
	$(GUEST_CC) $(TEST_CFLAGS) -c $< -o $@

$(EMBEDDED_TEST): $(EMBEDDED_TEST_SOURCES) $(EMBEDDED_GUESTS) $(EMBEDDED_BUILD)/libwasmaot.a $(RUNTIME)/test/embedded/test.h
	$(CC) $(TEST_CFLAGS) $(EMBEDDED_EXTRA_CFLAGS) $(filter %.c %.o %.a,$^) -o $@

# What runs the specification's scripts: see Tests/DriverTests/Spec.
$(EMBEDDED_BUILD)/spec_host: $(RUNTIME)/test/spec_host.c $(EMBEDDED_BUILD)/libwasmaot.a
	$(CC) $(TEST_CFLAGS) $(EMBEDDED_EXTRA_CFLAGS) $^ -ldl -o $@

spec-host: $(EMBEDDED_BUILD)/spec_host

test-embedded: $(EMBEDDED_TEST)
	$(EMBEDDED_TEST)

# The same with a runtime that looks for memory errors, leaks and undefined behaviour. (gcc brings the
# sanitizers' libraries; clang's are a package of their own.)
test-embedded-sanitized:
	$(MAKE) test-embedded EMBEDDED_BUILD=$(RUNTIME_BUILD)/embedded-sanitized CC=gcc \
	  EMBEDDED_EXTRA_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all"

# And one that looks for races, in the test that is about them.
test-embedded-threads:
	$(MAKE) $(RUNTIME_BUILD)/embedded-threads/test EMBEDDED_BUILD=$(RUNTIME_BUILD)/embedded-threads CC=gcc \
	  EMBEDDED_EXTRA_CFLAGS="-fsanitize=thread"
	$(RUNTIME_BUILD)/embedded-threads/test types_while_loading
	$(RUNTIME_BUILD)/embedded-threads/test wasi_table
	$(RUNTIME_BUILD)/embedded-threads/test wasi_pinning

format:
	swift format -i -r Sources Tests Package.swift
	clang-format-19 -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(RUNTIME)/build .build
