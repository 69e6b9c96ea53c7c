extension Generator {
  /// One value of a type.
  mutating func expression(_ type: String, _ size: Int) -> String {
    if size <= 0 || chance(5) { return leaf(type) }
    guard ["i32", "i64", "f32", "f64", "v128"].contains(type) else { return reference(type, size) }
    switch below(16) {
    case 0, 1, 2: return load(type)
    case 3:
      return
        "(select \(expression(type, size - 1)) \(expression(type, size - 1)) \(expression("i32", size - 1)))"
    case 4: return call(type, size) ?? operation(type, size)
    case 5: return control(type, size)
    case 6:
      guard let variable = variable(type) else { break }
      return "(local.tee \(variable) \(expression(type, size - 1)))"
    case 7 where type == "i32" || type == "i64": return identity(type, size)
    case 8 where type == "i32": return question(size)
    case 9 where profile.atomics && Operators.atomics[type] != nil: return atomic(type, size)
    default: break
    }
    return operation(type, size)
  }

  mutating func leaf(_ type: String) -> String {
    let found = locals.filter { $0.type == type && !$0.hasAnyNaN }
    if !found.isEmpty, below(3) > 0 { return "(local.get \(pick(found).name))" }
    let known = globals.filter { $0.type == type }
    if !known.isEmpty, chance(3) { return "(global.get \(pick(known).name))" }
    if type == "i32", chance(3) { return "(i32.const \(below(4)))" }
    return constant(type)
  }

  // MARK: Operators

  private mutating func operation(_ type: String, _ size: Int) -> String {
    if type == "v128", chance(12) {
      let lanes = (0..<16).map { _ in "\(below(32))" }.joined(separator: " ")
      return "(i8x16.shuffle \(lanes) \(expression("v128", size - 1)) \(expression("v128", size - 1)))"
    }
    let all = Operators.simple[type]!
    var choice = pick(all)
    while (choice.isRelaxed && !profile.relaxed) || (choice.operands.contains("v128") && !profile.vectors)
      || (choice.mayTrap && below(4) > 0)
    { choice = pick(all) }
    if choice.makesNaN, type == "v128" {
      return canonical(apply(choice, size), String(choice.name.prefix(5)))
    }
    return apply(choice, size)
  }

  private mutating func apply(_ choice: Operators.Simple, _ size: Int) -> String {
    var words = [choice.name]
    if choice.laneCount > 0 { words.append("\(below(choice.laneCount))") }
    for (position, type) in choice.operands.enumerated() {
      // Chains of float arithmetic stay chains: only their end is looked at. (As lanes of another width, a NaN shows.)
      if type == "v128", choice.makesNaN, size > 1, chance(2),
        let others = Operators.vectorFloats[choice.operandShape]
      {
        words.append(apply(pick(others), size - 2))
        continue
      }
      let operand = expression(type, size - 1)
      words.append(choice.revealed.contains(position) ? canonical(operand, type) : operand)
    }
    return "(\(words.joined(separator: " ")))"
  }

  /// The value, or the canonical NaN in the place of any other one. `shape`: a float's type, or a vector's lanes.
  mutating func canonical(_ value: String, _ shape: String) -> String {
    let isVector = shape.hasSuffix("4") && shape.contains("x") || shape.hasSuffix("2") && shape.contains("x")
    let type = isVector ? "v128" : shape
    let found = locals.filter { $0.type == type && $0.hasAnyNaN }
    let local: String
    if let first = found.first {
      local = first.name
    } else {
      local = name("n")
      locals.append(Local(name: local, type: type, isAssignable: false, hasAnyNaN: true))
    }
    let (set, get) = ("(local.tee \(local) \(value))", "(local.get \(local))")
    if isVector {
      let lanes = shape.hasSuffix("4") ? "nan nan nan nan" : "nan nan"
      return "(v128.bitselect \(set) (v128.const \(shape) \(lanes)) (\(shape).eq \(get) \(get)))"
    }
    return "(select \(set) (\(shape).const nan) (\(shape).eq \(get) \(get)))"
  }

  /// Makes (a part of) the value irrelevant: what traps on the way to it must trap.
  private mutating func identity(_ type: String, _ size: Int) -> String {
    let value = expression(type, size - 1)
    switch below(10) {
    case 0: return "(\(type).mul \(value) (\(type).const 0))"
    case 1: return "(\(type).and \(value) (\(type).const \(pick([0, 1, 255, 65535]))))"
    case 2: return "(\(type).or \(value) (\(type).const -1))"
    case 3:
      guard let local = variable(type) else { return value }
      return "(\(type).xor (local.tee \(local) \(value)) (local.get \(local)))"
    case 4:
      guard let local = variable(type) else { return value }
      return "(\(type).sub (local.tee \(local) \(value)) (local.get \(local)))"
    case 5: return "(\(type).shl \(value) (\(type).const \(pick([0, 8, 24, 31, 32, 56, 63, 64, 65]))))"
    case 6: return "(\(type).rem_u \(value) (\(type).const \(pick([1, 2, 3, 8, -1]))))"
    case 7:
      return
        "(\(type).\(pick(["div_s", "div_u", "rem_s", "rem_u"])) \(value) (\(type).const \(pick([1, -1, 3, 7, 10, 16, -4]))))"
    case 8: return "(\(type).extend8_s \(value))"
    default: return "(select \(value) \(leaf(type)) (i32.const \(below(2))))"
    }
  }

  /// What is known of memories, tables and references, as an i32.
  private mutating func question(_ size: Int) -> String {
    switch below(5) {
    case 0:
      let memory = pick(memories)
      return memory.is64 ? "(i32.wrap_i64 (memory.size \(memory.name)))" : "(memory.size \(memory.name))"
    case 1:
      let table = pick(tables)
      return table.is64 ? "(i32.wrap_i64 (table.size \(table.name)))" : "(table.size \(table.name))"
    case 2:
      let table = pick(tables)
      return "(ref.is_null (table.get \(table.name) \(index(of: table))))"
    case 3: return "(ref.is_null \(reference(pick(["funcref", "externref"]), size)))"
    default: return "(call $mix \(expression("i32", size - 1)))"
    }
  }

  // MARK: Memory

  /// In bounds nearly always: a function ends at its first trap.
  mutating func address(_ memory: MemoryShape, _ size: Int = 1) -> String {
    let type = memory.address
    let mask = memory.isBytePaged ? 63 : 0x7FFF
    if chance(20) { return edge(memory, size) }
    if chance(2) { return "(\(type).const \(below(memory.isBytePaged ? 48 : 4096)))" }
    let masked = "(\(type).and \(expression(type, size)) (\(type).const \(mask)))"
    // As an index is made of a number of elements.
    return memory.isBytePaged || below(3) > 0
      ? masked : "(\(type).shl (\(type).and \(leaf(type)) (\(type).const 255)) (\(type).const \(below(5))))"
  }

  /// At the end of a memory, behind it, far out, or anywhere.
  private mutating func edge(_ memory: MemoryShape, _ size: Int) -> String {
    let type = memory.address
    func wide(_ text: String) -> String { memory.is64 ? "(i64.extend_i32_u \(text))" : text }
    switch below(7) {
    case 0, 1: return "(\(type).const \(memory.size - below(17)))"
    case 2:
      return memory.is64
        ? "(i64.const \(pick(["-1", "-16", "-8", "0x100000000", "0x7fffffffffffffff", "65536", "0x1000000000000"])))"
        : "(i32.const \(pick(["-1", "-4", "-16", "0x7fffffff", "0x80000000", "65536", "65535"])))"
    case 3: return expression(type, size)
    case 4: return "(\(type).add \(leaf(type)) (\(type).const \(below(64))))"
    case 5:
      return wide(
        "(i32.or (i32.and \(leaf("i32")) (i32.const 255)) (i32.const \(memory.size & 0xFFFF_FF00 - (memory.isBytePaged ? 0 : 256))))"
      )
    // Wraps at 32 bits, or not at all.
    default:
      return "(\(type).sub (\(type).const \(8 + below(40))) (\(type).and \(leaf(type)) (\(type).const 31)))"
    }
  }

  mutating func offset(_ memory: MemoryShape) -> String {
    if below(3) > 0 { return "" }
    let far =
      memory.is64 ? ["0xfffffffffffffff0", "0x100000000", "65535"] : ["0xffffffff", "0x80000000", "65535"]
    if chance(40) { return " offset=" + pick(far + ["65536", "65000"]) }
    return " offset=\(pick(memory.isBytePaged ? [1, 2, 3, 4] : [1, 4, 8, 16, 33, 256, 4096, 20000]))"
  }

  private mutating func memarg(_ access: Operators.Access, _ memory: MemoryShape, isAtomic: Bool) -> String {
    let align =
      isAtomic || below(3) > 0 ? "" : " align=\(1 << below(access.byteCount.trailingZeroBitCount + 1))"
    let lane = access.laneCount > 0 ? " \(below(access.laneCount))" : ""
    return "\(access.name) \(memory.name)\(offset(memory))\(align)\(lane)"
  }

  mutating func load(_ type: String) -> String {
    let memory = pick(memories)
    let choice = pick(Operators.loads[type]!)
    let operands = choice.operands.map { " " + expression($0, 1) }.joined()
    return "(\(memarg(choice, memory, isAtomic: false)) \(address(memory))\(operands))"
  }

  mutating func store(_ size: Int) -> String {
    let memory = pick(memories)
    var choice = pick(Operators.stores)
    while choice.operands.contains("v128") && !profile.vectors { choice = pick(Operators.stores) }
    let operands = choice.operands.map { type in
      let value = expression(type, size)
      return " " + (type.hasPrefix("f") ? canonical(value, type) : value)
    }.joined()
    return "(\(memarg(choice, memory, isAtomic: false)) \(address(memory))\(operands))"
  }

  private mutating func aligned(_ access: Operators.Access, _ memory: MemoryShape) -> String {
    let place = address(memory)
    if chance(8) { return place }
    return "(\(memory.address).and \(place) (\(memory.address).const -\(access.byteCount)))"
  }

  mutating func atomic(_ type: String, _ size: Int) -> String {
    let memory = pick(memories)
    let choice = pick(Operators.atomics[type]!)
    let operands = choice.operands.map { " " + expression($0, size - 1) }.joined()
    return "(\(memarg(choice, memory, isAtomic: true)) \(aligned(choice, memory))\(operands))"
  }

  mutating func atomicStatement() -> String {
    switch below(4) {
    case 0: return "(atomic.fence)"
    case 1: return "(drop \(atomic(pick(["i32", "i64"]), 2)))"
    case 2:
      // Nobody wakes it: another value, or a time that is over soon.
      let memory = pick(memories)
      let (name, type, mask) = pick([("wait32", "i32", -4), ("wait64", "i64", -8)])
      let place = "(\(memory.address).and \(address(memory)) (\(memory.address).const \(mask)))"
      return
        "(call $log-i32 (memory.atomic.\(name) \(memory.name) \(place) \(expression(type, 1)) (i64.const \(below(1000)))))"
    default:
      let memory = pick(memories)
      let choice = pick(Operators.atomicStores)
      let operands = choice.operands.map { " " + expression($0, 2) }.joined()
      return "(\(memarg(choice, memory, isAtomic: true)) \(aligned(choice, memory))\(operands))"
    }
  }

  // MARK: Calls

  /// Functions with a higher number: without indirect calls nothing recurses.
  func callees(_ isWanted: (Signature) -> Bool) -> [Int] {
    functions.indices.filter { $0 > current && isWanted(signatures[functions[$0]]) }
  }

  mutating func arguments(_ signature: Signature, _ size: Int) -> String {
    signature.params.map { " " + expression($0, size) }.joined()
  }

  private mutating func call(_ type: String, _ size: Int) -> String? {
    if below(3) > 0 {
      let found = callees { $0.results == [type] }
      guard !found.isEmpty else { return nil }
      let callee = pick(found)
      return "(call $h\(callee)\(arguments(signatures[functions[callee]], size - 1)))"
    }
    let found = signatures.indices.filter { signatures[$0].results == [type] }
    return found.isEmpty ? nil : indirectCall(pick(found), size)
  }

  /// Through a table, or a typed reference.
  mutating func indirectCall(_ number: Int, _ size: Int, isTail: Bool = false) -> String {
    let arguments = arguments(signatures[number], size - 1)
    let prefix = isTail ? "return_" : ""
    if profile.typedReferences, chance(2) {
      return "(\(prefix)call_ref $s\(number)\(arguments) \(typedReference(number)))"
    }
    let choices = tables.filter { $0.element == "funcref" }
    let table = below(5) > 0 ? tables[0] : pick(choices)
    // Often an entry that has this type at the beginning.
    let fitting = functions.indices.filter { functions[$0] == number && $0 < tables[0].size - 1 }
    let index =
      fitting.isEmpty || chance(10) || table.name != "$t0"
      ? index(of: table) : "(\(table.address).const \(pick(fitting) + tableOffset))"
    return "(\(prefix)call_indirect \(table.name) (type $s\(number))\(arguments) \(index))"
  }

  private mutating func typedReference(_ number: Int) -> String {
    let fitting = functions.indices.filter { functions[$0] == number }
    if fitting.isEmpty || chance(6) { return "(ref.null $s\(number))" }
    return "(ref.func $h\(pick(fitting)))"
  }

  mutating func index(of table: TableShape) -> String {
    switch below(24) {
    case 0: "(\(table.address).const \(table.size + below(3) - 1))"
    case 1:
      chance(2)
        ? "(\(table.address).const \(pick([-1, 0x7FFF_FFFF, -0x8000_0000, 1000])))"
        : expression(table.address, 1)
    case 2..<8: "(\(table.address).and \(expression(table.address, 1)) (\(table.address).const 3))"
    default: "(\(table.address).const \(below(max(1, table.size))))"
    }
  }

  mutating func reference(_ type: String, _ size: Int) -> String {
    let found = tables.filter { $0.element == type }
    if !found.isEmpty, size > 0, chance(2) {
      let table = pick(found)
      return "(table.get \(table.name) \(index(of: table)))"
    }
    if type == "funcref", below(3) > 0 { return "(ref.func $h\(below(functions.count)))" }
    return Self.zero(type)
  }

  // MARK: Control

  private mutating func control(_ type: String, _ size: Int) -> String {
    if budget <= 0 || depth > 4 { return leaf(type) }
    depth += 1
    defer { depth -= 1 }
    switch below(4) {
    case 0, 1:
      let condition = expression("i32", size - 1)
      return inBlock([type]) { label, generator in
        let then = generator.expression(type, size - 1)
        let before = generator.chance(3) ? generator.statement() + " " : ""
        let other = generator.expression(type, size - 1)
        return "(if \(label) (result \(type)) \(condition) (then \(before)\(then)) (else \(other)))"
      }
    case 2:
      return inBlock([type]) { label, generator in
        let early = generator.expression(type, size - 1)
        let condition = generator.expression("i32", size - 1)
        let middle = generator.statement()
        let last = generator.expression(type, size - 1)
        return
          "(block \(label) (result \(type)) (drop (br_if \(label) \(early) \(condition))) \(middle) \(last))"
      }
    default:
      // Two operands that a block takes, of which it leaves one.
      let other = pick(["i32", "i64"])
      let target = local(other)
      return inBlock([type]) { label, generator in
        let first = generator.expression(type, size - 1)
        let second = generator.expression(other, size - 1)
        let condition = generator.expression("i32", size - 1)
        return
          "(block \(label) (result \(type)) \(first) \(second) (block (param \(type) \(other)) (result \(type)) (local.set \(target)) (br_if \(label) \(condition))))"
      }
    }
  }

  /// What `make` makes with a new label to branch to.
  mutating func inBlock(_ types: [String], _ make: (String, inout Generator) -> String) -> String {
    let label = name("b")
    labels.append(Label(name: label, types: types))
    let text = make(label, &self)
    labels.removeLast()
    return text
  }
}
