// How fast modules are decoded and validated, in MB of the whole file per second of processor time.
//
//   swift build -c release --product bench-decode
//   .build/release/bench-decode [--jobs N] [--repeat N] MODULE ...
//
// bench/decode/compare runs it beside other engines' validators.

import Support
import WasmModule

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// `value` with `digits` decimals.
func fixed(_ value: Double, _ digits: Int) -> String {
  if digits == 0 { return "\(Int(value.rounded()))" }
  let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
  let rounded = Int((value * scale).rounded())
  let fraction = String(rounded % Int(scale))
  return "\(rounded / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
}

struct Measurement {
  var decode = Double.infinity
  var validate = Double.infinity
  /// Of both, by the clock on the wall.
  var elapsed = Double.infinity
}

/// The best of some runs: everything that makes a run slower is somebody else's doing.
func measure(_ bytes: ModuleBytes, jobs: Int, runs: Int) throws(WasmError) -> Measurement {
  var best = Measurement()
  for _ in 0..<runs {
    let wall = seconds(CLOCK_MONOTONIC)
    let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
    let module = try decode(bytes)
    let middle = seconds(CLOCK_PROCESS_CPUTIME_ID)
    try validateFunctions(of: module, jobs: jobs)
    let end = seconds(CLOCK_PROCESS_CPUTIME_ID)
    best.decode = min(best.decode, middle - start)
    best.validate = min(best.validate, end - middle)
    best.elapsed = min(best.elapsed, seconds(CLOCK_MONOTONIC) - wall)
  }
  return best
}

var paths: [String] = []
var jobs = 1
var runs = 10
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  switch argument {
  case "--jobs": jobs = arguments.popFirst().flatMap { Int($0) } ?? 1
  case "--repeat": runs = arguments.popFirst().flatMap { Int($0) } ?? 10
  default: paths.append(argument)
  }
}
for path in paths {
  do {
    let bytes = try ModuleBytes.map(path: path)
    let best = try measure(bytes, jobs: jobs, runs: max(1, runs))
    let megabytes = Double(bytes.count) / 1e6
    print(
      "\(path): \(fixed(megabytes, 1)) MB, decode \(fixed(best.decode * 1e3, 2)) ms, "
        + "validate \(fixed(best.validate * 1e3, 2)) ms, \(fixed(megabytes / (best.decode + best.validate), 0)) MB/s, "
        + "elapsed \(fixed(best.elapsed * 1e3, 2)) ms with \(jobs) job(s)")
  } catch {
    let text = "\(path): \(error)\n"
    _ = write(STDERR_FILENO, text, text.utf8.count)
    exit(1)
  }
}
