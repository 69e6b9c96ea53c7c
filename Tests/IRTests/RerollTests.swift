import Support
import TestSupport
import Testing

@testable import IR

/// Loops that were unrolled, and loops that only look so: what the program does stays the same.
@Suite struct RerollTests {
  @Test(arguments: 1...300)
  func behaviourStays(seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let loop = RandomUnrolledLoop(&random)
    let original = try parseModule(loop.text)
    try #require(verify(original) == [], "\(loop.text)")
    var rerolled = original
    try run([.rerollLoops, .eliminateDeadCode], on: &rerolled, options: PassOptions(verify: true))
    for input: [UInt64] in [[64, 4096], [4096, 64], [100, 104], [4, 0xFFFF_FFF0], [0, 0]] {
      var (before, after) = (
        TraceInterpreter(original, FunctionID(0)), TraceInterpreter(rerolled, FunctionID(0))
      )
      var (expected, actual) = (before.run(input, blockLimit: 100), after.run(input, blockLimit: 2000))
      if expected.last == "and so on" {
        // A loop that does not end: as far as both got.
        let common = min(expected.count, actual.count) - 1
        (expected, actual) = (Array(expected.prefix(common)), Array(actual.prefix(common)))
      }
      #expect(expected == actual, "\(loop.text)\n\(rerolled)")
    }
    if !loop.isMutated, loop.isPossible {
      #expect(rerolled.description != original.description, "\(loop.text)")
    }
  }

  /// The mutations are not all of them such that the pass leaves the loop alone.
  @Test func someMutatedLoopsAreRerolled() throws {
    var counts = (changed: 0, unchanged: 0)
    for seed in 1...300 {
      var random = SplitMix64(state: UInt64(seed))
      let loop = RandomUnrolledLoop(&random)
      guard loop.isMutated else { continue }
      let original = try parseModule(loop.text)
      var rerolled = original
      try run([.rerollLoops], on: &rerolled, options: PassOptions(verify: true))
      if rerolled.description == original.description { counts.unchanged += 1 } else { counts.changed += 1 }
    }
    #expect(counts.unchanged > 20 && counts.changed > 5, "\(counts)")
  }
}

/// `for each copy: [sum] += a[i]; b[i] = a[i] op x`, unrolled, with pointers or offsets, and perhaps one mistake: with
/// elements of all types, in one memory or two, with indices of either width.
private struct RandomUnrolledLoop {
  private(set) var text = ""
  private(set) var isMutated = false
  /// Not with a count that is not known, and copies that are no power of two.
  private(set) var isPossible = true

  private var next = 2
  private var lines: [String] = []

  private mutating func emit(_ operation: String) -> String {
    defer { next += 1 }
    lines.append("  v\(next) = \(operation)")
    return "v\(next)"
  }
  private mutating func constant(_ value: Int, _ type: String = "i32") -> String {
    switch type {
    case "f32": emit("fconst.f32 0x\(String(Float(value).bitPattern, radix: 16))")
    case "f64": emit("fconst.f64 0x\(String(Double(value).bitPattern, radix: 16))")
    default: emit("iconst.\(type) \(value)")
    }
  }

  init(_ random: inout SplitMix64) {
    let copies = [2, 3, 4, 8].randomElement(using: &random)!
    let turns = Int.random(in: 1...6, using: &random)
    let hasStore = Bool.random(using: &random)
    let hasSum = !hasStore || Bool.random(using: &random)
    let element = ["i32", "i64", "f32", "f64"].randomElement(using: &random)!
    let isFloat = element.hasPrefix("f")
    let width = element.hasSuffix("32") ? 4 : 8
    let index = Bool.random(using: &random) ? "i32" : "i64"
    let hasTwoMemories = Bool.random(using: &random)
    let targetMemory = hasTwoMemories ? "mem1" : "mem0"
    var counterStep = [1, 4, 12].randomElement(using: &random)!
    let isDownward = Bool.random(using: &random)
    let mutated = Bool.random(using: &random) ? Int.random(in: 0..<copies, using: &random) : -1
    let mutation = Int.random(in: 0..<7, using: &random)
    isMutated = mutated >= 0
    let operation = (isFloat ? ["fadd", "fsub", "fmul"] : ["iadd", "isub", "imul", "bxor"])
      .randomElement(using: &random)!
    let (add, multiply) = isFloat ? ("fadd", "fmul") : ("iadd", "imul")

    let isCounted = isDownward || mutated >= 0 || Bool.random(using: &random)
    isPossible = isCounted || copies != 3
    if !isCounted { counterStep = 1 }

    let bound = isCounted || index == "i32" ? "v0" : emit("wrap.i32 v0")
    let start = constant(isDownward ? turns * copies * counterStep : 0)
    let zero = constant(0, element)
    lines.append("  jump block1(v0, v1, \(start), \(zero))")
    let (source, target, counter, sum) = ("v\(next)", "v\(next + 1)", "v\(next + 2)", "v\(next + 3)")
    next += 4
    lines.append("block1(\(source): \(index), \(target): \(index), \(counter): i32, \(sum): \(element)):")
    var total = sum
    for copy in 0..<copies {
      let isWrong = copy == mutated
      var offset = copy * width
      if isWrong, mutation == 0 { offset += 4 }
      let from = copy == 0 ? source : emit("iadd.\(index) \(source), \(constant(offset, index))")
      var loaded = emit("load.\(element) \(from), mem0")
      if isWrong, mutation == 1 { loaded = emit("\(add).\(element) \(loaded), \(constant(1, element))") }
      if hasStore {
        let to = copy == 0 ? target : emit("iadd.\(index) \(target), \(constant(copy * width, index))")
        let operand = constant(isWrong && mutation == 2 ? 6 : 5, element)
        let value =
          isWrong && mutation == 3
          ? emit("\(operation).\(element) \(operand), \(loaded)")
          : emit("\(operation).\(element) \(loaded), \(operand)")
        lines.append("  store.\(element) \(to), \(value), \(targetMemory)")
      }
      if hasSum {
        total = emit("\(add).\(element) \(isWrong && mutation == 4 ? loaded : total), \(loaded)")
        // A product: not any order will do.
        total = emit("\(multiply).\(element) \(total), \(constant(3, element))")
      }
    }
    let newSource = emit("iadd.\(index) \(source), \(constant(copies * width, index))")
    let newTarget = emit("iadd.\(index) \(target), \(constant(copies * width, index))")
    var step = copies * counterStep
    if isMutated, mutation == 5 { step -= 1 }
    let newCounter = emit("\(isDownward ? "isub" : "iadd").i32 \(counter), \(constant(step))")
    var end = isDownward ? 0 : turns * copies * counterStep
    if isMutated, mutation == 6 { end += counterStep }
    let condition =
      end == 0 && isDownward
      ? newCounter : emit("ine.i32 \(newCounter), \(isCounted ? constant(end) : bound)")
    let (last, type) = [(total, element), (newSource, index), (newCounter, "i32"), (target, index)]
      .randomElement(using: &random)!
    // A parameter that never changes is none any more when loops are rolled up.
    if isFloat, last == sum { isPossible = false }
    lines.append(
      "  brif \(condition), block1(\(newSource), \(newTarget), \(newCounter), \(total)), block2(\(last))")
    lines.append("block2(v\(next): \(type)):")
    lines.append("  return v\(next)")
    text = """
      signature sig0 = (\(index), \(index)) -> (\(type))
      memory mem0 = 1..\(index == "i64" ? " i64" : "")
      memory mem1 = 1..\(index == "i64" ? " i64" : "")
      export "f" = f0
      function f0 sig0 {
      block0(v0: \(index), v1: \(index)):
      \(lines.joined(separator: "\n"))
      }

      """
  }
}
