internal import Support

// References, and locals that have no default value because their type is a reference that is not null
// (specification 3.0, sections 3.4.3, 3.4.5 and 3.4.12).

extension FunctionValidator {
  // MARK: - References

  mutating func refNull() throws(WasmError) {
    let offset = cursor.position
    let (heap, feature) = try cursor.heapType()
    try require(feature, "the type \(heap)", at: offset)
    try check(heap, at: offset)
    push(.ref(heap, nullable: true))
  }

  mutating func refIsNull() throws(WasmError) {
    _ = try popReference()
    push(.i32)
  }

  mutating func refFunc() throws(WasmError) {
    let index = try cursor.u32()
    guard index < context.functions.count else { throw .invalid("unknown function \(index)", at: opStart) }
    guard context.module.isDeclaredReference[Int(index)] else {
      throw .invalid("undeclared function reference", "function \(index)", at: opStart)
    }
    push(.ref(.concrete(TypeIdx(rawValue: context.functions[Int(index)])), nullable: false))
  }

  mutating func refAsNonNull() throws(WasmError) {
    push(.ref(try popReference(), nullable: false))
  }

  /// Pops a reference of any type; returns what it refers to.
  private mutating func popReference() throws(WasmError) -> HeapType {
    let type = try popAny()
    if type == .bottom { return .bottom }
    guard type.isReference else {
      throw .invalid("type mismatch", "expected a reference, found \(type)", at: opStart)
    }
    return type.heapType
  }

  mutating func brOnNull() throws(WasmError) {
    let target = try frame(label: try cursor.u32())
    let heap = try popReference()
    try pop(target.labelTypes)
    try push(target.labelTypes)
    push(.ref(heap, nullable: false))
  }

  mutating func brOnNonNull() throws(WasmError) {
    let types = try frame(label: try cursor.u32()).labelTypes
    guard types.count > 0, types[types.count - 1].isReference else {
      throw .invalid("type mismatch", "a label that takes no reference: \(types.description)", at: opStart)
    }
    try pop(.ref(types[types.count - 1].heapType, nullable: true))
    let others = TypeList(start: types.start, count: types.count - 1)
    try pop(others)
    try push(others)
  }

  // MARK: - Calls

  mutating func callRef() throws(WasmError) {
    let type = try referredCallee()
    try pop(type.params)
    try push(type.results)
  }

  mutating func returnCallRef() throws(WasmError) {
    try leave(by: try referredCallee())
  }

  private mutating func referredCallee() throws(WasmError) -> ValidationContext.FunctionType {
    let index = try cursor.u32()
    guard index < context.types.count else { throw .invalid("unknown type \(index)", at: opStart) }
    try pop(.ref(.concrete(TypeIdx(rawValue: index)), nullable: true))
    return context.types[Int(index)]
  }

  // MARK: - Locals

  mutating func localGet() throws(WasmError) {
    let index = try cursor.u32()
    let type = try localType(index)
    if !type.isDefaultable && index >= locals.paramCount && !isInitialized.contains(index) {
      throw .invalid("uninitialized local", "local \(index) of type \(type)", at: opStart)
    }
    push(type)
  }

  /// Pops the value; returns the local's type.
  mutating func localSet() throws(WasmError) -> ValType {
    let index = try cursor.u32()
    let type = try localType(index)
    try pop(type)
    if !type.isDefaultable && isInitialized.insert(index).inserted { initialized.append(index) }
    return type
  }

  private func localType(_ index: UInt32) throws(WasmError) -> ValType {
    guard let type = locals[index] else { throw .invalid("unknown local \(index)", at: opStart) }
    return type
  }

  /// What is set inside of a block counts to its end only.
  mutating func forgetInitialized(above count: Int) {
    while initialized.count > count { isInitialized.remove(initialized.removeLast()) }
  }
}
