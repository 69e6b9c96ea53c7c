public import Support

// What must hold between passes.
//
// Function:
//  1. The entry block is first in `blockOrder`, no branch goes to it, and its parameters are the signature's.
//  2. A block is in `blockOrder` once at the most; a branch's target is in it.
//  3. A block has exactly one terminator, at its end; an instruction is in one block, once.
//  4. Every entity that an instruction names exists: values, block calls, jump tables, memory arguments,
//     vector constants, lists, functions, signatures, globals, tables, memories, segments, trap codes.
//  5. Chains of aliases end at a value that is not one.
//  6. A value used is a parameter of a block in `blockOrder` or a result of an instruction in one, and its
//     definition dominates the use (a branch's arguments are used at its block's end). In blocks that the
//     entry does not reach only existence is asked for.
//  7. The shape is one that the operator allows; operands and results have the types of Typing.swift.
//  8. A branch passes as many arguments as its target has parameters, of the same types.
//  9. Calls pass the callee's parameters and give its results; tail calls' results are the caller's; a `return`
//     returns the signature's results.
// 10. Loads, stores and bulk operators use the address types of their memories and tables; lanes are in range;
//     the offset of an access to a 32-bit memory is below 2^32.
// 11. Nothing writes an immutable global or a read-only table, nothing names a removed function.
// 12. `exception_pending` comes right behind a `call` or `call_indirect`.
// 13. An i32 or f32 constant has no bits in its upper half.
//
// Module:
// 14. `bodies` and `functions` have equal counts; exactly those with definition `.body` have a body, of the
//     declared signature.
// 15. Exports, start, thread_start, tables and element segments name functions that exist and are not removed;
//     start takes and returns nothing, thread_start takes two i32.
// 16. A table's initial entries are no more than its minimum, its minimum no more than its maximum; entries of
//     other references are null.
// 17. A memory's image is ascending, disjoint and within the minimum.
// 18. A global's initial value has its type.
// 19. Signatures are unique.
// 20. A tag has a signature without results.
// 21. What is external is named by one import, comes before what the module defines, and has no contents; every import
//     and export names something that exists.
// 22. A constant expression has one value, of the type that is needed; those of globals only name globals before.
// 23. Instantiation writes no read-only table; the initial entries of a table are a `fill` or a list.
// 24. Where there is a thread_start, all memories are shared.

/// A broken invariant.
public struct VerifierError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `none` if the module itself is wrong.
  public var function = FunctionID.none
  public var block = Block.none
  public var inst = Inst.none
  public var message: String

  public var description: String {
    var place = ""
    if !function.isNone { place += "function \(function.rawValue): " }
    if !block.isNone { place += "block\(block.rawValue): " }
    if !inst.isNone { place += "inst\(inst.rawValue): " }
    return place + message
  }
}

/// Checks one function. `id` only serves to say where an error is.
public func verify(_ function: Function, in module: Module, id: FunctionID = .none) -> [VerifierError] {
  var verifier = FunctionVerifier(function, module, id)
  verifier.run()
  return verifier.errors
}

/// What is verified, behind one reference: builds without optimisation copy structs on many accesses.
final class Subject {
  let function: Function
  let module: Module
  init(_ function: Function, _ module: Module) {
    self.function = function
    self.module = module
  }
}

struct FunctionVerifier {
  /// More than that are of no use to anybody.
  static let errorLimit = 100

  let subject: Subject
  let id: FunctionID
  var errors: [VerifierError] = []
  var block = Block.none
  var inst = Inst.none
  /// Block that each instruction is in, and its position in the whole layout.
  var owners: SecondaryMap<Inst, Block>
  var positions: SecondaryMap<Inst, Int>
  var inLayout: SecondaryMap<Block, Bool>

  init(_ function: Function, _ module: Module, _ id: FunctionID) {
    subject = Subject(function, module)
    self.id = id
    owners = SecondaryMap(default: .none, capacity: function.insts.count)
    positions = SecondaryMap(default: 0, capacity: function.insts.count)
    inLayout = SecondaryMap(default: false, capacity: function.blockParams.count)
  }

  mutating func fail(_ message: String) {
    if errors.count < Self.errorLimit {
      errors.append(VerifierError(function: id, block: block, inst: inst, message: message))
    }
  }

  mutating func run() {
    guard subject.module.signatures.contains(subject.function.signature) else {
      return fail("signature out of range")
    }
    checkLayout()
    checkAliases()
    if !errors.isEmpty { return }
    checkEntry()
    forEachInst { $0.checkEntities() }
    // What follows reads what the entities name.
    if !errors.isEmpty { return }
    forEachInst { $0.checkTypes() }
    checkDominance()
  }

  private mutating func forEachInst(_ body: (inout FunctionVerifier) -> Void) {
    for block in subject.function.blockOrder {
      self.block = block
      for inst in subject.function.blockInsts[block] {
        self.inst = inst
        body(&self)
      }
    }
    block = .none
    inst = .none
  }

  // MARK: - Layout (1, 2, 3, 5)

  private mutating func checkLayout() {
    if subject.function.blockInsts.count != subject.function.blockParams.count {
      return fail("blocks without parameter lists")
    }
    if subject.function.blockOrder.isEmpty { return fail("no entry block") }
    var position = 0
    for block in subject.function.blockOrder {
      guard subject.function.blockInsts.contains(block) else {
        fail("block\(block.rawValue) in the layout does not exist")
        continue
      }
      self.block = block
      if inLayout[block] { fail("block is in the layout twice") }
      inLayout[block] = true
      for (number, param) in subject.function.blockParams[block].enumerated() {
        guard subject.function.values.contains(param) else {
          fail("parameter \(number) does not exist")
          continue
        }
        let data = subject.function.values[param]
        if data.kind != .param || data.owner != block.rawValue || Int(data.number) != number {
          fail("parameter \(number) is not v\(param.rawValue)'s definition")
        }
      }
      let insts = subject.function.blockInsts[block]
      for (number, inst) in insts.enumerated() {
        self.inst = inst
        guard subject.function.insts.contains(inst) else {
          fail("instruction does not exist")
          continue
        }
        if !owners[inst].isNone { fail("instruction is in the layout twice") }
        owners[inst] = block
        positions[inst] = position
        position += 1
        if subject.function.insts[inst].opcode.isTerminator != (number == insts.count - 1) {
          fail(number == insts.count - 1 ? "block does not end in a terminator" : "terminator inside a block")
        }
      }
      inst = .none
      if insts.isEmpty { fail("empty block") }
    }
    block = .none
  }

  private mutating func checkAliases() {
    // The walk in which an alias was first met; meeting it again in the same walk is a cycle.
    var walks = Array(repeating: -1, count: subject.function.values.count)
    for start in subject.function.values.ids {
      var value = start
      while subject.function.values[value].kind == .alias, walks[value.index] < 0 {
        walks[value.index] = start.index
        let next = Value(rawValue: subject.function.values[value].owner)
        guard subject.function.values.contains(next) else {
          fail("v\(value.rawValue) is an alias of a value that does not exist")
          break
        }
        value = next
        if subject.function.values[value].kind == .alias, walks[value.index] == start.index {
          fail("v\(value.rawValue) is in a cycle of aliases")
        }
      }
    }
  }

  private mutating func checkEntry() {
    let entry = subject.function.blockOrder[0]
    block = entry
    let types = subject.function.blockParams[entry].map { subject.function.type(of: $0) }
    if types != subject.module.signatures[subject.function.signature].params {
      fail("entry parameters are not the signature's")
    }
    block = .none
  }

  // MARK: - Dominance (6)

  private mutating func checkDominance() {
    let graph = ControlFlowGraph(subject.function)
    if !graph.predecessors(of: subject.function.blockOrder[0]).isEmpty {
      fail("a branch goes to the entry block")
    }
    let dominators = Dominators(subject.function, graph)
    let function = subject.function
    forEachInst { verifier in
      let block = verifier.block
      let inst = verifier.inst
      var bad: [Value] = []
      function.forEachUse(of: inst) { value in
        let value = function.resolve(value)
        let data = function.values[value]
        let home: Block
        if data.kind == .param {
          home = Block(rawValue: data.owner)
        } else {
          let definition = Inst(rawValue: data.owner)
          home = verifier.owners[definition]
          if home == block {
            if verifier.positions[definition] >= verifier.positions[inst] { bad.append(value) }
            return
          }
        }
        if home == block || !graph.isReachable(block) { return }
        if !dominators.dominates(home, block) { bad.append(value) }
      }
      for value in bad { verifier.fail("v\(value.rawValue) does not dominate its use") }
    }
  }
}
