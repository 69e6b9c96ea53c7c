import Support
import TestSupport

@testable import IR

/// Builds functions of structured control flow over variables, the way a translator does.
struct RandomFunctions {
  var generator: SplitMix64
  private var variables: [(variable: Variable, type: Type)] = []
  /// Headers and exits of the loops around.
  private var loops: [(header: Block, exit: Block)] = []

  init(seed: UInt64) { generator = SplitMix64(state: seed) }

  /// A module with `count` functions that call each other.
  /// `isPlain`: without the SSA builder's short cuts.
  mutating func module(functions count: Int, size: Int, isPlain: Bool = false) -> Module {
    var module = Module()
    let signature = module.signatures.append(Signature(params: [.i32, .i64], results: [.i32]))
    module.memories.append(Memory(minimum: 1, maximum: nil))
    module.globals.append(Global(type: .i32, isMutable: true, initial: .i32(7)))
    module.globals.append(Global(type: .i64, isMutable: true, initial: .i64(9)))
    for index in 0..<count {
      module.functions.append(
        FunctionDecl(signature: signature, name: ByteString("f\(index)"), definition: .body))
      module.bodies.append(nil)
    }
    module.tables.append(
      Table(
        element: .funcref, minimum: UInt64(count + 1), maximum: nil,
        initial: [.none] + Array(module.functions.ids)))
    module.exports = [Export(name: "main", function: FunctionID(0))]
    for id in module.functions.ids {
      var builder = FunctionBuilder(signature: signature, in: module)
      if isPlain { builder.ssa.isStructured = false }
      function(&builder, size: size)
      module.bodies[id] = builder.finalize()
    }
    return module
  }

  private mutating func random(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

  private mutating func function(_ b: inout FunctionBuilder, size: Int) {
    variables = [Type.i32, .i32, .i64, .i32, .f64].map { (b.declareVariable($0), $0) }
    let params = b.params(of: b.entryBlock)
    b.defVariable(variables[0].variable, params[0])
    b.defVariable(variables[2].variable, params[1])
    var budget = size
    while budget > 0, !b.isFilled { statements(&b, depth: 0, &budget) }
    if b.isFilled { return }
    // Every variable is seen at the end.
    var sum = b.unary(.wrap, .i32, b.useVariable(variables[2].variable))
    for index in [0, 1, 3] {
      sum = b.binary(
        .iadd, .i32, b.binary(.imul, .i32, sum, b.i32Const(31)), b.useVariable(variables[index].variable))
    }
    b.emitReturn([sum])
  }

  private mutating func use(_ b: inout FunctionBuilder, _ type: Type) -> Value {
    let candidates = variables.filter { $0.type == type }
    return b.useVariable(candidates[random(candidates.count)].variable)
  }

  /// 0 or 1, both likely.
  private mutating func condition(_ b: inout FunctionBuilder) -> Value {
    b.binary(.band, .i32, b.binary(.ushr, .i32, use(&b, .i32), b.i32Const(Int32(random(2)))), b.i32Const(1))
  }

  private mutating func define(_ b: inout FunctionBuilder, _ type: Type, _ value: Value) {
    let candidates = variables.filter { $0.type == type }
    b.defVariable(candidates[random(candidates.count)].variable, value)
  }

  private mutating func statements(_ b: inout FunctionBuilder, depth: Int, _ budget: inout Int) {
    for _ in 0..<1 + random(6) {
      if budget <= 0 || b.isFilled { return }
      budget -= 1
      b.sourceOffset += 1
      statement(&b, depth: depth, &budget)
    }
  }

  private mutating func statement(_ b: inout FunctionBuilder, depth: Int, _ budget: inout Int) {
    switch random(depth < 8 ? 15 : 11) {
    case 0: define(&b, .i32, b.i32Const(Int32(random(5)) - 2))
    case 1: define(&b, .i64, b.unary(.sextend, .i64, use(&b, .i32)))
    case 2:
      let opcodes: [Opcode] = [.iadd, .isub, .imul, .sdiv, .urem, .ishl, .rotl, .islt, .ieq]
      let opcode = opcodes[random(opcodes.count)]
      var operand = use(&b, .i32)
      // Traps, but not at every step.
      let divides = opcode == .sdiv || opcode == .urem
      if divides, random(60) != 0 { operand = b.binary(.bor, .i32, operand, b.i32Const(1)) }
      define(&b, .i32, b.binary(opcode, .i32, use(&b, .i32), operand))
    case 3: define(&b, .i32, b.unary(.wrap, .i32, use(&b, .i64)))
    case 4:
      let memArg = MemArg(offset: UInt64(random(3) * 8), memory: MemoryID(0), alignLog2: UInt8(random(3)))
      define(&b, .i64, b.load(.load16U, .i64, use(&b, .i32), memArg))
    case 5:
      let memArg = MemArg(offset: 0, memory: MemoryID(0), alignLog2: 2)
      b.store(.store, .i32, use(&b, .i32), use(&b, .i32), memArg)
    case 6:
      let callee = FunctionID(random(b.module.functions.count))
      define(&b, .i32, b.call(callee, [use(&b, .i32), use(&b, .i64)])[0])
    case 7:
      let arguments = [use(&b, .i32), use(&b, .i64)]
      var index = use(&b, .i32)
      if random(60) != 0 { index = b.binary(.iadd, .i32, condition(&b), b.i32Const(1)) }
      define(&b, .i32, b.callIndirect(SignatureID(0), TableID(0), index, arguments[...])[0])
    case 8:
      if random(2) == 0 {
        define(&b, .i32, b.entity(.globalGet, .i32, GlobalID(0)))
      } else {
        define(&b, .i64, b.entity(.globalGet, .i64, GlobalID(1)))
        b.unaryEntity(.globalSet, .i64, use(&b, .i64), GlobalID(1))
      }
    case 9: define(&b, .f64, b.binary(.fadd, .f64, use(&b, .f64), b.unary(.convertS, .f64, use(&b, .i64))))
    case 10: leave(&b)
    case 11, 12: conditional(&b, depth: depth, &budget)
    case 13: loop(&b, depth: depth, &budget)
    default: table(&b, depth: depth, &budget)
    }
  }

  private mutating func conditional(_ b: inout FunctionBuilder, depth: Int, _ budget: inout Int) {
    let (then, otherwise, join) = (b.createBlock(), b.createBlock(), b.createBlock())
    let param = b.appendBlockParam(.i32, to: join)
    b.brif(condition(&b), then, otherwise)
    for block in [then, otherwise] {
      b.seal(block)
      b.switchTo(block)
      statements(&b, depth: depth + 1, &budget)
      if b.isFilled { continue }
      if random(40) == 0 { b.trap(.unreachable) } else { b.jump(join, [use(&b, .i32)]) }
    }
    b.seal(join)
    b.switchTo(join)
    define(&b, .i32, param)
  }

  /// `continue` or `break` of some loop around, under a condition.
  private mutating func leave(_ b: inout FunctionBuilder) {
    guard !loops.isEmpty else { return }
    let loop = loops[random(loops.count)]
    let next = b.createBlock()
    b.brif(condition(&b), random(2) == 0 ? loop.header : loop.exit, next)
    b.seal(next)
    b.switchTo(next)
  }

  private mutating func loop(_ b: inout FunctionBuilder, depth: Int, _ budget: inout Int) {
    let (header, exit) = (b.createBlock(), b.createBlock())
    b.jump(header)
    b.switchTo(header)
    loops.append((header, exit))
    statements(&b, depth: depth + 1, &budget)
    loops.removeLast()
    if !b.isFilled { b.brif(condition(&b), header, exit) }
    b.seal(header)
    b.seal(exit)
    b.switchTo(exit)
  }

  private mutating func table(_ b: inout FunctionBuilder, depth: Int, _ budget: inout Int) {
    let (first, second, join) = (b.createBlock(), b.createBlock(), b.createBlock())
    b.brTable(use(&b, .i32), [first, second, first, join], default: second)
    for block in [first, second] {
      b.seal(block)
      b.switchTo(block)
      statements(&b, depth: depth + 1, &budget)
      if !b.isFilled { b.jump(join) }
    }
    b.seal(join)
    b.switchTo(join)
  }
}
