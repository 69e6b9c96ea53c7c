import Support

/// The body of a loop of one block, which computes, loads and stores: its values as expressions, and its accesses in
/// order.
struct LoopScan {
  let function: Function
  let block: Block
  let params: [Value]
  /// What the parameters are in the next turn.
  let nexts: [Value]
  /// But for the branch.
  let insts: [Inst]
  private(set) var condition: Condition
  let latch: BlockCall
  let entry: BlockCall
  let exit: BlockCall

  var table = ExpressionTable()
  private(set) var numbers: [Value: UInt32] = [:]
  private(set) var stores: [Inst] = []
  private(set) var storeRecords: [Store] = []
  /// The number of stores before the first access of each place.
  private(set) var firstAccesses: [Place: Int] = [:]
  private var loadCount = 0
  private var definitions: [Value: Inst] = [:]

  /// The loop goes on as long as these two differ; without a right side, as long as the left one is not 0.
  struct Condition {
    var left: Value
    var right: Value?
    /// Of the branch.
    var continuesIfTrue: Bool
  }

  /// Bytes of a memory.
  struct Place: Hashable {
    var memArg: MemArg
    var address: UInt32
    var addressType: Type
    var width: Int
  }
  struct Store: Equatable {
    var opcode: Opcode
    var shape: Shape
    var place: Place
    var value: UInt32

    init(data: InstData, place: Place, value: UInt32) {
      opcode = data.opcode
      shape = data.shape
      self.place = place
      self.value = value
    }
  }

  /// Nil if the loop does anything else.
  init?(_ function: Function, _ loop: InnermostLoop) {
    guard loop.blocks.count == 1, loop.latches.count == 1, loop.entries.count == 1,
      let branch = function.terminator(of: loop.header), function.insts[branch].opcode == .brif
    else { return nil }
    self.function = function
    block = loop.header
    params = function.blockParams[block]
    nexts = function.valueLists[function.blockCalls[loop.latches[0].call].arguments].map {
      function.resolve($0)
    }
    insts = function.blockInsts[block].dropLast()
    guard insts.count <= Self.largest, let condition = Self.condition(function, branch, loop.latches[0].call)
    else { return nil }
    self.condition = condition
    (latch, entry) = (loop.latches[0].call, loop.entries[0].call)
    let data = function.insts[branch]
    exit = BlockCall(rawValue: data.b == latch.rawValue ? data.c : data.b)
    for param in params { numbers[param] = table.number(.value(param)) }
    for inst in insts {
      guard add(inst) else { return nil }
    }
    for value in nexts + conditionOperands { _ = number(of: value) }
    // The side that counts is the left one.
    if let right = condition.right, definition(right) != nil || params.contains(right),
      definition(condition.left) == nil, !params.contains(condition.left)
    {
      self.condition.left = right
      self.condition.right = condition.left
    }
  }

  var conditionOperands: [Value] { [condition.left, condition.right].compactMap { $0 } }
  var accessCount: Int { stores.count + loadCount }

  private static func condition(_ function: Function, _ branch: Inst, _ latch: BlockCall) -> Condition? {
    let data = function.insts[branch]
    guard data.b != data.c else { return nil }
    let continuesIfTrue = data.b == latch.rawValue
    let value = function.resolve(data.valueA)
    if let test = function.definition(of: value) {
      switch test.opcode {
      case .ine, .ieq:
        guard !test.shape.isVector, (test.opcode == .ine) == continuesIfTrue else { return nil }
        return Condition(
          left: function.resolve(test.valueA), right: function.resolve(test.valueB),
          continuesIfTrue: continuesIfTrue)
      case .ieqz:
        return continuesIfTrue
          ? nil : Condition(left: function.resolve(test.valueA), continuesIfTrue: false)
      default: break
      }
    }
    return continuesIfTrue ? Condition(left: value, continuesIfTrue: true) : nil
  }

  /// Unrollers leave less.
  private static let largest = 512

  private mutating func add(_ inst: Inst) -> Bool {
    let data = function.insts[inst]
    let operands = numberOperands(of: inst)
    if data.opcode.isStore {
      guard data.opcode.format == .store else { return false }
      let place = place(of: data, address: operands[0])
      noteAccess(place)
      stores.append(inst)
      storeRecords.append(Store(data: data, place: place, value: operands[1]))
      return true
    }
    guard !data.shape.isVector, !function.firstResults[inst].isNone else { return false }
    let result = function.result(of: inst)
    if data.opcode.isLoad {
      let place = place(of: data, address: operands[0])
      noteAccess(place)
      loadCount += 1
      numbers[result] = number(ofLoad: data, at: place, after: stores.count)
    } else {
      guard data.opcode.effects.isEmpty, let number = table.number(of: data, operands) else { return false }
      numbers[result] = number
    }
    definitions[result] = inst
    return true
  }

  private mutating func noteAccess(_ place: Place) {
    firstAccesses[place] = firstAccesses[place] ?? stores.count
  }

  private mutating func numberOperands(of inst: Inst) -> [UInt32] {
    var values: [Value] = []
    function.forEachOperand(of: inst) { values.append(function.resolve($0)) }
    return values.map { number(of: $0) }
  }

  /// A value of the loop, or from outside.
  private mutating func number(of value: Value) -> UInt32 {
    if let known = numbers[value] { return known }
    var number: UInt32?
    if let definition = function.definition(of: value), definition.opcode.format == .constant {
      number = table.number(of: definition, [])
    }
    let result = number ?? table.number(.value(value))
    numbers[value] = result
    return result
  }

  func definition(_ value: Value) -> Inst? { definitions[value] }

  // MARK: Memory

  func place(of data: InstData, address: UInt32) -> Place {
    var memArg = function.memArgs[MemArgID(rawValue: data.c)]
    // A promise, and no part of what is accessed.
    memArg.alignLog2 = 0
    return Place(
      memArg: memArg, address: address, addressType: function.type(of: data.valueA),
      width: data.opcode.accessWidth(data.shape))
  }

  /// What a load reads behind the first so many stores of the loop.
  mutating func number(ofLoad data: InstData, at place: Place, after count: Int) -> UInt32 {
    let version = storeRecords.prefix(count).lastIndex { mayOverlap($0.place, place) }
    return table.number(
      .load(data.opcode, data.shape, place.memArg, address: place.address, version: version ?? -1))
  }

  private func mayOverlap(_ a: Place, _ b: Place) -> Bool {
    guard a.memArg.memory == b.memArg.memory else { return false }
    guard a.memArg.offset == b.memArg.offset else { return true }
    let type = a.addressType
    let difference = table.sum(of: a.address, type).adding(table.sum(of: b.address, type), times: .max)
    guard let distance = difference.onlyConstant else { return true }
    // Indices are taken modulo the width of their type, so that either may be the larger.
    return distance < UInt64(b.width) || LinearSum.masked(0 &- distance, type) < UInt64(a.width)
  }

  // MARK: What goes round

  /// What a parameter grows by each turn, if it is a constant.
  func step(of param: Value) -> UInt64? {
    guard let position = params.firstIndex(of: param) else { return nil }
    let type = function.type(of: param)
    guard type == .i32 || type == .i64 else { return nil }
    return table.sum(of: numbers[nexts[position]]!, type)
      .adding(LinearSum(type, expression: numbers[param]!), times: .max).onlyConstant
  }

  /// The values in the loop through which all goes that `next` owes to `param`, the last of them `next`.
  func stations(from param: Value, to next: Value) -> [Value] {
    var lastUse: [Value: Int] = [param: -1]
    var results: [Value?] = []
    for (position, inst) in insts.enumerated() {
      var depends = false
      function.forEachOperand(of: inst) {
        let operand = function.resolve($0)
        if lastUse[operand] != nil {
          lastUse[operand] = position
          depends = true
        }
      }
      let result = function.firstResults[inst]
      results.append(depends && !result.isNone ? result : nil)
      if depends, !result.isNone { lastUse[result] = position }
    }
    guard lastUse[next] != nil, next != param else { return [] }
    for value in nexts + conditionOperands where lastUse[value] != nil { lastUse[value] = insts.count }
    var pending: Set<Value> = [param]
    var stations: [Value] = []
    for (position, result) in results.enumerated() {
      function.forEachOperand(of: insts[position]) {
        let operand = function.resolve($0)
        if lastUse[operand] == position { pending.remove(operand) }
      }
      guard let result else { continue }
      if lastUse[result]! > position { pending.insert(result) }
      if pending == [result] { stations.append(result) }
    }
    return stations.last == next ? stations : []
  }
}
