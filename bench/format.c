// Hello world with all of printf: clang makes puts of a constant text.
#include <stdio.h>

int main(int argc, char **argv) {
  printf("hello, %s, %d %g\n", argv[0], argc, argc * 0.1);
  return 0;
}
