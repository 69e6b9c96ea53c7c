#include <stdio.h>

int main(void) { return printf("hello, world\n") < 0; }
