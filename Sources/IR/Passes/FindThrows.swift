import Support

extension Module {
  /// Finds the functions that can't throw, and turns the tests behind calls of them into the constant that they
  /// are; blocks that only they led to go.
  ///
  /// A function throws that makes an exception pending, or calls one that throws, and has an `unwind` that it may
  /// come to. An indirect call may go to every function of its signature whose address is taken. Functions of other
  /// instances may throw; those of the host that a program is linked with don't: WASI has no exceptions.
  mutating func findThrows(jobs: Int) {
    if tags.isEmpty, imports.isEmpty, exports.allSatisfy({ $0.function != nil }) { return }
    let facts = bodies.map(jobs: jobs) { [self] in ThrowFacts($1, in: self) }
    var graph = ThrowGraph(self, facts)
    graph.run()
    let (throwing, throwingSignatures) = (graph.throwing, graph.throwingSignatures)
    let (isOpen, tables) = (graph.isOpen, tables)
    _ = bodies.changeEach(jobs: jobs, where: { facts[$0.index]?.hasTests == true }) { _, body in
      body.dropTests { data in
        if data.opcode == .call { return throwing[FunctionID(rawValue: data.b)] }
        return throwingSignatures[SignatureID(rawValue: data.b)] || isOpen && tables.isOpenCall(data)
      }
    }
  }
}

extension PrimaryMap<TableID, Table> {
  /// Of an indirect call: through a reference, or a table that is not known entry for entry.
  fileprivate func isOpenCall(_ call: InstData) -> Bool {
    call.c == UInt32.max || !self[TableID(rawValue: call.c)].isReadOnly
  }
}

/// What one body does that matters to whether it throws.
private struct ThrowFacts {
  var callees: Set<FunctionID> = []
  var signatures: Set<SignatureID> = []
  /// Callees whose exceptions the body can't catch.
  var tailCallees: Set<FunctionID> = []
  var tailSignatures: Set<SignatureID> = []
  var referenced: Set<FunctionID> = []
  var callsOpenTable = false
  var tailCallsOpenTable = false
  var makesPending = false
  var unwinds = false
  var hasTests = false

  init(_ body: Function, in module: Module) {
    body.forEachInst { data in
      switch data.opcode {
      case .call: callees.insert(FunctionID(rawValue: data.b))
      case .callIndirect:
        signatures.insert(SignatureID(rawValue: data.b))
        callsOpenTable = callsOpenTable || module.tables.isOpenCall(data)
      case .returnCall: tailCallees.insert(FunctionID(rawValue: data.b))
      case .returnCallIndirect:
        tailSignatures.insert(SignatureID(rawValue: data.b))
        tailCallsOpenTable = tailCallsOpenTable || module.tables.isOpenCall(data)
      case .refFunc: referenced.insert(FunctionID(rawValue: data.c))
      case .exceptionSet: makesPending = makesPending || !body.isNull(data.valueA)
      case .exceptionPending: hasTests = true
      case .unwind: unwinds = true
      default: break
      }
    }
  }
}

/// The call graph, walked from functions that throw to those that call them.
private struct ThrowGraph {
  private(set) var throwing = SecondaryMap<FunctionID, Bool>(default: false)
  private(set) var throwingSignatures = SecondaryMap<SignatureID, Bool>(default: false)
  /// Indirect calls may come to functions of other instances.
  private(set) var isOpen = false
  private var callers: [FunctionID: [FunctionID]] = [:]
  private var callersOfSignature: [SignatureID: [FunctionID]] = [:]
  private var addressTaken = SecondaryMap<FunctionID, Bool>(default: false)
  private var work: [FunctionID] = []
  private let signatureOf: PrimaryMap<FunctionID, FunctionDecl>

  init(_ module: Module, _ facts: [ThrowFacts?]) {
    signatureOf = module.functions
    for table in module.tables.values { take(table.initial) }
    for segment in module.elementSegments.values { take(segment.items) }
    for global in module.globals.values {
      if case .function(let function) = global.initial { take([function]) }
    }
    for case let facts? in facts { take(facts.referenced) }
    module.forEachExpression {
      for case .constant(.function(let function)) in $0.operators { take([function]) }
    }
    isOpen = module.hasForeignReferences(addressTaken: addressTaken)
    for id in module.functions.ids {
      guard let facts = facts[id.index] else { continue }
      // Where nothing leaves the function, its callees' exceptions don't.
      let (callees, signatures) = facts.unwinds ? (facts.callees, facts.signatures) : ([], [])
      for callee in callees.union(facts.tailCallees) { callers[callee, default: []].append(id) }
      for signature in signatures.union(facts.tailSignatures) {
        callersOfSignature[signature, default: []].append(id)
      }
      let callsForeign =
        facts.callsOpenTable && facts.unwinds || facts.tailCallsOpenTable
      if facts.unwinds && facts.makesPending || isOpen && callsForeign { mark(id) }
    }
    for id in module.functions.ids where module.isExternal(id) { mark(id) }
  }

  private mutating func take(_ functions: some Sequence<FunctionID>) {
    for function in functions where !function.isNone { addressTaken[function] = true }
  }

  private mutating func mark(_ function: FunctionID) {
    if throwing[function] { return }
    throwing[function] = true
    work.append(function)
  }

  mutating func run() {
    while let function = work.popLast() {
      for caller in callers[function] ?? [] { mark(caller) }
      let signature = signatureOf[function].signature
      guard addressTaken[function], !throwingSignatures[signature] else { continue }
      throwingSignatures[signature] = true
      for caller in callersOfSignature[signature] ?? [] { mark(caller) }
    }
  }
}

extension Function {
  fileprivate func isNull(_ value: Value) -> Bool { definition(of: value)?.opcode == .refNull }

  fileprivate mutating func dropTests(unless throwing: (InstData) -> Bool) {
    var isChanged = false
    for block in blockOrder {
      for (position, inst) in blockInsts[block].enumerated() where insts[inst].opcode == .exceptionPending {
        if throwing(insts[blockInsts[block][position - 1]]) { continue }
        insts[inst] = .constant(.iconst, .i32, bits: 0)
        isChanged = true
      }
    }
    if isChanged { foldConstants() }
  }
}
