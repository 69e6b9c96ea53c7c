extension Generator {
  /// Something that leaves the stack as it is.
  mutating func statement() -> String {
    budget -= 1
    depth += 1
    defer { depth -= 1 }
    let isDeep = depth > 4 || budget <= 0
    switch below(isDeep ? 12 : 26) {
    case 0: return "(drop \(expression(numberType(), 3)))"
    case 1, 2: return assign()
    case 3, 4: return store(2)
    case 5: return setGlobal()
    case 6: return log()
    case 7: return callStatement()
    case 8: return bulk()
    case 9: return tableStatement()
    case 10: return profile.atomics ? atomicStatement() : assign()
    case 11:
      if profile.wide { return wideArithmetic() }
      return profile.exceptions ? throwStatement() : store(2)
    case 12, 13:
      let condition = expression("i32", 2)
      let then = statements(1 + below(2))
      return "(if \(condition) (then \(then))\(chance(2) ? " (else \(statement()))" : ""))"
    case 14, 15:
      return inBlock([]) { label, generator in
        let first = generator.statement()
        let condition = generator.expression("i32", 2)
        return
          "(block \(label) \(first) (br_if \(label) \(condition)) \(generator.statements(1 + generator.below(2))))"
      }
    case 16: return table()
    case 17, 18, 19: return loopDepth < 2 ? loop() : assign()
    case 20: return leave()
    case 21, 22: return profile.exceptions ? tryBlock() : assign() + " " + store(2)
    case 23: return profile.typedReferences ? nullBranch() : callStatement()
    case 24:
      let memory = pick(memories)
      let pages = memory.isBytePaged ? below(150) : below(3)
      let grown = "(memory.grow \(memory.name) (\(memory.address).const \(pages)))"
      return "(call $log-\(memory.address) \(grown))"
    default:
      // Needed on one side only.
      let text = assign()
      return "\(text) (if \(expression("i32", 1)) (then \(statement()) \(log())))"
    }
  }

  mutating func statements(_ count: Int) -> String {
    (0..<count).map { _ in statement() }.joined(separator: " ")
  }

  mutating func assign() -> String {
    let type = numberType()
    guard let variable = variable(type) else { return "(drop \(expression(type, 2)))" }
    return "(local.set \(variable) \(expression(type, 3)))"
  }

  private mutating func setGlobal() -> String {
    let choices = globals.filter(\.isMutable)
    guard !choices.isEmpty else { return store(2) }
    let global = pick(choices)
    let value = expression(global.type, 3)
    return "(global.set \(global.name) \(global.type.hasPrefix("f") ? canonical(value, global.type) : value))"
  }

  mutating func log() -> String {
    let type = numberType()
    return "(call $log-\(type) \(expression(type, 2)))"
  }

  // MARK: Calls

  /// A call whose results go to variables, or to nobody.
  private mutating func callStatement() -> String {
    let found = callees { _ in true }
    let number: Int
    let call: String
    if found.isEmpty || chance(3) {
      number = below(signatures.count)
      call = indirectCall(number, 2)
    } else {
      let callee = pick(found)
      number = functions[callee]
      call = "(call $h\(callee)\(arguments(signatures[number], 1)))"
    }
    return call + take(signatures[number].results)
  }

  /// Takes values of these types off the stack.
  private mutating func take(_ types: [String]) -> String {
    types.reversed().map { type in
      if let variable = variable(type), below(3) > 0 { return " (local.set \(variable))" }
      return " (drop)"
    }.joined()
  }

  private mutating func wideArithmetic() -> String {
    let name = pick(["add128", "sub128", "mul_wide_s", "mul_wide_u"])
    let operands = (0..<(name.hasSuffix("128") ? 4 : 2)).map { _ in " " + expression("i64", 2) }.joined()
    return "(i64.\(name)\(operands))\(take(["i64", "i64"]))"
  }

  // MARK: Bulk operations, tables

  private mutating func bulk() -> String {
    let (memory, other) = (pick(memories), pick(memories))
    let length =
      chance(20)
      ? pick([70000, -1, 65536])
      : pick(memory.isBytePaged || other.isBytePaged ? [0, 1, 3, 8] : [0, 1, 3, 8, 16, 31, 64, 200])
    func count(_ type: String) -> String { "(\(type).const \(length))" }
    switch below(6) {
    case 0, 1:
      return
        "(memory.fill \(memory.name) \(address(memory)) \(expression("i32", 1)) \(count(memory.address)))"
    case 2, 3:
      let type = memory.is64 && other.is64 ? "i64" : "i32"
      return
        "(memory.copy \(memory.name) \(other.name) \(address(memory)) \(address(other)) \(count(type)))"
    case 4:
      return
        "(memory.init \(memory.name) $d0 \(address(memory)) (i32.const \(below(14))) (i32.const \(below(12))))"
    default:
      // Behind it there is nothing but nothing.
      return chance(2)
        ? store(2)
        : "(data.drop $d0) (memory.init \(memory.name) $d0 \(address(memory)) (i32.const 0) (i32.const \(chance(3) ? 1 : 0)))"
    }
  }

  private mutating func tableStatement() -> String {
    let table = pick(tables)
    let type = table.address
    let value = reference(table.element, 1)
    switch below(7) {
    case 0, 1: return "(table.set \(table.name) \(index(of: table)) \(value))"
    case 2:
      return
        "(call $log-\(type) (table.grow \(table.name) \(value) (\(type).const \(pick([0, 1, 3, 9, -1])))))"
    case 3: return "(table.fill \(table.name) \(index(of: table)) \(value) (\(type).const \(below(4))))"
    case 4:
      let others = tables.filter { $0.element == table.element }
      let other = pick(others)
      let count = table.is64 && other.is64 ? "i64" : "i32"
      return
        "(table.copy \(table.name) \(other.name) \(index(of: table)) \(index(of: other)) (\(count).const \(below(4))))"
    case 5 where table.element == "funcref":
      return
        "(table.init \(table.name) $el1 \(index(of: table)) (i32.const \(below(2))) (i32.const \(below(3))))"
    default:
      if chance(8), table.element == "funcref" {
        return
          "(elem.drop $el1) (table.init \(table.name) $el1 \(index(of: table)) (i32.const 0) (i32.const \(below(2))))"
      }
      return "(call $log-i32 (ref.is_null \(value)))"
    }
  }

  /// A branch on a reference that may be null.
  private mutating func nullBranch() -> String {
    let number = below(signatures.count)
    let fitting = functions.indices.filter { functions[$0] == number }
    let reference =
      fitting.isEmpty || chance(2)
      ? "(select (result (ref null $s\(number))) (ref.null $s\(number)) \(fitting.first.map { "(ref.func $h\($0))" } ?? "(ref.null $s\(number))") \(expression("i32", 1)))"
      : "(ref.func $h\(pick(fitting)))"
    let arguments = arguments(signatures[number], 1)
    let taken = take(signatures[number].results)
    let label = name("b")
    let result = local("(ref null $s\(number))", isAssignable: false)
    if chance(2) {
      return
        "(block \(label) (local.set \(result) (br_on_null \(label) \(reference)))\(arguments) (call_ref $s\(number) (local.get \(result)))\(taken))"
    }
    return
      "(block (block \(label) (result (ref $s\(number))) (br_on_non_null \(label) \(reference)) (br 1)) (local.set \(result))\(arguments) (call_ref $s\(number) (ref.as_non_null (local.get \(result))))\(taken))"
  }

  // MARK: Control

  private mutating func table() -> String {
    let outer = name("b")
    let count = 1 + below(4)
    let inner = (0..<count).map { _ in name("b") }
    labels.append(Label(name: outer, types: []))
    var text =
      "(br_table \((0..<1 + below(5)).map { _ in pick(inner) }.joined(separator: " ")) \(pick(inner + [outer])) \(chance(4) ? expression("i32", 2) : "(i32.and \(expression("i32", 2)) (i32.const 3))"))"
    for label in inner {
      text = "(block \(label) \(text)) \(statement())"
      if chance(2) { text += " (br \(outer))" }
    }
    labels.removeLast()
    return "(block \(outer) \(text))"
  }

  /// Leaves a block, a turn, or the function: mostly under a condition.
  private mutating func leave() -> String {
    let text: String
    switch below(5) {
    case 0, 1:
      if labels.isEmpty { fallthrough }
      let label = pick(labels)
      text = "(br \(label.name)\(label.types.map { " " + expression($0, 1) }.joined()))"
    case 2:
      text = "(return\(currentResults.map { " " + expression($0, 1) }.joined()))"
    case 3:
      text =
        profile.tailCalls
        ? tailCall()
        : chance(4) ? "(unreachable)" : "(return\(currentResults.map { " " + expression($0, 1) }.joined()))"
    default:
      text =
        chance(6) ? "(unreachable)" : "(return\(currentResults.map { " " + expression($0, 1) }.joined()))"
    }
    return "(if \(expression("i32", 2)) (then \(text)))"
  }

  private var currentResults: [String] { current < 0 ? [] : signatures[functions[current]].results }

  private mutating func tailCall() -> String {
    let results = currentResults
    let found = callees { $0.results == results }
    if !found.isEmpty, chance(2) {
      let callee = pick(found)
      return "(return_call $h\(callee)\(arguments(signatures[functions[callee]], 1)))"
    }
    let fitting = signatures.indices.filter { signatures[$0].results == results }
    return fitting.isEmpty ? "(unreachable)" : indirectCall(pick(fitting), 2, isTail: true)
  }

  // MARK: Loops

  /// A loop of few turns, with an index that goes its own way.
  private mutating func loop() -> String {
    loopDepth += 1
    defer { loopDepth -= 1 }
    let counter = local("i32", isAssignable: false)
    let turns = pick([1, 2, 3, 5, 17, 40])
    let label = name("l")
    if chance(3) {
      // The counter goes first, so that anything inside may begin the next turn.
      let out = name("b")
      labels += [Label(name: out, types: []), Label(name: label, types: [], isLoop: true)]
      let body = statements(1 + below(3))
      labels.removeLast(2)
      return
        "(local.set \(counter) (i32.const \(turns))) (block \(out) (loop \(label) (br_if \(out) (i32.eqz (local.get \(counter)))) (local.set \(counter) (i32.sub (local.get \(counter)) (i32.const 1))) \(body) (br \(label))))"
    }
    let index = local("i32", isAssignable: false)
    let memory = pick(memories)
    let step = pick([1, 4, 4, 8, 16, 64, 0x1000, 0x1000_0000, -4])
    let start =
      chance(2)
      ? "(i32.const \(pick([0, 1024, memory.size - 128, memory.size - 36])))" : expression("i32", 1)
    let body = chance(4) ? statements(1 + below(2)) : element(memory, index)
    return
      "(local.set \(index) \(start)) (local.set \(counter) (i32.const \(turns))) (loop \(label) \(body) (local.set \(index) (i32.add (local.get \(index)) (i32.const \(step)))) (br_if \(label) (local.tee \(counter) (i32.sub (local.get \(counter)) (i32.const 1)))))"
  }

  /// The body of a loop over memory, as vectorisers like it.
  private mutating func element(_ memory: MemoryShape, _ index: String) -> String {
    let name = memory.name
    func place(_ text: String) -> String { memory.is64 ? "(i64.extend_i32_u \(text))" : text }
    let own = place("(local.get \(index))")
    let mask = memory.isBytePaged ? 60 : 0x7FFC
    let other = place(
      "(i32.and (i32.add (local.get \(index)) (i32.const \(below(2) * 4096))) (i32.const \(mask)))")
    let load = pick([
      "(i32.load \(name)\(offset(memory)) \(own))", "(i32.load8_u \(name) \(own))",
      "(i32.load16_s \(name) \(own))",
    ])
    let operators = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "rotl", "lt_s", "div_u"]
    let sum = variable("i32")!
    switch below(9) {
    case 0: return "(drop \(load))"
    case 1: return "(local.set \(sum) \(load))"
    case 2, 3: return "(local.set \(sum) (i32.\(pick(operators)) (local.get \(sum)) \(load)))"
    case 4: return "(i32.store \(name) \(other) (i32.\(pick(operators)) \(load) \(leaf("i32"))))"
    case 5: return "(i32.store8 \(name) \(other) \(load))"
    case 6: return "(i32.store \(name) \(own) (i32.\(pick(operators)) \(load) (i32.load \(name) \(other))))"
    case 7:
      let value = "(f32.\(pick(["mul", "add", "max"])) (f32.load \(name) \(own)) \(leaf("f32")))"
      return "(f32.store \(name) \(other) \(canonical(value, "f32")))"
    default:
      let total = variable("f64")!
      return "(local.set \(total) (f64.add (local.get \(total)) (f64.load \(name) \(own))))"
    }
  }

  // MARK: Exceptions

  private mutating func throwStatement() -> String {
    let text: String
    if !caught.isEmpty, chance(3) {
      let source = pick(caught)
      text = profile.isLegacy ? "(rethrow \(source))" : "(throw_ref (local.get \(source)))"
    } else {
      let tag = below(tags.count)
      text = "(throw $e\(tag)\(tags[tag].map { " " + expression($0, 1) }.joined()))"
    }
    return "(if \(expression("i32", 2)) (then \(text)))"
  }

  private mutating func tryBlock() -> String {
    let outer = name("b")
    labels.append(Label(name: outer, types: []))
    let guarded = (chance(2) ? callStatement() : throwStatement()) + " " + statements(1 + below(2))
    labels.removeLast()
    var clauses: [Int?] = (0..<below(3)).map { _ in below(tags.count) }
    if chance(2) { clauses.append(nil) }
    return profile.isLegacy ? legacyTry(outer, guarded, clauses) : tryTable(outer, guarded, clauses)
  }

  private mutating func tryTable(_ outer: String, _ guarded: String, _ clauses: [Int?]) -> String {
    var list: [String] = []
    var handlers: [(label: String, types: [String], action: String)] = []
    for tag in clauses {
      let handler = name("h")
      let reference = chance(2) ? local("exnref", isAssignable: false) : nil
      let types = tag.map { tags[$0] } ?? []
      let kind = (tag == nil ? "catch_all" : "catch") + (reference == nil ? "" : "_ref")
      list.append("(\(kind)\(tag.map { " $e\($0)" } ?? "") \(handler))")
      labels.append(Label(name: outer, types: []))
      if let reference { caught.append(reference) }
      let action =
        (reference.map { " (local.set \($0))" } ?? "") + take(types) + " " + statements(1 + below(2))
      if reference != nil { caught.removeLast() }
      labels.removeLast()
      handlers.append((handler, types + (reference == nil ? [] : ["exnref"]), action))
    }
    var text = "(try_table \(list.joined(separator: " ")) \(guarded)) (br \(outer))"
    for handler in handlers {
      text =
        "(block \(handler.label)\(Self.clause("result", handler.types)) \(text))\(handler.action) (br \(outer))"
    }
    return "(block \(outer) \(text))"
  }

  /// Tools know the older encoding only instruction by instruction.
  private mutating func legacyTry(_ outer: String, _ guarded: String, _ clauses: [Int?]) -> String {
    if clauses.isEmpty {
      let target = labels.isEmpty || chance(2) ? outer : pick(labels).name
      return "(block \(outer) try \(guarded) delegate \(target))"
    }
    var text = "try \(outer) \(guarded)"
    for tag in clauses {
      labels.append(Label(name: outer, types: []))
      caught.append(outer)
      let action = take(tag.map { tags[$0] } ?? []) + " " + statements(1 + below(2))
      caught.removeLast()
      labels.removeLast()
      text += (tag.map { " catch $e\($0)" } ?? " catch_all") + action
    }
    return text + " end"
  }
}
