#include <wasmaot.h>
