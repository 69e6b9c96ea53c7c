// Fuel: the count that compiled code takes from. Linked in where code counts, or is asked to
// report.
#include "runtime.h"

int64_t wasmaot_fuel;

void wasmaot_fuel_start(void) { wasmaot_fuel = (int64_t)wasmaot_process.fuel; }

void wasmaot_fuel_describe(struct wasmaot_text *text) {
  wasmaot_text_add(text, " (--fuel ");
  wasmaot_text_add_decimal(text, wasmaot_process.fuel);
  wasmaot_text_add(text, ")");
}

void wasmaot_fuel_report(void) {
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: fuel consumed: ");
  // Below zero after the charge that was too much.
  wasmaot_text_add_decimal(&text, wasmaot_process.fuel - (uint64_t)wasmaot_fuel);
  wasmaot_text_write(&text, 2);
}
