import Support

/// A loop of one block whose body does the same thing several times in a row: what an unroller left.
///
/// That it does is shown by doing the first copy again, as often as there are copies, with each counter a step further
/// every time: the stores, what they store, and what goes round the loop must be the original's, expression by
/// expression. Nothing is assumed about what arithmetic does when it wraps.
struct UnrolledLoop {
  let function: Function
  let copies: Int
  /// The instructions of the first copy but for the branch, in order.
  private(set) var body: [Inst] = []
  /// Of each parameter of the block.
  private(set) var params: [Param] = []
  /// What the values of the first copy are in the last one.
  private(set) var lastNumbers: [Value: UInt32] = [:]

  enum Param {
    /// Goes up by this much in each copy, modulo two to the width.
    case counter(step: UInt64)
    /// Its value for the next copy is this instruction's.
    case carried(Value)
  }

  var scan: LoopScan

  /// Nil if the loop is not `copies` times the same.
  init?(_ scan: LoopScan, copies: Int) {
    self.scan = scan
    self.copies = copies
    function = scan.function
    guard scan.stores.count % copies == 0, let params = Self.params(scan, copies) else { return nil }
    self.params = params
    body = firstCopy()
    guard matches() else { return nil }
  }

  private static func params(_ scan: LoopScan, _ copies: Int) -> [Param]? {
    var result: [Param] = []
    for (param, next) in zip(scan.params, scan.nexts) {
      if let step = scan.step(of: param) {
        let signed = LinearSum.signed(step, scan.function.type(of: param))
        guard signed % Int64(copies) == 0 else { return nil }
        result.append(
          .counter(
            step: LinearSum.masked(UInt64(bitPattern: signed / Int64(copies)), scan.function.type(of: param)))
        )
      } else {
        let stations = scan.stations(from: param, to: next)
        guard !stations.isEmpty, stations.count % copies == 0 else { return nil }
        result.append(.carried(stations[stations.count / copies - 1]))
      }
    }
    return result
  }

  /// The instructions that the first stores, the carried values and the exit's condition need.
  private func firstCopy() -> [Inst] {
    let stores = scan.stores.prefix(scan.stores.count / copies)
    var needed = Set(stores)
    var work = scan.conditionOperands
    for case .carried(let value) in params { work.append(value) }
    for store in stores { function.forEachOperand(of: store) { work.append(function.resolve($0)) } }
    while let value = work.popLast() {
      guard let inst = scan.definition(value), needed.insert(inst).inserted else { continue }
      function.forEachOperand(of: inst) { work.append(function.resolve($0)) }
    }
    // Constants may be used behind the loop.
    return scan.insts.filter { needed.contains($0) || function.insts[$0].opcode.format == .constant }
  }

  private mutating func matches() -> Bool {
    var firstAccesses: [LoopScan.Place: Int] = [:]
    var storeCount = 0
    // What the values are in the copy at hand.
    var numbers = scan.numbers
    for copy in 1...copies {
      for inst in body {
        let data = function.insts[inst]
        var operands: [UInt32] = []
        function.forEachOperand(of: inst) { operands.append(numbers[function.resolve($0)]!) }
        if data.opcode.isStore || data.opcode.isLoad {
          let place = scan.place(of: data, address: operands[0])
          firstAccesses[place] = firstAccesses[place] ?? storeCount
          if data.opcode.isStore {
            let store = LoopScan.Store(data: data, place: place, value: operands[1])
            guard storeCount < scan.storeRecords.count, scan.storeRecords[storeCount] == store else {
              return false
            }
            storeCount += 1
          } else {
            numbers[function.result(of: inst)] = scan.number(ofLoad: data, at: place, after: storeCount)
          }
        } else {
          numbers[function.result(of: inst)] = scan.table.number(of: data, operands)!
        }
      }
      if copy == copies { lastNumbers = numbers }
      let inThisCopy = numbers
      for (param, kind) in zip(scan.params, params) {
        switch kind {
        case .counter(let step):
          let sum = scan.table.sum(of: inThisCopy[param]!, function.type(of: param))
          numbers[param] = scan.table.number(sum.adding(step))
        case .carried(let value): numbers[param] = inThisCopy[value]!
        }
      }
    }
    // A place that is accessed sooner or later than before would trap sooner or later, too.
    return storeCount == scan.stores.count && firstAccesses == scan.firstAccesses
      && zip(scan.params, scan.nexts).allSatisfy { numbers[$0] == scan.numbers[$1] }
  }
}
