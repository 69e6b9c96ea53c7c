/// What a filter lets through, read out of its instructions: whoever made the file, this is what the kernel will do.
public struct FilterSummary: Equatable, Sendable {
  public struct Call: Equatable, Sendable {
    public var call: SystemCall
    /// Ways in which it is allowed: each a list of conditions that hold together. An empty list: always.
    public var ways: [[String]]
  }
  /// By number.
  public var calls: [Call]

  /// Steps of all numbers together, and the conditions that they carry: what a filter of wasmaot's takes is a small part
  /// of it. Conditions count because ways share none: half a million ways with thousands each would fill any machine.
  private static let mostSteps = 1_000_000

  public init(bytes: [UInt8]) throws(AppNoteError) {
    let instructions = try Self.instructions(bytes)
    calls = []
    var steps = 0
    for number in 0..<SystemCall.end {
      var ways: [[String]] = []
      // Where a run goes on, what its accumulator holds, and what must be true to get there.
      var runs = [Run(position: 0, accumulator: .known(0), conditions: [], equals: [:])]
      while var run = runs.popLast() {
        steps += 1 + run.conditions.count
        guard steps <= Self.mostSteps else {
          throw .badFilter("on a way that is too long", instruction: run.position)
        }
        let instruction = instructions[run.position]
        run.position += 1
        switch instruction.code {
        case FilterInstruction.loadWord: run.accumulator = Self.load(instruction.operand, number)
        case FilterInstruction.and: run.accumulator = run.accumulator.masked(by: instruction.operand)
        case FilterInstruction.jump: run.position += Int(instruction.operand)
        case FilterInstruction.return:
          if FilterAction(rawValue: instruction.operand) == .allow { ways.append(run.conditions) }
          continue
        default:
          runs += run.branches(instruction)
          continue
        }
        runs.append(run)
      }
      if !ways.isEmpty {
        calls.append(Call(call: SystemCall(number: number), ways: ways.contains([]) ? [[]] : ways))
      }
    }
  }

  /// All jumps are forward and inside, all loads are of what there is, all ends are answers: as the kernel demands.
  private static func instructions(_ bytes: [UInt8]) throws(AppNoteError) -> [FilterInstruction] {
    let count = bytes.count / FilterInstruction.size
    guard bytes.count % FilterInstruction.size == 0, count <= FilterProgram.longest, count > 0 else {
      throw .badFilter("at the end of a filter that has no whole number of them", instruction: count)
    }
    var instructions: [FilterInstruction] = []
    for index in 0..<count {
      let at = index * FilterInstruction.size
      let operand = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + 4 + $1]) << (8 * UInt32($1)) }
      let instruction = FilterInstruction(
        code: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8, whenTrue: bytes[at + 2],
        whenFalse: bytes[at + 3],
        operand: operand)
      var reach = 0
      switch instruction.code {
      case FilterInstruction.loadWord:
        guard FilterField(offset: operand) != nil else {
          throw .badFilter("a load of nothing known", instruction: index)
        }
      case FilterInstruction.and, FilterInstruction.return: break
      case FilterInstruction.jump: reach = Int(operand)
      case FilterInstruction.jumpIfEqual, FilterInstruction.jumpIfAtLeast:
        reach = Int(max(instruction.whenTrue, instruction.whenFalse))
      default: throw .badFilter("of an unknown kind", instruction: index)
      }
      guard instruction.code == FilterInstruction.return || index + 1 + reach < count else {
        throw .badFilter("a way out of the filter", instruction: index)
      }
      instructions.append(instruction)
    }
    return instructions
  }

  private enum Value: Hashable {
    case known(UInt32)
    case word(FilterField, mask: UInt32)

    func masked(by mask: UInt32) -> Value {
      switch self {
      case .known(let value): .known(value & mask)
      case .word(let field, let other): .word(field, mask: other & mask)
      }
    }
  }

  private static func load(_ offset: UInt32, _ number: UInt32) -> Value {
    switch FilterField(offset: offset) {
    case .number: .known(number)
    case .architecture: .known(auditArchitectureX86_64)
    case .some(let field): .word(field, mask: .max)
    case nil: .known(0)  // checked before
    }
  }

  private struct Run {
    var position: Int
    var accumulator: Value
    var conditions: [String]
    /// What is known of words that were compared before: without it, ways would be told that nothing can take.
    var equals: [Value: UInt32]

    /// What follows a comparison: one way if its outcome is known, else both. That a comparison fails is not told: it
    /// is what the alternatives before this one ask for.
    func branches(_ instruction: FilterInstruction) -> [Run] {
      let isEquality = instruction.code == FilterInstruction.jumpIfEqual
      var (yes, no) = (self, self)
      yes.position += Int(instruction.whenTrue)
      no.position += Int(instruction.whenFalse)
      switch accumulator {
      case .known(let value):
        return [(isEquality ? value == instruction.operand : value >= instruction.operand) ? yes : no]
      case .word where isEquality && equals[accumulator] != nil:
        return [equals[accumulator] == instruction.operand ? yes : no]
      case .word(let field, let mask):
        let half =
          switch field {
          case .low(let argument): "argument \(argument)"
          case .high(let argument): "high half of argument \(argument)"
          case .number, .architecture: "call"
          }
        let masked = mask == .max ? half : "\(half) & 0x\(String(mask, radix: 16))"
        yes.conditions.append(
          "\(masked) \(isEquality ? "=" : ">=") 0x\(String(instruction.operand, radix: 16))")
        if isEquality { yes.equals[accumulator] = instruction.operand }
        return [no, yes]
      }
    }
  }
}
