// A plugin that is an ordinary C program's source: it reads and prints by the C library.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

static int try_to(const char *what, const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  printf("%s %s: %s\n", what, path, file ? "done" : strerror(errno));
  if (file)
    fclose(file);
  return file != NULL;
}

EXPORT("greet") int greet(void) {
  char name[64] = "";
  FILE *file = fopen("/data/name.txt", "r");
  if (!file || !fgets(name, sizeof name, file))
    return 0;
  fclose(file);
  name[strcspn(name, "\n")] = 0;
  const char *greeting = getenv("GREETING");
  printf("%s, %s\n", greeting ? greeting : "hello", name);
  fflush(stdout);
  return (int)strlen(name);
}

EXPORT("misbehave") int misbehave(void) {
  int done = try_to("write", "/data/name.txt", "w") + try_to("read", "/data/../host.c", "r") +
             try_to("read", "/etc/passwd", "r");
  printf("\033[2Jwith an escape sequence\n");
  fflush(stdout);
  return done;
}

EXPORT("leave") void leave(int status) { exit(status); }
