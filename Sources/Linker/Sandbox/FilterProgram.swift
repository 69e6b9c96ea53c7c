/// A seccomp filter that allows what some rules allow, and ends the process for everything else.
public struct FilterProgram: Equatable, Sendable {
  let instructions: [FilterInstruction]

  /// The kernel's limit (BPF_MAXINSNS).
  static let longest = 4096

  /// Since Linux 5.11 the kernel asks a filter about each of its 900 system calls when it is installed, and runs it for
  /// those calls no more whose answer it has then. That takes 6 µs of an app's start and saves 20 ns a call:
  /// `isAskedInAdvance` says whether the app is one that makes so many. If not, the filter begins with the load of an
  /// argument, at which the kernel gives up asking.
  public init(_ rules: [CallRule], isAskedInAdvance: Bool = true) {
    var assembler = FilterAssembler()
    let answers = DecisionTree(Self.answers(to: rules), isAskedInAdvance: isAskedInAdvance)
      .assemble(in: &assembler)
    let number = assembler.load(.number, before: answers)
    // Other architectures number their calls otherwise: int 0x80 would be a way around the whole filter.
    let isNative = assembler.compare(
      FilterInstruction.jumpIfEqual, auditArchitectureX86_64, then: number,
      else: assembler.answer(.killProcess))
    let start = assembler.load(.architecture, before: isNative)
    if !isAskedInAdvance { _ = assembler.load(.low(argument: 0), before: start) }
    instructions = assembler.instructions
    precondition(instructions.count <= Self.longest, "a filter of \(instructions.count) instructions")
  }

  /// As the kernel reads it: an array of `struct sock_filter`.
  public var bytes: [UInt8] { instructions.flatMap(\.bytes) }

  /// By ascending number. Numbers of x32 have bit 30 set: the last answer refuses them with all others.
  private static func answers(to rules: [CallRule]) -> [DecisionTree.Answer] {
    var answers: [DecisionTree.Answer] = []
    func add(_ first: UInt32, _ rules: [CallRule.Alternative]) {
      if answers.last?.rules != rules { answers.append(DecisionTree.Answer(first: first, rules: rules)) }
    }
    var next: UInt32 = 0
    for (call, rules) in Dictionary(grouping: rules, by: \.call).sorted(by: { $0.key < $1.key }) {
      if call.number > next { add(next, []) }
      add(call.number, simplified(rules.map(\.alternative)))
      next = call.number + 1
    }
    add(next, [])
    return answers
  }

  /// Without what others say already.
  private static func simplified(_ rules: [CallRule.Alternative]) -> [CallRule.Alternative] {
    if let rule = rules.first(where: \.conditions.isEmpty) { return [rule] }
    var seen: Set<CallRule.Alternative> = []
    return rules.filter { seen.insert($0).inserted }
  }
}

/// A binary tree of comparisons that finds what to answer to the number in the accumulator.
///
/// The kernel runs a filter for every system call whose answer depends on arguments; the others it knows by number,
/// having asked the filter about each number when it was installed (since Linux 5.11). So for a small app, which makes
/// few calls, the filter costs what its instructions cost to compile, and what it takes to ask about all numbers. The
/// tree is the cheapest in that.
struct DecisionTree {
  /// What holds for the numbers from `first` to the next answer's.
  struct Answer {
    var first: UInt32
    /// None: the process ends.
    var rules: [CallRule.Alternative]
  }

  private enum Choice {
    case leaf
    /// Is the number at least that of this answer?
    case split(Int)
    /// Is it one of those that have rules? All others get none.
    case list
  }

  private let answers: [Answer]
  private var choices: [[Choice]]

  /// Measured on Linux 6.18: an instruction takes as long to compile as 75 to run in the kernel's interpreter.
  private static let costOfInstruction = 75
  /// Numbers in an answer of a list, at the most.
  private static let listed = 2

  /// Calls that programs make all the time: before Linux 5.11, the filter runs for every one of them.
  private static let frequent = Set(
    ["read", "write", "readv", "writev", "clock_gettime", "futex"].compactMap(SystemCall.init(named:)))

  /// By dynamic programming: `cost[i][j]` is that of answers i to j.
  init(_ answers: [Answer], isAskedInAdvance: Bool) {
    self.answers = answers
    let count = answers.count
    let sizes = answers.indices.map { index in
      let end = index + 1 < count ? answers[index + 1].first : SystemCall.end
      return max(0, Int(min(end, SystemCall.end)) - Int(answers[index].first))
    }
    let weights = answers.indices.map { index in
      (isAskedInAdvance ? sizes[index] : 0)
        + (Self.frequent.contains(SystemCall(number: answers[index].first)) ? 64 : 0)
    }
    var sums = [0]
    for weight in weights { sums.append(sums.last! + weight) }
    var cost = Array(repeating: Array(repeating: 0, count: count), count: count)
    choices = Array(repeating: Array(repeating: .leaf, count: count), count: count)
    for span in 1..<max(count, 1) {
      for i in 0..<count - span {
        let j = i + span
        var least = Int.max
        // The first of equally good choices, so that equal rules give equal bytes.
        for middle in i + 1...j where cost[i][middle - 1] + cost[middle][j] < least {
          least = cost[i][middle - 1] + cost[middle][j]
          choices[i][j] = .split(middle)
        }
        least += sums[j + 1] - sums[i] + Self.costOfInstruction
        var compared = 0
        var list = 0
        for index in i...j where !answers[index].rules.isEmpty {
          if sizes[index] > Self.listed { list = .max / 2 }
          compared += sizes[index]
          list += compared * weights[index] + sizes[index] * Self.costOfInstruction
        }
        for index in i...j where answers[index].rules.isEmpty { list += compared * weights[index] }
        if list < least {
          least = list
          choices[i][j] = .list
        }
        cost[i][j] = least
      }
    }
  }

  func assemble(in assembler: inout FilterAssembler) -> FilterAssembler.Label {
    assemble(0, answers.count - 1, in: &assembler)
  }

  private func assemble(_ i: Int, _ j: Int, in assembler: inout FilterAssembler) -> FilterAssembler.Label {
    switch choices[i][j] {
    case .leaf: return assembler.answer(to: answers[i].rules)
    case .split(let middle):
      let above = assemble(middle, j, in: &assembler)
      let below = assemble(i, middle - 1, in: &assembler)
      return assembler.compare(
        FilterInstruction.jumpIfAtLeast, answers[middle].first, then: above, else: below)
    case .list:
      let listed = (i...j).filter { !answers[$0].rules.isEmpty }
      let targets = listed.reversed().map { ($0, assembler.answer(to: answers[$0].rules)) }
      var rest = assembler.answer(.killProcess)
      for (index, target) in targets {
        let end = index + 1 < answers.count ? answers[index + 1].first : answers[index].first + 1
        for number in (answers[index].first..<end).reversed() {
          rest = assembler.compare(FilterInstruction.jumpIfEqual, number, then: target, else: rest)
        }
      }
      return rest
    }
  }
}
