extension Generator {
  /// A function that shows what single operators do, with few others around: its results do not get lost on the way.
  /// Each operator has its turn every few dozen modules.
  mutating func probe(_ index: Int) -> String {
    let types = ["i32", "i64", "f32", "f64", "i32"] + (profile.vectors ? ["v128", "v128"] : [])
    locals = types.enumerated().map { Local(name: "$p\($0)", type: $1, isParam: true) }
    labels = []
    caught = []
    names = 0
    depth = 0
    budget = 0
    // Calls nobody but through a table.
    current = functions.count
    var statements: [String] = []
    let operators = profile.vectors ? Operators.all : Operators.scalars
    var trapping: [String] = []
    for _ in 0..<12 {
      let choice = profile.vectors && chance(2) ? pick(Operators.vectors) : pick(operators)
      if choice.isRelaxed && !profile.relaxed { continue }
      let text = shown(choice.result, plain(choice, 1), of: choice)
      if choice.mayTrap { trapping.append(text) } else { statements.append(text) }
    }
    for _ in 0..<3 {
      let type = pick(profile.vectors ? ["i32", "i64", "v128", "v128"] : ["i32", "i64", "f32", "f64"])
      statements.append("(call $log-\(type) \(load(type)))")
    }
    statements.append(store(1))
    if profile.wide {
      let name = pick(["add128", "sub128", "mul_wide_s", "mul_wide_u"])
      let operands = (0..<(name.hasSuffix("128") ? 4 : 2)).map { _ in " " + leaf("i64") }.joined()
      statements.append("(i64.\(name)\(operands)) (call $log-i64) (call $log-i64)")
    }
    if profile.atomics {
      for _ in 0..<3 {
        let type = pick(["i32", "i64"])
        statements.append("(call $log-\(type) \(atomic(type, 1)))")
      }
    }
    // What traps is last.
    statements += trapping.prefix(2)
    let head = types.enumerated().map { " (param $p\($0) \($1))" }.joined()
    let declared = locals.filter { !$0.isParam }.map { " (local \($0.name) \($0.type))" }.joined()
    return
      "  (func $probe\(index) (export \"probe\(index)\")\(head)\(declared)\n    \(statements.joined(separator: "\n    ")))"
  }

  private mutating func shown(_ type: String, _ value: String, of choice: Operators.Simple) -> String {
    let isVector = choice.makesNaN && type == "v128"
    return "(call $log-\(type) \(isVector ? canonical(value, String(choice.name.prefix(5))) : value))"
  }

  /// An operator on parameters, constants, what is in memory, and other operators.
  private mutating func plain(_ choice: Operators.Simple, _ depth: Int) -> String {
    var words = [choice.name]
    if choice.laneCount > 0 { words.append("\(below(choice.laneCount))") }
    for (position, type) in choice.operands.enumerated() {
      let inner = depth > 0 && chance(4) ? pick(Operators.simple[type]!) : nil
      if let inner, !inner.mayTrap, profile.vectors || !inner.operands.contains("v128"),
        profile.relaxed || !inner.isRelaxed
      {
        let value = plain(inner, depth - 1)
        if type == "v128" && inner.makesNaN {
          words.append(canonical(value, String(inner.name.prefix(5))))
        } else {
          words.append(choice.revealed.contains(position) ? canonical(value, type) : value)
        }
        continue
      }
      switch below(8) {
      case 0, 1: words.append(constant(type))
      case 2: words.append("(\(type).load \(memories[0].name) (\(memories[0].address).const \(below(48))))")
      default: words.append("(local.get \(pick(locals.filter { $0.isParam && $0.type == type }).name))")
      }
    }
    return "(\(words.joined(separator: " ")))"
  }
}
