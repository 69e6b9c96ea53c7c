import Support

extension Function {
  /// Turns indirect calls through read-only tables into direct ones, or into the trap that they are: where the
  /// index is a constant, and where only one entry can be called with the signature. Calls of a reference that is
  /// made in the same function, too.
  ///
  /// Traps stay exact: an index out of range is an undefined element, a null an uninitialized one, another
  /// signature a type mismatch, tested in this order.
  mutating func devirtualize(in module: Module, _ targets: IndirectTargets) {
    var changedControl = false
    for block in blockOrder {
      guard blockInsts[block].contains(where: { insts[$0].opcode.format == .callIndirect }) else { continue }
      var rewritten: [Inst] = []
      for inst in blockInsts[block] {
        let data = insts[inst]
        if data.opcode.format == .callIndirect, data.c == UInt32.max,
          let callee = referredFunction(resolve(valueLists.element(EntityList(handle: data.a), at: 0)))
        {
          callDirectly(inst, callee)
        }
        guard data.opcode.format == .callIndirect, data.c != UInt32.max,
          module.tables[TableID(rawValue: data.c)].isReadOnly
        else {
          rewritten.append(inst)
          continue
        }
        let site = IndirectSite(signature: SignatureID(rawValue: data.b), table: TableID(rawValue: data.c))
        let index = resolve(valueLists.element(EntityList(handle: data.a), at: 0))
        if let constant = integerConstant(index) {
          switch module.entry(constant, site) {
          case .success(let callee): callDirectly(inst, callee)
          case .failure(let trap):
            insts[inst] = InstData(.trap, c: trap.code.rawValue)
            firstResults[inst] = .none
            resultCounts[inst] = 0
            changedControl = true
          }
        } else {
          let target = module.onlyTarget(site, targets)
          if let callee = target.callee {
            rewritten += makeChecks(target, index, module.tables[site.table].isTable64, at: inst)
            callDirectly(inst, callee)
          }
        }
        rewritten.append(inst)
        if insts[inst].opcode == .trap { break }
      }
      blockInsts[block] = rewritten
    }
    if changedControl { removeUnreachableBlocks() }
  }

  /// Validation has shown that the types agree.
  private func referredFunction(_ value: Value) -> FunctionID? {
    guard let data = definition(of: value), data.opcode == .refFunc else { return nil }
    return FunctionID(rawValue: data.c)
  }

  private mutating func callDirectly(_ inst: Inst, _ callee: FunctionID) {
    let data = insts[inst]
    let arguments = Array(valueLists[EntityList<Value>(handle: data.a)].dropFirst())
    insts[inst] = InstData(
      data.opcode == .callIndirect ? .call : .returnCall, a: valueLists.make(arguments).handle,
      b: callee.rawValue)
  }

  /// The tests that leave only indices that hold the target.
  private mutating func makeChecks(_ target: IndirectTarget, _ index: Value, _ is64: Bool, at call: Inst)
    -> [Inst]
  {
    let shape: Shape = is64 ? .i64 : .i32
    var added: [Inst] = []
    func append(_ data: InstData, _ type: Type?, _ function: inout Function) -> Value {
      let inst = function.insts.append(data)
      function.sourceOffsets[inst] = function.sourceOffsets[call]
      added.append(inst)
      return type.map { function.makeResult($0, of: inst) } ?? .none
    }
    for check in target.checks {
      let limit = append(.constant(.iconst, shape, bits: check.bound), shape.type, &self)
      let condition = append(
        InstData(check.comparison, shape, a: index.rawValue, b: limit.rawValue), .i32, &self)
      _ = append(InstData(.trapnz, a: condition.rawValue, c: check.trap.rawValue), nil, &self)
    }
    return added
  }
}

private struct IndirectTarget {
  /// Trap if `index comparison bound`.
  struct Check {
    var comparison: Opcode
    var bound: UInt64
    var trap: TrapCode
  }
  /// Nil if several entries can be called, or if the tests would cost more than the call.
  var callee: FunctionID?
  var checks: [Check] = []
}

private struct IndirectTrap: Error {
  var code: TrapCode
}

extension Module {
  /// What calling entry `index` does.
  fileprivate func entry(_ index: UInt64, _ site: IndirectSite) -> Result<FunctionID, IndirectTrap> {
    let table = tables[site.table]
    if index >= table.minimum { return .failure(IndirectTrap(code: .undefinedElement)) }
    let callee = index < UInt64(table.initial.count) ? table.initial[Int(index)] : .none
    if callee.isNone { return .failure(IndirectTrap(code: .uninitializedElement)) }
    if functions[callee].signature != site.signature {
      return .failure(IndirectTrap(code: .indirectCallTypeMismatch))
    }
    return .success(callee)
  }

  /// Finds the one function that a site can call, where three tests at the most tell its entries from the
  /// others: nulls only below some index, then either nothing but the function, or the function once.
  fileprivate func onlyTarget(_ site: IndirectSite, _ targets: IndirectTargets) -> IndirectTarget {
    let table = tables[site.table]
    let found = targets[site]
    let nulls = targets.nulls(of: site.table)
    guard let callee = found.only, nulls.areAllLeading else { return IndirectTarget() }
    var target = IndirectTarget(callee: callee)
    target.checks.append(.init(comparison: .iuge, bound: table.minimum, trap: .undefinedElement))
    if nulls.leading > 0 {
      target.checks.append(.init(comparison: .iult, bound: nulls.leading, trap: .uninitializedElement))
    }
    if found.count < table.initial.count - Int(nulls.leading) {
      if found.count > 1 { return IndirectTarget() }
      target.checks.append(
        .init(comparison: .ine, bound: found.first[0].index, trap: .indirectCallTypeMismatch))
    }
    return target
  }
}
