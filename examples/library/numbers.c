// A module without a main function: its exports are called one by one.
#define EXPORT(name) __attribute__((export_name(#name)))

EXPORT(gcd) unsigned gcd(unsigned a, unsigned b) {
  while (b) {
    unsigned rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

EXPORT(mean) double mean(double a, double b) { return a / 2 + b / 2; }
